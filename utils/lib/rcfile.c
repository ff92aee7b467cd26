// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The option syntax of ~/.ecryptfsrc, as in ecryptfs-utils.
 *
 * Items are separated by commas or newlines.  An item is a name or name=value,
 * where the name ends at the last `='.  An item that starts with "key=" and
 * contains colons is split into several items at the colons.  There is no
 * quoting, and white space is not skipped.  An item of 128 characters or more
 * ends the reading without an error; an item that starts with `=' or `:' makes
 * the whole file invalid.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib_private.h"

/* The prefix of an item that is split again. */
static const char key_prefix[] = "key=";

/* Returns the length of the first part of @text without a byte of @stops. */
static size_t part_bytes(const char *text, size_t len, const char *stops)
{
	size_t n = 0;

	while (n < len && text[n] && !strchr(stops, text[n]))
		n++;
	return n;
}

static int item_give(const char *text, size_t len, libecryptfs_rcfile_fn fn,
		     void *arg)
{
	char item[LIBECRYPTFS_RCITEM_MAX + 1];
	char *equals;
	int ret;

	memcpy(item, text, len);
	item[len] = '\0';
	equals = strrchr(item, '=');
	if (equals)
		*equals = '\0';
	ret = fn(item, equals ? equals + 1 : NULL, arg);
	/* A value may be a passphrase. */
	explicit_bzero(item, sizeof(item));
	return ret;
}

/* Calls @fn for the items of @text.  If @fn is NULL, they are only checked. */
static int items_walk(const char *text, size_t len, const char *stops,
		      libecryptfs_rcfile_fn fn, void *arg)
{
	size_t n;
	int ret;

	for (;; text += n + 1, len -= n + 1) {
		n = part_bytes(text, len, stops);
		if (n > LIBECRYPTFS_RCITEM_MAX)
			return 0;
		if (n && (*text == '=' || *text == ':'))
			return -EINVAL;
		if (n >= sizeof(key_prefix) && !strchr(stops, ':') &&
		    !memcmp(text, key_prefix, sizeof(key_prefix) - 1) &&
		    memchr(text, ':', n))
			ret = items_walk(text, n, ":", fn, arg);
		else
			ret = n && fn ? item_give(text, n, fn, arg) : 0;
		if (ret || n == len || !text[n])
			return ret;
	}
}

int libecryptfs_rcfile_from_text(const char *text, size_t len,
				 libecryptfs_rcfile_fn fn, void *arg)
{
	int err = items_walk(text, len, ",\n", NULL, NULL);

	return err ? err : items_walk(text, len, ",\n", fn, arg);
}

/*
 * Reads all of @fd into @buf.  Fails with -EFBIG if there is more than @size.
 */
static int read_all(int fd, char *buf, size_t size, size_t *len_ret)
{
	size_t len = 0;
	ssize_t n;
	char more;

	for (;;) {
		n = len < size ? read(fd, buf + len, size - len) :
				 read(fd, &more, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n && len == size)
			return -EFBIG;
		if (!n)
			break;
		len += (size_t)n;
	}
	*len_ret = len;
	return 0;
}

static int check_type(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return -EINVAL;
	return 0;
}

int libecryptfs_rcfile_load(const char *path, libecryptfs_rcfile_fn fn,
			    void *arg)
{
	size_t len = 0;
	char *buf;
	int err;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	buf = malloc(LIBECRYPTFS_RCFILE_MAX);
	err = buf ? check_type(fd) : -ENOMEM;
	if (!err)
		err = read_all(fd, buf, LIBECRYPTFS_RCFILE_MAX, &len);
	close(fd);
	if (!err)
		err = libecryptfs_rcfile_from_text(buf, len, fn, arg);
	if (buf)
		explicit_bzero(buf, LIBECRYPTFS_RCFILE_MAX);
	free(buf);
	return err;
}
