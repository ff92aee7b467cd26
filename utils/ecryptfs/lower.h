/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads of lower files everything that needs no key.
 */
#ifndef ECRYPTFS_LOWER_H
#define ECRYPTFS_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/efmt.h"

#define LOWER_PACKETS_MAX EFMT_V1_FILE_KEYS

/* The metadata of a file. */
struct lower {
	bool xattr; /* the metadata are in the attribute */
	uint64_t lower_bytes;
	uint64_t data_start;
	uint64_t wanted_bytes; /* lower size that plain_size requires */
	struct efmt_v1_header header;
	size_t packets;
	struct efmt_v1_packet packet[LOWER_PACKETS_MAX];
};

/*
 * Reads the metadata of the file @path.  Fails with -ENODATA if it is not
 * encrypted, -EINVAL if it is not a regular file, -EMEDIUMTYPE if it is the
 * upper file, -EUCLEAN and -EOPNOTSUPP from the core, or another negative
 * errno.
 */
int lower_load(const char *path, struct lower *ret);

#endif /* ECRYPTFS_LOWER_H */
