// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's keyrings.  Only this file includes keyutils.h.
 *
 * Keys are put into the user keyring, where ecryptfs-utils puts them and looks
 * for them, with the permissions that add_key(2) sets: everything for a
 * possessor, and view for the user.
 */
#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libecryptfs.h"

#define KEY_TYPE "user"

int libecryptfs_keyring_put(const char *sig, const void *payload, size_t len,
			    bool *present_ret)
{
	*present_ret = keyctl_search(KEY_SPEC_USER_KEYRING, KEY_TYPE, sig,
				     0) >= 0;
	if (*present_ret)
		return 0;
	/*
	 * ecryptfs-utils fail on the last two; add_key() replaces such a key.
	 */
	if (errno != ENOKEY && errno != EKEYEXPIRED && errno != EKEYREVOKED)
		return -errno;
	if (add_key(KEY_TYPE, sig, payload, len, KEY_SPEC_USER_KEYRING) < 0)
		return -errno;
	return 0;
}

int libecryptfs_keyring_find(const char *sig)
{
	/* Without callout text, the kernel only searches. */
	return request_key(KEY_TYPE, sig, NULL, 0) < 0 ? -errno : 0;
}

int libecryptfs_keyring_reach(void)
{
	key_serial_t user = keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1);
	char name[32];

	if (user < 0)
		return -errno;
	/* What the kernel calls it. */
	snprintf(name, sizeof(name), "_uid.%u", (unsigned int)getuid());
	return keyctl_search(KEY_SPEC_SESSION_KEYRING, "keyring", name, 0) < 0 ?
		       -errno :
		       0;
}

int libecryptfs_keyring_link(void)
{
	return keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING) < 0 ?
		       -errno :
		       0;
}

int libecryptfs_keyring_apart(void)
{
	if (keyctl_join_session_keyring(NULL) < 0)
		return -errno;
	return libecryptfs_keyring_link();
}

int libecryptfs_keyring_load(const char *sig,
			     struct libecryptfs_secmem *payload_ret)
{
	key_serial_t key = request_key(KEY_TYPE, sig, NULL, 0);
	long size;
	int err;

	if (key < 0)
		return -errno;
	size = keyctl_read(key, NULL, 0);
	if (size <= 0)
		return size ? -errno : -EKEYREJECTED;
	err = libecryptfs_secmem_create((size_t)size, payload_ret);
	if (err)
		return err;
	/* Another program may have replaced it by a longer key. */
	if (keyctl_read(key, (char *)payload_ret->sm_bytes, (size_t)size) ==
	    size)
		return 0;
	libecryptfs_secmem_destroy(payload_ret);
	return -EKEYREJECTED;
}

static int remove_from(key_serial_t keyring, const char *sig, bool *absent)
{
	key_serial_t key = keyctl_search(keyring, KEY_TYPE, sig, 0);

	if (key < 0)
		return errno == ENOKEY || errno == EKEYREVOKED ||
				       errno == EKEYEXPIRED ?
			       0 :
			       -errno;
	*absent = false;
	/* It may be in a keyring that is linked to this one, where it stays. */
	if (keyctl_unlink(key, keyring) && errno != ENOENT)
		return -errno;
	return 0;
}

#define MARK_CHARS 48

/* The serial number distinguishes the key from a later one of the same name. */
static bool mark_make(const char *sig, char name[MARK_CHARS],
		      char serial[MARK_CHARS])
{
	key_serial_t key = keyctl_search(KEY_SPEC_USER_KEYRING, KEY_TYPE, sig,
					 0);

	snprintf(name, MARK_CHARS, "ecryptfs-login:%.16s", sig);
	snprintf(serial, MARK_CHARS, "%d", (int)key);
	return key >= 0;
}

static void mark_remove(const char *sig)
{
	char name[MARK_CHARS];
	bool absent;

	snprintf(name, sizeof(name), "ecryptfs-login:%.16s", sig);
	remove_from(KEY_SPEC_USER_KEYRING, name, &absent);
}

int libecryptfs_keyring_remove(const char *sig, bool *absent_ret)
{
	int err;

	*absent_ret = true;
	err = remove_from(KEY_SPEC_USER_KEYRING, sig, absent_ret);
	if (!err)
		err = remove_from(KEY_SPEC_SESSION_KEYRING, sig, absent_ret);
	if (!err)
		mark_remove(sig);
	return err;
}

int libecryptfs_keyring_mark(const char *sig)
{
	char name[MARK_CHARS], serial[MARK_CHARS];

	if (!mark_make(sig, name, serial))
		return -ENOKEY;
	return add_key(KEY_TYPE, name, serial, strlen(serial),
		       KEY_SPEC_USER_KEYRING) < 0 ?
		       -errno :
		       0;
}

bool libecryptfs_keyring_marked(const char *sig)
{
	char name[MARK_CHARS], serial[MARK_CHARS], noted[MARK_CHARS];
	key_serial_t mark;
	long len;

	if (!mark_make(sig, name, serial))
		return false;
	mark = keyctl_search(KEY_SPEC_USER_KEYRING, KEY_TYPE, name, 0);
	if (mark < 0)
		return false;
	len = keyctl_read(mark, noted, sizeof(noted));
	return len == (long)strlen(serial) && !memcmp(noted, serial, (size_t)len);
}
