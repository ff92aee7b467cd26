// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program `ecryptfs': the table of commands and the way to them, by the
 * words behind `ecryptfs' or by the classic name that a link to it has.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct command commands[] = {
	{
		.name = "key add",
		.program = "ecryptfs key add",
		.arguments = "[--fnek] [--link] [-]",
		.summary = "add a passphrase's key to the kernel keyring",
		.help =
"  -f, --fnek   also add the key for file names\n"
"  -l, --link   link the user keyring to this session's, where mount looks\n"
"  -h, --help   this text\n"
"  -            read the passphrase from standard input, one line\n"
"\n"
"Without `-' it is asked for on the terminal.  Prints the signature of each\n"
"key, which the mount option ecryptfs_sig= wants.\n",
		.run = cmd_key_add,
	},
	{
		.name = "dump",
		.program = "ecryptfs dump",
		.arguments = "[--json] FILE...",
		.summary = "show the header of encrypted (lower) files",
		.help =
"  -j, --json   one JSON array, an object for each FILE\n"
"  -h, --help   this text\n"
"\n"
"Needs no key: sizes, cipher and the signatures of keys are not secret.\n",
		.run = cmd_dump,
	},
	{
		.name = "ecryptfs-add-passphrase",
		.program = "ecryptfs-add-passphrase",
		.arguments = "[--fnek] [-]",
		.summary = "`ecryptfs key add', as ecryptfs-utils spells it",
		.help =
"      --fnek   also add the key for file names\n"
"      --help   this text\n"
"  -            read the passphrase from standard input, one line\n",
		.run = cmd_add_passphrase,
	},
	{
		.name = "ecryptfs-wrap-passphrase",
		.program = "ecryptfs-wrap-passphrase",
		.arguments = "FILE [-]",
		.summary = "write a passphrase to FILE, wrapped with another",
		.help =
"      --help   this text\n"
"  -            read both from standard input, a line each\n",
		.run = cmd_wrap_passphrase,
	},
	{
		.name = "ecryptfs-unwrap-passphrase",
		.program = "ecryptfs-unwrap-passphrase",
		.arguments = "[FILE] [-]",
		.summary = "print the passphrase in a wrapped-passphrase file",
		.help =
"      --help   this text\n"
"  -            read the wrapping passphrase from standard input\n"
"\n"
"FILE is ~/.ecryptfs/wrapped-passphrase if there is none.\n",
		.run = cmd_unwrap_passphrase,
	},
	{
		.name = "ecryptfs-rewrap-passphrase",
		.program = "ecryptfs-rewrap-passphrase",
		.arguments = "FILE [-]",
		.summary = "change the wrapping passphrase of FILE",
		.help =
"      --help   this text\n"
"  -            read the old and the new one from standard input, a line each\n",
		.run = cmd_rewrap_passphrase,
	},
	{
		.name = "ecryptfs-insert-wrapped-passphrase-into-keyring",
		.program = "ecryptfs-insert-wrapped-passphrase-into-keyring",
		.arguments = "[FILE] [-]",
		.summary = "add the keys of a wrapped passphrase",
		.help =
"      --help   this text\n"
"  -            read the wrapping passphrase from standard input\n"
"\n"
"FILE is ~/.ecryptfs/wrapped-passphrase if there is none.\n",
		.run = cmd_insert_wrapped,
	},
	{
		.name = "ecryptfs-stat",
		.program = "ecryptfs-stat",
		.arguments = "FILE",
		.summary = "show the header of an encrypted (lower) file",
		.help =
"      --help   this text\n"
"\n"
"`ecryptfs dump' tells more.\n",
		.run = cmd_stat,
	},
	{
		.name = "ecryptfs-find",
		.program = "ecryptfs-find",
		.arguments = "NAME",
		.summary = "find the encrypted file of a decrypted one, or the reverse",
		.help =
"      --help   this text\n"
"\n"
"Searches the mounts of eCryptfs for the inode number of NAME.\n",
		.run = cmd_find,
	},
	{
		.name = "ecryptfs-verify",
		.program = "ecryptfs-verify",
		.arguments = "[-h] [-p] [-e] [-n] [-u USER]",
		.summary = "check how ~/.ecryptfs is set up",
		.help =
"  -h, --home                      for an encrypted home\n"
"  -p, --private                   for a private directory\n"
"  -e, --filenames-encrypted       with encrypted names\n"
"  -n, --filenames-not-encrypted   without\n"
"  -u, --user USER                 that of USER\n"
"      --help                      this text\n"
"\n"
"At least one check is needed; all that are given must hold.\n",
		.run = cmd_verify,
	},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

void command_help(const struct command *cmd)
{
	printf("Usage: %s %s\n\n%s\n\n%s", cmd->program, cmd->arguments,
	       cmd->summary, cmd->help);
}

int command_usage_error(const struct command *cmd, const char *why)
{
	fprintf(stderr, "%s: %s\nUsage: %s %s\n  try: %s --help\n",
		cmd->program, why, cmd->program, cmd->arguments, cmd->program);
	return CMD_USAGE;
}

static void program_help(FILE *to)
{
	size_t i;

	fputs("Usage: ecryptfs COMMAND [ARGUMENTS]\n"
	      "       ecryptfs --help | --version\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-24s %s\n", commands[i].name,
			commands[i].summary);
	fputs("\n`ecryptfs COMMAND --help' tells more.\n", to);
}

/* Number of words of @name if @words begins with them, else 0. */
static int words_match(const char *name, int count, char *const *words)
{
	size_t len;
	int n;

	for (n = 0; n < count; n++) {
		len = strlen(words[n]);
		if (!len || strncmp(name, words[n], len) != 0)
			return 0;
		name += len;
		if (!*name)
			return n + 1;
		if (*name++ != ' ')
			return 0;
	}
	return 0;
}

static int program_run(int argc, char **argv)
{
	int words;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		words = words_match(commands[i].name, argc - 1, argv + 1);
		if (words)
			return commands[i].run(&commands[i], argc - words,
					       argv + words);
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		program_help(stdout);
		return CMD_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("ecryptfs " ECRYPTFS_VERSION);
		return CMD_OK;
	}
	if (argc > 1)
		fprintf(stderr, "ecryptfs: no such command: %s\n", argv[1]);
	program_help(stderr);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";
	int status = -1;
	size_t i;

	for (i = 0; i < COMMANDS && status < 0; i++)
		if (!strcmp(name, commands[i].name))
			status = commands[i].run(&commands[i], argc, argv);
	if (status < 0)
		status = program_run(argc, argv);
	/* A script must not take a lost line for a key that is not there. */
	if (fflush(stdout) || ferror(stdout)) {
		perror("ecryptfs: standard output");
		status = status ? status : CMD_FAILED;
	}
	return status;
}
