// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fetching the metadata of a lower file; the bytes are the core's to read.
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

	/* O_NONBLOCK: a FIFO is refused below, not waited for. */
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

/* The metadata of @fd: the start of the file, or else the attribute. */
static int metadata_read(int fd, uint8_t buf[EFMT_V1_HEADER_SCAN],
			 size_t *len_ret, bool *xattr_ret)
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
	*xattr_ret = false;
	if (efmt_detect(buf, len) == EFMT_NONE) {
		n = fgetxattr(fd, EFMT_V1_XATTR, buf, EFMT_V1_HEADER_SCAN);
		if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return -errno;
		if (n < 0)
			return -ENODATA;
		*xattr_ret = true;
		len = (size_t)n;
	}
	*len_ret = len;
	return 0;
}

static int metadata_parse(const uint8_t *buf, size_t len, struct lower *ret)
{
	struct efmt_geometry geo;
	struct efmt_span span;
	int err;

	err = efmt_v1_header_from(buf, len, &ret->header);
	if (err)
		return err;
	ret->data_start = ret->xattr ? 0 :
					 efmt_v1_header_region(&ret->header);
	efmt_geometry_v1(ret->data_start, &geo);
	err = efmt_geometry_lower_size(&geo, ret->header.plain_size,
				       &ret->wanted_bytes);
	if (err)
		return -EUCLEAN;
	span = (struct efmt_span){ .at = buf, .left = len };
	err = efmt_span_skip(&span, ret->header.packets_off);
	while (!err && ret->packets < LOWER_PACKETS_MAX) {
		err = efmt_v1_packet_take(&span, &ret->packet[ret->packets]);
		if (!err)
			ret->packets++;
	}
	/* A file without a single key can't be read by anybody. */
	if (err == -ENOENT)
		err = ret->packets ? 0 : -EUCLEAN;
	return err;
}

int lower_load(const char *path, struct lower *ret)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN];
	size_t len = 0;
	int err;
	int fd;

	memset(ret, 0, sizeof(*ret));
	err = file_open(path, &fd, &ret->lower_bytes);
	if (err)
		return err;
	err = metadata_read(fd, buf, &len, &ret->xattr);
	close(fd);
	return err ? err : metadata_parse(buf, len, ret);
}
