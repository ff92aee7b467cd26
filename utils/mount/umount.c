// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * umount.ecryptfs: unmounts, and then removes the keys of that mount from the
 * user and the session keyring.  (ecryptfs-utils remove them first, and have
 * lost them if the unmount fails.)  A key that another mount still names is not
 * removed.
 */
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mount.h"

#define ARGS_MAX 32

/* The signatures of the keys of one mount. */
struct sigs {
	char sig[2 * MOUNT_SIGS][LIBECRYPTFS_SIG_CHARS];
	size_t count;
};

/* Adds the signatures in @options, or nothing if @needed is not among them. */
static void sigs_collect(const char *options, const char *needed,
			 struct sigs *sigs)
{
	static const char mark[] = "_sig=";
	const char *at = options;

	if (needed && !strstr(options, needed))
		return;
	while ((at = strstr(at, mark)) &&
	       sigs->count < sizeof(sigs->sig) / sizeof(sigs->sig[0])) {
		at += sizeof(mark) - 1;
		snprintf(sigs->sig[sigs->count], LIBECRYPTFS_SIG_CHARS, "%.16s",
			 at);
		sigs->count += sig_valid(sigs->sig[sigs->count]);
	}
}

/* Collects those of the topmost mount at @target. */
static void sigs_find(const char *target, struct sigs *sigs)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_dir, target))
			continue;
		sigs->count = 0;
		if (!strcmp(mount->mnt_type, "ecryptfs"))
			sigs_collect(mount->mnt_opts, "ecryptfs_unlink_sigs",
				     sigs);
	}
	if (mounts)
		endmntent(mounts);
}

static bool still_used(const char *sig)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	bool used = false;

	while (mounts && (mount = getmntent(mounts)))
		used |= !strcmp(mount->mnt_type, "ecryptfs") &&
			strstr(mount->mnt_opts, sig);
	if (mounts)
		endmntent(mounts);
	return used;
}

/* Finds the mount point among the arguments of umount(8). */
static const char *target_find(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return argv[i];
		/* -N and -t are followed by a value. */
		if (!strcmp(argv[i], "-N") || !strcmp(argv[i], "-t"))
			i++;
	}
	return NULL;
}

int umount_main(int argc, char **argv)
{
	char program[] = "/bin/umount", internal[] = "-i";
	char *args[ARGS_MAX] = { program, internal };
	char target[PATH_MAX];
	const char *given = target_find(argc, argv);
	struct sigs sigs = { 0 };
	bool absent;
	size_t i;
	int status;

	if (!given || argc + 2 > ARGS_MAX) {
		fputs("Usage: umount.ecryptfs MOUNTPOINT [OPTIONS]\n", stderr);
		return MOUNT_USAGE;
	}
	memcpy(args + 2, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
	sigs_find(realpath(given, target) ? target : given, &sigs);
	status = program_run(args);
	if (status)
		return status;
	for (i = 0; i < sigs.count; i++)
		if (!still_used(sigs.sig[i]) &&
		    libecryptfs_keyring_remove(sigs.sig[i], &absent))
			fprintf(stderr,
				"umount.ecryptfs: the key %s is still in the keyring\n",
				sigs.sig[i]);
	return MOUNT_OK;
}
