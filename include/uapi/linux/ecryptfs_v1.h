/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * The authentication token of format 1, which is the payload of the kernel key
 * that unlocks a mount of eCryptfs.
 *
 * The key has the type `user` or `encrypted`, and its description is the
 * signature, 16 lower-case hexadecimal digits.  The structure is frozen: its
 * layout is that of every eCryptfs since version 0.4, in native byte order, and
 * the same on 32- and 64-bit machines.  Add nothing here.
 *
 * In a token for a passphrase, everything that is not named below must be 0, in
 * particular session_key, because a session key that is set would be taken for
 * the key of every file.
 */
#ifndef _UAPI_LINUX_ECRYPTFS_V1_H
#define _UAPI_LINUX_ECRYPTFS_V1_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif

#define ECRYPTFS_V1_AUTH_TOK_VERSION	0x0004	/* 0.4: major << 8 | minor */
#define ECRYPTFS_V1_AUTH_TOK_BYTES	740	/* of a passphrase's token */

/* token_type */
#define ECRYPTFS_V1_TOKEN_PASSWORD	0
#define ECRYPTFS_V1_TOKEN_PRIVATE_KEY	1

/* session_key.flags */
#define ECRYPTFS_V1_USERSPACE_DECRYPTS	0x00000001
#define ECRYPTFS_V1_USERSPACE_ENCRYPTS	0x00000002
#define ECRYPTFS_V1_HAS_DECRYPTED_KEY	0x00000004
#define ECRYPTFS_V1_HAS_ENCRYPTED_KEY	0x00000008

/* password.flags */
#define ECRYPTFS_V1_PASSWORD_PERSISTENT	0x00000001
#define ECRYPTFS_V1_PASSWORD_KEY_SET	0x00000002

#define ECRYPTFS_V1_HASH_SHA512		10	/* password.hash_algo, OpenPGP's */

#define ECRYPTFS_V1_SESSION_ENCRYPTED_MAX 512
#define ECRYPTFS_V1_SESSION_DECRYPTED_MAX 64
#define ECRYPTFS_V1_TOKEN_KEY_BYTES	64
#define ECRYPTFS_V1_TOKEN_SIG_CHARS	17	/* 16 digits and NUL */
#define ECRYPTFS_V1_TOKEN_SALT_BYTES	8
#define ECRYPTFS_V1_TOKEN_ALIAS_CHARS	17

struct ecryptfs_v1_session_key {
	__u32 flags;
	__u32 encrypted_bytes;
	__u32 decrypted_bytes;
	__u8 encrypted[ECRYPTFS_V1_SESSION_ENCRYPTED_MAX];
	__u8 decrypted[ECRYPTFS_V1_SESSION_DECRYPTED_MAX];
} __attribute__((packed));

struct ecryptfs_v1_password {
	__u32 password_bytes;	/* 0: the passphrase is not included */
	__s32 hash_algo;	/* ECRYPTFS_V1_HASH_SHA512 */
	__u32 hash_iterations;	/* 0 */
	__u32 key_bytes;	/* valid bytes of key[]: 64 */
	__u32 flags;		/* ECRYPTFS_V1_PASSWORD_KEY_SET */
	__u8 key[ECRYPTFS_V1_TOKEN_KEY_BYTES];
	__u8 signature[ECRYPTFS_V1_TOKEN_SIG_CHARS];
	__u8 salt[ECRYPTFS_V1_TOKEN_SALT_BYTES];
} __attribute__((packed));

/*
 * The blob begins in data[] and may continue past the end of the structure.
 * The payload is nevertheless data_len bytes longer than
 * ECRYPTFS_V1_AUTH_TOK_BYTES.
 */
struct ecryptfs_v1_private_key {
	__u32 key_size;		/* 16; has no meaning */
	__u32 data_len;		/* bytes of the blob */
	__u8 signature[ECRYPTFS_V1_TOKEN_SIG_CHARS];
	__u8 alias[ECRYPTFS_V1_TOKEN_ALIAS_CHARS];
	__u8 data[70];		/* as many as fit in the structure */
} __attribute__((packed));

struct ecryptfs_v1_auth_tok {
	__u16 version;
	__u16 token_type;
	__u32 flags;
	struct ecryptfs_v1_session_key session_key;
	__u8 reserved[32];
	union {
		struct ecryptfs_v1_password password;
		struct ecryptfs_v1_private_key private_key;
		__u8 token[112];
	};
} __attribute__((packed));

#define ECRYPTFS_V1_AT(field, offset)					\
	static_assert(offsetof(struct ecryptfs_v1_auth_tok, field) == (offset), \
		      "auth token: " #field)

static_assert(sizeof(struct ecryptfs_v1_auth_tok) ==
	      ECRYPTFS_V1_AUTH_TOK_BYTES, "auth token: size");
ECRYPTFS_V1_AT(version, 0);
ECRYPTFS_V1_AT(token_type, 2);
ECRYPTFS_V1_AT(flags, 4);
ECRYPTFS_V1_AT(session_key.flags, 8);
ECRYPTFS_V1_AT(session_key.encrypted_bytes, 12);
ECRYPTFS_V1_AT(session_key.decrypted_bytes, 16);
ECRYPTFS_V1_AT(session_key.encrypted, 20);
ECRYPTFS_V1_AT(session_key.decrypted, 532);
ECRYPTFS_V1_AT(reserved, 596);
ECRYPTFS_V1_AT(token, 628);
ECRYPTFS_V1_AT(password.password_bytes, 628);
ECRYPTFS_V1_AT(password.hash_algo, 632);
ECRYPTFS_V1_AT(password.hash_iterations, 636);
ECRYPTFS_V1_AT(password.key_bytes, 640);
ECRYPTFS_V1_AT(password.flags, 644);
ECRYPTFS_V1_AT(password.key, 648);
ECRYPTFS_V1_AT(password.signature, 712);
ECRYPTFS_V1_AT(password.salt, 729);
ECRYPTFS_V1_AT(private_key.key_size, 628);
ECRYPTFS_V1_AT(private_key.data_len, 632);
ECRYPTFS_V1_AT(private_key.signature, 636);
ECRYPTFS_V1_AT(private_key.alias, 653);
ECRYPTFS_V1_AT(private_key.data, 670);

#undef ECRYPTFS_V1_AT

#endif /* _UAPI_LINUX_ECRYPTFS_V1_H */
