/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a vault that has been opened is the one that belongs to its directory.
 */
#ifndef ECRYPTFS_TRUST_H
#define ECRYPTFS_TRUST_H

#include "vault.h"

/* All that is looked at; the texts are the caller's. */
struct trust {
	const char *program; /* for messages */
	const char *dir; /* as realpath(3) has it */
	const char *vault; /* its path */
	const struct libecryptfs_vault_settings *settings; /* verified */
	/* What opened it is known only to whom the user told it. */
	bool by_secret;
	bool anybody; /* is at the terminal to be asked */
	const char *accept; /* the signature that the user says it is, or NULL */
};

/*
 * True: it is known; or it is now, because its files have its key, a secret vouches
 * for it where there are no files yet, or the user does.  False: what is wrong has
 * been told, and the vault is not to be used.
 */
bool trust_check(const struct trust *trust);
/* Of a vault that was just made. */
void trust_remember(const struct trust *trust);

#endif /* ECRYPTFS_TRUST_H */
