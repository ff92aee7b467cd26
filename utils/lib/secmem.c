// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory for secrets.  Each secret has a mapping of its own, with a guard page,
 * the pages of the secret, and another guard page.  The secret is at the end of
 * its pages, so that reading or writing beyond its end causes a fault.
 *
 * Memory that cannot be locked is not returned: a secret that may be swapped
 * out is worse than a message that explains how to raise the limit.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libecryptfs.h"

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Returns the size of the pages between the guard pages. */
static size_t inner_bytes(size_t size)
{
	size_t page = page_bytes();

	return (size + page - 1) / page * page;
}

static int protect(uint8_t *inner, size_t bytes)
{
	if (mprotect(inner, bytes, PROT_READ | PROT_WRITE) ||
	    mlock(inner, bytes) || madvise(inner, bytes, MADV_DONTDUMP) ||
	    madvise(inner, bytes, MADV_WIPEONFORK))
		return -errno;
	return 0;
}

int libecryptfs_secmem_create(size_t size, struct libecryptfs_secmem *ret)
{
	size_t page = page_bytes();
	size_t inner;
	uint8_t *map;
	int err;

	memset(ret, 0, sizeof(*ret));
	if (!size)
		return -EINVAL;
	if (size > SIZE_MAX - 4 * page)
		return -ENOMEM;
	inner = inner_bytes(size);
	map = mmap(NULL, inner + 2 * page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -errno;
	err = protect(map + page, inner);
	if (err) {
		munmap(map, inner + 2 * page);
		/* mlock() fails with ENOMEM if only the limit is too low. */
		return err == -ENOMEM ? -EAGAIN : err;
	}
	ret->sm_bytes = map + page + inner - size;
	ret->sm_size = size;
	return 0;
}

void libecryptfs_secmem_destroy(struct libecryptfs_secmem *mem)
{
	size_t page = page_bytes();
	size_t inner;
	uint8_t *map;

	if (!mem->sm_bytes)
		return;
	explicit_bzero(mem->sm_bytes, mem->sm_size);
	inner = inner_bytes(mem->sm_size);
	map = mem->sm_bytes + mem->sm_size - inner - page;
	munmap(map, inner + 2 * page);
	memset(mem, 0, sizeof(*mem));
}
