// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounting: options, keys in all their states, remount, read-only below, freeze,
 * and what is left after unmounting.  Besides the mount that every program here
 * has, each test makes its own.
 */
#include "check.h"

#include <linux/fs.h>
#include <linux/keyctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define AT "/mnt/v"
#define SIG "d395309aaad4de06"
/* Of the same 64 bytes with one bit changed: see put_token(). */
#define SIG_B "11f36dbea72fb217"
#define AES ",ecryptfs_cipher=aes,ecryptfs_key_bytes=16"
#define TOKEN 740

static int kmsg;

/* What the kernel logged since the last call. */
static const char *log_text(void)
{
	static char all[65536];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(all) - 8192 &&
	       (got = read(kmsg, all + n, 8191)) != 0) {
		if (got < 0 && errno == EPIPE)
			continue;
		if (got < 0)
			break;
		n += got;
	}
	all[n] = 0;
	return all;
}

static void log_open(void)
{
	mkdir(AT, 0755);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	log_text();
}

static int mount_at(const char *dir, const char *opts)
{
	return mount(dir, AT, "ecryptfs", 0, opts);
}

/* Option strings, what they give, and a part of the line in the log. */
static const struct bad {
	const char *opts;
	int err;
	const char *line;
} bad[] = {
	{ "", EINVAL, "ecryptfs_sig=" },
	{ "ecryptfs_cipher=aes", EINVAL, "ecryptfs_sig=" },
	{ "ecryptfs_sig=1234" AES, EINVAL, "1234" },
	{ "ecryptfs_sig=d395309aaad4de0" AES, EINVAL, "d395309aaad4de0" },
	{ "ecryptfs_sig=d395309aaad4de060" AES, EINVAL, "d395309aaad4de060" },
	{ "ecryptfs_sig=d395309aaad4dexx" AES, EINVAL, "d395309aaad4dexx" },
	{ "ecryptfs_sig=D395309AAAD4DE06" AES, EINVAL, "lower-case" },
	{ "ecryptfs_sig" AES, EINVAL, "ecryptfs_sig" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=rot13", EINVAL, "rot13" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=aes,ecryptfs_key_bytes=17",
	  EINVAL, "ecryptfs_key_bytes=17" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=aes,ecryptfs_key_bytes=0",
	  EINVAL, "ecryptfs_key_bytes=0" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=aes,ecryptfs_key_bytes=64",
	  EINVAL, "ecryptfs_key_bytes=64" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=aes,ecryptfs_key_bytes=abc",
	  EINVAL, "ecryptfs_key_bytes" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=aes,ecryptfs_key_bytes=16x",
	  EINVAL, "ecryptfs_key_bytes" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=des3_ede,ecryptfs_key_bytes=16",
	  EINVAL, "des3_ede" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=blowfish,ecryptfs_key_bytes=8",
	  EINVAL, "too short" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_cipher=cast5,ecryptfs_key_bytes=8",
	  EINVAL, "too short" },
	{ "ecryptfs_sig=" SIG AES ",bogus", EINVAL, "bogus" },
	{ "ecryptfs_sig=" SIG AES ",bogus=1", EINVAL, "bogus" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_passthrough=1", EINVAL,
	  "ecryptfs_passthrough" },
	{ "ecryptfs_fnek_sig=" SIG AES, EINVAL, "ecryptfs_sig=" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fnek_sig=1234", EINVAL,
	  "ecryptfs_fnek_sig=1234" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fnek_sig=0123456789abcdef", ENOENT,
	  "0123456789abcdef" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fnek_sig=" SIG
	  ",ecryptfs_fnek_sig=0123456789abcdef", EINVAL, "ecryptfs_fnek_sig" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fn_cipher=aes", EINVAL,
	  "ecryptfs_fnek_sig" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fnek_sig=" SIG
	  ",ecryptfs_fn_cipher=rot13", EINVAL, "ecryptfs_fn_cipher=rot13" },
	{ "ecryptfs_sig=" SIG AES ",ecryptfs_fnek_sig=" SIG
	  ",ecryptfs_fn_cipher=des3_ede", EINVAL, "ecryptfs_fn_key_bytes=16" },
	{ "ecryptfs_sig=0123456789abcdef" AES, ENOENT, "0123456789abcdef" },
	{ "ecryptfs_sig=" SIG ",ecryptfs_sig=0123456789abcdef" AES, ENOENT,
	  "0123456789abcdef" },
};

static void bad_options(void)
{
	unsigned int i;
	const char *text;

	log_open();
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int ret = mount_at(below, bad[i].opts), err = errno;

		text = log_text();
		if (!ret) {
			umount(AT);
			FAIL("\"%s\" is accepted", bad[i].opts);
		}
		if (err != bad[i].err)
			FAIL("\"%s\" gives %s, not %s", bad[i].opts,
			     strerrorname_np(err), strerrorname_np(bad[i].err));
		if (!strstr(text, "ecryptfs") || !strstr(text, bad[i].line))
			FAIL("\"%s\": the log has \"%.200s\"", bad[i].opts, text);
	}
}

static int mount_it(void *opts)
{
	return mount_at(below, opts) ? errno : 0;
}

/* Around the options: lower directory, source, rights. */
static void bad_places(void)
{
	const char *opts = "ecryptfs_sig=" SIG AES;
	char path[1024];

	log_open();
	snprintf(path, sizeof(path), "%s/none", below);
	FAILS(mount_at(path, opts), ENOENT);
	IS(strstr(log_text(), "none"));
	OK(put_file("file", 10, 1));
	snprintf(path, sizeof(path), "%s/file", below);
	FAILS(mount_at(path, opts), ENOTDIR);
	log_text();
	FAILS(mount_at(here, opts), EINVAL);
	IS(strstr(log_text(), "eCryptfs mount itself"));
	FAILS(mount_at(NULL, opts), EINVAL);
	IS(strstr(log_text(), "ecryptfs"));
	FAILS(mount_at(below, NULL), EINVAL);
	IS(mount_at("", opts) == -1);
	EQ(in_child(mount_it, (void *)opts, 1000), EPERM);
	/* The owner's check. */
	OK(chown(below, 1000, 1000));
	log_text();
	FAILS(mount_at(below, "ecryptfs_sig=" SIG AES ",ecryptfs_check_dev_ruid"), EPERM);
	IS(strstr(log_text(), "own"));
	OK(chown(below, 0, 0));
	OK(mount_at(below, "ecryptfs_sig=" SIG AES ",ecryptfs_check_dev_ruid"));
	OK(umount(AT));
}

/* Other spellings, and what is meant for the mount helper. */
static void good_options(void)
{
	static const char *const good[] = {
		"sig=" SIG ",cipher=aes,ecryptfs_key_bytes=16",
		"ecryptfs_sig=" SIG ",ecryptfs_key_bytes=24",
		"ecryptfs_sig=" SIG AES ",ecryptfs_sig=" SIG,
		"ecryptfs_sig=" SIG AES ",no_sig_cache,verbose,verbosity=1",
		"ecryptfs_sig=" SIG AES ",key=passphrase:passphrase_passwd=x",
		"ecryptfs_sig=" SIG AES ",ecryptfs_enable_filename_crypto=n",
	};
	unsigned int i;

	log_open();
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (mount_at(below, good[i]))
			FAIL("\"%s\": %s; the log has \"%.200s\"", good[i],
			     strerror(errno), log_text());
		OK(put_file(AT "/f", 5000, i));
		OK(umount(AT));
	}
}

static void proc_mounts(void)
{
	static char text[65536];
	int fd;

	mkdir(AT, 0755);
	OK(mount_at(below, "ecryptfs_sig=" SIG
			   ",ecryptfs_cipher=aes,ecryptfs_key_bytes=32,ecryptfs_unlink_sigs,ecryptfs_mount_auth_tok_only"));
	fd = open("/proc/mounts", O_RDONLY);
	IS(read(fd, text, sizeof(text) - 1) > 0);
	OK(close(fd));
	OK(umount(AT));
	if (!strstr(text, " " AT " ecryptfs rw,relatime,ecryptfs_sig=" SIG
			  ",ecryptfs_cipher=aes,ecryptfs_key_bytes=32,ecryptfs_unlink_sigs,ecryptfs_mount_auth_tok_only 0 0\n"))
		FAIL("%.400s", strstr(text, AT) ? strstr(text, AT) : text);
	fd = open("/sys/fs/ecryptfs/version", O_RDONLY);
	IS(fd >= 0);
	memset(text, 0, 16);
	IS(read(fd, text, 16) > 0);
	OK(close(fd));
	/* All that stock has without its daemon. */
	IS(!strcmp(text, "309\n"));
}

static char token[TOKEN];

static long keyctl_read(long key, void *to, size_t len)
{
	return syscall(SYS_keyctl, KEYCTL_READ, key, to, len, 0);
}

static long find_key(const char *type, const char *desc)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, type,
		       desc, 0);
}

static long put_key(const char *type, const char *desc, const void *payload,
		    size_t len)
{
	return syscall(SYS_add_key, type, desc, payload, len,
		       KEY_SPEC_USER_KEYRING);
}

static int drop_key(const char *type, const char *desc)
{
	long key = find_key(type, desc);

	return key < 0 ? 0 :
			 (int)syscall(SYS_keyctl, KEYCTL_UNLINK, key,
				      KEY_SPEC_USER_KEYRING);
}

/*
 * Another passphrase's token, as far as anybody can tell: the signature is the
 * beginning of SHA-512 of the 64 bytes at 648.
 */
static long put_token_b(void)
{
	long key = find_key("user", SIG);

	if (key < 0 || keyctl_read(key, token, TOKEN) != TOKEN)
		return -1;
	memcpy(token + 712, SIG_B, 16);
	token[700] ^= 1;
	return put_key("user", SIG_B, token, TOKEN);
}

static int key_revoke(long key)
{
	return syscall(SYS_keyctl, KEYCTL_REVOKE, key);
}

static int key_expire(long key)
{
	int ret = syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, 1);

	sleep_ms(2100);
	return ret;
}

static bool fails_with(int ret, int want, const char *part)
{
	int err = errno;
	const char *text = log_text();

	if (!ret)
		snprintf(check_why, sizeof(check_why), "succeeds, should give %s",
			 strerrorname_np(want));
	else if (err != want)
		snprintf(check_why, sizeof(check_why), "%s, not %s",
			 strerrorname_np(err), strerrorname_np(want));
	else if (!strstr(text, part))
		snprintf(check_why, sizeof(check_why),
			 "\"%s\" is not in the log: %.300s", part, text);
	return !check_why[0];
}

#define OPTS_B "ecryptfs_sig=" SIG_B AES

static void key_states_at_mount(void)
{
	long key;

	log_open();
	OK(drop_key("user", SIG_B));
	CALL(fails_with(mount_at(below, OPTS_B), ENOENT, SIG_B));
	key = put_token_b();
	OK(key);
	OK(mount_at(below, OPTS_B));
	OK(umount(AT));
	OK(key_revoke(key));
	log_text();
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREVOKED, "revoked"));
	OK(drop_key("user", SIG_B));
	key = put_token_b();
	OK(key);
	OK(key_expire(key));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYEXPIRED, "expired"));
	syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
	/* Too short, of another version, of another kind, for another name. */
	OK(put_token_b());
	OK(put_key("user", SIG_B, token, TOKEN - 1));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREJECTED, "not a passphrase token"));
	OK(put_key("user", SIG_B, "x", 1));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREJECTED, "not a passphrase token"));
	token[0]++;
	OK(put_key("user", SIG_B, token, TOKEN));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREJECTED, "not a passphrase token"));
	token[0]--;
	token[2] = 1;
	OK(put_key("user", SIG_B, token, TOKEN));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREJECTED, "not a passphrase token"));
	token[2] = 0;
	token[712] = 'c';
	OK(put_key("user", SIG_B, token, TOKEN));
	CALL(fails_with(mount_at(below, OPTS_B), EKEYREJECTED, "not a passphrase token"));
	token[712] = SIG_B[0];
	OK(put_key("user", SIG_B, token, TOKEN));
	OK(mount_at(below, OPTS_B));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
}

static int open_it(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	return fd < 0 ? -1 : close(fd);
}

static void key_states_at_open(void)
{
	const char *opts = "ecryptfs_sig=" SIG AES;
	long key;
	int fd;
	char c;

	log_open();
	OK(drop_key("user", SIG_B));
	OK(put_token_b());
	OK(mount_at(below, OPTS_B));
	OK(put_file(AT "/of b", 5000, 2));
	OK(put_file(AT "/also of b", 10, 2));
	OK(umount(AT));
	/* The key of the file is not that of the mount. */
	OK(mount_at(below, opts));
	CALL(file_is(AT "/of b", 5000, 5000, 2));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
	OK(mount_at(below, opts));
	CALL(fails_with(open_it(AT "/of b", O_RDONLY), ENOKEY, "none of the keys"));
	CALL(fails_with(open_it(AT "/of b", O_RDWR), ENOKEY, "none of the keys"));
	/* What needs no key works without: names and attributes. */
	struct stat st;

	OK(stat(AT "/of b", &st));
	EQ(st.st_size, 5000);
	OK(chmod(AT "/of b", 0600));
	OK(utimensat(AT_FDCWD, AT "/of b", NULL, 0));
	OK(rename(AT "/of b", AT "/b"));
	FAILS(truncate(AT "/b", 0), ENOKEY);
	log_text();
	/* Bad ones. */
	OK(put_key("user", SIG_B, "garbage", 7));
	CALL(fails_with(open_it(AT "/b", O_RDONLY), EKEYREJECTED, "not a passphrase token"));
	OK(drop_key("user", SIG_B));
	key = put_token_b();
	OK(key_revoke(key));
	CALL(fails_with(open_it(AT "/b", O_RDONLY), EKEYREVOKED, "revoked"));
	OK(drop_key("user", SIG_B));
	key = put_token_b();
	OK(key_expire(key));
	CALL(fails_with(open_it(AT "/b", O_RDONLY), EKEYEXPIRED, "expired"));
	syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
	/* There again. */
	OK(put_token_b());
	CALL(file_is(AT "/b", 5000, 5000, 2));
	OK(umount(AT));
	/* The mount's own key, and no other, if so wanted. */
	OK(mount_at(below, "ecryptfs_sig=" SIG AES ",ecryptfs_mount_auth_tok_only"));
	CALL(fails_with(open_it(AT "/b", O_RDONLY), ENOKEY, "none of the keys"));
	OK(umount(AT));

	/* The mount's key goes away: what is open stays, the rest says why. */
	OK(mount_at(below, OPTS_B));
	fd = open(AT "/b", O_RDWR);
	IS(fd >= 0);
	key = find_key("user", SIG_B);
	OK(key_revoke(key));
	OK(drop_key("user", SIG_B));
	OK(drop_caches());
	EQ(pread(fd, &c, 1, 4999), 1);
	EQ((uint8_t)c, pattern_at(2, 4999));
	EQ(pwrite(fd, &c, 1, 10000), 1);
	OK(fsync(fd));
	OK(close(fd));
	log_text();
	CALL(fails_with(open_it(AT "/also of b", O_RDONLY), EKEYREVOKED, "revoked"));
	CALL(fails_with(open_it(AT "/new", O_CREAT | O_RDWR), EKEYREVOKED, "revoked"));
	FAILS(access(AT "/new", F_OK), ENOENT);
	FAILS(mknod(AT "/new", S_IFREG | 0644, 0), EKEYREVOKED);
	OK(mkdir(AT "/dir", 0755));
	/* Its successor is found without a remount: unlike quirk Q25. */
	OK(put_token_b());
	CALL(file_is(AT "/also of b", 10, 10, 2));
	OK(open_it(AT "/new", O_CREAT | O_RDWR));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
	/* Two keys: either opens. */
	OK(put_token_b());
	OK(mount_at(below, "ecryptfs_sig=" SIG ",ecryptfs_sig=" SIG_B AES));
	OK(put_file(AT "/two", 100, 3));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
	OK(mount_at(below, opts));
	CALL(file_is(AT "/two", 100, 100, 3));
	OK(umount(AT));
}

static char genuine[TOKEN];

/* A caller's own keys: returns 0 if a wrong one is refused and the right one opens. */
static int bring_keys(void *name)
{
	memcpy(token, genuine, TOKEN);
	token[700] ^= 1;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", SIG, token, TOKEN,
		    KEY_SPEC_SESSION_KEYRING) < 0)
		return 1;
	if (open(name, O_RDONLY) >= 0 || errno != EKEYREJECTED)
		return 2;
	if (syscall(SYS_add_key, "user", SIG, genuine, TOKEN,
		    KEY_SPEC_SESSION_KEYRING) < 0)
		return 3;
	return open(name, O_RDONLY) < 0 ? 4 : 0;
}

static int bring_encrypted(void *name)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", "mine", "12345678901234567890123456789012",
		    32, KEY_SPEC_SESSION_KEYRING) < 0)
		return 1;
	if (syscall(SYS_add_key, "encrypted", SIG, "new ecryptfs user:mine 64",
		    25, KEY_SPEC_SESSION_KEYRING) < 0)
		return 77;
	return open(name, O_RDONLY) >= 0 || errno != EKEYREJECTED ? 2 : 0;
}

/*
 * All users share what the first opener unwrapped, so nobody may bring a key
 * that has but the right name.
 */
static void keys_of_others(void)
{
	long key = find_key("user", SIG);
	int ret;

	log_open();
	EQ(keyctl_read(key, genuine, TOKEN), TOKEN);
	OK(mount_at(below, "ecryptfs_sig=" SIG AES));
	OK(put_file(AT "/f", 5000, 4));
	OK(umount(AT));
	OK(put_token_b());
	OK(mount_at(below, OPTS_B));
	ret = in_child(bring_encrypted, AT "/f", 1000);
	IS(ret == 0 || ret == 77);
	EQ(in_child(bring_keys, AT "/f", 1000), 0);
	/* Root's word is not worth more. */
	OK(drop_caches());
	EQ(in_child(bring_keys, AT "/f", 0), 0);
	CALL(file_is(AT "/f", 5000, 5000, 4));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
	/* Nor is the mount's own key one any more, once its content is another. */
	OK(mount_at(below, "ecryptfs_sig=" SIG AES));
	memcpy(token, genuine, TOKEN);
	token[700] ^= 1;
	OK(syscall(SYS_keyctl, KEYCTL_UPDATE, key, token, TOKEN));
	OK(drop_caches());
	FAILS(open(AT "/f", O_RDONLY), EKEYREJECTED);
	FAILS(open(AT "/new", O_CREAT | O_RDWR, 0644), EKEYREJECTED);
	OK(syscall(SYS_keyctl, KEYCTL_UPDATE, key, genuine, TOKEN));
	CALL(file_is(AT "/f", 5000, 5000, 4));
	OK(umount(AT));
}

#define SIG_E "e0e0e0e0e0e0e0e0"

static void encrypted_key(void)
{
	const char *opts = "ecryptfs_sig=" SIG_E AES;
	char master[32];

	mkdir(AT, 0755);
	memset(master, 'm', sizeof(master));
	OK(put_key("user", "ecm", master, sizeof(master)));
	if (put_key("encrypted", SIG_E, "new ecryptfs user:ecm 64", 24) < 0)
		SKIP("no such keys here: %s", strerror(errno));
	OK(mount_at(below, opts));
	OK(put_file(AT "/f", 5000, 1));
	OK(umount(AT));
	OK(mount_at(below, opts));
	CALL(file_is(AT "/f", 5000, 5000, 1));
	OK(umount(AT));
	/* Another one of that name, by the same user, is not the mount's. */
	OK(mount_at(below, opts));
	OK(key_revoke(find_key("encrypted", SIG_E)));
	OK(drop_key("encrypted", SIG_E));
	OK(drop_caches());
	OK(put_key("encrypted", SIG_E, "new ecryptfs user:ecm 64", 24));
	FAILS(open(AT "/f", O_RDONLY), EKEYREJECTED);
	FAILS(open(AT "/new", O_CREAT | O_RDWR, 0644), EKEYREJECTED);
	OK(umount(AT));
	/* Only with that key. */
	OK(drop_key("encrypted", SIG_E));
	FAILS(mount_at(below, opts), ENOENT);
	OK(put_key("encrypted", SIG_E, "new ecryptfs user:ecm 64", 24));
	OK(mount_at(below, opts));
	/* Format 1 does not authenticate: noise, or refused. */
	IS(!file_is(AT "/f", 5000, 5000, 1));
	check_why[0] = 0;
	OK(umount(AT));
	OK(drop_key("encrypted", SIG_E));
	OK(drop_key("user", "ecm"));
}

static int remount_with(unsigned long flags, const char *opts)
{
	return mount("none", AT, NULL, MS_REMOUNT | flags, opts);
}

static void remounting(void)
{
	const char *opts = "ecryptfs_sig=" SIG AES;
	int fd;

	log_open();
	OK(put_token_b());
	OK(mount_at(below, opts));
	fd = open(AT "/f", O_CREAT | O_RDWR, 0644);
	EQ(write(fd, "x", 1), 1);
	FAILS(remount_with(MS_RDONLY, NULL), EBUSY);
	OK(close(fd));
	OK(remount_with(MS_RDONLY, NULL));
	FAILS(open(AT "/f", O_RDWR), EROFS);
	FAILS(mkdir(AT "/d", 0755), EROFS);
	FAILS(chmod(AT "/f", 0600), EROFS);
	OK(open_it(AT "/f", O_RDONLY));
	OK(remount_with(0, opts));
	OK(open_it(AT "/f", O_RDWR));
	log_text();
	CALL(fails_with(remount_with(0, OPTS_B), EINVAL, "ecryptfs_sig"));
	CALL(fails_with(remount_with(0, "ecryptfs_key_bytes=32"), EINVAL,
			"ecryptfs_key_bytes"));
	CALL(fails_with(remount_with(0, "ecryptfs_cipher=twofish"), EINVAL,
			"ecryptfs_cipher"));
	CALL(fails_with(remount_with(0, "bogus"), EINVAL, "bogus"));
	OK(remount_with(MS_NOEXEC, NULL));
	OK(open_it(AT "/f", O_RDWR));
	OK(umount(AT));
	OK(drop_key("user", SIG_B));
}

static void two_mounts(void)
{
	const char *opts = "ecryptfs_sig=" SIG AES;
	char a[1024], b[1024];
	struct stat x, y;
	int fd;

	mkdir(AT, 0755);
	mkdir("/mnt/w", 0755);
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	snprintf(a, sizeof(a), "%s/a", below);
	snprintf(b, sizeof(b), "%s/b", below);
	OK(mount_at(a, opts));
	OK(mount(b, "/mnt/w", "ecryptfs", 0, opts));
	OK(put_file(AT "/f", 100, 1));
	OK(put_file("/mnt/w/f", 200, 2));
	CALL(file_is(AT "/f", 100, 100, 1));
	CALL(file_is("/mnt/w/f", 200, 200, 2));
	OK(stat(AT "/f", &x));
	OK(stat("/mnt/w/f", &y));
	IS(x.st_dev != y.st_dev);
	FAILS(rename(AT "/f", "/mnt/w/g"), EXDEV);
	FAILS(link(AT "/f", "/mnt/w/g"), EXDEV);
	/* In use: not to be unmounted, unless lazily, and then all is well. */
	fd = open(AT "/f", O_RDWR);
	FAILS(umount(AT), EBUSY);
	OK(umount2(AT, MNT_DETACH));
	FAILS(access(AT "/f", F_OK), ENOENT);
	char buf[100];

	pattern(buf, 100, 1, 100);
	EQ(pwrite(fd, buf, 100, 100), 100);
	OK(close(fd));
	OK(umount("/mnt/w"));
	OK(mount_at(a, opts));
	CALL(file_is(AT "/f", 200, 200, 1));
	OK(umount(AT));
}

/*
 * A session that has ended, of which a process is left, and the next one: its
 * mount is the same filesystem, with the key that it brings along.
 */
static void next_session(void)
{
	struct stat before, after;
	long key;
	int fd;

	log_open();
	OK(put_token_b());
	OK(mount_at(below, OPTS_B));
	OK(put_file(AT "/open", 5000, 1));
	OK(put_file(AT "/closed", 5000, 2));
	OK(stat(AT, &before));
	fd = open(AT "/open", O_RDWR);
	IS(fd >= 0);
	OK(umount2(AT, MNT_DETACH));
	key = find_key("user", SIG_B);
	OK(key_revoke(key));
	OK(drop_key("user", SIG_B));
	OK(drop_caches());
	OK(put_token_b());
	OK(mount_at(below, OPTS_B));
	OK(stat(AT, &after));
	EQ(after.st_dev, before.st_dev);
	/* The mount's, not that of who asks. */
	OK(drop_key("user", SIG_B));
	CALL(file_is(AT "/closed", 5000, 5000, 2));
	OK(put_file(AT "/new", 5000, 3));
	EQ(pwrite(fd, "x", 1, 4999), 1);
	OK(close(fd));
	OK(umount(AT));
	/* Gone with the last of the two. */
	FAILS(mount_at(below, OPTS_B), ENOENT);
}

/* Quirk Q3: a lower mount that is read-only, over a writable filesystem. */
static void read_only_below(void)
{
	const char *opts = "ecryptfs_sig=" SIG AES;
	struct stat st;

	log_open();
	mkdir("/mnt/bind", 0755);
	OK(put_file("f", 5000, 1));
	OK(mount(below, "/mnt/bind", NULL, MS_BIND, NULL));
	OK(mount(NULL, "/mnt/bind", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	OK(mount_at("/mnt/bind", opts));
	OK(stat(AT "/f", &st));
	EQ(st.st_size, 5000);
	CALL(file_is(AT "/f", 5000, 5000, 1));
	FAILS(open(AT "/f", O_RDWR), EROFS);
	FAILS(open(AT "/new", O_CREAT | O_RDWR, 0644), EROFS);
	FAILS(unlink(AT "/f"), EROFS);
	FAILS(mkdir(AT "/d", 0755), EROFS);
	FAILS(truncate(AT "/f", 0), EROFS);
	FAILS(setxattr(AT "/f", "trusted.x", "x", 1, 0), EROFS);
	log_text();
	CALL(fails_with(remount_with(0, NULL), EROFS, "read-only"));
	OK(umount(AT));
	OK(umount("/mnt/bind"));
}

static int write_later(void *arg)
{
	int fd = open("f", O_RDWR);

	return pwrite(fd, "x", 1, 0) != 1;
}

static void freezing(void)
{
	int fd = open(".", O_RDONLY), status;
	pid_t pid;

	OK(put_file("f", 10, 1));
	OK(ioctl(fd, FIFREEZE, 0));
	FAILS(ioctl(fd, FIFREEZE, 0), EBUSY);
	pid = fork();
	if (!pid)
		_exit(write_later(NULL));
	sleep_ms(700);
	status = waitpid(pid, NULL, WNOHANG);
	OK(ioctl(fd, FITHAW, 0));
	EQ(status, 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	FAILS(ioctl(fd, FITHAW, 0), EINVAL);
	OK(close(fd));
}

static const struct test tests[] = {
	{ "bad_options", bad_options },
	{ "bad_places", bad_places },
	{ "good_options", good_options },
	{ "proc_mounts", proc_mounts },
	{ "key_states_at_mount", key_states_at_mount },
	{ "key_states_at_open", key_states_at_open },
	{ "keys_of_others", keys_of_others },
	{ "encrypted_key", encrypted_key },
	{ "remounting", remounting },
	{ "two_mounts", two_mounts },
	{ "next_session", next_session },
	{ "read_only_below", read_only_below },
	{ "freezing", freezing },
	{}
};

int main(int argc, char **argv)
{
	return check_main(argc, argv, tests);
}
