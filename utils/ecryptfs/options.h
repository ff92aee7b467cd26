/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of the commands for vaults, most of which are common to them.
 */
#ifndef ECRYPTFS_OPTIONS_H
#define ECRYPTFS_OPTIONS_H

#include "cmd.h"

#define OPERANDS_MAX 3
#define SETTINGS_MAX 16

struct options {
	const char *operand[OPERANDS_MAX]; /* arguments that are none of the following */
	int operands;
	const char *settings[SETTINGS_MAX + 1]; /* NAME=VALUE, terminated by NULL */
	bool from_stdin; /* `-': secrets are lines of standard input */
	const char *vault;
	int slot; /* -1 for any */
	const char *with; /* source, or NULL for any */
	const char *label;
	const char *backup;
	const char *mount_options;
	const char *accept; /* signature that the vault must give */
	const char *cipher;
	unsigned int key_bytes;
	bool json, adopt, plain_names, no_recovery, ignore_damage, no_check;
};

/*
 * Parses the command line.  @allowed has the letters of the options that the
 * command takes, and there must be @min to @max operands.  If it returns false,
 * help or usage have been printed and *status_ret is the exit status.
 */
bool options_parse(const struct command *cmd, int argc, char **argv,
		   const char *allowed, int min, int max,
		   struct options *ret, int *status_ret);

/* Returns whether @word is a NAME=VALUE that a key source knows. */
bool options_setting(const char *word);

/* Options that open a vault. */
#define OPTIONS_OPEN "VswrIa"

/*
 * Handles the option @c, one of these, with optarg.  Returns NULL, or what is
 * wrong.
 */
const char *options_open_take(int c, struct options *ret);

#endif /* ECRYPTFS_OPTIONS_H */
