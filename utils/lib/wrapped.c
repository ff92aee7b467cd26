// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Wrapped-passphrase files of ecryptfs-utils: a mount passphrase, encrypted
 * with a key that is derived from another passphrase.
 *
 *   version 1   signature in 16 hexadecimal digits, ciphertext
 *   version 2   ':' 0x02, salt of 8 bytes, then as version 1
 *
 * The ciphertext is AES-128 in ECB mode of the passphrase, padded with zero
 * bytes to a multiple of 16.  Key and signature are those of the wrapping
 * passphrase with this salt; version 1 uses the salt of content keys.  Both
 * versions are read, and version 2 is written.  The format is frozen;
 * extensions do not belong here.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/efmt.h"
#include "lib_private.h"

#define MARK ':'
#define VERSION 2
#define KEY_BYTES 16 /* size of the wrapping key and of a block */
#define TEXT_MAX LIBECRYPTFS_PASSPHRASE_MAX
/* Offsets of the fields in version 2. */
#define SALT_AT 2
#define SIG_AT (SALT_AT + LIBECRYPTFS_SALT_BYTES)
#define TEXT_AT (SIG_AT + EFMT_V1_SIG_HEX)

static_assert(TEXT_AT == 26, "ciphertext of version 2");
static_assert(TEXT_AT + TEXT_MAX == LIBECRYPTFS_WRAPPED_MAX, "longest file");

/* The parts of a file; @text and @sig point into it. */
struct parts {
	int version;
	const uint8_t *salt; /* NULL in version 1 */
	const uint8_t *sig;
	const uint8_t *text;
	size_t text_bytes;
};

static int parts_take(const uint8_t *file, size_t len, struct parts *parts)
{
	size_t i;
	size_t at = 0;

	if (len < EFMT_V1_SIG_HEX)
		return -EUCLEAN;
	memset(parts, 0, sizeof(*parts));
	parts->version = 1;
	if (file[0] == MARK) {
		if (file[1] != VERSION)
			return -EOPNOTSUPP;
		parts->version = VERSION;
		parts->salt = file + SALT_AT;
		at = SIG_AT;
	}
	/*
	 * Like ecryptfs-utils, this reads at most 64 bytes of text, whatever
	 * follows.
	 */
	if (len < at + EFMT_V1_SIG_HEX + KEY_BYTES)
		return -EUCLEAN;
	parts->sig = file + at;
	for (i = 0; i < EFMT_V1_SIG_HEX; i++)
		if (!isxdigit(parts->sig[i]))
			return -EUCLEAN;
	parts->text = parts->sig + EFMT_V1_SIG_HEX;
	parts->text_bytes = len - at - EFMT_V1_SIG_HEX;
	if (parts->text_bytes > TEXT_MAX)
		parts->text_bytes = TEXT_MAX;
	return parts->text_bytes % KEY_BYTES ? -EUCLEAN : 0;
}

/* Decrypts into @buf, TEXT_MAX bytes of secret memory. */
static int parts_decrypt(const struct parts *parts, const uint8_t *key,
			 uint8_t *buf, size_t *len_ret)
{
	int err;

	memcpy(buf, parts->text, parts->text_bytes);
	err = efmt_prim_ecb_decrypt(EFMT_CIPHER_AES, key, KEY_BYTES, buf,
				    parts->text_bytes);
	if (err)
		return err;
	*len_ret = strnlen((char *)buf, parts->text_bytes);
	return *len_ret ? 0 : -EUCLEAN;
}

int libecryptfs_wrapped_from(const uint8_t *file, size_t len,
			     const struct libecryptfs_text *wrapping,
			     const uint8_t salt_v1[LIBECRYPTFS_SALT_BYTES],
			     struct libecryptfs_secmem *passphrase_ret,
			     size_t *len_ret)
{
	struct libecryptfs_secmem key;
	char sig[LIBECRYPTFS_SIG_CHARS];
	uint8_t raw[EFMT_V1_SIG_BYTES];
	struct parts parts;
	int err;

	memset(passphrase_ret, 0, sizeof(*passphrase_ret));
	err = parts_take(file, len, &parts);
	if (err)
		return err;
	err = libecryptfs_secmem_create(EFMT_V1_KEY_BYTES, &key);
	if (err)
		return err;
	err = efmt_v1_key_from_passphrase(wrapping->bytes, wrapping->len,
					  parts.salt ? parts.salt : salt_v1,
					  key.sm_bytes, raw);
	if (err)
		goto out;
	efmt_v1_sig_to_hex(raw, sig);
	if (strncasecmp(sig, (const char *)parts.sig, EFMT_V1_SIG_HEX)) {
		err = -EBADMSG;
		goto out;
	}
	err = libecryptfs_secmem_create(TEXT_MAX, passphrase_ret);
	if (err)
		goto out;
	err = parts_decrypt(&parts, key.sm_bytes, passphrase_ret->sm_bytes,
			    len_ret);
	if (err)
		libecryptfs_secmem_destroy(passphrase_ret);
out:
	libecryptfs_secmem_destroy(&key);
	return err;
}

int libecryptfs_wrapped_to(const struct libecryptfs_text *passphrase,
			   const struct libecryptfs_text *wrapping,
			   const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			   uint8_t file_ret[LIBECRYPTFS_WRAPPED_MAX],
			   size_t *len_ret)
{
	struct libecryptfs_secmem key;
	char sig[LIBECRYPTFS_SIG_CHARS];
	uint8_t raw[EFMT_V1_SIG_BYTES];
	size_t text_bytes;
	int err;

	memset(file_ret, 0, LIBECRYPTFS_WRAPPED_MAX);
	/* A NUL would end the passphrase when it is read. */
	if (!passphrase->len || passphrase->len > TEXT_MAX ||
	    memchr(passphrase->bytes, '\0', passphrase->len))
		return -EINVAL;
	err = libecryptfs_secmem_create(EFMT_V1_KEY_BYTES, &key);
	if (err)
		return err;
	err = efmt_v1_key_from_passphrase(wrapping->bytes, wrapping->len, salt,
					  key.sm_bytes, raw);
	if (err)
		goto out;
	text_bytes = (passphrase->len + KEY_BYTES - 1) / KEY_BYTES * KEY_BYTES;
	memcpy(file_ret + TEXT_AT, passphrase->bytes, passphrase->len);
	err = efmt_prim_ecb_encrypt(EFMT_CIPHER_AES, key.sm_bytes, KEY_BYTES,
				    file_ret + TEXT_AT, text_bytes);
	if (err) {
		explicit_bzero(file_ret, LIBECRYPTFS_WRAPPED_MAX);
		goto out;
	}
	efmt_v1_sig_to_hex(raw, sig);
	file_ret[0] = MARK;
	file_ret[1] = VERSION;
	memcpy(file_ret + SALT_AT, salt, LIBECRYPTFS_SALT_BYTES);
	memcpy(file_ret + SIG_AT, sig, EFMT_V1_SIG_HEX);
	*len_ret = TEXT_AT + text_bytes;
out:
	libecryptfs_secmem_destroy(&key);
	return err;
}

/* Reads at most @size bytes of the regular file at @path. */
static int file_read(const char *path, uint8_t *buf, size_t size,
		     size_t *len_ret)
{
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;
	int err = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EUCLEAN;
	while (!err && n && len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	*len_ret = len;
	return err;
}

int libecryptfs_wrapped_load(const char *path,
			     const struct libecryptfs_text *wrapping,
			     const uint8_t salt_v1[LIBECRYPTFS_SALT_BYTES],
			     struct libecryptfs_secmem *passphrase_ret,
			     size_t *len_ret)
{
	uint8_t file[LIBECRYPTFS_WRAPPED_MAX];
	size_t len;
	int err;

	memset(passphrase_ret, 0, sizeof(*passphrase_ret));
	err = file_read(path, file, sizeof(file), &len);
	if (err)
		return err;
	return libecryptfs_wrapped_from(file, len, wrapping, salt_v1,
					passphrase_ret, len_ret);
}

int libecryptfs_wrapped_version(const char *path, int *version_ret)
{
	uint8_t file[LIBECRYPTFS_WRAPPED_MAX];
	struct parts parts;
	size_t len;
	int err;

	err = file_read(path, file, sizeof(file), &len);
	if (!err)
		err = parts_take(file, len, &parts);
	if (!err)
		*version_ret = parts.version;
	return err;
}

static int write_all(int fd, const uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len; buf += n, len -= (size_t)n) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -errno;
	}
	return 0;
}

/* Makes the following rename durable.  Some filesystems can't and need not. */
static void directory_sync(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path + 1),
			 path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/*
 * A file that root replaces still belongs to its user, who could not use it
 * otherwise.
 */
static int owner_keep(const char *path, int fd)
{
	struct stat st;

	if (geteuid() || lstat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	return fchown(fd, st.st_uid, st.st_gid) ? -errno : 0;
}

static int file_replace(const char *path, const uint8_t *bytes, size_t len)
{
	char temporary[PATH_MAX];
	int err;
	int fd;
	int n;

	n = snprintf(temporary, sizeof(temporary), "%s-XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return -errno;
	err = owner_keep(path, fd);
	if (!err)
		err = write_all(fd, bytes, len);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	else
		directory_sync(path);
	return err;
}

int libecryptfs_wrapped_commit(const char *path,
			       const struct libecryptfs_text *passphrase,
			       const struct libecryptfs_text *wrapping)
{
	uint8_t file[LIBECRYPTFS_WRAPPED_MAX];
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	size_t len;
	int err;

	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		return -EIO;
	err = libecryptfs_wrapped_to(passphrase, wrapping, salt, file, &len);
	return err ? err : file_replace(path, file, len);
}
