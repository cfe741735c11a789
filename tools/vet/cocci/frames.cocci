// SPDX-License-Identifier: GPL-2.0-only
/// Frames are popped in another order than that of their pushes, or twice, or
/// not at all before a return.
// Confidence: High

virtual report

@order exists@
expression r, e, outer, inner;
position at;
@@

outer = strata_region_push(r)
... when != outer = e
    when != strata_region_pop(r, outer)
inner = strata_region_push(r)
... when != strata_region_pop(r, inner)
    when != strata_region_reset(r)
strata_region_pop@at(r, outer)

@twice exists@
expression r, e, mark;
position at;
@@

strata_region_pop(r, mark)
... when != mark = e
strata_region_pop@at(r, mark)

@open exists@
expression r;
local idexpression mark;
position at;
@@

mark = strata_region_push@at(r)
... when != mark
    when != strata_region_reset(r)
    when != strata_region_destroy(r)
    when != _exit(...)
    when != exit(...)
    when != fork()
return ...;

@script:python depends on report@
at << order.at;
@@

coccilib.report.print_report(at[0], "frames popped out of order: an inner one is open")

@script:python depends on report@
at << twice.at;
@@

coccilib.report.print_report(at[0], "frames popped out of order: popped already")

@script:python depends on report@
r << open.r;
at << open.at;
@@

coccilib.report.print_report(at[0], f"frame of {r} is left open on some path")
