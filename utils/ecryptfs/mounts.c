// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads mounts from /proc/self/mountinfo.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mounts.h"

/* Decodes \040 and similar sequences in place. */
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

	/*
	 * There are two passes, because they are counted first: the last one is
	 * returned first.
	 */
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

int mounts_unmount(const struct mount *mount)
{
	return umount2(mount->upper, UMOUNT_NOFOLLOW) ? -errno : 0;
}
