// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names that somebody else has chosen, made fit for a terminal and for JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "offline.h"

/* The character at @text and its bytes; 0: that is no UTF-8. */
static size_t utf8_take(const unsigned char *text, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;
	uint32_t c;

	if (text[0] < 0x80)
		len = 1;
	else if (text[0] >= 0xc2 && text[0] < 0xe0)
		len = 2;
	else if (text[0] >= 0xe0 && text[0] < 0xf0)
		len = 3;
	else if (text[0] >= 0xf0 && text[0] < 0xf5)
		len = 4;
	else
		return 0;
	c = len == 1 ? text[0] : text[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	*ret = c;
	return c >= least[len] && c < 0x110000 && (c < 0xd800 || c > 0xdfff) ?
		       len :
		       0;
}

/* Controls, and what turns the direction of what follows it. */
static bool harmless(uint32_t c)
{
	return c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) &&
	       !(c >= 0x200e && c <= 0x200f) && c != 0x61c &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

char *text_safe(const char *text)
{
	char *safe = malloc(4 * strlen(text) + 1);
	char *at = safe;
	uint32_t c = 0;
	size_t len;

	if (!safe)
		abort();
	for (; *text; text += len) {
		len = utf8_take((const unsigned char *)text, &c);
		if (len && harmless(c)) {
			memcpy(at, text, len);
			at += len;
			if (c == '\\')
				*at++ = '\\';
			continue;
		}
		len = 1;
		at += snprintf(at, 5, "\\x%02x", (unsigned char)*text);
	}
	*at = '\0';
	return safe;
}

void json_line(json_object *object)
{
	puts(json_object_to_json_string_ext(object,
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(object);
}

void json_text(json_object *to, const char *name, const char *text)
{
	char *safe = text_safe(text);

	json_object_object_add(to, name, json_object_new_string(safe));
	free(safe);
}
