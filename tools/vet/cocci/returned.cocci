// SPDX-License-Identifier: GPL-2.0-only
/// An object of a frame that this function opened is returned.
// Confidence: High

virtual report

@frame exists@
identifier alloc =~ "^strata_region_(alloc|alloc_aligned|zalloc|strdup|printf|realloc_last)$";
expression r;
local idexpression p;
expression e;
position at;
@@

STRATA_FRAME(r);
...
p = alloc(r, ...)
... when != p = e
return p@at;

@script:python depends on report@
p << frame.p;
at << frame.at;
@@

coccilib.report.print_report(at[0], f"{p} escapes its frame: returned")
