/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a login opens, mounts and leaves, for cmd_login.c: the private directory
 * and the vaults that were added.  The functions return an exit status.  They
 * explain failures on standard error, which PAM writes to the system log.
 */
#ifndef ECRYPTFS_LOGIN_H
#define ECRYPTFS_LOGIN_H

#include "cmd.h"

struct login {
	const struct command *cmd;
	struct libecryptfs_text password;
	struct libecryptfs_text new_password;
	bool unlocked; /* include directories that were unlocked by hand */
};

/* login_private.c */

/*
 * Returns whether unlocking may have something to do.  It is cheap and needs no
 * password.
 */
bool login_private_wanted(void);
int login_private_unlock(const struct login *login);
int login_private_change(const struct login *login);
/* Returns whether it is opened by a login, or locked by its end. */
bool login_private_opens(void);
bool login_private_closes(void);

/* login_vault.c: each works on all ~/.ecryptfs/NAME.conf that have a vault */

bool login_vaults_wanted(void);
int login_vaults_unlock(const struct login *login);
int login_vaults_change(const struct login *login);
/* Calls @fn with each NAME. */
int login_vaults_each(const struct login *login,
		      int (*fn)(const struct login *login, const char *name));
int login_vault_add(const struct login *login, const char *dir,
		    const char *target);
/*
 * Checks that the files that were added agree with the vault, which is verified
 * with the key in the keyring.  They were read before the vault was open.
 */
int login_vault_agrees(const struct login *login, const char *name);
int login_vault_remove(const struct login *login, const char *name);

#endif /* ECRYPTFS_LOGIN_H */
