// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs cat: writes the plaintext of lower files to standard output, without
 * a mount.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "offline.h"

static int cat_file(void *arg, const struct tree_entry *entry)
{
	const struct copy_target target = { .fd = STDOUT_FILENO };
	struct libecryptfs_store_file file;
	struct offline *offline = arg;
	int fd = tree_open(entry, O_RDONLY);
	uint64_t bad = 0;
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
	err = copy_content(&file, 0, &target, offline->threads, NULL, &bad);
	if (err)
		explain_print(offline->cmd->program, "standard output",
			      explain_other(err));
	else if (bad)
		offline_damagef(offline, entry->path,
				"the disk did not return %llu bytes of it: the output has zeros in their place",
				(unsigned long long)bad);
	libecryptfs_store_close(&file);
	close(fd);
	return err ? CMD_FAILED : CMD_OK;
}

static int cat_enter(void *arg, const struct tree_entry *entry, bool *skip_ret)
{
	struct offline *offline = arg;

	explain_print(offline->cmd->program, entry->path,
		      (struct explanation){ "it is a directory",
					    "ecryptfs export LOWER DIR" });
	*skip_ret = true;
	return CMD_FAILED;
}

int cmd_cat(const struct command *cmd, int argc, char **argv)
{
	struct offline offline;
	const struct tree_visitor visitor = { .file = cat_file,
					      .enter = cat_enter,
					      .arg = &offline };
	int status, worst, i;

	if (!offline_parse(&offline, cmd, argc, argv, "t", 1, &status))
		return status;
	worst = offline_open(&offline);
	for (i = 0; !worst && i < offline.operands; i++)
		worst = tree_walk(&offline, offline.operand[i], &visitor);
	return offline_end(&offline, worst);
}
