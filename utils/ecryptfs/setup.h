/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets up a private directory, for cmd_setup_private.c.  All functions return
 * false after they have explained a failure.
 */
#ifndef ECRYPTFS_SETUP_H
#define ECRYPTFS_SETUP_H

#include <pwd.h>

#include "private.h"

struct secret {
	struct libecryptfs_secmem mem;
	size_t len;
};

struct setup {
	const struct command *cmd;
	const struct passwd *user;
	bool force, wrapping, plain_names, no_check, no_auto_mount;
	bool no_auto_umount, bootstrap, undo;
	const char *user_name;
	struct secret login; /* wraps the other; empty if there is none with --bootstrap */
	struct secret mount;
	char source[PATH_MAX];
	char target[PATH_MAX];
	struct private_sigs sigs;
};

bool setup_fail(const struct setup *setup, const char *what, int err);

/*
 * The part of --bootstrap that root does: /home/.ecryptfs/USER, and the
 * passphrase that waits for a password.
 */
bool setup_bootstrap(struct setup *setup);
/* Checks that there are no obstacles. */
bool setup_check(struct setup *setup);
/* Makes the directories, the files in ~/.ecryptfs, and the keys. */
bool setup_files(struct setup *setup);
/*
 * Tests the directory: mounts, writes, unmounts, mounts, reads, and unmounts
 * again.
 */
bool setup_try(struct setup *setup);
/* Used with --bootstrap. */
bool setup_leave_mounted(struct setup *setup);

#endif /* ECRYPTFS_SETUP_H */
