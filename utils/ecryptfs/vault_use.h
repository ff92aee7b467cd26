/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How commands use a vault: they find and load it, hold the dialogue that opens
 * it, and put its keys into the kernel's keyring.  The functions explain
 * failures on standard error and return an exit status.
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
	char path[PATH_MAX]; /* path of the vault */
	struct libecryptfs_vault *vault;
	struct libecryptfs_vault_settings settings;
	struct libecryptfs_secmem master; /* set when the vault is open */
	struct libecryptfs_secmem token; /* token of the key for contents, likewise */
	/* Typed secrets, for the slots that are tried one after another. */
	struct libecryptfs_secmem typed[3];
	size_t typed_bytes[3];
	/* A new passphrase that is already known and not asked for. */
	const struct libecryptfs_text *given_new;
	unsigned int group; /* group of the recovery key with a typing error */
	/* Slots that have explained why they do not open, by position. */
	uint32_t told;
	/* Slots that asked for nothing and will not open on another try. */
	uint32_t settled;
	unsigned int opened; /* number of the slot that opened it */
	/*
	 * The work that is left for all slots together, because an attacker who
	 * changes a vault can add many slots.
	 */
	uint64_t work;
	bool damaged; /* a slot is damaged */
	bool asked; /* the slot that is being tried has asked */
	bool by_secret; /* opened by a slot that can be made only with its secret */
	/*
	 * Standard input has more lines than the one that opens the vault.  A
	 * slot that opens without asking must not be used then, because that
	 * line would be taken for the next secret.  @silent: such a slot was
	 * skipped.
	 */
	bool first_opens, silent;
	/* The new secret that is shown at the end. */
	struct libecryptfs_secmem shown;
	const char *shown_title;
	/*
	 * If NULL, only the new secret is shown, if there is one; otherwise the
	 * command has a form of its own.
	 */
	int (*show_own)(struct vault_use *use);
};

/* Loads the vault that --vault names, or the one beside or inside @use->dir. */
int vault_use_load(struct vault_use *use, const struct command *cmd,
		   const struct options *opts);
/*
 * Uses this as if it had been typed as the passphrase, once.  Returns 0 or a
 * negative errno.
 */
int vault_use_given(struct vault_use *use,
		    const struct libecryptfs_text *passphrase);
/*
 * Opens a slot to get master and token, verifies the vault, and checks that it
 * belongs to the directory (trust.h).
 */
int vault_use_open(struct vault_use *use);
/*
 * Does the same with the key in the keyring, if it is there, and without the
 * master.
 */
bool vault_use_opened(struct vault_use *use, int *status_ret);
/*
 * Returns whether the key is in the keyring and shows that the vault was
 * changed.
 */
bool vault_use_forged(struct vault_use *use);
/* Makes the token of @use->master and its signatures. */
int vault_use_token(struct vault_use *use,
		    const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
		    char sig_ret[LIBECRYPTFS_SIG_CHARS],
		    char fnek_sig_ret[LIBECRYPTFS_SIG_CHARS]);
/*
 * Wraps the master with @source into @blob_ret, which replaces @before if that
 * is not NULL.
 */
int vault_use_wrap(struct vault_use *use, const char *source,
		   struct libecryptfs_blob *before,
		   struct libecryptfs_blob *blob_ret);
/*
 * To be called when a command has read everything that it needs from standard
 * input.
 */
int vault_use_input_end(struct vault_use *use);
/*
 * Writes the new vault to the disk, shows what has to be shown, and then
 * replaces the old vault and writes the backup.  So no secret is put into use
 * that could not be written down, and none is shown that could not be stored.
 */
int vault_use_commit(struct vault_use *use);
/* Shows the new secret, if there is one.  Returns an exit status. */
int vault_use_show(struct vault_use *use);
/* Remembers the key of a new vault as that of its directory. */
void vault_use_remember(struct vault_use *use);
/* Checks that everything was written to standard output. */
int vault_use_shown(struct vault_use *use);
/* Puts the keys into the keyring. */
int vault_use_keys_add(struct vault_use *use);
void vault_use_end(struct vault_use *use);

/* Asks for a secret; with @twice, until both entries agree. */
int vault_use_ask(struct vault_use *use, const char *prompt, bool twice,
		  struct libecryptfs_secmem *ret, size_t *len_ret);

#endif /* ECRYPTFS_VAULT_USE_H */
