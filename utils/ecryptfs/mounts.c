// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts out of /proc/self/mountinfo, and their holders out of /proc/PID: working
 * and root directories, programs, open and mapped files.  Of other users' processes
 * only root sees them.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mounts.h"

/* Undoes \040 and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (text[0] == '\\' && isdigit((unsigned char)text[1]) &&
		    isdigit((unsigned char)text[2]) &&
		    isdigit((unsigned char)text[3])) {
			*to = (char)((text[1] - '0') << 6 |
				     (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

static void option_take(const char *options, const char *name,
			char ret[LIBECRYPTFS_SIG_CHARS])
{
	const char *at = strstr(options, name);

	*ret = '\0';
	if (at)
		snprintf(ret, LIBECRYPTFS_SIG_CHARS, "%s", at + strlen(name));
}

/* "ID PARENT MAJ:MIN ROOT UPPER OPTS [TAGS] - TYPE LOWER SUPEROPTS" */
static bool line_take(char *line, struct mount *ret)
{
	char *dash = strstr(line, " - ecryptfs ");
	unsigned int major_nr, minor_nr;
	char options[1024] = "";

	if (!dash)
		return false;
	if (sscanf(line, "%u %*d %u:%u %*s %4095s", &ret->id, &major_nr,
		   &minor_nr, ret->upper) != 4 ||
	    sscanf(dash, " - ecryptfs %4095s %1023s", ret->lower, options) < 1)
		return false;
	unescape(ret->upper);
	unescape(ret->lower);
	ret->device = makedev(major_nr, minor_nr);
	option_take(options, "ecryptfs_sig=", ret->sig);
	option_take(options, "ecryptfs_fnek_sig=", ret->fnek_sig);
	return true;
}

bool mounts_find(const char *dir, unsigned int skip, struct mount *ret)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	struct mount *one = malloc(sizeof(*one));
	unsigned int found = 0, pass, wanted = 0;
	size_t room = 0;
	char *line = NULL;

	/* Twice, to count them first: the last one comes first. */
	for (pass = 0; file && one && pass < 2; pass++) {
		found = 0;
		rewind(file);
		while (getline(&line, &room, file) > 0) {
			if (!line_take(line, one) ||
			    (dir && strcmp(dir, one->lower) != 0 &&
			     strcmp(dir, one->upper) != 0))
				continue;
			if (pass && found == wanted)
				*ret = *one;
			found++;
		}
		if (found <= skip)
			break;
		wanted = found - 1 - skip;
	}
	free(line);
	free(one);
	if (file)
		fclose(file);
	return found > skip;
}

bool mounts_child(unsigned int id, char path[PATH_MAX])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	unsigned int parent;
	bool found = false;
	size_t room = 0;
	char *line = NULL;

	while (file && !found && getline(&line, &room, file) > 0)
		found = sscanf(line, "%*u %u %*s %*s %4095s", &parent, path) == 2 &&
			parent == id;
	if (found)
		unescape(path);
	free(line);
	if (file)
		fclose(file);
	return found;
}

static bool on_device(const char *path, dev_t device)
{
	struct stat attr;

	return !stat(path, &attr) && attr.st_dev == device;
}

/* What is detached has no path but that below its root. */
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
	fprintf(to, "  process %s (%s) has %s %s%s\n", pid, name, how,
		upper_part(mount, target), target);
}

/* Links in /proc/PID/@dir. */
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

	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			holders += process_print(to, entry->d_name, mount);
	if (proc)
		closedir(proc);
	return holders;
}

int mounts_unmount(const struct mount *mount)
{
	return umount2(mount->upper, UMOUNT_NOFOLLOW) ? -errno : 0;
}
