// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs export and cp: make a decrypted copy of lower files or trees,
 * without a mount.  What can't be read is listed, and the rest is copied.
 *
 * A file is written under a temporary name and gets its name when it is
 * complete.  The temporary name shows which version of which lower file it
 * belongs to, so the same command continues where it was killed.  No existing
 * file is replaced.  All names in the target are opened relative to their
 * directory, without following links.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "offline.h"

#define DEPTH_MAX 402 /* the depth of the walk, and the target */
#define PART_PREFIX ".ecryptfs-part-"
#define PART_NAME 96

struct export {
	struct offline *offline;
	int dir[DEPTH_MAX]; /* directories of the target, down to the present one */
	bool made[DEPTH_MAX]; /* made by this run */
	unsigned int depth; /* number of the last of them */
	const char *rename; /* name of the only operand in the target, or NULL */
	bool trees; /* copy the contents of directories, too */
	bool contents; /* the target itself becomes the only operand */
	uid_t owner; /* owner of the target */
	uint64_t files, present, bytes;
};

static int out_dir(const struct export *export)
{
	return export->dir[export->depth];
}

/* The operand itself may get another name; the names in it do not change. */
static const char *out_name(const struct export *export,
			    const struct tree_entry *entry)
{
	return !export->depth && export->rename ? export->rename : entry->name;
}

/*
 * Sets owner, permissions and times, as far as this user may.  A lower tree
 * must not give programs the rights of another user, so set-id bits are left
 * out.  The sticky bit of a directory only takes rights away.
 */
static void attributes_set(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	(void)!fchown(fd, st->st_uid, st->st_gid);
	(void)!fchmod(fd, st->st_mode & (S_ISDIR(st->st_mode) ? 01777 : 0777));
	(void)!futimens(fd, times);
}

/*
 * Returns whether @uid may own what is already in the target: a user who could
 * change the copy anyway, or who got it from an earlier run by root.
 */
static bool owner_good(const struct export *export,
		       const struct tree_entry *entry, uid_t uid)
{
	return !uid || uid == geteuid() || uid == export->owner ||
	       (!geteuid() && uid == entry->st.st_uid);
}

static bool same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void in_the_way(struct export *export, const struct tree_entry *entry)
{
	offline_damage(export->offline, entry->path,
		       "something else of that name is in the target, and was left alone");
}

/*
 * Returns whether the file exists.  If it is not from an earlier run, this is
 * reported.
 */
static bool is_there(struct export *export, const struct tree_entry *entry,
		     uint64_t size)
{
	struct stat st;

	if (fstatat(out_dir(export), out_name(export, entry), &st,
		    AT_SYMLINK_NOFOLLOW))
		return false;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
	    same_time(&st, &entry->st) &&
	    owner_good(export, entry, st.st_uid)) {
		export->present++;
		export->offline->progress.files++;
		progress_add(&export->offline->progress, size);
	} else {
		in_the_way(export, entry);
	}
	return true;
}

static int part_create(int dir, const char *part)
{
	int fd = openat(dir, part,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? -errno : fd;
}

/*
 * Opens an existing part of an earlier run that no other user can have opened.
 * Fails with -EPERM if it is something else, and with -EBUSY if another run is
 * writing to it.
 */
static int part_resume(int dir, const char *part, uint64_t size,
		       uint64_t *from_ret)
{
	int fd = openat(dir, part,
			O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -EPERM;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    st.st_uid != geteuid())
		err = -EPERM;
	else if (flock(fd, LOCK_EX | LOCK_NB))
		err = -EBUSY;
	else if (st.st_mode & 077)
		err = unlinkat(dir, part, 0) ? -EPERM : -ESTALE;
	/*
	 * Everything before the last multiple is on the disk; see
	 * copy_content().  A part that is longer than the whole file has gaps,
	 * and one of the same length may have some.
	 */
	*from_ret = !err && st.st_size && (uint64_t)st.st_size < size ?
			    ((uint64_t)st.st_size - 1) / COPY_SYNC * COPY_SYNC :
			    0;
	if (!err && ftruncate(fd, (off_t)*from_ret))
		err = -EIO;
	if (!err)
		return fd;
	close(fd);
	/* Another user may have it open, so it is replaced by a new one. */
	return err == -ESTALE ? part_create(dir, part) : err;
}

/* Opens the part, and returns the offset from which it has to be written. */
static int part_open(struct export *export, const struct tree_entry *entry,
		     uint64_t size, char part[PART_NAME], uint64_t *from_ret)
{
	int fd;

	snprintf(part, PART_NAME, PART_PREFIX "%" PRIxMAX "-%" PRIxMAX "-%" PRIxMAX ".%lx-%" PRIx64,
		 (uintmax_t)entry->st.st_dev, (uintmax_t)entry->st.st_ino,
		 (uintmax_t)entry->st.st_mtim.tv_sec,
		 (unsigned long)entry->st.st_mtim.tv_nsec, size);
	*from_ret = 0;
	fd = part_create(out_dir(export), part);
	if (fd == -EEXIST)
		fd = part_resume(out_dir(export), part, size, from_ret);
	if (fd >= 0 && !*from_ret && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		fd = -EBUSY;
	}
	return fd;
}

/* Gives the part its final name, if no file has it. */
static int part_name(const struct export *export, const char *part,
		     const char *name)
{
	int dir = out_dir(export);
	struct stat st;

	if (!renameat2(dir, part, dir, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* This filesystem can't do it atomically. */
	if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	return renameat(dir, part, dir, name) ? -errno : 0;
}

struct writing {
	struct export *export;
	const struct tree_entry *entry;
};

/*
 * This is reported when it is found, because the run may not come to the end of
 * the file.
 */
static void gap_tell(void *arg, uint64_t off)
{
	const struct writing *writing = arg;

	offline_damagef(writing->export->offline, writing->entry->path,
			"the disk does not return everything behind byte %" PRIu64 ": the copy has zeros there",
			off);
}

static void gaps_tell(struct offline *offline, const struct tree_entry *entry,
		      uint64_t bad)
{
	char why[80];

	snprintf(why, sizeof(why),
		 "the disk did not return %" PRIu64 " bytes of it in total", bad);
	offline_damage_more(offline, entry->path, why);
}

/*
 * Writes a file.  Returns an exit status: an error of the target ends the walk.
 */
static int file_write(struct export *export, const struct tree_entry *entry,
		      const struct libecryptfs_store_file *file)
{
	struct offline *offline = export->offline;
	struct writing writing = { .export = export, .entry = entry };
	struct copy_target target = { .seek = true,
				      .gap = gap_tell,
				      .arg = &writing };
	uint64_t from = 0, bad = 0;
	char part[PART_NAME];
	int err = 0;

	target.fd = part_open(export, entry, file->have, part, &from);
	if (target.fd == -EPERM || target.fd == -EEXIST) {
		offline_damagef(offline, entry->path, "its copy would be written to %s in the target, which belongs to another user and was left alone",
				part);
		return CMD_OK;
	}
	if (target.fd < 0) {
		err = target.fd;
	} else {
		progress_add(&offline->progress, from);
		err = copy_content(file, from, &target, offline->threads,
				   &offline->progress, &bad);
		if (!err && ftruncate(target.fd, (off_t)file->have))
			err = -errno;
		/*
		 * A file with gaps must not be taken for complete by the next
		 * run.
		 */
		if (!err && !bad)
			attributes_set(target.fd, &entry->st);
		if (!err)
			err = part_name(export, part, out_name(export, entry));
		close(target.fd);
	}
	if (err == -ENAMETOOLONG) {
		offline_damage(offline, entry->path,
			       "its name is too long for the target");
		unlinkat(out_dir(export), part, 0);
		return CMD_OK;
	}
	if (err) {
		progress_clear(&offline->progress);
		explain_print(offline->cmd->program, "the target",
			      err == -EBUSY ? (struct explanation){ "another export is writing to it", NULL } :
			      explain_other(err));
		return CMD_FAILED;
	}
	if (bad)
		gaps_tell(offline, entry, bad);
	export->files++;
	export->bytes += file->have;
	offline->progress.files++;
	return CMD_OK;
}

static int export_file(void *arg, const struct tree_entry *entry)
{
	struct export *export = arg;
	struct offline *offline = export->offline;
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, O_RDONLY);
	int status = CMD_OK;
	int err;

	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (err) {
		offline_explain_open(offline, entry->path, &file, err);
		close(fd);
		return CMD_OK;
	}
	offline_explain_sizes(offline, entry->path, &file);
	if (!is_there(export, entry, file.have))
		status = file_write(export, entry, &file);
	libecryptfs_store_close(&file);
	close(fd);
	return status;
}

static int export_link(void *arg, const struct tree_entry *entry,
		       const char *target)
{
	const struct timespec times[2] = { entry->st.st_atim,
					   entry->st.st_mtim };
	struct export *export = arg;
	int dir = out_dir(export);
	char now[PATH_MAX];
	ssize_t len;

	if (!symlinkat(target, dir, entry->name)) {
		(void)!fchownat(dir, entry->name, entry->st.st_uid,
				entry->st.st_gid, AT_SYMLINK_NOFOLLOW);
		(void)!utimensat(dir, entry->name, times, AT_SYMLINK_NOFOLLOW);
		return CMD_OK;
	}
	len = errno == EEXIST ?
		      readlinkat(dir, entry->name, now, sizeof(now)) :
		      -1;
	if (len != (ssize_t)strlen(target) || memcmp(now, target, (size_t)len))
		in_the_way(export, entry);
	return CMD_OK;
}

/*
 * A directory that a run has made is marked until the run leaves it, so that a
 * directory that existed before keeps its attributes.  If only its owner has
 * permissions, the sticky bit has no meaning of its own.
 */
#define DIR_MARKED (S_ISVTX | 0700)

static bool dir_is_marked(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_ISVTX | 0777)) == DIR_MARKED;
}

/*
 * Opens the target's directory for @entry.  Fails with -EXDEV if it belongs to
 * another user, or another negative errno.
 */
static int dir_open(const struct export *export, const struct tree_entry *entry,
		    bool *made_ret)
{
	int err = 0;
	struct stat st;
	int fd;

	if (!export->depth && export->contents) {
		fd = dup(export->dir[0]);
		*made_ret = export->made[0];
		if (fd >= 0 && *made_ret)
			(void)!fchmod(fd, DIR_MARKED);
		return fd < 0 ? -errno : fd;
	}
	*made_ret = !mkdirat(out_dir(export), entry->name, DIR_MARKED);
	if (!*made_ret && errno != EEXIST)
		return -errno;
	fd = openat(out_dir(export), entry->name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!owner_good(export, entry, st.st_uid))
		err = -EXDEV;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int export_enter(void *arg, const struct tree_entry *entry,
			bool *skip_ret)
{
	struct export *export = arg;
	bool made = false;
	int fd;

	if (!export->trees) {
		explain_print(export->offline->cmd->program, entry->path,
			      (struct explanation){
				      "it is a directory",
				      "ecryptfs export LOWER DIR" });
		return CMD_FAILED;
	}
	fd = export->depth + 1 == DEPTH_MAX ? -EMFILE :
					      dir_open(export, entry, &made);
	if (fd >= 0) {
		export->dir[++export->depth] = fd;
		export->made[export->depth] = made;
		return CMD_OK;
	}
	if (fd == -ENOTDIR || fd == -ELOOP)
		in_the_way(export, entry);
	else if (fd == -EXDEV)
		offline_damage(export->offline, entry->path,
			       "that directory in the target belongs to another user: nothing was written there");
	else
		offline_damage(export->offline, entry->path, strerror(-fd));
	*skip_ret = true;
	return CMD_OK;
}

static int export_leave(void *arg, const struct tree_entry *entry)
{
	struct export *export = arg;

	if (export->made[export->depth] || dir_is_marked(out_dir(export)))
		attributes_set(out_dir(export), &entry->st);
	close(out_dir(export));
	export->depth--;
	return CMD_OK;
}

static void summary(const struct export *export)
{
	const struct offline *offline = export->offline;
	json_object *object;

	if (!offline->opts.json) {
		printf("%" PRIu64 " files of %" PRIu64 " bytes copied, %" PRIu64 " were already there; %u could not be read completely\n",
		       export->files, export->bytes, export->present,
		       offline->damaged);
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "summary");
	json_object_object_add(object, "files",
			       json_object_new_uint64(export->files));
	json_object_object_add(object, "bytes",
			       json_object_new_uint64(export->bytes));
	json_object_object_add(object, "present",
			       json_object_new_uint64(export->present));
	json_object_object_add(object, "damaged",
			       json_object_new_uint64(offline->damaged));
	json_object_object_add(object, "notes",
			       json_object_new_uint64(offline->notes));
	json_line(object);
}

/*
 * Copies all operands to the directory export->dir[0].  @status is that of
 * offline_open().
 */
static int run(struct export *export, int status)
{
	struct offline *offline = export->offline;
	const struct tree_visitor visitor = { .file = export_file,
					      .link = export_link,
					      .enter = export_enter,
					      .leave = export_leave,
					      .arg = export };
	struct stat st;
	int i;

	if (!status && fstat(export->dir[0], &st)) {
		explain_print(offline->cmd->program, "the target",
			      explain_other(-errno));
		status = CMD_FAILED;
	} else if (!status) {
		export->owner = st.st_uid;
	}
	if (!status)
		progress_start(&offline->progress, offline->opts.json,
			       tree_bytes(offline));
	for (i = 0; !status && i < offline->operands; i++)
		status = tree_walk(offline, offline->operand[i], &visitor);
	/* It is reported as copied only when it is on the disk. */
	if (!status && syncfs(export->dir[0])) {
		explain_print(offline->cmd->program, "the target",
			      explain_other(-errno));
		status = CMD_FAILED;
	}
	progress_clear(&offline->progress);
	if (!status)
		summary(export);
	return offline_end(offline, status);
}

/*
 * Opens or creates the target.  If another user may write to its parent, the
 * name of a new directory can lead to that user's object a moment later; it is
 * not followed, and is refused.  Fails with -EPERM, and export->made[0] set, if
 * a new directory belongs to another user.
 */
static int target_open(struct export *export, const char *target)
{
	struct stat st;
	int fd;

	export->made[0] = !mkdir(target, 0700);
	if (!export->made[0] && errno != EEXIST)
		return -errno;
	fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
				  (export->made[0] ? O_NOFOLLOW : 0));
	if (fd < 0)
		return -errno;
	if (export->made[0] && (fstat(fd, &st) || st.st_uid != geteuid())) {
		close(fd);
		rmdir(target);
		return -EPERM;
	}
	export->dir[0] = fd;
	return 0;
}

/*
 * Filesystems without owners, and servers that do not trust root, give it to
 * another user.
 */
static struct explanation target_explain(const struct export *export, int err)
{
	if (!export->made[0] || err != -EPERM)
		return explain_other(err);
	return (struct explanation){
		.why = "the new directory belongs to another user, who has created it or to whom the filesystem assigns it",
		.next = "mkdir it where no other user can write, then repeat the command",
	};
}

int cmd_export(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct export export = { .offline = &offline, .trees = true };
	const char *target;
	int status, err;

	if (!offline_parse(&offline, cmd, argc, argv, "t", 2, &status))
		return status;
	target = offline.operand[--offline.operands];
	export.contents = offline.operands == 1;
	err = target_open(&export, target);
	if (err) {
		explain_print(cmd->program, target,
			      target_explain(&export, err));
		return CMD_FAILED;
	}
	status = offline_open(&offline);
	if (status && export.made[0])
		rmdir(target);
	status = run(&export, status);
	close(export.dir[0]);
	return status;
}

/* Copies to a directory, or a single file to a new name. */
int cmd_cp(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct export export = { .offline = &offline };
	char *target, *slash;
	int status;

	if (!offline_parse(&offline, cmd, argc, argv, "t", 2, &status))
		return status;
	target = offline.operand[--offline.operands];
	export.dir[0] = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (export.dir[0] < 0 && (errno == ENOENT || errno == ENOTDIR) &&
	    offline.operands == 1) {
		slash = strrchr(target, '/');
		export.rename = slash ? slash + 1 : target;
		if (slash)
			*slash = '\0';
		export.dir[0] = open(!slash ? "." : *target ? target : "/",
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (export.dir[0] < 0 || (export.rename && !*export.rename)) {
		explain_print(cmd->program, target, explain_other(-errno));
		return CMD_FAILED;
	}
	status = run(&export, offline_open(&offline));
	close(export.dir[0]);
	return status;
}
