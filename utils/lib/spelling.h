/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names that a directory has by the way it was given: what whoever serves the
 * files makes a link of, was a directory when its vault was remembered.
 */
#ifndef LIBECRYPTFS_SPELLING_H
#define LIBECRYPTFS_SPELLING_H

#include <stdbool.h>

/*
 * Calls @fn for @path as an absolute one, "." and ".." taken out of its text, with
 * as much of its beginning as possible, and down to nothing, resolved as by
 * realpath(3); a name may come twice.  Ends, and returns true, when @fn does.
 */
bool libecryptfs_spelling_each(const char *path,
			       bool (*fn)(const char *name, void *data),
			       void *data);

#endif /* LIBECRYPTFS_SPELLING_H */
