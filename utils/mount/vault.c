// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts a lower directory with a vault when the options name no key: the vault
 * names the keys, and `ecryptfs unlock' gets them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ecryptfs/explain.h"
#include "../ecryptfs/trust.h"
#include "mount.h"
#include "vault.h"
#include "vault_file.h"

static bool keys_there(const struct libecryptfs_vault_settings *settings)
{
	return !libecryptfs_keyring_find(settings->sig) &&
	       (!settings->names ||
		!libecryptfs_keyring_find(settings->fnek_sig));
}

/* Slots that need no answer are tried in any case. */
static int unlock(const struct mount_options *options, const char *source)
{
	char program[] = ECRYPTFS_BINDIR "/ecryptfs", verb[] = "unlock";
	char ends[] = "--";
	/* execv() takes no const pointers, but does not change the strings. */
	char *args[] = { program, verb, ends, (char *)source, NULL };
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
	/*
	 * A vault detects a mistyped passphrase, and known-vaults another
	 * vault.
	 */
	options->no_sig_cache = true;
}

static int vault_load(const char *path, const char *dir,
		      struct libecryptfs_vault **ret)
{
	char why[LIBECRYPTFS_VAULT_WHY];
	int err;

	err = libecryptfs_vault_load(path, dir, why, ret);
	if (!err)
		return MOUNT_OK;
	explain_print("mount.ecryptfs", path, explain_vault_load(err, why));
	return MOUNT_USAGE;
}

/* Checks that this is the directory's key, as the unlock would have done. */
static int trust(const struct mount_options *options, const char *source,
		 const char *dir, const char *path,
		 const struct libecryptfs_vault_settings *settings)
{
	struct trust vault = {
		.program = "mount.ecryptfs",
		.dir = dir,
		.said = source,
		.vault = path,
		.settings = settings,
		.anybody = ask_possible(options),
	};

	return trust_check(&vault) ? MOUNT_OK : MOUNT_USAGE;
}

/* Verifies with the key that the settings are authentic. */
static int verify(struct libecryptfs_vault *vault, const char *path,
		  const struct libecryptfs_vault_settings *settings)
{
	struct libecryptfs_secmem token, key;
	char why[LIBECRYPTFS_VAULT_WHY];
	int err;

	err = libecryptfs_keyring_load(settings->sig, &token);
	if (err) {
		explain_print("mount.ecryptfs", settings->sig,
			      explain_keyring_find(err));
		return MOUNT_KEYRING;
	}
	/* The key remains part of the token. */
	err = libecryptfs_token_v1_key(&token, &key);
	if (!err)
		err = libecryptfs_vault_verify(vault, &key, why);
	libecryptfs_secmem_destroy(&token);
	if (!err)
		return MOUNT_OK;
	explain_print("mount.ecryptfs", path,
		      err == -EBADMSG ? explain_vault_load(err, why) :
					explain_token(err));
	return MOUNT_USAGE;
}

/*
 * Refuses if the directory had a vault.  Otherwise a passphrase would be asked
 * for, from which a classic mount derives its key quickly, and the user might
 * type the one that opens the vault.
 */
static int gone_check(const char *source, const char *dir)
{
	char known[LIBECRYPTFS_SIG_CHARS];

	if (!trust_known(dir, source, known))
		return MOUNT_OK;
	fprintf(stderr,
		"mount.ecryptfs: the vault of %s is gone: it gave the key %s\n  try: restore a backup copy of it; or, to mount with a key and without a vault, -o sig=%s\n",
		explain_shown(dir), known, known);
	return MOUNT_USAGE;
}

int vault_take(struct mount_options *options, const char *source)
{
	struct libecryptfs_vault_settings settings;
	struct libecryptfs_vault *vault;
	char dir[PATH_MAX], path[PATH_MAX + 32];
	int status;

	if (options->sigs || options->key || !realpath(source, dir))
		return MOUNT_OK;
	if (!libecryptfs_vault_file_find(dir, path, sizeof(path)))
		return gone_check(source, dir);
	status = vault_load(path, dir, &vault);
	if (status)
		return status;
	libecryptfs_vault_settings(vault, &settings);
	libecryptfs_keyring_link();
	if (!keys_there(&settings)) {
		libecryptfs_vault_destroy(vault);
		status = unlock(options, source);
		if (!status)
			status = vault_load(path, dir, &vault);
		if (status)
			return status;
		libecryptfs_vault_settings(vault, &settings);
	}
	status = verify(vault, path, &settings);
	libecryptfs_vault_destroy(vault);
	if (!status)
		status = trust(options, source, dir, path, &settings);
	if (!status)
		settings_take(&settings, options);
	return status;
}
