// SPDX-License-Identifier: GPL-2.0-only
//
// Port C code from malloc() or kmalloc() to regions without thinking: a function
// that frees what it allocated gets a frame, and all that it allocates is in it.
// Other functions allocate from the region as it is. Nothing is freed any more.
//
// The result is for strata-vet to look at, not to run: where an object is kept on
// one path and freed on another, a port like this is wrong, and it has to be told.

@initialize:python@
@@

# A function is changed once, however much it allocates.
done = set()

@allocated@
identifier alloc =~ "^(malloc|calloc|strdup|strndup|xmalloc|k[mzc]alloc|kmalloc_array|kstrdup|kmemdup|vmalloc)$";
expression p;
position at;
@@

p = alloc@at(...)

@released@
expression allocated.p;
identifier release =~ "^k?v?free(_sensitive)?$";
position at;
@@

release@at(p)

@script:python framed@
at << allocated.at;
then << released.at;
fn;
@@

place = at[0].current_element
if place != then[0].current_element or place in done:
    cocci.include_match(False)
else:
    done.add(place)
    coccinelle.fn = cocci.make_ident(place)

@@
identifier framed.fn;
@@

fn(...)
{
+ PORT_REGION();
+ STRATA_FRAME(port_r);
...
}

@other@
identifier alloc =~ "^(malloc|calloc|strdup|strndup|xmalloc|k[mzc]alloc|kmalloc_array|kstrdup|kmemdup|vmalloc)$";
position at;
@@

alloc@at(...)

@script:python plain@
at << other.at;
fn;
@@

place = at[0].current_element
if place in done:
    cocci.include_match(False)
else:
    done.add(place)
    coccinelle.fn = cocci.make_ident(place)

@@
identifier plain.fn;
@@

fn(...)
{
+ PORT_REGION();
...
}

@@
expression n, size, s, gfp;
@@

(
- malloc(size)
+ strata_region_alloc(port_r, size)
|
- xmalloc(size)
+ strata_region_alloc(port_r, size)
|
- vmalloc(size)
+ strata_region_alloc(port_r, size)
|
- calloc(n, size)
+ strata_region_zalloc(port_r, (n) * (size))
|
- strdup(s)
+ strata_region_strdup(port_r, s)
|
- kmalloc(size, gfp)
+ strata_region_alloc(port_r, size)
|
- kzalloc(size, gfp)
+ strata_region_zalloc(port_r, size)
|
- kcalloc(n, size, gfp)
+ strata_region_zalloc(port_r, (n) * (size))
|
- kmalloc_array(n, size, gfp)
+ strata_region_alloc(port_r, (n) * (size))
|
- kstrdup(s, gfp)
+ strata_region_strdup(port_r, s)
)

@@
expression s;
identifier release =~ "^k?v?free(_sensitive)?$";
@@

- release(s);
+ (void)(s);
