// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the files in a user's home directory.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "libecryptfs.h"

int libecryptfs_home_path(const char *below, char *ret, size_t size)
{
	const struct passwd *user = getpwuid(getuid());
	int n;

	if (!user || !user->pw_dir)
		return -ENOENT;
	n = snprintf(ret, size, "%s/%s", user->pw_dir, below);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
