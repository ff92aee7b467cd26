/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole interface of the format core.
 *
 * The core turns bytes into structs and back.  It neither allocates, locks,
 * logs nor sleeps by itself, and reads neither a clock nor random numbers:
 * random values are parameters.  Functions return 0 or a negative errno.
 * Out-parameters come last and end in _ret.  They are written only on success,
 * except that secrets are zeroed on failure.  Input is indexed in span.h only.
 */
#ifndef EFMT_H
#define EFMT_H

#include "efmt_types.h"
#include "prim.h"
#include "span.h"

#define EFMT_V1_EXTENT_BYTES 4096
#define EFMT_V1_HEADER_BYTES 8192 /* the smallest header region */
#define EFMT_V1_HEADER_SCAN 4096 /* bytes that a reader looks at */
#define EFMT_V1_HEADER_FIXED 26 /* before the packet set, as written */
#define EFMT_V1_PROBE_BYTES 16 /* size field and marker */
#define EFMT_V1_SIZE_BYTES 8 /* the size field at offset 0 */
#define EFMT_V1_KEY_BYTES 64 /* key derived from a passphrase */
#define EFMT_V1_FEK_MAX 64
#define EFMT_V1_WRAPPED_MAX 64 /* wrapped FEK in a tag 3 packet */
#define EFMT_V1_BLOB_MAX 512 /* wrapped FEK in a tag 1 packet */
#define EFMT_V1_SIG_BYTES 8
#define EFMT_V1_SIG_HEX 16 /* without a terminator */
#define EFMT_V1_SALT_BYTES 8
#define EFMT_V1_IV_BYTES 16
#define EFMT_V1_PASSPHRASE_MAX 64
#define EFMT_V1_VERSION 3 /* the one written; 0 to 3 are read */
#define EFMT_V1_XATTR "user.ecryptfs" /* metadata, where not in a header */
#define EFMT_V1_XATTR_MAX 4096 /* the largest value that readers accept */

/* geometry.c */

/*
 * Where the extents of a file are in the lower file.  This is data and says
 * nothing about a version: format 1 is the degenerate case of one infinite
 * group without tag blocks.
 */
struct efmt_geometry {
	u64 data_start; /* lower offset of the first block after the header */
	u32 extent_bytes; /* size of an extent, as plaintext and ciphertext */
	u32 first_group; /* extents in group 0; 0 means one infinite group */
	u32 next_group; /* extents in each further group */
	u32 tag_bytes; /* size of the tag block before each further group */
	bool exact_tail; /* last extent is stored with its exact length */
};

/*
 * Fills in the geometry of format 1 with @header_bytes in front of the data, or
 * 0 if the metadata are elsewhere.
 */
void efmt_geometry_v1(u64 header_bytes, struct efmt_geometry *ret);

/* Returns the number of the extent that holds plaintext offset @plain_off. */
u64 efmt_geometry_extent(const struct efmt_geometry *geo, u64 plain_off);

/*
 * Computes the lower offset of @extent.  Fails with -EFBIG if that does not fit
 * in 63 bits.
 */
int efmt_geometry_lower_pos(const struct efmt_geometry *geo, u64 extent,
			    u64 *lower_pos_ret);

/*
 * Returns how many extents, beginning with @extent, are contiguous in the lower
 * file, but at most @max.  The result is not 0 unless @max is.
 */
u64 efmt_geometry_run(const struct efmt_geometry *geo, u64 extent, u64 max);

/*
 * Computes the lower size of a file of @plain_size bytes.  Fails with -EFBIG if
 * that does not fit in 63 bits.
 */
int efmt_geometry_lower_size(const struct efmt_geometry *geo, u64 plain_size,
			     u64 *lower_size_ret);

/*
 * Returns the largest plaintext size that a lower file of @lower_size bytes can
 * hold.  With exact_tail, this is the size of the file.
 */
u64 efmt_geometry_plain_size(const struct efmt_geometry *geo, u64 lower_size);

/* detect.c */

enum efmt_version {
	EFMT_NONE, /* not an eCryptfs file: no known magic */
	EFMT_V1,
};

/*
 * Returns the format of a lower file whose first @len bytes are at @buf.  Looks
 * at no more than EFMT_V1_PROBE_BYTES of them.
 */
enum efmt_version efmt_detect(const u8 *buf, size_t len);

/* v1_header.c */

#define EFMT_V1_FLAG_HMAC 0x00000001u
#define EFMT_V1_FLAG_ENCRYPTED 0x00000002u
#define EFMT_V1_FLAG_XATTR 0x00000004u /* metadata in an xattr */
#define EFMT_V1_FLAG_NAMES 0x00000008u /* file names are encrypted */

struct efmt_v1_header {
	u64 plain_size;
	u32 marker; /* random word M1 */
	u32 flags; /* EFMT_V1_FLAG_*, without reserved bits */
	u32 extent_bytes; /* the field extent-size, 4096 */
	u16 extents; /* the field extent-count, 2 */
	u8 version;
	u8 packets_off; /* where the packet set starts: 26, or 20 */
};

/*
 * Reads the size field if the marker behind it is valid, which is all that a
 * lookup needs.  Fails with -ENODATA if there are fewer than
 * EFMT_V1_PROBE_BYTES or no marker.  The size is not checked and may be 2^63 or
 * more, which efmt_v1_header_from() refuses.
 */
int efmt_v1_probe(const u8 *buf, size_t len, u64 *plain_size_ret);

/*
 * Parses the fixed part of a header.  Errors:
 * -ENODATA     there is no valid marker, so it is not an eCryptfs file
 * -EOPNOTSUPP  the version is above 3
 * -EUCLEAN     the header is truncated; or its region is under
 *              EFMT_V1_HEADER_BYTES, not a multiple of the extent size, or over
 *              16 MiB; or the size is 2^63 or more
 * (Stock accepts regions under EFMT_V1_HEADER_BYTES, but does not write them.)
 */
int efmt_v1_header_from(const u8 *buf, size_t len,
			struct efmt_v1_header *ret);

/*
 * Returns the size of the header region in front of the data, which is the
 * product of the two fields.
 */
u64 efmt_v1_header_region(const struct efmt_v1_header *header);

/*
 * Writes the 26 bytes of @header.  Version and packets_off are those of the
 * current version, whatever the struct says.  Fails with -ENOSPC if @len is
 * under 26, and with -EINVAL for a size or a header region that
 * efmt_v1_header_from() would refuse.  @buf is written only on success.
 */
int efmt_v1_header_to(const struct efmt_v1_header *header, u8 *buf, size_t len);

/* Writes the 8 bytes of the size field. */
void efmt_v1_size_to(u64 plain_size, u8 buf[EFMT_V1_SIZE_BYTES]);

/* v1_packet.c */

enum efmt_v1_packet_kind {
	EFMT_V1_PASSPHRASE, /* tag 3 with its tag 11 */
	EFMT_V1_PUBKEY, /* tag 1 */
};

/* One wrapped FEK, parsed and validated. */
struct efmt_v1_packet {
	enum efmt_v1_packet_kind kind;
	enum efmt_cipher cipher; /* passphrase only */
	u8 sig[EFMT_V1_SIG_BYTES]; /* of the key that wrapped it */
	u8 salt[EFMT_V1_SALT_BYTES]; /* passphrase only */
	u16 fek_bytes; /* passphrase only; 24 for code 8, else wrapped_bytes */
	u16 wrapped_bytes;
	u8 wrapped[EFMT_V1_BLOB_MAX];
};

/*
 * Parses the next packet of the set at @span.  @span is advanced past the
 * packet on success, and unchanged otherwise.  If a set holds several
 * passphrase packets, cipher and fek_bytes of the last one are those of the
 * file.  Errors:
 * -ENOENT      the set ends here: no bytes are left, or the next byte does not
 *              start a packet
 * -EUCLEAN     the packet is malformed
 * -EOPNOTSUPP  the cipher code is unknown
 */
int efmt_v1_packet_take(struct efmt_span *span, struct efmt_v1_packet *ret);

/*
 * Writes tag 3 and tag 11, or tag 1, to @buf.  Fails with -ENOSPC if @len is
 * too short, and with -EINVAL if the packet can't be represented.
 */
int efmt_v1_packet_put(const struct efmt_v1_packet *packet, u8 *buf, size_t len,
		       size_t *used_ret);

/* The length prefix of all packets: 1 or 2 bytes, with a value up to 8383. */
int efmt_v1_length_take(struct efmt_span *span, size_t *length_ret);
int efmt_v1_length_put(size_t length, u8 *buf, size_t len, size_t *used_ret);

/*
 * Convert between a cipher and its code on disk.  AES has one code per key
 * size.
 */
int efmt_v1_cipher_to_code(enum efmt_cipher cipher, size_t key_bytes,
			   u8 *code_ret);
int efmt_v1_cipher_from_code(u8 code, enum efmt_cipher *cipher_ret);

/*
 * Returns the name in mount options and in the crypto API, or NULL for an
 * unknown number.
 */
const char *efmt_v1_cipher_name(enum efmt_cipher cipher);
/* Finds a cipher by its name.  Fails with -EINVAL if the name is unknown. */
int efmt_v1_cipher_find(const char *name, enum efmt_cipher *cipher_ret);
/* Returns the block size in bytes, 16 or 8. */
size_t efmt_v1_cipher_block(enum efmt_cipher cipher);
/*
 * Returns whether format 1 can wrap a FEK of that size for the cipher: 16, 24
 * or 32 bytes for AES; 24 for des3_ede; 8 or 16 for cast5 (stock: 16); 16 or 32
 * for cast6 and twofish; multiples of 8 from 8 to 56 for blowfish.
 */
bool efmt_v1_cipher_key_valid(enum efmt_cipher cipher, size_t key_bytes);
/*
 * Returns the size of a wrapped FEK of @fek_bytes.  It is the same, except that
 * it is 32 for AES with 24.  Returns 0 if efmt_v1_cipher_key_valid() is false.
 */
size_t efmt_v1_cipher_wrapped(enum efmt_cipher cipher, size_t fek_bytes);

/*
 * Convert between a signature and its 16 lower-case hexadecimal digits.  Other
 * text fails with -EINVAL.
 */
int efmt_v1_sig_from_hex(const char *hex, size_t len,
			 u8 sig_ret[EFMT_V1_SIG_BYTES]);
void efmt_v1_sig_to_hex(const u8 sig[EFMT_V1_SIG_BYTES],
			char hex_ret[EFMT_V1_SIG_HEX + 1]);

/* v1_derive.c */

/*
 * Derives the 64-byte key from a passphrase and a salt with 65536 rounds of
 * SHA-512, and the key's signature.  Either result may be NULL.  Fails with
 * -EINVAL unless the passphrase has 1 to 64 bytes.
 */
int efmt_v1_key_from_passphrase(const u8 *passphrase, size_t len,
				const u8 salt[EFMT_V1_SALT_BYTES],
				u8 key_ret[EFMT_V1_KEY_BYTES],
				u8 sig_ret[EFMT_V1_SIG_BYTES]);
int efmt_v1_key_sig(const u8 key[EFMT_V1_KEY_BYTES],
		    u8 sig_ret[EFMT_V1_SIG_BYTES]);

/* Computes the root IV of a file, the MD5 of its FEK. */
int efmt_v1_root_iv(const u8 *fek, size_t fek_bytes,
		    u8 iv_ret[EFMT_V1_IV_BYTES]);

/*
 * Computes the IV of an extent, the MD5 of the root IV and the number in ASCII.
 * Ciphers with a block of 8 bytes use the first 8 bytes.
 */
int efmt_v1_extent_iv(const u8 root_iv[EFMT_V1_IV_BYTES], u64 extent,
		      u8 iv_ret[EFMT_V1_IV_BYTES]);

/* v1_wrap.c */

/*
 * Wraps @fek with the first @fek_bytes of @key and fills in @packet_ret: kind,
 * cipher, sizes and wrapped bytes.  @sig and @salt are copied into it.
 */
int efmt_v1_fek_wrap(enum efmt_cipher cipher, const u8 *fek, size_t fek_bytes,
		     const u8 key[EFMT_V1_KEY_BYTES],
		     const u8 sig[EFMT_V1_SIG_BYTES],
		     const u8 salt[EFMT_V1_SALT_BYTES],
		     struct efmt_v1_packet *packet_ret);

/*
 * Unwraps the FEK in @packet.  @fek_ret gets packet->fek_bytes bytes, and the
 * rest of it is zeroed.  A wrong key is not detected, because format 1 has no
 * check value.  Fails with -EUCLEAN if the cipher can't have the packet's
 * sizes.
 */
int efmt_v1_fek_unwrap(const struct efmt_v1_packet *packet,
		       const u8 key[EFMT_V1_KEY_BYTES],
		       u8 fek_ret[EFMT_V1_FEK_MAX]);

/* v1_file.c */

/*
 * The largest number of passphrase packets in the bytes that a reader looks at:
 * each has at least 47 bytes.
 */
#define EFMT_V1_FILE_KEYS (EFMT_V1_HEADER_SCAN / 47)

/* The metadata of a lower file. */
struct efmt_v1_file {
	struct efmt_v1_header header;
	struct efmt_geometry geo;
	bool in_xattr; /* the metadata are in the extended attribute */
	/* From the last passphrase packet; they are those of the file. */
	enum efmt_cipher cipher;
	u16 fek_bytes;
	u16 keys; /* number of passphrase packets */
	u16 pubkeys; /* number of public-key packets */
	u16 key_off[EFMT_V1_FILE_KEYS]; /* their offsets in @packets */
	struct efmt_span packets; /* the set, in the caller's buffer */
};

/*
 * Parses metadata from the first bytes of a file, of which EFMT_V1_HEADER_SCAN
 * are enough, or from the value of the attribute.  The caller keeps @buf for as
 * long as it uses @ret.  The errors are those of efmt_v1_header_from() and
 * efmt_v1_packet_take(); in addition, -EUCLEAN is returned for a header that
 * claims to be in an attribute, and for a set without packets.
 */
int efmt_v1_file_from(const u8 *buf, size_t len, bool in_xattr,
		      struct efmt_v1_file *ret);

/*
 * Parses the metadata of a file that may have both a header and an attribute.
 * @value is NULL if there is no attribute.  The header takes precedence, and
 * the attribute is used if the header is unusable.  If neither is usable, the
 * error is that of the header, if there is one.  Fails with -ENODATA if there
 * is neither.  (A lower file without a byte is an empty file.)
 */
int efmt_v1_file_find(const u8 *start, size_t start_len, const u8 *value,
		      size_t value_len, struct efmt_v1_file *ret);

/*
 * Returns passphrase packet number @key, with the file's cipher and key size,
 * for efmt_v1_fek_unwrap().  Fails with -ENOENT if there are not as many.
 * (Stock tries the last packet first.)
 */
int efmt_v1_file_key(const struct efmt_v1_file *file, unsigned int key,
		     struct efmt_v1_packet *packet_ret);

/* v1_extent.c */

/*
 * The key that encrypts the content of a file.  It does not change between
 * create and destroy, and any number of callers may use it at once.
 */
struct efmt_v1_content {
	struct efmt_prim_cbc *cbc;
	u8 root_iv[EFMT_V1_IV_BYTES];
};

/*
 * Sets up @ret from @fek, which the caller keeps and wipes.  Fails with -EINVAL
 * if the cipher can't have that key size, -ENOPKG if the cipher is not
 * available here, or -ENOMEM, and zeroes @ret then.
 */
int efmt_v1_content_create(enum efmt_cipher cipher, const u8 *fek,
			   size_t fek_bytes, struct efmt_v1_content *ret);
/* Frees and zeroes @content.  Does nothing if it is already zeroed. */
void efmt_v1_content_destroy(struct efmt_v1_content *content);

/* Encrypts extent number @extent in place.  On failure @buf is zeroed. */
int efmt_v1_extent_seal(const struct efmt_v1_content *content, u64 extent,
			u8 buf[EFMT_V1_EXTENT_BYTES]);

/*
 * Decrypts the first @len bytes of extent number @extent in place.  Zeros are
 * read as zeros.  On failure @buf is zeroed.  Fails with -EINVAL if @len is 0,
 * more than EFMT_V1_EXTENT_BYTES, or not a multiple of the cipher's block.
 */
int efmt_v1_extent_open(const struct efmt_v1_content *content, u64 extent,
			u8 *buf, size_t len);

/* v1_name.c */

#define EFMT_V1_NAME_PREFIX "ECRYPTFS_FNEK_ENCRYPTED."
#define EFMT_V1_NAME_PREFIX_LEN 24
#define EFMT_V1_NAME_PLAIN_MAX 4095 /* longest plain name of the format */

/*
 * The key that encrypts the names and symlink targets of a mount.  It does not
 * change between create and destroy, and any number of callers may use it at
 * once.
 */
struct efmt_v1_name_key {
	struct efmt_prim_ecb *ecb;
	enum efmt_cipher cipher;
	u8 code; /* code of the cipher and the key size */
	u8 sig[EFMT_V1_SIG_BYTES]; /* signature of the FNEK */
	u8 filler[32]; /* derived from the key; the first 31 are used */
};

/*
 * Sets up @ret from the 64-byte @key of a token, of which the cipher gets the
 * first @key_bytes, and from its signature.  The caller keeps @key and wipes
 * it.  Fails with -EINVAL if the cipher does not take that key size or the size
 * has no code, and with -ENOPKG if the cipher is not available here.  On
 * failure @ret is zeroed.
 */
int efmt_v1_name_key_create(enum efmt_cipher cipher, size_t key_bytes,
			    const u8 key[EFMT_V1_KEY_BYTES],
			    const u8 sig[EFMT_V1_SIG_BYTES],
			    struct efmt_v1_name_key *ret);
/* Frees and zeroes @key.  Does nothing if it is already zeroed. */
void efmt_v1_name_key_destroy(struct efmt_v1_name_key *key);

/*
 * Returns the length of the lower name of a plain name of @len bytes, or 0 if
 * there is no such name: it is empty, longer than EFMT_V1_NAME_PLAIN_MAX, or
 * the cipher is unknown.
 */
size_t efmt_v1_name_lower_len(enum efmt_cipher cipher, size_t len);

/*
 * Returns the length of the longest plain name whose lower name has at most
 * @lower_max bytes, or 0 if there is none.  The result is exact; statfs() of
 * stock has an estimate.
 */
size_t efmt_v1_name_max(enum efmt_cipher cipher, size_t lower_max);

/*
 * Encrypts @name and puts the lower name into @buf, without a terminator.  @buf
 * is also used as work space and must not overlap @name.  On failure,
 * everything that was written to it is zeroed.  Fails with -EINVAL if @name is
 * empty or longer than EFMT_V1_NAME_PLAIN_MAX, and with -ENAMETOOLONG if the
 * lower name does not fit in @buf_len bytes.
 */
int efmt_v1_name_encrypt(const struct efmt_v1_name_key *key, const char *name,
			 size_t len, char *buf, size_t buf_len,
			 size_t *len_ret);

/*
 * Decrypts @lower and puts the plain name into @buf, without a terminator.  It
 * succeeds for exactly those lower names that efmt_v1_name_encrypt() makes with
 * this key.  So two lower names never have the same plain name, and every name
 * that was listed can be looked up.  (Stock decodes names that it can't find.)
 *
 * @buf is also used as work space and must not overlap @lower.  @len bytes
 * always suffice.  On failure, everything that was written to it is zeroed.
 *
 * The caller must check the result, which may contain '/' and zero bytes, or be
 * "." or "..": the target of a symlink may be like that, and such a lower name
 * can be made with the key or by chance.
 *
 * Errors:
 * -EINVAL        @lower does not start with the prefix, so it is not encrypted
 * -ENOKEY        it is well formed, but was made with another key or cipher
 * -EUCLEAN       it is malformed
 * -ENAMETOOLONG  @buf_len is too small for the work space
 */
int efmt_v1_name_decrypt(const struct efmt_v1_name_key *key, const char *lower,
			 size_t len, char *buf, size_t buf_len,
			 size_t *len_ret);

/*
 * Returns the signature and the cipher of a well-formed lower name of any key.
 * Fails with -EINVAL and -EUCLEAN like efmt_v1_name_decrypt().
 */
int efmt_v1_name_sig(const char *lower, size_t len,
		     u8 sig_ret[EFMT_V1_SIG_BYTES],
		     enum efmt_cipher *cipher_ret);

#endif /* EFMT_H */
