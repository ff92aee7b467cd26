/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON that commands print: one form for all, and safe to show.
 */
#ifndef ECRYPTFS_JSON_H
#define ECRYPTFS_JSON_H

#include <json-c/json.h>

/* Member @name of @to. */
void json_put_string(struct json_object *to, const char *name, const char *text);
/*
 * To standard output, and the end of @object.  What libecryptfs_text_good() does
 * not have is \uXXXX: nothing in it acts on a terminal.
 */
void json_print(struct json_object *object);

#endif /* ECRYPTFS_JSON_H */
