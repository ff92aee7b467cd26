/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a lower tree without a mount: names, targets of symbolic links and
 * contents, with keys from the caller.  Nothing is written to the tree.
 *
 * A store may be used by one thread at a time.  An open file may be used by any
 * number of threads, except for its counts of bad bytes.
 */
#ifndef LIBECRYPTFS_STORE_H
#define LIBECRYPTFS_STORE_H

#include "format/efmt.h"
#include "libecryptfs.h"

#define LIBECRYPTFS_STORE_KEYS 16

struct libecryptfs_store;

/*
 * Makes a store without keys, with which metadata can be read.  Has the errors
 * of secmem.
 */
int libecryptfs_store_create(struct libecryptfs_store **ret);
void libecryptfs_store_destroy(struct libecryptfs_store *store);

/*
 * Adds the two keys of a mount passphrase of 1 to 64 bytes, the one for
 * contents with @salt and the one for names.  Fails with -EINVAL, and with
 * -ENOSPC if the store cannot take more keys.
 */
int libecryptfs_store_add(struct libecryptfs_store *store,
			  const uint8_t *passphrase, size_t len,
			  const uint8_t salt[LIBECRYPTFS_SALT_BYTES]);

/*
 * Signature of key number @n, of contents and of names by turns in the order in
 * which they were added.  False: there are no more.
 */
bool libecryptfs_store_sig(const struct libecryptfs_store *store, unsigned int n,
			   char sig_ret[LIBECRYPTFS_SIG_CHARS]);

/*
 * Decrypts the name of the entry @lower and terminates it with NUL.  @ret has
 * as many bytes as @lower with its NUL.  If it fails, @ret is the name as it is
 * stored: -EINVAL means that the name is not encrypted, -ENOKEY that another
 * key encrypted it, and -EUCLEAN that it is malformed or not a valid name of an
 * entry.  libecryptfs_store_target() does the same for a symbolic link.
 */
int libecryptfs_store_name(struct libecryptfs_store *store, const char *lower,
			   char *ret);
int libecryptfs_store_target(struct libecryptfs_store *store,
			     const char *lower, char *ret);

/* How a name is encrypted. */
struct libecryptfs_store_cipher {
	enum efmt_cipher cipher;
	size_t key_bytes;
};

/*
 * The lower name or target @lower of key number @from as key number @to makes it, with
 * the same cipher and key size: as many bytes, in @ret, which has one more.
 * -EALREADY: it is of key @to; else as libecryptfs_store_name().
 */
int libecryptfs_store_name_rewrap(struct libecryptfs_store *store,
				  unsigned int from, unsigned int to,
				  const char *lower, char *ret,
				  struct libecryptfs_store_cipher *cipher_ret);

/*
 * The metadata of @len bytes at @buf with the file's key under key number @to, which
 * is made with @salt, in the place of key number @from; wrapped by other keys it stays.
 * @ret is filled up with zeros; what differs is before *len_ret.
 * -EALREADY: it is under key @to and not @from; -ENOKEY: neither; -ENOSPC: there is no
 * room; errors of efmt_v1_file_from() and of the cipher.
 */
int libecryptfs_store_rewrap(const struct libecryptfs_store *store,
			     unsigned int from, unsigned int to,
			     const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			     const uint8_t *buf, size_t len, bool in_xattr,
			     uint8_t ret[EFMT_V1_HEADER_SCAN], size_t *len_ret);

/* An open file; sizes are in bytes. */
struct libecryptfs_store_file {
	int fd; /* the caller's */
	bool empty; /* no bytes or only zeros, and no attribute */
	uint64_t lower_size;
	uint64_t need; /* lower size that the recorded size requires */
	uint64_t recorded; /* plain size according to the metadata */
	uint64_t have; /* bytes of it, from the start, that the lower file has */
	struct efmt_v1_file meta; /* without the packets, see sig */
	uint8_t sig[EFMT_V1_SIG_BYTES]; /* signature of the key that opens it, or could */
	struct efmt_v1_content content; /* set when the file is open */
};

/*
 * Reads the metadata of the regular file @fd, which the caller keeps, and sets
 * up its contents if one of the keys opens it.  On failure @ret need not be
 * closed, and has everything that is known.  Errors:
 *
 * -ENODATA     there is neither a header nor an attribute
 * -EUCLEAN     the metadata are damaged
 * -ENOKEY      other keys open it; @ret has the signature of the last one
 * -EOPNOTSUPP  only public keys open it
 * -ENOPKG      the cipher is not available here
 * -EIO         or another error of reading
 */
int libecryptfs_store_open(struct libecryptfs_store *store, int fd,
			   struct libecryptfs_store_file *ret);
void libecryptfs_store_close(struct libecryptfs_store_file *file);

/*
 * Reads @len bytes of plaintext from @off, both within the data that the file
 * has.  @off is a multiple of EFMT_V1_EXTENT_BYTES, and @buf has room for whole
 * extents.  Bytes that the disk cannot read are zeros and are added to
 * *bad_ret.  Returns a negative errno if the data could not be decrypted.
 */
int libecryptfs_store_read(const struct libecryptfs_store_file *file,
			   uint64_t off, uint8_t *buf, size_t len,
			   uint64_t *bad_ret);

#endif /* LIBECRYPTFS_STORE_H */
