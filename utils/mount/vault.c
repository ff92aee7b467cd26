// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A lower directory with a vault, mounted without a key in the options: the vault
 * says which, and `ecryptfs unlock' gets them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ecryptfs/explain.h"
#include "mount.h"
#include "vault.h"
#include "vault_file.h"

static bool keys_there(const struct libecryptfs_vault_settings *settings)
{
	return !libecryptfs_keyring_find(settings->sig) &&
	       (!settings->names ||
		!libecryptfs_keyring_find(settings->fnek_sig));
}

/* Slots that ask nobody are tried in any case. */
static int unlock(const struct mount_options *options, char *dir)
{
	char program[] = ECRYPTFS_BINDIR "/ecryptfs", verb[] = "unlock";
	char *args[] = { program, verb, dir, NULL };
	int nobody, status;

	if (options->no_prompt) {
		nobody = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (nobody < 0 || dup2(nobody, STDIN_FILENO) < 0)
			return MOUNT_FAILED;
	}
	status = program_run(args);
	if (status == 127)
		fprintf(stderr, "mount.ecryptfs: cannot run %s\n", program);
	return status ? MOUNT_KEYRING : MOUNT_OK;
}

static void settings_take(const struct libecryptfs_vault_settings *settings,
			  struct mount_options *options)
{
	memcpy(options->sig[0], settings->sig, sizeof(options->sig[0]));
	options->sigs = 1;
	if (settings->names)
		memcpy(options->fnek_sig, settings->fnek_sig,
		       sizeof(options->fnek_sig));
	options->names = settings->names ? ANSWER_YES : ANSWER_NO;
	if (!*options->cipher) {
		snprintf(options->cipher, sizeof(options->cipher), "%s",
			 settings->cipher);
		if (!options->key_bytes)
			options->key_bytes = settings->key_bytes;
	}
	/* A vault notices a mistyped passphrase; there is nothing to ask. */
	options->no_sig_cache = true;
}

int vault_take(struct mount_options *options, const char *source)
{
	struct libecryptfs_vault_settings settings;
	char why[LIBECRYPTFS_VAULT_WHY];
	struct libecryptfs_vault *vault;
	char dir[PATH_MAX], path[PATH_MAX + 32];
	int err;

	if (options->sigs || options->key || !realpath(source, dir) ||
	    !libecryptfs_vault_file_find(dir, path, sizeof(path)))
		return MOUNT_OK;
	err = libecryptfs_vault_load(path, why, &vault);
	if (err) {
		explain_print("mount.ecryptfs", path,
			      explain_vault_load(err, why));
		return MOUNT_USAGE;
	}
	libecryptfs_vault_settings(vault, &settings);
	libecryptfs_vault_destroy(vault);
	settings_take(&settings, options);
	libecryptfs_keyring_link();
	return keys_there(&settings) ? MOUNT_OK : unlock(options, dir);
}
