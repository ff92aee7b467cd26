// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of the library where no command reaches: secret memory and its guards,
 * the syntax of ~/.ecryptfsrc, limits of passphrases.  Compiled with sanitizers
 * by run, which passes a directory for files, and once without: the sanitizers
 * turn mlock() into nothing.  Prints "ok NAME" or "FAIL NAME: why".
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "lib_private.h"
#include "vault.h"
#include "vault_file.h"

static int failures;
static const char *scratch;

static void verdict(const char *name, bool good, const char *why)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("FAIL %s: %s\n", name, why);
	fflush(stdout);
	failures += !good;
}

static const char *below(const char *name)
{
	static char path[4][PATH_MAX];
	static int next;
	char *ret = path[next++ % 4];

	snprintf(ret, PATH_MAX, "%s/%s", scratch, name);
	return ret;
}

static void text_put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file) {
		fputs(text, file);
		fclose(file);
	}
}

static bool text_is(const char *path, const char *text)
{
	char found[16] = "";
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	return !strcmp(found, text);
}

/* In a directory, besides itself and the one above. */
static int entries(const char *path)
{
	DIR *list = opendir(path);
	int count = -2;

	if (!list)
		return -1;
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

/* How a child ends that runs @fn: a signal, or 0 and its exit status. */
static int child_signal(void (*fn)(void *), void *arg, int *status_ret)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* The kernel's verdict, not a sanitizer's. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		fn(arg);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	*status_ret = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

__attribute__((no_sanitize("address", "undefined"))) static void
touch(void *arg)
{
	*(volatile uint8_t *)arg = 1;
}

static void exit_if_filled(void *arg)
{
	struct libecryptfs_secmem *mem = arg;
	size_t i;

	for (i = 0; i < mem->sm_size; i++)
		if (mem->sm_bytes[i])
			_exit(1);
}

static bool is_locked(const void *at)
{
	char line[256];
	unsigned long from, to, locked = 0;
	FILE *maps = fopen("/proc/self/smaps", "re");
	bool inside = false;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (unsigned long)at >= from &&
				 (unsigned long)at < to;
		else if (inside && sscanf(line, "Locked: %lu kB", &locked) == 1)
			break;
	}
	if (maps)
		fclose(maps);
	return locked > 0;
}

static void create_without_limit(void *arg)
{
	struct rlimit none = { 0 };
	struct libecryptfs_secmem mem;

	(void)arg;
	/* The limit does not bind who may lock at will. */
	if (setrlimit(RLIMIT_MEMLOCK, &none) || (!getuid() && setuid(65534)))
		_exit(2);
	_exit(libecryptfs_secmem_create(16, &mem) == -EPERM && !mem.sm_bytes ?
		      0 :
		      1);
}

static void test_secmem(void)
{
	static const size_t sizes[] = { 1, 64, 65, 740, 4096, 4097, 20000 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct libecryptfs_secmem mem;
	bool guarded = true, kept = false, locked = true, zeroed = true;
	uint8_t *inner;
	int status;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (libecryptfs_secmem_create(sizes[i], &mem)) {
			verdict("secmem-create", false, "refused");
			return;
		}
		zeroed &= !child_signal(exit_if_filled, &mem, &status) &&
			  !status;
		memset(mem.sm_bytes, 0xa5, sizes[i]);
		inner = mem.sm_bytes + sizes[i] -
			(sizes[i] + page - 1) / page * page;
		guarded &= child_signal(touch, mem.sm_bytes + sizes[i],
					&status) == SIGSEGV;
		guarded &= child_signal(touch, inner - 1, &status) == SIGSEGV;
		child_signal(exit_if_filled, &mem, &status);
		kept |= status != 0;
		locked &= is_locked(mem.sm_bytes);
		libecryptfs_secmem_destroy(&mem);
		guarded &= !mem.sm_bytes;
	}
	libecryptfs_secmem_destroy(&mem);
	verdict("secmem-guards", guarded, "access past the end went through");
	verdict("secmem-zeroed", zeroed, "not zero at first");
	verdict("secmem-fork", !kept, "a child sees the secret");
	verdict("secmem-size-0",
		libecryptfs_secmem_create(0, &mem) == -EINVAL, "accepted");
	verdict("secmem-size-max",
		libecryptfs_secmem_create(SIZE_MAX, &mem) == -ENOMEM,
		"accepted");
#ifndef SANITIZED
	verdict("secmem-locked", locked, "not locked");
	child_signal(create_without_limit, NULL, &status);
	verdict("secmem-limit", !status, "not -EPERM");
#else
	(void)locked;
	(void)create_without_limit;
#endif
}

static int collect(const char *name, const char *value, void *arg)
{
	char *all = arg;
	size_t used = strlen(all);

	snprintf(all + used, 512 - used, "[%s|%s]", name, value ? value : "-");
	return 0;
}

static void test_syntax(void)
{
	/* 127 characters are an item, 128 end the reading. */
	char longest[128], longest_want[160], longer[300];
	const struct {
		const char *name, *text, *want;
		int err;
	} rows[] = {
		{ "empty", "", "", 0 },
		{ "separators", "\n,,a,\nb=c\n", "[a|-][b|c]", 0 },
		{ "last-equals", "a=b=c", "[a=b|c]", 0 },
		{ "no-value", "a=", "[a|]", 0 },
		{ "blanks", " a = b ", "[ a | b ]", 0 },
		{ "key-colons", "key=p:salt=1,x:y=z", "[key|p][salt|1][x:y|z]", 0 },
		{ "key-alone", "key=p,keyx=a:b", "[key|p][keyx|a:b]", 0 },
		{ "key-empty", "key=::,a", "[key|][a|-]", 0 },
		{ "key-equals", "key=p:=x", "", -EINVAL },
		{ "lone-equals", "a,=b", "", -EINVAL },
		{ "lone-colon", "a\n:b", "", -EINVAL },
		{ "item-127", longest, longest_want, 0 },
		{ "item-128", longer, "[a|-]", 0 },
	};
	char all[512], why[600], name[64];
	size_t i;
	int err;

	memset(longest, 'x', 127);
	longest[127] = '\0';
	snprintf(longest_want, sizeof(longest_want), "[%s|-]", longest);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "a,", 2);
	strcpy(longer + 2 + 128, ",b");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* A copy of the exact size, for the address sanitizer. */
		size_t len = strlen(rows[i].text);
		char *text = malloc(len + !len);

		memcpy(text, rows[i].text, len);
		all[0] = '\0';
		err = libecryptfs_rcfile_from_text(text, len, collect, all);
		free(text);
		snprintf(name, sizeof(name), "rcfile-%s", rows[i].name);
		snprintf(why, sizeof(why), "%d %s", err, all);
		verdict(name, err == rows[i].err && !strcmp(all, rows[i].want),
			why);
	}
}

static const char *file_write(const char *name, const char *text)
{
	static char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
	return path;
}

static void test_salt(void)
{
	static const struct {
		const char *name, *text;
		enum libecryptfs_salt_source source;
		int err;
		uint8_t last; /* byte of the salt */
	} rows[] = {
		{ "given", "salt=0102030405060708\n", LIBECRYPTFS_SALT_RCFILE, 0, 8 },
		{ "upper-case", "salt=01020304050607FF", LIBECRYPTFS_SALT_RCFILE, 0, 255 },
		{ "in-key", "key=passphrase:salt=0102030405060708\n", LIBECRYPTFS_SALT_RCFILE, 0, 8 },
		{ "first-counts", "salt=0102030405060708,salt=0000000000000000", LIBECRYPTFS_SALT_RCFILE, 0, 8 },
		{ "none", "cipher=aes\n", LIBECRYPTFS_SALT_DEFAULT, 0, 0x77 },
		{ "other-name", "passphrase_salt=0102030405060708\n", LIBECRYPTFS_SALT_DEFAULT, 0, 0x77 },
		{ "short", "salt=01020304050607\n", LIBECRYPTFS_SALT_IGNORED, 0, 0x77 },
		{ "long", "salt=010203040506070809\n", LIBECRYPTFS_SALT_IGNORED, 0, 0x77 },
		{ "carriage-return", "salt=0102030405060708\r\n", LIBECRYPTFS_SALT_IGNORED, 0, 0x77 },
		{ "malformed", "salt=0102030405060708,=x\n", LIBECRYPTFS_SALT_IGNORED, 0, 0x77 },
		{ "not-hexadecimal", "salt=zz02030405060708\n", LIBECRYPTFS_SALT_RCFILE, -EINVAL, 0x77 },
	};
	enum libecryptfs_salt_source source;
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char name[64], why[64];
	char *big;
	size_t i;
	int err;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = libecryptfs_salt_from_file(file_write("rc", rows[i].text),
						 salt, &source);
		snprintf(name, sizeof(name), "salt-%s", rows[i].name);
		snprintf(why, sizeof(why), "%d, source %d, last %u", err,
			 source, salt[7]);
		verdict(name, err == rows[i].err && source == rows[i].source &&
			salt[7] == rows[i].last, why);
	}
	err = libecryptfs_salt_from_file("/nonexistent", salt, &source);
	verdict("salt-no-file", !err && source == LIBECRYPTFS_SALT_DEFAULT,
		"not the default");
	err = libecryptfs_salt_from_file(scratch, salt, &source);
	verdict("salt-directory", !err && source == LIBECRYPTFS_SALT_IGNORED,
		"not ignored");
	err = libecryptfs_rcfile_load(scratch, collect, NULL);
	verdict("rcfile-directory", err == -EISDIR, strerror(-err));
	err = libecryptfs_rcfile_load("/dev/zero", collect, NULL);
	verdict("rcfile-device", err == -EINVAL, strerror(-err));
	big = calloc(1, LIBECRYPTFS_RCFILE_MAX + 2);
	memset(big, '\n', LIBECRYPTFS_RCFILE_MAX + 1);
	err = libecryptfs_rcfile_load(file_write("rc", big), collect, NULL);
	verdict("rcfile-too-big", err == -EFBIG, strerror(-err));
	big[LIBECRYPTFS_RCFILE_MAX] = '\0';
	err = libecryptfs_rcfile_load(file_write("rc", big), collect, NULL);
	verdict("rcfile-big", !err, strerror(-err));
	free(big);
}

static void test_token(void)
{
	static const uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	uint8_t text[LIBECRYPTFS_PASSPHRASE_MAX + 1];
	struct libecryptfs_secmem token;
	char sig[LIBECRYPTFS_SIG_CHARS];
	static const size_t good[] = { 1, 64 }, bad[] = { 0, 65 };
	bool all = true;
	size_t i;

	memset(text, 'a', sizeof(text));
	for (i = 0; i < 2; i++) {
		all &= !libecryptfs_token_v1_create(text, good[i], salt, &token,
						    sig);
		all &= token.sm_size == 740 && strlen(sig) == 16;
		libecryptfs_secmem_destroy(&token);
	}
	verdict("token-lengths", all, "a good length was refused");
	all = true;
	for (i = 0; i < 2; i++)
		all &= libecryptfs_token_v1_create(text, bad[i], salt, &token,
						   sig) == -EINVAL &&
		       !token.sm_bytes;
	verdict("token-bad-lengths", all, "a bad length was accepted");
}

/* Another directory takes the place of the file's in the midst of it. */
static void test_file_led_astray(void)
{
	struct libecryptfs_file_change change;
	int err;

	mkdir(below("user"), 0755);
	mkdir(below("root"), 0755);
	text_put(below("user/vault"), "old");
	text_put(below("root/vault"), "root's");
	err = libecryptfs_file_begin(below("user/vault"), "old", 3, "new", 3,
				     &change);
	rename(below("user"), below("aside"));
	symlink("root", below("user"));
	if (!err)
		err = libecryptfs_file_finish(&change);
	verdict("file-led-astray",
		!err && text_is(below("root/vault"), "root's") &&
			text_is(below("aside/vault"), "new"),
		err ? strerror(-err) : "another directory's file was replaced");
	unlink(below("user"));
	rename(below("aside"), below("user"));
	err = libecryptfs_file_begin(below("user/vault"), "new", 3, "more", 4,
				     &change);
	rename(below("user"), below("aside"));
	symlink("root", below("user"));
	if (!err)
		libecryptfs_file_cancel(&change);
	verdict("file-cancelled-where-it-was", !err && entries(below("aside")) == 1,
		"the new file was left");
	unlink(below("user"));
}

/* The name is one user's and the file another one's; root is to replace it. */
static void test_file_owners(void)
{
	static const struct row {
		const char *name;
		uid_t dir, file;
		int err;
	} rows[] = {
		{ "users", 1000, 1000, 0 },
		{ "in-roots", 0, 1000, 0 },
		{ "of-another", 1001, 1000, -EPERM },
		{ "of-root", 1001, 0, -EPERM },
	};
	struct libecryptfs_file_change change;
	struct stat attr;
	char name[64];
	size_t i;
	int err;

	if (geteuid())
		return;
	mkdir(below("owners"), 0755);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_put(below("owners/vault"), "old");
		if (chown(below("owners"), rows[i].dir, 0) ||
		    chown(below("owners/vault"), rows[i].file, 0))
			return;
		err = libecryptfs_file_begin(below("owners/vault"), "old", 3,
					     "new", 3, &change);
		if (!err)
			err = libecryptfs_file_finish(&change);
		snprintf(name, sizeof(name), "file-owner-%s", rows[i].name);
		verdict(name, err == rows[i].err &&
			!stat(below("owners/vault"), &attr) &&
			attr.st_uid == rows[i].file &&
			text_is(below("owners/vault"), err ? "old" : "new"),
			strerror(-err));
	}
}

/* Between the open and the look at it the name is taken away. */
static void test_vault_link_gone(void)
{
	char why[LIBECRYPTFS_VAULT_WHY] = "";
	struct stat attr;

	text_put(below("there"), "{}");
	chmod(below("there"), 0600);
	verdict("vault-link-gone",
		!stat(below("there"), &attr) &&
			libecryptfs_vault_file_trusted(below("there"), &attr,
						       scratch, why,
						       sizeof(why)) &&
			!libecryptfs_vault_file_trusted(below("absent"), &attr,
							scratch, why,
							sizeof(why)),
		*why ? why : "it was believed");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	scratch = argv[1];
	test_secmem();
	test_syntax();
	test_salt();
	test_token();
	test_file_led_astray();
	test_file_owners();
	test_vault_link_gone();
	return failures != 0;
}
