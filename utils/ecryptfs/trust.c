// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trust on first use, with a check of the files.  A gpg, tpm2 or pkey slot can
 * be made by anyone who has the public key or access to the machine.  So the
 * fact that such a slot opens does not show who made the vault, and that person
 * could read whatever is encrypted with its key.  Files prove nothing either:
 * their signatures are in the clear, and a file with any key is quickly made.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "adopt.h"
#include "known.h"
#include "spelling.h"
#include "trust.h"

/*
 * No command is suggested, because an attacker who replaced the vault would
 * have chosen what is in it.
 */
static void refuse(void)
{
	fputs("  try: a backup copy of the vault; or --accept, see ecryptfs(1), if the directory was made again\n",
	      stderr);
}

static void list_fail(const struct trust *trust, int err)
{
	char path[PATH_MAX] = "known-vaults";

	libecryptfs_known_path(path, sizeof(path));
	fprintf(stderr, "%s: %s: %s\n", trust->program, explain_shown(path),
		err == -EPERM ? "it belongs to another user, or other users can write to it" :
				strerror(-err));
}

/* The entries for the names of a directory in the list. */
struct names {
	const struct trust *trust;
	bool same; /* a name is known with this key */
	char other[LIBECRYPTFS_SIG_CHARS]; /* another key with which a name is known, or empty */
	char other_name[PATH_MAX];
	int err;
};

static bool name_look(const char *name, void *data)
{
	char known[LIBECRYPTFS_SIG_CHARS];
	struct names *names = data;
	int err;

	err = libecryptfs_known_find(name, known);
	if (err == -ENOENT || err == -ENODATA)
		return false;
	names->err = err;
	if (err)
		return true;
	if (!strcmp(known, names->trust->settings->sig)) {
		names->same = true;
		return false;
	}
	memcpy(names->other, known, sizeof(known));
	snprintf(names->other_name, sizeof(names->other_name), "%s", name);
	return true;
}

static bool known_find(const char *name, void *data)
{
	return !libecryptfs_known_find(name, data);
}

bool trust_known(const char *dir, const char *said,
		 char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	return known_find(dir, sig_ret) ||
	       libecryptfs_spelling_each(said, known_find, sig_ret);
}

static int names_look(const struct trust *trust, struct names *ret)
{
	*ret = (struct names){ .trust = trust };
	if (!name_look(trust->dir, ret))
		libecryptfs_spelling_each(trust->said, name_look, ret);
	return ret->err;
}

/*
 * Every name with another key gets this key; otherwise the next use would be
 * refused.
 */
static int names_put(const struct trust *trust)
{
	const char *sig = trust->settings->sig;
	struct names names;
	int err;

	err = libecryptfs_known_put(trust->dir, sig);
	while (!err) {
		err = names_look(trust, &names);
		if (err || !*names.other)
			break;
		err = libecryptfs_known_put(names.other_name, sig);
	}
	return err;
}

bool trust_remember(const struct trust *trust)
{
	int err = names_put(trust);

	if (!err)
		return true;
	list_fail(trust, err);
	fprintf(stderr, "%s: the key of %s cannot be remembered, so a replaced vault would not be noticed\n",
		trust->program, explain_shown(trust->dir));
	return false;
}

/*
 * If the key can't be remembered, the vault is accepted only if a secret has
 * proved it.
 */
static bool take(const struct trust *trust)
{
	return trust_remember(trust) || trust->by_secret;
}

/* Asks on a terminal if the list does not know the vault. */
static bool ask(const struct trust *trust)
{
	char line[16];

	fprintf(stderr,
		"%s: %s: it is not certain that its key %s is the key of %s:\nthe directory is not known here, and the vault was not opened by a passphrase or recovery key.\n",
		trust->program, explain_shown(trust->vault),
		trust->settings->sig, explain_shown(trust->dir));
	if (!trust->anybody) {
		fprintf(stderr,
			"  try: unlock it once with a passphrase or recovery key; or compare the key with `ecryptfs status' on a machine where the vault is in order, then run ecryptfs unlock --accept %s %s\n",
			trust->settings->sig, explain_quoted(trust->dir));
		return false;
	}
	fputs("Use and remember it? (yes/no): ", stderr);
	if (!fgets(line, sizeof(line), stdin) || strcmp(line, "yes\n"))
		return false;
	return take(trust);
}

/*
 * Returns whether the vault may belong to the files; @vouched: something else
 * has proved it.
 */
static bool files_agree(const struct trust *trust, bool vouched)
{
	struct adopt found;
	bool own;

	if (adopt_survey(trust->dir, trust->settings, &found))
		found = (struct adopt){ 0 };
	own = found.sig_found || found.names_sig_found;
	/* There may be several keys, or a file that someone has put there. */
	if ((!found.others && !found.names_others) || (own && vouched))
		return true;
	fprintf(stderr,
		"%s: %s: files in %s need the key %s, but this vault gives %s\n",
		trust->program, explain_shown(trust->vault),
		explain_shown(trust->dir),
		found.others ? found.other_sig : found.other_names_sig,
		found.others ? trust->settings->sig :
			       trust->settings->fnek_sig);
	refuse();
	return false;
}

static bool accept(const struct trust *trust)
{
	if (!strcmp(trust->accept, trust->settings->sig))
		return files_agree(trust, true) && take(trust);
	fprintf(stderr, "%s: %s: it gives the key %s, not %s\n",
		trust->program, explain_shown(trust->vault),
		trust->settings->sig, trust->accept);
	return false;
}

bool trust_check(const struct trust *trust)
{
	struct names names;
	int err;

	if (trust->accept)
		return accept(trust);
	err = names_look(trust, &names);
	if (err) {
		list_fail(trust, err);
		return false;
	}
	if (*names.other) {
		fprintf(stderr,
			"%s: %s: the vault of %s gave the key %s before, but this one gives %s: it was replaced\n",
			trust->program, explain_shown(trust->vault),
			explain_shown(names.other_name), names.other,
			trust->settings->sig);
		refuse();
		return false;
	}
	if (names.same)
		return true;
	if (!files_agree(trust, trust->by_secret))
		return false;
	return trust->by_secret ? take(trust) : ask(trust);
}
