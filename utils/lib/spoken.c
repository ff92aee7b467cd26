// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as text that can be read aloud, written down and typed.
 *
 * Five bits make one character of Crockford's alphabet, which lacks I, L, O and
 * U.  These are accepted as the characters that they look like.  Four
 * characters and a check character make a group, and groups are separated by
 * hyphens.  When text is read, case, hyphens and blanks are ignored.
 *
 * The check is a weighted sum over GF(32) of the four characters and of the
 * number of the group.  The weights are different and not 0, so any single
 * wrong character, any two swapped characters and any two swapped groups are
 * detected, and the group is known.  The bits that are left at the end belong
 * to a digest.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib_private.h"

#define GROUP_CHARS 4 /* without the check */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/*
 * Weights of the characters of a group, of the check, and of the group's
 * number.
 */
static const uint8_t weights[GROUP_CHARS] = { 2, 4, 8, 16 };
#define NUMBER_WEIGHT 3

/* Multiplies in GF(2^5) modulo x^5 + x^2 + 1; no branch depends on a secret. */
static uint8_t gf32_mul(uint8_t a, uint8_t b)
{
	unsigned int product = 0;
	int i;

	for (i = 0; i < 5; i++)
		product ^= ((unsigned int)a << i) & -(unsigned int)(b >> i & 1);
	for (i = 8; i >= 5; i--)
		product ^= (0x25u << (i - 5)) & -(product >> i & 1u);
	return (uint8_t)(product & 31);
}

static uint8_t group_check(const uint8_t value[GROUP_CHARS], size_t number)
{
	uint8_t sum = gf32_mul(NUMBER_WEIGHT, (uint8_t)(number & 31));
	size_t i;

	for (i = 0; i < GROUP_CHARS; i++)
		sum ^= gf32_mul(weights[i], value[i]);
	return sum;
}

/* Returns the number of groups for @len bytes. */
static size_t groups_of(size_t len)
{
	return (8 * len + 5 * GROUP_CHARS - 1) / (5 * GROUP_CHARS);
}

size_t libecryptfs_spoken_size(size_t len)
{
	return groups_of(len) * (GROUP_CHARS + 2);
}

/*
 * Returns five bits from @bit on; the bytes are followed by the bits of
 * @padding.
 */
static uint8_t bits_at(const uint8_t *bytes, size_t len, uint32_t padding,
		       size_t bit)
{
	uint8_t value = 0;
	size_t i;

	for (i = bit; i < bit + 5; i++) {
		unsigned int one = i < 8 * len ?
					   bytes[i / 8] >> (7 - i % 8) & 1u :
					   padding >> (31 - (i - 8 * len)) & 1u;

		value = (uint8_t)(value << 1 | one);
	}
	return value;
}

static int padding_of(const uint8_t *bytes, size_t len, uint32_t *ret)
{
	uint8_t digest[LIBECRYPTFS_SYM_KEY_BYTES];
	int err = libecryptfs_sym_sha256(bytes, len, digest);

	*ret = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
	       (uint32_t)digest[2] << 8 | digest[3];
	explicit_bzero(digest, sizeof(digest));
	return err;
}

int libecryptfs_spoken_from_bytes(const uint8_t *bytes, size_t len,
				  char *text_ret)
{
	size_t groups = groups_of(len);
	uint8_t value[GROUP_CHARS];
	uint32_t padding;
	size_t g, i;
	int err;

	err = padding_of(bytes, len, &padding);
	if (err)
		return err;
	for (g = 0; g < groups; g++) {
		for (i = 0; i < GROUP_CHARS; i++) {
			value[i] = bits_at(bytes, len, padding,
					   5 * (g * GROUP_CHARS + i));
			*text_ret++ = alphabet[value[i]];
		}
		*text_ret++ = alphabet[group_check(value, g)];
		*text_ret++ = g + 1 < groups ? '-' : '\0';
	}
	explicit_bzero(value, sizeof(value));
	return 0;
}

static int char_value(char c)
{
	static const char looks[] = "OILU", meant[] = "011V";
	int upper = toupper((unsigned char)c);
	const char *at = upper ? strchr(looks, upper) : NULL;

	if (at)
		upper = meant[at - looks];
	at = upper ? strchr(alphabet, upper) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* Puts @value at @bit; bits behind @len bytes go to @padding. */
static void bits_put(uint8_t *bytes, size_t len, uint32_t *padding, size_t bit,
		     uint8_t value)
{
	size_t i;

	for (i = 0; i < 5; i++) {
		unsigned int one = value >> (4 - i) & 1u;
		size_t at = bit + i;

		if (at < 8 * len)
			bytes[at / 8] |= (uint8_t)(one << (7 - at % 8));
		else
			*padding |= (uint32_t)one << (31 - (at - 8 * len));
	}
}

/*
 * Reads the next group of @text into @value and its check.  Fails with -ENODATA
 * at the end.
 */
static int group_take(const char **text, const char *end,
		      uint8_t value[GROUP_CHARS + 1])
{
	size_t n = 0;
	int v;

	for (; *text < end && n < GROUP_CHARS + 1; (*text)++) {
		if (**text == '-' || isspace((unsigned char)**text))
			continue;
		v = char_value(**text);
		if (v < 0)
			return -EINVAL;
		value[n++] = (uint8_t)v;
	}
	return n == GROUP_CHARS + 1 ? 0 : n ? -EMSGSIZE : -ENODATA;
}

static int spoken_take(const char *text, const char *end, size_t len,
		       uint8_t *ret, unsigned int *group_ret)
{
	uint8_t value[GROUP_CHARS + 1];
	uint32_t padding = 0, want;
	size_t bits_left;
	size_t g, i;
	int err = 0;

	for (g = 0; g < groups_of(len) && !err; g++) {
		*group_ret = (unsigned int)g + 1;
		err = group_take(&text, end, value);
		if (err)
			break;
		if (group_check(value, g) != value[GROUP_CHARS])
			err = -EBADMSG;
		for (i = 0; i < GROUP_CHARS; i++)
			bits_put(ret, len, &padding, 5 * (g * GROUP_CHARS + i),
				 value[i]);
	}
	explicit_bzero(value, sizeof(value));
	if (err)
		return err == -ENODATA ? -EMSGSIZE : err;
	if (group_take(&text, end, value) != -ENODATA)
		return -EMSGSIZE;
	err = padding_of(ret, len, &want);
	bits_left = groups_of(len) * 5 * GROUP_CHARS - 8 * len;
	if (!err && bits_left && (padding ^ want) >> (32 - bits_left))
		err = -EBADMSG;
	return err;
}

int libecryptfs_spoken_to_bytes(const char *text, size_t text_len, size_t len,
				uint8_t *ret, unsigned int *group_ret)
{
	int err;

	memset(ret, 0, len);
	err = spoken_take(text, text + text_len, len, ret, group_ret);
	if (err)
		explicit_bzero(ret, len);
	return err;
}
