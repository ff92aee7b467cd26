/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Primitives that fail on demand and remember what they have given out.
 */
#ifndef PRIM_FAKE_H
#define PRIM_FAKE_H

#include "format/prim.h"

#define FAKE_LOG 64

/* Fails with this; no primitive has a reason to. */
#define FAKE_ERR (-77)

/*
 * Starts over: call number @fail_at (from 1; 0: none) will fail.  It leaves
 * junk in its output, worse than prim.h allows.
 */
void fake_start(unsigned long fail_at);
unsigned long fake_calls(void);

/* Output number @i of the latest FAKE_LOG; NULL if there is none. */
const u8 *fake_output(size_t i, size_t *len_ret);

#endif /* PRIM_FAKE_H */
