// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the features of the running kernel's eCryptfs from sysfs.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "libecryptfs.h"

#define VERSION_FILE "/sys/fs/ecryptfs/version"

static int features_read(unsigned int *features_ret)
{
	FILE *file = fopen(VERSION_FILE, "re");
	int n;

	if (!file)
		return -ENODEV;
	n = fscanf(file, "%u", features_ret);
	fclose(file);
	return n == 1 ? 0 : -ENODEV;
}

/* This may fail; sysfs shows whether the module is loaded. */
static void module_load(void)
{
	char *const argv[] = { "modprobe", "-q", "ecryptfs", NULL };
	char *const env[] = { NULL };
	int status;
	pid_t pid;

	if (!posix_spawn(&pid, "/sbin/modprobe", NULL, NULL, argv, env))
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
}

int libecryptfs_kernel_load(unsigned int *features_ret)
{
	int err = features_read(features_ret);

	if (!err)
		return 0;
	module_load();
	return features_read(features_ret);
}
