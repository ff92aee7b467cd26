// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies contents: several threads read and decrypt them, and they are written
 * in order, so that the target always has the beginning of the result.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "offline.h"

#define CHUNK (1u << 20)

struct copy {
	const struct libecryptfs_store_file *file;
	const struct copy_target *target;
	struct progress *progress;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	/* The following are protected by lock. */
	uint64_t next; /* the next offset to read */
	uint64_t turn; /* the next offset to write */
	uint64_t bad;
	int err;
};

/* Writes at @pos or, if that is negative, where the last write ended. */
static int write_all(int fd, const uint8_t *buf, size_t len, off_t pos)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pos < 0 ? write(fd, buf + done, len - done) :
			      pwrite(fd, buf + done, len - done,
				     pos + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static bool all_zero(const uint8_t *buf, size_t len)
{
	return !buf[0] && !memcmp(buf, buf + 1, len - 1);
}

static int chunk_write(const struct copy *copy, const uint8_t *buf, size_t len,
		       uint64_t off)
{
	int err = 0;

	if (!copy->target)
		return 0;
	if (!copy->target->seek)
		return write_all(copy->target->fd, buf, len, -1);
	if (!all_zero(buf, len))
		err = write_all(copy->target->fd, buf, len, (off_t)off);
	/*
	 * Everything before a multiple of COPY_SYNC is on the disk, or has not
	 * been started.
	 */
	if (!err && !((off + len) % COPY_SYNC) &&
	    fdatasync(copy->target->fd) && errno != EINVAL)
		err = -errno;
	return err;
}

/* Skips a run of zeros that the lower filesystem knows to be a hole. */
static uint64_t hole_skip(const struct copy *copy, uint64_t off)
{
	const uint64_t data = copy->file->meta.geo.data_start;
	off_t found;

	if (!copy->target || !copy->target->seek || off % COPY_SYNC)
		return off;
	found = lseek(copy->file->fd, (off_t)(data + off), SEEK_DATA);
	if (found < 0)
		return errno == ENXIO ? copy->file->have : off;
	if ((uint64_t)found < data + off + COPY_SYNC)
		return off;
	found -= (off_t)data;
	found -= found % (off_t)COPY_SYNC;
	return (uint64_t)found < copy->file->have ? (uint64_t)found :
						    copy->file->have;
}

/*
 * Takes the next chunk for the calling thread.  Returns false if there is none.
 */
static bool chunk_take(struct copy *copy, uint64_t *off_ret, uint64_t *from_ret,
		       size_t *len_ret)
{
	const uint64_t have = copy->file->have;
	bool more;

	pthread_mutex_lock(&copy->lock);
	*from_ret = copy->next;
	*off_ret = hole_skip(copy, copy->next);
	more = copy->next < have && !copy->err;
	*len_ret = have - *off_ret < CHUNK ? (size_t)(have - *off_ret) : CHUNK;
	if (more)
		copy->next = *off_ret + *len_ret;
	pthread_mutex_unlock(&copy->lock);
	return more;
}

/*
 * Handles bytes that the disk could not read.  A part with gaps is made longer
 * than the whole file before any byte behind the first gap is written, and
 * stays so, because a later run must not take what it has for correct.
 */
static int gap(struct copy *copy, uint64_t off, uint64_t bad)
{
	const struct copy_target *target = copy->target;
	const bool first = !copy->bad;

	copy->bad += bad;
	if (!first || !target || !target->seek)
		return 0;
	target->gap(target->arg, off);
	return ftruncate(target->fd, (off_t)copy->file->have + 1) ? -errno : 0;
}

static void chunk_finish(struct copy *copy, uint64_t off, uint64_t from,
			 const uint8_t *buf, size_t len, uint64_t bad, int err)
{
	pthread_mutex_lock(&copy->lock);
	while (copy->turn != from && !copy->err)
		pthread_cond_wait(&copy->turned, &copy->lock);
	if (!copy->err && !err && bad)
		err = gap(copy, off, bad);
	if (!copy->err && !err && len)
		err = chunk_write(copy, buf, len, off);
	if (!copy->err)
		copy->err = err;
	if (!copy->err && copy->progress)
		progress_add(copy->progress, off + len - from);
	copy->turn = off + len;
	pthread_cond_broadcast(&copy->turned);
	pthread_mutex_unlock(&copy->lock);
}

static void *work(void *arg)
{
	struct copy *copy = arg;
	uint8_t *buf = malloc(CHUNK);
	uint64_t off, from, bad;
	size_t len;
	int err;

	while (chunk_take(copy, &off, &from, &len)) {
		bad = 0;
		err = buf ? 0 : -ENOMEM;
		if (!err && len)
			err = libecryptfs_store_read(copy->file, off, buf, len,
						     &bad);
		chunk_finish(copy, off, from, buf, len, bad, err);
	}
	free(buf);
	return NULL;
}

int copy_content(const struct libecryptfs_store_file *file, uint64_t from,
		 const struct copy_target *target, unsigned int threads,
		 struct progress *progress, uint64_t *bad_ret)
{
	struct copy copy = { .file = file,
			     .target = target,
			     .progress = progress,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .turned = PTHREAD_COND_INITIALIZER,
			     .next = from,
			     .turn = from };
	pthread_t more[64];
	unsigned int count = 0;
	uint64_t chunks = (file->have - from + CHUNK - 1) / CHUNK;

	if (threads > chunks)
		threads = (unsigned int)chunks;
	/* If a thread can't be created, there is one fewer. */
	while (count + 1 < threads &&
	       !pthread_create(&more[count], NULL, work, &copy))
		count++;
	work(&copy);
	while (count)
		pthread_join(more[--count], NULL);
	*bad_ret = copy.bad;
	return copy.err;
}
