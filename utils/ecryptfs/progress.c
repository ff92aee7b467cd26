// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows the progress, its rate and the remaining time: as a bar on a terminal,
 * as a line every ten seconds elsewhere, and as JSON objects for programs.
 */
#include <string.h>
#include <unistd.h>

#include "offline.h"

#define BAR 30

static double seconds_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) +
	       (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

void progress_start(struct progress *progress, bool json, uint64_t total)
{
	*progress = (struct progress){ .json = json, .total = total };
	progress->terminal = !json && isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &progress->started);
	progress->told = progress->started;
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

static void tell_json(const struct progress *progress, double rate, double left)
{
	json_object *object = json_object_new_object();

	json_text(object, "type", "progress");
	if (!progress->by_files)
		json_object_object_add(object, "bytes",
				       json_object_new_uint64(progress->done));
	json_object_object_add(object, "total",
			       json_object_new_uint64(progress->total));
	json_object_object_add(object, "files",
			       json_object_new_uint64(progress->files));
	json_object_object_add(object,
			       progress->by_files ? "files_per_second" :
						    "bytes_per_second",
			       json_object_new_uint64((uint64_t)rate));
	json_object_object_add(object, "seconds_left",
			       json_object_new_uint64((uint64_t)left));
	json_line(object);
}

/* Of files that all cost the same, whatever their size. */
static void tell_files(const struct progress *progress)
{
	double took = seconds_since(&progress->started);
	double rate = took > 0 ? (double)progress->files / took : 0;
	uint64_t total = progress->total > progress->files ? progress->total :
							     progress->files;
	double left = rate > 0 ? (double)(total - progress->files) / rate : 0;

	if (progress->json) {
		tell_json(progress, rate, left);
		return;
	}
	fprintf(stderr, "%s%3u %%, %ju of %ju files, %.0f a second, %u:%02u:%02u left%s",
		progress->terminal ? "\r\033[K" : "",
		total ? (unsigned int)(100 * progress->files / total) : 100,
		(uintmax_t)progress->files, (uintmax_t)total, rate,
		(unsigned int)left / 3600, (unsigned int)left / 60 % 60,
		(unsigned int)left % 60, progress->terminal ? "" : "\n");
}

static void tell(struct progress *progress)
{
	double took = seconds_since(&progress->started);
	double rate = took > 0 ? (double)progress->done / took : 0;
	uint64_t total = progress->total > progress->done ? progress->total :
							    progress->done;
	double left = rate > 0 ? (double)(total - progress->done) / rate : 0;
	unsigned int part = total ? (unsigned int)(100.0 *
						   (double)progress->done /
						   (double)total) :
				    100;
	char bar[BAR + 1];

	if (progress->by_files) {
		tell_files(progress);
		progress->drawn = progress->terminal;
		return;
	}
	if (progress->json) {
		tell_json(progress, rate, left);
		return;
	}
	memset(bar, '.', BAR);
	memset(bar, '#', part * BAR / 100);
	bar[BAR] = '\0';
	if (progress->terminal)
		fprintf(stderr, "\r\033[K[%s] ", bar);
	fprintf(stderr, "%3u %%, %.1f of %.1f MiB, %.1f MiB/s, %u:%02u:%02u left%s",
		part, (double)progress->done / 1048576,
		(double)total / 1048576, rate / 1048576,
		(unsigned int)left / 3600, (unsigned int)left / 60 % 60,
		(unsigned int)left % 60, progress->terminal ? "" : "\n");
	progress->drawn = progress->terminal;
}

void progress_start_files(struct progress *progress, bool json, uint64_t total)
{
	progress_start(progress, json, total);
	progress->by_files = true;
}

void progress_file(struct progress *progress)
{
	progress->files++;
	progress_add(progress, 0);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	double often = progress->terminal ? 0.2 : progress->json ? 1 : 10;

	progress->done += bytes;
	if (seconds_since(&progress->told) < often)
		return;
	tell(progress);
	clock_gettime(CLOCK_MONOTONIC, &progress->told);
}
