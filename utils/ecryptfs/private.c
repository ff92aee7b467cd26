// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the commands for private directories have in common.  Nothing is mounted
 * here; the set-uid helper does that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"

#define LOCK ".lock"

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

bool private_conf_load(const char *name, char source[PATH_MAX],
		       char target[PATH_MAX])
{
	struct mntent *line;
	char conf[100];
	FILE *file;
	bool have;

	snprintf(conf, sizeof(conf), "%.*s.conf", PRIVATE_NAME_MAX, name);
	file = file_open(conf);
	line = file ? getmntent(file) : NULL;
	have = line && !strcmp(line->mnt_type, "ecryptfs") &&
	       strlen(line->mnt_fsname) < PATH_MAX &&
	       strlen(line->mnt_dir) < PATH_MAX;
	if (have) {
		snprintf(source, PATH_MAX, "%s", line->mnt_fsname);
		snprintf(target, PATH_MAX, "%s", line->mnt_dir);
	}
	if (file)
		fclose(file);
	return have;
}

/*
 * Returns NAME of "NAME.conf".  It must be printable, because the login prints
 * it as a line.
 */
static bool conf_name(const char *file, char name[PRIVATE_NAME_MAX + 1])
{
	const char *end = strrchr(file, '.');
	size_t len = end ? (size_t)(end - file) : 0;

	if (!len || len > PRIVATE_NAME_MAX || strcmp(end, ".conf") != 0 ||
	    memchr(file, '\n', len))
		return false;
	memcpy(name, file, len);
	name[len] = '\0';
	return true;
}

bool private_conf_each(bool (*fn)(const char *name, void *data), void *data)
{
	char path[PATH_MAX], name[PRIVATE_NAME_MAX + 1];
	struct dirent *entry;
	bool found = false;
	DIR *list;

	list = below_path("", path) ? NULL : opendir(path);
	while (list && !found && (entry = readdir(list)))
		found = conf_name(entry->d_name, name) && fn(name, data);
	if (list)
		closedir(list);
	return found;
}

/* Writes @text to a new NAME.EXTENSION; an existing file is not replaced. */
static int file_put(const char *name, const char *extension, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);
	char path[PATH_MAX], file[100];
	int fd, err = 0;

	if (below_path("", path) || (mkdir(path, 0700) && errno != EEXIST))
		return -errno;
	snprintf(file, sizeof(file), "%.*s%s", PRIVATE_NAME_MAX, name,
		 extension);
	if (below_path(file, path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len || fsync(fd)) {
		err = errno ? -errno : -EIO;
		unlink(path);
	}
	close(fd);
	return err;
}

/* Writes a field of a line as in fstab(5). */
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

int private_lock(bool make)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char dir[PATH_MAX], path[PATH_MAX];
	struct stat attr;
	int fd, err = 0;

	if (below_path("", dir) || below_path(LOCK, path))
		return -ENAMETOOLONG;
	if (make && mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, make ? flags | O_CREAT : flags, 0600);
	/* A mount can be unmounted even in a read-only home. */
	if (fd < 0 && !make && errno == EROFS)
		fd = open(path, (flags & ~O_ACCMODE) | O_RDONLY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &attr))
		err = -errno;
	else if (!S_ISREG(attr.st_mode) || attr.st_uid != geteuid())
		err = -EACCES;
	else if ((attr.st_mode & 077) && (!make || fchmod(fd, 0600)))
		err = -EACCES;
	while (!err && flock(fd, LOCK_EX))
		if (errno != EINTR)
			err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int private_conf_put(const char *name,
		     const struct libecryptfs_vault_settings *settings,
		     const char *source, const char *target)
{
	char line[3 * PATH_MAX] = "", options[40];
	char sigs[2 * LIBECRYPTFS_SIG_CHARS + 1];
	char path[PATH_MAX], file[100];
	int err;

	if (strcmp(settings->cipher, "aes") != 0)
		return -EOPNOTSUPP;
	snprintf(options, sizeof(options), "ecryptfs_key_bytes=%u",
		 settings->key_bytes);
	if (!field_put(line, sizeof(line), source) ||
	    !field_put(line, sizeof(line), target) ||
	    !field_put(line, sizeof(line), "ecryptfs") ||
	    !field_put(line, sizeof(line), options))
		return -ENAMETOOLONG;
	line[strlen(line) - 1] = '\n';
	snprintf(sigs, sizeof(sigs), "%s\n%s%s", settings->sig,
		 settings->names ? settings->fnek_sig : "",
		 settings->names ? "\n" : "");
	err = file_put(name, ".sig", sigs);
	if (err)
		return err;
	err = file_put(name, ".conf", line);
	snprintf(file, sizeof(file), "%.*s.sig", PRIVATE_NAME_MAX, name);
	if (err && !below_path(file, path))
		unlink(path);
	return err;
}

int private_conf_remove(const char *name)
{
	static const char *const extensions[] = { ".sig", ".conf" };
	char path[PATH_MAX], file[100];
	int err = 0;
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%.*s%s", PRIVATE_NAME_MAX, name,
			 extensions[i]);
		if (below_path(file, path))
			return -ENAMETOOLONG;
		if (unlink(path) && errno != ENOENT)
			err = -errno;
	}
	return err;
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

bool private_conf_agrees(const char *name,
			 const struct libecryptfs_vault_settings *settings)
{
	const char key_bytes[] = "ecryptfs_key_bytes";
	const char *option = NULL;
	struct private_sigs sigs;
	unsigned long bytes = 16; /* the value without the option */
	struct mntent *line;
	char conf[100];
	FILE *file;

	snprintf(conf, sizeof(conf), "%.*s.conf", PRIVATE_NAME_MAX, name);
	file = file_open(conf);
	line = file ? getmntent(file) : NULL;
	if (line)
		option = hasmntopt(line, key_bytes);
	if (option && option[strlen(key_bytes)] == '=')
		bytes = strtoul(option + strlen(key_bytes) + 1, NULL, 10);
	if (file)
		fclose(file);
	private_sigs_load(name, &sigs);
	return bytes == settings->key_bytes &&
	       sigs.count == (settings->names ? 2 : 1) &&
	       !strcmp(sigs.sig[0], settings->sig) &&
	       (!settings->names || !strcmp(sigs.sig[1], settings->fnek_sig));
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

int private_helper(bool unmount, const char *options, const char *name)
{
	char mount_path[] = ECRYPTFS_SBINDIR "/mount.ecryptfs_private";
	char umount_path[] = ECRYPTFS_SBINDIR "/umount.ecryptfs_private";
	char *args[5] = { unmount ? umount_path : mount_path };
	char ends[] = "--";
	char *env[] = { NULL };
	int count = 1;
	int status;
	pid_t pid;

	/*
	 * posix_spawn() takes no const pointers, but does not change the
	 * strings.
	 */
	if (options)
		args[count++] = (char *)options;
	if (name) {
		args[count++] = ends;
		args[count] = (char *)name;
	}
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
