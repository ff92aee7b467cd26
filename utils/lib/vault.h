/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vault: the file that keeps the master secret of a lower directory, wrapped
 * in several slots.  ecryptfs-vault(5) describes the file.  Vaults store slots;
 * key sources wrap and unwrap them.
 */
#ifndef LIBECRYPTFS_VAULT_H
#define LIBECRYPTFS_VAULT_H

#include "keysource.h"

#define LIBECRYPTFS_VAULT_INSIDE ".ecryptfs-vault" /* name inside the lower directory */
#define LIBECRYPTFS_VAULT_BESIDE ".vault" /* suffix of the directory's name */
#define LIBECRYPTFS_VAULT_ID_BYTES 16
#define LIBECRYPTFS_VAULT_SLOTS 32
#define LIBECRYPTFS_VAULT_WHY 200 /* size of a text that says what is wrong */
#define LIBECRYPTFS_VAULT_LABEL_MAX 60

/*
 * The master secret that a slot wraps: a byte with the length of the mount
 * passphrase, and the passphrase, padded with zeroes so that its length is
 * hidden.
 */
#define LIBECRYPTFS_VAULT_MASTER_BYTES (1 + LIBECRYPTFS_PASSPHRASE_MAX)

struct libecryptfs_vault;

/* The settings with which the directory is mounted. */
struct libecryptfs_vault_settings {
	char cipher[16];
	unsigned int key_bytes;
	bool names; /* file names are encrypted as well */
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	char sig[LIBECRYPTFS_SIG_CHARS];
	char fnek_sig[LIBECRYPTFS_SIG_CHARS];
};

struct libecryptfs_vault_slot {
	unsigned int id; /* does not change while the slot exists */
	char source[16];
	char label[LIBECRYPTFS_VAULT_LABEL_MAX + 1];
	char created[24];
	struct libecryptfs_blob blob;
	char damage[64]; /* what is damaged; empty if nothing is */
};

/* Fails with -EINVAL unless the passphrase has 1 to 64 bytes. */
int libecryptfs_vault_master_create(const uint8_t *passphrase, size_t len,
				    struct libecryptfs_secmem *master_ret);

/* Makes a new vault without slots, in memory. */
int libecryptfs_vault_create(const struct libecryptfs_vault_settings *settings,
			     struct libecryptfs_vault **ret);
/*
 * Reads a vault.  Fails with -EUCLEAN if it is damaged, -EOPNOTSUPP if it needs
 * something that this version does not support, and -EPERM if another user may
 * have put it there as the vault of @dir (NULL: do not check that); @why then
 * has the details.  Damage in a slot affects only that slot.
 */
int libecryptfs_vault_load(const char *path, const char *dir,
			   char why[LIBECRYPTFS_VAULT_WHY],
			   struct libecryptfs_vault **ret);
void libecryptfs_vault_destroy(struct libecryptfs_vault *vault);

/*
 * Verifies the vault with @key, the key of contents, which is derived from the
 * master secret and is in the keyring while the vault is unlocked.  Fails with
 * -EBADMSG if the vault was changed without it; @why says what was changed.
 */
int libecryptfs_vault_verify(struct libecryptfs_vault *vault,
			     const struct libecryptfs_secmem *key,
			     char why[LIBECRYPTFS_VAULT_WHY]);
/*
 * Writes the vault to the disk atomically.  begin does everything that can fail
 * for lack of space or permission, and finish replaces the old vault.  In
 * between, new secrets can be shown.  cancel leaves everything as it was.  They
 * fail with -EEXIST if a new vault would replace another file, -ESTALE if the
 * file is no longer the one that was loaded, and like libecryptfs_file_begin().
 */
int libecryptfs_vault_begin(struct libecryptfs_vault *vault,
			    const struct libecryptfs_secmem *key,
			    const char *path);
int libecryptfs_vault_finish(struct libecryptfs_vault *vault);
void libecryptfs_vault_cancel(struct libecryptfs_vault *vault);

/*
 * Checks whether a backup could be written to @path.  Fails with -EEXIST if
 * that is a vault of another directory or any other file.
 */
int libecryptfs_vault_backup_check(struct libecryptfs_vault *vault,
				   const char *path);
/*
 * Writes a copy of the committed vault.  Fails with -EEXIST if @path is another
 * file.
 */
int libecryptfs_vault_backup(struct libecryptfs_vault *vault, const char *path);

void libecryptfs_vault_id(struct libecryptfs_vault *vault,
			  uint8_t ret[LIBECRYPTFS_VAULT_ID_BYTES]);
void libecryptfs_vault_settings(struct libecryptfs_vault *vault,
				struct libecryptfs_vault_settings *ret);

unsigned int libecryptfs_vault_slots(struct libecryptfs_vault *vault);
/* Finds a slot by its position.  The caller destroys it. */
int libecryptfs_vault_slot_find(struct libecryptfs_vault *vault,
				unsigned int index,
				struct libecryptfs_vault_slot *ret);
void libecryptfs_vault_slot_destroy(struct libecryptfs_vault_slot *slot);
/*
 * Returns whether @label is text according to libecryptfs_text_good() and has
 * at most LIBECRYPTFS_VAULT_LABEL_MAX bytes.
 */
bool libecryptfs_vault_label_good(const char *label);
/*
 * Adds a slot.  Fails with -ENOSPC if all are in use, and with -EINVAL if the
 * label is not valid.
 */
int libecryptfs_vault_slot_put(struct libecryptfs_vault *vault,
			       const char *source, const char *label,
			       const struct libecryptfs_blob *blob,
			       unsigned int *id_ret);
/* Replaces the blob of slot @id.  Fails with -ENOENT. */
int libecryptfs_vault_slot_change(struct libecryptfs_vault *vault,
				  unsigned int id,
				  const struct libecryptfs_blob *blob);
/*
 * Removes a slot.  Fails with -ENOENT, and with -EBUSY if it is the last
 * undamaged one.
 */
int libecryptfs_vault_slot_remove(struct libecryptfs_vault *vault,
				  unsigned int id);

#endif /* LIBECRYPTFS_VAULT_H */
