/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Laying out a private directory, for cmd_setup_private.c.  Everything returns
 * false after it has said why.
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
	struct secret login; /* wraps the other; empty with --bootstrap: none */
	struct secret mount;
	char source[PATH_MAX];
	char target[PATH_MAX];
	struct private_sigs sigs;
};

bool setup_fail(const struct setup *setup, const char *what, int err);

/* Root's part of --bootstrap: /home/.ecryptfs/USER, and the parked passphrase. */
bool setup_bootstrap(struct setup *setup);
/* Nothing is in the way. */
bool setup_check(struct setup *setup);
/* Directories, files in ~/.ecryptfs and keys. */
bool setup_files(struct setup *setup);
/* Mounts, writes, unmounts, mounts, reads; unmounted again afterwards. */
bool setup_try(struct setup *setup);
/* With --bootstrap. */
bool setup_leave_mounted(struct setup *setup);

#endif /* ECRYPTFS_SETUP_H */
