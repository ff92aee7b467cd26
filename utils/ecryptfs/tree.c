// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walks through a lower tree.  Directories are opened from their parents and
 * without following links, so changing the tree meanwhile can't lead the walk
 * elsewhere.  What can't be listed is reported, and the walk continues.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "offline.h"

#define DEPTH_MAX 400 /* depth of directories, each of which is kept open */
/* The names of files that a crash has left before they had a name. */
#define TEMP_PREFIX ".ecryptfs-new-"

struct walk {
	struct offline *offline;
	const struct tree_visitor *visitor;
	bool names; /* names in the present directory are encrypted */
};

struct name {
	char *lower, *name;
	int err; /* error of decrypting the name */
};

int tree_open(const struct tree_entry *entry, int flags)
{
	int fd = openat(entry->dir_fd, entry->lower,
			flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

/*
 * Whoever owns the file may give the right, and has it for no longer than it takes to
 * open it.
 */
int tree_open_write(const struct tree_entry *entry)
{
	int fd = tree_open(entry, O_RDWR);
	struct stat st;
	int own;

	if (fd != -EACCES)
		return fd;
	own = tree_open(entry, O_RDONLY);
	if (own < 0)
		return -EACCES;
	if (fstat(own, &st) || !S_ISREG(st.st_mode) ||
	    fchmod(own, (st.st_mode & 07777) | 0600)) {
		close(own);
		return -EACCES;
	}
	fd = tree_open(entry, O_RDWR);
	if (fchmod(own, st.st_mode & 07777) && fd >= 0) {
		close(fd);
		fd = -EACCES;
	}
	close(own);
	return fd;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name,
		      ((const struct name *)b)->name);
}

static void names_free(struct name *names, size_t count)
{
	while (count--) {
		free(names[count].lower);
		free(names[count].name);
	}
	free(names);
}

static bool name_take(struct walk *walk, const char *lower, struct name *ret)
{
	ret->lower = strdup(lower);
	ret->name = malloc(strlen(lower) + 1);
	if (!ret->lower || !ret->name)
		return false;
	ret->err = libecryptfs_store_name(walk->offline->store, lower,
					  ret->name);
	return true;
}

/* If several names would be the same, all but one remain as they are stored. */
static void names_part(struct name *names, size_t count)
{
	size_t i, first = 0;

	qsort(names, count, sizeof(*names), by_name);
	for (i = 1; i < count; i++) {
		if (strcmp(names[first].name, names[i].name))
			first = i;
		else
			memcpy(names[i].name, names[i].lower,
			       strlen(names[i].lower) + 1);
	}
}

/* Reads and sorts all names in @dir, or those before an error. */
static int names_read(struct walk *walk, DIR *dir, struct name **ret,
		      size_t *count_ret)
{
	struct name *names = NULL, *more;
	size_t count = 0, room = 0;
	struct dirent *entry;
	int err = 0;

	while (!err && (errno = 0, entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (count == room) {
			room = room ? 2 * room : 64;
			more = realloc(names, room * sizeof(*names));
			if (!more) {
				err = -ENOMEM;
				break;
			}
			names = more;
		}
		memset(&names[count], 0, sizeof(*names));
		if (name_take(walk, entry->d_name, &names[count]))
			count++;
		else
			err = -ENOMEM;
	}
	if (!err && !entry)
		err = -errno;
	if (count)
		names_part(names, count);
	*ret = names;
	*count_ret = count;
	return err;
}

static int visit(struct walk *walk, struct tree_entry *entry,
		 unsigned int depth);

/* Returns whether the walk skips an object, and reports it. */
static bool passed_over(struct walk *walk, const struct name *name,
			const char *path, unsigned int depth)
{
	struct offline *offline = walk->offline;

	if (!depth && !strcmp(name->lower, LIBECRYPTFS_VAULT_INSIDE))
		return true;
	if (!strncmp(name->lower, TEMP_PREFIX, strlen(TEMP_PREFIX))) {
		offline_note(offline, path,
			     "it was left by a crash: a file that never had a name; it can be removed");
		return true;
	}
	if (name->err == -ENOKEY && !offline->no_key)
		offline_damage(offline, path,
			       "the name is encrypted with another key and stays as it is");
	else if (name->err == -EUCLEAN && walk->names)
		offline_damage(offline, path,
			       "the name is damaged and stays as it is");
	else if (name->err == -EUCLEAN)
		offline_note(offline, path,
			     "it looks like an encrypted name, but no other name here is encrypted; it stays as it is");
	else if (name->err == -ENOPKG)
		offline_damage(offline, path,
			       "the name is encrypted with a cipher that is not available here and stays as it is");
	return false;
}

static int visit_named(struct walk *walk, int dir_fd, const char *parent,
		       const struct name *name, unsigned int depth)
{
	struct tree_entry entry = { .dir_fd = dir_fd,
				    .lower = name->lower,
				    .name = name->name };
	int status = CMD_OK;
	char *path;

	if (asprintf(&path, "%s/%s", parent, name->name) < 0)
		return CMD_FAILED;
	entry.path = path;
	if (fstatat(dir_fd, name->lower, &entry.st, AT_SYMLINK_NOFOLLOW))
		offline_damage(walk->offline, path, strerror(errno));
	else if (!passed_over(walk, name, path, depth))
		status = visit(walk, &entry, depth + 1);
	free(path);
	return status;
}

static int visit_dir(struct walk *walk, const struct tree_entry *entry,
		     unsigned int depth)
{
	struct name *names = NULL;
	size_t count = 0, i;
	int status = CMD_OK;
	bool encrypted = false;
	int fd, err = 0;
	DIR *dir;

	fd = depth > DEPTH_MAX ? -ELOOP :
				 tree_open(entry, O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		offline_damage(walk->offline, entry->path,
			       fd == -ELOOP ? "the directories are nested too deeply" :
			       strerror(fd < 0 ? -fd : errno));
		if (fd >= 0)
			close(fd);
		return CMD_OK;
	}
	err = names_read(walk, dir, &names, &count);
	if (err)
		offline_damage(walk->offline, entry->path, strerror(-err));
	for (i = 0; i < count; i++)
		encrypted |= !names[i].err;
	for (i = 0; i < count && !status; i++) {
		walk->names = encrypted;
		status = visit_named(walk, fd, entry->path, &names[i], depth);
	}
	names_free(names, count);
	closedir(dir);
	return status;
}

static int visit_link(struct walk *walk, const struct tree_entry *entry)
{
	char lower[PATH_MAX], target[PATH_MAX];
	ssize_t len;
	int err;

	len = readlinkat(entry->dir_fd, entry->lower, lower, sizeof(lower) - 1);
	if (len < 0) {
		offline_damage(walk->offline, entry->path, strerror(errno));
		return CMD_OK;
	}
	lower[len] = '\0';
	err = libecryptfs_store_target(walk->offline->store, lower, target);
	if (err && err != -EINVAL && !walk->offline->no_key) {
		offline_damage(walk->offline, entry->path,
			       err == -ENOKEY ?
				       "the target of the link is encrypted with another key" :
				       "the target of the link is damaged");
		return CMD_OK;
	}
	return walk->visitor->link ?
		       walk->visitor->link(walk->visitor->arg, entry, target) :
		       CMD_OK;
}

static int visit(struct walk *walk, struct tree_entry *entry,
		 unsigned int depth)
{
	const struct tree_visitor *visitor = walk->visitor;
	bool skip = false;
	int status = CMD_OK;

	switch (entry->st.st_mode & S_IFMT) {
	case S_IFREG:
		return visitor->file(visitor->arg, entry);
	case S_IFLNK:
		return visit_link(walk, entry);
	case S_IFDIR:
		if (visitor->enter)
			status = visitor->enter(visitor->arg, entry, &skip);
		if (!status && !skip)
			status = visit_dir(walk, entry, depth);
		if (!status && !skip && visitor->leave)
			status = visitor->leave(visitor->arg, entry);
		return status;
	default:
		offline_note(walk->offline, entry->path,
			     "a device, socket or pipe, which has no contents to decrypt");
		return CMD_OK;
	}
}

/* Raises the limit, because every directory on the way down is kept open. */
static void limit_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int tree_walk(struct offline *offline, const char *operand,
	      const struct tree_visitor *visitor)
{
	struct walk walk = { .offline = offline, .visitor = visitor };
	struct tree_entry entry = { .dir_fd = AT_FDCWD };
	char *lower = realpath(operand, NULL);
	struct name name = { 0 };
	int status = CMD_FAILED;
	char *base;

	limit_raise();
	if (!lower || lstat(lower, &entry.st)) {
		explain_print(offline->cmd->program, operand,
			      explain_other(-errno));
		free(lower);
		return CMD_FAILED;
	}
	base = strrchr(lower, '/') + 1;
	if (name_take(&walk, base, &name)) {
		entry.lower = lower;
		entry.name = *name.name ? name.name : ".";
		entry.path = S_ISDIR(entry.st.st_mode) ? operand : name.name;
		status = visit(&walk, &entry, 0);
	}
	free(name.lower);
	free(name.name);
	free(lower);
	return status;
}

/* What lower files are: how many, and of how many bytes. */
struct sum {
	uint64_t files, bytes;
};

static void file_sum(const struct stat *st, struct sum *sum)
{
	if (!S_ISREG(st->st_mode))
		return;
	sum->files++;
	sum->bytes += (uint64_t)st->st_size;
}

static void dir_sum(int fd, unsigned int depth, struct sum *sum)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	struct stat st;
	int below;

	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, "..") ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		file_sum(&st, sum);
		if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX)
			continue;
		below = openat(fd, entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			dir_sum(below, depth + 1, sum);
	}
	closedir(dir);
}

static struct sum tree_sum(const struct offline *offline)
{
	struct sum sum = { 0 };
	struct stat st;
	int i, fd;

	limit_raise();
	for (i = 0; i < offline->operands; i++) {
		if (stat(offline->operand[i], &st))
			continue;
		file_sum(&st, &sum);
		if (!S_ISDIR(st.st_mode))
			continue;
		fd = open(offline->operand[i],
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			dir_sum(fd, 0, &sum);
	}
	return sum;
}

uint64_t tree_bytes(const struct offline *offline)
{
	return tree_sum(offline).bytes;
}

uint64_t tree_files(const struct offline *offline)
{
	return tree_sum(offline).files;
}
