// SPDX-License-Identifier: GPL-2.0-only
/// A region, or an object of it, is used after the region was destroyed.
// Confidence: High

virtual report

@size@
expression p;
position at;
@@

 sizeof(*p@at)

@region exists@
expression r, e;
identifier fn;
position at;
@@

strata_region_destroy(r)
... when != r = e
    when != return ...;
fn(..., r@at, ...)

@object exists@
identifier alloc =~ "^strata_region_(alloc|alloc_aligned|zalloc|strdup|printf|realloc_last)$";
expression r, e, i;
local idexpression p;
identifier f;
position at != size.at;
@@

p = alloc(r, ...)
... when != p = e
\(strata_region_destroy(r)\|strata_region_reset(r)\)
... when != p = e
(
p@at->f
|
 *p@at
|
p@at[i]
)

@script:python depends on report@
r << region.r;
at << region.at;
@@

coccilib.report.print_report(at[0], f"use of region {r} after destroy")

@script:python depends on report@
p << object.p;
at << object.at;
@@

coccilib.report.print_report(at[0], f"use of {p} after its region was destroyed or reset")
