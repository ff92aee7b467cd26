// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID 1 of the guest.  Mounts what a system needs, loads the modules that the
 * initramfs lists, puts the userland's image on /usr, runs /job/run, asks the
 * kernel whether it is still well, and only then writes "success" to the
 * serial port named "verdict".  A hang, an oops and a silent death all leave
 * that port empty.  The kernel's command line carries panic_on_warn=1, so a
 * report of the debugging aids ends the guest before it gets that far.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
/* kmemleak calls an object leaked only when it is older than this. */
#define KMEMLEAK_MIN_AGE_SECONDS 5

static const char boot_modules[] = "/modules/boot.order";

static void power_off(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "init: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errno));
	power_off();
	abort();
}

static void mount_one(const char *type, const char *dir, unsigned long flags,
		      const char *options, bool needed)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, flags, options) && needed && errno != EBUSY)
		give_up("mounting %s on %s", type, dir);
}

static void mount_early(void)
{
	umask(0022);
	mount_one("devtmpfs", "/dev", MS_NOSUID, "mode=0755", true);
	mount_one("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true);
	mount_one("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, true);
	mount_one("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666", false);
	mount_one("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, NULL, true);
	mount_one("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755", true);
	mount_one("tmpfs", "/tmp", 0, "mode=1777", true);
	mount_one("tmpfs", "/mnt", 0, "mode=0755", true);
	mount_one("tmpfs", "/var/tmp", 0, "mode=1777", true);
	mount_one("debugfs", "/sys/kernel/debug", 0, NULL, false);
	mount_one("tracefs", "/sys/kernel/tracing", 0, NULL, false);
	mount_one("securityfs", "/sys/kernel/security", 0, NULL, false);
	mount_one("cgroup2", "/sys/fs/cgroup", 0, NULL, false);
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		fprintf(stderr, "init: links in /dev: %s\n", strerror(errno));
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "init: %s: %s\n", path, strerror(errno));
	close(fd);
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		give_up("%s", path);
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		give_up("loading %s", path);
	close(fd);
}

static void load_modules(void)
{
	FILE *list = fopen(boot_modules, "r");
	char line[256];

	if (!list)
		return;
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			load_module(line);
	}
	fclose(list);
}

/* The node of the virtio serial port @name, made if devtmpfs has none yet. */
static int open_port(const char *name)
{
	char path[512], text[512];
	struct dirent *entry;
	int fd, found = -1;
	ssize_t got;
	DIR *dir;

	mkdir("/dev/virtio-ports", 0755);
	dir = opendir("/sys/class/virtio-ports");
	if (!dir)
		return -1;
	while (found < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		got = read(fd, text, sizeof(text) - 1);
		close(fd);
		if (got <= 0)
			continue;
		text[got] = '\0';
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, name))
			continue;
		snprintf(path, sizeof(path), "/dev/virtio-ports/%s", name);
		snprintf(text, sizeof(text), "../%s", entry->d_name);
		if (symlink(text, path) && errno != EEXIST)
			break;
		found = open(path, O_WRONLY | O_CLOEXEC);
	}
	closedir(dir);
	return found;
}

static int wait_for_port(const char *name)
{
	int i, fd = -1;

	for (i = 0; i < 1000 && fd < 0; i++) {
		fd = open_port(name);
		if (fd < 0)
			usleep(10000);
	}
	if (fd < 0)
		give_up("no virtio serial port %s", name);
	return fd;
}

static void mount_userland(void)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (!mount("/dev/vda", "/usr", "ext4", MS_RDONLY | MS_NOATIME, "noload"))
			return;
		if (errno != ENOENT && errno != ENXIO)
			break;
		usleep(10000);
	}
	give_up("mounting the userland's image on /usr");
}

static bool on_command_line(const char *word)
{
	static char line[4096];
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		close(fd);
	if (got < 0)
		return false;
	line[got] = '\0';
	return strstr(line, word);
}

static int run_job(int output)
{
	bool interactive = on_command_line("rig.interactive");
	int status, fd;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (!pid) {
		setsid();
		if (interactive) {
			fd = open("/dev/hvc0", O_RDWR);
			if (fd < 0)
				give_up("/dev/hvc0");
			ioctl(fd, TIOCSCTTY, 1);
			dup2(fd, 0);
			dup2(fd, 1);
			dup2(fd, 2);
		} else {
			fd = open("/dev/null", O_RDONLY);
			dup2(fd, 0);
			dup2(output, 1);
			dup2(output, 2);
		}
		execl("/bin/bash", "bash", "/job/run", (char *)NULL);
		give_up("/job/run");
	}
	for (;;) {
		pid_t gone = wait(&status);

		if (gone == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (gone < 0 && errno == ECHILD)
			return 255;
	}
}

/* Whatever the job left running must not hold a filesystem. */
static void end_processes(void)
{
	int i;

	kill(-1, SIGKILL);
	for (i = 0; i < 100; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			break;
		usleep(10000);
	}
}

/*
 * A second scan, because the first one also reports what is only on its way
 * from one place to another.  True if the kernel has no kmemleak.
 */
static bool kmemleak_clean(int report)
{
	char buffer[4096];
	bool clean = true;
	ssize_t got;
	int fd;

	if (access(KMEMLEAK, R_OK | W_OK))
		return true;
	sleep(KMEMLEAK_MIN_AGE_SECONDS);
	write_file(KMEMLEAK, "scan");
	write_file(KMEMLEAK, "scan");
	fd = open(KMEMLEAK, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		if (clean)
			dprintf(report, "kmemleak has found leaks:\n");
		clean = false;
		if (write(report, buffer, got) != got)
			break;
	}
	close(fd);
	return clean;
}

static bool kernel_log_clean(int report)
{
	static const char *const bad[] = {
		"BUG:", "WARNING:", "KASAN", "UBSAN", "INFO: possible",
		"INFO: task", "INFO: trying to register", "Busy inodes",
		"still in use (", "refcount_t:", "kmem_cache_destroy",
		"Objects remaining", "general protection fault", "kmemleak:",
		"Call Trace", "DEBUG_LOCKS_WARN", "inconsistent lock state",
		"suspicious RCU usage", "self-detected stall", "list_add corruption",
		"list_del corruption", "Oops",
	};
	static const char *const harmless[] = {
		"kmemleak: Kernel memory leak detector", "kmemleak: Automatic memory scanning",
		"kmemleak: Object",
	};
	bool clean = true, expected = false;
	char record[8192], *text;
	size_t i;
	ssize_t got;
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* From what "dmesg -C" has left. */
	lseek(fd, 0, SEEK_DATA);
	for (;;) {
		bool hit = false;

		got = read(fd, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		record[got] = '\0';
		text = strchr(record, ';');
		text = text ? text + 1 : record;
		/* A fault that a test asked for is reported with its stack. */
		if (strstr(text, "FAULT_INJECTION: forcing a failure") ||
		    strstr(text, "page allocation failure"))
			expected = true;
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
			hit |= strstr(text, bad[i]) != NULL;
		for (i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
			hit &= strstr(text, harmless[i]) == NULL;
		if (hit && expected && strstr(text, "Call Trace")) {
			expected = false;
			continue;
		}
		if (hit) {
			text[strcspn(text, "\n")] = '\0';
			dprintf(report, "the kernel's log says: %s\n", text);
			clean = false;
		}
	}
	close(fd);
	return clean;
}

int main(int argc, char **argv)
{
	bool clean;
	int output, verdict, status;

	/* "init log" and "init leaks": the same questions between two scripts. */
	if (getpid() != 1) {
		bool leaks = argc > 1 && !strcmp(argv[1], "leaks");

		if (leaks)
			return !kmemleak_clean(1);
		return !kernel_log_clean(1);
	}
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	mount_early();
	load_modules();
	output = wait_for_port("output");
	verdict = wait_for_port("verdict");
	/* A port has one user at a time: this one is for the scripts. */
	close(wait_for_port("power"));
	mount_userland();
	if (sethostname("guest", 5))
		give_up("sethostname");
	write_file("/proc/sys/kernel/printk", "7 4 1 7");
	write_file("/proc/sys/kernel/hung_task_timeout_secs", "300");

	status = run_job(output);
	end_processes();
	dprintf(output, "\n");
	clean = kernel_log_clean(output);
	if (clean && !on_command_line("rig.noleak"))
		clean = kmemleak_clean(output);
	if (clean)
		dprintf(verdict, "success %d\n", status);
	else
		dprintf(verdict, "unwell %d\n", status);
	fsync(verdict);
	close(verdict);
	power_off();
	return 0;
}
