// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as lower-case hexadecimal digits.  Upper-case digits are not accepted,
 * so each value has only one spelling.
 */
#include <errno.h>
#include <string.h>

#include "lib_private.h"

static const char digits[] = "0123456789abcdef";

void libecryptfs_hex_from_bytes(const void *bytes, size_t len, char *text_ret)
{
	const uint8_t *from = bytes;
	size_t i;

	for (i = 0; i < len; i++) {
		text_ret[2 * i] = digits[from[i] >> 4];
		text_ret[2 * i + 1] = digits[from[i] & 15];
	}
	text_ret[2 * len] = '\0';
}

static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int libecryptfs_hex_to_bytes(const char *text, size_t len, void *ret)
{
	uint8_t *to = ret;
	int high, low;
	size_t i;

	for (i = 0; i < len; i++) {
		high = digit_value(text[2 * i]);
		low = high < 0 ? -1 : digit_value(text[2 * i + 1]);
		if (low < 0)
			return -EINVAL;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
