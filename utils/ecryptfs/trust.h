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
	/*
	 * As the user gave it.  Whoever serves the files decides where a link in it
	 * leads to, so a name on the way that is known counts as well.
	 */
	const char *said;
	const char *vault; /* its path */
	const struct libecryptfs_vault_settings *settings; /* verified */
	/* What opened it is known only to whom the user told it. */
	bool by_secret;
	bool anybody; /* is at the terminal to be asked */
	const char *accept; /* the signature that the user says it is, or NULL */
};

/*
 * True: it is known; or it is now, because a secret vouches for it or the user does.
 * Files vouch for nothing, as whoever exchanges a vault can put them there, too; but
 * where they have other keys only, the vault is not theirs.  False: what is wrong
 * has been told, and the vault is not to be used.
 */
bool trust_check(const struct trust *trust);
/* Of a vault that was just made.  False: that could not be kept, which was told. */
bool trust_remember(const struct trust *trust);

/* Whether @dir, or what the user gave as @said, is known, and with which key. */
bool trust_known(const char *dir, const char *said,
		 char sig_ret[LIBECRYPTFS_SIG_CHARS]);

#endif /* ECRYPTFS_TRUST_H */
