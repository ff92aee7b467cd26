/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the mount helper know of each other.
 */
#ifndef ECRYPTFS_MOUNT_H
#define ECRYPTFS_MOUNT_H

#include "libecryptfs.h"

/* Exit codes, which are ecryptfs-utils': -errno modulo 256, and -1. */
enum {
	MOUNT_OK = 0,
	MOUNT_USAGE = 234,
	MOUNT_KEYRING = 251,
	MOUNT_FAILED = 255,
};

#define MOUNT_SIGS 8
#define MOUNT_TEXT 4096 /* options: what a kernel takes in all */

enum answer { ANSWER_NONE, ANSWER_NO, ANSWER_YES };

/* What is asked for, by ~/.ecryptfsrc, the command line and the terminal. */
struct mount_options {
	char sig[MOUNT_SIGS][LIBECRYPTFS_SIG_CHARS];
	size_t sigs;
	char fnek_sig[LIBECRYPTFS_SIG_CHARS]; /* "": names are not encrypted */
	bool key; /* key=passphrase: one is wanted whatever sigs there are */
	struct libecryptfs_secmem passphrase; /* empty: none given */
	size_t passphrase_len;
	bool salt_given;
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char cipher[16];
	unsigned int key_bytes; /* 0: the cipher's default */
	enum answer passthrough;
	enum answer xattr;
	enum answer view;
	enum answer names;
	bool no_sig_cache;
	bool no_prompt;
	char rest[MOUNT_TEXT]; /* for mount(8), each after a comma */
};

/* options.c */

/* ~/.ecryptfsrc, then @text (may be NULL), which is wiped.  Messages printed. */
int options_load(struct mount_options *options, char *text);
void options_destroy(struct mount_options *options);
/* Cipher and key size that go together, or a message and MOUNT_USAGE. */
int options_check(struct mount_options *options);
/* For mount(8), without any secret. */
int options_to_text(const struct mount_options *options, char *text,
		    size_t size);
/* Whether @sig is 16 hexadecimal digits. */
bool sig_valid(const char *sig);

/* vault.c */

/*
 * Without a key in @options, and with a vault of @source: its keys, into the
 * keyring, and its settings.  An exit status; messages printed.
 */
int vault_take(struct mount_options *options, const char *source);

/* ask.c: at the terminal */

/* false: nobody to ask. */
bool ask_possible(const struct mount_options *options);
int ask_passphrase(struct mount_options *options);
/* Whether names are encrypted, and by which key. */
int ask_names(struct mount_options *options);
/*
 * Warns of signatures that were never used before, and remembers them.
 * *go_ret: false if the user rather would not.
 */
int ask_unknown(const struct mount_options *options, bool *go_ret);

/* umount.c */

int umount_main(int argc, char **argv);

/* mount.c */

/* Runs @argv, with nothing of the environment; its status, or 127. */
int program_run(char *const *argv);

#endif /* ECRYPTFS_MOUNT_H */
