// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs repair: makes files whose end is lost readable to the end that is
 * left.  It shows what it would do.  With --yes it does it, and keeps a copy of
 * the metadata that it changes.  Contents are never overwritten.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mounts.h"
#include "offline.h"

struct repair {
	struct offline *offline;
	char *dir; /* directory for copies; NULL if nothing is changed */
	int dir_fd, index_fd; /* -1 if not yet made */
	unsigned int found, done, kept;
};

/* Reads the unchanged metadata, *len_ret bytes. */
static int metadata_read(const struct libecryptfs_store_file *file, uint8_t *buf,
			 size_t *len_ret)
{
	ssize_t n;

	if (file->meta.in_xattr)
		n = fgetxattr(file->fd, EFMT_V1_XATTR, buf, EFMT_V1_XATTR_MAX);
	else
		n = pread(file->fd, buf, EFMT_V1_HEADER_SCAN, 0);
	if (n < EFMT_V1_PROBE_BYTES)
		return n < 0 ? -errno : -EUCLEAN;
	*len_ret = (size_t)n;
	return 0;
}

/*
 * Creates the directory of copies and its index.  Both must be new: if other
 * users may write there, the name can lead to their objects a moment later.
 */
static int copies_create(struct repair *repair)
{
	struct stat st;

	if (mkdir(repair->dir, 0700))
		return -errno;
	repair->dir_fd = open(repair->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
						   O_CLOEXEC);
	if (repair->dir_fd < 0 || fstat(repair->dir_fd, &st))
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		rmdir(repair->dir);
		explain_print(repair->offline->cmd->program, repair->dir,
			      (struct explanation){
				      "the new directory belongs to another user or is open to others, by the filesystem or because another has put it there",
				      "--backup DIR, where nobody else can write, on a filesystem with owners" });
		return -EPERM;
	}
	repair->index_fd = openat(repair->dir_fd, "index",
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					  O_CLOEXEC,
				  0600);
	return repair->index_fd < 0 ? -errno : 0;
}

/*
 * Writes a copy of the metadata to the disk, and the name of the file to which
 * they belong.
 */
static int copy_keep(struct repair *repair, const struct tree_entry *entry,
		     const uint8_t *buf, size_t len)
{
	char *lower, name[40];
	int err = 0;
	int fd;

	if (repair->dir_fd < 0)
		err = copies_create(repair);
	if (err)
		return err;
	/* It could not be created for an earlier file. */
	if (repair->index_fd < 0)
		return -EPERM;
	snprintf(name, sizeof(name), "%06u", repair->kept);
	fd = openat(repair->dir_fd, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	repair->kept++;
	lower = text_safe(entry->lower);
	errno = 0;
	if (write(fd, buf, len) != (ssize_t)len ||
	    dprintf(repair->index_fd, "%s inode %ju: %s\n", name,
		    (uintmax_t)entry->st.st_ino, lower) < 0 ||
	    fsync(fd) || fsync(repair->index_fd) || fsync(repair->dir_fd))
		err = errno ? -errno : -EIO;
	free(lower);
	close(fd);
	return err;
}

/*
 * Writes the size after what it depends on, so a crash in between leaves the
 * old state.
 */
static int size_commit(const struct libecryptfs_store_file *file, uint8_t *buf,
		       size_t len)
{
	uint64_t need;
	int err;

	err = efmt_geometry_lower_size(&file->meta.geo, file->have, &need);
	if (!err && need > file->lower_size &&
	    (ftruncate(file->fd, (off_t)need) || fsync(file->fd)))
		err = -errno;
	if (err || file->have == file->recorded)
		return err;
	efmt_v1_size_to(file->have, buf);
	if (file->meta.in_xattr)
		err = fsetxattr(file->fd, EFMT_V1_XATTR, buf, len,
				XATTR_REPLACE) ? -errno : 0;
	else if (pwrite(file->fd, buf, EFMT_V1_SIZE_BYTES, 0) !=
		 EFMT_V1_SIZE_BYTES)
		err = errno ? -errno : -EIO;
	return err ? err : fsync(file->fd) ? -errno : 0;
}

static int change(struct repair *repair, const struct tree_entry *entry,
		  const struct libecryptfs_store_file *file)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN];
	size_t len = 0;
	int err;

	static_assert(EFMT_V1_XATTR_MAX <= EFMT_V1_HEADER_SCAN, "metadata");
	err = metadata_read(file, buf, &len);
	if (!err)
		err = copy_keep(repair, entry, buf, len);
	return err ? err : size_commit(file, buf, len);
}

static void tell(struct repair *repair, const char *path,
		 const struct libecryptfs_store_file *file)
{
	const char *verb = repair->dir ? "did" : "would";
	json_object *object;
	char *safe;

	if (repair->offline->opts.json) {
		object = json_object_new_object();
		json_text(object, "type", "repair");
		json_text(object, "path", path);
		json_object_object_add(object, "done",
				       json_object_new_boolean(!!repair->dir));
		json_object_object_add(object, "size",
				       json_object_new_uint64(file->recorded));
		json_object_object_add(object, "new_size",
				       json_object_new_uint64(file->have));
		json_line(object);
		return;
	}
	safe = text_safe(path);
	if (file->have == file->recorded)
		printf("%s: fill up its last block: %s\n", verb, safe);
	else
		printf("%s: shorten it from %" PRIu64 " bytes to the %" PRIu64 " that are there: %s\n",
		       verb, file->recorded, file->have, safe);
	free(safe);
}

static int repair_file(void *arg, const struct tree_entry *entry)
{
	struct repair *repair = arg;
	struct offline *offline = repair->offline;
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, repair->dir ? O_RDWR : O_RDONLY);
	int err;

	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	/*
	 * Only a file that the key opens is changed, so it is not damaged for
	 * another reason.
	 */
	if (err) {
		offline_explain_open(offline, entry->path, &file, err);
	} else if (!file.empty && file.lower_size < file.need) {
		repair->found++;
		if (repair->dir)
			err = change(repair, entry, &file);
		if (err) {
			offline_damagef(offline, entry->path,
					"it can't be repaired: %s",
					strerror(-err));
		} else {
			tell(repair, entry->path, &file);
			repair->done += !!repair->dir;
		}
	}
	libecryptfs_store_close(&file);
	close(fd);
	return CMD_OK;
}

/*
 * Returns whether one of the two paths is in the other, or both are the same.
 */
static bool overlap(const char *a, const char *b)
{
	size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return !strncmp(a, b, len) && (!a[len] || a[len] == '/') &&
	       (!b[len] || b[len] == '/');
}

/* A mount would overwrite our size with its own. */
static bool is_mounted(const struct offline *offline)
{
	struct mount mount;
	bool found = false;
	unsigned int n;
	char *lower;
	int i;

	for (i = 0; i < offline->operands && !found; i++) {
		lower = realpath(offline->operand[i], NULL);
		for (n = 0; lower && !found && mounts_find(NULL, n, &mount); n++)
			found = overlap(lower, mount.lower) ||
				overlap(lower, mount.upper);
		free(lower);
	}
	if (found)
		explain_print(offline->cmd->program, mount.lower,
			      (struct explanation){ "it is mounted",
						    "ecryptfs umount DIR" });
	return found;
}

/* Returns the directory of --backup, or a name made of the present time. */
static char *dir_name(const struct offline *offline)
{
	time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;
	char *name;

	if (offline->target)
		return strdup(offline->target);
	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	return asprintf(&name, "ecryptfs-repair-%s", when) < 0 ? NULL : name;
}

static void summary(const struct repair *repair)
{
	if (repair->offline->opts.json)
		return;
	if (!repair->found)
		printf("Nothing that can be repaired was found\n");
	else if (!repair->dir)
		printf("%u files would be changed; nothing was: --yes does it\n",
		       repair->found);
	else
		printf("%u of %u files were changed; what their metadata were is in %s\n",
		       repair->done, repair->found, repair->dir);
}

int cmd_repair(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct repair repair = { .offline = &offline,
				 .dir_fd = -1,
				 .index_fd = -1 };
	const struct tree_visitor visitor = { .file = repair_file,
					      .arg = &repair };
	int status, i;

	if (!offline_parse(&offline, cmd, argc, argv, "yb", 1, &status))
		return status;
	if (offline.yes && is_mounted(&offline))
		return CMD_BUSY;
	if (offline.yes)
		repair.dir = dir_name(&offline);
	status = offline_open(&offline);
	for (i = 0; !status && i < offline.operands; i++)
		status = tree_walk(&offline, offline.operand[i], &visitor);
	if (!status)
		summary(&repair);
	/* Files that were not changed are as damaged as before. */
	offline.damaged += repair.found - repair.done;
	if (repair.dir_fd >= 0)
		close(repair.dir_fd);
	if (repair.index_fd >= 0)
		close(repair.index_fd);
	free(repair.dir);
	return offline_end(&offline, status);
}
