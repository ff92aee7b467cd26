/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors in words: a cause, and the command to give next.  One function an
 * operation, as one errno means different things to different operations.
 */
#ifndef ECRYPTFS_EXPLAIN_H
#define ECRYPTFS_EXPLAIN_H

struct explanation {
	const char *why; /* never NULL */
	const char *next; /* NULL where there is nothing to advise */
};

/* Each takes -errno as the operation returned it. */
struct explanation explain_secmem(int err);
struct explanation explain_input(int err);
struct explanation explain_salt(int err);
struct explanation explain_token(int err);
struct explanation explain_keyring_put(int err);
struct explanation explain_keyring_find(int err);
struct explanation explain_keyring_link(int err);
struct explanation explain_kernel(int err);
struct explanation explain_header(int err);
struct explanation explain_wrapped(int err);
/* @why: what the library says is damaged, for -EUCLEAN and the like. */
struct explanation explain_vault_load(int err, const char *why);
struct explanation explain_vault_commit(int err);
struct explanation explain_vault_backup(int err);
/* What no other of these knows better. */
struct explanation explain_other(int err);
struct explanation explain_unwrap(int err);
struct explanation explain_wrap(int err);
struct explanation explain_mount(int err);
/* Of private_lock(). */
struct explanation explain_private_lock(int err);
struct explanation explain_umount(int err);

/*
 * @text for a terminal, whoever has written it (libecryptfs_text_shown()).  Valid
 * until the program ends: what is shown is little.
 */
const char *explain_shown(const char *text);
/* The same as a word of a command to give to a shell. */
const char *explain_quoted(const char *text);

/* "PROGRAM: WHAT: WHY", and the advice on a line of its own, to stderr. */
void explain_print(const char *program, const char *what,
		   struct explanation explanation);

#endif /* ECRYPTFS_EXPLAIN_H */
