// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file with the headers of many lower files; see headers.h.
 *
 * A line is an object of JSON whose last member, check, is the SHA-256 of the line
 * without it.  The last line has the SHA-256 of all those checks, one folded into
 * the next.  Headers are in hexadecimal digits, and paths as
 * libecryptfs_text_escaped() has them, so any of it can be had with common tools.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "headers.h"
#include "lib_private.h"

#define TYPE "ecryptfs-headers"
#define VERSION 1
#define CHECK_NAME ",\"check\":\""
#define CHECK_DIGITS (2 * LIBECRYPTFS_HEADERS_CHECK)
/* The name, the digits, and `"}'. */
#define CHECK_CHARS (sizeof(CHECK_NAME) - 1 + CHECK_DIGITS + 2)

static_assert(LIBECRYPTFS_HEADERS_CHECK == LIBECRYPTFS_SYM_KEY_BYTES, "SHA-256");

/* Of an object without its `}', which is added for it. */
static int check_make(struct libecryptfs_headers *headers, char *text,
		      size_t len, uint8_t check[LIBECRYPTFS_HEADERS_CHECK])
{
	uint8_t both[2 * LIBECRYPTFS_HEADERS_CHECK];
	char behind = text[len];
	int err;

	text[len] = '}';
	err = libecryptfs_sym_sha256(text, len + 1, check);
	text[len] = behind;
	if (err)
		return err;
	memcpy(both, headers->chain, sizeof(headers->chain));
	memcpy(both + sizeof(headers->chain), check, LIBECRYPTFS_HEADERS_CHECK);
	return libecryptfs_sym_sha256(both, sizeof(both), headers->chain);
}

/* Writes the line of @object, which it takes. */
static int line_put(struct libecryptfs_headers *headers, json_object *object)
{
	uint8_t check[LIBECRYPTFS_HEADERS_CHECK];
	char digits[CHECK_DIGITS + 1];
	const char *json = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *text = json ? strdup(json) : NULL;
	size_t len = text ? strlen(text) - 1 : 0;
	int err = text ? 0 : -ENOMEM;

	json_object_put(object);
	if (!err)
		err = check_make(headers, text, len, check);
	if (!err) {
		libecryptfs_hex_from_bytes(check, sizeof(check), digits);
		text[len] = '\0';
		if (fprintf(headers->file, "%s" CHECK_NAME "%s\"}\n", text,
			    digits) < 0)
			err = errno ? -errno : -EIO;
	}
	free(text);
	return err;
}

static void number_add(json_object *to, const char *name, uint64_t number)
{
	json_object_object_add(to, name, json_object_new_uint64(number));
}

static int text_add(json_object *to, const char *name, const char *text)
{
	char *safe = libecryptfs_text_escaped(text);

	if (!safe)
		return -ENOMEM;
	json_object_object_add(to, name, json_object_new_string(safe));
	free(safe);
	return 0;
}

int libecryptfs_headers_begin(struct libecryptfs_headers *headers, FILE *file,
			      const char *root)
{
	json_object *object = json_object_new_object();
	time_t now = time(NULL);
	struct tm tm;
	int err;

	headers->file = file;
	if (gmtime_r(&now, &tm))
		strftime(headers->created, sizeof(headers->created),
			 "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_object_add(object, "type", json_object_new_string(TYPE));
	json_object_object_add(object, "version", json_object_new_int(VERSION));
	json_object_object_add(object, "created",
			       json_object_new_string(headers->created));
	err = text_add(object, "root", root);
	json_object_object_add(
		object, "about",
		json_object_new_string(
			"Headers of files that eCryptfs has encrypted, in hexadecimal digits without the zeros at their end. One written over the start of its file, or set as its attribute user.ecryptfs, makes that readable again by the key that it is wrapped with. `ecryptfs header restore' does that."));
	if (!err)
		return line_put(headers, object);
	json_object_put(object);
	return err;
}

int libecryptfs_headers_put(struct libecryptfs_headers *headers,
			    const struct libecryptfs_headers_entry *entry)
{
	json_object *object = json_object_new_object();
	char *digits = malloc(2 * entry->len + 1);
	int err = digits ? 0 : -ENOMEM;

	if (!err) {
		libecryptfs_hex_from_bytes(entry->bytes, entry->len, digits);
		json_object_object_add(object, "type",
				       json_object_new_string("file"));
		err = text_add(object, "path", entry->path);
	}
	if (err) {
		json_object_put(object);
		free(digits);
		return err;
	}
	number_add(object, "inode", entry->inode);
	number_add(object, "size", entry->size);
	number_add(object, "lower_size", entry->lower_size);
	json_object_object_add(object, "where",
			       json_object_new_string(entry->in_xattr ?
							      "attribute" :
							      "header"));
	json_object_object_add(object, "bytes", json_object_new_string(digits));
	free(digits);
	err = line_put(headers, object);
	if (!err)
		headers->entries++;
	return err;
}

int libecryptfs_headers_end(struct libecryptfs_headers *headers)
{
	json_object *object = json_object_new_object();
	char digits[CHECK_DIGITS + 1];

	libecryptfs_hex_from_bytes(headers->chain, sizeof(headers->chain),
				   digits);
	json_object_object_add(object, "type", json_object_new_string("end"));
	number_add(object, "files", headers->entries);
	json_object_object_add(object, "chain", json_object_new_string(digits));
	return line_put(headers, object);
}

static const char *text_get(json_object *from, const char *name)
{
	json_object *member;

	return json_object_object_get_ex(from, name, &member) &&
			       json_object_is_type(member, json_type_string) ?
		       json_object_get_string(member) :
		       NULL;
}

static bool number_get(json_object *from, const char *name, uint64_t *ret)
{
	json_object *member;

	if (!json_object_object_get_ex(from, name, &member) ||
	    !json_object_is_type(member, json_type_int))
		return false;
	*ret = json_object_get_uint64(member);
	return true;
}

/* The next line as an object, if its check is right.  -ENOENT: the file ends. */
static int line_take(struct libecryptfs_headers *headers, json_object **ret)
{
	ssize_t n = getline(&headers->line, &headers->line_size, headers->file);
	uint8_t check[LIBECRYPTFS_HEADERS_CHECK];
	char digits[CHECK_DIGITS + 1];
	char *line = headers->line, *at;
	size_t len;
	int err;

	if (n < 0)
		return ferror(headers->file) ? -EIO : -ENOENT;
	len = (size_t)n;
	if (line[len - 1] == '\n')
		line[--len] = '\0';
	if (len <= CHECK_CHARS || strlen(line) != len)
		return -EUCLEAN;
	at = line + len - CHECK_CHARS;
	err = check_make(headers, line, (size_t)(at - line), check);
	if (err)
		return err;
	libecryptfs_hex_from_bytes(check, sizeof(check), digits);
	if (memcmp(at, CHECK_NAME, sizeof(CHECK_NAME) - 1) ||
	    memcmp(at + sizeof(CHECK_NAME) - 1, digits, CHECK_DIGITS) ||
	    strcmp(line + len - 2, "\"}"))
		return -EUCLEAN;
	*ret = json_tokener_parse(line);
	if (json_object_is_type(*ret, json_type_object))
		return 0;
	json_object_put(*ret);
	return -EUCLEAN;
}

static int path_take(json_object *from, const char *name, char **ret)
{
	const char *text = text_get(from, name);
	int err;

	if (!text)
		return -EUCLEAN;
	*ret = malloc(strlen(text) + 1);
	if (!*ret)
		return -ENOMEM;
	err = libecryptfs_text_unescape(text, *ret);
	if (!err)
		return 0;
	free(*ret);
	*ret = NULL;
	return -EUCLEAN;
}

int libecryptfs_headers_open(struct libecryptfs_headers *headers, FILE *file)
{
	const char *type, *created;
	json_object *object;
	uint64_t version;
	int err;

	headers->file = file;
	err = line_take(headers, &object);
	if (err)
		return err == -ENOENT ? -EUCLEAN : err;
	type = text_get(object, "type");
	created = text_get(object, "created");
	if (!type || strcmp(type, TYPE) || !created ||
	    !number_get(object, "version", &version)) {
		err = -EUCLEAN;
	} else if (version != VERSION) {
		err = -EOPNOTSUPP;
	} else {
		snprintf(headers->created, sizeof(headers->created), "%s",
			 created);
		err = path_take(object, "root", &headers->root);
	}
	json_object_put(object);
	return err;
}

static void entry_free(struct libecryptfs_headers_entry *entry)
{
	free(entry->path);
	free(entry->bytes);
	*entry = (struct libecryptfs_headers_entry){ 0 };
}

static int entry_take(json_object *object,
		      struct libecryptfs_headers_entry *ret)
{
	const char *where = text_get(object, "where");
	const char *digits = text_get(object, "bytes");
	size_t len = digits ? strlen(digits) / 2 : 0;

	if (!where || !len || len > LIBECRYPTFS_HEADERS_MAX ||
	    strlen(digits) != 2 * len ||
	    !number_get(object, "inode", &ret->inode) ||
	    !number_get(object, "size", &ret->size) ||
	    !number_get(object, "lower_size", &ret->lower_size))
		return -EUCLEAN;
	ret->in_xattr = !strcmp(where, "attribute");
	if (!ret->in_xattr && strcmp(where, "header"))
		return -EUCLEAN;
	ret->bytes = malloc(len);
	if (!ret->bytes)
		return -ENOMEM;
	ret->len = len;
	if (libecryptfs_hex_to_bytes(digits, len, ret->bytes))
		return -EUCLEAN;
	return path_take(object, "path", &ret->path);
}

/* Whether the end is that of what was read, whose checks were @chain. */
static bool end_good(const struct libecryptfs_headers *headers,
		     json_object *object,
		     const uint8_t chain[LIBECRYPTFS_HEADERS_CHECK])
{
	const char *said = text_get(object, "chain");
	char digits[CHECK_DIGITS + 1];
	uint64_t files;

	libecryptfs_hex_from_bytes(chain, LIBECRYPTFS_HEADERS_CHECK, digits);
	return said && !strcmp(said, digits) &&
	       number_get(object, "files", &files) && files == headers->entries;
}

int libecryptfs_headers_next(struct libecryptfs_headers *headers,
			     const struct libecryptfs_headers_entry **ret)
{
	uint8_t chain[LIBECRYPTFS_HEADERS_CHECK];
	json_object *object;
	const char *type;
	int err;

	entry_free(&headers->entry);
	memcpy(chain, headers->chain, sizeof(chain));
	err = line_take(headers, &object);
	if (err)
		return err == -ENOENT ? -ENODATA : err;
	type = text_get(object, "type");
	if (type && !strcmp(type, "end")) {
		err = end_good(headers, object, chain) ? -ENOENT : -ENODATA;
	} else if (type && !strcmp(type, "file")) {
		err = entry_take(object, &headers->entry);
		headers->entries += !err;
	} else {
		err = -EUCLEAN;
	}
	json_object_put(object);
	if (!err)
		*ret = &headers->entry;
	else
		entry_free(&headers->entry);
	return err;
}

void libecryptfs_headers_close(struct libecryptfs_headers *headers)
{
	entry_free(&headers->entry);
	free(headers->root);
	free(headers->line);
	*headers = (struct libecryptfs_headers){ 0 };
}
