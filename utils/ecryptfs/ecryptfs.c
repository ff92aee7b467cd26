// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program `ecryptfs': the table of commands, and the search in it by the
 * words that follow `ecryptfs', or by the classic name of a link.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cmd.h"

/* Help for the commands that open a vault. */
#define OPEN_HELP \
"  -r, --recovery       open it with the recovery key\n" \
"  -w, --with SOURCE    open it with a slot of this source\n" \
"  -s, --slot N         open it with this slot\n" \
"  -V, --vault FILE     the vault, if it is not beside or in DIR\n" \
"  -I, --ignore-damage  use it even if it was changed\n" \
"  -a, --accept SIG     use it if it gives this key, even if another was known\n" \
"  -h, --help           this text\n" \
"  -                    read secrets from standard input, one per line\n"

/* Help for the commands that read a lower tree without a mount. */
#define OFFLINE_HELP \
"  -p, --passphrase     open it with the mount passphrase, and ask for that\n" \
"  -S, --salt HEX       its salt (default: that in ~/.ecryptfsrc, or the usual)\n" \
"  -W, --wrapped FILE   open it with a wrapped mount passphrase\n" \
"  -r, --recovery       open it with the recovery key of its vault\n" \
"  -w, --with SOURCE    open it with a slot of this source and its NAME=VALUE\n" \
"  -s, --slot N         open it with this slot\n" \
"  -V, --vault FILE     the vault, if it is not in, beside or above LOWER\n" \
"  -I, --ignore-damage  use the vault even if it was changed\n" \
"  -a, --accept SIG     use it if it gives this key, even if another was known\n" \
"  -n, --no-key         use no key, and show what is not secret\n" \
"  -j, --json           print JSON objects, one per line\n" \
"  -h, --help           this text\n" \
"  -                    read secrets from standard input, one per line\n" \
"\n" \
"Needs neither a mount nor root.  Exit status 5: something is damaged or missing.\n"

static const struct command commands[] = {
	{
		.name = "init",
		.program = "ecryptfs init",
		.arguments = "[OPTIONS] [-] DIR [seconds=S]",
		.summary = "make a vault, with a recovery key, for a lower directory",
		.help =
"  -A, --adopt         DIR has encrypted files; asks for their mount passphrase\n"
"  -C, --no-check      adopt it even if the passphrase opens none of its files\n"
"  -P, --plain-names   do not encrypt file names\n"
"  -c, --cipher NAME   aes (default), blowfish, des3_ede, twofish, cast6, cast5;\n"
"                      only root can mount it with another cipher than aes\n"
"  -k, --key-bytes N   size of the files' keys (default 32 or the largest of the\n"
"                      cipher; with --adopt, that of the files)\n"
"  -R, --no-recovery   make no recovery key\n"
"  -V, --vault FILE    the vault (default DIR.vault, outside the mount)\n"
"  -b, --backup FILE   also write a copy of the vault\n"
"  -l, --label TEXT    label of the slots\n"
"  -j, --json          print one JSON object\n"
"  -h, --help          this text\n"
"  -                   read secrets from standard input, one per line\n",
		.run = cmd_init,
	},
	{
		.name = "unlock",
		.program = "ecryptfs unlock",
		.arguments = "[OPTIONS] [-] DIR [NAME=VALUE...]",
		.summary = "open a vault and put its keys into the kernel keyring",
		.help = OPEN_HELP,
		.run = cmd_unlock,
	},
	{
		.name = "lock",
		.program = "ecryptfs lock",
		.arguments = "[--vault FILE] DIR|MOUNTPOINT",
		.summary = "unmount, and remove the keys from the kernel keyring",
		.help =
"  -V, --vault FILE   the vault, if it is not beside or in DIR\n"
"  -h, --help         this text\n"
"\n"
"If the mount is in use, lists the processes; the exit status is then 4.\n",
		.run = cmd_lock,
	},
	{
		.name = "mount",
		.program = "ecryptfs mount",
		.arguments = "[OPTIONS] [-] DIR [MOUNTPOINT]",
		.summary = "mount a directory with its vault (default: over itself)",
		.help =
"  -o, --options OPTIONS   of mount(8) and ecryptfs(5), separated by commas\n"
"                          (default nosuid,nodev); for root only\n"
OPEN_HELP,
		.run = cmd_mount,
	},
	{
		.name = "umount",
		.program = "ecryptfs umount",
		.arguments = "DIR|MOUNTPOINT",
		.summary = "unmount; the keys stay",
		.help =
"  -h, --help   this text\n",
		.run = cmd_umount,
	},
	{
		.name = "status",
		.program = "ecryptfs status",
		.arguments = "[--json] [--vault FILE] [DIR]",
		.summary = "vault, keys and mounts of a directory; or all mounts",
		.help =
"  -V, --vault FILE   the vault, if it is not beside or in DIR\n"
"  -j, --json         print JSON: an object for DIR, an array of all mounts\n"
"  -h, --help         this text\n",
		.run = cmd_status,
	},
	{
		.name = "key list",
		.program = "ecryptfs key list",
		.arguments = "[--json] [--vault FILE] DIR",
		.summary = "the slots of a vault",
		.help =
"  -V, --vault FILE   the vault, if it is not beside or in DIR\n"
"  -j, --json         print one JSON array with an object for each slot\n"
"  -h, --help         this text\n",
		.run = cmd_slot_list,
	},
	{
		.name = "key add",
		.program = "ecryptfs key add",
		.arguments = "[OPTIONS] [-] DIR [SOURCE [NAME=VALUE...]]",
		.summary = "add a slot; without DIR, add a key to the kernel keyring",
		.help =
"  -l, --label TEXT     what the slot is for\n"
"  -b, --backup FILE    also write a copy of the changed vault\n"
OPEN_HELP
"\n"
"With `-', the first line opens the vault, and the second is the new secret.\n"
"\n"
"`ecryptfs key add [--fnek] [--link] [-]' needs no vault: it derives a key from a\n"
"passphrase, like ecryptfs-add-passphrase(1).\n",
		.run = cmd_slot_add,
	},
	{
		.name = "key remove",
		.program = "ecryptfs key remove",
		.arguments = "[OPTIONS] [-] DIR SLOT",
		.summary = "remove a slot",
		.help =
"  -b, --backup FILE    also write a copy of the changed vault\n"
OPEN_HELP,
		.run = cmd_slot_remove,
	},
	{
		.name = "key change",
		.program = "ecryptfs key change",
		.arguments = "[OPTIONS] [-] DIR SLOT [NAME=VALUE...]",
		.summary = "change the secret of a slot",
		.help =
"  -b, --backup FILE    also write a copy of the changed vault\n"
OPEN_HELP
"\n"
"With `-', the first line opens the vault, and the second is the new secret.\n",
		.run = cmd_slot_change,
	},
	{
		.name = "key test",
		.program = "ecryptfs key test",
		.arguments = "[OPTIONS] [-] DIR|LOWER... [NAME=VALUE...]",
		.summary = "try a passphrase, a vault or a slot, and unlock nothing",
		.help =
"  -R, --recursive      also whether each file in DIR is of that key\n"
OFFLINE_HELP
"\n"
"A LOWER file is looked at; of a DIR without a vault some files are.  Exit status\n"
"3: the secret opens no slot, or a file is of another key.\n",
		.run = cmd_key_test,
	},
	{
		.name = "vault list",
		.program = "ecryptfs vault list",
		.arguments = "[--json]",
		.summary = "the vaults that were made or used here",
		.help =
"  -j, --json   one JSON array, an object for each vault\n"
"  -h, --help   this text\n",
		.run = cmd_vault_list,
	},
	{
		.name = "vault forget",
		.program = "ecryptfs vault forget",
		.arguments = "DIR",
		.summary = "take a directory from that list; nothing of it is removed",
		.help =
"  -h, --help   this text\n"
"\n"
"DIR is as the list shows it.  When its vault is used again, it is as the first\n"
"time: that it was exchanged in the meantime would not be noticed.\n",
		.run = cmd_vault_forget,
	},
	{
		.name = "dump",
		.program = "ecryptfs dump",
		.arguments = "[--json] FILE...",
		.summary = "show the header of encrypted (lower) files",
		.help =
"  -j, --json   print one JSON array with an object for each FILE\n"
"  -h, --help   this text\n"
"\n"
"Needs no key: sizes, cipher and the signatures of keys are not secret.\n",
		.run = cmd_dump,
	},
	{
		.name = "ls",
		.program = "ecryptfs ls",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "list a lower directory by its plain names, without a mount",
		.help =
"  -l, --long           show modes, sizes, times and lower names\n"
"  -R, --recursive      list subdirectories, too\n"
OFFLINE_HELP,
		.run = cmd_ls,
	},
	{
		.name = "cat",
		.program = "ecryptfs cat",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "decrypt lower files to standard output, without a mount",
		.help =
"  -t, --threads N      use N processors (default all)\n"
OFFLINE_HELP,
		.run = cmd_cat,
	},
	{
		.name = "cp",
		.program = "ecryptfs cp",
		.arguments = "[OPTIONS] [-] LOWER... TARGET [NAME=VALUE...]",
		.summary = "copy lower files decrypted, without a mount",
		.help =
"  -t, --threads N      use N processors (default all)\n"
OFFLINE_HELP
"\n"
"TARGET is a directory, or a new name for one file.  Nothing is replaced.\n",
		.run = cmd_cp,
	},
	{
		.name = "export",
		.program = "ecryptfs export",
		.arguments = "[OPTIONS] [-] LOWER... DIR [NAME=VALUE...]",
		.summary = "copy lower trees decrypted, without a mount",
		.help =
"  -t, --threads N      use N processors (default all)\n"
OFFLINE_HELP
"\n"
"What cannot be read is listed, and the rest is copied.  The same command\n"
"continues an interrupted export.  Nothing in DIR is replaced.\n",
		.run = cmd_export,
	},
	{
		.name = "verify",
		.program = "ecryptfs verify",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "read a lower tree and list what is damaged",
		.help =
"  -q, --quick          only headers, names and sizes\n"
"  -t, --threads N      use N processors (default all)\n"
OFFLINE_HELP,
		.run = cmd_check,
	},
	{
		.name = "repair",
		.program = "ecryptfs repair",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "make files whose end is lost readable as far as they are left",
		.help =
"  -y, --yes            do it (by default, only show what would be done)\n"
"  -b, --backup DIR     keep copies there (default ecryptfs-repair-TIME, here)\n"
OFFLINE_HELP,
		.run = cmd_repair,
	},
	{
		.name = "header backup",
		.program = "ecryptfs header backup",
		.arguments = "[OPTIONS] [-] LOWER FILE [NAME=VALUE...]",
		.summary = "the headers of a lower tree into one new file",
		.help =
OFFLINE_HELP
"\n"
"No key is needed; with one, each header is tried.  Nothing in FILE is secret that\n"
"is not in LOWER.\n",
		.run = cmd_header_backup,
	},
	{
		.name = "header restore",
		.program = "ecryptfs header restore",
		.arguments = "[OPTIONS] [-] FILE LOWER... [NAME=VALUE...]",
		.summary = "put headers out of such a file back where they are lost",
		.help =
"  -y, --yes            do it (by default, only show what would be done)\n"
"  -b, --backup DIR     keep copies there (default ecryptfs-headers-TIME, here)\n"
"  -f, --force          also in the place of another header\n"
OFFLINE_HELP
"\n"
"LOWER is the directory that FILE is of, or a file or directory in it.\n",
		.run = cmd_header_restore,
	},
	{
		.name = "rekey",
		.program = "ecryptfs rekey",
		.arguments = "[OPTIONS] [-] --new DIR|--new-passphrase LOWER [NAME=VALUE...]",
		.summary = "another master key for a lower tree that is not mounted",
		.help =
"  -N, --new DIR        the new key is that of the vault of DIR\n"
"  -P, --new-passphrase the new key is of a mount passphrase, which is asked for\n"
"  -y, --yes            do it (by default, only show what would be done)\n"
"  -b, --backup FILE    the headers as they are (default\n"
"                       ecryptfs-rekey-TIME.headers, here)\n"
"  -f, --force          leave as it is what is of neither key\n"
OFFLINE_HELP
"\n"
"The other options are for the old key.  Headers and names are changed, contents\n"
"are not.  The same command goes on where it was interrupted.\n",
		.run = cmd_rekey,
	},
	{
		.name = "doctor",
		.program = "ecryptfs doctor",
		.arguments = "[--json] [DIR...]",
		.summary = "look at what eCryptfs needs here, and say what to do",
		.help =
"  -j, --json   one JSON array, an object for each finding\n"
"  -h, --help   this text\n"
"\n"
"Looks at the module, the keyrings, the login, the TPM, the clock, swap, and at each\n"
"lower directory DIR; changes nothing.  Exit status 1: there is a problem, and not\n"
"only a warning or a note.\n",
		.run = cmd_doctor,
	},
	{
		.name = "login",
		.program = "ecryptfs login",
		.arguments = "add DIR MOUNTPOINT | remove NAME | unlock | change | open | close",
		.summary = "manage what a login opens and mounts",
		.help =
"  add DIR MOUNTPOINT   have logins open the vault of DIR, too\n"
"  remove NAME          undo that; NAME is the name of the mount point\n"
"  -h, --help           this text\n"
"\n"
"PAM runs the following as the user:\n"
"\n"
"  unlock               unlock with the password, a line of standard input\n"
"  change               read the old and the new password, one per line\n"
"  open [--unlocked]    mount what a login has unlocked, or everything unlocked,\n"
"                       and print what was mounted or joined\n"
"  close [NAME...]      leave these mounts, or all\n",
		.run = cmd_login,
	},
	{
		.name = "ecryptfs-add-passphrase",
		.program = "ecryptfs-add-passphrase",
		.arguments = "[--fnek] [-]",
		.summary = "`ecryptfs key add', as ecryptfs-utils spells it",
		.help =
"      --fnek   also add the key for file names\n"
"      --help   this text\n"
"  -            read the passphrase from a line of standard input\n",
		.run = cmd_add_passphrase,
	},
	{
		.name = "ecryptfs-wrap-passphrase",
		.program = "ecryptfs-wrap-passphrase",
		.arguments = "FILE [-]",
		.summary = "write a passphrase to FILE, wrapped with another",
		.help =
"      --help   this text\n"
"  -            read both from standard input, one per line\n",
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
"FILE is ~/.ecryptfs/wrapped-passphrase by default.\n",
		.run = cmd_unwrap_passphrase,
	},
	{
		.name = "ecryptfs-rewrap-passphrase",
		.program = "ecryptfs-rewrap-passphrase",
		.arguments = "FILE [-]",
		.summary = "change the wrapping passphrase of FILE",
		.help =
"      --help   this text\n"
"  -            read the old and the new one from standard input, one per line\n",
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
"FILE is ~/.ecryptfs/wrapped-passphrase by default.\n",
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
"`ecryptfs dump' shows more.\n",
		.run = cmd_stat,
	},
	{
		.name = "ecryptfs-find",
		.program = "ecryptfs-find",
		.arguments = "NAME",
		.summary = "find the lower file of an upper file, or the reverse",
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
"  -u, --user USER                 check the files of USER\n"
"      --help                      this text\n"
"\n"
"At least one check is needed, and all that are given must succeed.\n",
		.run = cmd_verify,
	},
	{
		.name = "ecryptfs-manager",
		.program = "ecryptfs-manager",
		.arguments = "",
		.summary = "a menu for keys",
		.help =
"      --help   this text\n",
		.run = cmd_manager,
	},
	{
		.name = "ecryptfs-setup-private",
		.program = "ecryptfs-setup-private",
		.arguments = "[OPTIONS]",
		.summary = "set up a private directory, ~/Private",
		.help =
"  -f, --force            move an existing wrapped passphrase aside\n"
"  -w, --wrapping         wrap it with another passphrase than the login's\n"
"  -n, --no-fnek          do not encrypt file names\n"
"  -u, --username USER    set it up for USER; for root only\n"
"  -l, --loginpass PASS   the login passphrase, which other users can see\n"
"  -m, --mountpass PASS   the mount passphrase, likewise (default random)\n"
"  -b, --bootstrap        encrypt the whole home of a new user; for root only\n"
"      --undo             print how to undo it\n"
"      --nopwcheck        do not check the login passphrase\n"
"      --noautomount      do not mount at login\n"
"      --noautoumount     do not unmount at logout\n"
"      --help             this text\n",
		.run = cmd_setup_private,
	},
	{
		.name = "ecryptfs-mount-private",
		.program = "ecryptfs-mount-private",
		.arguments = "",
		.summary = "mount the private directory",
		.help =
"      --help   this text\n"
"\n"
"Asks for the login passphrase if the keys are not in the keyring.\n",
		.run = cmd_mount_private,
	},
	{
		.name = "ecryptfs-umount-private",
		.program = "ecryptfs-umount-private",
		.arguments = "",
		.summary = "unmount the private directory and remove its keys",
		.help =
"      --help   this text\n"
"\n"
"Lists the processes that still have its files open.\n",
		.run = cmd_umount_private,
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

/*
 * Returns the number of words of @name if @words begins with them, and 0
 * otherwise.
 */
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

static bool is_classic(const char *name)
{
	return !strncmp(name, "ecryptfs-", strlen("ecryptfs-"));
}

/* Prints the rows whose name starts with the @len bytes of @word. */
static unsigned int rows_print(FILE *to, const char *word, size_t len,
			       bool classic)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (is_classic(commands[i].name) == classic &&
		    !strncmp(commands[i].name, word, len)) {
			fprintf(to, "  %-24s %s\n", commands[i].name,
				commands[i].summary);
			count++;
		}
	return count;
}

static void program_help(FILE *to)
{
	fputs("Usage: ecryptfs COMMAND [ARGUMENTS]\n"
	      "       ecryptfs help [COMMAND] | version\n\n", to);
	rows_print(to, "", 0, false);
	fputs("\nPrograms that ecryptfs-utils has, too:\n\n", to);
	rows_print(to, "", 0, true);
	fputs("\n`ecryptfs COMMAND --help' tells more.\n", to);
}

/*
 * Reports unknown words, with the commands that start with the first word, or
 * all.
 */
static int command_unknown(int argc, char **argv)
{
	size_t len = strlen(argv[1]);
	bool known = false; /* commands start with the first */
	char first[64];
	size_t i;

	if (len && len < sizeof(first) - 1) {
		memcpy(first, argv[1], len);
		first[len] = ' ';
		for (i = 0; i < COMMANDS; i++)
			known |= !strncmp(commands[i].name, first, len + 1);
	}
	fprintf(stderr, "ecryptfs: no such command: %s%s%s\n", argv[1],
		known && argc > 2 ? " " : "", known && argc > 2 ? argv[2] : "");
	if (known)
		rows_print(stderr, first, len + 1, false);
	else
		program_help(stderr);
	return CMD_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b,
		      const char *c)
{
	return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

/* Runs `ecryptfs help COMMAND'. */
static int help_run(int argc, char **argv)
{
	int words;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		words = words_match(commands[i].name, argc - 1, argv + 1);
		if (words && words == argc - 1) {
			command_help(&commands[i]);
			return CMD_OK;
		}
	}
	if (argc > 1)
		return command_unknown(argc, argv);
	program_help(stdout);
	return CMD_OK;
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
	if (argc > 1 && is_one_of(argv[1], "help", "--help", "-h"))
		return help_run(argc - 1, argv + 1);
	if (argc > 1 && is_one_of(argv[1], "version", "--version", "-V")) {
		puts("ecryptfs " ECRYPTFS_VERSION);
		return CMD_OK;
	}
	if (argc > 1)
		return command_unknown(argc, argv);
	program_help(stderr);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";
	int status = -1;
	size_t i;

	/* A process with a password must not be debugged or dump core. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (i = 0; i < COMMANDS && status < 0; i++)
		if (!strcmp(name, commands[i].name))
			status = commands[i].run(&commands[i], argc, argv);
	if (status < 0)
		status = program_run(argc, argv);
	/* A script must not take lost output for a missing key. */
	if (fflush(stdout) || ferror(stdout)) {
		perror("ecryptfs: standard output");
		status = status ? status : CMD_FAILED;
	}
	return status;
}
