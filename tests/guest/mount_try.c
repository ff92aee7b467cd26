// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mount_try LOWER UPPER OPTIONS: mount(2) of eCryptfs with just these options, in
 * this order, and no helper.  Prints 0, or the number of the error.  Generic
 * flags that come first, in the order "nosuid,noexec,ro,", are given as flags.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} flags[] = { { "nosuid,", MS_NOSUID },
		      { "noexec,", MS_NOEXEC },
		      { "ro,", MS_RDONLY } };
	unsigned long given = 0;
	const char *options;
	size_t i, len;

	if (argc != 4)
		return 2;
	options = argv[3];
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		len = strlen(flags[i].word);
		if (strncmp(options, flags[i].word, len))
			continue;
		options += len;
		given |= flags[i].flag;
	}
	printf("%d\n",
	       mount(argv[1], argv[2], "ecryptfs", given, options) ? errno : 0);
	return 0;
}
