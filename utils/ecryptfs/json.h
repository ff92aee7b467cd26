/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON output of the commands: one form for all of them, and safe to show.
 */
#ifndef ECRYPTFS_JSON_H
#define ECRYPTFS_JSON_H

#include <json-c/json.h>

/* These add a member @name to @to. */
void json_put_string(struct json_object *to, const char *name, const char *text);
/*
 * Prints @object to standard output and frees it.  Characters that
 * libecryptfs_text_good() does not accept are written as \uXXXX, so nothing in
 * it affects a terminal.
 */
void json_print(struct json_object *object);

#endif /* ECRYPTFS_JSON_H */
