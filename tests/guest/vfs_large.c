// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offsets beyond 4 GiB.  The file has no holes below, so this takes as much
 * space, and its time.
 */
#include "check.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define GIB4 (4LL << 30)

static void beyond_4g(void)
{
	static const long long at[] = { (2LL << 30) - 3, GIB4 - 4099, GIB4 - 3,
					GIB4 + 8190 };
	char buf[16], *map;
	struct stat st;
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	unsigned int i;

	alarm(0);
	IS(fd >= 0);
	/* Each write fills the gap before it. */
	for (i = 0; i < 4; i++)
		EQ(pwrite(fd, "0123456", 7, at[i]), 7);
	OK(fstat(fd, &st));
	EQ(st.st_size, at[3] + 7);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, GIB4);
	IS(map != MAP_FAILED);
	IS(!memcmp(map, "3456", 4));
	map[100] = 'm';
	OK(munmap(map, 4096));
	OK(close(fd));
	OK(remount_upper(NULL));
	OK(stat("f", &st));
	EQ(st.st_size, at[3] + 7);
	fd = open("f", O_RDWR);
	for (i = 0; i < 4; i++) {
		EQ(pread(fd, buf, 9, at[i] - 2), 9);
		IS(!memcmp(buf, "\0\0" "0123456", 9));
	}
	EQ(pread(fd, buf, 1, GIB4 + 100), 1);
	EQ(buf[0], 'm');
	EQ(pread(fd, buf, 8, 0), 8);
	EQ(zeros_differ(buf, 8), -1);
	EQ(lseek(fd, 0, SEEK_END), at[3] + 7);
	OK(ftruncate(fd, GIB4 + 1));
	OK(ftruncate(fd, GIB4 - 1));
	OK(fstat(fd, &st));
	EQ(st.st_size, GIB4 - 1);
	EQ(pread(fd, buf, 9, GIB4 - 3), 2);
	IS(!memcmp(buf, "01", 2));
	OK(close(fd));
	OK(unlink("f"));
}

static const struct test tests[] = {
	{ "beyond_4g", beyond_4g },
	{}
};

int main(int argc, char **argv)
{
	return check_main(argc, argv, tests);
}
