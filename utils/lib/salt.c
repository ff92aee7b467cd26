// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The salts of format 1 passphrases.  If the file cannot be used, the default
 * salt is used, as in ecryptfs-utils, because the keys of existing files were
 * derived with it.  The caller is informed, so that it can tell the user.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib_private.h"

#define SALT_DIGITS (2 * LIBECRYPTFS_SALT_BYTES)

static const uint8_t salt_default[LIBECRYPTFS_SALT_BYTES] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77
};

/*
 * The constant of stock is the hexadecimal text 9988776655443322, which is not
 * decoded but cut to 8 bytes.  These are its characters.
 */
const uint8_t libecryptfs_salt_fnek[LIBECRYPTFS_SALT_BYTES] = {
	'9', '9', '8', '8', '7', '7', '6', '6'
};

struct salt_search {
	bool found;
	char digits[SALT_DIGITS + 1];
	size_t length; /* length of the value, which may not fit in digits */
};

/* Only the first salt= counts. */
static int salt_take(const char *name, const char *value, void *arg)
{
	struct salt_search *search = arg;

	if (strcmp(name, "salt") != 0 || !value)
		return 0;
	search->found = true;
	search->length = strlen(value);
	snprintf(search->digits, sizeof(search->digits), "%.*s", SALT_DIGITS,
		 value);
	return 1;
}

int libecryptfs_salt_from_hex(const char *digits,
			      uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES])
{
	char pair[3] = "";
	size_t i;

	for (i = 0; i < SALT_DIGITS; i++)
		if (!isxdigit((unsigned char)digits[i]))
			return -EINVAL;
	for (i = 0; i < LIBECRYPTFS_SALT_BYTES; i++) {
		memcpy(pair, digits + 2 * i, 2);
		salt_ret[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return 0;
}

int libecryptfs_salt_from_file(const char *path,
			       uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			       enum libecryptfs_salt_source *source_ret)
{
	struct salt_search search = { 0 };
	int ret;

	memcpy(salt_ret, salt_default, LIBECRYPTFS_SALT_BYTES);
	*source_ret = LIBECRYPTFS_SALT_DEFAULT;
	ret = libecryptfs_rcfile_load(path, salt_take, &search);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0 || (search.found && search.length != SALT_DIGITS)) {
		*source_ret = LIBECRYPTFS_SALT_IGNORED;
		return 0;
	}
	if (!search.found)
		return 0;
	*source_ret = LIBECRYPTFS_SALT_RCFILE;
	return libecryptfs_salt_from_hex(search.digits, salt_ret);
}

int libecryptfs_salt_load(uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			  enum libecryptfs_salt_source *source_ret)
{
	char path[PATH_MAX];

	memcpy(salt_ret, salt_default, LIBECRYPTFS_SALT_BYTES);
	*source_ret = LIBECRYPTFS_SALT_DEFAULT;
	if (libecryptfs_home_path(".ecryptfsrc", path, sizeof(path)))
		return 0;
	return libecryptfs_salt_from_file(path, salt_ret, source_ret);
}
