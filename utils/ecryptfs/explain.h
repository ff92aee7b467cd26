/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Explains errors: a cause, and the next command to run.  There is one function
 * per operation, because an errno has different meanings for different
 * operations.
 */
#ifndef ECRYPTFS_EXPLAIN_H
#define ECRYPTFS_EXPLAIN_H

struct explanation {
	const char *why; /* never NULL */
	const char *next; /* NULL if there is no advice */
};

/* Each takes the negative errno that the operation returned. */
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
/*
 * @why is the library's description of the damage, for -EUCLEAN and the like.
 */
struct explanation explain_vault_load(int err, const char *why);
struct explanation explain_vault_commit(int err);
struct explanation explain_vault_backup(int err);
/* For errors that none of the others explains. */
struct explanation explain_other(int err);
struct explanation explain_unwrap(int err);
struct explanation explain_wrap(int err);
struct explanation explain_mount(int err);
/* For private_lock(). */
struct explanation explain_private_lock(int err);
struct explanation explain_umount(int err);

/*
 * Returns @text in a form that is safe for a terminal, whoever has written it
 * (libecryptfs_text_shown()).  The result is valid until the program ends,
 * which is acceptable for the small amount of text that is shown.
 */
const char *explain_shown(const char *text);
/* Returns the same as a word that can be pasted into a shell. */
const char *explain_quoted(const char *text);

/*
 * Prints "PROGRAM: WHAT: WHY" to stderr, and the advice on a line of its own.
 */
void explain_print(const char *program, const char *what,
		   struct explanation explanation);

#endif /* ECRYPTFS_EXPLAIN_H */
