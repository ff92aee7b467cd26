// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of known vaults.  A line consists of a signature, a blank and the
 * directory, in which control characters, backslashes and bytes above 0x7e are
 * written as \ooo.
 *
 * Anyone with a public key, or with a moment's access to a TPM, can make a
 * vault that opens with it.  Nothing in such a vault shows that it is not the
 * one that was there before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "known.h"

#define NAME "known-vaults"
#define USER_DIR ".ecryptfs"
#define ROOT_DIR "/var/lib/ecryptfs"
#define DIGITS (LIBECRYPTFS_SIG_CHARS - 1)
#define TRIES 10 /* attempts while other programs add to it */

/*
 * A line has at most a signature, a blank, and four characters for each byte.
 */
#define LINE_MAX_BYTES (DIGITS + 1 + 4 * PATH_MAX + 2)

struct list {
	char *text; /* NULL if there is no list */
	size_t len;
};

static int directory_path(char *ret, size_t size)
{
	if (getuid())
		return libecryptfs_home_path(USER_DIR, ret, size);
	return snprintf(ret, size, ROOT_DIR) < (int)size ? 0 : -ENAMETOOLONG;
}

int libecryptfs_known_path(char *ret, size_t size)
{
	int err = directory_path(ret, size);
	size_t len = err ? 0 : strlen(ret);

	if (err)
		return err;
	return snprintf(ret + len, size - len, "/" NAME) < (int)(size - len) ?
		       0 :
		       -ENAMETOOLONG;
}

static int list_load(const char *path, struct list *ret)
{
	struct stat attr;
	int err;

	*ret = (struct list){ 0 };
	err = libecryptfs_file_load(path, &attr, &ret->text, &ret->len);
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	if ((attr.st_uid && attr.st_uid != getuid()) ||
	    attr.st_mode & 0022) {
		free(ret->text);
		*ret = (struct list){ 0 };
		return -EPERM;
	}
	return 0;
}

/* Makes the line of @dir, with a newline, and returns its length. */
static size_t line_make(const char *dir, const char *sig,
			char line[LINE_MAX_BYTES])
{
	size_t len = (size_t)snprintf(line, LINE_MAX_BYTES, "%.*s ", DIGITS, sig);

	for (; *dir && len < LINE_MAX_BYTES - 6; dir++) {
		if (*dir > ' ' - 1 && *dir < 0x7f && *dir != '\\')
			line[len++] = *dir;
		else
			len += (size_t)snprintf(line + len, 5, "\\%03o",
						(unsigned char)*dir);
	}
	line[len++] = '\n';
	return len;
}

/* Returns the start of the line with the directory of @line, or NULL. */
static char *line_find(const struct list *list, const char *line, size_t len)
{
	char *at = list->text, *end = at + list->len, *newline;

	for (; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			return NULL;
		if ((size_t)(newline + 1 - at) == len &&
		    !memcmp(at + DIGITS, line + DIGITS, len - DIGITS))
			return at;
	}
	return NULL;
}

int libecryptfs_known_find(const char *dir, char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	char path[PATH_MAX], line[LINE_MAX_BYTES];
	struct list list;
	const char *at;
	size_t len;
	int err;

	err = libecryptfs_known_path(path, sizeof(path));
	if (!err)
		err = list_load(path, &list);
	if (err)
		return err;
	len = line_make(dir, "0000000000000000", line);
	at = list.text ? line_find(&list, line, len) : NULL;
	if (at) {
		memcpy(sig_ret, at, DIGITS);
		sig_ret[DIGITS] = '\0';
	}
	free(list.text);
	return at ? 0 : -ENOENT;
}

/*
 * Makes a copy of @list in which the line of @dir is changed or appended; if @sig is
 * NULL, the line is left out, and -ENOENT says that there was none.
 */
static int list_change(const struct list *list, const char *dir,
		       const char *sig, struct list *ret)
{
	char line[LINE_MAX_BYTES];
	size_t len = line_make(dir, sig ? sig : "0000000000000000", line);
	char *at = list->text ? line_find(list, line, len) : NULL;
	size_t before = at ? (size_t)(at - list->text) : list->len;

	if (!sig && !at)
		return -ENOENT;
	ret->text = malloc(list->len + len + 1);
	if (!ret->text)
		return -ENOMEM;
	ret->len = list->len;
	if (list->len)
		memcpy(ret->text, list->text, list->len);
	if (at && sig) {
		memcpy(ret->text + before, line, len);
		return 0;
	}
	if (at) {
		ret->len -= len;
		memmove(ret->text + before, ret->text + before + len,
			ret->len - before);
		return 0;
	}
	/* An editor may have left the last line without a newline. */
	if (ret->len && ret->text[ret->len - 1] != '\n')
		ret->text[ret->len++] = '\n';
	memcpy(ret->text + ret->len, line, len);
	ret->len += len;
	return 0;
}

static int change_once(const char *path, const char *dir, const char *sig)
{
	struct libecryptfs_file_change change;
	struct list list, changed = { 0 };
	int err;

	err = list_load(path, &list);
	/* An empty file exists, but has no content. */
	if (err == -ENODATA && !unlink(path))
		err = 0;
	if (err)
		return err;
	err = list_change(&list, dir, sig, &changed);
	if (!err)
		err = libecryptfs_file_begin(path, list.text, list.len,
					     changed.text, changed.len, &change);
	if (!err)
		err = libecryptfs_file_finish(&change);
	free(list.text);
	free(changed.text);
	return err;
}

static int change(const char *dir, const char *sig)
{
	char path[PATH_MAX];
	int err, i;

	err = libecryptfs_known_path(path, sizeof(path));
	for (i = 0; !err && i < TRIES; i++) {
		err = change_once(path, dir, sig);
		if (err != -ESTALE && err != -EEXIST)
			return err;
		err = 0;
	}
	return err ? err : -EBUSY;
}

int libecryptfs_known_put(const char *dir, const char *sig)
{
	char path[PATH_MAX];
	int err = directory_path(path, sizeof(path));

	if (err)
		return err;
	mkdir(path, 0700);
	return change(dir, sig);
}

int libecryptfs_known_remove(const char *dir)
{
	return change(dir, NULL);
}

/* The inverse of line_make(), of a line without its newline; false: it is none. */
static bool line_split(const char *line, size_t len,
		       char sig_ret[LIBECRYPTFS_SIG_CHARS],
		       char dir_ret[PATH_MAX])
{
	size_t at = DIGITS + 1, n = 0;
	unsigned int octal;
	char digits[4];

	if (len <= at || line[DIGITS] != ' ')
		return false;
	memcpy(sig_ret, line, DIGITS);
	sig_ret[DIGITS] = '\0';
	if (strspn(sig_ret, "0123456789abcdef") != DIGITS)
		return false;
	for (; at < len && n < PATH_MAX - 1; at++, n++) {
		dir_ret[n] = line[at];
		if (line[at] != '\\')
			continue;
		if (len - at < 4)
			return false;
		memcpy(digits, line + at + 1, 3);
		digits[3] = '\0';
		if (strspn(digits, "01234567") != 3 ||
		    sscanf(digits, "%o", &octal) != 1 || !octal || octal > 0xff)
			return false;
		dir_ret[n] = (char)octal;
		at += 3;
	}
	dir_ret[n] = '\0';
	return at == len && *dir_ret == '/';
}

int libecryptfs_known_each(bool (*fn)(const char *dir, const char *sig,
				      void *arg),
			   void *arg)
{
	char path[PATH_MAX], dir[PATH_MAX], sig[LIBECRYPTFS_SIG_CHARS];
	char *at, *end, *newline;
	struct list list;
	int err;

	err = libecryptfs_known_path(path, sizeof(path));
	if (!err)
		err = list_load(path, &list);
	if (err)
		return err == -ENODATA ? 0 : err;
	for (at = list.text, end = at + list.len; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break;
		if (line_split(at, (size_t)(newline - at), sig, dir) &&
		    fn(dir, sig, arg))
			break;
	}
	free(list.text);
	return 0;
}
