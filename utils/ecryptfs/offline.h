/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands that read a lower tree without a mount have in common:
 * their options, keys, the walk through the tree, progress, and reports of what
 * cannot be read.
 */
#ifndef ECRYPTFS_OFFLINE_H
#define ECRYPTFS_OFFLINE_H

#include <sys/stat.h>
#include <time.h>

#include <json-c/json.h>

#include "explain.h"
#include "store.h"
#include "vault_use.h"

/* The progress so far; bytes are bytes of plaintext. */
struct progress {
	bool json, terminal, drawn;
	bool by_files; /* @total is of files, and so is what is told */
	uint64_t total, done;
	uint64_t files;
	struct timespec started, told;
};

struct offline {
	const struct command *cmd;
	struct options opts; /* options that open a vault, and settings */
	bool passphrase, no_key, list_long, recursive, quick, yes, force;
	const char *wrapped; /* a wrapped-passphrase file */
	const char *salt;
	const char *target; /* --backup: the directory for copies */
	const char *new_dir; /* --new: whose vault has the new key */
	bool new_passphrase;
	unsigned int threads;
	char **operand;
	int operands;
	struct libecryptfs_store *store;
	/* The vault and the slot that opened it; NULL: there is none. */
	char *vault;
	unsigned int slot;
	struct progress progress;
	unsigned int damaged; /* files, directories and links with a fault */
	unsigned int notes; /* oddities without a loss */
};

/*
 * Parses the command line.  @allowed has the letters of the options that the
 * command takes besides the common ones.  There must be at least @min operands.
 * If it returns false, *status_ret is the exit status.
 */
bool offline_parse(struct offline *ret, const struct command *cmd, int argc,
		   char **argv, const char *allowed, int min, int *status_ret);
/*
 * Makes the store, with the keys that the options give, or those of the vault
 * of the first operand or of a directory above it.  Returns an exit status and
 * explains failures.
 */
int offline_open(struct offline *offline);
/*
 * Of a command that can do without a key: as if --no-key was given, unless an option
 * says which key.
 */
void offline_key_optional(struct offline *offline);
/*
 * Asks for a mount passphrase, and adds its keys; @twice: a new one.  @salt_ret: that
 * it was made with.
 */
int offline_passphrase_add(struct offline *offline, const char *prompt, bool twice,
			   uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES]);
/* Frees everything and returns the final exit status. */
int offline_end(struct offline *offline, int status);

/*
 * Whether an operand from @first on, or a directory in or above it, is mounted, which
 * it says: a mount would write its own idea of the metadata over ours.
 */
bool offline_mounted(const struct offline *offline, int first);

/*
 * Prints a line about the object @path, as damage or as a note, to standard
 * error, or as a JSON object to standard output.
 */
void offline_damage(struct offline *offline, const char *path, const char *why);
void offline_note(struct offline *offline, const char *path, const char *why);
/* Adds a line about damage that offline_damage() has already counted. */
void offline_damage_more(struct offline *offline, const char *path,
			 const char *why);
__attribute__((format(printf, 3, 4))) void
offline_damagef(struct offline *offline, const char *path, const char *why, ...);

/* Explains an error of libecryptfs_store_open(). */
void offline_explain_open(struct offline *offline, const char *path,
			  const struct libecryptfs_store_file *file, int err);
/* Reports if something is wrong with the sizes of an open file. */
void offline_explain_sizes(struct offline *offline, const char *path,
			   const struct libecryptfs_store_file *file);

/*
 * cmd_header_backup.c: the headers of the first operand to the new file @target, with
 * a summary.  A status.
 */
int header_backup(struct offline *offline, const char *target);

/* text.c */

/*
 * Returns @text in a form that is safe for a terminal, like
 * libecryptfs_text_escaped().  The caller frees it.  It is never NULL.
 */
char *text_safe(const char *text);
/* Prints an object on a line of its own, and frees it. */
void json_line(json_object *object);
void json_text(json_object *to, const char *name, const char *text);

/* progress.c */

void progress_start(struct progress *progress, bool json, uint64_t total);
/*
 * Adds @bytes, and shows the progress from time to time: as a bar on a
 * terminal, as lines elsewhere.
 */
void progress_add(struct progress *progress, uint64_t bytes);
/* The same where each file is as much work as any other. */
void progress_start_files(struct progress *progress, bool json, uint64_t total);
void progress_file(struct progress *progress);
/* Removes the bar, before other output or at the end. */
void progress_clear(struct progress *progress);

/* tree.c */

/* An object of a tree. */
struct tree_entry {
	int dir_fd; /* of the lower directory; -1 with an absolute name */
	const char *lower; /* its name in that directory */
	const char *name; /* upper name, valid for an entry */
	const char *path; /* upper path, from the operand on, for messages */
	struct stat st;
};

/* Each returns an exit status, which ends the walk if it is not CMD_OK. */
struct tree_visitor {
	int (*file)(void *arg, const struct tree_entry *entry);
	int (*link)(void *arg, const struct tree_entry *entry,
		    const char *target);
	/*
	 * Called before and after the contents of a directory, which *skip_ret
	 * skips.
	 */
	int (*enter)(void *arg, const struct tree_entry *entry, bool *skip_ret);
	int (*leave)(void *arg, const struct tree_entry *entry);
	void *arg;
};

/*
 * Visits @operand and, if it is a directory, everything in it, in the order of
 * names.
 */
int tree_walk(struct offline *offline, const char *operand,
	      const struct tree_visitor *visitor);
/* Opens the file of @entry.  Returns a descriptor or a negative errno. */
int tree_open(const struct tree_entry *entry, int flags);
/* To read and write, also where the mode forbids that to its owner. */
int tree_open_write(const struct tree_entry *entry);
/* Return the number of bytes of the lower files in the operands, and of the files. */
uint64_t tree_bytes(const struct offline *offline);
uint64_t tree_files(const struct offline *offline);

/* copy.c */

/* The target of a copy. */
struct copy_target {
	int fd;
	bool seek; /* a file: zeros become holes, and it is synced while it is written */
	/*
	 * With @seek: called once, under the copy's lock, when the disk cannot
	 * read a part of the MiB at @off.  From then on, the target is longer
	 * than the whole file, and the caller has to cut it.
	 */
	void (*gap)(void *arg, uint64_t off);
	void *arg;
};

#define COPY_SYNC (64u << 20) /* the most bytes that a power cut can cost */

/*
 * Writes the plaintext of @file from @from, a multiple of the extent, to
 * @target, in order and with @threads threads.  With @target NULL, it is only
 * read.  *bad_ret is the number of bytes that the disk could not read, which
 * are zeros.  Returns a negative errno if decrypting or writing failed; the
 * rest was not read then.
 */
int copy_content(const struct libecryptfs_store_file *file, uint64_t from,
		 const struct copy_target *target, unsigned int threads,
		 struct progress *progress, uint64_t *bad_ret);

#endif /* ECRYPTFS_OFFLINE_H */
