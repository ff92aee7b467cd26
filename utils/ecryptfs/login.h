/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a login opens, mounts and leaves, for cmd_login.c: the private directory and
 * the vaults that were added.  Returned is an exit status; why is said on standard
 * error, which PAM writes to the system's log.
 */
#ifndef ECRYPTFS_LOGIN_H
#define ECRYPTFS_LOGIN_H

#include "cmd.h"

struct login {
	const struct command *cmd;
	struct libecryptfs_text password;
	struct libecryptfs_text new_password;
	bool unlocked; /* what was unlocked by hand is opened, too */
};

/* login_private.c */

/* Whether an unlocking may find something to do; cheap, without a password. */
bool login_private_wanted(void);
int login_private_unlock(const struct login *login);
int login_private_change(const struct login *login);
/* Whether it belongs to a login, and to its end. */
bool login_private_opens(void);
bool login_private_closes(void);

/* login_vault.c: each for all ~/.ecryptfs/NAME.conf that have a vault */

bool login_vaults_wanted(void);
int login_vaults_unlock(const struct login *login);
int login_vaults_change(const struct login *login);
/* Calls @fn with each NAME. */
int login_vaults_each(const struct login *login,
		      int (*fn)(const struct login *login, const char *name));
int login_vault_add(const struct login *login, const char *dir,
		    const char *target);
/*
 * Whether what was added says what the vault says, which is verified by the key in
 * the keyring.  What was added was read when nobody had opened the vault.
 */
int login_vault_agrees(const struct login *login, const char *name);
int login_vault_remove(const struct login *login, const char *name);

#endif /* ECRYPTFS_LOGIN_H */
