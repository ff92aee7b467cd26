// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The questions of the mount helper, and the list of signatures that were used
 * before, ~/.ecryptfs/sig-cache.txt, with 16 digits per line.  A mistyped
 * passphrase is just another key, which only this list reveals.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../ecryptfs/cmd.h"
#include "../ecryptfs/explain.h"
#include "mount.h"

#define CACHE_DIR ".ecryptfs"
#define CACHE_FILE CACHE_DIR "/sig-cache.txt"
#define TRIES 5

bool ask_possible(const struct mount_options *options)
{
	return !options->no_prompt && isatty(STDIN_FILENO);
}

int ask_passphrase(struct mount_options *options)
{
	int err;

	err = input_secret("Passphrase: ", stdout, &options->passphrase,
			   &options->passphrase_len, NULL);
	if (err) {
		explain_print("mount.ecryptfs", "cannot read the passphrase",
			      explain_input(err));
		return MOUNT_USAGE;
	}
	return MOUNT_OK;
}

/* Reads a line without its newline.  Returns false at the end of input. */
static bool line_ask(const char *question, char *line, size_t size)
{
	fputs(question, stdout);
	fflush(stdout);
	if (!fgets(line, (int)size, stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/*
 * Asks a question.  Fails with -ENODATA if there is no usable answer; @none is
 * the answer for an empty line.
 */
static int yes_ask(const char *question, enum answer none, bool *yes_ret)
{
	char line[16];
	int i;

	for (i = 0; i < TRIES; i++) {
		if (!line_ask(question, line, sizeof(line)))
			return -ENODATA;
		*yes_ret = !strcmp(line, "y") || !strcmp(line, "yes") ||
			   (!*line && none == ANSWER_YES);
		if (*yes_ret || !strcmp(line, "n") || !strcmp(line, "no") ||
		    (!*line && none == ANSWER_NO))
			return 0;
	}
	return -ENODATA;
}

int ask_names(struct mount_options *options)
{
	char question[96], line[LIBECRYPTFS_SIG_CHARS + 2];
	bool yes = options->names == ANSWER_YES;
	int i;

	if (options->names == ANSWER_NONE &&
	    yes_ask("Encrypt file names? (y/n) [n]: ", ANSWER_NO, &yes))
		return MOUNT_USAGE;
	if (!yes)
		return MOUNT_OK;
	snprintf(question, sizeof(question),
		 "Signature of the key for names [%s]: ", options->sig[0]);
	for (i = 0; i < TRIES; i++) {
		if (!line_ask(question, line, sizeof(line)))
			return MOUNT_USAGE;
		if (!*line || sig_valid(line)) {
			memcpy(options->fnek_sig,
			       *line ? line : options->sig[0],
			       sizeof(options->fnek_sig));
			return MOUNT_OK;
		}
	}
	return MOUNT_USAGE;
}

static bool cache_has(const char *path, const char *sig)
{
	char line[64];
	bool found = false;
	FILE *file = fopen(path, "re");

	while (file && !found && fgets(line, sizeof(line), file))
		found = strcspn(line, "\n") == LIBECRYPTFS_SIG_CHARS - 1 &&
			!memcmp(line, sig, LIBECRYPTFS_SIG_CHARS - 1);
	if (file)
		fclose(file);
	return found;
}

static int cache_add(const char *path, const char *sig)
{
	char dir[PATH_MAX];
	char line[LIBECRYPTFS_SIG_CHARS + 1];
	int err = 0;
	int fd;
	int n;

	if (!libecryptfs_home_path(CACHE_DIR, dir, sizeof(dir)))
		mkdir(dir, 0700);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return -errno;
	n = snprintf(line, sizeof(line), "%s\n", sig);
	if (write(fd, line, (size_t)n) != n)
		err = -EIO;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int ask_unknown(const struct mount_options *options, bool *go_ret)
{
	char path[PATH_MAX];
	bool yes;
	size_t i;
	int err;

	*go_ret = true;
	if (options->no_sig_cache || !ask_possible(options) ||
	    libecryptfs_home_path(CACHE_FILE, path, sizeof(path)))
		return MOUNT_OK;
	for (i = 0; i < options->sigs; i++) {
		if (cache_has(path, options->sig[i]))
			continue;
		printf("The key with signature [%s] was never used here before.\n"
		       "For a directory that has files already, this may mean a mistyped passphrase.\n",
		       options->sig[i]);
		if (yes_ask("Mount it nevertheless? (yes/no): ", ANSWER_NONE,
			    go_ret))
			return MOUNT_USAGE;
		if (!*go_ret)
			return MOUNT_OK;
		if (yes_ask("Remember the signature? (yes/no): ", ANSWER_NONE,
			    &yes))
			return MOUNT_USAGE;
		err = yes ? cache_add(path, options->sig[i]) : 0;
		if (err)
			fprintf(stderr, "mount.ecryptfs: %s: %s\n", path,
				strerror(-err));
	}
	return MOUNT_OK;
}
