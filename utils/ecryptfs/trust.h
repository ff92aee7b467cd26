/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether a vault that was opened belongs to its directory.
 */
#ifndef ECRYPTFS_TRUST_H
#define ECRYPTFS_TRUST_H

#include "vault.h"

/* Everything that the decision depends on.  The texts belong to the caller. */
struct trust {
	const char *program; /* for messages */
	const char *dir; /* as realpath(3) has it */
	/*
	 * The directory as the user gave it.  The operator of a file server
	 * decides where a link in it leads, so every known name on the way
	 * counts as well.
	 */
	const char *said;
	const char *vault; /* path of the vault */
	const struct libecryptfs_vault_settings *settings; /* verified settings of the vault */
	/*
	 * The secret that opened it is known only to people whom the user has
	 * told it.
	 */
	bool by_secret;
	bool anybody; /* a user is present at the terminal */
	const char *accept; /* the signature that the user accepts, or NULL */
};

/*
 * Returns true if the vault is known, or if it is from now on, because it was
 * opened by a secret or the user accepts it.  Files prove nothing, because an
 * attacker who replaces the vault can add them as well; but if they have only
 * other keys, it is not their vault.  Returns false if the vault must not be
 * used, after it has explained why.
 */
bool trust_check(const struct trust *trust);
/*
 * Remembers a vault that was just made.  Returns false, with an explanation, if
 * that failed.
 */
bool trust_remember(const struct trust *trust);

/*
 * Returns whether @dir, or what the user gave as @said, is known, and its key.
 */
bool trust_known(const char *dir, const char *said,
		 char sig_ret[LIBECRYPTFS_SIG_CHARS]);

#endif /* ECRYPTFS_TRUST_H */
