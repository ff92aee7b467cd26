// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs header backup: the headers of a lower tree in one new file.  A header is a
 * few hundred bytes without which its file can't be decrypted by anybody; what is
 * secret in it is wrapped with the master key.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "headers.h"
#include "offline.h"

struct backup {
	struct offline *offline;
	struct libecryptfs_headers headers;
	const char *target;
	char *new_name; /* until it is whole */
	char dir[PATH_MAX]; /* that the walk is in, below the root, with a slash */
	uint64_t empty;
	uint8_t buf[LIBECRYPTFS_HEADERS_MAX];
};

static int fail(const struct backup *backup, const char *what, int err)
{
	explain_print(backup->offline->cmd->program, what, explain_other(err));
	return CMD_FAILED;
}

/* Of the metadata as they are, those bytes that are not the zeros at the end. */
static int metadata_read(struct backup *backup,
			 const struct libecryptfs_store_file *file,
			 size_t *len_ret)
{
	size_t want = sizeof(backup->buf);
	ssize_t n;

	if (file->meta.in_xattr) {
		n = fgetxattr(file->fd, EFMT_V1_XATTR, backup->buf, want);
	} else {
		if (file->meta.geo.data_start < want)
			want = (size_t)file->meta.geo.data_start;
		n = pread(file->fd, backup->buf, want, 0);
	}
	if (n <= 0)
		return n < 0 ? -errno : -EUCLEAN;
	while (n && !backup->buf[n - 1])
		n--;
	*len_ret = (size_t)n;
	return n ? 0 : -EUCLEAN;
}

static int entry_put(struct backup *backup, const struct tree_entry *entry,
		     const struct libecryptfs_store_file *file)
{
	struct libecryptfs_headers_entry header = {
		.inode = entry->st.st_ino,
		.size = file->recorded,
		.lower_size = file->lower_size,
		.in_xattr = file->meta.in_xattr,
		.bytes = backup->buf,
	};
	const char *base = strrchr(entry->lower, '/');
	int err;

	err = metadata_read(backup, file, &header.len);
	if (err) {
		offline_damage(backup->offline, entry->path, strerror(-err));
		return CMD_OK;
	}
	if (asprintf(&header.path, "%s%s", backup->dir,
		     base ? base + 1 : entry->lower) < 0)
		return fail(backup, backup->target, -ENOMEM);
	err = libecryptfs_headers_put(&backup->headers, &header);
	free(header.path);
	return err ? fail(backup, backup->target, err) : CMD_OK;
}

/* Whatever opens it, or nothing here does: what is well-formed is kept. */
static int backup_file(void *arg, const struct tree_entry *entry)
{
	struct backup *backup = arg;
	struct offline *offline = backup->offline;
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, O_RDONLY);
	int status = CMD_OK;
	int err;

	progress_file(&offline->progress);
	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (err && (err != -ENOKEY || !offline->no_key))
		offline_explain_open(offline, entry->path, &file, err);
	if (file.empty)
		backup->empty++;
	else if (file.meta.keys || file.meta.pubkeys)
		status = entry_put(backup, entry, &file);
	libecryptfs_store_close(&file);
	close(fd);
	return status;
}

static int backup_enter(void *arg, const struct tree_entry *entry, bool *skip_ret)
{
	struct backup *backup = arg;
	size_t len = strlen(backup->dir);

	/* The root itself has no name in the backup. */
	if (entry->dir_fd == AT_FDCWD)
		return CMD_OK;
	if (snprintf(backup->dir + len, sizeof(backup->dir) - len, "%s/",
		     entry->lower) < (int)(sizeof(backup->dir) - len))
		return CMD_OK;
	backup->dir[len] = '\0';
	offline_damage(backup->offline, entry->path, strerror(ENAMETOOLONG));
	*skip_ret = true;
	return CMD_OK;
}

static int backup_leave(void *arg, const struct tree_entry *entry)
{
	struct backup *backup = arg;

	if (entry->dir_fd != AT_FDCWD)
		backup->dir[strlen(backup->dir) - strlen(entry->lower) - 1] = '\0';
	return CMD_OK;
}

/* The directory that paths are below of. */
static int root_find(struct backup *backup, char root[PATH_MAX])
{
	const char *operand = backup->offline->operand[0];
	struct stat st;
	char *slash;

	if (!realpath(operand, root) || stat(root, &st))
		return fail(backup, operand, -errno);
	if (S_ISDIR(st.st_mode))
		return CMD_OK;
	slash = strrchr(root, '/');
	slash[slash == root] = '\0';
	return CMD_OK;
}

static int target_open(struct backup *backup)
{
	struct stat st;
	FILE *file;
	int fd;

	if (!lstat(backup->target, &st))
		return fail(backup, backup->target, -EEXIST);
	if (asprintf(&backup->new_name, "%s.new-XXXXXX", backup->target) < 0)
		abort();
	fd = mkostemp(backup->new_name, O_CLOEXEC);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file) {
		backup->headers.file = file;
		return CMD_OK;
	}
	if (fd >= 0) {
		close(fd);
		unlink(backup->new_name);
	}
	return fail(backup, backup->target, -errno);
}

/* To the disk, so that the name never stands for a part. */
static int name_flush(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, err = 0;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) && errno != EINVAL)
		err = -errno;
	close(fd);
	return err;
}

/* Whatever has come to stand there in the meantime is not replaced. */
static int name_take(const char *new_name, const char *target)
{
	if (!renameat2(AT_FDCWD, new_name, AT_FDCWD, target, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(new_name, target))
		return -errno;
	unlink(new_name);
	return 0;
}

static int target_close(struct backup *backup, bool whole)
{
	FILE *file = backup->headers.file;
	int err = 0;

	if (!file)
		return CMD_FAILED;
	if (whole)
		err = libecryptfs_headers_end(&backup->headers);
	if (!err && whole && (fflush(file) || fsync(fileno(file))))
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	if (!err && whole)
		err = name_take(backup->new_name, backup->target);
	if (!err && whole)
		err = name_flush(backup->target);
	if (err || !whole)
		unlink(backup->new_name);
	return err ? fail(backup, backup->target, err) :
	       whole ? CMD_OK :
		       CMD_FAILED;
}

static void summary(const struct backup *backup)
{
	const struct offline *offline = backup->offline;
	json_object *object;

	if (!offline->opts.json) {
		printf("%ju headers are in %s; %u files could not be had, %ju are empty\n",
		       (uintmax_t)backup->headers.entries,
		       explain_shown(backup->target), offline->damaged,
		       (uintmax_t)backup->empty);
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "summary");
	json_text(object, "backup", backup->target);
	json_object_object_add(object, "headers",
			       json_object_new_uint64(backup->headers.entries));
	json_object_object_add(object, "damaged",
			       json_object_new_uint64(offline->damaged));
	json_object_object_add(object, "empty",
			       json_object_new_uint64(backup->empty));
	json_line(object);
}

static int run(struct backup *backup)
{
	const struct tree_visitor visitor = { .file = backup_file,
					      .enter = backup_enter,
					      .leave = backup_leave,
					      .arg = backup };
	struct offline *offline = backup->offline;
	char root[PATH_MAX];
	int status, closed, err;

	status = root_find(backup, root);
	if (!status)
		status = target_open(backup);
	if (status)
		return status;
	err = libecryptfs_headers_begin(&backup->headers, backup->headers.file,
					root);
	if (err)
		status = fail(backup, backup->target, err);
	progress_start_files(&offline->progress, offline->opts.json,
			     tree_files(offline));
	if (!status)
		status = tree_walk(offline, offline->operand[0], &visitor);
	progress_clear(&offline->progress);
	closed = target_close(backup, !status);
	if (!status && !closed)
		summary(backup);
	return status ? status : closed;
}

int header_backup(struct offline *offline, const char *target)
{
	struct backup *backup = calloc(1, sizeof(*backup));
	int status;

	if (!backup)
		abort();
	backup->offline = offline;
	backup->target = target;
	status = run(backup);
	free(backup->new_name);
	free(backup);
	return status;
}

int cmd_header_backup(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	const char *target;
	int status;

	if (!offline_parse(&offline, cmd, argc, argv, "", 2, &status))
		return status;
	if (offline.operands != 2)
		return command_usage_error(cmd, "unexpected argument");
	offline_key_optional(&offline);
	target = offline.operand[--offline.operands];
	status = offline_open(&offline);
	if (!status)
		status = header_backup(&offline, target);
	return offline_end(&offline, status);
}
