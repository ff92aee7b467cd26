/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the files of the mount helper share.
 */
#ifndef ECRYPTFS_MOUNT_H
#define ECRYPTFS_MOUNT_H

#include "libecryptfs.h"

/* Exit codes.  They are those of ecryptfs-utils: -errno modulo 256, and -1. */
enum {
	MOUNT_OK = 0,
	MOUNT_USAGE = 234,
	MOUNT_KEYRING = 251,
	MOUNT_FAILED = 255,
};

#define MOUNT_SIGS 8
#define MOUNT_TEXT 4096 /* the most bytes of options that a kernel takes */

enum answer { ANSWER_NONE, ANSWER_NO, ANSWER_YES };

/* The options from ~/.ecryptfsrc, the command line and the terminal. */
struct mount_options {
	char sig[MOUNT_SIGS][LIBECRYPTFS_SIG_CHARS];
	size_t sigs;
	char fnek_sig[LIBECRYPTFS_SIG_CHARS]; /* empty if names are not encrypted */
	bool key; /* key=passphrase: a passphrase is requested even if there are signatures */
	struct libecryptfs_secmem passphrase; /* empty if none was given */
	size_t passphrase_len;
	bool salt_given;
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char cipher[16];
	unsigned int key_bytes; /* 0 for the cipher's default */
	enum answer passthrough;
	enum answer xattr;
	enum answer view;
	enum answer names;
	bool no_sig_cache;
	bool no_prompt;
	char rest[MOUNT_TEXT]; /* for mount(8), each preceded by a comma */
};

/* options.c */

/*
 * Reads ~/.ecryptfsrc and then @text, which may be NULL and is wiped.  It
 * prints messages.
 */
int options_load(struct mount_options *options, char *text);
void options_destroy(struct mount_options *options);
/*
 * Checks that cipher and key size match; otherwise prints a message and returns
 * MOUNT_USAGE.
 */
int options_check(struct mount_options *options);
/* Writes the options for mount(8), without any secret. */
int options_to_text(const struct mount_options *options, char *text,
		    size_t size);
/* Returns whether @sig has 16 hexadecimal digits. */
bool sig_valid(const char *sig);

/* vault.c */

/*
 * If @options have no key and @source has a vault, puts the vault's keys into
 * the keyring and takes its settings.  Returns an exit status and prints
 * messages.
 */
int vault_take(struct mount_options *options, const char *source);

/* ask.c: questions at the terminal */

/* Returns false if there is no terminal to ask on. */
bool ask_possible(const struct mount_options *options);
int ask_passphrase(struct mount_options *options);
/* Asks whether names are encrypted, and with which key. */
int ask_names(struct mount_options *options);
/*
 * Warns about signatures that were never used before, and remembers them.
 * *go_ret is false if the user decides not to mount.
 */
int ask_unknown(const struct mount_options *options, bool *go_ret);

/* umount.c */

int umount_main(int argc, char **argv);

/* mount.c */

/* Runs @argv with an empty environment.  Returns its status, or 127. */
int program_run(char *const *argv);

#endif /* ECRYPTFS_MOUNT_H */
