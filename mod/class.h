/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Size classes: the sizes that requests round up to, and the span each is cut
 * from. The lowest layer, a table and nothing else. It may not know of spans,
 * CPUs or pages.
 */
#ifndef STRATA_CLASS_H
#define STRATA_CLASS_H

#include <linux/strata_class.h>
#include <linux/types.h>

#include "class_table.h"

/**
 * struct strata_class_info - one size class
 * @size: bytes of an object. A multiple of 8; of 4096 from 4096 on.
 * @span_bytes: bytes of a span of this class, planned for 4 KiB pages. The
 *	user rounds it up to PAGE_SIZE.
 */
struct strata_class_info {
	u32 size;
	u32 span_bytes;
};

/* Smallest size first. Class numbers start at 0. */
extern const struct strata_class_info strata_class_info[STRATA_NR_CLASSES];

/* Class by size: steps of 8 bytes up to 1024, of 128 bytes above. */
extern const u8 strata_class_lut[STRATA_CLASS_LUT_SIZE];

/**
 * strata_class_of() - the smallest class whose objects hold a size
 * @size: bytes, at most STRATA_CLASS_MAX_SIZE; the caller checks. 0 is taken
 *	for 1.
 *
 * Context: any.
 * Return: a class number below STRATA_NR_CLASSES.
 */
static inline unsigned int strata_class_of(size_t size)
{
	const size_t fine = (1UL << STRATA_CLASS_LUT_FINE_SHIFT) - 1;
	const size_t coarse = (1UL << STRATA_CLASS_LUT_COARSE_SHIFT) - 1;

	if (size <= STRATA_CLASS_LUT_COARSE)
		return strata_class_lut[(size + fine) >> STRATA_CLASS_LUT_FINE_SHIFT];
	return strata_class_lut[((size + coarse) >> STRATA_CLASS_LUT_COARSE_SHIFT) +
				STRATA_CLASS_LUT_BIAS];
}

/*
 * The same by the number of an object's last byte, which is one less than its
 * size, in two parts: below STRATA_CLASS_LUT_COARSE, and from there on.
 */
static __always_inline unsigned int strata_class_fine(size_t last)
{
	return strata_class_lut[(last >> STRATA_CLASS_LUT_FINE_SHIFT) + 1];
}

static __always_inline unsigned int strata_class_coarse(size_t last)
{
	return strata_class_lut[(last >> STRATA_CLASS_LUT_COARSE_SHIFT) +
				STRATA_CLASS_LUT_BIAS + 1];
}

#endif /* STRATA_CLASS_H */
