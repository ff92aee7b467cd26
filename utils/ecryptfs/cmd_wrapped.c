// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The four commands for wrapped-passphrase files.  They are compatible with
 * ecryptfs-utils in arguments, standard output and exit codes, including
 * success after a wrong command line.  A passphrase may be an argument, as in
 * ecryptfs-utils.  It is wiped from the command line at once, which helps only
 * to some extent.
 *
 * In contrast to ecryptfs-utils, a wrapping passphrase of one character is
 * accepted as an argument.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cmd.h"
#include "explain.h"

#define SECRETS 2
#define DEFAULT_FILE ".ecryptfs/wrapped-passphrase"

/* The parts of a command line. */
struct wrapped_args {
	const char *file;
	char *secret[SECRETS]; /* arguments, or NULL */
	bool from_stdin;
	char path[PATH_MAX]; /* path of the default file */
};

/* A passphrase in secret memory. */
struct secret {
	struct libecryptfs_secmem mem;
	size_t len;
};

static struct libecryptfs_text text_of(const struct secret *secret)
{
	return (struct libecryptfs_text){ .bytes = secret->mem.sm_bytes,
					  .len = secret->len };
}

static int fail(const struct command *cmd, const char *what,
		struct explanation explanation)
{
	explain_print(cmd->program, what, explanation);
	return CMD_FAILED;
}

static int secret_argument(char *word, struct secret *ret)
{
	size_t len = strlen(word);
	int err;

	if (len > LIBECRYPTFS_PASSPHRASE_MAX)
		return -EMSGSIZE;
	err = libecryptfs_secmem_create(LIBECRYPTFS_PASSPHRASE_MAX, &ret->mem);
	if (err)
		return err;
	memcpy(ret->mem.sm_bytes, word, len);
	ret->len = len;
	explicit_bzero(word, len);
	return 0;
}

/* Gets a secret from the argument @word, or from a line of standard input. */
static int secret_get(const struct command *cmd, char *word, const char *prompt,
		      bool from_stdin, struct secret *ret)
{
	bool cut = false;
	int err;

	memset(ret, 0, sizeof(*ret));
	if (word)
		err = secret_argument(word, ret);
	else
		err = input_secret(from_stdin ? NULL : prompt, stdout,
				   &ret->mem, &ret->len, &cut);
	if (err)
		return fail(cmd, "cannot read the passphrase",
			    explain_input(err));
	if (cut)
		fprintf(stderr,
			"%s: the passphrase ends at its first NUL byte\n",
			cmd->program);
	return CMD_OK;
}

static void secret_destroy(struct secret *secret)
{
	libecryptfs_secmem_destroy(&secret->mem);
}

/*
 * --help is an option here; in ecryptfs-utils it would be the name of a file.
 */
static bool help_wanted(const struct command *cmd, int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--help"))
		return false;
	command_help(cmd);
	return true;
}

/*
 * Accepts FILE, FILE -, or FILE and @secrets passphrases; with @file_optional
 * also nothing, or `-' alone.  Returns false for anything else.
 */
static bool args_take(int argc, char **argv, int secrets, bool file_optional,
		      struct wrapped_args *ret)
{
	int i;

	memset(ret, 0, sizeof(*ret));
	if (argc > 1 && !strcmp(argv[argc - 1], "-")) {
		ret->from_stdin = true;
		argc--;
	}
	if (argc == 1 && file_optional) {
		ret->file = ret->path;
		return !libecryptfs_home_path(DEFAULT_FILE, ret->path,
					      sizeof(ret->path));
	}
	if (argc == 2) {
		ret->file = argv[1];
		return true;
	}
	if (argc != 2 + secrets || ret->from_stdin)
		return false;
	ret->file = argv[1];
	for (i = 0; i < secrets; i++)
		ret->secret[i] = argv[2 + i];
	return true;
}

/* Unwraps @args->file with @wrapping, and prints messages. */
static int unwrap(const struct command *cmd, const char *file,
		  const struct secret *wrapping, struct secret *ret)
{
	struct libecryptfs_text text = text_of(wrapping);
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	int err;

	memset(ret, 0, sizeof(*ret));
	err = libecryptfs_salt_load(salt, &source);
	if (err)
		return fail(cmd, "cannot read the salt", explain_salt(err));
	err = libecryptfs_wrapped_load(file, &text, salt, &ret->mem, &ret->len);
	return err ? fail(cmd, file, explain_wrapped(err)) : CMD_OK;
}

static int wrap(const struct command *cmd, const char *file,
		const struct secret *passphrase, const struct secret *wrapping)
{
	struct libecryptfs_text text = text_of(passphrase);
	struct libecryptfs_text under = text_of(wrapping);
	int err = libecryptfs_wrapped_commit(file, &text, &under);

	return err ? fail(cmd, file, explain_wrapped(err)) : CMD_OK;
}

int cmd_wrap_passphrase(const struct command *cmd, int argc, char **argv)
{
	struct secret passphrase, wrapping;
	struct wrapped_args args;
	int status;

	if (help_wanted(cmd, argc, argv))
		return CMD_OK;
	if (!args_take(argc, argv, 2, false, &args)) {
		puts("Usage:\n\n"
		     "ecryptfs-wrap-passphrase [file]\n"
		     "or\n"
		     "printf \"%s\\n%s\" \"passphrase to wrap\" \"wrapping passphrase\" | ecryptfs-wrap-passphrase [file] -\n\n"
		     "note: passphrase can be at most 64 bytes long");
		return CMD_OK;
	}
	if (secret_get(cmd, args.secret[0], "Passphrase to wrap: ",
		       args.from_stdin, &passphrase))
		return CMD_FAILED;
	status = secret_get(cmd, args.secret[1], "Wrapping passphrase: ",
			    args.from_stdin, &wrapping);
	if (!status)
		status = wrap(cmd, args.file, &passphrase, &wrapping);
	secret_destroy(&wrapping);
	secret_destroy(&passphrase);
	return status;
}

int cmd_unwrap_passphrase(const struct command *cmd, int argc, char **argv)
{
	struct secret passphrase, wrapping;
	struct wrapped_args args;
	int status;

	if (help_wanted(cmd, argc, argv))
		return CMD_OK;
	if (!args_take(argc, argv, 1, true, &args)) {
		puts("Usage:\n\n"
		     "ecryptfs-unwrap-passphrase [file]\n"
		     "or\n"
		     "printf \"%s\" \"wrapping passphrase\" | ecryptfs-unwrap-passphrase [file] -\n");
		return CMD_OK;
	}
	if (secret_get(cmd, args.secret[0], "Passphrase: ", args.from_stdin,
		       &wrapping))
		return CMD_FAILED;
	status = unwrap(cmd, args.file, &wrapping, &passphrase);
	if (!status) {
		/*
		 * It is printed directly from secret memory, because stdio
		 * would keep a copy.
		 */
		setvbuf(stdout, NULL, _IONBF, 0);
		fwrite(passphrase.mem.sm_bytes, 1, passphrase.len, stdout);
		putchar('\n');
	}
	secret_destroy(&passphrase);
	secret_destroy(&wrapping);
	return status;
}

/*
 * Gets the new wrapping passphrase, which is asked for twice because it is not
 * visible.
 */
static int new_get(const struct command *cmd, const struct wrapped_args *args,
		   struct secret *ret)
{
	struct secret again;
	bool same;

	if (secret_get(cmd, args->secret[1], "New wrapping passphrase: ",
		       args->from_stdin, ret))
		return CMD_FAILED;
	if (args->from_stdin || args->secret[1])
		return CMD_OK;
	if (secret_get(cmd, NULL, "New wrapping passphrase (again): ", false,
		       &again))
		return CMD_FAILED;
	same = ret->len == again.len &&
	       !memcmp(ret->mem.sm_bytes, again.mem.sm_bytes, ret->len);
	secret_destroy(&again);
	if (same)
		return CMD_OK;
	fprintf(stderr, "%s: the new wrapping passphrases do not match\n",
		cmd->program);
	return CMD_FAILED;
}

int cmd_rewrap_passphrase(const struct command *cmd, int argc, char **argv)
{
	struct secret passphrase = { 0 }, old, new = { 0 };
	struct wrapped_args args;
	int status;

	if (help_wanted(cmd, argc, argv))
		return CMD_OK;
	if (!args_take(argc, argv, 2, false, &args)) {
		puts("Usage:\n\n"
		     "ecryptfs-rewrap-passphrase [file]\n"
		     "or\n"
		     "printf \"%s\\n%s\" \"old wrapping passphrase\" \"new wrapping passphrase\" | ecryptfs-rewrap-passphrase [file] -\n");
		return CMD_OK;
	}
	if (secret_get(cmd, args.secret[0], "Old wrapping passphrase: ",
		       args.from_stdin, &old))
		return CMD_FAILED;
	status = new_get(cmd, &args, &new);
	if (!status)
		status = unwrap(cmd, args.file, &old, &passphrase);
	if (!status)
		status = wrap(cmd, args.file, &passphrase, &new);
	secret_destroy(&passphrase);
	secret_destroy(&new);
	secret_destroy(&old);
	return status;
}

/*
 * Adds both keys of @passphrase, the one for names first, since only the
 * signature of the other is printed.
 */
static int keys_add(const struct command *cmd, const struct secret *passphrase)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	enum libecryptfs_salt_source source;
	char sig[LIBECRYPTFS_SIG_CHARS];
	int err;

	err = libecryptfs_salt_load(salt, &source);
	if (err)
		return fail(cmd, "cannot read the salt", explain_salt(err));
	err = libecryptfs_token_v1_put(passphrase->mem.sm_bytes,
				       passphrase->len, libecryptfs_salt_fnek,
				       sig);
	if (!err)
		err = libecryptfs_token_v1_put(passphrase->mem.sm_bytes,
					       passphrase->len, salt, sig);
	if (err)
		return fail(cmd, "cannot add the keys to the user keyring",
			    explain_keyring_put(err));
	printf("Inserted auth tok with sig [%s] into the user session keyring\n",
	       sig);
	err = libecryptfs_keyring_find(sig);
	if (err)
		explain_print(cmd->program, "the keys are added, but a mount from here will not find them",
			      explain_keyring_find(err));
	return CMD_OK;
}

int cmd_insert_wrapped(const struct command *cmd, int argc, char **argv)
{
	struct secret passphrase, wrapping;
	struct wrapped_args args;
	int status;

	if (help_wanted(cmd, argc, argv))
		return CMD_OK;
	if (!args_take(argc, argv, 1, true, &args)) {
		puts("Usage:\n\n"
		     "ecryptfs-insert-wrapped-passphrase-into-keyring [file]\n"
		     "or\n"
		     "printf \"%s\" \"wrapping passphrase\" | ecryptfs-insert-wrapped-passphrase-into-keyring [file] -\n");
		return CMD_OK;
	}
	if (secret_get(cmd, args.secret[0], "Passphrase: ", args.from_stdin,
		       &wrapping))
		return CMD_FAILED;
	status = unwrap(cmd, args.file, &wrapping, &passphrase);
	if (!status)
		status = keys_add(cmd, &passphrase);
	secret_destroy(&passphrase);
	secret_destroy(&wrapping);
	return status;
}
