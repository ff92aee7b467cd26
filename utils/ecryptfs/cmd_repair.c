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

#include "keep.h"
#include "offline.h"

struct repair {
	struct offline *offline;
	struct keep keep;
	unsigned int found, done;
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
		err = keep_copy(&repair->keep, entry->lower,
				entry->st.st_ino, buf, len);
	return err ? err : size_commit(file, buf, len);
}

static void tell(struct repair *repair, const char *path,
		 const struct libecryptfs_store_file *file)
{
	const char *verb = repair->keep.dir ? "did" : "would";
	json_object *object;
	char *safe;

	if (repair->offline->opts.json) {
		object = json_object_new_object();
		json_text(object, "type", "repair");
		json_text(object, "path", path);
		json_object_object_add(object, "done",
				       json_object_new_boolean(!!repair->keep.dir));
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
	int fd = tree_open(entry, repair->keep.dir ? O_RDWR : O_RDONLY);
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
		if (repair->keep.dir)
			err = change(repair, entry, &file);
		if (err) {
			offline_damagef(offline, entry->path,
					"it cannot be repaired: %s",
					strerror(-err));
		} else {
			tell(repair, entry->path, &file);
			repair->done += !!repair->keep.dir;
		}
	}
	libecryptfs_store_close(&file);
	close(fd);
	return CMD_OK;
}

static void summary(const struct repair *repair)
{
	if (repair->offline->opts.json)
		return;
	if (!repair->found)
		printf("Nothing that can be repaired was found\n");
	else if (!repair->keep.dir)
		printf("%u files would be changed, but nothing was done; --yes does it\n",
		       repair->found);
	else
		printf("%u of %u files were changed; their old metadata are in %s\n",
		       repair->done, repair->found, repair->keep.dir);
}

int cmd_repair(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct repair repair = { .offline = &offline };
	const struct tree_visitor visitor = { .file = repair_file,
					      .arg = &repair };
	int status, i;

	if (!offline_parse(&offline, cmd, argc, argv, "yb", 1, &status))
		return status;
	if (offline.yes && offline_mounted(&offline, 0))
		return CMD_BUSY;
	keep_init(&repair.keep, &offline, "ecryptfs-repair");
	status = offline_open(&offline);
	for (i = 0; !status && i < offline.operands; i++)
		status = tree_walk(&offline, offline.operand[i], &visitor);
	if (!status)
		summary(&repair);
	/* Files that were not changed are as damaged as before. */
	offline.damaged += repair.found - repair.done;
	keep_exit(&repair.keep);
	return offline_end(&offline, status);
}
