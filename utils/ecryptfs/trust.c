// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trust on first use, with a look at the files.  A slot of gpg, tpm2 or pkey can be
 * made by whoever has the public key or the machine, so that such a slot opens
 * says nothing about who made the vault; what is encrypted with its key would be
 * that one's to read.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "adopt.h"
#include "known.h"
#include "trust.h"

static void refuse(const struct trust *trust)
{
	fprintf(stderr,
		"  try: a backup copy of the vault; if the other key is meant: ecryptfs unlock --accept %s %s\n",
		trust->settings->sig, explain_shown(trust->dir));
}

static void list_fail(const struct trust *trust, int err)
{
	char path[PATH_MAX] = "known-vaults";

	libecryptfs_known_path(path, sizeof(path));
	fprintf(stderr, "%s: %s: %s\n", trust->program, explain_shown(path),
		err == -EPERM ? "it is another user's, or others can write to it" :
				strerror(-err));
}

void trust_remember(const struct trust *trust)
{
	int err = libecryptfs_known_put(trust->dir, trust->settings->sig);

	if (!err)
		return;
	list_fail(trust, err);
	fprintf(stderr, "%s: the key of %s is not remembered: that its vault is exchanged would not be noticed\n",
		trust->program, explain_shown(trust->dir));
}

static bool accept(const struct trust *trust)
{
	if (!strcmp(trust->accept, trust->settings->sig)) {
		trust_remember(trust);
		return true;
	}
	fprintf(stderr, "%s: %s: it gives the key %s, and not %s\n",
		trust->program, explain_shown(trust->vault),
		trust->settings->sig, trust->accept);
	return false;
}

/* On a terminal, where neither a list nor a file knows better. */
static bool ask(const struct trust *trust)
{
	char line[16];

	fprintf(stderr,
		"%s: %s: nothing tells whether its key %s is that of %s:\nno file is there that has it, and no secret opened it.\n",
		trust->program, explain_shown(trust->vault),
		trust->settings->sig, explain_shown(trust->dir));
	if (!trust->anybody) {
		fprintf(stderr,
			"  try: once, if it is: ecryptfs unlock --accept %s %s\n",
			trust->settings->sig, explain_shown(trust->dir));
		return false;
	}
	fputs("Use and remember it? (yes/no): ", stderr);
	if (!fgets(line, sizeof(line), stdin) || strcmp(line, "yes\n"))
		return false;
	trust_remember(trust);
	return true;
}

/* Of one that is not known. */
static bool files_ask(const struct trust *trust)
{
	struct adopt found;
	bool other, own;

	if (adopt_survey(trust->dir, trust->settings, &found))
		found = (struct adopt){ 0 };
	other = found.others || found.names_others;
	own = found.sig_found || found.names_sig_found;
	/* Several keys are possible, and so is a file that somebody put there. */
	if (other && !(own && trust->by_secret)) {
		fprintf(stderr,
			"%s: %s: files in %s need the key %s, and this vault gives %s\n",
			trust->program, explain_shown(trust->vault),
			explain_shown(trust->dir),
			found.others ? found.other_sig : found.other_names_sig,
			found.others ? trust->settings->sig :
				       trust->settings->fnek_sig);
		refuse(trust);
		return false;
	}
	if (!own && !trust->by_secret)
		return ask(trust);
	trust_remember(trust);
	return true;
}

bool trust_check(const struct trust *trust)
{
	char known[LIBECRYPTFS_SIG_CHARS];
	int err;

	if (trust->accept)
		return accept(trust);
	err = libecryptfs_known_find(trust->dir, known);
	if (err == -ENOENT || err == -ENODATA)
		return files_ask(trust);
	if (err) {
		list_fail(trust, err);
		return false;
	}
	if (!strcmp(known, trust->settings->sig))
		return true;
	fprintf(stderr,
		"%s: %s: the vault of %s gave the key %s before, and this one gives %s: it was exchanged\n",
		trust->program, explain_shown(trust->vault),
		explain_shown(trust->dir), known, trust->settings->sig);
	refuse(trust);
	return false;
}
