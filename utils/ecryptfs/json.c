// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The form of the JSON output of commands.
 */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "libecryptfs.h"

void json_put_string(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

void json_print(struct json_object *object)
{
	char *text = libecryptfs_text_json(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				JSON_C_TO_STRING_NOSLASHESCAPE));

	if (text)
		puts(text);
	free(text);
	json_object_put(object);
}
