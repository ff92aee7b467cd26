// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mount.ecryptfs, which mount(8) runs for `-t ecryptfs', and umount.ecryptfs,
 * its other name.
 *
 * It derives keys from passphrases and then runs mount(8) with -i, so that this
 * helper is not run again.  So generic options, fstab and libmount's
 * bookkeeping work as for every other filesystem.  No passphrase is passed on.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../ecryptfs/explain.h"
#include "mount.h"

static const char program[] = "mount.ecryptfs";

int program_run(char *const *argv)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const env[] = { path, NULL };
	int status;
	pid_t pid;

	fflush(stdout);
	if (posix_spawn(&pid, argv[0], NULL, NULL, argv, env))
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/* Adds the key of the passphrase and makes it the first signature. */
static int key_add(struct mount_options *options)
{
	enum libecryptfs_salt_source source;
	char sig[LIBECRYPTFS_SIG_CHARS];
	int err = 0;
	size_t i;

	if (!options->salt_given)
		err = libecryptfs_salt_load(options->salt, &source);
	if (!err)
		err = libecryptfs_token_v1_put(options->passphrase.sm_bytes,
					       options->passphrase_len,
					       options->salt, sig);
	libecryptfs_secmem_destroy(&options->passphrase);
	if (err) {
		explain_print(program, "cannot add the key",
			      err == -EINVAL ? explain_token(err) :
					       explain_keyring_put(err));
		return MOUNT_KEYRING;
	}
	for (i = 0; i < options->sigs; i++)
		if (!strcmp(options->sig[i], sig))
			return MOUNT_OK;
	if (options->sigs == MOUNT_SIGS)
		return MOUNT_USAGE;
	memmove(options->sig[1], options->sig[0],
		options->sigs * sizeof(options->sig[0]));
	memcpy(options->sig[0], sig, sizeof(sig));
	options->sigs++;
	return MOUNT_OK;
}

/* Gets a key from the options, or by asking for a passphrase. */
static int key_get(struct mount_options *options)
{
	bool have = options->passphrase.sm_bytes;
	int status;

	if (!have && options->sigs && !options->key)
		return MOUNT_OK;
	if (!have && !ask_possible(options)) {
		fprintf(stderr,
			"%s: no key is given, and there is no terminal to ask on\n"
			"  try: the option key=passphrase:passphrase_passwd_file=FILE, or ecryptfs_sig=SIGNATURE\n",
			program);
		return MOUNT_USAGE;
	}
	status = have ? MOUNT_OK : ask_passphrase(options);
	return status ? status : key_add(options);
}

/* Explains why mount(8) may have found no key. */
static void keys_explain(const struct mount_options *options)
{
	size_t i;
	int err;

	for (i = 0; i <= options->sigs; i++) {
		const char *sig = i < options->sigs ? options->sig[i] :
						      options->fnek_sig;

		err = *sig ? libecryptfs_keyring_find(sig) : 0;
		if (err)
			fprintf(stderr,
				"%s: there is no key with signature %s in the keyrings\n"
				"  try: ecryptfs-add-passphrase --fnek\n",
				program, sig);
	}
}

static int mount_run(const struct mount_options *options, char *source,
		     char *target)
{
	char text[2 * MOUNT_TEXT], from[PATH_MAX], to[PATH_MAX];
	char mount[] = "/bin/mount", internal[] = "-i", o[] = "-o";
	char literal[] = "--no-canonicalize", t[] = "-t", type[] = "ecryptfs";
	char *args[] = { mount, internal, literal, t, type,
			 o,	text,	  from,	   to, NULL };
	char *item, *next;

	if (!realpath(source, from) || !realpath(target, to)) {
		fprintf(stderr, "%s: %s and %s must be directories: %s\n",
			program, explain_shown(source),
			explain_shown(target), strerror(errno));
		return MOUNT_USAGE;
	}
	if (options_to_text(options, text, sizeof(text))) {
		fprintf(stderr, "%s: too many options\n", program);
		return MOUNT_USAGE;
	}
	printf("Mounting %s on %s with these options:\n",
	       explain_shown(from), explain_shown(to));
	for (item = text; item; item = next ? next + 1 : NULL) {
		next = strchr(item, ',');
		printf("  %.*s\n", (int)strcspn(item, ","), item);
	}
	if (!program_run(args))
		return MOUNT_OK;
	keys_explain(options);
	return MOUNT_FAILED;
}

static int mount_prepared(struct mount_options *options, char *source,
			  char *target)
{
	bool go;
	int status;
	int err;

	status = vault_take(options, source);
	if (!status)
		status = options_check(options);
	if (!status)
		status = key_get(options);
	if (status)
		return status;
	err = libecryptfs_keyring_link();
	if (err) {
		explain_print(program, "cannot link the user keyring",
			      explain_keyring_link(err));
		return MOUNT_KEYRING;
	}
	if (!*options->fnek_sig && options->names != ANSWER_NO) {
		if (ask_possible(options))
			status = ask_names(options);
		else if (options->names == ANSWER_YES)
			memcpy(options->fnek_sig, options->sig[0],
			       sizeof(options->fnek_sig));
	}
	if (!status)
		status = ask_unknown(options, &go);
	if (!status && !go) {
		puts("Not mounted.");
		return MOUNT_OK;
	}
	return status ? status : mount_run(options, source, target);
}

static int mount_main(int argc, char **argv)
{
	struct mount_options options;
	bool fake = false;
	char *text = NULL;
	int status;
	int c;

	opterr = 0;
	/* mount(8) passes -n, -s and -v, which make no difference here. */
	while ((c = getopt(argc, argv, "o:fnsvt:N:")) != -1) {
		if (c == 'o' && !text)
			text = optarg;
		fake |= c == 'f';
		if (c == '?' || c == 'N')
			optind = argc + 1;
	}
	if (argc - optind != 2) {
		fprintf(stderr, "Usage: %s LOWER MOUNTPOINT [-o OPTIONS]\n",
			program);
		return MOUNT_USAGE;
	}
	status = options_load(&options, text);
	if (status || fake)
		return status;
	status = mount_prepared(&options, argv[optind], argv[optind + 1]);
	options_destroy(&options);
	return status;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";

	return strstr(name, "umount") ? umount_main(argc, argv) :
					mount_main(argc, argv);
}
