/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Primitives that fail on demand and remember their outputs.
 */
#ifndef PRIM_FAKE_H
#define PRIM_FAKE_H

#include "format/prim.h"

#define FAKE_LOG 64

/* The error with which they fail, which no primitive returns otherwise. */
#define FAKE_ERR (-77)

/*
 * Starts over.  Call number @fail_at fails (counted from 1; 0 for none), and
 * leaves junk in its output, which is worse than prim.h allows.
 */
void fake_start(unsigned long fail_at);
unsigned long fake_calls(void);

/* Returns output number @i of the latest FAKE_LOG, or NULL if there is none. */
const u8 *fake_output(size_t i, size_t *len_ret);

#endif /* PRIM_FAKE_H */
