// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the commands for private directories have in common.  Nothing is mounted
 * here: that is the set-uid helper's.
 */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"

static int below_path(const char *name, char path[PATH_MAX])
{
	char below[128];

	snprintf(below, sizeof(below), ".ecryptfs/%.100s", name);
	return libecryptfs_home_path(below, path, PATH_MAX);
}

bool private_has(const char *name)
{
	char path[PATH_MAX];

	return !below_path(name, path) && !access(path, F_OK);
}

static FILE *file_open(const char *name)
{
	char path[PATH_MAX];

	return below_path(name, path) ? NULL : fopen(path, "re");
}

static bool line_take(FILE *file, char *line, size_t size)
{
	if (!file || !fgets(line, (int)size, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return *line;
}

void private_sigs_load(const char *alias, struct private_sigs *ret)
{
	char name[100], line[64];
	FILE *file;

	ret->count = 0;
	snprintf(name, sizeof(name), "%.90s.sig", alias);
	file = file_open(name);
	while (ret->count < 2 && line_take(file, line, sizeof(line)) &&
	       strlen(line) == LIBECRYPTFS_SIG_CHARS - 1 &&
	       strspn(line, "0123456789abcdef") == LIBECRYPTFS_SIG_CHARS - 1)
		memcpy(ret->sig[ret->count++], line, LIBECRYPTFS_SIG_CHARS);
	if (file)
		fclose(file);
}

int private_target(char path[PATH_MAX])
{
	FILE *file = file_open("Private.mnt");
	bool have = line_take(file, path, PATH_MAX);

	if (file)
		fclose(file);
	return have ? 0 : libecryptfs_home_path("Private", path, PATH_MAX);
}

bool private_keys_there(const struct private_sigs *sigs)
{
	int i;

	for (i = 0; i < sigs->count; i++)
		if (libecryptfs_keyring_find(sigs->sig[i]))
			return false;
	return sigs->count > 0;
}

int private_keys_add(const uint8_t *passphrase, size_t len, bool names,
		     struct private_sigs *sigs_ret)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	int err;

	sigs_ret->count = names ? 2 : 1;
	err = libecryptfs_salt_load(salt, &source);
	if (!err && names)
		err = libecryptfs_token_v1_put(passphrase, len,
					       libecryptfs_salt_fnek,
					       sigs_ret->sig[1]);
	if (!err)
		err = libecryptfs_token_v1_put(passphrase, len, salt,
					       sigs_ret->sig[0]);
	return err;
}

void private_keys_remove(const struct private_sigs *sigs)
{
	bool absent;
	int i;

	for (i = 0; i < sigs->count; i++)
		libecryptfs_keyring_remove(sigs->sig[i], &absent);
}

int private_unlock(const char *file, const struct libecryptfs_text *wrapping,
		   bool names, struct private_sigs *sigs_ret)
{
	struct libecryptfs_secmem passphrase;
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	size_t len;
	int err;

	err = libecryptfs_salt_load(salt, &source);
	if (!err)
		err = libecryptfs_wrapped_load(file, wrapping, salt,
					       &passphrase, &len);
	if (err)
		return err;
	err = private_keys_add(passphrase.sm_bytes, len, names, sigs_ret);
	libecryptfs_secmem_destroy(&passphrase);
	return err;
}

int private_helper(bool unmount, const char *first, const char *second)
{
	char mount_path[] = ECRYPTFS_SBINDIR "/mount.ecryptfs_private";
	char umount_path[] = ECRYPTFS_SBINDIR "/umount.ecryptfs_private";
	/* posix_spawn() takes no constants, and changes none. */
	char *args[] = { unmount ? umount_path : mount_path, (char *)first,
			 first ? (char *)second : NULL, NULL };
	char *env[] = { NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	if (posix_spawn(&pid, args[0], NULL, NULL, args, env)) {
		fprintf(stderr, "%s: cannot be run: %s\n", args[0],
			strerror(errno));
		return 127;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}
