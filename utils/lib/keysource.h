/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key sources: ways to wrap the master secret of a vault and to unwrap it.  A
 * source is one file, keysource_NAME.c, which registers itself.  The line
 * "pkg-config:" in its head comment names the libraries that it needs; without
 * them it is not built.  A source knows neither formats nor vaults and never
 * prompts.  It asks its caller for what it needs.
 */
#ifndef LIBECRYPTFS_KEYSOURCE_H
#define LIBECRYPTFS_KEYSOURCE_H

#include <stdio.h>

#include "libecryptfs.h"

/*
 * unwrap() returns this for a blob that cannot be opened with these secrets, by
 * this user or on this machine.  Another slot may still open.
 */
#define LIBECRYPTFS_NOT_MINE (-ENOKEY)

/* The largest size of a secret that can be wrapped. */
#define LIBECRYPTFS_SECRET_MAX 96

/*
 * The limit of the work that a slot may demand, and that all slots together may
 * use for one secret, in the unit of libecryptfs_keysource_params: a minute or
 * two.
 */
#define LIBECRYPTFS_WORK_MAX (64ull << 20)

/* The result of wrapping a secret: named numbers and texts, in order. */
#define LIBECRYPTFS_BLOB_FIELDS 12

#define LIBECRYPTFS_BLOB_WHY 200 /* characters of bb_why and bb_next */

struct libecryptfs_blob_field {
	char name[24];
	char *text; /* owned by the blob; NULL for a number */
	uint64_t number;
};

struct libecryptfs_blob {
	unsigned int bb_count;
	struct libecryptfs_blob_field bb_field[LIBECRYPTFS_BLOB_FIELDS];
	/* The field of the last take that failed, for messages; not owned. */
	const char *bb_bad;
	unsigned int bb_group; /* group of a recovery key with a typing error, from 1 */
	/*
	 * Why the last wrap or unwrap failed; empty if the errno explains it.
	 */
	char bb_why[LIBECRYPTFS_BLOB_WHY];
	char bb_next[LIBECRYPTFS_BLOB_WHY]; /* the command that helps, or empty */
};

/*
 * These add a field.  Bytes are stored as hexadecimal text.  They fail with
 * -ENOMEM, or -E2BIG if there are too many fields.
 */
int libecryptfs_blob_put_number(struct libecryptfs_blob *blob, const char *name,
				uint64_t number);
int libecryptfs_blob_put_text(struct libecryptfs_blob *blob, const char *name,
			      const char *text);
int libecryptfs_blob_put_bytes(struct libecryptfs_blob *blob, const char *name,
			       const void *bytes, size_t len);

/*
 * These read a field.  They fail with -EUCLEAN if the field is missing, has the
 * other type, is out of bounds, or is not hexadecimal.
 */
int libecryptfs_blob_take_number(struct libecryptfs_blob *blob,
				 const char *name, uint64_t min, uint64_t max,
				 uint64_t *ret);
int libecryptfs_blob_take_text(struct libecryptfs_blob *blob, const char *name,
			       const char **ret);
/* Reads a field of exactly @len bytes. */
int libecryptfs_blob_take_bytes(struct libecryptfs_blob *blob, const char *name,
				void *ret, size_t len);
/* Reads a field of up to @max bytes. */
int libecryptfs_blob_take_some(struct libecryptfs_blob *blob, const char *name,
			       void *ret, size_t max, size_t *len_ret);
/*
 * Sets bb_why and bb_next (NULL for none) if the user can do something about a
 * failure that the errno does not explain.  They contain no secrets.
 */
__attribute__((format(printf, 3, 4))) void
libecryptfs_blob_explain(struct libecryptfs_blob *blob, const char *next,
			 const char *format, ...);
void libecryptfs_blob_destroy(struct libecryptfs_blob *blob);

/* What a source can ask its caller for. */
enum libecryptfs_ask {
	LIBECRYPTFS_ASK_PASSPHRASE,
	LIBECRYPTFS_ASK_NEW_PASSPHRASE, /* to be typed twice */
	LIBECRYPTFS_ASK_RECOVERY,
	LIBECRYPTFS_ASK_KEY_PASSWORD, /* password of the file of a private key */
	LIBECRYPTFS_ASK_PIN, /* PIN of a device; empty if the user declines */
	LIBECRYPTFS_ASK_NEW_PIN, /* to be typed twice */
	LIBECRYPTFS_ASK_SHARE, /* the next share; empty if there are no more */
};

/* Everything that wrap and unwrap get besides the secret and the blob. */
struct libecryptfs_keysource_params {
	/*
	 * False if no user is present: neither ask() nor an agent's window
	 * works.
	 */
	bool interactive;
	/* ask() returns lines of a script, and no user looks at a window. */
	bool scripted;
	/* The user selected this slot, so a failure to open it is explained. */
	bool chosen;
	/*
	 * The context to which the blob is bound.  In another context it does
	 * not open.
	 */
	const uint8_t *context;
	size_t context_bytes;
	/* Settings "name=value", terminated by NULL.  NULL means none. */
	const char *const *settings;
	/*
	 * For wrap: the blob that the slot had until now, NULL for a new slot.
	 * Everything that no setting mentions is taken from it.
	 */
	struct libecryptfs_blob *before;
	/*
	 * Asks for a secret, in memory that the source destroys.  Fails with
	 * -ENODATA if the user has none, -ECANCELED if the user declines, and
	 * LIBECRYPTFS_NOT_MINE if there is none for this slot.
	 */
	int (*ask)(const struct libecryptfs_keysource_params *params,
		   enum libecryptfs_ask what,
		   struct libecryptfs_secmem *secret_ret, size_t *len_ret);
	/*
	 * Reports a typing error while more is asked for, if interactive and
	 * not scripted.
	 */
	void (*tell)(const struct libecryptfs_keysource_params *params,
		     const char *text);
	/*
	 * Shows the user a text that is not stored anywhere.  @title must stay
	 * valid.
	 */
	int (*show)(const struct libecryptfs_keysource_params *params,
		    const char *title, const struct libecryptfs_secmem *text);
	/*
	 * For unwrap, and not NULL: the work that is left for guesses in all
	 * slots, in KiB of memory times passes.  The source subtracts what it
	 * uses.
	 */
	uint64_t *work;
	void *arg; /* for use by the caller */
};

/* Returns the value of a setting, or NULL. */
const char *
libecryptfs_keysource_setting(const struct libecryptfs_keysource_params *params,
			      const char *name);

struct libecryptfs_keysource_setting {
	const char *name;
	const char *help;
};

struct libecryptfs_keysource {
	const char *name; /* has at most 15 characters */
	const char *summary; /* one line */
	/* Sources with a lower rank are tried first. */
	int rank;
	/*
	 * Whether a slot can be made only by a person who knows what opens it,
	 * so that a slot that opens was made by the user.  False for public
	 * keys and devices.
	 */
	bool is_secret;
	/* Whether unwrap needs a setting that only the user can give. */
	bool by_hand;
	const struct libecryptfs_keysource_setting *settings; /* terminated by a NULL name */
	/*
	 * Returns 0 or a negative errno.  @blob_ret is empty at first, and the
	 * caller destroys it.
	 */
	int (*wrap)(const struct libecryptfs_keysource_params *params,
		    const struct libecryptfs_secmem *secret,
		    struct libecryptfs_blob *blob_ret);
	/*
	 * Fails with LIBECRYPTFS_NOT_MINE; -EUCLEAN, with the field in bb_bad;
	 * -EBADMSG if there is a typing error, in bb_group; or another negative
	 * errno.
	 */
	int (*unwrap)(const struct libecryptfs_keysource_params *params,
		      struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *secret_ret);
	/*
	 * Prints a few words about @blob, with its contents unchanged, so the
	 * output must be escaped before it is shown on a terminal.
	 */
	void (*describe)(struct libecryptfs_blob *blob, FILE *to);
	/*
	 * The names of fields that may be interesting to a program, terminated
	 * by NULL.
	 */
	const char *const *facts;
	struct libecryptfs_keysource *next; /* used by the registry */
};

/* blob_seal.c */

/*
 * Seals @secret with @key, which is used only for this, into fields of @blob,
 * and opens it.  Opening fails with LIBECRYPTFS_NOT_MINE if the key or the
 * context differs.
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

/* To be called by a constructor of the source, before main(). */
void libecryptfs_keysource_register(struct libecryptfs_keysource *source);
/* Returns NULL if this build has no such source. */
const struct libecryptfs_keysource *
libecryptfs_keysource_find(const char *name);
/*
 * Returns the source after @source in the order of ranks; the first after NULL.
 */
const struct libecryptfs_keysource *
libecryptfs_keysource_next(const struct libecryptfs_keysource *source);

#define LIBECRYPTFS_KEYSOURCE(source)                                    \
	__attribute__((constructor)) static void source##_register(void) \
	{                                                                \
		libecryptfs_keysource_register(&(source));               \
	}

#endif /* LIBECRYPTFS_KEYSOURCE_H */
