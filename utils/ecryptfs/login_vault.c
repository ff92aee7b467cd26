// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Vaults at login.  One that was added has two files that mount.ecryptfs_private
 * reads, ~/.ecryptfs/NAME.conf and NAME.sig; a NAME.conf without a vault beside or in
 * its directory is somebody else's.  A slot with the login's password opens it,
 * and is changed with the password.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"
#include "login.h"
#include "vault_file.h"
#include "vault_use.h"

#define NAME_MAX_CHARS 60
#define SOURCE "passphrase"

static bool conf_path(const char *name, const char *extension,
		      char path[PATH_MAX])
{
	char below[128];

	snprintf(below, sizeof(below), ".ecryptfs/%.*s%s", NAME_MAX_CHARS, name,
		 extension);
	return !libecryptfs_home_path(below, path, PATH_MAX);
}

/* The lower directory of NAME.conf. */
static bool conf_dir(const char *name, char dir[PATH_MAX])
{
	char path[PATH_MAX];
	struct mntent *line;
	FILE *file;
	bool have;

	file = conf_path(name, ".conf", path) ? fopen(path, "re") : NULL;
	line = file ? getmntent(file) : NULL;
	have = line && !strcmp(line->mnt_type, "ecryptfs") &&
	       strlen(line->mnt_fsname) < PATH_MAX;
	if (have)
		snprintf(dir, PATH_MAX, "%s", line->mnt_fsname);
	if (file)
		fclose(file);
	return have;
}

static bool has_vault(const char *dir)
{
	char path[PATH_MAX + 32];

	return libecryptfs_vault_file_find(dir, path, sizeof(path));
}

/* NAME of "NAME.conf". */
static bool name_take(const char *file, char name[NAME_MAX_CHARS + 1])
{
	const char *end = strrchr(file, '.');
	size_t len = end ? (size_t)(end - file) : 0;

	if (!len || len > NAME_MAX_CHARS || strcmp(end, ".conf") != 0)
		return false;
	memcpy(name, file, len);
	name[len] = '\0';
	return true;
}

int login_vaults_each(const struct login *login,
		      int (*fn)(const struct login *login, const char *name))
{
	char path[PATH_MAX], dir[PATH_MAX], name[NAME_MAX_CHARS + 1];
	struct dirent *entry;
	int status = CMD_OK;
	DIR *list;

	if (libecryptfs_home_path(".ecryptfs", path, sizeof(path)))
		return CMD_OK;
	list = opendir(path);
	while (list && (entry = readdir(list)))
		if (name_take(entry->d_name, name) && conf_dir(name, dir) &&
		    has_vault(dir))
			status |= fn(login, name);
	if (list)
		closedir(list);
	return status ? CMD_FAILED : CMD_OK;
}

/* The vault of @dir; @opts, of the caller, says what is tried. */
static int use_load(const struct login *login, const char *dir,
		    struct options *opts, struct vault_use *use)
{
	*opts = (struct options){ .slot = -1, .with = SOURCE, .operands = 1,
				  .from_stdin = true };
	opts->operand[0] = dir;
	*use = (struct vault_use){ .cmd = login->cmd };
	return vault_use_load(use, login->cmd, opts);
}

static int use_open(const struct login *login, struct vault_use *use)
{
	int err = vault_use_given(use, &login->password);

	if (!err)
		return vault_use_open(use);
	explain_print(login->cmd->program, use->path, explain_secmem(err));
	return CMD_FAILED;
}

static int unlock_one(const struct login *login, const char *name)
{
	struct vault_use use;
	struct options opts;
	char dir[PATH_MAX];
	int status;

	if (!conf_dir(name, dir))
		return CMD_OK;
	status = use_load(login, dir, &opts, &use);
	if (!status && (libecryptfs_keyring_find(use.settings.sig) ||
			(use.settings.names &&
			 libecryptfs_keyring_find(use.settings.fnek_sig)))) {
		status = use_open(login, &use);
		if (!status)
			status = vault_use_keys_add(&use);
	}
	vault_use_end(&use);
	return status;
}

int login_vaults_unlock(const struct login *login)
{
	return login_vaults_each(login, unlock_one);
}

/* The slot that the old password opens gets the new one. */
static int slot_change(struct vault_use *use,
		       struct libecryptfs_vault_slot *slot)
{
	struct libecryptfs_blob blob = { 0 };
	int status, err;

	status = vault_use_wrap(use, SOURCE, &slot->blob, &blob);
	if (status)
		return status;
	err = libecryptfs_vault_slot_change(use->vault, slot->id, &blob);
	libecryptfs_blob_destroy(&blob);
	if (!err)
		return vault_use_commit(use);
	explain_print(use->cmd->program, use->path, explain_vault_commit(err));
	return CMD_FAILED;
}

static int slots_change(const struct login *login, struct vault_use *use,
			struct options *opts)
{
	struct libecryptfs_vault_slot slot;
	int status = CMD_LOCKED;
	unsigned int i;

	for (i = 0; status == CMD_LOCKED &&
		    i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			break;
		opts->slot = (int)slot.id;
		if (!strcmp(slot.source, SOURCE)) {
			status = use_open(login, use);
			if (!status)
				status = slot_change(use, &slot);
		}
		libecryptfs_vault_slot_destroy(&slot);
	}
	return status;
}

static int change_one(const struct login *login, const char *name)
{
	struct vault_use use;
	struct options opts;
	char dir[PATH_MAX];
	int status;

	if (!conf_dir(name, dir))
		return CMD_OK;
	status = use_load(login, dir, &opts, &use);
	use.given_new = &login->new_password;
	if (!status)
		status = slots_change(login, &use, &opts);
	vault_use_end(&use);
	if (status == CMD_LOCKED)
		fprintf(stderr,
			"%s: %s: no slot has the old password\n  try: ecryptfs key change %s SLOT\n",
			login->cmd->program, dir, dir);
	return status;
}

int login_vaults_change(const struct login *login)
{
	return login_vaults_each(login, change_one);
}

static int file_fail(const struct login *login, const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", login->cmd->program, path,
		strerror(errno));
	return CMD_FAILED;
}

/* @text as NAME.EXTENSION; not over another. */
static int file_put(const struct login *login, const char *name,
		    const char *extension, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	char path[PATH_MAX];
	int fd, err = 0;

	if (!conf_path("", "", path) || (mkdir(path, 0700) && errno != EEXIST) ||
	    !conf_path(name, extension, path))
		return file_fail(login, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)len) != len || fsync(fd))
		err = file_fail(login, path);
	if (fd >= 0)
		close(fd);
	return err;
}

/* A field of a line as in fstab(5). */
static bool field_put(char *to, size_t size, const char *text)
{
	size_t used = strlen(to);

	for (; *text; text++) {
		if (used + 6 > size)
			return false;
		if (strchr(" \t\n\\#", *text))
			used += (size_t)snprintf(to + used, size - used,
						 "\\%03o",
						 (unsigned int)(uint8_t)*text);
		else
			to[used++] = *text;
		to[used] = '\0';
	}
	to[used++] = ' ';
	to[used] = '\0';
	return true;
}

static int files_put(const struct login *login, struct vault_use *use,
		     const char *name, const char *target)
{
	char line[3 * PATH_MAX] = "", options[40];
	char sigs[2 * LIBECRYPTFS_SIG_CHARS + 1];
	char path[PATH_MAX];
	int status;

	if (strcmp(use->settings.cipher, "aes")) {
		fprintf(stderr, "%s: %s: a login mounts with AES only\n",
			login->cmd->program, use->dir);
		return CMD_FAILED;
	}
	snprintf(options, sizeof(options), "ecryptfs_key_bytes=%u",
		 use->settings.key_bytes);
	if (!field_put(line, sizeof(line), use->dir) ||
	    !field_put(line, sizeof(line), target) ||
	    !field_put(line, sizeof(line), "ecryptfs") ||
	    !field_put(line, sizeof(line), options))
		return CMD_FAILED;
	line[strlen(line) - 1] = '\n';
	snprintf(sigs, sizeof(sigs), "%s\n%s%s", use->settings.sig,
		 use->settings.names ? use->settings.fnek_sig : "",
		 use->settings.names ? "\n" : "");
	status = file_put(login, name, ".sig", sigs);
	if (status)
		return status;
	status = file_put(login, name, ".conf", line);
	if (status && conf_path(name, ".sig", path))
		unlink(path);
	return status;
}

static bool own_directory(const struct login *login, const char *path)
{
	struct stat attr;

	if (!stat(path, &attr) && S_ISDIR(attr.st_mode) &&
	    attr.st_uid == getuid())
		return true;
	fprintf(stderr, "%s: %s is not a directory of yours\n",
		login->cmd->program, path);
	return false;
}

int login_vault_add(const struct login *login, const char *dir,
		    const char *target)
{
	char path[PATH_MAX];
	struct vault_use use;
	struct options opts;
	const char *name;
	int status;

	if (!realpath(target, path))
		return file_fail(login, target);
	name = strrchr(path, '/') + 1;
	if (!*name || *name == '.' || strlen(name) > NAME_MAX_CHARS ||
	    strstr(name, "..") || !strcmp(name, "Private")) {
		fprintf(stderr,
			"%s: %s: not a name for it; 1 to %d characters, no dot at first, not Private\n",
			login->cmd->program, path, NAME_MAX_CHARS);
		return CMD_FAILED;
	}
	if (!own_directory(login, path) || !own_directory(login, dir))
		return CMD_FAILED;
	status = use_load(login, dir, &opts, &use);
	if (!status)
		status = files_put(login, &use, name, path);
	if (!status)
		printf("A login mounts %s on %s, as `%s'.\n"
		       "Next: ecryptfs key add %s passphrase, if the login's password is in no slot yet\n",
		       use.dir, path, name, dir);
	vault_use_end(&use);
	return status;
}

int login_vault_remove(const struct login *login, const char *name)
{
	char path[PATH_MAX], dir[PATH_MAX];

	if (!*name || strchr(name, '/') || strlen(name) > NAME_MAX_CHARS ||
	    !conf_dir(name, dir) || !has_vault(dir)) {
		fprintf(stderr, "%s: %s: no vault was added by that name\n",
			login->cmd->program, name);
		return CMD_FAILED;
	}
	if (conf_path(name, ".sig", path))
		unlink(path);
	if (!conf_path(name, ".conf", path) || unlink(path))
		return file_fail(login, path);
	return CMD_OK;
}
