/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L2, keys: the master keys that wrap file keys.  Knows the kernel keyring and
 * auth tokens, no file, no inode, and not where a key came from.
 */
#ifndef ECRYPTFS_KEY_H
#define ECRYPTFS_KEY_H

#include <linux/types.h>

#include "format/efmt.h"
#include "stats.h"

struct key;

/* More would not fit the part of a format 1 header that readers look at. */
#define ECRYPTFS_KEYS_MAX 16

/*
 * Secret part of a master key.  Lives on a stack or in a caller's allocation
 * for the time of one wrap or unwrap; ecryptfs_secret_wipe() ends it on every
 * path.
 */
struct ecryptfs_secret {
	u8 se_key[EFMT_V1_KEY_BYTES];
	u8 se_salt[EFMT_V1_SALT_BYTES]; /* copied into tag 3 packets */
};

static inline void ecryptfs_secret_wipe(struct ecryptfs_secret *secret)
{
	memzero_explicit(secret, sizeof(*secret));
}

/* A key named on the mount line. */
struct ecryptfs_mount_key {
	/* A reference; NULL before _load, changed by _renew only. */
	struct key __rcu *mk_key;
	u8 mk_sig[EFMT_V1_SIG_BYTES];
	bool mk_names; /* for names; the others are for contents */
	u8 mk_digest[EFMT_SHA512_BYTES]; /* of its 64 bytes; after _load */
};

/*
 * The keys of one mount.  Filled while the mount is set up by one task, const
 * from then until the superblock dies.  Revocation and expiry are the kernel
 * keyring's own state and are asked at each use.
 */
struct ecryptfs_keys {
	struct ecryptfs_mount_key ks_keys[ECRYPTFS_KEYS_MAX];
	unsigned int ks_nr; /* in the order of the mount options */
	unsigned int ks_nr_content; /* of those for contents */
	bool ks_mount_only; /* never ask the caller's keyrings */
	struct ecryptfs_stats *ks_stats; /* of the mount; its superblock's */
};

/* key.c */

int ecryptfs_keys_put_sig(struct ecryptfs_keys *keys,
			  const u8 sig[EFMT_V1_SIG_BYTES], bool names);
int ecryptfs_keys_load(struct ecryptfs_keys *keys, unsigned int *failed_ret);
void ecryptfs_keys_destroy(struct ecryptfs_keys *keys);
bool ecryptfs_keys_same(const struct ecryptfs_keys *keys,
			const struct ecryptfs_keys *other);
void ecryptfs_keys_renew(struct ecryptfs_keys *keys,
			 struct ecryptfs_keys *fresh);
bool ecryptfs_keys_valid(const struct ecryptfs_keys *keys,
			 const u8 sig[EFMT_V1_SIG_BYTES]);
int ecryptfs_keys_find(const struct ecryptfs_keys *keys,
		       const u8 sig[EFMT_V1_SIG_BYTES],
		       struct ecryptfs_secret *secret_ret);

/* key_v1.c */

struct key *ecryptfs_key_v1_find(const u8 sig[EFMT_V1_SIG_BYTES]);
int ecryptfs_key_v1_to_secret(struct key *key, const u8 sig[EFMT_V1_SIG_BYTES],
			      struct ecryptfs_secret *secret_ret);

#endif /* ECRYPTFS_KEY_H */
