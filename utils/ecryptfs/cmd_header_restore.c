// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs header restore: puts headers out of a backup back where they are lost.
 * It shows what it would do; with --yes it does that, and keeps a copy of what was in
 * their place.  A header that is there, and another one, is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "headers.h"
#include "keep.h"
#include "offline.h"

struct restore {
	struct offline *offline;
	struct keep keep;
	struct libecryptfs_headers headers;
	FILE *file;
	const char *path; /* of the backup */
	unsigned int found, done, intact, others, missing;
	uint8_t buf[LIBECRYPTFS_HEADERS_MAX], now[LIBECRYPTFS_HEADERS_MAX];
};

/* Where what is below the root of the backup is looked for. */
struct place {
	int fd; /* of a directory */
	char below[PATH_MAX]; /* of the root, whose entries are wanted; or empty */
	bool single; /* a file: */
	char name[NAME_MAX + 1];
	ino_t inode;
	bool by_name; /* it is not where it was: its name, or its inode, tells */
	unsigned int matches, same_inode;
};

static int fail(const struct restore *restore, const char *what,
		struct explanation explanation)
{
	explain_print(restore->offline->cmd->program, what, explanation);
	return CMD_FAILED;
}

/* A path of the backup by plain names, as far as they can be had; to be freed. */
static char *path_plain(struct restore *restore, const char *path)
{
	char *plain = malloc(strlen(path) + 1), *copy = strdup(path);
	char *part, *rest = NULL, *to = plain;

	if (!plain || !copy)
		abort();
	*to = '\0';
	for (part = strtok_r(copy, "/", &rest); part;
	     part = strtok_r(NULL, "/", &rest)) {
		if (to != plain)
			*to++ = '/';
		libecryptfs_store_name(restore->offline->store, part, to);
		to += strlen(to);
	}
	free(copy);
	return plain;
}

/*
 * Opens what is @path below @dir.  A backup can be anybody's, so nothing in it leads
 * out of the directory, and no link does.
 */
static int below_open(int dir, const char *path, int flags)
{
	char part[NAME_MAX + 1];
	int at = dup(dir), next;
	const char *slash;
	size_t len;

	while (at >= 0) {
		slash = strchr(path, '/');
		len = slash ? (size_t)(slash - path) : strlen(path);
		if (!len || len > NAME_MAX) {
			close(at);
			return -EUCLEAN;
		}
		memcpy(part, path, len);
		part[len] = '\0';
		if (!strcmp(part, ".") || !strcmp(part, "..")) {
			close(at);
			return -EUCLEAN;
		}
		next = openat(at, part,
			      slash ? O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC :
				      flags | O_NOFOLLOW | O_CLOEXEC |
					      O_NONBLOCK | O_NOCTTY);
		if (next < 0)
			next = -errno;
		close(at);
		if (!slash || next < 0)
			return next;
		at = next;
		path = slash + 1;
	}
	return -errno;
}

/* Bytes at the place of the metadata of @entry, as they are now. */
static int present_read(struct restore *restore, int fd,
			const struct libecryptfs_headers_entry *entry,
			size_t region, size_t *len_ret)
{
	ssize_t n;

	if (entry->in_xattr) {
		n = fgetxattr(fd, EFMT_V1_XATTR, restore->now,
			      sizeof(restore->now));
		if (n < 0 && errno == ENODATA)
			n = 0;
	} else {
		n = pread(fd, restore->now, region, 0);
	}
	if (n < 0)
		return -errno;
	memset(restore->now + n, 0, sizeof(restore->now) - (size_t)n);
	*len_ret = (size_t)n;
	return 0;
}

/*
 * The size for a file that may have grown since: the extents that are there.  What is
 * behind the true end of the last one is padding.
 */
static uint64_t size_now(const struct efmt_v1_file *meta,
			 const struct libecryptfs_headers_entry *entry,
			 uint64_t lower_size)
{
	uint64_t need;

	if (lower_size == entry->lower_size ||
	    efmt_geometry_lower_size(&meta->geo, meta->header.plain_size, &need) ||
	    lower_size <= need)
		return meta->header.plain_size;
	return efmt_geometry_plain_size(&meta->geo, lower_size);
}

static int header_write(struct restore *restore, int fd,
			const struct libecryptfs_headers_entry *entry,
			size_t region)
{
	if (entry->in_xattr) {
		if (fsetxattr(fd, EFMT_V1_XATTR, restore->buf, region, 0))
			return -errno;
	} else {
		errno = 0;
		if (pwrite(fd, restore->buf, region, 0) != (ssize_t)region)
			return errno ? -errno : -EIO;
	}
	return fsync(fd) ? -errno : 0;
}

/* What was written is read as anybody would read it. */
static int header_check(struct restore *restore, int fd)
{
	struct libecryptfs_store_file file;
	int err = libecryptfs_store_open(restore->offline->store, fd, &file);

	libecryptfs_store_close(&file);
	return err == -ENOKEY && restore->offline->no_key ? 0 :
	       err == -EOPNOTSUPP || err == -ENOPKG	   ? 0 :
							     err;
}

static void tell(const struct restore *restore, const char *path,
		 const struct libecryptfs_headers_entry *entry, uint64_t size)
{
	bool done = restore->keep.dir;
	json_object *object;
	char *safe;

	if (restore->offline->opts.json) {
		object = json_object_new_object();
		json_text(object, "type", "restore");
		json_text(object, "path", path);
		json_object_object_add(object, "done",
				       json_object_new_boolean(done));
		json_object_object_add(object, "size",
				       json_object_new_uint64(size));
		json_object_object_add(object, "size_known",
				       json_object_new_boolean(size == entry->size));
		json_line(object);
		return;
	}
	safe = text_safe(path);
	printf("%s: put back the header, of %" PRIu64 " bytes%s: %s\n",
	       done ? "did" : "would", size,
	       size == entry->size ? "" :
				     " (it has grown since: zeros may follow its end)",
	       safe);
	free(safe);
}

/* A header that is lost, of the open file @fd. */
static void entry_restore(struct restore *restore, int fd, const char *path,
			  const struct libecryptfs_headers_entry *entry,
			  const struct efmt_v1_file *meta, uint64_t lower_size)
{
	uint64_t size = size_now(meta, entry, lower_size);
	size_t region = entry->len, len = 0;
	struct stat st;
	int err;

	if (!entry->in_xattr)
		region = meta->geo.data_start < sizeof(restore->buf) ?
				 (size_t)meta->geo.data_start :
				 sizeof(restore->buf);
	restore->found++;
	err = fstat(fd, &st) ? -errno :
			       present_read(restore, fd, entry, region, &len);
	efmt_v1_size_to(size, restore->buf);
	if (!err && restore->keep.dir)
		err = keep_copy(&restore->keep, entry->path, st.st_ino,
				restore->now, len);
	if (!err && restore->keep.dir)
		err = header_write(restore, fd, entry, region);
	if (!err && restore->keep.dir)
		err = header_check(restore, fd);
	if (err) {
		offline_damagef(restore->offline, path,
				"its header can't be put back: %s",
				err == -ENOKEY ? "it is of another key" :
						 strerror(-err));
		return;
	}
	restore->done += !!restore->keep.dir;
	tell(restore, path, entry, size);
}

/* Whether the header that is there is the one of the backup, but for its size. */
static bool is_same(struct restore *restore, int fd,
		    const struct libecryptfs_headers_entry *entry)
{
	size_t len;

	if (entry->len <= EFMT_V1_SIZE_BYTES ||
	    present_read(restore, fd, entry, entry->len, &len) || len < entry->len)
		return false;
	return !memcmp(restore->now + EFMT_V1_SIZE_BYTES,
		       restore->buf + EFMT_V1_SIZE_BYTES,
		       entry->len - EFMT_V1_SIZE_BYTES);
}

/* What there is at the place of the header decides. */
static void entry_look(struct restore *restore, int fd, const char *path,
		       const struct libecryptfs_headers_entry *entry,
		       const struct efmt_v1_file *meta)
{
	struct offline *offline = restore->offline;
	struct libecryptfs_store_file file;
	int err = libecryptfs_store_open(offline->store, fd, &file);
	bool there = file.meta.keys || file.meta.pubkeys;
	uint64_t lower_size = file.lower_size;
	bool empty = file.empty;

	libecryptfs_store_close(&file);
	if (err && err != -ENODATA && err != -EUCLEAN && !there) {
		offline_damage(offline, path, strerror(-err));
	} else if (there && is_same(restore, fd, entry)) {
		restore->intact++;
	} else if (there && !offline->force) {
		restore->others++;
		offline_note(offline, path,
			     "it has another header than in the backup, and keeps it: it is another file, or has another key now; --force puts the old one there");
	} else if (empty && (!lower_size || !offline->force)) {
		if (entry->size)
			offline_note(offline, path,
				     "it is empty now, or nothing but zeros: no header gives back what was in it");
		restore->intact++;
	} else {
		entry_restore(restore, fd, path, entry, meta, lower_size);
	}
}

/* @path is that of the file below @dir. */
static void entry_take(struct restore *restore, int dir, const char *path,
		       const struct libecryptfs_headers_entry *entry)
{
	struct offline *offline = restore->offline;
	struct efmt_v1_file meta;
	struct stat st;
	char *plain = path_plain(restore, entry->path);
	int fd;

	memset(restore->buf, 0, sizeof(restore->buf));
	memcpy(restore->buf, entry->bytes, entry->len);
	fd = below_open(dir, path, restore->keep.dir ? O_RDWR : O_RDONLY);
	if (efmt_v1_file_from(restore->buf,
			      entry->in_xattr ? entry->len :
						EFMT_V1_HEADER_SCAN,
			      entry->in_xattr, &meta) ||
	    (entry->in_xattr && entry->len > EFMT_V1_XATTR_MAX)) {
		offline_damage(offline, plain,
			       "what the backup has of it is no header");
	} else if (fd == -ENOENT) {
		restore->missing++;
		offline_note(offline, plain, "it is in the backup, and not there");
	} else if (fd < 0 || fstat(fd, &st)) {
		offline_damage(offline, plain, strerror(fd < 0 ? -fd : errno));
	} else if (!S_ISREG(st.st_mode)) {
		offline_damage(offline, plain, "it is no regular file now");
	} else {
		entry_look(restore, fd, plain, entry, &meta);
	}
	if (fd >= 0)
		close(fd);
	free(plain);
}

/* The path of an entry from the place on, which a place for its own name has; NULL. */
static const char *entry_match(struct place *place,
			       const struct libecryptfs_headers_entry *entry)
{
	const char *base = strrchr(entry->path, '/');
	size_t len = strlen(place->below);

	base = base ? base + 1 : entry->path;
	if (place->single && place->by_name)
		return strcmp(base, place->name) ? NULL : place->name;
	if (place->single)
		return strcmp(entry->path, place->below) ? NULL : place->name;
	if (!len)
		return entry->path;
	return !strncmp(entry->path, place->below, len) &&
			       entry->path[len] == '/' ?
		       entry->path + len + 1 :
		       NULL;
}

/* Calls @fn for what is wanted of the backup. */
static int each_entry(struct restore *restore, struct place *place,
		      void (*fn)(struct restore *restore, struct place *place,
				 const char *path,
				 const struct libecryptfs_headers_entry *entry))
{
	const struct libecryptfs_headers_entry *entry;
	const char *path;
	int err;

	rewind(restore->file);
	libecryptfs_headers_close(&restore->headers);
	err = libecryptfs_headers_open(&restore->headers, restore->file);
	while (!err || err == -EUCLEAN) {
		err = libecryptfs_headers_next(&restore->headers, &entry);
		path = err ? NULL : entry_match(place, entry);
		if (path)
			fn(restore, place, path, entry);
		else if (err == -EUCLEAN)
			offline_damage(restore->offline, restore->path,
				       "a line of it is damaged: the header in it is lost, and the others can be had");
	}
	if (err == -ENODATA)
		offline_damage(restore->offline, restore->path,
			       "it is not whole: lines are damaged or missing");
	return err == -ENOENT || err == -ENODATA ? 0 : err;
}

static void match_count(struct restore *restore, struct place *place,
			const char *path,
			const struct libecryptfs_headers_entry *entry)
{
	(void)restore;
	(void)path;
	place->matches++;
	place->same_inode += entry->inode == place->inode;
}

static void match_take(struct restore *restore, struct place *place,
		       const char *path,
		       const struct libecryptfs_headers_entry *entry)
{
	/* Of several with its name, it is the one with its inode. */
	if (place->single && place->matches > 1 &&
	    entry->inode != place->inode)
		return;
	entry_take(restore, place->fd, path, entry);
}

/* The path @real from the root of the backup on, if it is in there. */
static const char *below_root(const struct restore *restore, const char *real)
{
	const char *root = restore->headers.root;
	size_t len = strlen(root);

	if (len == 1)
		return real + 1;
	if (strncmp(real, root, len) || (real[len] && real[len] != '/'))
		return NULL;
	return real[len] ? real + len + 1 : real + len;
}

static int place_find(struct restore *restore, const char *operand,
		      struct place *ret)
{
	char real[PATH_MAX];
	const char *below;
	struct stat st;
	char *slash;

	*ret = (struct place){ .fd = -1 };
	if (!realpath(operand, real) || stat(real, &st))
		return fail(restore, operand, explain_other(-errno));
	below = below_root(restore, real);
	ret->single = !S_ISDIR(st.st_mode);
	ret->by_name = ret->single && !below;
	ret->inode = st.st_ino;
	if (below)
		snprintf(ret->below, sizeof(ret->below), "%s", below);
	if (ret->single) {
		slash = strrchr(real, '/');
		snprintf(ret->name, sizeof(ret->name), "%.*s", NAME_MAX,
			 slash + 1);
		slash[slash == real] = '\0';
	}
	ret->fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret->fd < 0 ? fail(restore, operand, explain_other(-errno)) :
			     CMD_OK;
}

static int restore_operand(struct restore *restore, const char *operand)
{
	unsigned int damaged = restore->offline->damaged;
	struct place place;
	int status, err;

	status = place_find(restore, operand, &place);
	if (status)
		return status;
	err = place.single ? each_entry(restore, &place, match_count) : 0;
	if (!err && place.single && !place.matches) {
		status = fail(restore, operand, (struct explanation){
			"there is no header of it in the backup", NULL });
	} else if (!err && place.matches > 1 && place.same_inode != 1) {
		status = fail(restore, operand, (struct explanation){
			"the backup has several files of that name, and it is not where one of them was",
			"the same with the directory that the backup is of" });
	} else if (!err) {
		/* What is wrong with the backup is counted once. */
		restore->offline->damaged = damaged;
		err = each_entry(restore, &place, match_take);
	}
	close(place.fd);
	return err ? fail(restore, restore->path, explain_other(err)) : status;
}

static int backup_open(struct restore *restore)
{
	int err;

	restore->file = fopen(restore->path, "re");
	if (!restore->file)
		return fail(restore, restore->path, explain_other(-errno));
	err = libecryptfs_headers_open(&restore->headers, restore->file);
	switch (err) {
	case 0:
		return CMD_OK;
	case -EUCLEAN:
		fail(restore, restore->path, (struct explanation){
			"it is no backup of headers, or its first line is damaged", NULL });
		return CMD_DAMAGED;
	case -EOPNOTSUPP:
		return fail(restore, restore->path, (struct explanation){
			"it is of a version that is not known", "use a newer version of ecryptfs" });
	default:
		return fail(restore, restore->path, explain_other(err));
	}
}

static void summary(const struct restore *restore)
{
	json_object *object;

	if (!restore->offline->opts.json) {
		printf("%u headers are in order, %u files have another one, %u are not there\n",
		       restore->intact, restore->others, restore->missing);
		if (restore->found && !restore->keep.dir)
			printf("%u headers would be put back; nothing was changed: --yes does it\n",
			       restore->found);
		else if (restore->found)
			printf("%u of %u headers were put back; what was there is in %s\n",
			       restore->done, restore->found,
			       explain_shown(restore->keep.dir));
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "summary");
	json_object_object_add(object, "lost",
			       json_object_new_int64(restore->found));
	json_object_object_add(object, "restored",
			       json_object_new_int64(restore->done));
	json_object_object_add(object, "intact",
			       json_object_new_int64(restore->intact));
	json_object_object_add(object, "other",
			       json_object_new_int64(restore->others));
	json_object_object_add(object, "missing",
			       json_object_new_int64(restore->missing));
	json_line(object);
}

int cmd_header_restore(const struct command *cmd, int argc, char **argv)
{
	struct restore *restore;
	struct offline offline;
	int status, i;

	if (!offline_parse(&offline, cmd, argc, argv, "ybf", 2, &status))
		return status;
	restore = calloc(1, sizeof(*restore));
	if (!restore)
		abort();
	restore->offline = &offline;
	restore->path = *offline.operand++;
	offline.operands--;
	offline_key_optional(&offline);
	status = offline.yes && offline_mounted(&offline, 0) ? CMD_BUSY :
							       CMD_OK;
	keep_init(&restore->keep, &offline, "ecryptfs-headers");
	if (!status)
		status = offline_open(&offline);
	if (!status)
		status = backup_open(restore);
	for (i = 0; !status && i < offline.operands; i++)
		status = restore_operand(restore, offline.operand[i]);
	if (!status)
		summary(restore);
	/* What was not put back is as lost as before. */
	offline.damaged += restore->found - restore->done;
	libecryptfs_headers_close(&restore->headers);
	if (restore->file)
		fclose(restore->file);
	keep_exit(&restore->keep);
	free(restore);
	return offline_end(&offline, status);
}
