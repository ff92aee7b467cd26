/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libecryptfs: the library that the commands and the mount helpers use for the
 * keys of eCryptfs.  It never prompts, prints or exits; this is up to its
 * callers.
 *
 * Functions return 0 or a negative errno.  Out-parameters come last and end in
 * _ret.  Secrets are passed in struct libecryptfs_secmem only.
 */
#ifndef LIBECRYPTFS_H
#define LIBECRYPTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBECRYPTFS_PASSPHRASE_MAX 64
#define LIBECRYPTFS_SALT_BYTES 8
#define LIBECRYPTFS_SIG_CHARS 17 /* 16 lower-case hexadecimal digits and NUL */

/* secmem.c */

/*
 * Memory for one secret.  It is locked, excluded from core dumps, empty in a
 * child after fork, and has an unmapped page before and behind it.  It belongs
 * to the caller that created it.
 */
struct libecryptfs_secmem {
	uint8_t *sm_bytes;
	size_t sm_size;
};

/*
 * Allocates @size zeroed bytes.  Fails with -EAGAIN or -EPERM if the limit on
 * locked memory is too low, -ENOMEM, or -EINVAL for size 0; @ret is empty then.
 */
int libecryptfs_secmem_create(size_t size, struct libecryptfs_secmem *ret);

/* Wipes and frees @mem, which is empty afterwards.  @mem may be empty. */
void libecryptfs_secmem_destroy(struct libecryptfs_secmem *mem);

/* rcfile.c */

#define LIBECRYPTFS_RCFILE_MAX 40960 /* bytes of a file */
#define LIBECRYPTFS_RCITEM_MAX 127 /* characters of an item */

/*
 * Called for each item.  @value is NULL if there is no `='.  A result other
 * than 0 stops the reading.
 */
typedef int (*libecryptfs_rcfile_fn)(const char *name, const char *value,
				     void *arg);

/*
 * Calls @fn for each item of @text, and returns the result of @fn if it is not
 * 0.  Fails with -EINVAL, before any call, if an item starts with `=' or `:'.
 */
int libecryptfs_rcfile_from_text(const char *text, size_t len,
				 libecryptfs_rcfile_fn fn, void *arg);

/*
 * Does the same for the file at @path.  Fails with errors of open and read,
 * -EISDIR, -EFBIG, and -EINVAL also for a device or socket.
 */
int libecryptfs_rcfile_load(const char *path, libecryptfs_rcfile_fn fn,
			    void *arg);

/* salt.c */

enum libecryptfs_salt_source {
	LIBECRYPTFS_SALT_DEFAULT, /* there is no file, or no salt= in it */
	LIBECRYPTFS_SALT_RCFILE, /* from the file */
	LIBECRYPTFS_SALT_IGNORED, /* the default, because the file could not be used */
};

/*
 * Reads the salt of content keys: salt= in ~/.ecryptfsrc, or the default.  The
 * home directory is that of the real uid in the user database, because HOME may
 * be another user's.  Fails with -EINVAL if the value has 16 characters that
 * are not hexadecimal.
 */
int libecryptfs_salt_load(uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			  enum libecryptfs_salt_source *source_ret);

/*
 * Converts 16 hexadecimal digits at @digits, which need no NUL.  Fails with
 * -EINVAL for other characters.
 */
int libecryptfs_salt_from_hex(const char *digits,
			      uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES]);

/* The salt of keys for file names, which cannot be configured. */
extern const uint8_t libecryptfs_salt_fnek[LIBECRYPTFS_SALT_BYTES];

/* token_v1.c */

/*
 * Makes an authentication token of format 1, struct ecryptfs_v1_auth_tok, from
 * a passphrase, and its signature.  The caller destroys the token.  This takes
 * about 0.1 s of hashing.  Fails with -EINVAL unless the passphrase has 1 to 64
 * bytes.
 */
int libecryptfs_token_v1_create(const uint8_t *passphrase, size_t len,
				const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
				struct libecryptfs_secmem *token_ret,
				char sig_ret[LIBECRYPTFS_SIG_CHARS]);

/*
 * Makes a token and puts it into the user keyring.  Has the errors of
 * libecryptfs_token_v1_create() and libecryptfs_keyring_put().
 */
int libecryptfs_token_v1_put(const uint8_t *passphrase, size_t len,
			     const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			     char sig_ret[LIBECRYPTFS_SIG_CHARS]);

/*
 * Finds the 64 bytes of key in a token.  @token still owns them, so the caller
 * does not destroy the result.  Fails with -EINVAL if it is not a passphrase
 * token.
 */
int libecryptfs_token_v1_key(const struct libecryptfs_secmem *token,
			     struct libecryptfs_secmem *key_ret);

/* wrapped.c */

/* A passphrase, whose bytes are in secret memory of the caller. */
struct libecryptfs_text {
	const uint8_t *bytes;
	size_t len;
};

#define LIBECRYPTFS_WRAPPED_MAX 90 /* size of the longest such file */

/*
 * Unwraps the passphrase in a wrapped-passphrase file of version 1 or 2.  The
 * caller destroys it.  @salt_v1 is the salt for version 1.
 *
 * Fails with -EBADMSG if the file was wrapped with another passphrase, -EUCLEAN
 * if it is damaged or not such a file, -EOPNOTSUPP if it has another version,
 * and -EINVAL unless the wrapping passphrase has 1 to 64 bytes.  load also
 * fails with errors of open and read, and -EISDIR.
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

/* Returns the version, 1 or 2.  The errors are the same. */
int libecryptfs_wrapped_version(const char *path, int *version_ret);

/*
 * Wraps a passphrase into a file of version 2.  Fails with -EINVAL if one of
 * the two is empty or longer than 64 bytes, or @passphrase contains a NUL.
 * commit uses a random salt and replaces @path atomically, with mode 0600; if
 * it fails, @path is unchanged.
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
 * Builds the path of @below in the home directory of the real uid, as the user
 * database has it, because HOME may be another user's.  Fails with -ENOENT if
 * there is no such user, and with -ENAMETOOLONG.
 */
int libecryptfs_home_path(const char *below, char *ret, size_t size);

/* keyring.c */

/*
 * Puts a key of type user into the user keyring.  A usable key with this
 * description is left as it is, and *present_ret is set; an expired or revoked
 * key is replaced.
 */
int libecryptfs_keyring_put(const char *sig, const void *payload, size_t len,
			    bool *present_ret);

/*
 * Checks whether a mount by the calling process finds the key.  The search is
 * the kernel's: in the thread, process and session keyrings.  Fails with
 * -ENOKEY if the key is not found there; it may still be in the user keyring.
 */
int libecryptfs_keyring_find(const char *sig);

/*
 * Whether the user keyring is found from the session keyring, so that a mount finds
 * what is in it.  -ENOKEY: it is not; -ENOSYS, -EPERM: there are no keyrings here.
 */
int libecryptfs_keyring_reach(void);

/* Links the user keyring to the session keyring, so that its keys are found. */
int libecryptfs_keyring_link(void);

/*
 * Does the same in a new session keyring of this process and its children, and
 * does not change the one that it was started with.
 */
int libecryptfs_keyring_apart(void);

/* Reads the payload of such a key into memory that the caller destroys. */
int libecryptfs_keyring_load(const char *sig,
			     struct libecryptfs_secmem *payload_ret);

/*
 * Removes the key from the user and the session keyring.  A mount that uses it
 * keeps it.  *absent_ret says that there was none.
 */
int libecryptfs_keyring_remove(const char *sig, bool *absent_ret);

/*
 * Marks in the user keyring that the present key @sig was added by a login.
 * The mark is removed with the key, and does not apply to another key of this
 * name.  Returns 0 or a negative errno.
 */
int libecryptfs_keyring_mark(const char *sig);
bool libecryptfs_keyring_marked(const char *sig);

/* kernel.c */

#define LIBECRYPTFS_KERNEL_NAMES 0x100u /* supports encrypted file names */

/*
 * Reads the features of the running kernel's eCryptfs.  Loads the module if it
 * is not loaded and the caller may do that.  Fails with -ENODEV if there is
 * none.
 */
int libecryptfs_kernel_load(unsigned int *features_ret);

/* text.c */

/*
 * Returns whether @text is UTF-8 and has only printable characters that are
 * visible and do not change the direction of others.
 */
bool libecryptfs_text_good(const char *text);
/*
 * Returns a copy of @text, of any length, in which all bytes that are not part
 * of such characters are written as \ooo.  The caller frees it.  Returns NULL
 * if there is not enough memory.
 */
char *libecryptfs_text_shown(const char *text);
/*
 * Does the same with \xHH, and writes a backslash as two, so that @text can be
 * restored.
 */
char *libecryptfs_text_escaped(const char *text);
/* Of such text what it was made of; @ret has as many bytes as @text.  -EINVAL */
int libecryptfs_text_unescape(const char *text, char *ret);
/*
 * Returns serialised JSON with the same meaning and such characters as \uXXXX.
 */
char *libecryptfs_text_json(const char *json);

#endif /* LIBECRYPTFS_H */
