// SPDX-License-Identifier: GPL-2.0-only
/// An object is looked at, or passed on, after its frame was popped.
// Confidence: High

virtual report

@size@
expression p;
position at;
@@

 sizeof(*p@at)

@use exists@
identifier alloc =~ "^strata_region_(alloc|alloc_aligned|zalloc|strdup|printf|realloc_last)$";
identifier fn != strata_region_contains;
expression r, e, i, mark;
local idexpression p;
identifier f;
position at != size.at;
@@

mark = strata_region_push(r)
...
p = alloc(r, ...)
... when != p = e
strata_region_pop(r, mark)
... when != p = e
    when != _exit(...)
    when != exit(...)
(
p@at->f
|
 *p@at
|
p@at[i]
|
fn(..., p@at, ...)
)

@script:python depends on report@
p << use.p;
at << use.at;
@@

coccilib.report.print_report(at[0], f"use of {p} after its frame was popped")
