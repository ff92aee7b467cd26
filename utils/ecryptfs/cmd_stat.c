// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-stat: shows the header of a lower file in the words of
 * ecryptfs-utils, which scripts read.  `ecryptfs dump' shows more.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "explain.h"
#include "format/efmt.h"

#define STAT_UNREADABLE 251 /* -EIO modulo 256, for every error of reading */

static int start_read(const char *path, uint8_t *buf, size_t size,
		      size_t *len_ret)
{
	ssize_t n = 1;
	int err = 0;
	int fd;

	*len_ret = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (!err && n && *len_ret < size) {
		n = read(fd, buf + *len_ret, size - *len_ret);
		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n > 0)
			*len_ret += (size_t)n;
	}
	close(fd);
	return err;
}

static void header_print(const struct efmt_v1_header *header)
{
	bool xattr = header->flags & EFMT_V1_FLAG_XATTR;

	printf("File version: [%u]\n", header->version);
	printf("Decrypted file size: [%" PRIu64 "]\n",
	       (uint64_t)header->plain_size);
	printf("Number of header bytes at front of file: [%" PRIu64 "]\n",
	       (uint64_t)efmt_v1_header_region(header));
	puts(xattr ? "Metadata in the extended attribute region" :
		     "Metadata in the header region");
	puts(header->flags & EFMT_V1_FLAG_ENCRYPTED ? "Encrypted" :
						      "Plaintext");
	puts(header->flags & EFMT_V1_FLAG_HMAC ? "HMAC enabled" :
						 "HMAC disabled");
}

int cmd_stat(const struct command *cmd, int argc, char **argv)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN];
	struct efmt_v1_header header;
	size_t len;
	int err;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		command_help(cmd);
		return CMD_OK;
	}
	if (argc < 2) {
		printf("Usage:\n\n%s <filename>\n", cmd->program);
		return CMD_OK;
	}
	err = start_read(argv[1], buf, sizeof(buf), &len);
	if (err) {
		fprintf(stderr, "%s: %s: %s\n", cmd->program,
			explain_shown(argv[1]), strerror(-err));
		return STAT_UNREADABLE;
	}
	/*
	 * This is not an error in ecryptfs-utils, so scripts look for the
	 * lines.
	 */
	err = efmt_v1_header_from(buf, len, &header);
	if (err)
		explain_print(cmd->program,
			explain_shown(argv[1]), explain_header(err));
	else
		header_print(&header);
	return CMD_OK;
}
