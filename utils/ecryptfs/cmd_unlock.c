// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs unlock: puts the keys of a vault into the kernel's keyring.
 */
#include "explain.h"
#include "vault_use.h"

static int unlock(struct vault_use *use)
{
	int status = vault_use_open(use);

	if (!status)
		status = vault_use_keys_add(use);
	if (status)
		return status;
	printf("Unlocked %s: key %s", explain_shown(use->dir), use->settings.sig);
	if (use->settings.names)
		printf(", for names %s", use->settings.fnek_sig);
	putchar('\n');
	return CMD_OK;
}

int cmd_unlock(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	struct options opts;
	int status;

	if (!options_parse(cmd, argc, argv, OPTIONS_OPEN, 1, 1, &opts, &status))
		return status;
	status = vault_use_load(&use, cmd, &opts);
	if (!status)
		status = unlock(&use);
	vault_use_end(&use);
	return status;
}
