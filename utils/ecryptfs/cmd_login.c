// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs login: handles a user's encrypted directories at login.  The PAM
 * module runs it as the user, so that nothing of it is in the address space of
 * login or sshd, and secrets disappear with the process.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "login.h"
#include "mounts.h"
#include "private.h"

#define PASSWORD_MAX 1024
#define PRIVATE_NAME "Private"
#define HELPER_BUSY 4 /* exit status of umount.ecryptfs_private -k */

/* Reads @count lines of standard input. */
static int passwords_take(struct login *login, struct libecryptfs_secmem *mem,
			  int count)
{
	bool terminal = isatty(STDIN_FILENO);
	struct libecryptfs_text *text;
	int err, i;

	for (i = 0; i < count; i++) {
		text = i ? &login->new_password : &login->password;
		err = input_line(!terminal ? NULL :
				 i	   ? "New password: " :
					     "Password: ",
				 stderr, PASSWORD_MAX, &mem[i], &text->len,
				 NULL);
		if (err) {
			explain_print(login->cmd->program,
				      "cannot read the password",
				      explain_input(err));
			return CMD_FAILED;
		}
		text->bytes = mem[i].sm_bytes;
	}
	return CMD_OK;
}

static int with_passwords(struct login *login, int count,
			  int (*private)(const struct login *login),
			  int (*vaults)(const struct login *login))
{
	struct libecryptfs_secmem mem[2] = { 0 };
	int status;

	status = passwords_take(login, mem, count);
	if (!status) {
		status = private(login);
		status |= vaults(login);
	}
	libecryptfs_secmem_destroy(&mem[0]);
	libecryptfs_secmem_destroy(&mem[1]);
	return status ? CMD_FAILED : CMD_OK;
}

/* Returns the alias for the helper, or NULL for the private directory. */
static const char *alias_of(const char *name)
{
	return strcmp(name, PRIVATE_NAME) ? name : NULL;
}

/* Finds the mount with the first of the keys. */
static bool mount_find(const struct private_sigs *sigs, struct mount *ret)
{
	unsigned int skip;

	for (skip = 0; sigs->count && mounts_find(NULL, skip, ret); skip++)
		if (!strcmp(ret->sig, sigs->sig[0]))
			return true;
	return false;
}

/* Returns whether the keys were added by a login. */
static bool brought(const struct private_sigs *sigs)
{
	return sigs->count && libecryptfs_keyring_marked(sigs->sig[0]);
}

/*
 * Opens what this login, or an earlier one that still has a session, has
 * unlocked.  What was unlocked by hand is mounted only for a login with a
 * password, which would have unlocked it.
 */
static int open_one(const struct login *login, const char *name)
{
	struct private_sigs sigs;
	struct mount there;

	private_sigs_load(name, &sigs);
	if (!sigs.count ||
	    (!brought(&sigs) &&
	     !(login->unlocked &&
	       (private_keys_there(&sigs) || mount_find(&sigs, &there)))))
		return CMD_OK;
	if ((alias_of(name) && !mount_find(&sigs, &there) &&
	     login_vault_agrees(login, name)) ||
	    private_helper(false, NULL, alias_of(name))) {
		/* The end of the session would not remove these keys. */
		if (login->unlocked && brought(&sigs) &&
		    !mount_find(&sigs, &there))
			private_keys_remove(&sigs);
		return CMD_FAILED;
	}
	puts(name);
	return CMD_OK;
}

static int open_all(const struct login *login)
{
	int status = CMD_OK;

	if (login_private_opens())
		status = open_one(login, PRIVATE_NAME);
	return status | login_vaults_each(login, open_one);
}

/*
 * The last session removes the keys that a login has added.  Processes that
 * still use the directory are then logged; the directory is detached all the
 * same.  Other keys stay, and so do mounts that use them.
 */
static int close_one(const struct login *login, const char *name)
{
	const char *alias = alias_of(name);
	struct mount there, after;
	struct private_sigs sigs;
	bool keys;
	int status;

	private_sigs_load(name, &sigs);
	keys = brought(&sigs);
	if (!mount_find(&sigs, &there)) {
		/* It was unmounted by hand, which keeps the keys. */
		if (keys)
			private_keys_remove(&sigs);
		return CMD_OK;
	}
	status = private_helper(true, keys ? "-d" : "-dk", alias);
	if (status && status != HELPER_BUSY)
		return CMD_FAILED;
	if (keys && !mount_find(&sigs, &after) &&
	    mounts_print_holders(&there, stderr))
		fprintf(stderr, "%s: %s is locked, except for these processes\n",
			login->cmd->program, explain_shown(there.upper));
	return CMD_OK;
}

static int close_all(const struct login *login)
{
	int status = CMD_OK;

	if (login_private_closes())
		status = close_one(login, PRIVATE_NAME);
	return status | login_vaults_each(login, close_one);
}

static int close_named(const struct login *login, int count, char **names)
{
	int status = CMD_OK;
	int i;

	for (i = 0; i < count; i++)
		if (alias_of(names[i]) || private_has("auto-umount"))
			status |= close_one(login, names[i]);
	return status;
}

/* A password that is not needed is not even read. */
static int unlock_all(struct login *login)
{
	if (!login_private_wanted() && !login_vaults_wanted())
		return CMD_OK;
	return with_passwords(login, 1, login_private_unlock,
			      login_vaults_unlock);
}

static int run(struct login *login, int argc, char **argv)
{
	const char *verb = argv[0];

	if (!strcmp(verb, "close"))
		return argc > 1 ? close_named(login, argc - 1, argv + 1) :
				  close_all(login);
	if (!strcmp(verb, "open")) {
		login->unlocked = argc == 2 && !strcmp(argv[1], "--unlocked");
		if (argc == 1 || login->unlocked)
			return open_all(login);
	}
	if (!strcmp(verb, "unlock") && argc == 1)
		return unlock_all(login);
	if (!strcmp(verb, "change") && argc == 1)
		return with_passwords(login, 2, login_private_change,
				      login_vaults_change);
	if (!strcmp(verb, "add") && argc == 3)
		return login_vault_add(login, argv[1], argv[2]);
	if (!strcmp(verb, "remove") && argc == 2)
		return login_vault_remove(login, argv[1]);
	return command_usage_error(login->cmd, *verb == '-' ?
						       "unknown option" :
						       "not understood");
}

int cmd_login(const struct command *cmd, int argc, char **argv)
{
	struct login login = { .cmd = cmd };

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		command_help(cmd);
		return CMD_OK;
	}
	if (argc < 2)
		return command_usage_error(cmd, "add, remove, unlock, change, open or close?");
	/* This searches only the user keyring, whatever session this is. */
	libecryptfs_keyring_apart();
	return run(&login, argc - 1, argv + 1);
}
