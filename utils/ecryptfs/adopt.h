/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an encrypted directory says of its keys.
 */
#ifndef ECRYPTFS_ADOPT_H
#define ECRYPTFS_ADOPT_H

#include "explain.h"
#include "lower.h"
#include "vault.h"

#define ADOPT_WHY 200

/* Of a sample of a directory; zeroed at first. */
struct adopt {
	unsigned int files, names; /* that are encrypted */
	bool mounted; /* it is the decrypted view */
	/* Of the first of each; the files' last packet has their cipher. */
	char sig[LIBECRYPTFS_SIG_CHARS], names_sig[LIBECRYPTFS_SIG_CHARS];
	char cipher[16];
	unsigned int key_bytes;
	/* What is looked for, and whether it was found. */
	const struct libecryptfs_vault_settings *wanted;
	bool sig_found, names_sig_found;
	/* That have other keys only, and the first such key. */
	unsigned int others, names_others;
	char other_sig[LIBECRYPTFS_SIG_CHARS], other_names_sig[LIBECRYPTFS_SIG_CHARS];
};

/* Looks at what is below @dir, for the signatures in @wanted.  -errno. */
int adopt_survey(const char *dir,
		 const struct libecryptfs_vault_settings *wanted,
		 struct adopt *ret);

/* Whether a vault of @wanted opens what was seen; else *ret says why not. */
bool adopt_check(const struct adopt *adopt, char why[ADOPT_WHY],
		 struct explanation *ret);

#endif /* ECRYPTFS_ADOPT_H */
