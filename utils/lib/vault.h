/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vault: the file in which the master secret of a lower directory is kept,
 * wrapped in several slots.  What the file holds is in ecryptfs-vault(5).  A vault
 * stores; wrapping and unwrapping is that of the sources.
 */
#ifndef LIBECRYPTFS_VAULT_H
#define LIBECRYPTFS_VAULT_H

#include "keysource.h"

#define LIBECRYPTFS_VAULT_INSIDE ".ecryptfs-vault" /* in the lower directory */
#define LIBECRYPTFS_VAULT_BESIDE ".vault" /* behind the directory's name */
#define LIBECRYPTFS_VAULT_ID_BYTES 16
#define LIBECRYPTFS_VAULT_SLOTS 32
#define LIBECRYPTFS_VAULT_WHY 200 /* characters of a text that says what is bad */
#define LIBECRYPTFS_VAULT_LABEL_MAX 60

/*
 * What a slot wraps: a byte for the length of the mount passphrase, and the
 * passphrase, filled up with zeroes, so that its length does not show.
 */
#define LIBECRYPTFS_VAULT_MASTER_BYTES (1 + LIBECRYPTFS_PASSPHRASE_MAX)

struct libecryptfs_vault;

/* How the directory is mounted. */
struct libecryptfs_vault_settings {
	char cipher[16];
	unsigned int key_bytes;
	bool names; /* file names are encrypted, too */
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char sig[LIBECRYPTFS_SIG_CHARS];
	char fnek_sig[LIBECRYPTFS_SIG_CHARS];
};

struct libecryptfs_vault_slot {
	unsigned int id; /* for as long as the slot is there */
	char source[16];
	char label[LIBECRYPTFS_VAULT_LABEL_MAX + 1];
	char created[24];
	struct libecryptfs_blob blob;
	char damage[64]; /* what is damaged, empty: nothing */
};

/* -EINVAL: not 1 to 64 bytes. */
int libecryptfs_vault_master_create(const uint8_t *passphrase, size_t len,
				    struct libecryptfs_secmem *master_ret);

/* A new one without slots, in memory. */
int libecryptfs_vault_create(const struct libecryptfs_vault_settings *settings,
			     struct libecryptfs_vault **ret);
/*
 * -EUCLEAN: damaged, and @why says what; -EOPNOTSUPP: it needs what this version
 * has not, and @why says what; -EPERM: somebody else can have put it there for the
 * vault of @dir (NULL: never mind whose it is).  Damage in a slot is the slot's
 * alone.
 */
int libecryptfs_vault_load(const char *path, const char *dir,
			   char why[LIBECRYPTFS_VAULT_WHY],
			   struct libecryptfs_vault **ret);
void libecryptfs_vault_destroy(struct libecryptfs_vault *vault);

/*
 * @key is that of contents, which the secret becomes and the keyring has while
 * the vault is unlocked.  -EBADMSG: somebody without it has changed what @why says.
 */
int libecryptfs_vault_verify(struct libecryptfs_vault *vault,
			     const struct libecryptfs_secmem *key,
			     char why[LIBECRYPTFS_VAULT_WHY]);
/*
 * To the disk, the whole or nothing, whatever happens on the way.  Begin does all
 * that can fail for want of space or rights, and finish puts it in place; between
 * the two what was made can be shown.  Cancel leaves all as it was.
 * -EEXIST: a new one would replace another; -ESTALE: the file is no longer what was
 * loaded; as libecryptfs_file_begin().
 */
int libecryptfs_vault_begin(struct libecryptfs_vault *vault,
			    const struct libecryptfs_secmem *key,
			    const char *path);
int libecryptfs_vault_finish(struct libecryptfs_vault *vault);
void libecryptfs_vault_cancel(struct libecryptfs_vault *vault);

/*
 * Whether a backup to @path would be made: a vault of another directory, or some
 * other file, is not replaced (-EEXIST).
 */
int libecryptfs_vault_backup_check(struct libecryptfs_vault *vault,
				   const char *path);
/* A copy of what was committed.  -EEXIST: @path is something else. */
int libecryptfs_vault_backup(struct libecryptfs_vault *vault, const char *path);

void libecryptfs_vault_id(struct libecryptfs_vault *vault,
			  uint8_t ret[LIBECRYPTFS_VAULT_ID_BYTES]);
void libecryptfs_vault_settings(struct libecryptfs_vault *vault,
				struct libecryptfs_vault_settings *ret);

unsigned int libecryptfs_vault_slots(struct libecryptfs_vault *vault);
/* By position.  The caller destroys it. */
int libecryptfs_vault_slot_find(struct libecryptfs_vault *vault,
				unsigned int index,
				struct libecryptfs_vault_slot *ret);
void libecryptfs_vault_slot_destroy(struct libecryptfs_vault_slot *slot);
/*
 * Whether it is text as libecryptfs_text_good() has it, of at most
 * LIBECRYPTFS_VAULT_LABEL_MAX bytes.
 */
bool libecryptfs_vault_label_good(const char *label);
/* -ENOSPC: all are in use.  -EINVAL: not a good label. */
int libecryptfs_vault_slot_put(struct libecryptfs_vault *vault,
			       const char *source, const char *label,
			       const struct libecryptfs_blob *blob,
			       unsigned int *id_ret);
/* Another blob for slot @id; -ENOENT. */
int libecryptfs_vault_slot_change(struct libecryptfs_vault *vault,
				  unsigned int id,
				  const struct libecryptfs_blob *blob);
/* -ENOENT; -EBUSY: it is the last one that is good. */
int libecryptfs_vault_slot_remove(struct libecryptfs_vault *vault,
				  unsigned int id);

#endif /* LIBECRYPTFS_VAULT_H */
