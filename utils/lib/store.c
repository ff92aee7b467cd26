// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a lower tree without a mount; see store.h.  The core parses the bytes;
 * this file reads them from the disk and tries keys.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "store.h"

/* A key for names, with the cipher and the key size of a name. */
struct name_key {
	unsigned int key; /* number of the key in the store */
	size_t bytes; /* of it, that the cipher has got */
	struct efmt_v1_name_key made;
};

#define NAME_KEYS 32

struct libecryptfs_store {
	struct libecryptfs_secmem memory; /* the memory of this struct */
	unsigned int keys, names;
	uint8_t sig[LIBECRYPTFS_STORE_KEYS][EFMT_V1_SIG_BYTES];
	uint8_t key[LIBECRYPTFS_STORE_KEYS][EFMT_V1_KEY_BYTES];
	struct name_key name[NAME_KEYS]; /* those that have decrypted a name */
};

int libecryptfs_store_create(struct libecryptfs_store **ret)
{
	struct libecryptfs_secmem memory;
	int err = libecryptfs_secmem_create(sizeof(**ret), &memory);

	if (err)
		return err;
	*ret = (struct libecryptfs_store *)(void *)memory.sm_bytes;
	(*ret)->memory = memory;
	return 0;
}

void libecryptfs_store_destroy(struct libecryptfs_store *store)
{
	struct libecryptfs_secmem memory;

	if (!store)
		return;
	while (store->names)
		efmt_v1_name_key_destroy(&store->name[--store->names].made);
	memory = store->memory;
	libecryptfs_secmem_destroy(&memory);
}

static int key_add(struct libecryptfs_store *store, const uint8_t *passphrase,
		   size_t len, const uint8_t *salt)
{
	unsigned int n = store->keys;
	int err;

	if (n == LIBECRYPTFS_STORE_KEYS)
		return -ENOSPC;
	err = efmt_v1_key_from_passphrase(passphrase, len, salt, store->key[n],
					  store->sig[n]);
	if (!err)
		store->keys++;
	return err;
}

int libecryptfs_store_add(struct libecryptfs_store *store,
			  const uint8_t *passphrase, size_t len,
			  const uint8_t salt[LIBECRYPTFS_SALT_BYTES])
{
	int err = key_add(store, passphrase, len, salt);

	return err ? err : key_add(store, passphrase, len,
				   libecryptfs_salt_fnek);
}

bool libecryptfs_store_sig(const struct libecryptfs_store *store, unsigned int n,
			   char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	static_assert(LIBECRYPTFS_SIG_CHARS == EFMT_V1_SIG_HEX + 1, "digits");

	if (n >= store->keys)
		return false;
	efmt_v1_sig_to_hex(store->sig[n], sig_ret);
	return true;
}

/* Returns the number of the key with signature @sig, or -ENOKEY. */
static int key_find(const struct libecryptfs_store *store, const uint8_t *sig)
{
	unsigned int i;

	for (i = 0; i < store->keys; i++)
		if (!memcmp(store->sig[i], sig, EFMT_V1_SIG_BYTES))
			return (int)i;
	return -ENOKEY;
}

/*
 * A name records its cipher, but the key size only for AES.  So all key sizes
 * are tried, and the one that decrypts the name is kept for the next.  A wrong
 * size is detected, because the filler in front of a name is derived from the
 * key.
 */
static int name_try(struct libecryptfs_store *store, unsigned int key,
		    enum efmt_cipher cipher, const char *lower, char *ret,
		    size_t *len_ret, const struct name_key **used_ret)
{
	struct name_key *name = &store->name[store->names];
	const size_t len = strlen(lower);
	int result = -EUCLEAN;
	size_t bytes;
	int err;

	if (store->names == NAME_KEYS)
		return -ENOKEY;
	for (bytes = 4; bytes <= EFMT_V1_KEY_BYTES; bytes++) {
		if (!efmt_v1_cipher_key_valid(cipher, bytes))
			continue;
		err = efmt_v1_name_key_create(cipher, bytes, store->key[key],
					      store->sig[key], &name->made);
		if (!err)
			err = efmt_v1_name_decrypt(&name->made, lower, len, ret,
						   len, len_ret);
		if (!err) {
			name->key = key;
			name->bytes = bytes;
			store->names++;
			*used_ret = name;
			return 0;
		}
		efmt_v1_name_key_destroy(&name->made);
		if (err == -ENOPKG || err == -ENOMEM)
			result = err;
	}
	return result;
}

static int text_decrypt(struct libecryptfs_store *store, const char *lower,
			char *ret, size_t *len_ret,
			const struct name_key **used_ret)
{
	const size_t len = strlen(lower);
	uint8_t sig[EFMT_V1_SIG_BYTES];
	enum efmt_cipher cipher;
	unsigned int i;
	int key, err;

	err = efmt_v1_name_sig(lower, len, sig, &cipher);
	if (err)
		return err;
	key = key_find(store, sig);
	if (key < 0)
		return key;
	for (i = 0; i < store->names; i++)
		if (store->name[i].key == (unsigned int)key &&
		    store->name[i].made.cipher == cipher &&
		    !efmt_v1_name_decrypt(&store->name[i].made, lower, len,
					  ret, len, len_ret)) {
			*used_ret = &store->name[i];
			return 0;
		}
	return name_try(store, (unsigned int)key, cipher, lower, ret, len_ret,
			used_ret);
}

static bool name_valid(const char *name, size_t len)
{
	return len && !memchr(name, '/', len) && !memchr(name, '\0', len) &&
	       !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

static bool target_valid(const char *target, size_t len)
{
	return len && !memchr(target, '\0', len);
}

/* If the plain name is not valid, @ret is @lower. */
static int valid_decrypt(struct libecryptfs_store *store, const char *lower,
			 bool (*valid)(const char *text, size_t len), char *ret)
{
	const struct name_key *used;
	size_t len = 0;
	int err = text_decrypt(store, lower, ret, &len, &used);

	if (!err && !valid(ret, len))
		err = -EUCLEAN;
	if (err)
		memcpy(ret, lower, strlen(lower) + 1);
	else
		ret[len] = '\0';
	return err;
}

int libecryptfs_store_name(struct libecryptfs_store *store, const char *lower,
			   char *ret)
{
	return valid_decrypt(store, lower, name_valid, ret);
}

int libecryptfs_store_target(struct libecryptfs_store *store,
			     const char *lower, char *ret)
{
	return valid_decrypt(store, lower, target_valid, ret);
}

/* Key @key for names as @like has it; NULL: it can't be made, or there is no room. */
static const struct name_key *name_key_like(struct libecryptfs_store *store,
					    unsigned int key,
					    const struct name_key *like)
{
	struct name_key *name = store->name;
	unsigned int i;

	for (i = 0; i < store->names; i++, name++)
		if (name->key == key && name->bytes == like->bytes &&
		    name->made.cipher == like->made.cipher)
			return name;
	if (store->names == NAME_KEYS ||
	    efmt_v1_name_key_create(like->made.cipher, like->bytes,
				    store->key[key], store->sig[key],
				    &name->made))
		return NULL;
	name->key = key;
	name->bytes = like->bytes;
	store->names++;
	return name;
}

int libecryptfs_store_name_rewrap(struct libecryptfs_store *store,
				  unsigned int from, unsigned int to,
				  const char *lower, char *ret,
				  struct libecryptfs_store_cipher *cipher_ret)
{
	const size_t size = strlen(lower) + 1;
	const struct name_key *used, *made;
	size_t len = 0, lower_len = 0;
	char *plain = malloc(size);
	int err;

	if (!plain)
		return -ENOMEM;
	err = text_decrypt(store, lower, plain, &len, &used);
	if (!err) {
		cipher_ret->cipher = used->made.cipher;
		cipher_ret->key_bytes = used->bytes;
		if (used->key == to)
			err = -EALREADY;
		else if (used->key != from)
			err = -ENOKEY;
	}
	if (!err) {
		made = name_key_like(store, to, used);
		err = made ? efmt_v1_name_encrypt(&made->made, plain, len, ret,
						  size, &lower_len) :
			     -ENOMEM;
	}
	if (!err)
		ret[lower_len] = '\0';
	efmt_prim_wipe(plain, size);
	free(plain);
	return err;
}

static bool is_key(const struct libecryptfs_store *store, unsigned int key,
		   const struct efmt_v1_packet *packet)
{
	return packet->kind == EFMT_V1_PASSPHRASE &&
	       !memcmp(packet->sig, store->sig[key], EFMT_V1_SIG_BYTES);
}

/* The file's key by key @key, if a packet has that; -ENOKEY. */
static int fek_by(const struct libecryptfs_store *store, unsigned int key,
		  const struct efmt_v1_file *file, uint8_t *fek)
{
	unsigned int i = file->keys;
	struct efmt_v1_packet packet;
	int err;

	while (i--) {
		err = efmt_v1_file_key(file, i, &packet);
		if (err)
			return err;
		if (is_key(store, key, &packet))
			return efmt_v1_fek_unwrap(&packet, store->key[key], fek);
	}
	return -ENOKEY;
}

/* What packets are made of that take the place of others. */
struct rewrap {
	const struct libecryptfs_store *store;
	unsigned int from, to;
	const uint8_t *salt, *fek;
	const struct efmt_v1_file *file;
	bool there; /* one of key @to */
};

/* The set of packets to @ret, of @room bytes. */
static int set_make(struct rewrap *rewrap, uint8_t *ret, size_t room,
		    size_t *len_ret)
{
	const struct libecryptfs_store *store = rewrap->store;
	struct efmt_span set = rewrap->file->packets, before;
	struct efmt_v1_packet packet;
	size_t len = 0, used;
	int err;

	for (;;) {
		before = set;
		err = efmt_v1_packet_take(&set, &packet);
		if (err)
			break;
		used = before.left - set.left;
		if (!is_key(store, rewrap->from, &packet)) {
			if (used > room - len)
				return -ENOSPC;
			memcpy(ret + len, before.at, used);
		} else if (rewrap->there) {
			used = 0;
		} else {
			err = efmt_v1_fek_wrap(rewrap->file->cipher, rewrap->fek,
					       rewrap->file->fek_bytes,
					       store->key[rewrap->to],
					       store->sig[rewrap->to],
					       rewrap->salt, &packet);
			if (!err)
				err = efmt_v1_packet_put(&packet, ret + len,
							 room - len, &used);
			if (err)
				return err;
			rewrap->there = true;
		}
		len += used;
	}
	*len_ret = len;
	return err == -ENOENT ? 0 : err;
}

/* That what was made gives the same key, of the same cipher, to who has the new one. */
static int rewrap_check(const struct rewrap *rewrap, const uint8_t *buf,
			size_t len)
{
	const struct efmt_v1_file *was = rewrap->file;
	uint8_t fek[EFMT_V1_FEK_MAX];
	struct efmt_v1_file file;
	int err;

	err = efmt_v1_file_from(buf, len, was->in_xattr, &file);
	if (!err)
		err = fek_by(rewrap->store, rewrap->to, &file, fek);
	if (!err && (file.cipher != was->cipher ||
		     file.fek_bytes != was->fek_bytes ||
		     memcmp(fek, rewrap->fek, was->fek_bytes)))
		err = -EUCLEAN;
	efmt_prim_wipe(fek, sizeof(fek));
	return err;
}

int libecryptfs_store_rewrap(const struct libecryptfs_store *store,
			     unsigned int from, unsigned int to,
			     const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			     const uint8_t *buf, size_t len, bool in_xattr,
			     uint8_t ret[EFMT_V1_HEADER_SCAN], size_t *len_ret)
{
	uint8_t fek[EFMT_V1_FEK_MAX], theirs[EFMT_V1_FEK_MAX];
	struct efmt_v1_file file;
	struct rewrap rewrap = { .store = store, .from = from, .to = to,
				 .salt = salt, .fek = fek, .file = &file };
	size_t at, end, made;
	int err;

	if (len > EFMT_V1_HEADER_SCAN)
		len = EFMT_V1_HEADER_SCAN;
	err = efmt_v1_file_from(buf, len, in_xattr, &file);
	if (err)
		return err;
	rewrap.there = !fek_by(store, to, &file, theirs);
	err = fek_by(store, from, &file, fek);
	if (err == -ENOKEY && rewrap.there)
		err = -EALREADY;
	/* By two keys that say different things, neither is to be believed. */
	if (!err && rewrap.there && memcmp(fek, theirs, file.fek_bytes))
		err = -EUCLEAN;
	at = file.header.packets_off;
	memset(ret, 0, EFMT_V1_HEADER_SCAN);
	memcpy(ret, buf, at);
	if (!err)
		err = set_make(&rewrap, ret + at, EFMT_V1_HEADER_SCAN - at,
			       &made);
	if (!err)
		err = rewrap_check(&rewrap, ret, EFMT_V1_HEADER_SCAN);
	efmt_prim_wipe(fek, sizeof(fek));
	efmt_prim_wipe(theirs, sizeof(theirs));
	if (err)
		return err;
	/* Of an old set that was longer, the rest is zeros now. */
	end = len;
	while (end > at + made && !buf[end - 1])
		end--;
	*len_ret = end > at + made ? end : at + made;
	return 0;
}

/* Reads up to @len bytes at @pos, and fewer only at the end of the file. */
static int file_pread(int fd, void *buf, size_t len, uint64_t pos,
		      size_t *len_ret)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n) {
		n = pread(fd, (uint8_t *)buf + done, len - done,
			  (off_t)(pos + done));
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return -errno;
	}
	*len_ret = done;
	return 0;
}

/*
 * Unwraps the FEK with the first available key, from the last packet to the
 * first.
 */
static int fek_find(const struct libecryptfs_store *store,
		    struct libecryptfs_store_file *file, uint8_t *fek)
{
	unsigned int i = file->meta.keys;
	struct efmt_v1_packet packet;
	int ret = i ? -ENOKEY : -EOPNOTSUPP;
	int err, key;

	while (i--) {
		err = efmt_v1_file_key(&file->meta, i, &packet);
		if (err)
			return err;
		key = key_find(store, packet.sig);
		if (key < 0 && ret != -ENOKEY)
			continue;
		if (key >= 0 || i + 1u == file->meta.keys)
			memcpy(file->sig, packet.sig, sizeof(file->sig));
		if (key < 0)
			continue;
		ret = efmt_v1_fek_unwrap(&packet, store->key[key], fek);
		if (!ret)
			break;
	}
	return ret;
}

static void sizes_set(struct libecryptfs_store_file *file)
{
	const uint64_t data = file->meta.geo.data_start;
	uint64_t have = file->lower_size > data ? file->lower_size - data : 0;

	file->recorded = file->meta.header.plain_size;
	if (efmt_geometry_lower_size(&file->meta.geo, file->recorded,
				     &file->need))
		file->need = UINT64_MAX;
	/* Of a truncated extent, the blocks that are left can be read. */
	if (file->lower_size < file->need)
		have -= have % EFMT_V1_IV_BYTES;
	file->have = have < file->recorded ? have : file->recorded;
}

/*
 * Returns 1 if the file of @size bytes has only zeros, 0 if not, or an error of
 * reading.  It reads the file's data and skips its holes.
 */
static int file_is_zero(int fd, uint64_t size)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN];
	uint64_t pos = 0;
	size_t len;
	off_t data;
	int err;

	while (pos < size) {
		data = lseek(fd, (off_t)pos, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		if (data > 0 && (uint64_t)data > pos)
			pos = (uint64_t)data;
		err = file_pread(fd, buf, sizeof(buf), pos, &len);
		if (err)
			return err;
		if (!len)
			break;
		if (buf[0] || memcmp(buf, buf + 1, len - 1))
			return 0;
		pos += len;
	}
	return 1;
}

int libecryptfs_store_open(struct libecryptfs_store *store, int fd,
			   struct libecryptfs_store_file *ret)
{
	uint8_t start[EFMT_V1_HEADER_SCAN], value[EFMT_V1_XATTR_MAX];
	uint8_t fek[EFMT_V1_FEK_MAX];
	bool has_attr;
	size_t len = 0;
	struct stat st;
	ssize_t n;
	int zero;
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->fd = fd;
	if (fstat(fd, &st))
		return -errno;
	ret->lower_size = (uint64_t)st.st_size;
	err = file_pread(fd, start, sizeof(start), 0, &len);
	if (err)
		return err == -ENODATA || err == -EUCLEAN ? -EIO : err;
	n = fgetxattr(fd, EFMT_V1_XATTR, value, sizeof(value));
	has_attr = n >= 0 || errno == ERANGE;
	err = efmt_v1_file_find(start, len, n < 0 ? NULL : value,
				n < 0 ? 0 : (size_t)n, &ret->meta);
	/* This is what a crash leaves of a new file; see write-path.rst. */
	if (err && !has_attr) {
		zero = file_is_zero(fd, ret->lower_size);
		ret->empty = zero == 1;
		err = zero < 0 ? zero : zero ? 0 : err;
	}
	if (err || ret->empty)
		return err;
	sizes_set(ret);
	err = fek_find(store, ret, fek);
	if (!err)
		err = efmt_v1_content_create(ret->meta.cipher, fek,
					     ret->meta.fek_bytes,
					     &ret->content);
	efmt_prim_wipe(fek, sizeof(fek));
	/* They point into @start, which is no longer valid. */
	memset(&ret->meta.packets, 0, sizeof(ret->meta.packets));
	return err;
}

void libecryptfs_store_close(struct libecryptfs_store_file *file)
{
	efmt_v1_content_destroy(&file->content);
}

/*
 * Reads as much as the disk returns, extent by extent, and puts zeros
 * elsewhere.
 */
static void read_around(const struct libecryptfs_store_file *file, uint64_t pos,
			uint8_t *buf, size_t len, uint64_t *bad_ret)
{
	size_t at, part, done;

	for (at = 0; at < len; at += part) {
		part = len - at < EFMT_V1_EXTENT_BYTES ? len - at :
							 EFMT_V1_EXTENT_BYTES;
		done = 0;
		if (!file_pread(file->fd, buf + at, part, pos + at, &done) &&
		    done == part)
			continue;
		memset(buf + at, 0, part);
		*bad_ret += part;
	}
}

int libecryptfs_store_read(const struct libecryptfs_store_file *file,
			   uint64_t off, uint8_t *buf, size_t len,
			   uint64_t *bad_ret)
{
	uint64_t extent = efmt_geometry_extent(&file->meta.geo, off);
	uint64_t left = file->lower_size - file->meta.geo.data_start - off;
	size_t want = (len + EFMT_V1_EXTENT_BYTES - 1) /
		      EFMT_V1_EXTENT_BYTES * EFMT_V1_EXTENT_BYTES;
	size_t at, part, done = 0;
	uint64_t pos;
	int err;

	err = efmt_geometry_lower_pos(&file->meta.geo, extent, &pos);
	if (err)
		return err;
	if (want > left)
		want = (size_t)(left - left % EFMT_V1_IV_BYTES);
	if (file_pread(file->fd, buf, want, pos, &done) || done != want)
		read_around(file, pos, buf, want, bad_ret);
	for (at = 0; at < want && !err; at += part, extent++) {
		part = want - at < EFMT_V1_EXTENT_BYTES ? want - at :
							  EFMT_V1_EXTENT_BYTES;
		err = efmt_v1_extent_open(&file->content, extent, buf + at,
					  part);
	}
	return err;
}
