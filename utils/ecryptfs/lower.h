/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lower files, as far as they can be read without a key.
 */
#ifndef ECRYPTFS_LOWER_H
#define ECRYPTFS_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/efmt.h"

#define LOWER_PACKETS_MAX EFMT_V1_FILE_KEYS

/* What the metadata of a file say. */
struct lower {
	bool xattr; /* where the metadata are */
	uint64_t lower_bytes;
	uint64_t data_start;
	uint64_t wanted_bytes; /* lower size that plain_size needs */
	struct efmt_v1_header header;
	size_t packets;
	struct efmt_v1_packet packet[LOWER_PACKETS_MAX];
};

/*
 * -ENODATA: not encrypted; -EINVAL: no regular file; -EMEDIUMTYPE: the decrypted
 * view of one; -EUCLEAN, -EOPNOTSUPP: as the core says; -errno.
 */
int lower_load(const char *path, struct lower *ret);

#endif /* ECRYPTFS_LOWER_H */
