// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all key sources share: the list of sources in this build, and blobs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keysource.h"
#include "lib_private.h"

/*
 * Ordered by rank.  The list is complete before main() and does not change
 * then.
 */
static struct libecryptfs_keysource *sources;

void libecryptfs_keysource_register(struct libecryptfs_keysource *source)
{
	struct libecryptfs_keysource **at = &sources;

	while (*at && (*at)->rank <= source->rank)
		at = &(*at)->next;
	source->next = *at;
	*at = source;
}

const struct libecryptfs_keysource *
libecryptfs_keysource_next(const struct libecryptfs_keysource *source)
{
	return source ? source->next : sources;
}

const struct libecryptfs_keysource *libecryptfs_keysource_find(const char *name)
{
	const struct libecryptfs_keysource *source = sources;

	while (source && strcmp(source->name, name) != 0)
		source = source->next;
	return source;
}

const char *
libecryptfs_keysource_setting(const struct libecryptfs_keysource_params *params,
			      const char *name)
{
	size_t len = strlen(name);
	size_t i;

	for (i = 0; params->settings && params->settings[i]; i++)
		if (!strncmp(params->settings[i], name, len) &&
		    params->settings[i][len] == '=')
			return params->settings[i] + len + 1;
	return NULL;
}

/* Adds a field with this name. */
static struct libecryptfs_blob_field *blob_grow(struct libecryptfs_blob *blob,
						const char *name)
{
	struct libecryptfs_blob_field *field;

	if (blob->bb_count == LIBECRYPTFS_BLOB_FIELDS ||
	    strlen(name) >= sizeof(field->name))
		return NULL;
	field = &blob->bb_field[blob->bb_count++];
	memset(field, 0, sizeof(*field));
	memcpy(field->name, name, strlen(name) + 1);
	return field;
}

int libecryptfs_blob_put_number(struct libecryptfs_blob *blob, const char *name,
				uint64_t number)
{
	struct libecryptfs_blob_field *field = blob_grow(blob, name);

	if (!field)
		return -E2BIG;
	field->number = number;
	return 0;
}

int libecryptfs_blob_put_text(struct libecryptfs_blob *blob, const char *name,
			      const char *text)
{
	struct libecryptfs_blob_field *field;
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	field = blob_grow(blob, name);
	if (!field) {
		free(copy);
		return -E2BIG;
	}
	field->text = copy;
	return 0;
}

int libecryptfs_blob_put_bytes(struct libecryptfs_blob *blob, const char *name,
			       const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 1);
	int err;

	if (!text)
		return -ENOMEM;
	libecryptfs_hex_from_bytes(bytes, len, text);
	err = libecryptfs_blob_put_text(blob, name, text);
	free(text);
	return err;
}

static struct libecryptfs_blob_field *blob_find(struct libecryptfs_blob *blob,
						const char *name, bool text)
{
	unsigned int i;

	blob->bb_bad = name;
	for (i = 0; i < blob->bb_count; i++)
		if (!strcmp(blob->bb_field[i].name, name))
			return !blob->bb_field[i].text == !text ?
				       &blob->bb_field[i] :
				       NULL;
	return NULL;
}

int libecryptfs_blob_take_number(struct libecryptfs_blob *blob,
				 const char *name, uint64_t min, uint64_t max,
				 uint64_t *ret)
{
	struct libecryptfs_blob_field *field = blob_find(blob, name, false);

	if (!field || field->number < min || field->number > max)
		return -EUCLEAN;
	*ret = field->number;
	return 0;
}

int libecryptfs_blob_take_text(struct libecryptfs_blob *blob, const char *name,
			       const char **ret)
{
	struct libecryptfs_blob_field *field = blob_find(blob, name, true);

	if (!field)
		return -EUCLEAN;
	*ret = field->text;
	return 0;
}

int libecryptfs_blob_take_some(struct libecryptfs_blob *blob, const char *name,
			       void *ret, size_t max, size_t *len_ret)
{
	struct libecryptfs_blob_field *field = blob_find(blob, name, true);
	size_t len;

	if (!field)
		return -EUCLEAN;
	len = strlen(field->text);
	if (len % 2 || len / 2 > max ||
	    libecryptfs_hex_to_bytes(field->text, len / 2, ret))
		return -EUCLEAN;
	*len_ret = len / 2;
	return 0;
}

int libecryptfs_blob_take_bytes(struct libecryptfs_blob *blob, const char *name,
				void *ret, size_t len)
{
	size_t got;
	int err;

	err = libecryptfs_blob_take_some(blob, name, ret, len, &got);
	return err ? err : got == len ? 0 : -EUCLEAN;
}

void libecryptfs_blob_explain(struct libecryptfs_blob *blob, const char *next,
			      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(blob->bb_why, sizeof(blob->bb_why), format, args);
	va_end(args);
	snprintf(blob->bb_next, sizeof(blob->bb_next), "%s", next ? next : "");
}

void libecryptfs_blob_destroy(struct libecryptfs_blob *blob)
{
	unsigned int i;

	for (i = 0; i < blob->bb_count; i++)
		free(blob->bb_field[i].text);
	memset(blob, 0, sizeof(*blob));
}
