/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libecryptfs: what the commands and the mount helpers do with keys of eCryptfs.  It never prompts, prints or exits: that is its caller's.
 *
 * Functions return 0 or a negative errno; out-parameters come last and end in
 * _ret.  Secrets travel in struct libecryptfs_secmem only.
 */
#ifndef LIBECRYPTFS_H
#define LIBECRYPTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBECRYPTFS_PASSPHRASE_MAX 64
#define LIBECRYPTFS_SALT_BYTES 8
#define LIBECRYPTFS_SIG_CHARS 17 /* 16 lower-case hex digits and NUL */

/* secmem.c */

/*
 * Memory for one secret: locked, left out of core dumps, empty in a child after
 * fork, with unmapped pages before and behind it.  Owned by whoever created it.
 */
struct libecryptfs_secmem {
	uint8_t *sm_bytes;
	size_t sm_size;
};

/*
 * @size zeroed bytes.  -EAGAIN or -EPERM: the limit on locked memory;
 * -ENOMEM; -EINVAL for size 0.  @ret is empty on failure.
 */
int libecryptfs_secmem_create(size_t size, struct libecryptfs_secmem *ret);

/* Wipes and frees; an empty one is fine.  @mem is empty afterwards. */
void libecryptfs_secmem_destroy(struct libecryptfs_secmem *mem);

/* rcfile.c */

#define LIBECRYPTFS_RCFILE_MAX 40960 /* bytes of a file */
#define LIBECRYPTFS_RCITEM_MAX 127 /* characters of an item */

/* Called for each item; @value is NULL where there is no `='.  Not 0: stop. */
typedef int (*libecryptfs_rcfile_fn)(const char *name, const char *value,
				     void *arg);

/*
 * Calls @fn for each item of @text and returns what it returned if not 0.
 * -EINVAL, before any call: an item that starts with `=' or `:'.
 */
int libecryptfs_rcfile_from_text(const char *text, size_t len,
				 libecryptfs_rcfile_fn fn, void *arg);

/*
 * The same for the file at @path.  -ENOENT and other errors of open and read,
 * -EISDIR, -EFBIG, -EINVAL also for a device or socket.
 */
int libecryptfs_rcfile_load(const char *path, libecryptfs_rcfile_fn fn,
			    void *arg);

/* salt.c */

enum libecryptfs_salt_source {
	LIBECRYPTFS_SALT_DEFAULT, /* no file, or no salt= in it */
	LIBECRYPTFS_SALT_RCFILE, /* from the file */
	LIBECRYPTFS_SALT_IGNORED, /* default, as the file could not be used */
};

/*
 * The salt of content keys: salt= of ~/.ecryptfsrc, or the default.  The home
 * is that of the real uid in the user database, as HOME can be another's.
 * -EINVAL: 16 characters that are not hexadecimal.
 */
int libecryptfs_salt_load(uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			  enum libecryptfs_salt_source *source_ret);

/* 16 hexadecimal digits at @digits, no NUL needed; -EINVAL for others. */
int libecryptfs_salt_from_hex(const char *digits,
			      uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES]);

/* The salt of keys for file names, which nothing configures. */
extern const uint8_t libecryptfs_salt_fnek[LIBECRYPTFS_SALT_BYTES];

/* token_v1.c */

/*
 * Passphrase (1 to 64 bytes, else -EINVAL) to a format 1 authentication token,
 * struct ecryptfs_v1_auth_tok, in memory that the caller destroys, and its
 * signature.  About 0.1 s of hashing.
 */
int libecryptfs_token_v1_create(const uint8_t *passphrase, size_t len,
				const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
				struct libecryptfs_secmem *token_ret,
				char sig_ret[LIBECRYPTFS_SIG_CHARS]);

/*
 * The same, and the token into the user keyring.  Errors of both, and of
 * libecryptfs_keyring_put().
 */
int libecryptfs_token_v1_put(const uint8_t *passphrase, size_t len,
			     const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			     char sig_ret[LIBECRYPTFS_SIG_CHARS]);

/*
 * The 64 bytes of key in a token, which stays the owner: not to be destroyed.
 * -EINVAL: that is no token of a passphrase.
 */
int libecryptfs_token_v1_key(const struct libecryptfs_secmem *token,
			     struct libecryptfs_secmem *key_ret);

/* wrapped.c */

/* A passphrase; the bytes are the caller's, in secret memory. */
struct libecryptfs_text {
	const uint8_t *bytes;
	size_t len;
};

#define LIBECRYPTFS_WRAPPED_MAX 90 /* bytes of the longest file */

/*
 * The passphrase in a wrapped-passphrase file of version 1 or 2, in memory that
 * the caller destroys.  @salt_v1 is what version 1 is wrapped with.
 * -EBADMSG: another wrapping passphrase.  -EUCLEAN: not such a file, or a
 * damaged one.  -EOPNOTSUPP: another version.  -EINVAL: a wrapping passphrase
 * has 1 to 64 bytes.  load: also errors of open and read, -EISDIR.
 */
int libecryptfs_wrapped_from(const uint8_t *file, size_t len,
			     const struct libecryptfs_text *wrapping,
			     const uint8_t salt_v1[LIBECRYPTFS_SALT_BYTES],
			     struct libecryptfs_secmem *passphrase_ret,
			     size_t *len_ret);
int libecryptfs_wrapped_load(const char *path,
			     const struct libecryptfs_text *wrapping,
			     const uint8_t salt_v1[LIBECRYPTFS_SALT_BYTES],
			     struct libecryptfs_secmem *passphrase_ret,
			     size_t *len_ret);

/* 1 or 2; errors as above. */
int libecryptfs_wrapped_version(const char *path, int *version_ret);

/*
 * Version 2 of it.  -EINVAL: one of the two has no or more than 64 bytes, or
 * @passphrase has a NUL.  commit: with a random salt, put in the place of @path
 * at once, mode 0600; after a failure @path is what it was.
 */
int libecryptfs_wrapped_to(const struct libecryptfs_text *passphrase,
			   const struct libecryptfs_text *wrapping,
			   const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			   uint8_t file_ret[LIBECRYPTFS_WRAPPED_MAX],
			   size_t *len_ret);
int libecryptfs_wrapped_commit(const char *path,
			       const struct libecryptfs_text *passphrase,
			       const struct libecryptfs_text *wrapping);

/* home.c */

/*
 * @below in the home of the real uid, as the user database has it, since HOME
 * can be another's.  -ENOENT: there is no such user; -ENAMETOOLONG.
 */
int libecryptfs_home_path(const char *below, char *ret, size_t size);

/* keyring.c */

/*
 * Puts a key of type user into the user keyring.  A usable key of that
 * description is left as it is (*present_ret says so); an expired or revoked
 * one is replaced.
 */
int libecryptfs_keyring_put(const char *sig, const void *payload, size_t len,
			    bool *present_ret);

/*
 * Whether a mount by the calling process finds the key: searched as the kernel
 * does it, from the thread, process and session keyrings.  -ENOKEY: it is not
 * to be found there (which says nothing of the user keyring).
 */
int libecryptfs_keyring_find(const char *sig);

/* Makes what is in the user keyring findable from the session keyring. */
int libecryptfs_keyring_link(void);

/*
 * The same in a session keyring of this process' own and its children's; the
 * one it was started with is left alone.
 */
int libecryptfs_keyring_apart(void);

/* The payload of such a key, in memory that the caller destroys. */
int libecryptfs_keyring_load(const char *sig,
			     struct libecryptfs_secmem *payload_ret);

/*
 * Takes the key away from the user and the session keyring.  A mount that uses
 * it goes on.  *absent_ret: there was none.
 */
int libecryptfs_keyring_remove(const char *sig, bool *absent_ret);

/*
 * Notes in the user keyring that a login has brought the key @sig that is there now;
 * the note goes with the key, and says nothing of another key of that name.  -errno
 */
int libecryptfs_keyring_mark(const char *sig);
bool libecryptfs_keyring_marked(const char *sig);

/* kernel.c */

#define LIBECRYPTFS_KERNEL_NAMES 0x100u /* encrypts file names */

/*
 * What the eCryptfs of the running kernel can do; loads the module if it isn't
 * there and may be.  -ENODEV: there is none.
 */
int libecryptfs_kernel_load(unsigned int *features_ret);

/* text.c */

/*
 * Whether @text is UTF-8 of printable characters, without those that are not seen
 * or change the direction of others.
 */
bool libecryptfs_text_good(const char *text);
/*
 * @text with all bytes that are not part of such characters as \ooo; of any length,
 * the caller's to free.  NULL: there is no memory.
 */
char *libecryptfs_text_shown(const char *text);
/*
 * The same with \xHH, and a backslash as two, so that @text can be made of it again.
 */
char *libecryptfs_text_escaped(const char *text);
/* Serialised JSON that means the same, with such characters as \uXXXX. */
char *libecryptfs_text_json(const char *json);

#endif /* LIBECRYPTFS_H */
