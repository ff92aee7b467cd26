// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs verify: reads a lower tree like a mount, and lists what can't be
 * read.  Nothing is written.  Format 1 has no integrity protection, so changed
 * contents are not noticed; errors in headers, names and lengths, and errors of
 * the disk are.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "offline.h"

struct checking {
	struct offline *offline;
	uint64_t files, bytes, dirs, links;
};

static int check_file(void *arg, const struct tree_entry *entry)
{
	struct checking *checking = arg;
	struct offline *offline = checking->offline;
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, O_RDONLY);
	uint64_t bad = 0;
	int err;

	checking->files++;
	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return CMD_OK;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (err && (err != -ENOKEY || !offline->no_key))
		offline_explain_open(offline, entry->path, &file, err);
	if (!err || err == -ENOKEY)
		offline_explain_sizes(offline, entry->path, &file);
	checking->bytes += file.recorded;
	if (!err && !offline->quick) {
		err = copy_content(&file, 0, NULL, offline->threads,
				   &offline->progress, &bad);
		if (err)
			offline_damagef(offline, entry->path, "it could not be read to its end: %s",
					strerror(-err));
	}
	if (bad)
		offline_damagef(offline, entry->path, "the disk does not return %" PRIu64 " bytes of it; ecryptfs export recovers the others",
				bad);
	offline->progress.files++;
	libecryptfs_store_close(&file);
	close(fd);
	return CMD_OK;
}

static int check_link(void *arg, const struct tree_entry *entry,
		      const char *target)
{
	(void)entry;
	(void)target;
	((struct checking *)arg)->links++;
	return CMD_OK;
}

static int check_enter(void *arg, const struct tree_entry *entry, bool *skip_ret)
{
	(void)entry;
	(void)skip_ret;
	((struct checking *)arg)->dirs++;
	return CMD_OK;
}

static void summary(const struct checking *checking)
{
	const struct offline *offline = checking->offline;
	json_object *object;

	if (!offline->opts.json) {
		printf("%" PRIu64 " files of %" PRIu64 " bytes, %" PRIu64 " directories, %" PRIu64 " links: %u damaged, %u notes\n",
		       checking->files, checking->bytes, checking->dirs,
		       checking->links, offline->damaged, offline->notes);
		return;
	}
	object = json_object_new_object();
	json_text(object, "type", "summary");
	json_object_object_add(object, "files",
			       json_object_new_uint64(checking->files));
	json_object_object_add(object, "bytes",
			       json_object_new_uint64(checking->bytes));
	json_object_object_add(object, "damaged",
			       json_object_new_uint64(offline->damaged));
	json_object_object_add(object, "notes",
			       json_object_new_uint64(offline->notes));
	json_line(object);
}

int cmd_check(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct checking checking = { .offline = &offline };
	const struct tree_visitor visitor = { .file = check_file,
					      .link = check_link,
					      .enter = check_enter,
					      .arg = &checking };
	int status, i;

	if (!offline_parse(&offline, cmd, argc, argv, "qt", 1, &status))
		return status;
	status = offline_open(&offline);
	if (!status)
		progress_start(&offline.progress, offline.opts.json,
			       offline.quick ? 0 : tree_bytes(&offline));
	for (i = 0; !status && i < offline.operands; i++)
		status = tree_walk(&offline, offline.operand[i], &visitor);
	progress_clear(&offline.progress);
	if (!status)
		summary(&checking);
	return offline_end(&offline, status);
}
