// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the metadata of a lower file; the core parses them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lower.h"

#define ECRYPTFS_MAGIC 0xf15f

static int file_open(const char *path, int *fd_ret, uint64_t *bytes_ret)
{
	struct statfs fs;
	struct stat st;
	int err = 0;
	int fd;

	/*
	 * O_NONBLOCK makes sure that a FIFO is refused below and not waited
	 * for.
	 */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || fstatfs(fd, &fs))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (fs.f_type == ECRYPTFS_MAGIC)
		err = -EMEDIUMTYPE;
	if (err) {
		close(fd);
		return err;
	}
	*fd_ret = fd;
	*bytes_ret = (uint64_t)st.st_size;
	return 0;
}

/* Reads the first bytes of @fd, up to EFMT_V1_HEADER_SCAN. */
static int start_read(int fd, uint8_t *buf, size_t *len_ret)
{
	size_t len = 0;
	ssize_t n;

	while (len < EFMT_V1_HEADER_SCAN) {
		n = pread(fd, buf + len, EFMT_V1_HEADER_SCAN - len, (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	*len_ret = len;
	return 0;
}

static int packets_take(const struct efmt_v1_file *file, struct lower *ret)
{
	struct efmt_span span = file->packets;
	int err;

	do {
		err = efmt_v1_packet_take(&span, &ret->packet[ret->packets]);
		if (!err)
			ret->packets++;
	} while (!err && ret->packets < LOWER_PACKETS_MAX);
	return err == -ENOENT ? 0 : err;
}

static int metadata_read(int fd, struct lower *ret)
{
	uint8_t value[EFMT_V1_XATTR_MAX];
	uint8_t start[EFMT_V1_HEADER_SCAN];
	struct efmt_v1_file file;
	size_t len = 0;
	ssize_t n;
	int err;

	err = start_read(fd, start, &len);
	if (err)
		return err;
	n = fgetxattr(fd, EFMT_V1_XATTR, value, sizeof(value));
	if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP &&
	    errno != ERANGE)
		return -errno;
	err = efmt_v1_file_find(start, len, n < 0 ? NULL : value,
				n < 0 ? 0 : (size_t)n, &file);
	if (err)
		return err;
	ret->xattr = file.in_xattr;
	ret->header = file.header;
	ret->data_start = file.geo.data_start;
	err = efmt_geometry_lower_size(&file.geo, file.header.plain_size,
				       &ret->wanted_bytes);
	return err ? -EUCLEAN : packets_take(&file, ret);
}

int lower_load(const char *path, struct lower *ret)
{
	int err;
	int fd;

	memset(ret, 0, sizeof(*ret));
	err = file_open(path, &fd, &ret->lower_bytes);
	if (err)
		return err;
	err = metadata_read(fd, ret);
	close(fd);
	return err;
}
