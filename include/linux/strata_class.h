/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Written by the generator in tools/classes, which has the rules. Do not edit:
 * change the generator and write this file anew.
 */
#ifndef _LINUX_STRATA_CLASS_H
#define _LINUX_STRATA_CLASS_H

#include <linux/types.h>

/* The largest request that has a size class. */
#define STRATA_CLASS_MAX_SIZE	32768

/**
 * strata_class_index() - the size class of a request, where the compiler can tell
 * @size: bytes, a constant, 1 to STRATA_CLASS_MAX_SIZE
 *
 * Return: a class number.
 */
static __always_inline unsigned int strata_class_index(size_t size)
{
	if (size <= 8)
		return 0;
	if (size <= 16)
		return 1;
	if (size <= 24)
		return 2;
	if (size <= 32)
		return 3;
	if (size <= 48)
		return 4;
	if (size <= 64)
		return 5;
	if (size <= 80)
		return 6;
	if (size <= 96)
		return 7;
	if (size <= 112)
		return 8;
	if (size <= 128)
		return 9;
	if (size <= 144)
		return 10;
	if (size <= 160)
		return 11;
	if (size <= 176)
		return 12;
	if (size <= 192)
		return 13;
	if (size <= 208)
		return 14;
	if (size <= 224)
		return 15;
	if (size <= 256)
		return 16;
	if (size <= 288)
		return 17;
	if (size <= 320)
		return 18;
	if (size <= 352)
		return 19;
	if (size <= 400)
		return 20;
	if (size <= 448)
		return 21;
	if (size <= 512)
		return 22;
	if (size <= 576)
		return 23;
	if (size <= 656)
		return 24;
	if (size <= 736)
		return 25;
	if (size <= 816)
		return 26;
	if (size <= 896)
		return 27;
	if (size <= 1024)
		return 28;
	if (size <= 1152)
		return 29;
	if (size <= 1280)
		return 30;
	if (size <= 1408)
		return 31;
	if (size <= 1536)
		return 32;
	if (size <= 1664)
		return 33;
	if (size <= 1792)
		return 34;
	if (size <= 2048)
		return 35;
	if (size <= 2304)
		return 36;
	if (size <= 2560)
		return 37;
	if (size <= 2816)
		return 38;
	if (size <= 3200)
		return 39;
	if (size <= 3584)
		return 40;
	if (size <= 4096)
		return 41;
	if (size <= 8192)
		return 42;
	if (size <= 12288)
		return 43;
	if (size <= 16384)
		return 44;
	if (size <= 20480)
		return 45;
	if (size <= 24576)
		return 46;
	if (size <= 28672)
		return 47;
	return 48;
}

#endif /* _LINUX_STRATA_CLASS_H */
