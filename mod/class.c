// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data behind class.h. class_table.h has the figures, written by the
 * generator in tools/classes, which has the rules they follow.
 */
#include <linux/cache.h>

#include "class.h"
#include "compat.h"

const struct strata_class_info strata_class_info[STRATA_NR_CLASSES] =
	STRATA_CLASS_INFO_INIT;
STRATA_TEST_EXPORT(strata_class_info);

/* Read by every allocation whose size the compiler does not know. */
const u8 strata_class_lut[STRATA_CLASS_LUT_SIZE] ____cacheline_aligned =
	STRATA_CLASS_LUT_INIT;
STRATA_TEST_EXPORT(strata_class_lut);
