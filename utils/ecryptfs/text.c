// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes names that others have chosen safe for a terminal and for JSON.
 */
#include <stdlib.h>

#include "offline.h"

char *text_safe(const char *text)
{
	char *safe = libecryptfs_text_escaped(text);

	if (!safe)
		abort();
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
