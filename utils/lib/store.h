/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lower tree, read without a mount: names, targets of symbolic links and
 * contents, by keys that the caller gives.  Nothing here writes to it.
 *
 * A store may be used by one thread at a time; an open file by any number, but
 * for its counts of what is bad.
 */
#ifndef LIBECRYPTFS_STORE_H
#define LIBECRYPTFS_STORE_H

#include "format/efmt.h"
#include "libecryptfs.h"

#define LIBECRYPTFS_STORE_KEYS 16

struct libecryptfs_store;

/* One without keys, with which metadata can be read.  Errors of secmem. */
int libecryptfs_store_create(struct libecryptfs_store **ret);
void libecryptfs_store_destroy(struct libecryptfs_store *store);

/*
 * Adds the two keys that a mount passphrase of 1 to 64 bytes becomes, for
 * contents by @salt and for names.  -EINVAL, -ENOSPC: there are as many as a
 * store can have.
 */
int libecryptfs_store_add(struct libecryptfs_store *store,
			  const uint8_t *passphrase, size_t len,
			  const uint8_t salt[LIBECRYPTFS_SALT_BYTES]);

/*
 * The plain name of the entry @lower, NUL-terminated; @ret has as many bytes as
 * @lower with its NUL.  -EINVAL: the name is not encrypted; -ENOKEY: it is of
 * another key; -EUCLEAN: malformed, or none that an entry can have.  Then @ret is
 * the name as it is.  target: the same for a symbolic link.
 */
int libecryptfs_store_name(struct libecryptfs_store *store, const char *lower,
			   char *ret);
int libecryptfs_store_target(struct libecryptfs_store *store,
			     const char *lower, char *ret);

/* An open file; sizes are in bytes. */
struct libecryptfs_store_file {
	int fd; /* the caller's */
	bool empty; /* no byte, or only zeros, and no attribute: an empty file */
	uint64_t lower_size;
	uint64_t need; /* lower size that the recorded size needs */
	uint64_t recorded; /* plain size that the metadata say */
	uint64_t have; /* of that, from the start, what the lower file has */
	struct efmt_v1_file meta; /* without the packets, see sig */
	uint8_t sig[EFMT_V1_SIG_BYTES]; /* of the key that opens it, or could */
	struct efmt_v1_content content; /* once it is open */
};

/*
 * Metadata of the regular file @fd, which stays the caller's, and contents if one
 * of the keys opens it.  -ENODATA: neither header nor attribute; -EUCLEAN: damaged
 * metadata; -ENOKEY: other keys open it (@ret says whose the last is); -EOPNOTSUPP:
 * only public keys do; -ENOPKG: no such cipher here; -EIO and other errors of
 * reading.  After any but 0 @ret needs no close; what is known of it is set.
 */
int libecryptfs_store_open(struct libecryptfs_store *store, int fd,
			   struct libecryptfs_store_file *ret);
void libecryptfs_store_close(struct libecryptfs_store_file *file);

/*
 * @len bytes of plaintext from @off, both below what the file has; @off is a
 * multiple of EFMT_V1_EXTENT_BYTES, and @buf has room for whole extents.  Where
 * the disk can't be read there are zeros, and *bad_ret is so many bytes more.
 * -errno: it could not be decrypted.
 */
int libecryptfs_store_read(const struct libecryptfs_store_file *file,
			   uint64_t off, uint8_t *buf, size_t len,
			   uint64_t *bad_ret);

#endif /* LIBECRYPTFS_STORE_H */
