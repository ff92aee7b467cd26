/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file with the headers of many lower files: lines of JSON, each with a check of its
 * own, so that damage costs what it hits, and a last one that tells that none is missing.
 */
#ifndef LIBECRYPTFS_HEADERS_H
#define LIBECRYPTFS_HEADERS_H

#include <stdio.h>

#include "libecryptfs.h"

#define LIBECRYPTFS_HEADERS_CHECK 32 /* bytes of SHA-256 */
#define LIBECRYPTFS_HEADERS_MAX 65536 /* bytes of one header that are kept */

/* Of one file.  In a reader, path and bytes are its own until the next. */
struct libecryptfs_headers_entry {
	char *path; /* below the root, by lower names */
	uint64_t inode;
	uint64_t size; /* plain, as the header has it */
	uint64_t lower_size;
	bool in_xattr; /* the value of the attribute, not the start of the file */
	uint8_t *bytes; /* without the zeros at the end */
	size_t len;
};

/* What both have; zeroed at first. */
struct libecryptfs_headers {
	FILE *file; /* the caller's */
	uint64_t entries;
	uint8_t chain[LIBECRYPTFS_HEADERS_CHECK]; /* of the checks so far */
	/* Of a reader. */
	char *root; /* as realpath(3) had it */
	char created[24];
	char *line;
	size_t line_size;
	struct libecryptfs_headers_entry entry;
};

/* Writes to @file, which is empty.  -errno */
int libecryptfs_headers_begin(struct libecryptfs_headers *headers, FILE *file,
			      const char *root);
int libecryptfs_headers_put(struct libecryptfs_headers *headers,
			    const struct libecryptfs_headers_entry *entry);
/* The last line; the caller flushes. */
int libecryptfs_headers_end(struct libecryptfs_headers *headers);

/*
 * Reads @file from its start.  -EUCLEAN: it is no such file, or its first line is
 * damaged; -EOPNOTSUPP: of a later version.
 */
int libecryptfs_headers_open(struct libecryptfs_headers *headers, FILE *file);
/*
 * The next of its entries.  -ENOENT: there are no more, and none is missing;
 * -ENODATA: there are no more, and some are missing, or the end is; -EUCLEAN: this
 * one is damaged, and the next may be good.
 */
int libecryptfs_headers_next(struct libecryptfs_headers *headers,
			     const struct libecryptfs_headers_entry **ret);
/* Also after a failed open; harmless on one that is all zeroes. */
void libecryptfs_headers_close(struct libecryptfs_headers *headers);

#endif /* LIBECRYPTFS_HEADERS_H */
