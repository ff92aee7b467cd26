/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out which keys an encrypted directory needs.
 */
#ifndef ECRYPTFS_ADOPT_H
#define ECRYPTFS_ADOPT_H

#include "explain.h"
#include "lower.h"
#include "vault.h"

#define ADOPT_WHY 200

/* The result for a sample of a directory; zeroed at first. */
struct adopt {
	unsigned int files, names; /* numbers of encrypted ones */
	bool mounted; /* the directory shows decrypted files */
	/*
	 * Signatures of the first file and name.  The cipher is that of the
	 * last packet of the file.
	 */
	char sig[LIBECRYPTFS_SIG_CHARS], names_sig[LIBECRYPTFS_SIG_CHARS];
	char cipher[16];
	unsigned int key_bytes;
	/* The settings to look for, and whether they were found. */
	const struct libecryptfs_vault_settings *wanted;
	bool sig_found, names_sig_found;
	/*
	 * Numbers of files and names that have only other keys, and the first
	 * such key.
	 */
	unsigned int others, names_others;
	char other_sig[LIBECRYPTFS_SIG_CHARS], other_names_sig[LIBECRYPTFS_SIG_CHARS];
};

/*
 * Examines the files in @dir, looking for the signatures in @wanted.  Returns 0
 * or a negative errno.
 */
int adopt_survey(const char *dir,
		 const struct libecryptfs_vault_settings *wanted,
		 struct adopt *ret);

/*
 * Returns whether a vault with the settings @wanted opens what was found.  If
 * not, *ret says why.
 */
bool adopt_check(const struct adopt *adopt, char why[ADOPT_WHY],
		 struct explanation *ret);

#endif /* ECRYPTFS_ADOPT_H */
