/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold for any input: a crash for the fuzzer if it does not.
 */
#ifndef CLAIM_H
#define CLAIM_H

#define CLAIM(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

#endif /* CLAIM_H */
