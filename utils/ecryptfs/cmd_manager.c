// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-manager: a menu of the classic commands.  Its first and its last
 * item are those of ecryptfs-utils.  The items between these concern public
 * keys of key modules, which are not supported here; vaults have slots for them
 * (`ecryptfs key add DIR pkey').
 */
#include <string.h>

#include "cmd.h"
#include "explain.h"

static const char menu[] =
	"\neCryptfs key management menu\n"
	"-------------------------------\n"
	"\t1. Add passphrase key to keyring\n"
	"\t2. Add the keys of a wrapped passphrase to keyring\n"
	"\t3. Wrap a passphrase into a file\n"
	"\t4. Exit\n\n"
	"Make selection: ";

/* Reads a line and nothing of the next one, which is a secret. */
static bool line_ask(const char *question, char *line, size_t size)
{
	size_t len = 0;
	int c;

	fputs(question, stdout);
	fflush(stdout);
	while ((c = getchar()) != EOF && c != '\n')
		if (len < size - 1)
			line[len++] = (char)c;
	line[len] = '\0';
	return c != EOF || len;
}

static void add(const struct command *cmd)
{
	char name[] = "ecryptfs-add-passphrase";
	char *args[] = { name, NULL };

	cmd_add_passphrase(cmd, 1, args);
}

static void insert(const struct command *cmd)
{
	char name[] = "ecryptfs-insert-wrapped-passphrase-into-keyring";
	char file[4096];
	char *args[] = { name, file, NULL };

	if (line_ask("File [~/.ecryptfs/wrapped-passphrase]: ", file,
		     sizeof(file)))
		cmd_insert_wrapped(cmd, *file ? 2 : 1, args);
}

static void wrap(const struct command *cmd)
{
	char name[] = "ecryptfs-wrap-passphrase";
	char file[4096];
	char *args[] = { name, file, NULL };

	if (line_ask("File: ", file, sizeof(file)) && *file)
		cmd_wrap_passphrase(cmd, 2, args);
}

int cmd_manager(const struct command *cmd, int argc, char **argv)
{
	char choice[16];
	int err;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		command_help(cmd);
		return CMD_OK;
	}
	err = libecryptfs_keyring_link();
	if (err) {
		explain_print(cmd->program, "cannot link the user keyring",
			      explain_keyring_link(err));
		return CMD_FAILED;
	}
	/* Its buffer would contain secrets that are meant for the commands. */
	setvbuf(stdin, NULL, _IONBF, 0);
	while (line_ask(menu, choice, sizeof(choice))) {
		if (!strcmp(choice, "1"))
			add(cmd);
		else if (!strcmp(choice, "2"))
			insert(cmd);
		else if (!strcmp(choice, "3"))
			wrap(cmd);
		else if (strcmp(choice, "4") != 0)
			puts("Type 1, 2, 3 or 4.");
		else
			break;
	}
	return CMD_OK;
}
