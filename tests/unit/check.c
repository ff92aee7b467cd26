// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The test harness; see check.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static int failed;
static bool good;

void check_fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: %s\n", file, line, what);
	good = false;
}

bool check_good(void)
{
	return good;
}

void check_report(bool passed, const char *name)
{
	failed += !passed;
	printf("%s %s\n", passed ? "ok" : "FAIL", name);
	fflush(stdout);
}

void check_run(const struct check_case *cases)
{
	for (; cases->name; cases++) {
		good = true;
		cases->run();
		check_report(good, cases->name);
	}
}

int check_failed(void)
{
	return failed;
}

static size_t guard_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

void *guard_create(const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = guard_pages(len);
	char *map = mmap(NULL, pages + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + pages, page, PROT_NONE)) {
		perror("guard page");
		exit(2);
	}
	if (data && len)
		memcpy(map + pages - len, data, len);
	return map + pages - len;
}

void guard_destroy(void *guard, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = guard_pages(len);

	munmap((char *)guard + len - pages, pages + page);
}

bool all_bytes(const void *bytes, size_t len, unsigned char value)
{
	const unsigned char *at = bytes;

	while (len--)
		if (*at++ != value)
			return false;
	return true;
}
