/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of the commands for vaults, which have most of them in common.
 */
#ifndef ECRYPTFS_OPTIONS_H
#define ECRYPTFS_OPTIONS_H

#include "cmd.h"

#define OPERANDS_MAX 3
#define SETTINGS_MAX 16

struct options {
	const char *operand[OPERANDS_MAX]; /* what is none of the below */
	int operands;
	const char *settings[SETTINGS_MAX + 1]; /* NAME=VALUE, NULL at the end */
	bool from_stdin; /* `-': secrets are lines of standard input */
	const char *vault;
	int slot; /* -1: any */
	const char *with; /* source, NULL: any */
	const char *label;
	const char *backup;
	const char *mount_options;
	const char *accept; /* signature that the vault is to give */
	const char *cipher;
	unsigned int key_bytes;
	bool json, adopt, plain_names, no_recovery, ignore_damage, no_check;
};

/*
 * @allowed: letters of the options that the command has.  @min to @max: operands.
 * False: *status_ret is the exit status; help or usage have been printed.
 */
bool options_parse(const struct command *cmd, int argc, char **argv,
		   const char *allowed, int min, int max,
		   struct options *ret, int *status_ret);

/* Whether @word is a NAME=VALUE that a source of keys knows. */
bool options_setting(const char *word);

/* Options that open a vault. */
#define OPTIONS_OPEN "VswrIa"

/* Takes the option @c, one of those, with optarg; NULL, or what is wrong. */
const char *options_open_take(int c, struct options *ret);

#endif /* ECRYPTFS_OPTIONS_H */
