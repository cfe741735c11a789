/* SPDX-License-Identifier: GPL-2.0-only */
/* For code that regions.cocci has ported: one region, wherever it comes from. */
#ifndef STRATA_VET_PORT_REGIONS_H
#define STRATA_VET_PORT_REGIONS_H

#ifdef __KERNEL__
#include <linux/slab.h>
#include <linux/strata.h>
struct strata_region *strata_region_thread(void);
#else
#include <stdlib.h>
#include <string.h>
#include <strata.h>
#ifdef PORT_OWN_BOOL	/* older code has its own */
#undef bool
#undef true
#undef false
#endif
#endif

#define PORT_REGION()	struct strata_region *port_r = strata_region_thread()

#endif
