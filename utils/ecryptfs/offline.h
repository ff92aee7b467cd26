/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands have in common that read a lower tree without a mount: their
 * options, the keys, the walk through the tree, progress, and what is said of what
 * can't be read.
 */
#ifndef ECRYPTFS_OFFLINE_H
#define ECRYPTFS_OFFLINE_H

#include <sys/stat.h>
#include <time.h>

#include <json-c/json.h>

#include "explain.h"
#include "store.h"
#include "vault_use.h"

/* What is done so far, for people who wait; bytes are of plaintext. */
struct progress {
	bool json, terminal, drawn;
	uint64_t total, done;
	uint64_t files;
	struct timespec started, told;
};

struct offline {
	const struct command *cmd;
	struct options opts; /* those that open a vault, and settings */
	bool passphrase, no_key, list_long, recursive, quick, yes;
	const char *wrapped; /* a wrapped-passphrase file */
	const char *salt;
	const char *target; /* --backup: where copies go */
	unsigned int threads;
	char **operand;
	int operands;
	struct libecryptfs_store *store;
	struct progress progress;
	unsigned int damaged; /* files, directories and links with a fault */
	unsigned int notes; /* what is odd, and loses nothing */
};

/*
 * @allowed: letters of the options that the command has besides the common ones.
 * At least @min operands.  False: *status_ret is the exit status.
 */
bool offline_parse(struct offline *ret, const struct command *cmd, int argc,
		   char **argv, const char *allowed, int min, int *status_ret);
/*
 * Makes the store, with the keys that the options say, or those of the vault of
 * the first operand or a directory above it.  An exit status; says why.
 */
int offline_open(struct offline *offline);
/* The exit status of what was done; frees all. */
int offline_end(struct offline *offline, int status);

/*
 * One line on the object @path, of damage or just a note.  On standard error, or
 * as an object of JSON on standard output.
 */
void offline_damage(struct offline *offline, const char *path, const char *why);
void offline_note(struct offline *offline, const char *path, const char *why);
/* More on damage that offline_damage() has counted. */
void offline_damage_more(struct offline *offline, const char *path,
			 const char *why);
__attribute__((format(printf, 3, 4))) void
offline_damagef(struct offline *offline, const char *path, const char *why, ...);

/* What libecryptfs_store_open() says, in words. */
void offline_explain_open(struct offline *offline, const char *path,
			  const struct libecryptfs_store_file *file, int err);
/* Says what is wrong with the sizes of an open file, if something is. */
void offline_explain_sizes(struct offline *offline, const char *path,
			   const struct libecryptfs_store_file *file);

/* text.c */

/*
 * @text for a terminal, as libecryptfs_text_escaped() has it.  To be freed; never
 * NULL.
 */
char *text_safe(const char *text);
/* One object on a line of its own, which it takes. */
void json_line(json_object *object);
void json_text(json_object *to, const char *name, const char *text);

/* progress.c */

void progress_start(struct progress *progress, bool json, uint64_t total);
/* @bytes more; tells now and then: a bar on a terminal, lines elsewhere. */
void progress_add(struct progress *progress, uint64_t bytes);
/* Takes the bar away, before something else is written or at the end. */
void progress_clear(struct progress *progress);

/* tree.c */

/* An object of a tree. */
struct tree_entry {
	int dir_fd; /* of the directory below; -1 with an absolute name */
	const char *lower; /* its name there */
	const char *name; /* above, one that an entry can have */
	const char *path; /* above, from the operand on, for messages */
	struct stat st;
};

/* Each returns an exit status, which ends the walk if it is not CMD_OK. */
struct tree_visitor {
	int (*file)(void *arg, const struct tree_entry *entry);
	int (*link)(void *arg, const struct tree_entry *entry,
		    const char *target);
	/* Before and after what is in it; *skip_ret: leave that out. */
	int (*enter)(void *arg, const struct tree_entry *entry, bool *skip_ret);
	int (*leave)(void *arg, const struct tree_entry *entry);
	void *arg;
};

/* @operand and, if it is a directory, all that is in it; in order of names. */
int tree_walk(struct offline *offline, const char *operand,
	      const struct tree_visitor *visitor);
/* Opens the file of @entry to read; -errno. */
int tree_open(const struct tree_entry *entry, int flags);
/* Bytes of lower files in the operands. */
uint64_t tree_bytes(const struct offline *offline);

/* copy.c */

/* Where a copy goes. */
struct copy_target {
	int fd;
	bool seek; /* a file: zeros become holes, and it is synced on the way */
	/*
	 * With @seek: called once, under the copy's lock, when the disk does not give
	 * something of the MiB at @off.  From then on the file is longer than the
	 * whole, which is for the caller to cut.
	 */
	void (*gap)(void *arg, uint64_t off);
	void *arg;
};

#define COPY_SYNC (64u << 20) /* bytes that a power cut can cost */

/*
 * Writes the plaintext of @file from @from, a multiple of the extent, to @target
 * (NULL: it is only read), in order, by so many @threads.  *bad_ret: bytes that the
 * disk did not give, which are zeros.  -errno: of decrypting or writing, and what
 * follows was not read.
 */
int copy_content(const struct libecryptfs_store_file *file, uint64_t from,
		 const struct copy_target *target, unsigned int threads,
		 struct progress *progress, uint64_t *bad_ret);

#endif /* ECRYPTFS_OFFLINE_H */
