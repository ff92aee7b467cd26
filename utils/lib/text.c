// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes text that somebody else has written safe for a terminal: characters
 * that would move the cursor, set the title, or change the order in which a
 * line is shown are written as numbers.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "lib_private.h"

/*
 * Characters that libc considers printable, but that are invisible or change
 * what is shown around them.
 */
static bool is_hidden(wchar_t c)
{
	static const struct {
		wchar_t first, last;
	} ranges[] = {
		{ 0xad, 0xad }, /* soft hyphen */
		{ 0x61c, 0x61c }, /* directions, from here on */
		{ 0x200b, 0x200b },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f }, /* tags */
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* A character, or a byte that is not part of one. */
struct character {
	wchar_t c;
	size_t bytes;
	bool valid; /* it is UTF-8 */
	bool good; /* it can be shown unchanged */
};

static struct character character_at(const char *text, size_t left)
{
	struct character ret = { .bytes = 1 };
	mbstate_t state = { 0 };
	size_t n = mbrtowc(&ret.c, text, left, &state);

	if (!n || n > left)
		return ret;
	ret.bytes = n;
	ret.valid = true;
	ret.good = iswprint((wint_t)ret.c) && !is_hidden(ret.c);
	return ret;
}

/* Writes a character that cannot be shown, in at most 12 bytes. */
static size_t octal_put(char *to, const char *text,
			const struct character *character)
{
	size_t i, len = 0;

	for (i = 0; i < character->bytes; i++)
		len += (size_t)snprintf(to + len, 5, "\\%03o",
					(unsigned char)text[i]);
	return len;
}

/*
 * Does the same within JSON, where a backslash becomes two.  Line feeds are
 * part of its layout.
 */
static size_t json_put(char *to, const char *text,
		       const struct character *character)
{
	unsigned int c = (unsigned int)character->c;

	if (!character->valid)
		return (size_t)snprintf(to, 6, "\\\\%03o",
					(unsigned char)*text);
	if (c == '\n') {
		*to = '\n';
		return 1;
	}
	if (c < 0x10000)
		return (size_t)snprintf(to, 7, "\\u%04x", c);
	c -= 0x10000;
	return (size_t)snprintf(to, 13, "\\u%04x\\u%04x", 0xd800 + (c >> 10),
				0xdc00 + (c & 0x3ff));
}

/* Does the same with hexadecimal digits; a backslash becomes two. */
static size_t hex_put(char *to, const char *text,
		      const struct character *character)
{
	size_t i, len = 0;

	if (character->good) {
		memcpy(to, "\\\\", 2);
		return 2;
	}
	for (i = 0; i < character->bytes; i++)
		len += (size_t)snprintf(to + len, 5, "\\x%02x",
					(unsigned char)text[i]);
	return len;
}

/*
 * Rewrites @text.  Characters that cannot be shown go through @put, and so does
 * @also if it is not 0.
 */
static char *text_rewrite(const char *text, wchar_t also,
			  size_t (*put)(char *to, const char *text,
					const struct character *character))
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	size_t left = strlen(text);
	/* A byte becomes at most six, and snprintf() adds a terminator. */
	char *ret = malloc(6 * left + 2);
	char *to = ret;
	struct character one;

	for (; ret && left; text += one.bytes, left -= one.bytes) {
		one = character_at(text, left);
		if (one.good && !(also && one.c == also)) {
			memcpy(to, text, one.bytes);
			to += one.bytes;
		} else {
			to += put(to, text, &one);
		}
	}
	if (ret)
		*to = '\0';
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return ret;
}

char *libecryptfs_text_shown(const char *text)
{
	return text_rewrite(text, 0, octal_put);
}

char *libecryptfs_text_escaped(const char *text)
{
	return text_rewrite(text, L'\\', hex_put);
}

/* The value of a digit as hex_put() writes it; -1. */
static int digit_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int libecryptfs_text_unescape(const char *text, char *ret)
{
	int high, low;

	for (; *text; text++) {
		if (*text != '\\') {
			*ret++ = *text;
			continue;
		}
		text++;
		if (*text == '\\') {
			*ret++ = '\\';
			continue;
		}
		high = *text == 'x' ? digit_value(text[1]) : -1;
		low = high < 0 ? -1 : digit_value(text[2]);
		if (low < 0 || !(high << 4 | low))
			return -EINVAL;
		*ret++ = (char)(high << 4 | low);
		text += 2;
	}
	*ret = '\0';
	return 0;
}

char *libecryptfs_text_json(const char *json)
{
	return text_rewrite(json, 0, json_put);
}

bool libecryptfs_text_good(const char *text)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	struct character one = { .good = true };
	size_t left = strlen(text);
	locale_t before;

	if (!utf8)
		return false;
	before = uselocale(utf8);
	for (; left && one.good; text += one.bytes, left -= one.bytes)
		one = character_at(text, left);
	uselocale(before);
	freelocale(utf8);
	return one.good;
}
