/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole interface of the format core.
 *
 * Bytes in, structs out, and back.  Nothing here allocates, locks, logs,
 * sleeps by itself, or reads a clock or random numbers: what must be random is
 * a parameter.  Functions return 0 or a negative errno; out-parameters come
 * last, end in _ret and are written only on success, except that secrets are
 * zeroed on failure.  Input is never indexed outside span.h.
 */
#ifndef EFMT_H
#define EFMT_H

#include "efmt_types.h"
#include "prim.h"
#include "span.h"

#define EFMT_V1_EXTENT_BYTES 4096
#define EFMT_V1_HEADER_BYTES 8192 /* smallest header region */
#define EFMT_V1_HEADER_SCAN 4096 /* what a reader looks at */
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
#define EFMT_V1_VERSION 3 /* written; 0 to 3 are read */
#define EFMT_V1_XATTR "user.ecryptfs" /* metadata, where not in a header */
#define EFMT_V1_XATTR_MAX 4096 /* largest value that a reader accepts */

/* geometry.c */

/*
 * Where the extents of a file lie below.  Data, not version: format 1 is the
 * degenerate case of one infinite group without tag blocks.
 */
struct efmt_geometry {
	u64 data_start; /* lower offset of the first block after the header */
	u32 extent_bytes; /* plaintext = ciphertext bytes of an extent */
	u32 first_group; /* extents of group 0; 0: one infinite group */
	u32 next_group; /* extents of each further group */
	u32 tag_bytes; /* size of the tag block before each further group */
	bool exact_tail; /* last extent is stored with its exact length */
};

/* Format 1 with @header_bytes before the data (0: metadata elsewhere). */
void efmt_geometry_v1(u64 header_bytes, struct efmt_geometry *ret);

/*
 * Number of the extent that holds plaintext offset @plain_off.
 */
u64 efmt_geometry_extent(const struct efmt_geometry *geo, u64 plain_off);

/* Lower offset of @extent; -EFBIG if it does not fit in 63 bits. */
int efmt_geometry_lower_pos(const struct efmt_geometry *geo, u64 extent,
			    u64 *lower_pos_ret);

/*
 * How many extents from @extent on lie one behind the other below, at most
 * @max.  Never 0 for @max > 0.
 */
u64 efmt_geometry_run(const struct efmt_geometry *geo, u64 extent, u64 max);

/* Lower size of a file of @plain_size bytes; -EFBIG if over 63 bits. */
int efmt_geometry_lower_size(const struct efmt_geometry *geo, u64 plain_size,
			     u64 *lower_size_ret);

/*
 * Largest plaintext size that a lower file of @lower_size bytes can hold.
 * For exact_tail it is the size.
 */
u64 efmt_geometry_plain_size(const struct efmt_geometry *geo, u64 lower_size);

/* detect.c */

enum efmt_version {
	EFMT_NONE, /* not ours: no known magic */
	EFMT_V1,
};

/*
 * Which format the first @len bytes of a lower file are.  Looks at no more
 * than EFMT_V1_PROBE_BYTES.
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
	u32 flags; /* EFMT_V1_FLAG_*, reserved bits dropped */
	u32 extent_bytes; /* header extent size field (4096) */
	u16 extents; /* number of header extents (2) */
	u8 version;
	u8 packets_off; /* where the packet set starts: 26, or 20 */
};

/*
 * The size field, if the marker behind it is valid: all that lookup needs.
 * -ENODATA: fewer than EFMT_V1_PROBE_BYTES, or no marker.  The size is what is
 * on disk, unchecked: 2^63 and more are possible (efmt_v1_header_from() refuses
 * those).
 */
int efmt_v1_probe(const u8 *buf, size_t len, u64 *plain_size_ret);

/*
 * Fixed part of a header.  -ENODATA: no valid marker (not ours).
 * -EOPNOTSUPP: a version above 3.  -EUCLEAN: truncated; a header region
 * under EFMT_V1_HEADER_BYTES, not a multiple of the extent size, or over 16 MiB
 * (stock accepts the first and writes none of them); a size of 2^63 or more.
 */
int efmt_v1_header_from(const u8 *buf, size_t len,
			struct efmt_v1_header *ret);

/* Bytes of header region that precede the data: the product of the fields. */
u64 efmt_v1_header_region(const struct efmt_v1_header *header);

/*
 * Writes the 26 bytes of @header (version and packets_off are those of the
 * current version whatever the struct says).  -ENOSPC: @len under 26.
 * -EINVAL: a size or header region that efmt_v1_header_from() would refuse.
 * @buf is written only on success.
 */
int efmt_v1_header_to(const struct efmt_v1_header *header, u8 *buf, size_t len);

/* The 8 bytes of the size field. */
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
	u16 fek_bytes; /* passphrase only: 24 for code 8, else wrapped_bytes */
	u16 wrapped_bytes;
	u8 wrapped[EFMT_V1_BLOB_MAX];
};

/*
 * The next packet of the set at @span, which is advanced past it on success
 * and unchanged otherwise.  When a set holds several passphrase packets, cipher
 * and fek_bytes of the last one are those of the file.
 * -ENOENT: the set ends here (a byte that starts no packet, or no bytes left).
 * -EUCLEAN: malformed.  -EOPNOTSUPP: unknown cipher code.
 */
int efmt_v1_packet_take(struct efmt_span *span, struct efmt_v1_packet *ret);

/*
 * Appends tag 3 and tag 11, or tag 1, to @buf.  -ENOSPC if @len is too short;
 * -EINVAL if the packet can't be represented.
 */
int efmt_v1_packet_put(const struct efmt_v1_packet *packet, u8 *buf, size_t len,
		       size_t *used_ret);

/* Length prefix used by all packets: 1 or 2 bytes, at most 8383. */
int efmt_v1_length_take(struct efmt_span *span, size_t *length_ret);
int efmt_v1_length_put(size_t length, u8 *buf, size_t len, size_t *used_ret);

/* Cipher code on disk <-> cipher.  AES has one code per key size. */
int efmt_v1_cipher_to_code(enum efmt_cipher cipher, size_t key_bytes,
			   u8 *code_ret);
int efmt_v1_cipher_from_code(u8 code, enum efmt_cipher *cipher_ret);

/* Name in mount options and crypto API; NULL for an unknown number. */
const char *efmt_v1_cipher_name(enum efmt_cipher cipher);
/* -EINVAL: unknown name. */
int efmt_v1_cipher_find(const char *name, enum efmt_cipher *cipher_ret);
/* Block size in bytes: 16 or 8. */
size_t efmt_v1_cipher_block(enum efmt_cipher cipher);
/*
 * Whether format 1 can wrap a FEK of that size for the cipher: AES 16, 24, 32;
 * des3_ede 24; cast5 8 or 16 (stock: 16); cast6 16 or 32; twofish 16 or 32;
 * blowfish multiples of 8 from 8 to 56.
 */
bool efmt_v1_cipher_key_valid(enum efmt_cipher cipher, size_t key_bytes);
/*
 * Size of a wrapped FEK of @fek_bytes: the same, but 32 for AES with 24.
 * 0 where efmt_v1_cipher_key_valid() is false.
 */
size_t efmt_v1_cipher_wrapped(enum efmt_cipher cipher, size_t fek_bytes);

/* Signature <-> 16 lower-case hexadecimal digits; -EINVAL for others. */
int efmt_v1_sig_from_hex(const char *hex, size_t len,
			 u8 sig_ret[EFMT_V1_SIG_BYTES]);
void efmt_v1_sig_to_hex(const u8 sig[EFMT_V1_SIG_BYTES],
			char hex_ret[EFMT_V1_SIG_HEX + 1]);

/* v1_derive.c */

/*
 * Passphrase (1 to 64 bytes, else -EINVAL) and salt -> 64-byte key: 65536
 * rounds of SHA-512; and the key's signature.  Either result may be NULL.
 */
int efmt_v1_key_from_passphrase(const u8 *passphrase, size_t len,
				const u8 salt[EFMT_V1_SALT_BYTES],
				u8 key_ret[EFMT_V1_KEY_BYTES],
				u8 sig_ret[EFMT_V1_SIG_BYTES]);
int efmt_v1_key_sig(const u8 key[EFMT_V1_KEY_BYTES],
		    u8 sig_ret[EFMT_V1_SIG_BYTES]);

/* Root IV of a file: MD5 of its FEK. */
int efmt_v1_root_iv(const u8 *fek, size_t fek_bytes,
		    u8 iv_ret[EFMT_V1_IV_BYTES]);

/*
 * IV of an extent: MD5 of root IV and the number in ASCII.  Ciphers with an
 * 8-byte block use the first 8 bytes.
 */
int efmt_v1_extent_iv(const u8 root_iv[EFMT_V1_IV_BYTES], u64 extent,
		      u8 iv_ret[EFMT_V1_IV_BYTES]);

/* v1_wrap.c */

/*
 * Wraps @fek under the first @fek_bytes of @key and fills @packet_ret: kind,
 * cipher, sizes, wrapped bytes; sig and salt are copied from the arguments.
 */
int efmt_v1_fek_wrap(enum efmt_cipher cipher, const u8 *fek, size_t fek_bytes,
		     const u8 key[EFMT_V1_KEY_BYTES],
		     const u8 sig[EFMT_V1_SIG_BYTES],
		     const u8 salt[EFMT_V1_SALT_BYTES],
		     struct efmt_v1_packet *packet_ret);

/*
 * The inverse: fek_ret gets packet->fek_bytes bytes, the rest of it is zeroed.
 * A wrong key is not detected (format 1 has nothing to detect it with).
 * -EUCLEAN: sizes that the cipher can't have.
 */
int efmt_v1_fek_unwrap(const struct efmt_v1_packet *packet,
		       const u8 key[EFMT_V1_KEY_BYTES],
		       u8 fek_ret[EFMT_V1_FEK_MAX]);

/* v1_file.c */

/* In what a reader looks at; no packet of a passphrase is under 47 bytes. */
#define EFMT_V1_FILE_KEYS (EFMT_V1_HEADER_SCAN / 47)

/* What the metadata of a lower file say. */
struct efmt_v1_file {
	struct efmt_v1_header header;
	struct efmt_geometry geo;
	bool in_xattr; /* where the metadata are */
	/* Of the last packet of a passphrase, which are the file's. */
	enum efmt_cipher cipher;
	u16 fek_bytes;
	u16 keys; /* packets of passphrases */
	u16 pubkeys; /* packets of public keys */
	u16 key_off[EFMT_V1_FILE_KEYS]; /* in @packets */
	struct efmt_span packets; /* the set, in the caller's buffer */
};

/*
 * Metadata out of the first bytes of a file, of which EFMT_V1_HEADER_SCAN are
 * enough, or of the attribute's value.  The caller keeps @buf for as long as it
 * uses @ret.  Errors of efmt_v1_header_from() and efmt_v1_packet_take();
 * -EUCLEAN also for a header that says it is in an attribute, and for a set
 * without packets.
 */
int efmt_v1_file_from(const u8 *buf, size_t len, bool in_xattr,
		      struct efmt_v1_file *ret);

/*
 * The same for a file with both, or with @value NULL no attribute.  A header goes
 * before the attribute, which counts where the header is of no use; what is wrong
 * with a header that is there says more than what is wrong with an attribute.
 * -ENODATA: there is neither.  (A lower file without a byte is an empty file.)
 */
int efmt_v1_file_find(const u8 *start, size_t start_len, const u8 *value,
		      size_t value_len, struct efmt_v1_file *ret);

/*
 * Packet of passphrase number @key, with the file's cipher and key size, as
 * efmt_v1_fek_unwrap() wants it.  Stock tries the last first.  -ENOENT: there are
 * no more.
 */
int efmt_v1_file_key(const struct efmt_v1_file *file, unsigned int key,
		     struct efmt_v1_packet *packet_ret);

/* v1_extent.c */

/*
 * What encrypts the content of a file.  Const between create and destroy; any
 * number of callers may use it at once.
 */
struct efmt_v1_content {
	struct efmt_prim_cbc *cbc;
	u8 root_iv[EFMT_V1_IV_BYTES];
};

/*
 * The caller keeps @fek and wipes it.  -EINVAL: sizes that the cipher can't have;
 * -ENOPKG: the cipher is not in this world; -ENOMEM.  On failure @ret is zeroed.
 */
int efmt_v1_content_create(enum efmt_cipher cipher, const u8 *fek,
			   size_t fek_bytes, struct efmt_v1_content *ret);
/* Frees and zeroes; harmless on one that is all zeroes. */
void efmt_v1_content_destroy(struct efmt_v1_content *content);

/* Encrypts extent number @extent in place; a failure leaves zeroes. */
int efmt_v1_extent_seal(const struct efmt_v1_content *content, u64 extent,
			u8 buf[EFMT_V1_EXTENT_BYTES]);

/*
 * Decrypts the first @len bytes of extent number @extent in place; a failure
 * leaves zeroes.  Zeros are read as zeros.  -EINVAL: 0 or more than
 * EFMT_V1_EXTENT_BYTES, or no multiple of the cipher's block.
 */
int efmt_v1_extent_open(const struct efmt_v1_content *content, u64 extent,
			u8 *buf, size_t len);

/* v1_name.c */

#define EFMT_V1_NAME_PREFIX "ECRYPTFS_FNEK_ENCRYPTED."
#define EFMT_V1_NAME_PREFIX_LEN 24
#define EFMT_V1_NAME_PLAIN_MAX 4095 /* longest plain name of the format */

/*
 * What encrypts the names and symlink targets of a mount.  Const between create
 * and destroy; any number of callers may use it at once.
 */
struct efmt_v1_name_key {
	struct efmt_prim_ecb *ecb;
	enum efmt_cipher cipher;
	u8 code; /* of cipher and key size */
	u8 sig[EFMT_V1_SIG_BYTES]; /* of the FNEK */
	u8 filler[32]; /* made of the key; the first 31 are used */
};

/*
 * From the 64-byte @key of a token, of which the cipher gets the first
 * @key_bytes, and its signature.  The caller keeps @key and wipes it.
 * -EINVAL: a key size that the cipher does not take, or that has no code.
 * -ENOPKG: the cipher is not in this world.  On failure @ret is zeroed.
 */
int efmt_v1_name_key_create(enum efmt_cipher cipher, size_t key_bytes,
			    const u8 key[EFMT_V1_KEY_BYTES],
			    const u8 sig[EFMT_V1_SIG_BYTES],
			    struct efmt_v1_name_key *ret);
/* Frees and zeroes; harmless on one that is all zeroes. */
void efmt_v1_name_key_destroy(struct efmt_v1_name_key *key);

/*
 * Length of the lower name of a plain name of @len bytes; 0 if there is none:
 * empty, over EFMT_V1_NAME_PLAIN_MAX, or an unknown cipher.
 */
size_t efmt_v1_name_lower_len(enum efmt_cipher cipher, size_t len);

/*
 * Length of the longest plain name whose lower name has at most @lower_max
 * bytes; 0 if there is none.  Exact, where stock's statfs() estimates.
 */
size_t efmt_v1_name_max(enum efmt_cipher cipher, size_t lower_max);

/*
 * The lower name of @name, without a terminator.  @buf is work space, too, and
 * may not overlap @name; what a failure has written to it is zeroed.  -EINVAL:
 * empty or over EFMT_V1_NAME_PLAIN_MAX.  -ENAMETOOLONG: the lower name does not
 * fit in @buf_len bytes.
 */
int efmt_v1_name_encrypt(const struct efmt_v1_name_key *key, const char *name,
			 size_t len, char *buf, size_t buf_len,
			 size_t *len_ret);

/*
 * The plain name of @lower, without a terminator.  Succeeds for exactly the
 * lower names that efmt_v1_name_encrypt() makes with this key, so no two of
 * them give one plain name, and what was listed can be looked up.  (Stock
 * decodes more than it can find.)
 *
 * @buf is work space, too, and may not overlap @lower; @len bytes of it always
 * suffice.  What a failure has written to it is zeroed.
 *
 * The result may hold '/' and zero bytes, or be "." or "..": a symlink's
 * target may, and whoever has the key or luck can make such a lower name.  That
 * check is the caller's.
 *
 * -EINVAL: does not start with the prefix, so it is none of ours.  -ENOKEY: well
 * formed, and made with a key of another signature or cipher code.  -EUCLEAN:
 * malformed.  -ENAMETOOLONG: @buf_len is too small to work in.
 */
int efmt_v1_name_decrypt(const struct efmt_v1_name_key *key, const char *lower,
			 size_t len, char *buf, size_t buf_len,
			 size_t *len_ret);

/*
 * Whose name it is: signature and cipher, for a well-formed name of any key.
 * -EINVAL and -EUCLEAN as above.
 */
int efmt_v1_name_sig(const char *lower, size_t len,
		     u8 sig_ret[EFMT_V1_SIG_BYTES],
		     enum efmt_cipher *cipher_ret);

#endif /* EFMT_H */
