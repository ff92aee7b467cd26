// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of a directory.  Only text is processed here, because the question
 * is which name the user gave, and not where it leads today.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spelling.h"

/*
 * Adds the components of @path to @to, an absolute path without a trailing
 * slash.
 */
static bool components_add(const char *path, char to[PATH_MAX])
{
	size_t used = strlen(to), len;
	char *slash;

	for (; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len || (len == 1 && *path == '.'))
			continue;
		if (len == 2 && !strncmp(path, "..", 2)) {
			slash = strrchr(to, '/');
			used = slash ? (size_t)(slash - to) : 0;
			to[used] = '\0';
			continue;
		}
		if (used + len + 2 > PATH_MAX)
			return false;
		to[used++] = '/';
		memcpy(to + used, path, len);
		used += len;
		to[used] = '\0';
	}
	return true;
}

static bool absolute_make(const char *path, char ret[PATH_MAX])
{
	/*
	 * The working directory as the shell names it, with the links that the
	 * user followed.
	 */
	char *here = *path == '/' ? NULL : get_current_dir_name();
	bool made;

	*ret = '\0';
	made = (*path == '/' || (here && components_add(here, ret))) &&
	       components_add(path, ret);
	free(here);
	return made;
}

bool libecryptfs_spelling_each(const char *path,
			       bool (*fn)(const char *name, void *data),
			       void *data)
{
	char said[PATH_MAX], beginning[PATH_MAX], name[PATH_MAX];
	size_t len;

	if (!absolute_make(path, said) || !*said)
		return false;
	for (len = strlen(said); len; len--) {
		if (said[len] && said[len] != '/')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, said);
		if (!realpath(name, beginning))
			continue;
		if (!strcmp(beginning, "/"))
			*beginning = '\0';
		if (!components_add(said + len, beginning))
			continue;
		if (*beginning && fn(beginning, data))
			return true;
	}
	return fn(said, data);
}
