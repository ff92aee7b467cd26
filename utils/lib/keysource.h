/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of keys: what can wrap the master secret of a vault and unwrap it
 * again.  A source is one file, keysource_NAME.c: it registers itself, and the
 * line "pkg-config:" in its head comment says which libraries it needs, without
 * which it is left out of the build.  It knows neither formats nor vaults, and
 * never prompts: what it needs to know it asks its caller for.
 */
#ifndef LIBECRYPTFS_KEYSOURCE_H
#define LIBECRYPTFS_KEYSOURCE_H

#include <stdio.h>

#include "libecryptfs.h"

/*
 * What unwrap() returns for a blob that these secrets, this user or this
 * machine do not open.  Another slot may.
 */
#define LIBECRYPTFS_NOT_MINE (-ENOKEY)

/* The most bytes that are wrapped as one. */
#define LIBECRYPTFS_SECRET_MAX 96

/*
 * The most work, as in libecryptfs_keysource_params, that a slot may ask for, and
 * all slots together for one secret: a minute or two.
 */
#define LIBECRYPTFS_WORK_MAX (64ull << 20)

/* What a source made out of a secret: named numbers and texts, in order. */
#define LIBECRYPTFS_BLOB_FIELDS 12

#define LIBECRYPTFS_BLOB_WHY 200 /* characters of bb_why and bb_next */

struct libecryptfs_blob_field {
	char name[24];
	char *text; /* owned; NULL: a number */
	uint64_t number;
};

struct libecryptfs_blob {
	unsigned int bb_count;
	struct libecryptfs_blob_field bb_field[LIBECRYPTFS_BLOB_FIELDS];
	/* Of the last take that failed, for messages; not owned. */
	const char *bb_bad;
	unsigned int bb_group; /* of a recovery key that is mistyped, from 1 */
	/* Of the last wrap or unwrap that failed; empty: the errno says it all. */
	char bb_why[LIBECRYPTFS_BLOB_WHY];
	char bb_next[LIBECRYPTFS_BLOB_WHY]; /* the command that helps, or empty */
};

/* -ENOMEM, -E2BIG: too many fields.  Bytes are kept as hexadecimal text. */
int libecryptfs_blob_put_number(struct libecryptfs_blob *blob, const char *name,
				uint64_t number);
int libecryptfs_blob_put_text(struct libecryptfs_blob *blob, const char *name,
			      const char *text);
int libecryptfs_blob_put_bytes(struct libecryptfs_blob *blob, const char *name,
			       const void *bytes, size_t len);

/* -EUCLEAN: absent, of the other kind, outside of the bounds, not hexadecimal. */
int libecryptfs_blob_take_number(struct libecryptfs_blob *blob,
				 const char *name, uint64_t min, uint64_t max,
				 uint64_t *ret);
int libecryptfs_blob_take_text(struct libecryptfs_blob *blob, const char *name,
			       const char **ret);
/* Exactly @len bytes. */
int libecryptfs_blob_take_bytes(struct libecryptfs_blob *blob, const char *name,
				void *ret, size_t len);
/* Up to @max bytes. */
int libecryptfs_blob_take_some(struct libecryptfs_blob *blob, const char *name,
			       void *ret, size_t max, size_t *len_ret);
/*
 * Sets bb_why and bb_next (NULL: none), for what a user can do something about
 * and an errno does not tell.  No secrets.
 */
__attribute__((format(printf, 3, 4))) void
libecryptfs_blob_explain(struct libecryptfs_blob *blob, const char *next,
			 const char *format, ...);
void libecryptfs_blob_destroy(struct libecryptfs_blob *blob);

/* What a source can ask for. */
enum libecryptfs_ask {
	LIBECRYPTFS_ASK_PASSPHRASE,
	LIBECRYPTFS_ASK_NEW_PASSPHRASE, /* to be typed twice */
	LIBECRYPTFS_ASK_RECOVERY,
	LIBECRYPTFS_ASK_KEY_PASSWORD, /* of a private key's file */
	LIBECRYPTFS_ASK_PIN, /* of a device; empty: the user will not use it */
	LIBECRYPTFS_ASK_NEW_PIN, /* to be typed twice */
	LIBECRYPTFS_ASK_SHARE, /* the next one; empty: there are no more */
};

/* All that wrap and unwrap are given besides the secret and the blob. */
struct libecryptfs_keysource_params {
	/* False: nobody is there; neither ask() nor an agent's window. */
	bool interactive;
	/* ask() gives lines of a script, and nobody looks at a window. */
	bool scripted;
	/* The user wants this slot, so it is worth saying why it does not open. */
	bool chosen;
	/* Bound to the blob: what is not its own context does not open it. */
	const uint8_t *context;
	size_t context_bytes;
	/* "name=value", ended by NULL; NULL: none. */
	const char *const *settings;
	/*
	 * wrap: what the slot had until now, NULL for a new slot.  What no setting
	 * says anything of stays as it is there.
	 */
	struct libecryptfs_blob *before;
	/*
	 * The secret, in memory that the source destroys.  -ENODATA: the user
	 * has none, -ECANCELED: does not want to; LIBECRYPTFS_NOT_MINE: not for
	 * this slot.
	 */
	int (*ask)(const struct libecryptfs_keysource_params *params,
		   enum libecryptfs_ask what,
		   struct libecryptfs_secmem *secret_ret, size_t *len_ret);
	/* Of a slip in the midst of asking, if interactive and not scripted. */
	void (*tell)(const struct libecryptfs_keysource_params *params,
		     const char *text);
	/* Shows the user a text that is not kept anywhere; @title lives on. */
	int (*show)(const struct libecryptfs_keysource_params *params,
		    const char *title, const struct libecryptfs_secmem *text);
	/*
	 * unwrap: how much work on guesses is left for all slots, in KiB of memory times
	 * passes, which is taken from it; not NULL.
	 */
	uint64_t *work;
	void *arg; /* the caller's */
};

/* The value of a setting, or NULL. */
const char *
libecryptfs_keysource_setting(const struct libecryptfs_keysource_params *params,
			      const char *name);

struct libecryptfs_keysource_setting {
	const char *name;
	const char *help;
};

struct libecryptfs_keysource {
	const char *name; /* of at most 15 characters */
	const char *summary; /* one line */
	/* Sources with less are tried first. */
	int rank;
	/*
	 * Whether a slot can be made only by whoever knows what opens it: so one that
	 * opens was made by a friend.  False for public keys and devices.
	 */
	bool is_secret;
	/* Whether unwrap needs a setting that only a user can give. */
	bool by_hand;
	const struct libecryptfs_keysource_setting *settings; /* NULL name ends */
	/* -errno; @blob_ret is empty at first and destroyed by the caller. */
	int (*wrap)(const struct libecryptfs_keysource_params *params,
		    const struct libecryptfs_secmem *secret,
		    struct libecryptfs_blob *blob_ret);
	/*
	 * LIBECRYPTFS_NOT_MINE, -EUCLEAN (bb_bad says the field), -EBADMSG: what
	 * was typed has a slip in it (bb_group), -errno.
	 */
	int (*unwrap)(const struct libecryptfs_keysource_params *params,
		      struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *secret_ret);
	/* A few words on @blob, with what is in it as it is: not for a terminal. */
	void (*describe)(struct libecryptfs_blob *blob, FILE *to);
	/* Its fields that a program may want to know, ended by NULL. */
	const char *const *facts;
	struct libecryptfs_keysource *next; /* the registry's */
};

/* blob_seal.c */

/*
 * Seals @secret under @key, which is used for this alone, into fields of @blob;
 * and opens it: LIBECRYPTFS_NOT_MINE under another key or in another context.
 */
int libecryptfs_blob_seal(const struct libecryptfs_keysource_params *params,
			  const struct libecryptfs_secmem *key,
			  const struct libecryptfs_secmem *secret,
			  struct libecryptfs_blob *blob);
int libecryptfs_blob_open(const struct libecryptfs_keysource_params *params,
			  const struct libecryptfs_secmem *key,
			  struct libecryptfs_blob *blob,
			  struct libecryptfs_secmem *secret_ret);

/* keysource.c */

/* Called by a constructor of the source, before main(). */
void libecryptfs_keysource_register(struct libecryptfs_keysource *source);
/* NULL: no such source in this build. */
const struct libecryptfs_keysource *
libecryptfs_keysource_find(const char *name);
/* The one after @source in the order of ranks; the first after NULL. */
const struct libecryptfs_keysource *
libecryptfs_keysource_next(const struct libecryptfs_keysource *source);

#define LIBECRYPTFS_KEYSOURCE(source)                                    \
	__attribute__((constructor)) static void source##_register(void) \
	{                                                                \
		libecryptfs_keysource_register(&(source));               \
	}

#endif /* LIBECRYPTFS_KEYSOURCE_H */
