// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The private directory at login: its wrapped passphrase is unwrapped with the
 * login password, and wrapped again when that changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"
#include "login.h"
#include "mounts.h"
#include "private.h"

static int fail(const struct login *login, const char *what,
		struct explanation explanation)
{
	explain_print(login->cmd->program, what, explanation);
	return CMD_FAILED;
}

static bool is_mounted(void)
{
	char target[PATH_MAX], path[PATH_MAX];
	struct mount there;

	return !private_target(target) && realpath(target, path) &&
	       mounts_find(path, 0, &there) && !strcmp(path, there.upper);
}

bool login_private_opens(void)
{
	struct private_sigs sigs;

	if (!private_has("auto-mount"))
		return false;
	private_sigs_load("Private", &sigs);
	return sigs.count && (is_mounted() || private_keys_there(&sigs));
}

bool login_private_closes(void)
{
	return private_has("auto-umount") && is_mounted();
}

/*
 * Opens the passphrase that a set-up without a password has left behind, and
 * returns its path; -1 if there is none.
 */
static int parked_open(char path[PATH_MAX])
{
	const struct passwd *user = getpwuid(getuid());
	struct stat attr;
	int fd;

	if (!user)
		return -1;
	snprintf(path, PATH_MAX, "/dev/shm/.ecryptfs-%.64s", user->pw_name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &attr) && S_ISREG(attr.st_mode) &&
	    attr.st_uid == getuid())
		return fd;
	close(fd);
	return -1;
}

/* Wraps such a passphrase with @password and removes it. */
static int parked_wrap(const struct login *login, const char *file,
		       const struct libecryptfs_text *password)
{
	struct libecryptfs_secmem mem;
	struct libecryptfs_text text;
	char path[PATH_MAX];
	const uint8_t *end;
	ssize_t len;
	int fd, err;

	fd = access(file, F_OK) ? parked_open(path) : -1;
	if (fd < 0)
		return CMD_OK;
	err = libecryptfs_secmem_create(LIBECRYPTFS_PASSPHRASE_MAX + 1, &mem);
	if (!err) {
		len = read(fd, mem.sm_bytes, mem.sm_size);
		end = len > 0 ? memchr(mem.sm_bytes, '\n', (size_t)len) : NULL;
		text.bytes = mem.sm_bytes;
		text.len = end ? (size_t)(end - mem.sm_bytes) :
				 (size_t)(len < 0 ? 0 : len);
		err = libecryptfs_wrapped_commit(file, &text, password);
	}
	libecryptfs_secmem_destroy(&mem);
	close(fd);
	if (err)
		return fail(login, file, explain_wrapped(err));
	unlink(path);
	return CMD_OK;
}

/*
 * Unwraps @file with @old and wraps it with @new.  Returns 0 or a negative
 * errno.
 */
static int rewrap(const char *file, const struct libecryptfs_text *old,
		  const struct libecryptfs_text *new)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	struct libecryptfs_secmem mem;
	struct libecryptfs_text text;
	int err;

	err = libecryptfs_salt_load(salt, &source);
	if (!err)
		err = libecryptfs_wrapped_load(file, old, salt, &mem,
					       &text.len);
	if (err)
		return err;
	text.bytes = mem.sm_bytes;
	/* @new may be the same as @old; then only the version changes. */
	err = new ? libecryptfs_wrapped_commit(file, &text, new) : 0;
	libecryptfs_secmem_destroy(&mem);
	return err;
}

bool login_private_wanted(void)
{
	return private_has("auto-mount") && !private_has("wrapping-independent");
}

int login_private_unlock(const struct login *login)
{
	struct private_sigs sigs, made;
	char file[PATH_MAX];
	int version = 0;
	int err;

	/*
	 * It is not an error if there is nothing to do; most users have no such
	 * directory.
	 */
	if (!login_private_wanted() || is_mounted() ||
	    libecryptfs_home_path(PRIVATE_WRAPPED, file, sizeof(file)))
		return CMD_OK;
	private_sigs_load("Private", &sigs);
	if (!sigs.count || private_keys_there(&sigs))
		return CMD_OK;
	if (parked_wrap(login, file, &login->password))
		return CMD_FAILED;
	err = private_unlock(file, &login->password, sigs.count == 2, &made);
	if (err)
		return fail(login, file, explain_wrapped(err));
	libecryptfs_keyring_mark(made.sig[0]);
	if (!libecryptfs_wrapped_version(file, &version) && version == 1)
		rewrap(file, &login->password, &login->password);
	return CMD_OK;
}

int login_private_change(const struct login *login)
{
	char file[PATH_MAX];
	int err;

	if (private_has("wrapping-independent") ||
	    libecryptfs_home_path(PRIVATE_WRAPPED, file, sizeof(file)))
		return CMD_OK;
	if (parked_wrap(login, file, &login->new_password))
		return CMD_FAILED;
	if (access(file, F_OK) && errno == ENOENT)
		return CMD_OK;
	err = rewrap(file, &login->password, &login->new_password);
	/*
	 * Another PAM module may have been faster, or it had not been wrapped
	 * yet.
	 */
	if (err == -EBADMSG && !rewrap(file, &login->new_password, NULL))
		return CMD_OK;
	return err ? fail(login, file, explain_wrapped(err)) : CMD_OK;
}
