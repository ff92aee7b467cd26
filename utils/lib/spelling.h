/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of a directory, according to the way in which it was given.  The
 * operator of a file server can replace what was a directory, when its vault
 * was remembered, by a link.
 */
#ifndef LIBECRYPTFS_SPELLING_H
#define LIBECRYPTFS_SPELLING_H

#include <stdbool.h>

/*
 * Calls @fn for the absolute form of @path, with "." and ".." removed from its
 * text, and with each leading part of it resolved as by realpath(3), beginning
 * with the longest and ending with none.  A name may occur twice.  Stops and
 * returns true when @fn does.
 */
bool libecryptfs_spelling_each(const char *path,
			       bool (*fn)(const char *name, void *data),
			       void *data);

#endif /* LIBECRYPTFS_SPELLING_H */
