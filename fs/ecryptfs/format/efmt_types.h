/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-width types, memory primitives and error numbers for the format core.
 *
 * This is the only file of fs/ecryptfs/format/ that depends on whether it is
 * compiled for the kernel or for userspace.  The core may use what is declared
 * here, and nothing else of the kernel or of libc.
 */
#ifndef EFMT_TYPES_H
#define EFMT_TYPES_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* The kernel's number.  libc defines it on Linux, but not on other systems. */
#ifndef EUCLEAN
#define EUCLEAN 117
#endif
#endif /* __KERNEL__ */

/*
 * Divides @n by @d, which must not be 0, and returns the quotient.  @rem_ret
 * gets the remainder.  (The kernel has no 64-bit division operator on 32-bit
 * machines.)
 */
static inline u64 efmt_div_u64(u64 n, u64 d, u64 *rem_ret)
{
#ifdef __KERNEL__
	return div64_u64_rem(n, d, rem_ret);
#else
	*rem_ret = n % d;
	return n / d;
#endif
}

#endif /* EFMT_TYPES_H */
