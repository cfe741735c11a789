// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU: which code the measured rounds of a benchmark executed, and how
 * often. The guest marks where a round begins and ends, with an instruction that does
 * nothing, on each processor that works on it: see selftests/bench/mark.h.
 *
 *	-plugin profile.so,out=<file>
 *
 * The file gets a line for each row, side and block of code that was executed there:
 *
 *	<row> <side> <address> <instructions of it> <executed> <locked instructions of it>
 *
 * For version 1 of QEMU's plugin interface (QEMU 4.2 to 8.1), of which Debian does not
 * package the header: what is needed of it is declared here.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void by_vcpu(unsigned int vcpu, void *data);

EXPORT int qemu_plugin_version = 1;

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, by_vcpu *cb, int regs,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, by_vcpu *cb,
					    int regs, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *data),
				    void *data);

#define MAX_VCPUS	16
#define MAX_ROWS	64
#define NR_SIDES	2
#define BUCKETS		65536

/*
 * nopl <number>(%rax): 0f 1f 80, and the number. The guest's bench_mark() says: a row
 * begins, a round of a side begins, it ends, and what was counted so far was not meant.
 */
static const uint8_t mark_opcode[] = { 0x0f, 0x1f, 0x80 };
enum {
	MARK = 0x53545200,
	MARK_ROW = MARK,
	MARK_SIDE = MARK_ROW + 1,
	MARK_END = MARK_SIDE + NR_SIDES,
	MARK_FORGET = MARK_END + 1,
};

/* Executed by one processor each: nothing is shared, so nothing is lost. */
struct block {
	struct block *next;
	uint64_t address;
	uint32_t instructions, locked;
	uint64_t executed[NR_SIDES][MAX_VCPUS];
};

static struct block *table[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int side_of[MAX_VCPUS];		/* what a processor works on, plus 1 */
static unsigned int nr_rows;
static FILE *out;

static void block_executed(unsigned int vcpu, void *data)
{
	struct block *b = data;

	if (vcpu < MAX_VCPUS && side_of[vcpu])
		b->executed[side_of[vcpu] - 1][vcpu]++;
}

/* What was counted belongs to the row that is over. Nobody counts meanwhile. */
static void write_out(void)
{
	unsigned int i, side, vcpu;
	struct block *b;
	uint64_t sum;

	for (i = 0; i < BUCKETS; i++) {
		for (b = table[i]; b; b = b->next) {
			for (side = 0; side < NR_SIDES; side++) {
				sum = 0;
				for (vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
					sum += b->executed[side][vcpu];
				if (nr_rows && sum)
					fprintf(out, "%u %u %" PRIx64 " %u %" PRIu64 " %u\n",
						nr_rows - 1, side, b->address, b->instructions,
						sum, b->locked);
			}
		}
	}
}

static void forget(void)
{
	struct block *b;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++)
		for (b = table[i]; b; b = b->next)
			memset(b->executed, 0, sizeof(b->executed));
}

static void marked(unsigned int vcpu, void *data)
{
	uint32_t mark = (uintptr_t)data;

	if (vcpu >= MAX_VCPUS)
		return;
	if (mark == MARK_ROW || mark == MARK_FORGET) {
		pthread_mutex_lock(&lock);
		if (mark == MARK_ROW) {
			write_out();
			nr_rows++;
		}
		forget();
		pthread_mutex_unlock(&lock);
	} else {
		side_of[vcpu] = mark == MARK_END ? 0 : mark - MARK_SIDE + 1;
	}
}

static uint32_t mark_of(const uint8_t *code, size_t size)
{
	uint32_t mark = 0;

	if (size == sizeof(mark_opcode) + sizeof(mark) &&
	    !memcmp(code, mark_opcode, sizeof(mark_opcode)))
		memcpy(&mark, code + sizeof(mark_opcode), sizeof(mark));
	return mark >= MARK && mark <= MARK_FORGET ? mark : 0;
}

/* The same code may be translated many times, and lie elsewhere at another time. */
static struct block *block_at(uint64_t address, uint32_t instructions, uint32_t locked)
{
	struct block **bucket = &table[(address ^ address >> 16) % BUCKETS], *b;

	for (b = *bucket; b; b = b->next)
		if (b->address == address && b->instructions == instructions &&
		    b->locked == locked)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->address = address;
	b->instructions = instructions;
	b->locked = locked;
	b->next = *bucket;
	*bucket = b;
	return b;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn;
	struct block *b;
	const uint8_t *code;
	uint32_t mark, locked = 0;

	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		code = qemu_plugin_insn_data(insn);
		locked += code[0] == 0xf0;
		mark = mark_of(code, qemu_plugin_insn_size(insn));
		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0,
							       (void *)(uintptr_t)mark);
	}
	pthread_mutex_lock(&lock);
	b = block_at(qemu_plugin_tb_vaddr(tb), n, locked);
	pthread_mutex_unlock(&lock);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, 0, b);
}

static void at_exit(uint64_t id, void *data)
{
	write_out();
	fclose(out);
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	if (!out) {
		fprintf(stderr, "profile: out=<file> is missing, or cannot be written\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
