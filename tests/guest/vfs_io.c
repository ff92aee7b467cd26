// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contents: every way to read and write them, and the locks and limits around.
 */
#include "check.h"

#include <linux/fs.h>
#include <setjmp.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/swap.h>
#include <sys/uio.h>
#include <sys/vfs.h>

/* Around the boundaries of extents, pages and large folios. */
static const size_t sizes[] = { 0,    1,    4095,  4096,  4097,
				8191, 8192, 12289, 65536, 70001 };
#define SIZES ((int)(sizeof(sizes) / sizeof(*sizes)))

static void *volatile wild = (void *)8;
static char buf[1 << 20], other[1 << 20];

static char *low(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", below, name);
	return path;
}

static void boundaries(void)
{
	char name[32];
	int i, j, fd;
	off_t off;

	for (i = 0; i < SIZES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(put_file(name, sizes[i], i));
	}
	for (j = 0; j < 2; j++) {
		for (i = 0; i < SIZES; i++) {
			snprintf(name, sizeof(name), "f%d", i);
			CALL(file_is(name, sizes[i], sizes[i], i));
			fd = open(name, O_RDONLY);
			for (off = 0; off < (off_t)sizes[i] + 2; off += 4093) {
				ssize_t want = (ssize_t)sizes[i] - off;

				want = want < 0 ? 0 : want > 77 ? 77 : want;
				EQ(pread(fd, buf, 77, off), want);
				EQ(pattern_differs(buf, want, i, off), -1);
			}
			FAILS(pread(fd, buf, 1, -1), EINVAL);
			EQ(pread(fd, buf, 1, 1LL << 50), 0);
			OK(close(fd));
		}
		OK(remount_upper(NULL));
	}
	fd = open("f3", O_RDWR);
	EQ(write(fd, buf, 0), 0);
	EQ(pwrite(fd, buf, 0, 100000), 0);
	EQ(lseek(fd, 0, SEEK_END), 4096);
	FAILS(pwrite(fd, "x", 1, -1), EINVAL);
	/* Where a file may be as large, it is the space that is missing. */
	if (!fs_is("btrfs"))
		IS(pwrite(fd, "x", 1, 1LL << 62) == -1 &&
		   (errno == EFBIG || errno == ENOSPC));
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(ftruncate(fd, INT64_MAX), EFBIG);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	OK(lseek(fd, 0, SEEK_SET));
	FAILS(read(fd, wild, 10), EFAULT);
	FAILS(write(fd, wild, 10), EFAULT);
	OK(close(fd));
	CALL(file_is("f3", 4096, 4096, 3));
}

static void append(void)
{
	int a = open("f", O_WRONLY | O_CREAT | O_APPEND, 0644);
	int b = open("f", O_RDWR | O_APPEND);
	size_t done = 0;
	struct stat st;
	int i;

	for (i = 0; done < 20000; i++) {
		size_t part = 1 + i * 37 % 611;

		pattern(buf, part, 1, done);
		EQ(write(i & 1 ? a : b, buf, part), part);
		done += part;
	}
	/* On Linux, the position does not matter. */
	pattern(buf, 10, 1, done);
	EQ(pwrite(b, buf, 10, 0), 10);
	done += 10;
	OK(fstat(a, &st));
	EQ(st.st_size, done);
	OK(close(a));
	OK(close(b));
	CALL(file_is("f", done, done, 1));
	OK(remount_upper(NULL));
	a = open("f", O_WRONLY | O_APPEND);
	pattern(buf, 10, 1, done);
	EQ(write(a, buf, 10), 10);
	OK(close(a));
	CALL(file_is("f", done + 10, done + 10, 1));
}

static void vectors(void)
{
	struct iovec iov[64];
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	size_t off = 0;
	int i;

	pattern(buf, sizeof(buf), 1, 0);
	for (i = 0; i < 64; i++) {
		iov[i].iov_base = buf + off;
		iov[i].iov_len = i * 131 % 1500;
		off += iov[i].iov_len;
	}
	EQ(writev(fd, iov, 64), off);
	EQ(pwritev(fd, iov, 64, 3), off);
	EQ(pwritev(fd, iov, 64, 0), off);
	EQ(pread(fd, other, 3, off), 3);
	IS(!memcmp(other, buf + off - 3, 3));
	OK(ftruncate(fd, off));
	for (i = 0; i < 64; i++)
		iov[i].iov_base = other + ((char *)iov[i].iov_base - buf);
	OK(fsync(fd));
	OK(drop_caches());
	EQ(preadv(fd, iov, 64, 0), off);
	IS(!memcmp(buf, other, off));
	EQ(pwritev2(fd, iov, 64, 0, RWF_DSYNC), off);
	EQ(pwritev2(fd, iov, 64, 0, RWF_SYNC), off);
	EQ(pwritev2(fd, iov, 2, 0, RWF_APPEND), 131);
	EQ(lseek(fd, 0, SEEK_END), off + 131);
	OK(lseek(fd, 5, SEEK_SET));
	EQ(readv(fd, iov, 64), off);
	EQ(other[0], buf[5]);
	OK(close(fd));
}

/* From each size to each, with the gap that a later growth shows. */
static void truncate_both_ways(void)
{
	char name[32];
	int i, j, fd;
	struct stat st;

	for (i = 0; i < SIZES; i++) {
		for (j = 0; j < SIZES; j++) {
			size_t keep = sizes[i] < sizes[j] ? sizes[i] : sizes[j];

			snprintf(name, sizeof(name), "f%d-%d", i, j);
			OK(put_file(name, sizes[i], i));
			if ((i + j) & 1) {
				OK(truncate(name, sizes[j]));
			} else {
				fd = open(name, O_RDWR);
				OK(ftruncate(fd, sizes[j]));
				OK(close(fd));
			}
			CALL(file_is(name, keep, sizes[j], i));
			OK(stat(low(name), &st));
			EQ(st.st_size, 8192 + (sizes[j] + 4095) / 4096 * 4096);
		}
	}
	OK(remount_upper(NULL));
	for (i = 0; i < SIZES; i++) {
		for (j = 0; j < SIZES; j++) {
			size_t keep = sizes[i] < sizes[j] ? sizes[i] : sizes[j];

			snprintf(name, sizeof(name), "f%d-%d", i, j);
			CALL(file_is(name, keep, sizes[j], i));
			/* What was cut off does not come back. */
			OK(truncate(name, sizes[j] + 5000));
			CALL(file_is(name, keep, sizes[j] + 5000, i));
		}
	}
}

/* Quirk Q8: what a mapping stored behind the end is never seen again. */
static void stale_tail(void)
{
	int fd, i;
	char *map;

	for (i = 0; i < 4; i++) {
		OK(put_file("f", 100, 1));
		fd = open("f", O_RDWR);
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		IS(map != MAP_FAILED);
		memset(map + 100, 'S', 3996);
		OK(msync(map, 4096, MS_SYNC));
		if (i & 1)
			memset(map + 100, 'T', 3996);
		OK(munmap(map, 4096));
		if (i & 2) {
			OK(close(fd));
			OK(remount_upper(NULL));
			fd = open("f", O_RDWR);
		}
		if (i & 1) {
			OK(ftruncate(fd, 4000));
		} else {
			EQ(pwrite(fd, "", 1, 3999), 1);
		}
		OK(close(fd));
		CALL(file_is("f", 100, 4000, 1));
		OK(remount_upper(NULL));
		CALL(file_is("f", 100, 4000, 1));
	}
	/* The same by shrinking, with the old bytes still in the cache. */
	OK(put_file("g", 8192, 2));
	OK(truncate("g", 5000));
	fd = open("g", O_RDWR);
	EQ(pwrite(fd, "", 1, 8191), 1);
	OK(close(fd));
	CALL(file_is("g", 5000, 8192, 2));
	OK(remount_upper(NULL));
	CALL(file_is("g", 5000, 8192, 2));
}

/* lp-745836, quirk Q6, Q9: gaps read as zeros, and nothing else ever. */
static void gaps(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	struct stat st;

	EQ(pwrite(fd, "a", 1, 1000005), 1);
	EQ(pwrite(fd, "b", 1, 5000), 1);
	OK(ftruncate(fd, 1048576 - 4097));
	EQ(pwrite(fd, "c", 1, 1048575), 1);
	OK(close(fd));
	for (int i = 0; i < 3; i++) {
		fd = open("f", O_RDONLY);
		EQ(read(fd, buf, sizeof(buf)), 1048576);
		EQ(buf[1000005], 'a');
		EQ(buf[5000], 'b');
		EQ(buf[1048575], 'c');
		buf[1000005] = buf[5000] = buf[1048575] = 0;
		EQ(zeros_differ(buf, sizeof(buf)), -1);
		OK(close(fd));
		if (!i)
			OK(drop_caches());
		else
			OK(remount_upper(NULL));
	}
	OK(stat(low("f"), &st));
	EQ(st.st_size, 8192 + 1048576);
}

static void large_writes(void)
{
	const size_t len = (8 << 20) + 13;
	char *big = malloc(len), *back = malloc(len);
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	ssize_t at;

	IS(big && back);
	pattern(big, len, 3, 0);
	EQ(write(fd, big, len), len);
	EQ(pread(fd, back, len, 0), len);
	IS(!memcmp(big, back, len));
	/* Overwrite in the middle, unaligned, over many folios. */
	pattern(big + 1234567, 3000000, 4, 1);
	EQ(pwrite(fd, big + 1234567, 3000000, 1234567), 3000000);
	OK(close(fd));
	OK(remount_upper(NULL));
	fd = open("f", O_RDONLY);
	/* Backwards in odd pieces, then with readahead. */
	for (at = len; at > 0; at -= 1000003) {
		size_t from = at > 1000003 ? at - 1000003 : 0;

		EQ(pread(fd, back + from, at - from, from), at - from);
	}
	IS(!memcmp(big, back, len));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	OK(readahead(fd, 0, 1 << 20));
	memset(back, 0, len);
	EQ(pread(fd, back, len, 0), len);
	IS(!memcmp(big, back, len));
	OK(close(fd));
	OK(unlink("f"));
	free(big);
	free(back);
}

static void direct_io(void)
{
	char *page;
	int fd = open("f", O_RDWR | O_CREAT | O_DIRECT, 0644), cached;
	struct statx stx;

	IS(fd >= 0);
	OK(statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx));
	IS(stx.stx_mask & STATX_DIOALIGN);
	IS(stx.stx_dio_mem_align && 4096 % stx.stx_dio_mem_align == 0);
	IS(stx.stx_dio_offset_align && 4096 % stx.stx_dio_offset_align == 0);
	IS(!posix_memalign((void **)&page, 4096, 8192));
	pattern(page, 8192, 1, 0);
	EQ(pwrite(fd, page, 8192, 0), 8192);
	cached = open("f", O_RDWR);
	EQ(pread(cached, buf, 8192, 0), 8192);
	IS(!memcmp(buf, page, 8192));
	EQ(pwrite(cached, "xyz", 3, 5), 3);
	EQ(pread(fd, page, 4096, 0), 4096);
	IS(!memcmp(page + 5, "xyz", 3));
	OK(fcntl(cached, F_SETFL, O_DIRECT));
	EQ(fcntl(cached, F_GETFL) & O_DIRECT, O_DIRECT);
	EQ(pread(cached, page, 4096, 4096), 4096);
	EQ(pattern_differs(page, 4096, 1, 4096), -1);
	OK(close(cached));
	OK(close(fd));
	free(page);
}

/* What is cached is read without waiting; all else says so. */
static void without_waiting(void)
{
	struct iovec vec = { .iov_base = buf, .iov_len = 10000 };
	ssize_t ret;
	int fd;

	OK(put_file("f", 10000, 1));
	fd = open("f", O_RDWR);
	EQ(pread(fd, buf, 10000, 0), 10000);
	memset(buf, 0, 10000);
	EQ(preadv2(fd, &vec, 1, 0, RWF_NOWAIT), 10000);
	EQ(pattern_differs(buf, 10000, 1, 0), -1);
	OK(fsync(fd));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	ret = preadv2(fd, &vec, 1, 0, RWF_NOWAIT);
	IS(ret > 0 || (ret == -1 && errno == EAGAIN));
	vec.iov_len = 3;
	ret = pwritev2(fd, &vec, 1, 0, RWF_NOWAIT);
	IS(ret == -1 && (errno == EAGAIN || errno == EOPNOTSUPP));
	EQ(pwritev2(fd, &vec, 1, 0, RWF_DSYNC), 3);
	EQ(pwritev2(fd, &vec, 1, 0, RWF_APPEND), 3);
	EQ(lseek(fd, 0, SEEK_END), 10003);
	OK(close(fd));
}

static sigjmp_buf jump;

static void on_bus(int sig)
{
	siglongjmp(jump, 1);
}

static bool faults(volatile char *at)
{
	bool bus = false;
	char c;

	signal(SIGBUS, on_bus);
	if (sigsetjmp(jump, 1))
		bus = true;
	else
		c = *at, (void)c;
	signal(SIGBUS, SIG_DFL);
	return bus;
}

static int store_in_child(void *map)
{
	((char *)map)[77] = 'C';
	return 0;
}

static void mmap_shared(void)
{
	char *a, *b, *priv;
	int fd, ro;

	OK(put_file("f", 10000, 1));
	fd = open("f", O_RDWR);
	a = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	priv = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	IS(a != MAP_FAILED && b != MAP_FAILED && priv != MAP_FAILED);
	EQ(pattern_differs(a, 10000, 1, 0), -1);
	EQ(zeros_differ(a + 10000, 12288 - 10000), -1);
	/* Each way of changing is seen by each way of looking. */
	a[4100] = 'm';
	EQ(b[4], 'm');
	EQ(pread(fd, buf, 1, 4100), 1);
	EQ(buf[0], 'm');
	EQ(pwrite(fd, "w", 1, 4101), 1);
	EQ(a[4101], 'w');
	EQ(b[5], 'w');
	EQ(priv[4101], 'w');
	priv[4102] = 'p';
	IS(a[4102] != 'p');
	EQ(pread(fd, buf, 1, 4102), 1);
	IS(buf[0] != 'p');
	EQ(in_child(store_in_child, a, 0), 0);
	EQ(a[77], 'C');
	OK(msync(a, 16384, MS_SYNC));
	OK(msync(a, 16384, MS_ASYNC));
	/* The end of the file. */
	IS(!faults(a + 12287));
	IS(faults(a + 12288));
	OK(ftruncate(fd, 14000));
	IS(!faults(a + 12288));
	EQ(zeros_differ(a + 10000, 4000), -1);
	a[13999] = 'e';
	OK(ftruncate(fd, 5000));
	IS(faults(a + 8192));
	IS(!faults(a + 5001));
	EQ(a[5001], 0);
	OK(ftruncate(fd, 14000));
	EQ(zeros_differ(a + 5000, 9000), -1);
	OK(madvise(a, 16384, MADV_DONTNEED));
	EQ(a[4100], 'm');
	OK(munmap(a, 16384));
	OK(munmap(b, 4096));
	OK(munmap(priv, 16384));
	ro = open("f", O_RDONLY);
	FAILS(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
	IS(a != MAP_FAILED);
	a[0] = ~a[0];
	OK(munmap(a, 4096));
	a = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_POPULATE, ro, 0);
	IS(a != MAP_FAILED);
	EQ(a[77], 'C');
	FAILS(mprotect(a, 4096, PROT_WRITE), EACCES);
	OK(munmap(a, 4096));
	OK(close(ro));
	OK(close(fd));
	OK(remount_upper(NULL));
	fd = open("f", O_RDONLY);
	EQ(read(fd, buf, sizeof(buf)), 14000);
	EQ(buf[77], 'C');
	EQ(buf[4100], 'm');
	EQ(buf[4101], 'w');
	EQ(pattern_differs(buf, 77, 1, 0), -1);
	EQ(zeros_differ(buf + 5000, 9000), -1);
	OK(close(fd));
}

/* mmap-close, lp-870326: open, map, close, store, unmap. */
static void mmap_after_close(void)
{
	char *map;
	int fd, i;

	for (i = 0; i < 3; i++) {
		OK(put_file("f", 8192, i));
		fd = open("f", O_RDWR);
		map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		IS(map != MAP_FAILED);
		OK(close(fd));
		if (i == 1) {
			/* Others come and go meanwhile. */
			CALL(file_is("f", 8192, 8192, i));
			fd = open("f", O_RDWR);
			OK(close(fd));
		}
		if (i == 2) {
			OK(drop_caches());
			OK(chmod("f", 0444));
		}
		pattern(map, 8192, i + 10, 0);
		OK(munmap(map, 8192));
		CALL(file_is("f", 8192, 8192, i + 10));
		OK(remount_upper(NULL));
		CALL(file_is("f", 8192, 8192, i + 10));
	}
	/* And with the name gone. */
	fd = open("f", O_RDWR);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	OK(close(fd));
	OK(unlink("f"));
	map[0] = 'x';
	OK(msync(map, 8192, MS_SYNC));
	OK(madvise(map, 8192, MADV_DONTNEED));
	OK(drop_caches());
	EQ(map[0], 'x');
	EQ(pattern_differs(map + 4096, 4096, 12, 4096), -1);
	OK(munmap(map, 8192));
}

/* Quirk: stock has no splice to a file, and no copy_file_range. */
static void splicing(void)
{
	int in, out, p[2], q[2], tmp;
	struct iovec iov = { other, 5000 };
	ssize_t n, done;
	loff_t off;

	OK(put_file("in", 100000, 1));
	in = open("in", O_RDONLY);
	out = open("out", O_RDWR | O_CREAT, 0644);
	OK(pipe(p));
	OK(pipe(q));
	for (done = 0; done < 100000; done += n) {
		n = splice(in, NULL, p[1], NULL, 30000, 0);
		IS(n > 0);
		for (ssize_t left = n; left;) {
			ssize_t part = splice(p[0], NULL, out, NULL, left, 0);

			IS(part > 0);
			left -= part;
		}
	}
	CALL(file_is("out", 100000, 100000, 1));
	/* At an offset, from user memory. */
	pattern(other, 5000, 2, 0);
	EQ(vmsplice(p[1], &iov, 1, 0), 5000);
	off = 50001;
	EQ(splice(p[0], NULL, out, &off, 5000, 0), 5000);
	EQ(off, 55001);
	EQ(pread(out, buf, 5000, 50001), 5000);
	IS(!memcmp(buf, other, 5000));
	/* tee leaves what it copies. */
	off = 0;
	EQ(splice(in, &off, p[1], NULL, 3000, 0), 3000);
	EQ(tee(p[0], q[1], 3000, 0), 3000);
	EQ(read(q[0], buf, 3000), 3000);
	EQ(pattern_differs(buf, 3000, 1, 0), -1);
	EQ(read(p[0], buf, 3000), 3000);
	EQ(pattern_differs(buf, 3000, 1, 0), -1);
	/* sendfile: within, out and in. */
	OK(ftruncate(out, 0));
	OK(lseek(out, 0, SEEK_SET));
	off = 0;
	for (done = 0; done < 100000; done += n) {
		n = sendfile(out, in, &off, 100000 - done);
		IS(n > 0);
	}
	CALL(file_is("out", 100000, 100000, 1));
	tmp = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	IS(tmp >= 0);
	off = 0;
	EQ(sendfile(tmp, in, &off, 60000), 60000);
	EQ(pread(tmp, buf, 60000, 0), 60000);
	EQ(pattern_differs(buf, 60000, 1, 0), -1);
	OK(ftruncate(out, 0));
	OK(lseek(out, 0, SEEK_SET));
	off = 0;
	EQ(sendfile(out, tmp, &off, 60000), 60000);
	CALL(file_is("out", 60000, 60000, 1));
	OK(close(tmp));
	OK(close(in));
	OK(close(out));
	OK(remount_upper(NULL));
	CALL(file_is("out", 60000, 60000, 1));
	for (n = 0; n < 2; n++) {
		close(p[n]);
		close(q[n]);
	}
}

static void copy_range(void)
{
	loff_t from, to;
	int in, out;
	ssize_t n, done;

	OK(put_file("in", 100000, 1));
	in = open("in", O_RDWR);
	out = open("out", O_RDWR | O_CREAT, 0644);
	for (done = 0; done < 100000; done += n) {
		n = copy_file_range(in, NULL, out, NULL, 100000 - done, 0);
		IS(n > 0);
	}
	EQ(copy_file_range(in, NULL, out, NULL, 10, 0), 0);
	CALL(file_is("out", 100000, 100000, 1));
	from = 777;
	to = 200000;
	EQ(copy_file_range(in, &from, out, &to, 5000, 0), 5000);
	EQ(from, 5777);
	EQ(to, 205000);
	EQ(pread(out, buf, 105000, 100000), 105000);
	EQ(zeros_differ(buf, 100000), -1);
	EQ(pattern_differs(buf + 100000, 5000, 1, 777), -1);
	/* Within one file, apart, then overlapping. */
	from = 0;
	to = 150000;
	EQ(copy_file_range(in, &from, in, &to, 1000, 0), 1000);
	EQ(pread(in, buf, 1000, 150000), 1000);
	EQ(pattern_differs(buf, 1000, 1, 0), -1);
	from = 0;
	to = 500;
	FAILS(copy_file_range(in, &from, in, &to, 1000, 0), EINVAL);
	OK(close(in));
	in = open("in", O_RDONLY);
	FAILS(copy_file_range(out, NULL, in, NULL, 10, 0), EBADF);
	/* Sharing of blocks would share ciphertext between keys. */
	IS(ioctl(out, FICLONE, in) == -1 &&
	   (errno == EOPNOTSUPP || errno == ENOTTY));
	OK(close(in));
	OK(close(out));
}

static void allocate(void)
{
	static const int modes[] = { FALLOC_FL_COLLAPSE_RANGE,
				     FALLOC_FL_INSERT_RANGE,
				     FALLOC_FL_UNSHARE_RANGE };
	struct stat st, before;
	unsigned int i;
	int fd, ro;

	OK(put_file("f", 5000, 1));
	fd = open("f", O_RDWR);
	OK(fstat(fd, &before));
	sleep_ms(20);
	OK(fallocate(fd, 0, 100, 3000));
	CALL(file_is("f", 5000, 5000, 1));
	OK(fallocate(fd, 0, 4000, 20000));
	CALL(file_is("f", 5000, 24000, 1));
	OK(fstat(fd, &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	EQ(posix_fallocate(fd, 30000, 1000), 0);
	CALL(file_is("f", 5000, 31000, 1));
	for (i = 0; i < 3; i++)
		FAILS(fallocate(fd, modes[i], 4096, 4096), EOPNOTSUPP);
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	FAILS(fallocate(fd, 0, -1, 10), EINVAL);
	FAILS(fallocate(fd, 0, 1LL << 62, 1LL << 62), EFBIG);
	ro = open("f", O_RDONLY);
	FAILS(fallocate(ro, 0, 0, 10), EBADF);
	OK(close(ro));
	OK(close(fd));
	CALL(file_is("f", 5000, 31000, 1));
	OK(remount_upper(NULL));
	CALL(file_is("f", 5000, 31000, 1));
}

static void seeking(void)
{
	int fd;

	OK(put_file("f", 10000, 1));
	fd = open("f", O_RDWR);
	EQ(lseek(fd, 0, SEEK_DATA), 0);
	EQ(lseek(fd, 9999, SEEK_DATA), 9999);
	EQ(lseek(fd, 0, SEEK_HOLE), 10000);
	EQ(lseek(fd, 5000, SEEK_HOLE), 10000);
	FAILS(lseek(fd, 10000, SEEK_DATA), ENXIO);
	FAILS(lseek(fd, 10000, SEEK_HOLE), ENXIO);
	EQ(lseek(fd, -10, SEEK_END), 9990);
	EQ(lseek(fd, 20, SEEK_CUR), 10010);
	EQ(read(fd, buf, 1), 0);
	EQ(write(fd, "x", 1), 1);
	EQ(lseek(fd, 0, SEEK_END), 10011);
	FAILS(lseek(fd, -20000, SEEK_CUR), EINVAL);
	FAILS(lseek(fd, 0, 77), EINVAL);
	OK(close(fd));
	int n;

	fd = open("f", O_RDONLY);
	EQ(pread(fd, buf, 20000, 9990), 21);
	EQ(pattern_differs(buf, 10, 1, 9990), -1);
	EQ(zeros_differ(buf + 10, 10), -1);
	EQ(buf[20], 'x');

	OK(lseek(fd, 11, SEEK_SET));
	OK(ioctl(fd, FIONREAD, &n));
	EQ(n, 10000);
	OK(close(fd));
}

static volatile int got_xfsz;

static void on_xfsz(int sig)
{
	got_xfsz++;
}

static int limited(void *arg)
{
	struct rlimit limit = { 16384, 16384 };
	struct sigaction sa = { .sa_handler = on_xfsz };
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	sigaction(SIGXFSZ, &sa, NULL);
	if (setrlimit(RLIMIT_FSIZE, &limit) || fd < 0)
		return 1;
	pattern(buf, 20000, 1, 0);
	if (pwrite(fd, buf, 10000, 0) != 10000)
		return 2;
	/* As much as is allowed, then nothing. */
	if (pwrite(fd, buf + 10000, 10000, 10000) != 6384)
		return 3;
	if (got_xfsz)
		return 4;
	if (pwrite(fd, buf, 1, 16384) != -1 || errno != EFBIG || got_xfsz != 1)
		return 5;
	if (ftruncate(fd, 16385) != -1 || errno != EFBIG || got_xfsz != 2)
		return 6;
	if (truncate("f", 16385) != -1 || errno != EFBIG || got_xfsz != 3)
		return 7;
	if (fallocate(fd, 0, 0, 16385) != -1 || errno != EFBIG)
		return 8;
	if (fsync(fd) || ftruncate(fd, 4000) || ftruncate(fd, 16384))
		return 9;
	if (pwrite(fd, buf + 4000, 12384, 4000) != 12384)
		return 10;
	/* Overwriting is always allowed; so is closing with dirty pages. */
	if (pwrite(fd, buf, 16384, 0) != 16384 || close(fd))
		return 11;
	/* A larger file may be written within the limit. */
	fd = open("large", O_RDWR);
	if (pwrite(fd, "x", 1, 100) != 1 || fsync(fd) || close(fd))
		return 12;
	return 0;
}

/* Quirk Q23: the limit is one of the size above. */
static void file_size_limit(void)
{
	OK(put_file("large", 100000, 2));
	EQ(in_child(limited, NULL, 0), 0);
	CALL(file_is("f", 16384, 16384, 1));
	OK(remount_upper(NULL));
	CALL(file_is("f", 16384, 16384, 1));
}

static int try_locks(void *arg)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 5 };
	int fd = open("f", O_RDWR);

	if (flock(fd, LOCK_EX | LOCK_NB) != -1 || errno != EWOULDBLOCK)
		return 1;
	if (fcntl(fd, F_SETLK, &fl) != -1 || (errno != EAGAIN && errno != EACCES))
		return 2;
	if (fcntl(fd, F_GETLK, &fl) || fl.l_type != F_WRLCK ||
	    fl.l_pid != getppid() || fl.l_start != 10)
		return 3;
	fl = (struct flock){ .l_type = F_WRLCK, .l_start = 100, .l_len = 1 };
	if (fcntl(fd, F_OFD_SETLK, &fl) != -1 || (errno != EAGAIN && errno != EACCES))
		return 4;
	fl.l_start = 50;
	if (fcntl(fd, F_SETLK, &fl))
		return 5;
	return 0;
}

static void locks(void)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 10, .l_len = 5 };
	int fd, second;

	OK(put_file("f", 10, 1));
	OK(link("f", "g"));
	fd = open("f", O_RDWR);
	OK(flock(fd, LOCK_EX));
	OK(fcntl(fd, F_SETLK, &fl));
	fl.l_start = 100;
	OK(fcntl(fd, F_OFD_SETLK, &fl));
	EQ(in_child(try_locks, NULL, 0), 0);
	/* By the other name it is the same file. */
	second = open("g", O_RDWR);
	FAILS(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(flock(fd, LOCK_UN));
	OK(flock(second, LOCK_SH | LOCK_NB));
	OK(close(fd));
	/* That close ended the POSIX locks of the process, and the OFD lock. */
	fl.l_pid = 0;
	OK(fcntl(second, F_OFD_SETLK, &fl));
	OK(close(second));
	/* A lease: an open for writing has to wait. */
	fd = open("f", O_RDONLY);
	OK(fcntl(fd, F_SETLEASE, F_RDLCK));
	signal(SIGIO, SIG_IGN);
	FAILS(open("f", O_WRONLY | O_NONBLOCK), EWOULDBLOCK);
	OK(fcntl(fd, F_SETLEASE, F_UNLCK));
	OK(close(open("f", O_WRONLY | O_NONBLOCK)));
	OK(close(fd));
}

static void watching(void)
{
	static const uint32_t wanted[] = { IN_CREATE,	  IN_OPEN,
					   IN_MODIFY,	  IN_CLOSE_WRITE,
					   IN_ATTRIB,	  IN_MOVED_FROM,
					   IN_MOVED_TO,	  IN_CREATE | IN_ISDIR,
					   IN_DELETE };
	struct inotify_event *event;
	unsigned int next = 0;
	ssize_t n, at;
	int ino = inotify_init1(IN_NONBLOCK), fd;

	IS(inotify_add_watch(ino, ".", IN_ALL_EVENTS & ~IN_ACCESS) >= 0);
	fd = open("f", O_WRONLY | O_CREAT, 0644);
	EQ(write(fd, "x", 1), 1);
	OK(close(fd));
	OK(chmod("f", 0600));
	OK(rename("f", "g"));
	OK(mkdir("d", 0755));
	OK(unlink("g"));
	n = read(ino, buf, 65536);
	IS(n > 0);
	for (at = 0; at < n; at += sizeof(*event) + event->len) {
		event = (void *)(buf + at);
		if (next < 9 && event->mask == wanted[next])
			next++;
	}
	if (next != 9)
		FAIL("event %u of 9, %#x, did not come", next, wanted[next]);
	OK(close(ino));
}

static int copy_program(const char *name)
{
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return -1;
	close(in);
	return close(out);
}

static int exec_it(void *name)
{
	/* Without a mount to look at it ends with 2. */
	setenv("UPPER_DIR", "/proc", 1);
	freopen("/dev/null", "w", stderr);
	execl(name, "program", NULL);
	return errno == ETXTBSY ? 77 : 1;
}

static void executing(void)
{
	struct stat st;
	int fd, status, i;
	pid_t pid;

	OK(copy_program("prog"));
	OK(remount_upper(NULL));
	EQ(in_child(exec_it, "prog", 0), 2);
	EQ(in_child(exec_it, "prog", 1000), 2);
	/* Open for writing: not to be run; running: not to be written. */
	fd = open("prog", O_RDWR);
	EQ(in_child(exec_it, "prog", 0), 77);
	OK(close(fd));
	pid = fork();
	if (!pid) {
		execl("prog", "program", "--sleep", NULL);
		_exit(1);
	}
	sleep_ms(500);
	FAILS(open("prog", O_WRONLY), ETXTBSY);
	FAILS(truncate("prog", 0), ETXTBSY);
	OK(stat("prog", &st));
	OK(rename("prog", "prog2"));
	OK(unlink("prog2"));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	IS(WIFSIGNALED(status));
	OK(copy_program("prog"));
	EQ(in_child(exec_it, "prog", 0), 2);
	/* A script. */
	fd = open("script", O_WRONLY | O_CREAT, 0755);
	EQ(write(fd, "#!/bin/bash\nexit 5\n", 19), 19);
	OK(close(fd));
	EQ(in_child(exec_it, "script", 0), 5);
	OK(chmod("script", 0644));
	EQ(in_child(exec_it, "script", 0), 1);

	/* Quirk Q4: a file that runs below can be looked at above. */
	OK(chdir(below));
	i = copy_program("plain");
	OK(chdir(here));
	OK(i);
	pid = fork();
	if (!pid) {
		execl(low("plain"), "program", "--sleep", NULL);
		_exit(1);
	}
	sleep_ms(500);
	i = stat("plain", &st);
	if (i)
		i = errno;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	IS(WIFSIGNALED(status));
	IS(i != ETXTBSY);
	/* And the other way: a file open above for reading keeps nobody. */
	fd = open("script", O_RDONLY);
	OK(chmod("script", 0755));
	in_child(exec_it, low("script"), 0);
	OK(close(fd));
}

/* A lower file that is no eCryptfs file is refused, not misread. */
static void foreign_file(void)
{
	struct stat st;
	int fd;

	OK(chdir(below));
	OK(put_file("text", 10000, 1));
	OK(put_file("empty", 0, 1));
	OK(chdir(here));
	FAILS(open("text", O_RDONLY), EUCLEAN);
	FAILS(open("text", O_RDWR), EUCLEAN);
	FAILS(truncate("text", 0), EUCLEAN);
	OK(rename("text", "text2"));
	OK(unlink("text2"));
	/* lp-911507: an empty one is an empty file. */
	OK(stat("empty", &st));
	EQ(st.st_size, 0);
	fd = open("empty", O_RDONLY);
	IS(fd >= 0);
	EQ(read(fd, buf, 10), 0);
	OK(close(fd));
	fd = open("empty", O_RDWR);
	IS(fd >= 0);
	EQ(write(fd, "no longer", 9), 9);
	OK(close(fd));
	OK(remount_upper(NULL));
	OK(stat("empty", &st));
	EQ(st.st_size, 9);
	OK(stat(low("empty"), &st));
	EQ(st.st_size, 12288);
}

/* lp-509180: each byte of the marker counts, and only while it is wrong. */
static void damaged_header(void)
{
	uint8_t byte, wrong;
	struct stat st;
	int fd, i;

	OK(put_file("f", 5000, 1));
	for (i = 8; i < 16; i++) {
		fd = open(low("f"), O_RDWR);
		IS(fd >= 0);
		EQ(pread(fd, &byte, 1, i), 1);
		wrong = byte ^ 0x10;
		EQ(pwrite(fd, &wrong, 1, i), 1);
		OK(remount_upper(NULL));
		FAILS(open("f", O_RDONLY), EUCLEAN);
		/* It can still be got rid of. */
		OK(rename("f", "g"));
		OK(rename("g", "f"));
		EQ(pwrite(fd, &byte, 1, i), 1);
		OK(close(fd));
		OK(remount_upper(NULL));
		CALL(file_is("f", 5000, 5000, 1));
	}
	OK(stat("f", &st));
	EQ(st.st_size, 5000);
}

/* Reads and writes of one file by several processes keep to their places. */
#define REGION 5003
#define REGIONS 4

static int region_user(void *arg)
{
	int number = (int)(long)arg, fd = open("f", O_RDWR), i;
	char *map = mmap(NULL, REGION * REGIONS, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	off_t off = (off_t)number * REGION;
	time_t end = time(NULL) + 4;

	if (map == MAP_FAILED)
		return 1;
	for (i = 0; time(NULL) < end; i++) {
		unsigned int seed = number * 1000 + i;

		pattern(buf, REGION, seed, 0);
		if (i & 1)
			memcpy(map + off, buf, REGION);
		else if (pwrite(fd, buf, REGION, off) != REGION)
			return 2;
		if (i % 5 == 0 && fsync(fd))
			return 3;
		if (i % 7 == 0)
			posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (pread(fd, other, REGION, off) != REGION ||
		    pattern_differs(other, REGION, seed, 0) >= 0)
			return 4;
		if (pattern_differs(map + off, REGION, seed, 0) >= 0)
			return 5;
	}
	return 0;
}

/* Meanwhile the file grows and shrinks behind them. */
static int tail_user(void *arg)
{
	int fd = open("f", O_RDWR), i;
	time_t end = time(NULL) + 4;

	for (i = 0; time(NULL) < end; i++) {
		off_t size = REGION * REGIONS + i * 3331 % 40000;

		if (ftruncate(fd, size))
			return 1;
		if (pwrite(fd, "t", 1, size + 5000) != 1)
			return 2;
		if (pread(fd, buf, 5001, size) != 5001)
			return 3;
		if (zeros_differ(buf, 5000) >= 0 || buf[5000] != 't')
			return 4;
		if (ftruncate(fd, REGION * REGIONS))
			return 5;
	}
	return 0;
}

static void concurrent_io(void)
{
	pid_t pids[REGIONS + 1];
	int i, status;

	OK(put_file("f", REGION * REGIONS, 1));
	for (i = 0; i <= REGIONS; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (!pids[i])
			_exit(i < REGIONS ? region_user((void *)(long)i) :
					    tail_user(NULL));
	}
	for (i = 0; i <= REGIONS; i++) {
		waitpid(pids[i], &status, 0);
		if (status)
			FAIL("process %d ended with %#x", i, status);
	}
}

/* What fsync says it wrote is below at once. */
static void written_through(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_SYNC, 0644), down;

	pattern(buf, 10000, 1, 0);
	EQ(write(fd, buf, 10000), 10000);
	down = open(low("f"), O_RDONLY);
	EQ(pread(down, other, 8, 0), 8);
	/* The size, big endian, at the head of the file. */
	EQ(other[6], 10000 >> 8);
	EQ((unsigned char)other[7], 10000 & 255);
	/* More may be reserved as long as it is open. */
	IS(lseek(down, 0, SEEK_END) >= 8192 + 12288);
	OK(close(fd));
	EQ(lseek(down, 0, SEEK_END), 8192 + 12288);
	OK(close(down));
}

/*
 * Nobody is told where the ciphertext is, who would write to these blocks, and
 * nobody swaps to them: that would be plaintext.
 */
static void blocks(void)
{
	/* As mkswap(8) leaves: version, last page, bad pages. */
	const uint32_t swap[] = { 1, 9, 0 };
	int fd, at = 0;

	OK(put_file("f", 40960, 5));
	fd = open("f", O_RDWR);
	IS(ioctl(fd, FIBMAP, &at) == -1 && errno == EINVAL);
	EQ(at, 0);
	EQ(pwrite(fd, swap, sizeof(swap), 1024), sizeof(swap));
	EQ(pwrite(fd, "SWAPSPACE2", 10, 4086), 10);
	OK(fchmod(fd, 0600));
	OK(fsync(fd));
	FAILS(swapon("f", 0), EINVAL);
	OK(close(fd));
}

/* A nameless file that others write to, too, has it all when it gets a name. */
static void linked_late(void)
{
	char path[64];
	struct stat st;
	int fd1, fd2, fd3;

	fd1 = open(".", O_TMPFILE | O_RDWR, 0644);
	if (fd1 < 0)
		SKIP("no O_TMPFILE below");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd1);
	fd2 = open(path, O_RDONLY);
	IS(fd2 >= 0);
	OK(close(fd1));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd2);
	fd3 = open(path, O_RDWR);
	IS(fd3 >= 0);
	pattern(buf, 4096, 9, 0);
	EQ(write(fd3, buf, 4096), 4096);
	OK(close(fd3));
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
	/* A program that copies the lower file sees it at once. */
	OK(stat(low("f"), &st));
	EQ(st.st_size, 8192 + 4096);
	OK(close(fd2));
	CALL(file_is("f", 4096, 4096, 9));
	OK(remount_upper(NULL));
	CALL(file_is("f", 4096, 4096, 9));
}

static const struct test tests[] = {
	{ "boundaries", boundaries },
	{ "append", append },
	{ "vectors", vectors },
	{ "truncate_both_ways", truncate_both_ways },
	{ "stale_tail", stale_tail },
	{ "gaps", gaps },
	{ "large_writes", large_writes },
	{ "direct_io", direct_io },
	{ "without_waiting", without_waiting },
	{ "mmap_shared", mmap_shared },
	{ "mmap_after_close", mmap_after_close },
	{ "splicing", splicing },
	{ "copy_range", copy_range },
	{ "allocate", allocate },
	{ "seeking", seeking },
	{ "file_size_limit", file_size_limit },
	{ "locks", locks },
	{ "watching", watching },
	{ "executing", executing },
	{ "foreign_file", foreign_file },
	{ "damaged_header", damaged_header },
	{ "written_through", written_through },
	{ "concurrent_io", concurrent_io },
	{ "blocks", blocks },
	{ "linked_late", linked_late },
	{}
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--sleep") == 0) {
		sleep(20);
		return 0;
	}
	return check_main(argc, argv, tests);
}
