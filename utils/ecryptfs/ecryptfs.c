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
"  -I, --ignore-damage  use it although it was changed\n" \
"  -a, --accept SIG     use it if it gives this key, though another was known\n" \
"  -h, --help           this text\n" \
"  -                    secrets are lines of standard input\n"

/* Help for the commands that read a lower tree without a mount. */
#define OFFLINE_HELP \
"  -p, --passphrase     the mount passphrase opens it, which is asked for\n" \
"  -S, --salt HEX       with this salt (default ~/.ecryptfsrc's, or the usual)\n" \
"  -W, --wrapped FILE   a wrapped mount passphrase opens it\n" \
"  -r, --recovery       the recovery key of its vault opens it\n" \
"  -w, --with SOURCE    a slot of this source opens it, and NAME=VALUE for it\n" \
"  -s, --slot N         this slot opens it\n" \
"  -V, --vault FILE     the vault, if it is not in, beside or above LOWER\n" \
"  -I, --ignore-damage  use the vault although it was changed\n" \
"  -a, --accept SIG     use it if it gives this key, though another was known\n" \
"  -n, --no-key         without a key: what is not secret\n" \
"  -j, --json           objects of JSON, one a line\n" \
"  -h, --help           this text\n" \
"  -                    secrets are lines of standard input\n" \
"\n" \
"Needs no mount and no root.  Exit status 5: something is damaged or missing.\n"

static const struct command commands[] = {
	{
		.name = "init",
		.program = "ecryptfs init",
		.arguments = "[OPTIONS] [-] DIR [seconds=S]",
		.summary = "make a vault, with a recovery key, for a lower directory",
		.help =
"  -A, --adopt         DIR has encrypted files; asks for their mount passphrase\n"
"  -C, --no-check      adopt it even if that passphrase opens none of its files\n"
"  -P, --plain-names   do not encrypt file names\n"
"  -c, --cipher NAME   aes (default), blowfish, des3_ede, twofish, cast6, cast5;\n"
"                      with another than aes only root can mount it\n"
"  -k, --key-bytes N   size of files' keys (default 32 or the greatest that the\n"
"                      cipher has, with --adopt the files')\n"
"  -R, --no-recovery   no recovery key\n"
"  -V, --vault FILE    the vault (default DIR.vault, out of the mount's reach)\n"
"  -b, --backup FILE   a copy of the vault\n"
"  -l, --label TEXT    for the slots\n"
"  -j, --json          one JSON object\n"
"  -h, --help          this text\n"
"  -                   secrets are lines of standard input\n",
		.run = cmd_init,
	},
	{
		.name = "unlock",
		.program = "ecryptfs unlock",
		.arguments = "[OPTIONS] [-] DIR [NAME=VALUE...]",
		.summary = "open a vault, keys into the kernel keyring",
		.help = OPEN_HELP,
		.run = cmd_unlock,
	},
	{
		.name = "lock",
		.program = "ecryptfs lock",
		.arguments = "[--vault FILE] DIR|MOUNTPOINT",
		.summary = "unmount, and take the keys out of the kernel keyring",
		.help =
"  -V, --vault FILE   the vault, if it is not beside or in DIR\n"
"  -h, --help         this text\n"
"\n"
"Lists who uses the mount if it can't go; then the exit status is 4.\n",
		.run = cmd_lock,
	},
	{
		.name = "mount",
		.program = "ecryptfs mount",
		.arguments = "[OPTIONS] [-] DIR [MOUNTPOINT]",
		.summary = "mount a directory by its vault (default: over itself)",
		.help =
"  -o, --options OPTIONS   of mount(8) and ecryptfs(5), separated by commas;\n"
"                          nosuid,nodev is the default; root's\n"
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
"  -j, --json         JSON: an object for DIR, an array of all mounts\n"
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
"  -j, --json         one JSON array, an object for each slot\n"
"  -h, --help         this text\n",
		.run = cmd_slot_list,
	},
	{
		.name = "key add",
		.program = "ecryptfs key add",
		.arguments = "[OPTIONS] [-] DIR [SOURCE [NAME=VALUE...]]",
		.summary = "one more slot; without DIR, a key into the kernel keyring",
		.help =
"  -l, --label TEXT     what the slot is for\n"
"  -b, --backup FILE    a copy of the vault afterwards\n"
OPEN_HELP
"\n"
"With `-' the first line opens the vault, the second is the new secret.\n"
"\n"
"`ecryptfs key add [--fnek] [--link] [-]' needs no vault: it makes a key of a\n"
"passphrase, as ecryptfs-add-passphrase(1) does.\n",
		.run = cmd_slot_add,
	},
	{
		.name = "key remove",
		.program = "ecryptfs key remove",
		.arguments = "[OPTIONS] [-] DIR SLOT",
		.summary = "take a slot away",
		.help =
"  -b, --backup FILE    a copy of the vault afterwards\n"
OPEN_HELP,
		.run = cmd_slot_remove,
	},
	{
		.name = "key change",
		.program = "ecryptfs key change",
		.arguments = "[OPTIONS] [-] DIR SLOT [NAME=VALUE...]",
		.summary = "another secret for a slot",
		.help =
"  -b, --backup FILE    a copy of the vault afterwards\n"
OPEN_HELP
"\n"
"With `-' the first line opens the vault, the second is the new secret.\n",
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
"  -j, --json   one JSON array, an object for each FILE\n"
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
"  -l, --long           with modes, sizes, times and lower names\n"
"  -R, --recursive      all that is below it\n"
OFFLINE_HELP,
		.run = cmd_ls,
	},
	{
		.name = "cat",
		.program = "ecryptfs cat",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "decrypt lower files to standard output, without a mount",
		.help =
"  -t, --threads N      use so many processors (default all)\n"
OFFLINE_HELP,
		.run = cmd_cat,
	},
	{
		.name = "cp",
		.program = "ecryptfs cp",
		.arguments = "[OPTIONS] [-] LOWER... TARGET [NAME=VALUE...]",
		.summary = "copy lower files decrypted, without a mount",
		.help =
"  -t, --threads N      use so many processors (default all)\n"
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
"  -t, --threads N      use so many processors (default all)\n"
OFFLINE_HELP
"\n"
"What can't be read is listed, and the rest copied.  The same command goes on\n"
"where it was interrupted.  Nothing in DIR is replaced.\n",
		.run = cmd_export,
	},
	{
		.name = "verify",
		.program = "ecryptfs verify",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "read a lower tree, and say what is damaged",
		.help =
"  -q, --quick          only headers, names and sizes\n"
"  -t, --threads N      use so many processors (default all)\n"
OFFLINE_HELP,
		.run = cmd_check,
	},
	{
		.name = "repair",
		.program = "ecryptfs repair",
		.arguments = "[OPTIONS] [-] LOWER... [NAME=VALUE...]",
		.summary = "make files whose end is lost readable to the end that is left",
		.help =
"  -y, --yes            do it (default: only show what would be done)\n"
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
"  -y, --yes            do it (default: only show what would be done)\n"
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
"  -y, --yes            do it (default: only show what would be done)\n"
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
		.summary = "what a login opens and mounts; a vault is added to it",
		.help =
"  add DIR MOUNTPOINT   from now on, the vault of DIR, too\n"
"  remove NAME          no longer; NAME is that of the mount point\n"
"  -h, --help           this text\n"
"\n"
"PAM runs these, as the user:\n"
"\n"
"  unlock               keys by the password, a line of standard input\n"
"  change               the old and the new password, a line each\n"
"  open [--unlocked]    mount what a login has unlocked, or whatever is unlocked;\n"
"                       prints what was mounted or joined\n"
"  close [NAME...]      leave that, or all\n",
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
"  -f, --force            put a wrapped passphrase that is there aside\n"
"  -w, --wrapping         another passphrase than the login's wraps it\n"
"  -n, --no-fnek          do not encrypt file names\n"
"  -u, --username USER    for USER, by root\n"
"  -l, --loginpass PASS   the login passphrase, seen by all; better typed\n"
"  -m, --mountpass PASS   the mount passphrase, likewise (default: random)\n"
"  -b, --bootstrap        the whole home of a new user, by root\n"
"      --undo             tell how to undo it\n"
"      --nopwcheck        do not compare with the login's password\n"
"      --noautomount      not at login\n"
"      --noautoumount     not at logout\n"
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
"Asks for the login passphrase if the keys are not there yet.\n",
		.run = cmd_mount_private,
	},
	{
		.name = "ecryptfs-umount-private",
		.program = "ecryptfs-umount-private",
		.arguments = "",
		.summary = "unmount the private directory, and take its keys away",
		.help =
"      --help   this text\n"
"\n"
"Lists who still has files of it.\n",
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
