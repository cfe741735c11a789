// SPDX-License-Identifier: GPL-2.0-only
/// An object of a frame that this function opened is stored in a global, or in
/// what a parameter points to, and not taken out again.
// Confidence: Moderate

virtual report

@undone exists@
local idexpression p;
expression place, e;
position at;
@@

place@at = p
... when != place = p
place = e

@globally exists@
identifier alloc =~ "^strata_region_(alloc|alloc_aligned|zalloc|strdup|printf|realloc_last)$";
expression r, e, i;
local idexpression p;
global idexpression g;
identifier f;
position at != undone.at;
@@

STRATA_FRAME(r);
...
p = alloc(r, ...)
... when != p = e
(
g@at = p
|
g.f@at = p
|
g->f@at = p
|
g[i]@at = p
)

@param exists@
identifier alloc =~ "^strata_region_(alloc|alloc_aligned|zalloc|strdup|printf|realloc_last)$";
expression r, e;
local idexpression p;
identifier fn, x, f;
type T;
position at != undone.at;
@@

fn(..., T x, ...)
{
... when any
STRATA_FRAME(r);
...
p = alloc(r, ...)
... when != p = e
(
 *x@at = p
|
x->f@at = p
)
... when any
}

@script:python depends on report@
p << globally.p;
g << globally.g;
at << globally.at;
@@

coccilib.report.print_report(at[0], f"{p} escapes its frame: stored in global {g}")

@script:python depends on report@
p << param.p;
x << param.x;
at << param.at;
@@

coccilib.report.print_report(at[0], f"{p} escapes its frame: stored in *{x}, which outlives the frame")
