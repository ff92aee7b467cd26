// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The number of sessions that use a private directory, in a file of the user in
 * /dev/shm.  The file is shared with ecryptfs-utils, whose programs are
 * excluded by its lock.  Users who forge the number mislead only themselves.
 * If other users have taken all of its names, the file is in the directory of
 * record.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

#define COUNTER "/dev/shm/ecryptfs-%s-%s"
#define TRIES 50 /* names that other users may have taken first */

static int one_open(const struct place *place, const char *path)
{
	struct stat attr;
	int fd;

	fd = open(path,
		  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
			  O_NOCTTY,
		  0600);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &attr) && S_ISREG(attr.st_mode) &&
	    attr.st_uid == place->uid && attr.st_nlink == 1)
		return fd;
	close(fd);
	return -1;
}

int counter_open(const struct place *place)
{
	char path[256];
	int fd = -1;
	int i, n;

	for (i = 0; i < TRIES && fd < 0; i++) {
		n = snprintf(path, sizeof(path), COUNTER, place->user,
			     place->alias);
		if (i && n > 0 && n < (int)sizeof(path))
			snprintf(path + n, sizeof(path) - (size_t)n, "-%d", i);
		fd = one_open(place, path);
	}
	if (fd < 0)
		fd = records_counter(place);
	if (fd >= 0 && !flock(fd, LOCK_EX))
		return fd;
	refuse("cannot open the counter of sessions: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

unsigned int counter_load(int fd)
{
	char text[16] = "";
	unsigned long count;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || *text == '-')
		return 0;
	count = strtoul(text, NULL, 10);
	return count < 1000000 ? (unsigned int)count : 0;
}

bool counter_commit(int fd, unsigned int count)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", count);

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		return refuse("cannot write the counter of sessions: %s", strerror(errno));
	return true;
}
