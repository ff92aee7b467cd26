// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs key add, and its classic form ecryptfs-add-passphrase: puts the key
 * of a passphrase into the user keyring.
 *
 * The classic form is compatible with ecryptfs-utils in its input, its standard
 * output and its exit codes, including success after a wrong command line.
 * Everything else goes to standard error.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "explain.h"

struct add_options {
	bool fnek;
	bool link;
	bool from_stdin; /* no prompt, whatever standard input is */
};

static int fail(const struct command *cmd, const char *what,
		struct explanation explanation)
{
	explain_print(cmd->program, what, explanation);
	return CMD_FAILED;
}

static int salt_load(const struct command *cmd,
		     uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES])
{
	enum libecryptfs_salt_source source;
	int err = libecryptfs_salt_load(salt_ret, &source);

	if (err)
		return fail(cmd, "cannot read the salt", explain_salt(err));
	if (source == LIBECRYPTFS_SALT_IGNORED)
		fprintf(stderr,
			"%s: ~/.ecryptfsrc is unreadable or malformed (salt= takes exactly 16 hexadecimal digits): using the default salt\n",
			cmd->program);
	return CMD_OK;
}

/* Explains on standard error what would keep a mount from finding the key. */
static void mount_warn(const struct command *cmd, const char *sig)
{
	int err = libecryptfs_keyring_find(sig);

	if (err)
		explain_print(cmd->program, "the key is added, but a mount from here will not find it",
			      explain_keyring_find(err));
}

static int key_add(const struct command *cmd,
		   const struct libecryptfs_secmem *passphrase, size_t len,
		   const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
		   char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	struct libecryptfs_secmem token;
	bool present;
	int err;

	err = libecryptfs_token_v1_create(passphrase->sm_bytes, len, salt,
					  &token, sig_ret);
	if (err)
		return fail(cmd, "cannot make a key", explain_token(err));
	err = libecryptfs_keyring_put(sig_ret, token.sm_bytes, token.sm_size,
				      &present);
	libecryptfs_secmem_destroy(&token);
	if (err)
		return fail(cmd, "cannot add the key to the user keyring",
			    explain_keyring_put(err));
	printf("Inserted auth tok with sig [%s] into the user session keyring\n",
	       sig_ret);
	return CMD_OK;
}

static int keys_add(const struct command *cmd, const struct add_options *opts,
		    const struct libecryptfs_secmem *passphrase, size_t len)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char sig[LIBECRYPTFS_SIG_CHARS];
	int err;

	if (salt_load(cmd, salt) ||
	    key_add(cmd, passphrase, len, salt, sig))
		return CMD_FAILED;
	if (opts->fnek &&
	    key_add(cmd, passphrase, len, libecryptfs_salt_fnek, sig))
		return CMD_FAILED;
	if (opts->link) {
		err = libecryptfs_keyring_link();
		if (err)
			return fail(cmd, "cannot link the user keyring",
				    explain_keyring_link(err));
	}
	mount_warn(cmd, sig);
	return CMD_OK;
}

static int names_check(const struct command *cmd)
{
	unsigned int features;
	int err = libecryptfs_kernel_load(&features);

	if (err || !(features & LIBECRYPTFS_KERNEL_NAMES))
		return fail(cmd, "--fnek", explain_kernel(err));
	return CMD_OK;
}

static int add(const struct command *cmd, const struct add_options *opts,
	       FILE *prompt_to)
{
	struct libecryptfs_secmem passphrase;
	size_t len;
	bool cut;
	int status;
	int err;

	/*
	 * This comes first, so that the child that loads the module never sees
	 * a secret.
	 */
	if (opts->fnek && names_check(cmd))
		return CMD_FAILED;
	err = input_secret(opts->from_stdin ? NULL : "Passphrase: ", prompt_to,
			   &passphrase, &len, &cut);
	if (err)
		return fail(cmd, "cannot read the passphrase",
			    explain_input(err));
	if (cut)
		fprintf(stderr,
			"%s: the passphrase ends at its first NUL byte\n",
			cmd->program);
	status = keys_add(cmd, opts, &passphrase, len);
	libecryptfs_secmem_destroy(&passphrase);
	return status;
}

int cmd_key_add(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "fnek", no_argument, NULL, 'f' },
		{ "link", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct add_options opts = { 0 };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "flh", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			opts.fnek = true;
			break;
		case 'l':
			opts.link = true;
			break;
		case 'h':
			command_help(cmd);
			return CMD_OK;
		default:
			return command_usage_error(cmd, "unknown option");
		}
	}
	opts.from_stdin = argc - optind == 1 && !strcmp(argv[optind], "-");
	if (argc - optind > opts.from_stdin)
		return command_usage_error(cmd, "unexpected argument");
	if (!opts.from_stdin && !isatty(STDIN_FILENO))
		return command_usage_error(cmd,
					   "standard input is not a terminal; `-' reads the passphrase from it");
	return add(cmd, &opts, stderr);
}

/*
 * This is the exact text of ecryptfs-utils, since it is printed on standard
 * output.
 */
static int classic_usage(void)
{
	puts("Usage:\n"
	     "ecryptfs-add-passphrase [--fnek]\n"
	     "or\n"
	     "printf \"%s\" \"passphrase\" | ecryptfs-add-passphrase [--fnek] -\n");
	return CMD_OK;
}

int cmd_add_passphrase(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "fnek", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct add_options opts = { 0 };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			opts.fnek = true;
			break;
		case 'h':
			command_help(cmd);
			return CMD_OK;
		default:
			return classic_usage();
		}
	}
	opts.from_stdin = argc - optind == 1 && !strcmp(argv[optind], "-");
	if (argc - optind > opts.from_stdin)
		return classic_usage();
	/*
	 * ecryptfs-utils print the prompt on standard output, and read the
	 * passphrase even if standard input is not a terminal.
	 */
	return add(cmd, &opts, stdout);
}
