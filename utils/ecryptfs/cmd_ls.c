// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs ls: lists the plain names in a lower directory, without a mount.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline.h"

struct listing {
	struct offline *offline;
	unsigned int depth;
};

/* Returns the plain size, or -1 if the metadata can't be read. */
static int64_t plain_size(struct listing *listing,
			  const struct tree_entry *entry)
{
	struct offline *offline = listing->offline;
	struct libecryptfs_store_file file;
	int fd = tree_open(entry, O_RDONLY);
	int64_t size = -1;
	int err;

	if (fd < 0) {
		offline_damage(offline, entry->path, strerror(-fd));
		return -1;
	}
	err = libecryptfs_store_open(offline->store, fd, &file);
	if (!err || file.recorded || file.meta.keys)
		size = (int64_t)file.recorded;
	if (err && (err != -ENOKEY || !offline->no_key))
		offline_explain_open(offline, entry->path, &file, err);
	if (!err)
		libecryptfs_store_close(&file);
	close(fd);
	return size;
}

static void put(struct listing *listing, const struct tree_entry *entry,
		int64_t size, const char *target)
{
	const struct offline *offline = listing->offline;
	char *name = text_safe(offline->recursive ? entry->path : entry->name);
	char *to = target ? text_safe(target) : NULL;
	char *lower = text_safe(strrchr(entry->lower, '/') ?
					strrchr(entry->lower, '/') + 1 :
					entry->lower);
	const char type = S_ISDIR(entry->st.st_mode) ? 'd' : target ? 'l' : 'f';
	char when[24] = "";
	struct tm tm;

	if (localtime_r(&entry->st.st_mtime, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	if (!offline->list_long)
		printf("%s\n", name);
	else if (size < 0)
		printf("%c %04o %14s %s %s%s%s  (%s)\n", type,
		       entry->st.st_mode & 07777, "-", when, name,
		       to ? " -> " : "", to ? to : "", lower);
	else
		printf("%c %04o %14" PRId64 " %s %s%s%s  (%s)\n", type,
		       entry->st.st_mode & 07777, size, when, name,
		       to ? " -> " : "", to ? to : "", lower);
	free(lower);
	free(to);
	free(name);
}

static void put_json(const struct tree_entry *entry, int64_t size,
		     const char *target)
{
	json_object *object = json_object_new_object();

	json_text(object, "type",
		  S_ISDIR(entry->st.st_mode) ? "directory" :
		  target		     ? "link" :
					       "file");
	json_text(object, "path", entry->path);
	json_text(object, "lower", strrchr(entry->lower, '/') ?
					   strrchr(entry->lower, '/') + 1 :
					   entry->lower);
	if (target)
		json_text(object, "target", target);
	if (size >= 0)
		json_object_object_add(object, "size",
				       json_object_new_int64(size));
	json_line(object);
}

static void list(struct listing *listing, const struct tree_entry *entry,
		 int64_t size, const char *target)
{
	if (listing->offline->opts.json)
		put_json(entry, size, target);
	else
		put(listing, entry, size, target);
}

static int list_file(void *arg, const struct tree_entry *entry)
{
	struct listing *listing = arg;
	int64_t size = -1;

	if (listing->offline->list_long || listing->offline->opts.json)
		size = plain_size(listing, entry);
	list(listing, entry, size, NULL);
	return CMD_OK;
}

static int list_link(void *arg, const struct tree_entry *entry,
		     const char *target)
{
	list(arg, entry, -1, target);
	return CMD_OK;
}

static int list_enter(void *arg, const struct tree_entry *entry, bool *skip_ret)
{
	struct listing *listing = arg;

	if (listing->depth)
		list(listing, entry, -1, NULL);
	*skip_ret = listing->depth && !listing->offline->recursive;
	if (!*skip_ret)
		listing->depth++;
	return CMD_OK;
}

static int list_leave(void *arg, const struct tree_entry *entry)
{
	(void)entry;
	((struct listing *)arg)->depth--;
	return CMD_OK;
}

int cmd_ls(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	struct listing listing = { .offline = &offline };
	const struct tree_visitor visitor = { .file = list_file,
					      .link = list_link,
					      .enter = list_enter,
					      .leave = list_leave,
					      .arg = &listing };
	int status, worst, i;

	if (!offline_parse(&offline, cmd, argc, argv, "lR", 1, &status))
		return status;
	worst = offline_open(&offline);
	for (i = 0; !worst && i < offline.operands; i++) {
		status = tree_walk(&offline, offline.operand[i], &visitor);
		worst = status ? status : worst;
	}
	return offline_end(&offline, worst);
}
