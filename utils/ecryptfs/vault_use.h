/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands do with a vault: find and load it, the conversation that opens
 * it, its keys and the kernel's keyring.  All of them say on standard error why
 * they fail, and return an exit status.
 */
#ifndef ECRYPTFS_VAULT_USE_H
#define ECRYPTFS_VAULT_USE_H

#include <limits.h>

#include "options.h"
#include "vault.h"

/* A vault in use; zeroed at first. */
struct vault_use {
	const struct command *cmd;
	const struct options *opts;
	char dir[PATH_MAX]; /* the lower directory */
	char path[PATH_MAX]; /* of the vault */
	struct libecryptfs_vault *vault;
	struct libecryptfs_vault_settings settings;
	struct libecryptfs_secmem master; /* once it is open */
	struct libecryptfs_secmem token; /* of contents, likewise */
	/* What was typed, for the slots that are tried one after another. */
	struct libecryptfs_secmem typed[3];
	size_t typed_bytes[3];
	/* Not asked for, if it is there: a new passphrase. */
	const struct libecryptfs_text *given_new;
	unsigned int group; /* of a recovery key, the one that is mistyped */
	/* Slots that have said why they do not open, by position. */
	uint32_t told;
	/* Slots that have asked for nothing and will not open on another try. */
	uint32_t settled;
	/* For all slots together; whoever changes a vault can add many. */
	uint64_t work;
	bool damaged; /* some slot is */
	bool asked; /* by the slot that is being tried */
	bool by_secret; /* opened by one that only who knows its secret can make */
	/*
	 * More lines follow on standard input than the one that opens: what opens
	 * without being asked is no use then, as that one would be taken for the
	 * next.  @silent: such a slot was passed over.
	 */
	bool first_opens, silent;
	/* What is to be shown when all is done. */
	struct libecryptfs_secmem shown;
	const char *shown_title;
	/* NULL: only that, if there is something; else in a form of its own. */
	int (*show_own)(struct vault_use *use);
};

/* Where --vault says, else inside of or beside @use->dir. */
int vault_use_load(struct vault_use *use, const struct command *cmd,
		   const struct options *opts);
/* As if this was typed as the passphrase; once.  -errno */
int vault_use_given(struct vault_use *use,
		    const struct libecryptfs_text *passphrase);
/*
 * Makes master and token out of a slot, verifies the vault, and looks whether it is
 * the directory's (trust.h).
 */
int vault_use_open(struct vault_use *use);
/* The same with the key in the keyring, without the master, if it is there. */
bool vault_use_opened(struct vault_use *use, int *status_ret);
/* Whether the key in the keyring is there, and shows that the vault was changed. */
bool vault_use_forged(struct vault_use *use);
/* Makes the token of @use->master, and its signatures. */
int vault_use_token(struct vault_use *use,
		    const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
		    char sig_ret[LIBECRYPTFS_SIG_CHARS],
		    char fnek_sig_ret[LIBECRYPTFS_SIG_CHARS]);
/* Wraps the master by @source into @blob_ret, in the place of @before or NULL. */
int vault_use_wrap(struct vault_use *use, const char *source,
		   struct libecryptfs_blob *before,
		   struct libecryptfs_blob *blob_ret);
/* Of a command that has read all it wants from standard input. */
int vault_use_input_end(struct vault_use *use);
/*
 * To the disk, but not in place; shows what there is to be shown; in place, and to
 * the backup: what nobody could write down is not put into use, and nothing is
 * shown that can't be stored.
 */
int vault_use_commit(struct vault_use *use);
/* Shows what there is to be shown.  A status. */
int vault_use_show(struct vault_use *use);
/* Of one that was made: its key is known as the directory's from now on. */
void vault_use_remember(struct vault_use *use);
/* Whether everything written to standard output has got there. */
int vault_use_shown(struct vault_use *use);
/* Puts the keys into the keyring. */
int vault_use_keys_add(struct vault_use *use);
void vault_use_end(struct vault_use *use);

/* Asks for a secret; @twice: until both entries are the same. */
int vault_use_ask(struct vault_use *use, const char *prompt, bool twice,
		  struct libecryptfs_secmem *ret, size_t *len_ret);

#endif /* ECRYPTFS_VAULT_USE_H */
