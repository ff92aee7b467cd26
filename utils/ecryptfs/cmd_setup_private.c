// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-setup-private: the options and the questions.  Options, files and
 * exit codes are those of ecryptfs-utils.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <spawn.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"
#include "setup.h"

#define GENERATED_BYTES 16 /* size of a mount passphrase, shown in hexadecimal */

enum { OPT_HELP = 256, OPT_UNDO, OPT_NO_CHECK, OPT_NO_MOUNT, OPT_NO_UMOUNT };

static const struct option options[] = {
	{ "force", no_argument, NULL, 'f' },
	{ "wrapping", no_argument, NULL, 'w' },
	{ "no-fnek", no_argument, NULL, 'n' },
	{ "username", required_argument, NULL, 'u' },
	{ "loginpass", required_argument, NULL, 'l' },
	{ "mountpass", required_argument, NULL, 'm' },
	{ "bootstrap", no_argument, NULL, 'b' },
	{ "undo", no_argument, NULL, OPT_UNDO },
	{ "nopwcheck", no_argument, NULL, OPT_NO_CHECK },
	{ "noautomount", no_argument, NULL, OPT_NO_MOUNT },
	{ "noautoumount", no_argument, NULL, OPT_NO_UMOUNT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static const char undo_text[] =
	"To undo it, after unmounting:\n\n"
	"  1. Copy all data out of ~/Private while it is mounted.\n"
	"  2. ecryptfs-umount-private\n"
	"  3. chmod 700 ~/Private\n"
	"  4. rm -rf ~/Private ~/.Private ~/.ecryptfs\n\n"
	"For an encrypted home directory, they are in /home/.ecryptfs/USER.\n";

bool setup_fail(const struct setup *setup, const char *what, int err)
{
	fprintf(stderr, "%s: %s: %s\n", setup->cmd->program,
		explain_shown(what), strerror(-err));
	return false;
}

/*
 * Takes a word of the command line, which other users can read until it is
 * wiped.
 */
static bool word_take(const struct setup *setup, char *word, struct secret *ret)
{
	size_t len = strlen(word);
	int err;

	if (!len || len > LIBECRYPTFS_PASSPHRASE_MAX) {
		explain_print(setup->cmd->program, "the passphrase",
			      explain_token(-EINVAL));
		return false;
	}
	err = libecryptfs_secmem_create(LIBECRYPTFS_PASSPHRASE_MAX, &ret->mem);
	if (err) {
		explain_print(setup->cmd->program, "the passphrase",
			      explain_secmem(err));
		return false;
	}
	memcpy(ret->mem.sm_bytes, word, len);
	ret->len = len;
	explicit_bzero(word, len);
	return true;
}

/*
 * Returns false if the option ends the parsing; *bad_ret says whether it was
 * wrong.
 */
static bool option_take(int c, struct setup *setup, bool *bad_ret)
{
	switch (c) {
	case 'f':
		setup->force = true;
		return true;
	case 'w':
		setup->wrapping = true;
		return true;
	case 'n':
		setup->plain_names = true;
		return true;
	case 'u':
		setup->user_name = optarg;
		return true;
	case 'l':
		return word_take(setup, optarg, &setup->login);
	case 'm':
		return word_take(setup, optarg, &setup->mount);
	case 'b':
		setup->bootstrap = true;
		return true;
	case OPT_UNDO:
		setup->undo = true;
		return true;
	case OPT_NO_CHECK:
		setup->no_check = true;
		return true;
	case OPT_NO_MOUNT:
		setup->no_auto_mount = true;
		return true;
	case OPT_NO_UMOUNT:
		setup->no_auto_umount = true;
		return true;
	default:
		*bad_ret = c != OPT_HELP;
		return false;
	}
}

/*
 * Asks, on a terminal twice, because the input is not visible.  The caller
 * handles an empty answer.
 */
static bool ask(const struct setup *setup, const char *prompt, bool twice,
		struct secret *ret)
{
	struct secret again = { 0 };
	bool same;
	int err;

	err = input_secret(prompt, stdout, &ret->mem, &ret->len, NULL);
	if (!err && twice && ret->len && isatty(STDIN_FILENO)) {
		err = input_secret("Enter it again: ", stdout, &again.mem,
				   &again.len, NULL);
		same = !err && again.len == ret->len &&
		       !memcmp(again.mem.sm_bytes, ret->mem.sm_bytes, ret->len);
		libecryptfs_secmem_destroy(&again.mem);
		if (!err && !same) {
			fprintf(stderr, "%s: the two entries do not match\n",
				setup->cmd->program);
			return false;
		}
	}
	if (!err)
		return true;
	explain_print(setup->cmd->program, "cannot read the passphrase",
		      explain_input(err));
	return false;
}

/*
 * Checks the password with PAM's set-gid helper.  Returns true if there is no
 * such helper.
 */
static bool password_right(const struct setup *setup)
{
	char path[] = "/usr/sbin/unix_chkpwd", nullok[] = "nullok";
	char *args[] = { path, setup->user->pw_name, nullok, NULL };
	char *env[] = { NULL };
	posix_spawn_file_actions_t actions;
	int pipes[2], status = -1;
	pid_t pid;

	if (access(path, X_OK) || pipe(pipes))
		return true;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[0], STDIN_FILENO);
	posix_spawn_file_actions_addclose(&actions, pipes[1]);
	if (!posix_spawn(&pid, path, &actions, NULL, args, env)) {
		/* This is shorter than the buffer of a pipe; a NUL ends it. */
		if (write(pipes[1], setup->login.mem.sm_bytes,
			  setup->login.len) < 0 ||
		    write(pipes[1], "", 1) < 0)
			status = 1;
		close(pipes[1]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	} else {
		status = 0;
		close(pipes[1]);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[0]);
	return !status;
}

static bool login_get(struct setup *setup)
{
	char prompt[128];

	if (setup->login.len || setup->bootstrap)
		return true;
	snprintf(prompt, sizeof(prompt), "Enter your %s passphrase [%.64s]: ",
		 setup->wrapping ? "wrapping" : "login", setup->user->pw_name);
	if (!ask(setup, prompt, setup->wrapping || setup->no_check,
		 &setup->login))
		return false;
	if (!setup->login.len) {
		explain_print(setup->cmd->program, "the passphrase",
			      explain_token(-EINVAL));
		return false;
	}
	if (setup->wrapping || setup->no_check || password_right(setup))
		return true;
	fprintf(stderr, "%s: that is not the password of %s\n",
		setup->cmd->program, setup->user->pw_name);
	return false;
}

static bool mount_generate(struct setup *setup)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[GENERATED_BYTES];
	size_t i;
	int err;

	libecryptfs_secmem_destroy(&setup->mount.mem);
	err = libecryptfs_secmem_create(LIBECRYPTFS_PASSPHRASE_MAX,
					&setup->mount.mem);
	if (err)
		return setup_fail(setup, "secret memory", err);
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return setup_fail(setup, "random bytes", -errno);
	for (i = 0; i < sizeof(random); i++) {
		setup->mount.mem.sm_bytes[2 * i] =
			(uint8_t)digits[random[i] >> 4];
		setup->mount.mem.sm_bytes[2 * i + 1] =
			(uint8_t)digits[random[i] & 15];
	}
	setup->mount.len = 2 * sizeof(random);
	explicit_bzero(random, sizeof(random));
	return true;
}

static bool mount_get(struct setup *setup)
{
	if (setup->mount.len)
		return true;
	if (!setup->bootstrap &&
	    !ask(setup,
		 "Enter your mount passphrase [leave blank to generate one]: ",
		 true, &setup->mount))
		return false;
	return setup->mount.len || mount_generate(setup);
}

/* Continues with the rights of the user. */
static bool become(const struct setup *setup)
{
	const struct passwd *user = setup->user;
	int err;

	if (user->pw_uid != getuid() &&
	    (initgroups(user->pw_name, user->pw_gid) ||
	     setgid(user->pw_gid) || setuid(user->pw_uid)))
		return setup_fail(setup, user->pw_name, -errno);
	umask(077);
	if (chdir("/"))
		return setup_fail(setup, "/", -errno);
	err = libecryptfs_keyring_apart();
	if (!err)
		return true;
	explain_print(setup->cmd->program, "cannot reach the user keyring",
		      explain_keyring_link(err));
	return false;
}

static bool user_find(struct setup *setup)
{
	setup->user = setup->user_name ? getpwnam(setup->user_name) :
					 getpwuid(getuid());
	if (!setup->user)
		fprintf(stderr, "%s: there is no such user\n",
			setup->cmd->program);
	else if (setup->user->pw_uid != getuid() && getuid())
		fprintf(stderr, "%s: only root can do this for another user\n",
			setup->cmd->program);
	else if (setup->bootstrap && (getuid() || !setup->user->pw_uid))
		fprintf(stderr, "%s: --bootstrap is for root, with --username\n",
			setup->cmd->program);
	else
		return true;
	return false;
}

static void done_print(const struct setup *setup)
{
	printf("\nDone.  %s is %s.\n\n", setup->target,
	       setup->bootstrap ? "mounted" :
				  "set up; ecryptfs-mount-private mounts it");
	if (setup->login.len)
		fputs("Write the mount passphrase down and keep it elsewhere: without it, or the\n"
		      "passphrase that wraps it, nothing can be read.  This command shows it:\n\n"
		      "  ecryptfs-unwrap-passphrase ~/.ecryptfs/wrapped-passphrase\n\n",
		      stdout);
}

static bool run(struct setup *setup)
{
	if (!user_find(setup) || !login_get(setup) || !mount_get(setup) ||
	    (setup->bootstrap && !setup_bootstrap(setup)) || !become(setup) ||
	    !setup_check(setup) || !setup_files(setup) || !setup_try(setup) ||
	    (setup->bootstrap && !setup_leave_mounted(setup)))
		return false;
	done_print(setup);
	return true;
}

int cmd_setup_private(const struct command *cmd, int argc, char **argv)
{
	struct setup setup = { .cmd = cmd };
	bool bad = false, done;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "fwnu:l:m:b", options, NULL)) != -1)
		if (!option_take(c, &setup, &bad)) {
			if (c == 'l' || c == 'm')
				return CMD_FAILED;
			if (!bad) {
				command_help(cmd);
				return CMD_OK;
			}
			break;
		}
	if (bad || optind < argc) {
		command_usage_error(cmd, bad ? "unknown option" :
					       "unexpected argument");
		return CMD_FAILED;
	}
	if (setup.undo) {
		fputs(undo_text, stdout);
		return CMD_OK;
	}
	done = run(&setup);
	libecryptfs_secmem_destroy(&setup.login.mem);
	libecryptfs_secmem_destroy(&setup.mount.mem);
	return done ? CMD_OK : CMD_FAILED;
}
