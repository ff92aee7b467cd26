// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-mount-private and ecryptfs-umount-private: a user's private
 * directory, its keys, and the set-uid helper.  The exit codes are those of
 * ecryptfs-utils.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "mounts.h"
#include "private.h"

#define TRIES 3

/* Returns false if *status_ret is the exit status. */
static bool arguments_none(const struct command *cmd, int argc, char **argv,
			   int *status_ret)
{
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		command_help(cmd);
		*status_ret = CMD_OK;
		return false;
	}
	if (argc > 1) {
		command_usage_error(cmd, "unexpected argument");
		*status_ret = CMD_FAILED;
		return false;
	}
	return true;
}

static bool target_mounted(struct mount *ret)
{
	char target[PATH_MAX], path[PATH_MAX];

	return !private_target(target) && realpath(target, path) &&
	       mounts_find(path, 0, ret) && !strcmp(path, ret->upper);
}

/* Asks once.  Fails with -EBADMSG if the passphrase is wrong. */
static int unlock_once(const char *file, const struct private_sigs *wanted,
		       struct private_sigs *sigs_ret)
{
	struct libecryptfs_secmem wrapping;
	struct libecryptfs_text text;
	size_t len;
	int err;

	err = input_secret(private_has("wrapping-independent") ?
				   "Enter your wrapping passphrase: " :
				   "Enter your login passphrase: ",
			   stdout, &wrapping, &len, NULL);
	if (err)
		return err;
	text = (struct libecryptfs_text){ wrapping.sm_bytes, len };
	err = private_unlock(file, &text, wanted->count == 2, sigs_ret);
	libecryptfs_secmem_destroy(&wrapping);
	return err;
}

static int unlock(const struct command *cmd, const struct private_sigs *wanted)
{
	struct private_sigs sigs;
	char file[PATH_MAX];
	int err, i;

	err = libecryptfs_home_path(PRIVATE_WRAPPED, file, sizeof(file));
	for (i = 0; !err && i < TRIES; i++) {
		err = unlock_once(file, wanted, &sigs);
		if (err != -EBADMSG && err != -EINVAL)
			break;
		explain_print(cmd->program, file, explain_wrapped(err));
		if (i + 1 < TRIES)
			err = 0;
		else
			return CMD_FAILED;
	}
	if (err) {
		explain_print(cmd->program, file,
			      err == -ENODATA || err == -EILSEQ ?
				      explain_input(err) :
				      explain_wrapped(err));
		return CMD_FAILED;
	}
	if (!strcmp(sigs.sig[0], wanted->sig[0]))
		return CMD_OK;
	/* The helper will report that the key is missing. */
	fprintf(stderr,
		"%s: the wrapped passphrase gives the key %s, but ~/.ecryptfs/Private.sig names %s\n",
		cmd->program, sigs.sig[0], wanted->sig[0]);
	return CMD_FAILED;
}

int cmd_mount_private(const struct command *cmd, int argc, char **argv)
{
	struct private_sigs sigs;
	struct mount there;
	int status;

	if (!arguments_none(cmd, argc, argv, &status))
		return status;
	private_sigs_load("Private", &sigs);
	if (!sigs.count) {
		fprintf(stderr,
			"%s: there is no private directory: ~/.ecryptfs/Private.sig names no key\n  try: ecryptfs-setup-private\n",
			cmd->program);
		return CMD_FAILED;
	}
	/*
	 * This uses the user keyring, whether or not it is linked to this
	 * session.
	 */
	libecryptfs_keyring_apart();
	if (!target_mounted(&there) && !private_keys_there(&sigs)) {
		status = unlock(cmd, &sigs);
		if (status)
			return status;
	}
	if (private_helper(false, NULL, NULL))
		return CMD_FAILED;
	if (target_mounted(&there))
		printf("\nINFO: Your private directory has been mounted.\n"
		       "INFO: To see this change in your current shell:\n  cd %s\n\n",
		       there.upper);
	return CMD_OK;
}

int cmd_umount_private(const struct command *cmd, int argc, char **argv)
{
	struct private_sigs sigs;
	struct mount there = { 0 };
	bool was;
	int status;

	if (!arguments_none(cmd, argc, argv, &status))
		return status;
	private_sigs_load("Private", &sigs);
	was = target_mounted(&there);
	if (private_helper(true, NULL, NULL))
		return CMD_FAILED;
	private_keys_remove(&sigs);
	if (was)
		mounts_print_holders(&there, stderr);
	return CMD_OK;
}
