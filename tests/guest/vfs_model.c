// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vfs_model [SEED [OPERATIONS]]: random operations on one file, each compared
 * with an array in memory.  The first difference ends the run and prints the
 * operations that led to it; the same seed repeats it.
 */
#include "check.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

#define MAX_SIZE (300 * 1024)
#define HISTORY 24

enum op {
	WRITE,
	WRITE_SMALL,
	APPEND,
	READ,
	MAP_READ,
	MAP_WRITE,
	TRUNCATE,
	TRUNCATE_PATH,
	ALLOCATE,
	SYNC,
	COPY_RANGE,
	SENDFILE,
	REOPEN,
	DROP_CACHES,
	SECOND_FD,
	REMOUNT,
	OPS
};

static const char *const names[OPS] = {
	"write",     "write_small", "append",	  "read",     "map_read",
	"map_write", "truncate",    "truncate_path", "allocate", "sync",
	"copy_range", "sendfile",   "reopen",	  "drop_caches", "second_fd",
	"remount"
};

/* How often each comes, of the sum. */
static const int weight[OPS] = { 20, 15, 8, 20, 10, 15, 10, 4,
				 4,  5,	 4, 3,	4,  2,	4,  1 };

static uint8_t model[MAX_SIZE], data[MAX_SIZE + 4096];
static size_t size;
static int fd, second = -1;
static uint64_t state;
static char *history[HISTORY];
static unsigned long number;
static unsigned int remounts = 3;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (state >> 16) % n : 0;
}

/* Near a boundary, half of the time. */
static size_t somewhere(size_t limit)
{
	size_t at = rnd(limit + 1);

	if (rnd(2)) {
		size_t unit = rnd(4) ? 4096 : 65536;

		at = at / unit * unit + rnd(9);
		at = at > 4 ? at - 4 : 0;
	}
	return at > limit ? limit : at;
}

static bool fail(const char *what)
{
	unsigned int i;

	snprintf(check_why, sizeof(check_why), "operation %lu: %s (%s)", number,
		 what, strerror(errno));
	for (i = 0; i < HISTORY; i++)
		if (history[(number + 1 + i) % HISTORY])
			printf("# %s\n", history[(number + 1 + i) % HISTORY]);
	return false;
}

static bool compare(const uint8_t *got, size_t from, size_t len)
{
	size_t i;

	if (memcmp(got, model + from, len) == 0)
		return true;
	for (i = 0; got[i] == model[from + i]; i++)
		;
	errno = 0;
	snprintf((char *)data, sizeof(data),
		 "byte %zu of %zu is %02x, not %02x, read from %zu", from + i,
		 size, got[i], model[from + i], from);
	return fail(strdup((char *)data));
}

static void fill(uint8_t *to, size_t len)
{
	size_t i;
	uint8_t start = 1 + number % 255;

	for (i = 0; i < len; i++)
		to[i] = start + i / 7 + i / 4096;
}

static void grow(size_t to)
{
	if (to > size) {
		memset(model + size, 0, to - size);
		size = to;
	}
}

/* With another descriptor, if there is one, half of the time. */
static int some_fd(void)
{
	return second >= 0 && rnd(2) ? second : fd;
}

static bool do_write(size_t at, size_t len)
{
	if (at + len > MAX_SIZE)
		len = MAX_SIZE - at;
	if (!len)
		return true;
	fill(data, len);
	if (pwrite(some_fd(), data, len, at) != (ssize_t)len)
		return fail("pwrite");
	grow(at);
	memcpy(model + at, data, len);
	if (at + len > size)
		size = at + len;
	return true;
}

static bool do_read(size_t at, size_t len)
{
	size_t want = at < size ? size - at : 0;
	ssize_t n;

	want = want < len ? want : len;
	n = pread(some_fd(), data, len, at);
	if (n != (ssize_t)want)
		return fail("pread returns another length");
	return compare(data, at, want);
}

static bool do_map(size_t at, size_t len, bool write)
{
	size_t start = at / 4096 * 4096;
	uint8_t *map;
	bool good = true;

	if (at >= size)
		return true;
	if (at + len > size)
		len = size - at;
	map = mmap(NULL, at + len - start, PROT_READ | (write ? PROT_WRITE : 0),
		   MAP_SHARED, some_fd(), start);
	if (map == MAP_FAILED)
		return fail("mmap");
	if (write) {
		fill(map + at - start, len);
		fill(model + at, len);
		/* Behind the end, where nothing may ever be seen of it. */
		if (rnd(2) && at + len == size && size % 4096)
			memset(map + at + len - start, 0xee,
			       4096 - size % 4096);
		if (rnd(3) == 0 && msync(map, at + len - start, MS_SYNC))
			good = fail("msync");
	} else {
		good = compare(map + at - start, at, len);
	}
	munmap(map, at + len - start);
	return good;
}

static bool do_truncate(size_t to, bool by_path)
{
	if (by_path ? truncate("f", to) : ftruncate(some_fd(), to))
		return fail("truncate");
	grow(to);
	size = to;
	return true;
}

static bool do_copy(size_t from, size_t to, size_t len)
{
	loff_t in = from, out = to;
	ssize_t n;

	if (from >= size)
		return true;
	if (from + len > size)
		len = size - from;
	if (to + len > MAX_SIZE)
		len = MAX_SIZE - to;
	if (from < to + len && to < from + len)
		return true;
	while (len) {
		n = copy_file_range(some_fd(), &in, some_fd(), &out, len, 0);
		if (n <= 0)
			return fail("copy_file_range");
		grow(to);
		memcpy(model + to, model + from, n);
		if (to + n > size)
			size = to + n;
		from += n;
		to += n;
		len -= n;
	}
	return true;
}

static bool do_sendfile(size_t from, size_t len)
{
	int p[2];
	ssize_t n;

	if (from >= size)
		return true;
	len = from + len > size ? size - from : len;
	len = len > 30000 ? 30000 : len;
	off_t off = from;

	if (!len)
		return true;
	if (pipe(p))
		return fail("pipe");
	n = sendfile(p[1], some_fd(), &off, len);
	if (n <= 0 || read(p[0], data, n) != n)
		return fail("sendfile");
	close(p[0]);
	close(p[1]);
	return compare(data, from, n);
}

static bool reopen(void)
{
	if (second >= 0 && close(second))
		return fail("close");
	second = -1;
	if (close(fd))
		return fail("close");
	fd = open("f", O_RDWR);
	return fd >= 0 || fail("open");
}

static bool do_remount(void)
{
	if (second >= 0 && close(second))
		return fail("close");
	second = -1;
	if (close(fd))
		return fail("close");
	if (remounts && (remounts--, remount_upper(NULL)))
		return fail("remount");
	fd = open("f", O_RDWR);
	return fd >= 0 || fail("open");
}

static bool check_size(void)
{
	struct stat st;

	if ((rnd(2) ? fstat(fd, &st) : stat("f", &st)) ||
	    (size_t)st.st_size != size)
		return fail("st_size is another");
	return true;
}

static bool step(void)
{
	size_t at = somewhere(size + (rnd(4) ? 0 : 40000));
	size_t len = 1 + (rnd(5) ? somewhere(9000) : somewhere(100000));
	char *line = NULL;
	int sum = 0, i;
	enum op op;
	bool good = true;

	for (i = 0; i < OPS; i++)
		sum += weight[i];
	sum = rnd(sum);
	for (op = 0; sum >= weight[op]; op++)
		sum -= weight[op];
	if (at >= MAX_SIZE)
		at = MAX_SIZE - 1;
	if (asprintf(&line, "%lu %s at %zu len %zu size %zu", number, names[op],
		     at, len, size) < 0)
		return false;
	free(history[number % HISTORY]);
	history[number % HISTORY] = line;
	switch (op) {
	case WRITE:
		good = do_write(at, len);
		break;
	case WRITE_SMALL:
		good = do_write(at, 1 + len % 20);
		break;
	case APPEND:
		good = do_write(size, len % 6000);
		break;
	case READ:
		good = do_read(at, len);
		break;
	case MAP_READ:
	case MAP_WRITE:
		good = do_map(at, len, op == MAP_WRITE);
		break;
	case TRUNCATE:
	case TRUNCATE_PATH:
		good = do_truncate(somewhere(MAX_SIZE), op == TRUNCATE_PATH);
		break;
	case ALLOCATE:
		if (at + len > MAX_SIZE)
			break;
		if (fallocate(some_fd(), 0, at, len))
			good = fail("fallocate");
		grow(at + len);
		break;
	case SYNC:
		i = rnd(3);
		if (i == 0 ? fsync(fd) : i == 1 ? fdatasync(fd) : syncfs(fd))
			good = fail("sync");
		break;
	case COPY_RANGE:
		good = do_copy(at, somewhere(MAX_SIZE - 1), len);
		break;
	case SENDFILE:
		good = do_sendfile(at, len);
		break;
	case REOPEN:
		good = reopen();
		break;
	case DROP_CACHES:
		if (drop_caches())
			good = fail("drop_caches");
		break;
	case SECOND_FD:
		if (second >= 0)
			close(second);
		second = open("f", rnd(2) ? O_RDWR : O_RDWR | O_SYNC);
		if (second < 0)
			good = fail("open");
		break;
	case REMOUNT:
		good = do_remount();
		break;
	case OPS:
		break;
	}
	return good && check_size();
}

static unsigned long seed = 1, operations = 1500;

static void random_operations(void)
{
	seed = strtoul(env_or("MODEL_SEED", "1"), NULL, 0);
	operations = strtoul(env_or("MODEL_OPERATIONS", "1500"), NULL, 0);
	remounts = 3 + operations / 1000;
	alarm(0);
	state = seed * 0x9e3779b97f4a7c15u | 1;
	fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	IS(fd >= 0);
	for (number = 1; number <= operations; number++)
		if (!step())
			return;
	if (!do_read(0, MAX_SIZE))
		return;
	if (second >= 0)
		OK(close(second));
	second = -1;
	OK(close(fd));
	OK(remount_upper(NULL));
	fd = open("f", O_RDWR);
	do_read(0, MAX_SIZE);
}

static const struct test tests[] = {
	{ "random_operations", random_operations },
	{}
};

int main(int argc, char **argv)
{
	if (argc > 1)
		setenv("MODEL_SEED", argv[1], 1);
	if (argc > 2)
		setenv("MODEL_OPERATIONS", argv[2], 1);
	return check_main(1, argv, tests);
}
