// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs key add, remove and change: the slots of a vault.  All of them open
 * the vault first, because it is authenticated with its secret.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "vault_use.h"

static int fail(struct vault_use *use, const char *what,
		struct explanation explanation)
{
	explain_print(use->cmd->program, what, explanation);
	return CMD_FAILED;
}

/*
 * Opens the vault with the first line if secrets come from standard input and
 * no slot is selected.
 */
static int open_for_new(struct vault_use *use)
{
	const struct options *opts = use->opts;

	use->first_opens = opts->from_stdin && !opts->with && opts->slot < 0;
	return vault_use_open(use);
}

static int slot_add(struct vault_use *use)
{
	const struct options *opts = use->opts;
	const char *source = opts->operands > 1 ? opts->operand[1] :
						  "passphrase";
	struct libecryptfs_blob blob = { 0 };
	unsigned int id;
	int status, err;

	if (!libecryptfs_keysource_find(source))
		return fail(use, source, explain_wrap(-EPROTONOSUPPORT));
	status = open_for_new(use);
	if (!status)
		status = vault_use_wrap(use, source, NULL, &blob);
	if (!status)
		status = vault_use_input_end(use);
	if (status) {
		libecryptfs_blob_destroy(&blob);
		return status;
	}
	err = libecryptfs_vault_slot_put(use->vault, source,
					 opts->label ? opts->label : "", &blob,
					 &id);
	libecryptfs_blob_destroy(&blob);
	if (err)
		return fail(use, source, explain_vault_commit(err));
	status = vault_use_commit(use);
	if (status)
		return status;
	printf("Added slot %u (%s)\n", id, source);
	return vault_use_shown(use);
}

/* Reads the slot's number from the second operand. */
static bool id_take(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	*ret = (unsigned int)id;
	return *text >= '0' && *text <= '9' && !*end && id <= 999999;
}

/* Finds a slot, which the caller destroys.  Fails with -ENOENT. */
static int slot_find(struct vault_use *use, unsigned int id,
		     struct libecryptfs_vault_slot *ret)
{
	unsigned int i;
	int err;

	for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
		err = libecryptfs_vault_slot_find(use->vault, i, ret);
		if (err || ret->id == id)
			return err;
		libecryptfs_vault_slot_destroy(ret);
	}
	return -ENOENT;
}

static struct explanation explain_slot(int err)
{
	if (err == -ENOENT)
		return (struct explanation){ "there is no such slot",
					     "ecryptfs key list DIR" };
	if (err == -EBUSY)
		return (struct explanation){ "it is the last slot that opens the vault",
					     "ecryptfs key add DIR first" };
	return explain_vault_commit(err);
}

static bool is_for_need(const char *source)
{
	return !strcmp(source, "recovery") || !strcmp(source, "shares") ||
	       !strcmp(source, "pkey");
}

/* Warns if the remaining slots may be less useful than the user thinks. */
static void rest_tell(struct vault_use *use, const char *source)
{
	bool elsewhere = false, written = false;
	struct libecryptfs_vault_slot slot;
	unsigned int i;

	for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			return;
		if (!*slot.damage) {
			elsewhere |= strcmp(slot.source, "tpm2") != 0;
			written |= is_for_need(slot.source);
		}
		libecryptfs_vault_slot_destroy(&slot);
	}
	if (!elsewhere)
		fprintf(stderr,
			"%s: the remaining slots open on this machine only, and not after a change of its firmware or a defect\n  try: ecryptfs key add %s recovery\n",
			use->cmd->program, explain_shown(use->dir));
	else if (!written && is_for_need(source))
		fprintf(stderr,
			"%s: no slot is left to open the vault if all others fail\n  try: ecryptfs key add %s recovery\n",
			use->cmd->program, explain_shown(use->dir));
}

static int slot_remove(struct vault_use *use, unsigned int id)
{
	struct libecryptfs_vault_slot slot;
	int status, err;

	err = slot_find(use, id, &slot);
	if (err)
		return fail(use, use->opts->operand[1], explain_slot(err));
	libecryptfs_vault_slot_destroy(&slot);
	status = vault_use_open(use);
	if (status)
		return status;
	err = libecryptfs_vault_slot_remove(use->vault, id);
	if (err)
		return fail(use, use->opts->operand[1], explain_slot(err));
	status = vault_use_commit(use);
	if (status)
		return status;
	printf("Removed slot %u (%s)\n", id, explain_shown(slot.source));
	rest_tell(use, slot.source);
	return CMD_OK;
}

static int slot_change(struct vault_use *use, unsigned int id)
{
	struct libecryptfs_blob blob = { 0 };
	struct libecryptfs_vault_slot slot;
	int status, err;

	err = slot_find(use, id, &slot);
	if (err)
		return fail(use, use->opts->operand[1], explain_slot(err));
	status = open_for_new(use);
	if (!status)
		status = vault_use_wrap(use, slot.source, &slot.blob, &blob);
	libecryptfs_vault_slot_destroy(&slot);
	if (!status)
		status = vault_use_input_end(use);
	if (status) {
		libecryptfs_blob_destroy(&blob);
		return status;
	}
	err = libecryptfs_vault_slot_change(use->vault, id, &blob);
	libecryptfs_blob_destroy(&blob);
	if (err)
		return fail(use, use->opts->operand[1], explain_slot(err));
	status = vault_use_commit(use);
	if (status)
		return status;
	printf("Changed slot %u (%s)\n", id, slot.source);
	return vault_use_shown(use);
}

static void sources_print(void)
{
	const struct libecryptfs_keysource_setting *setting;
	const struct libecryptfs_keysource *source = NULL;

	puts("\nSources:");
	while ((source = libecryptfs_keysource_next(source))) {
		printf("  %-11s  %s\n", source->name, source->summary);
		for (setting = source->settings; setting->name; setting++)
			printf("      %s=  %s\n", setting->name, setting->help);
	}
}

static bool help_wanted(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

/*
 * Without a directory, the command adds the key of a passphrase to the keyring,
 * as in ecryptfs-utils.
 */
static bool is_keyring_form(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "-") && strcmp(argv[i], "-f") &&
		    strcmp(argv[i], "--fnek") && strcmp(argv[i], "-l") &&
		    strcmp(argv[i], "--link"))
			return false;
	return true;
}

int cmd_slot_add(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	struct options opts;
	int status;

	if (is_keyring_form(argc, argv))
		return cmd_key_add(cmd, argc, argv);
	if (!options_parse(cmd, argc, argv, OPTIONS_OPEN "lb", 1, 2, &opts,
			   &status)) {
		if (!status && help_wanted(argc, argv))
			sources_print();
		return status;
	}
	status = vault_use_load(&use, cmd, &opts);
	if (!status)
		status = slot_add(&use);
	vault_use_end(&use);
	return status;
}

static int slot_command(const struct command *cmd, int argc, char **argv,
			int (*run)(struct vault_use *use, unsigned int id))
{
	struct vault_use use = { 0 };
	struct options opts;
	unsigned int id;
	int status;

	if (!options_parse(cmd, argc, argv, OPTIONS_OPEN "b", 2, 2, &opts,
			   &status))
		return status;
	if (!id_take(opts.operand[1], &id))
		return command_usage_error(cmd, "a slot is a number");
	status = vault_use_load(&use, cmd, &opts);
	if (!status)
		status = run(&use, id);
	vault_use_end(&use);
	return status;
}

int cmd_slot_remove(const struct command *cmd, int argc, char **argv)
{
	return slot_command(cmd, argc, argv, slot_remove);
}

int cmd_slot_change(const struct command *cmd, int argc, char **argv)
{
	return slot_command(cmd, argc, argv, slot_change);
}
