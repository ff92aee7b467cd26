// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mount.ecryptfs_private, and by its other name umount.ecryptfs_private: mounts
 * an ordinary user's own directory with fixed options.  It is set-uid root, and
 * needs nothing but libc and the kernel's keyrings.
 *
 * Arguments, files, counter and exit codes are those of ecryptfs-utils.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

static const char *program = "mount.ecryptfs_private";

#define EXIT_BUSY 4

struct request {
	bool unmount, force, tolerant, keep, help;
	const char *alias;
};

bool refuse(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static void usage(FILE *to, const struct request *request)
{
	fprintf(to, "Usage: %s [-h]%s [ALIAS]\n\n", program,
		request->unmount ? " [-f] [-d] [-k]" : "");
	fputs(request->unmount ?
		      "  -f   unmount regardless of the number of sessions\n"
		      "  -d   do not fail if other sessions still use it\n"
		      "  -k   keep the keys, and do not unmount what is in use\n" :
		      "",
	      to);
	fputs("  -h   this text\n"
	      "\nWithout ALIAS, it is ~/Private; with it, the directory in ~/.ecryptfs/ALIAS.conf.\n",
	      to);
}

static bool request_parse(int argc, char **argv, struct request *ret)
{
	const char *options = ret->unmount ? "hfdk" : "h";
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, options)) != -1) {
		ret->help |= c == 'h';
		ret->force |= c == 'f';
		ret->tolerant |= c == 'd';
		ret->keep |= c == 'k';
		if (c == '?')
			return false;
	}
	if (optind < argc)
		ret->alias = argv[optind++];
	return optind == argc;
}

/*
 * Makes the kernel find keys that are in the user keyring only, whatever
 * session this is.  The caller's own session is not changed.
 */
static bool keys_reach(const struct place *place)
{
	int err = libecryptfs_keyring_apart();

	if (err)
		return refuse("cannot reach the user keyring: %s",
			      strerror(-err));
	if (libecryptfs_keyring_find(place->sig) ||
	    (*place->fnek_sig && libecryptfs_keyring_find(place->fnek_sig)))
		return refuse("the keys are not in the user keyring\n  try: ecryptfs-mount-private");
	return true;
}

static int mount_run(struct place *place, int counter)
{
	unsigned int count = 1;
	int target = -1;
	bool done = true;

	if (!place_sigs(place) || !place_open(place, &target))
		return EXIT_FAILURE;
	/* A count that a crash has left behind belongs to no session. */
	if (mounted_private(place))
		count = counter_load(counter) + 1;
	else
		done = keys_reach(place) && mount_private(place, target);
	close(target);
	close(place->source_fd);
	return done && counter_commit(counter, count) ? EXIT_SUCCESS :
							EXIT_FAILURE;
}

static void key_remove(const char *sig)
{
	bool absent;

	if (*sig && libecryptfs_keyring_remove(sig, &absent))
		refuse("the key %s is still in the user keyring", sig);
}

static int unmount_run(struct place *place, int counter,
		       const struct request *request)
{
	unsigned int before = counter_load(counter), count;
	int target = -1;
	bool busy;

	count = request->force || !before ? 0 : before - 1;
	if (!counter_commit(counter, count))
		return EXIT_FAILURE;
	if (count) {
		puts("Sessions still open, not unmounting");
		return request->tolerant ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (!place_sigs(place))
		return EXIT_FAILURE;
	if (!request->keep) {
		key_remove(place->sig);
		key_remove(place->fnek_sig);
	}
	if (!place_open(place, &target))
		return EXIT_FAILURE;
	/* These descriptors would keep the mount busy. */
	close(target);
	close(place->source_fd);
	if (!unmount_private(place, !request->keep, &busy))
		return EXIT_FAILURE;
	if (busy && request->keep)
		return counter_commit(counter, before) ? EXIT_BUSY : EXIT_FAILURE;
	if (busy)
		refuse("detached, but processes still have files of %s open",
		       place->target);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";
	struct request request = { .unmount = strstr(name, "umount") };
	struct place place;
	int counter, status;

	/* This comes before anything of the user is examined. */
	if (!rights_init() || clearenv())
		return EXIT_FAILURE;
	if (request.unmount)
		program = "umount.ecryptfs_private";
	if (!request_parse(argc, argv, &request)) {
		usage(stderr, &request);
		return EXIT_FAILURE;
	}
	if (request.help) {
		usage(stdout, &request);
		return EXIT_SUCCESS;
	}
	/* Root's files get the modes that the code specifies. */
	umask(022);
	if (!place_find(request.alias, &place) || !records_open(&place))
		return EXIT_FAILURE;
	counter = counter_open(&place);
	if (counter < 0)
		return EXIT_FAILURE;
	status = request.unmount ? unmount_run(&place, counter, &request) :
				   mount_run(&place, counter);
	close(counter);
	return status;
}
