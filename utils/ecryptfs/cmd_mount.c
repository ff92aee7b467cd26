// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs mount: mounts a lower directory with its vault, which is opened
 * first if its keys are not in the keyring.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "explain.h"
#include "mount_user.h"
#include "vault_use.h"

#define DATA_BYTES 4096 /* the most that mount(2) takes */
#define NOSYMFOLLOW 256 /* MS_NOSYMFOLLOW, which older headers do not have */

static const struct {
	const char *name;
	unsigned long set, clear;
} generic[] = {
	{ "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 },
	{ "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },
	{ "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 },
	{ "exec", 0, MS_NOEXEC },
	{ "noatime", MS_NOATIME, 0 },
	{ "relatime", MS_RELATIME, 0 },
	{ "sync", MS_SYNCHRONOUS, 0 },
	{ "async", 0, MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "atime", 0, MS_NOATIME },
	{ "strictatime", MS_STRICTATIME, MS_NOATIME | MS_RELATIME },
	{ "nodiratime", MS_NODIRATIME, 0 },
	{ "diratime", 0, MS_NODIRATIME },
	{ "nosymfollow", NOSYMFOLLOW, 0 },
	{ "symfollow", 0, NOSYMFOLLOW },
	{ "defaults", 0, 0 },
};

/* Puts generic options into @flags, and appends others to @data. */
static int options_sort(const char *options, unsigned long *flags, char *data)
{
	size_t used = strlen(data), len, i;

	for (; options && *options; options += len + (options[len] == ',')) {
		len = strcspn(options, ",");
		for (i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
			if (strlen(generic[i].name) == len &&
			    !strncmp(generic[i].name, options, len))
				break;
		if (i < sizeof(generic) / sizeof(generic[0])) {
			*flags = (*flags | generic[i].set) & ~generic[i].clear;
		} else if (len) {
			if (used + len + 2 > DATA_BYTES)
				return -E2BIG;
			data[used++] = ',';
			memcpy(data + used, options, len);
			used += len;
			data[used] = '\0';
		}
	}
	return 0;
}

static int mount_call(const struct vault_use *use, const char *target)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;
	/* Flags that a mount of a user's files should have by default. */
	unsigned long flags = MS_NOSUID | MS_NODEV;
	char data[DATA_BYTES];
	int err;

	snprintf(data, sizeof(data),
		 "ecryptfs_sig=%s,ecryptfs_cipher=%s,ecryptfs_key_bytes=%u,ecryptfs_unlink_sigs%s%s",
		 settings->sig, settings->cipher, settings->key_bytes,
		 settings->names ? ",ecryptfs_fnek_sig=" : "",
		 settings->names ? settings->fnek_sig : "");
	err = options_sort(use->opts->mount_options, &flags, data);
	if (err)
		return err;
	return mount(use->dir, target, "ecryptfs", flags, data) ? -errno : 0;
}

static int keys_get(struct vault_use *use)
{
	int status;

	/*
	 * The keys may be from an earlier unlock and not linked to this
	 * session.
	 */
	if (libecryptfs_keyring_find(use->settings.sig))
		libecryptfs_keyring_link();
	if (vault_use_opened(use, &status))
		return status;
	status = vault_use_open(use);
	return status ? status : vault_use_keys_add(use);
}

static int mount_on(struct vault_use *use, const char *target)
{
	unsigned int features;
	struct mount there;
	unsigned int i;
	int status;
	int err;

	for (i = 0; mounts_find(use->dir, i, &there); i++)
		if (!strcmp(there.lower, use->dir) &&
		    !strcmp(there.upper, target)) {
			printf("%s is already mounted on %s\n",
			       explain_shown(use->dir), explain_shown(target));
			if (!use->opts->mount_options)
				return CMD_OK;
			fprintf(stderr,
				"%s: --options do not apply to an existing mount\n  try: mount -o remount with them, as root; or ecryptfs umount first\n",
				use->cmd->program);
			return CMD_FAILED;
		}
	err = libecryptfs_kernel_load(&features);
	/* The helper loads the module if the caller can't. */
	if (err && geteuid()) {
		features = LIBECRYPTFS_KERNEL_NAMES;
		err = 0;
	}
	if (err || (use->settings.names &&
		    !(features & LIBECRYPTFS_KERNEL_NAMES))) {
		explain_print(use->cmd->program, use->dir,
			      err ? explain_mount(err) : explain_kernel(0));
		return CMD_FAILED;
	}
	status = keys_get(use);
	if (status)
		return status;
	err = mount_call(use, target);
	if (err == -EPERM && geteuid()) {
		status = mount_user(use, target);
		if (status)
			return status;
	} else if (err) {
		explain_print(use->cmd->program, target, explain_mount(err));
		return CMD_FAILED;
	}
	printf("Mounted %s on %s\n", explain_shown(use->dir),
	       explain_shown(target));
	return CMD_OK;
}

int cmd_mount(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	char target[PATH_MAX];
	struct options opts;
	int status;

	if (!options_parse(cmd, argc, argv, OPTIONS_OPEN "o", 1, 2, &opts,
			   &status))
		return status;
	if (!realpath(opts.operand[opts.operands - 1], target)) {
		explain_print(cmd->program, opts.operand[opts.operands - 1],
			      explain_other(-errno));
		return CMD_FAILED;
	}
	status = vault_use_load(&use, cmd, &opts);
	if (!status)
		status = mount_on(&use, target);
	vault_use_end(&use);
	return status;
}
