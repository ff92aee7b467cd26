// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The set of master keys of a mount, and the search for one by signature.
 */
#include <crypto/utils.h>
#include <linux/err.h>
#include <linux/key.h>
#include <linux/string.h>

#include "format/prim.h"
#include "key.h"
#include "trace.h"

/*
 * Adds a signature from the mount line, for contents or for names; one key can
 * serve both.  -EEXIST: it is there already.  -E2BIG: more than
 * ECRYPTFS_KEYS_MAX.
 */
int ecryptfs_keys_put_sig(struct ecryptfs_keys *keys,
			  const u8 sig[EFMT_V1_SIG_BYTES], bool names)
{
	struct ecryptfs_mount_key *mk;
	unsigned int i;

	for (i = 0; i < keys->ks_nr; i++) {
		mk = &keys->ks_keys[i];
		if (mk->mk_names == names &&
		    !memcmp(mk->mk_sig, sig, EFMT_V1_SIG_BYTES))
			return -EEXIST;
	}
	if (keys->ks_nr == ECRYPTFS_KEYS_MAX)
		return -E2BIG;
	mk = &keys->ks_keys[keys->ks_nr++];
	memcpy(mk->mk_sig, sig, EFMT_V1_SIG_BYTES);
	mk->mk_names = names;
	if (!names)
		keys->ks_nr_content++;
	return 0;
}

/*
 * Looks every key up in the calling task's keyrings, keeps a reference to each
 * and checks that it can be used.  On failure, *failed_ret is the index of the
 * key at fault and the errors are those of ecryptfs_keys_find().
 */
int ecryptfs_keys_load(struct ecryptfs_keys *keys, unsigned int *failed_ret)
{
	struct ecryptfs_secret secret;
	unsigned int i;
	int err;

	for (i = 0; i < keys->ks_nr; i++) {
		struct ecryptfs_mount_key *mk = &keys->ks_keys[i];
		struct key *key = ecryptfs_key_v1_find(mk->mk_sig);

		*failed_ret = i;
		err = PTR_ERR_OR_ZERO(key);
		if (!err) {
			RCU_INIT_POINTER(mk->mk_key, key);
			err = ecryptfs_key_v1_to_secret(key, mk->mk_sig,
							&secret);
			if (!err)
				err = efmt_prim_sha512(secret.se_key,
						       EFMT_V1_KEY_BYTES,
						       mk->mk_digest);
			ecryptfs_secret_wipe(&secret);
		}
		trace_ecryptfs_key_find(mk->mk_sig, false, err);
		if (err)
			return err;
	}
	return 0;
}

/* Whether both are under one signature, for the same use, with one content. */
static bool is_same(const struct ecryptfs_mount_key *mk,
		    const struct ecryptfs_mount_key *other)
{
	return mk->mk_names == other->mk_names &&
	       !memcmp(mk->mk_sig, other->mk_sig, EFMT_V1_SIG_BYTES) &&
	       !crypto_memneq(mk->mk_digest, other->mk_digest,
			      sizeof(mk->mk_digest));
}

static bool has_all(const struct ecryptfs_keys *keys,
		    const struct ecryptfs_keys *wanted)
{
	unsigned int i, j;

	for (i = 0; i < wanted->ks_nr; i++) {
		for (j = 0; j < keys->ks_nr; j++)
			if (is_same(&keys->ks_keys[j], &wanted->ks_keys[i]))
				break;
		if (j == keys->ks_nr)
			return false;
	}
	return true;
}

/* Whether two sets that are loaded have the same keys, in whatever order. */
bool ecryptfs_keys_same(const struct ecryptfs_keys *keys,
			const struct ecryptfs_keys *other)
{
	return has_all(keys, other) && has_all(other, keys);
}

/* Whether @secret is what a mount's key was when it was loaded. */
static bool has_content(const struct ecryptfs_mount_key *mk,
			const struct ecryptfs_secret *secret)
{
	u8 digest[EFMT_SHA512_BYTES];

	return !efmt_prim_sha512(secret->se_key, EFMT_V1_KEY_BYTES, digest) &&
	       !crypto_memneq(digest, mk->mk_digest, sizeof(digest));
}

/* Whether a mount's key can still be used, and has the content that it had. */
static bool is_good(const struct ecryptfs_mount_key *mk, struct key *key)
{
	struct ecryptfs_secret secret;
	bool good;

	good = !ecryptfs_key_v1_to_secret(key, mk->mk_sig, &secret) &&
	       has_content(mk, &secret);
	ecryptfs_secret_wipe(&secret);
	return good;
}

/*
 * Gives @keys, a mount's in use, those of @fresh, which is loaded and has the
 * same content, in place of what was revoked or has expired; @fresh has the old
 * ones then.  The caller keeps others from doing so at the same time.
 */
void ecryptfs_keys_renew(struct ecryptfs_keys *keys,
			 struct ecryptfs_keys *fresh)
{
	bool changed = false;
	unsigned int i, j;

	for (i = 0; i < keys->ks_nr; i++) {
		struct ecryptfs_mount_key *mk = &keys->ks_keys[i];
		struct key *key = rcu_dereference_protected(mk->mk_key, true);

		if (is_good(mk, key))
			continue;
		for (j = 0; j < fresh->ks_nr; j++)
			if (is_same(mk, &fresh->ks_keys[j]))
				break;
		if (j == fresh->ks_nr)
			continue;
		key = rcu_replace_pointer(fresh->ks_keys[j].mk_key, key, true);
		rcu_assign_pointer(mk->mk_key, key);
		changed = true;
	}
	/* Whoever has found an old one has a reference of his own now. */
	if (changed)
		synchronize_rcu();
}

/* Drops the references; harmless on a set that was never loaded. */
void ecryptfs_keys_destroy(struct ecryptfs_keys *keys)
{
	unsigned int i;

	for (i = 0; i < keys->ks_nr; i++)
		key_put(rcu_access_pointer(keys->ks_keys[i].mk_key));
	memset(keys, 0, sizeof(*keys));
}

/* Whether the mount's own key with that signature can be used right now. */
bool ecryptfs_keys_valid(const struct ecryptfs_keys *keys,
			 const u8 sig[EFMT_V1_SIG_BYTES])
{
	unsigned int i;

	for (i = 0; i < keys->ks_nr; i++) {
		const struct ecryptfs_mount_key *mk = &keys->ks_keys[i];

		if (memcmp(mk->mk_sig, sig, EFMT_V1_SIG_BYTES))
			continue;
		guard(rcu)();
		return key_validate(rcu_dereference(mk->mk_key)) == 0;
	}
	return false;
}

/*
 * Whether what the calling task's keyrings have under @sig may be believed.  All
 * users of a file share what its first opener unwrapped, and format 1 does not
 * notice a wrong key, so nobody may bring in one that only says of itself that it
 * is the one, be it his own that he made anew.
 *
 * Of a key that the mount was given, the content is known: it has to be the same.
 * Any other has to show its signature, which follows from a passphrase's key; a
 * random one ("encrypted"), whose name its maker chose, can't.
 */
static bool is_genuine(const struct ecryptfs_keys *keys,
		       const u8 sig[EFMT_V1_SIG_BYTES],
		       const struct ecryptfs_secret *secret)
{
	u8 real[EFMT_V1_SIG_BYTES];
	unsigned int i;

	for (i = 0; i < keys->ks_nr; i++) {
		const struct ecryptfs_mount_key *mk = &keys->ks_keys[i];

		if (!memcmp(mk->mk_sig, sig, EFMT_V1_SIG_BYTES))
			return has_content(mk, secret);
	}
	return !efmt_v1_key_sig(secret->se_key, real) &&
	       !memcmp(real, sig, EFMT_V1_SIG_BYTES);
}

/* The search of ecryptfs_keys_find(), uncounted. */
static int find_key(const struct ecryptfs_keys *keys,
		    const u8 sig[EFMT_V1_SIG_BYTES],
		    struct ecryptfs_secret *secret_ret)
{
	int mount_err = -ENOKEY;
	struct key *key;
	unsigned int i;
	int err;

	for (i = 0; i < keys->ks_nr; i++) {
		const struct ecryptfs_mount_key *mk = &keys->ks_keys[i];

		if (memcmp(mk->mk_sig, sig, EFMT_V1_SIG_BYTES))
			continue;
		rcu_read_lock();
		key = key_get(rcu_dereference(mk->mk_key));
		rcu_read_unlock();
		mount_err = ecryptfs_key_v1_to_secret(key, sig, secret_ret);
		key_put(key);
		/* Whoever may write to the key can have changed its payload. */
		if (!mount_err && !is_genuine(keys, sig, secret_ret)) {
			ecryptfs_secret_wipe(secret_ret);
			mount_err = -EKEYREJECTED;
		}
		trace_ecryptfs_key_find(sig, true, mount_err);
		if (!mount_err)
			return 0;
	}
	if (keys->ks_mount_only)
		return mount_err;
	key = ecryptfs_key_v1_find(sig);
	err = PTR_ERR_OR_ZERO(key);
	if (!err) {
		err = ecryptfs_key_v1_to_secret(key, sig, secret_ret);
		if (!err && !is_genuine(keys, sig, secret_ret)) {
			ecryptfs_secret_wipe(secret_ret);
			err = -EKEYREJECTED;
		}
		key_put(key);
	}
	trace_ecryptfs_key_find(sig, false, err);
	/* The state of the mount's key says more than "not found". */
	return err == -ENOKEY ? mount_err : err;
}

/*
 * The secret of the master key with that signature: the mount's own key, else
 * whatever the calling task's keyrings have, unless the mount forbids that.
 * The second search also finds the successor of a mount key that was revoked
 * or expired and then added again.
 *
 * -ENOKEY: no such key.  -EKEYREVOKED, -EKEYEXPIRED: it is no longer valid.
 * -EKEYREJECTED: there is a key of that name, but its payload is not a
 * passphrase token of format 1, or nothing shows that it is the one of that
 * signature.  May sleep.
 */
int ecryptfs_keys_find(const struct ecryptfs_keys *keys,
		       const u8 sig[EFMT_V1_SIG_BYTES],
		       struct ecryptfs_secret *secret_ret)
{
	int err = find_key(keys, sig, secret_ret);

	ecryptfs_stats_add(keys->ks_stats, ECRYPTFS_KEY_LOOKUPS, 1);
	if (err)
		ecryptfs_stats_add(keys->ks_stats, ECRYPTFS_KEY_FAILURES, 1);
	return err;
}
