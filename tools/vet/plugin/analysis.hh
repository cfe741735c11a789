/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The analysis of one function: an abstract interpretation of its GIMPLE, in SSA
 * form and before any optimization, so that the program is still as written.
 *
 * SSA names have one set of values each; memory, frames and the lives of objects
 * are states that flow along the edges. When nothing changes any more, one last
 * pass over the statements reports, and the exits give the summary.
 *
 *	walk.cc		blocks, edges, statements
 *	expression.cc	what an operand may be, where it is
 *	call.cc		calls: effects of summaries, and calls of the unknown
 *	lifetime.cc	the ends of frames and regions, and of the function
 *	summarize.cc	what a caller needs to know; what -m says
 *	explain.cc	how a pointer came where it should not be, for -m=2
 */
#ifndef VET_ANALYSIS_HH
#define VET_ANALYSIS_HH

#include "attributes.hh"
#include "program.hh"
#include "spell.hh"
#include "state.hh"

class Analysis {
public:
	Analysis(Program &p, function *f) : program(p), fun(f) { }

	/* Returns false for a function that is too large. */
	bool run();

	/* Valid after run(). */
	void explain_results();
	Summary summarize();

private:
	/* A call as its effects see it; callbacks run within another's. */
	struct Call {
		gimple *stmt;
		std::vector<Values> args;
		std::string callee;
		unsigned tag;			/* tells what it makes from others' */
		int depth;
		std::map<int, Object *> made;
		Values result;
		bool analyzed = false;		/* by a body, not by decree */
	};

	/* How an object left the function, for -m. */
	struct Departure {
		gimple *by;
		std::string to;			/* {heap}, {result} */
		std::string why;
	};

	/* walk.cc */
	void start();
	void run_block(basic_block bb, State state);
	void enter(edge e, State state);
	void statement(gimple *stmt, State &state);
	void assignment(gimple *stmt, State &state);
	void assembly(gasm *stmt, State &state);
	void branch(gimple *stmt, const State &state);
	bool truth(tree_code code, tree left, tree right, const State &state,
		   int *holds, Condition *c, bool *negated) const;
	void learn(tree_code code, tree left, tree right, bool holds, State &state);
	void define(tree name, const Values &values);

	/* expression.cc */
	Values where(tree ref, State &state, gimple *stmt, bool follows = true);
	Values value(tree operand, State &state, gimple *stmt);
	Values load(tree ref, State &state, gimple *stmt);
	Values computed(gimple *stmt, State &state);
	void check_use(const Values &pointer, State &state, gimple *stmt);
	const Values &of(tree name) const;

	/* call.cc */
	void call(gcall *stmt, State &state);
	void apply(const Summary &summary, Call &call, State &state);
	void apply(const Effect &e, Call &call, State &state);
	void call_unknown(Call &call, State &state);
	void call_value(const Values &callee, Call &call, State &state);
	void give_away(const Values &values, const std::string &to, Call &call,
		       State &state);
	void make(const Effect &e, Call &call, State &state);
	Values evaluate(const Term &t, Call &call, State &state);
	Object *region_of(const Values &values);
	void check_argument(int i, const Summary *summary, Call &call, State &state);
	void give_own(Call &call, State &state);
	std::string captor_name(const Effect &e, const Call &call) const;
	void name_by_place(const Values &what, const Values &to, const Call &call);
	std::string spell_region(const Term &t, const Call &call, Object *region);
	bool is_noop(const Summary *summary) const;
	bool is_builtin_without_effects(gcall *stmt) const;

	/* lifetime.cc */
	void open_frame(Object *mark, State &state, gimple *stmt);
	void close_frame(const Values &marks, State &state, gimple *stmt);
	void close_region(Object *region, bool destroy, State &state, gimple *stmt);
	void end(const ObjectSet &dying, State &state, gimple *stmt);
	void check_holders(const ObjectSet &dying, State &state);
	void check_stored(const Values &where, const Values &what, State &state,
			  gimple *stmt);
	std::string how_held(Object *holder, const State &state,
			     const ObjectSet &dying) const;
	void escapes(const Value &v, const std::string &how, gimple *stmt);
	void leave_function(greturn *stmt, State &state);
	void escapes_by_return(const Value &v, tree retval, gimple *stmt);
	Values returned_values(tree retval, State &state, gimple *stmt,
			       std::vector<std::pair<long, Values>> *fields);
	ObjectSet reachable(const Values &from, State &state);
	location_t return_place(tree retval, Object *o, gimple *stmt);

	/* summarize.cc */
	struct Flow { bool leaks, to_result, content; gimple *by; };
	void note_exit(State &state, const Values &returned,
		       const std::vector<std::pair<long, Values>> &fields, gimple *stmt);
	void leaks(const Values &values, Object *holder, bool result, gimple *by,
		   State &state);
	void note_replaced(const State &state);
	bool term_of(const Value &v, Term &t);
	void event(Does does, const Values &what, const std::string &name);
	void say_parameters();
	void say_objects();
	bool speaks_of(location_t loc) const;
	bool wants_flow() const { return program.report.options.explain > 1; }
	static std::string word(const std::string &name);

	/* explain.cc */
	std::string flow(Object *o, location_t where, const std::string &headline,
			 gimple *sink, const std::string &to, const std::string &why);
	bool step(gimple *&stmt, Object *o);

	Program &program;
	function *fun;
	Objects objects;
	bool changed = false;
	bool reporting = false;
	bool waits = false;		/* for threads, work or timers, somewhere */

	std::vector<Values> names;			/* by SSA version */
	std::vector<int> order;				/* of blocks: index -> position */
	std::vector<std::map<Frames, State>> entry;	/* by block index */

	/* What summarize() and -m are told. */
	Summary summary;
	std::unique_ptr<std::set<Place>> replaced;	/* on each way out so far */
	std::map<Object *, int, Older> numbered;
	std::map<int, Flow> flows;			/* by argument */
	std::map<Object *, Departure, Older> left;
	std::map<gimple *, int> moved;			/* call -> argument */
};

#endif
