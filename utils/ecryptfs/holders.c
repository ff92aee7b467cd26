// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the processes that keep a mount busy in /proc/PID: working and root
 * directories, programs, and open and mapped files.  Only root sees processes
 * of other users.
 */
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"
#include "mounts.h"

static bool on_device(const char *path, dev_t device)
{
	struct stat attr;

	return !stat(path, &attr) && attr.st_dev == device;
}

/* A detached mount has no path except the one below its root. */
static const char *upper_part(const struct mount *mount, const char *target)
{
	return on_device(target, mount->device) ? "" : mount->upper;
}

static void holder_print(FILE *to, const char *pid, const char *how,
			 const char *link, const struct mount *mount)
{
	char path[64], name[64] = "?", target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	target[len < 0 ? 0 : len] = '\0';
	fprintf(to, "  process %s (%s) has %s %s%s\n", pid,
		explain_shown(name), how,
		explain_shown(upper_part(mount, target)),
		explain_shown(target));
}

/* Prints the links in /proc/PID/@dir. */
static bool links_print(FILE *to, const char *pid, const char *dir,
			const char *how, const struct mount *mount)
{
	char path[64], link[PATH_MAX];
	struct dirent *entry;
	bool any = false;
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, dir);
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' || !on_device(link, mount->device))
			continue;
		holder_print(to, pid, how, link, mount);
		any = true;
	}
	if (list)
		closedir(list);
	return any;
}

static bool process_print(FILE *to, const char *pid,
			  const struct mount *mount)
{
	static const struct {
		const char *link, *how;
	} rows[] = {
		{ "cwd", "its working directory in" },
		{ "root", "its root in" },
		{ "exe", "its program in" },
	};
	bool any = false;
	char link[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(link, sizeof(link), "/proc/%.20s/%s", pid,
			 rows[i].link);
		if (on_device(link, mount->device)) {
			holder_print(to, pid, rows[i].how, link, mount);
			any = true;
		}
	}
	any |= links_print(to, pid, "fd", "open", mount);
	any |= links_print(to, pid, "map_files", "mapped", mount);
	return any;
}

unsigned int mounts_print_holders(const struct mount *mount, FILE *to)
{
	struct dirent *entry;
	unsigned int holders = 0;
	DIR *proc = opendir("/proc");

	/* This process itself does not keep the mount busy for good. */
	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    atoi(entry->d_name) != getpid())
			holders += process_print(to, entry->d_name, mount);
	if (proc)
		closedir(proc);
	return holders;
}

unsigned int mounts_print_below(const struct mount *mount, FILE *to)
{
	size_t len = strlen(mount->upper);
	FILE *table = setmntent("/proc/self/mounts", "re");
	unsigned int count = 0;
	struct mntent *entry;

	while (table && (entry = getmntent(table)))
		if (!strncmp(entry->mnt_dir, mount->upper, len) &&
		    entry->mnt_dir[len] == '/') {
			fprintf(to, "  %s is mounted below it\n",
				explain_shown(entry->mnt_dir));
			count++;
		}
	if (table)
		endmntent(table);
	return count;
}
