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

/* Whether @text, of @file, is the passphrase of the directory, if that has one. */
static int text_agrees(const struct login *login, const char *file,
		       const struct libecryptfs_text *text)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	struct libecryptfs_secmem token = { 0 };
	char sig[LIBECRYPTFS_SIG_CHARS];
	struct private_sigs sigs;
	int err;

	private_sigs_load("Private", &sigs);
	if (!sigs.count)
		return CMD_OK;
	err = libecryptfs_salt_load(salt, &source);
	if (!err)
		err = libecryptfs_token_v1_create(text->bytes, text->len, salt,
						  &token, sig);
	libecryptfs_secmem_destroy(&token);
	if (err)
		return fail(login, file, explain_token(err));
	if (!strcmp(sig, sigs.sig[0]))
		return CMD_OK;
	return fail(login, file, (struct explanation){
		.why = "the passphrase in it is not that of ~/.ecryptfs/Private.sig; it stays there, and nothing is done with it" });
}

/* Wraps such a passphrase with @password and removes it. */
static int parked_wrap(const struct login *login, const char *file,
		       const struct libecryptfs_text *password)
{
	struct libecryptfs_secmem mem;
	struct libecryptfs_text text;
	char path[PATH_MAX];
	const uint8_t *end;
	int fd, err, status = CMD_OK;
	ssize_t len;

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
		status = text_agrees(login, path, &text);
		if (!status)
			err = libecryptfs_wrapped_commit(file, &text, password);
	}
	libecryptfs_secmem_destroy(&mem);
	close(fd);
	if (status)
		return status;
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

/* The keys, with the note that a login has brought them; all or none. */
static int keys_bring(const struct login *login, const char *file,
		      const struct libecryptfs_text *text,
		      const struct private_sigs *sigs)
{
	bool absent[2] = { false };
	struct private_sigs made;
	int err, i;

	for (i = 0; i < sigs->count; i++)
		absent[i] = libecryptfs_keyring_find(sigs->sig[i]);
	err = private_keys_add(text->bytes, text->len, sigs->count == 2, &made);
	/* One that was put by hand is not the login's to take away. */
	if (!err && absent[0])
		err = libecryptfs_keyring_mark(sigs->sig[0]);
	if (!err)
		return CMD_OK;
	for (i = 0; i < sigs->count; i++)
		if (absent[i])
			libecryptfs_keyring_remove(sigs->sig[i], &absent[i]);
	return fail(login, file, explain_keyring_put(err));
}

int login_private_unlock(const struct login *login)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	struct libecryptfs_secmem mem;
	struct libecryptfs_text text;
	struct private_sigs sigs;
	char file[PATH_MAX];
	int version = 0;
	int err, status;

	/*
	 * It is not an error if there is nothing to do; most users have no such
	 * directory.
	 */
	if (!login_private_wanted() ||
	    libecryptfs_home_path(PRIVATE_WRAPPED, file, sizeof(file)))
		return CMD_OK;
	/* Also while a new home is left mounted: the next boot takes what is parked. */
	if (parked_wrap(login, file, &login->password))
		return CMD_FAILED;
	private_sigs_load("Private", &sigs);
	if (is_mounted() || !sigs.count || private_keys_there(&sigs))
		return CMD_OK;
	err = libecryptfs_salt_load(salt, &source);
	if (!err)
		err = libecryptfs_wrapped_load(file, &login->password, salt,
					       &mem, &text.len);
	if (err)
		return fail(login, file, explain_wrapped(err));
	text.bytes = mem.sm_bytes;
	status = text_agrees(login, file, &text);
	if (!status)
		status = keys_bring(login, file, &text, &sigs);
	libecryptfs_secmem_destroy(&mem);
	if (!status && !libecryptfs_wrapped_version(file, &version) &&
	    version == 1)
		rewrap(file, &login->password, &login->password);
	return status;
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
