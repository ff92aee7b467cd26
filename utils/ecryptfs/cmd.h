/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of `ecryptfs' share: the rows of the command table, exit
 * codes, usage and help, and reading secrets.
 */
#ifndef ECRYPTFS_CMD_H
#define ECRYPTFS_CMD_H

#include <stdio.h>

#include "libecryptfs.h"

enum {
	CMD_OK = 0,
	CMD_FAILED = 1, /* the command failed */
	CMD_USAGE = 2, /* the command line was wrong */
	CMD_LOCKED = 3, /* no slot of the vault was opened */
	CMD_BUSY = 4, /* the mount is in use */
	CMD_DAMAGED = 5, /* the vault or a part of a tree is damaged */
};

/*
 * A row of the table.  @name has the words that follow `ecryptfs', or is the
 * name of a link to the program.
 */
struct command {
	const char *name;
	const char *program; /* as spelt in messages and the usage */
	const char *arguments; /* behind the program in the usage line */
	const char *summary; /* one line, in the list of commands */
	const char *help; /* the options, and other hints */
	/* argv[0] is the last word of @name. */
	int (*run)(const struct command *cmd, int argc, char **argv);
};

/* ecryptfs.c */

void command_help(const struct command *cmd);
/*
 * Prints the usage to stderr, after @why or for the option that getopt_long()
 * refused.
 */
int command_usage_error(const struct command *cmd, const char *why);

/* cmd_*.c */

int cmd_key_add(const struct command *cmd, int argc, char **argv);
int cmd_add_passphrase(const struct command *cmd, int argc, char **argv);
int cmd_dump(const struct command *cmd, int argc, char **argv);

int cmd_wrap_passphrase(const struct command *cmd, int argc, char **argv);
int cmd_unwrap_passphrase(const struct command *cmd, int argc, char **argv);
int cmd_rewrap_passphrase(const struct command *cmd, int argc, char **argv);
int cmd_insert_wrapped(const struct command *cmd, int argc, char **argv);
int cmd_stat(const struct command *cmd, int argc, char **argv);
int cmd_find(const struct command *cmd, int argc, char **argv);
int cmd_verify(const struct command *cmd, int argc, char **argv);
int cmd_manager(const struct command *cmd, int argc, char **argv);
int cmd_login(const struct command *cmd, int argc, char **argv);
int cmd_setup_private(const struct command *cmd, int argc, char **argv);
int cmd_mount_private(const struct command *cmd, int argc, char **argv);
int cmd_umount_private(const struct command *cmd, int argc, char **argv);
int cmd_init(const struct command *cmd, int argc, char **argv);
int cmd_unlock(const struct command *cmd, int argc, char **argv);
int cmd_lock(const struct command *cmd, int argc, char **argv);
int cmd_mount(const struct command *cmd, int argc, char **argv);
int cmd_umount(const struct command *cmd, int argc, char **argv);
int cmd_status(const struct command *cmd, int argc, char **argv);
int cmd_ls(const struct command *cmd, int argc, char **argv);
int cmd_cat(const struct command *cmd, int argc, char **argv);
int cmd_cp(const struct command *cmd, int argc, char **argv);
int cmd_export(const struct command *cmd, int argc, char **argv);
int cmd_repair(const struct command *cmd, int argc, char **argv);
int cmd_check(const struct command *cmd, int argc, char **argv);
int cmd_key_test(const struct command *cmd, int argc, char **argv);
int cmd_header_backup(const struct command *cmd, int argc, char **argv);
int cmd_header_restore(const struct command *cmd, int argc, char **argv);
int cmd_rekey(const struct command *cmd, int argc, char **argv);
int cmd_doctor(const struct command *cmd, int argc, char **argv);
int cmd_vault_list(const struct command *cmd, int argc, char **argv);
int cmd_vault_forget(const struct command *cmd, int argc, char **argv);
int cmd_slot_list(const struct command *cmd, int argc, char **argv);
int cmd_slot_add(const struct command *cmd, int argc, char **argv);
int cmd_slot_remove(const struct command *cmd, int argc, char **argv);
int cmd_slot_change(const struct command *cmd, int argc, char **argv);

/* input.c */

/* Like input_secret(), for up to @max bytes. */
int input_line(const char *prompt, FILE *prompt_to, size_t max,
	       struct libecryptfs_secmem *secret_ret, size_t *len_ret,
	       bool *cut_ret);

/*
 * Reads one line of standard input, of at most LIBECRYPTFS_PASSPHRASE_MAX
 * bytes, ended by a newline or the end of input.  On a terminal it is not
 * echoed.  @prompt, if not NULL, is first written to @prompt_to.
 *
 * Fails with -ENODATA at the end of input, -EMSGSIZE if the line is too long,
 * and -EINTR if a signal has ended it.  *cut_ret says that the line contained a
 * NUL and was cut there, as by ecryptfs-utils; if @cut_ret is NULL, that is
 * -EILSEQ.
 */
int input_secret(const char *prompt, FILE *prompt_to,
		 struct libecryptfs_secmem *secret_ret, size_t *len_ret,
		 bool *cut_ret);

#endif /* ECRYPTFS_CMD_H */
