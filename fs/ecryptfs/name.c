// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy of names: which text an upper name or a symlink's target has in
 * the lower filesystem, and the reverse.
 *
 * Without a key for names both texts are the same.  With one, every name and
 * target is encrypted.  A lower name that this mount would not write for any
 * upper name is raw: it is shown as it is and found under that name.  So every
 * lower object is listed, each can be removed, and whatever was listed can be
 * looked up.  A raw object keeps its name until it is removed, also when
 * something is renamed over it.
 *
 * So anyone who can change the lower directory can make an object appear under
 * a chosen name.  Such a person could rename the encrypted objects anyway.
 * File contents and symlink targets can't be chosen in this way.
 */
#include <crypto/utils.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "glue.h"

/*
 * Makes the transform for names, if the mount encrypts names.  The mount's keys
 * were loaded before.  Errors are those of ecryptfs_keys_find() and
 * efmt_v1_name_key_create().
 */
int ecryptfs_name_init(struct ecryptfs_sb *es)
{
	const struct ecryptfs_policy *policy = &es->es_config.co_policy;
	struct ecryptfs_secret secret;
	int err;

	es->es_names = policy->po_names && !es->es_config.co_encrypted_view;
	if (!es->es_names)
		return 0;
	err = ecryptfs_keys_find(&policy->po_keys, policy->po_name_sig,
				 &secret);
	if (!err)
		err = efmt_v1_name_key_create(policy->po_name_cipher,
					      policy->po_name_key_bytes,
					      secret.se_key,
					      policy->po_name_sig,
					      &es->es_name_key);
	ecryptfs_secret_wipe(&secret);
	return err;
}

/* Destroys the transform, if there is one. */
void ecryptfs_name_exit(struct ecryptfs_sb *es)
{
	efmt_v1_name_key_destroy(&es->es_name_key);
}

/*
 * Returns the transform to use now, on a mount that encrypts names;
 * ecryptfs_name_key_put() ends the use.  It is the mount's own while the
 * mount's key is valid.  After that it is made in @temp, from a key of the same
 * signature that was added since and that the calling task's keyrings must
 * have.  Errors are those of ecryptfs_keys_find().
 */
const struct efmt_v1_name_key *
ecryptfs_name_key_get(const struct ecryptfs_sb *es,
		      struct efmt_v1_name_key *temp)
{
	const struct ecryptfs_policy *policy = &es->es_config.co_policy;
	struct ecryptfs_secret secret;
	int err;

	if (ecryptfs_keys_valid(&policy->po_keys, policy->po_name_sig))
		return &es->es_name_key;
	err = ecryptfs_keys_find(&policy->po_keys, policy->po_name_sig,
				 &secret);
	if (!err)
		err = efmt_v1_name_key_create(policy->po_name_cipher,
					      policy->po_name_key_bytes,
					      secret.se_key,
					      policy->po_name_sig, temp);
	ecryptfs_secret_wipe(&secret);
	/* Anybody can add a key of that name, so the keys are compared. */
	if (!err && crypto_memneq(temp->filler, es->es_name_key.filler,
				  sizeof(temp->filler))) {
		efmt_v1_name_key_destroy(temp);
		err = -EKEYREJECTED;
	}
	if (!err)
		return temp;
	ecryptfs_msg(NULL, KERN_WARNING,
		     "names can't be read or made: the key for names of a mount is revoked, expired or gone (error %d); add it again",
		     err);
	return ERR_PTR(err);
}

void ecryptfs_name_key_put(const struct efmt_v1_name_key *key,
			   struct efmt_v1_name_key *temp)
{
	if (key == temp)
		efmt_v1_name_key_destroy(temp);
}

/*
 * Finds the lower text of a name or target of @len bytes.  It ends in a NUL and
 * is at most @max bytes long; ecryptfs_name_text_put() ends its use.
 * -ENAMETOOLONG: the text would be too long.  Key errors are those of
 * ecryptfs_keys_find().
 */
int ecryptfs_name_encrypt(const struct ecryptfs_sb *es, const char *plain,
			  size_t len, size_t max,
			  struct ecryptfs_name_text *ret)
{
	const struct efmt_v1_name_key *key;
	struct efmt_v1_name_key temp;
	int err;

	*ret = (struct ecryptfs_name_text){ .tx_at = plain, .tx_len = len };
	if (!es->es_names)
		return 0;
	key = ecryptfs_name_key_get(es, &temp);
	if (IS_ERR(key))
		return PTR_ERR(key);
	ret->__tx_buf = kmalloc(max + 1, GFP_KERNEL);
	err = -ENOMEM;
	if (ret->__tx_buf)
		err = efmt_v1_name_encrypt(key, plain, len, ret->__tx_buf, max,
					   &ret->tx_len);
	ecryptfs_name_key_put(key, &temp);
	if (err) {
		kfree(ret->__tx_buf);
		return err;
	}
	ret->__tx_buf[ret->tx_len] = '\0';
	ret->tx_at = ret->__tx_buf;
	return 0;
}

void ecryptfs_name_text_put(struct ecryptfs_name_text *text)
{
	kfree(text->__tx_buf);
}

/*
 * Decrypts @len bytes of @lower into @buf.  -ENODATA: they were encrypted with
 * another key.  -EUCLEAN: they are malformed, or not encrypted.
 */
static int decrypt_text(const struct efmt_v1_name_key *key, const char *lower,
			size_t len, char *buf, size_t *len_ret)
{
	int err = efmt_v1_name_decrypt(key, lower, len, buf, len, len_ret);

	switch (err) {
	case -EINVAL:
		return -EUCLEAN;
	case -ENOKEY:
		return -ENODATA;
	default:
		return err;
	}
}

/*
 * Calls decrypt_text() with the key that is valid now.  Other errors are those
 * of ecryptfs_name_key_get().
 */
static int decrypt_now(const struct ecryptfs_sb *es, const char *lower,
		       size_t len, char *buf, size_t *len_ret)
{
	const struct efmt_v1_name_key *key;
	struct efmt_v1_name_key temp;
	int err;

	key = ecryptfs_name_key_get(es, &temp);
	if (IS_ERR(key))
		return PTR_ERR(key);
	err = decrypt_text(key, lower, len, buf, len_ret);
	ecryptfs_name_key_put(key, &temp);
	return err;
}

/* Whether a directory entry can have this name. */
static bool name_valid(const char *name, size_t len)
{
	if (!len || memchr(name, '/', len) || memchr(name, '\0', len))
		return false;
	return !(name[0] == '.' &&
		 (len == 1 || (len == 2 && name[1] == '.')));
}

/*
 * Returns the error of a decryption of a name that ended with @err and, if that
 * is 0, has put *len bytes into @buf.  -EUCLEAN: there is no name, or no
 * directory entry can have it.
 */
static int name_error(int err, const char *buf, const size_t *len)
{
	if (err == -ENODATA || (!err && !name_valid(buf, *len)))
		return -EUCLEAN;
	return err;
}

/*
 * Decrypts a lower name into @buf, which has at least @len bytes, without a
 * terminator.  @key comes from ecryptfs_name_key_get(), which a listing calls
 * once.  -EUCLEAN: there is no upper name, and the lower one is shown raw.
 */
int ecryptfs_name_decrypt(const struct efmt_v1_name_key *key, const char *lower,
			  size_t len, char *buf, size_t *len_ret)
{
	int err = decrypt_text(key, lower, len, buf, len_ret);

	return name_error(err, buf, len_ret);
}

/* Decrypts a single lower name with the key that is valid now. */
int ecryptfs_name_decrypt_one(const struct ecryptfs_sb *es, const char *lower,
			      size_t len, char *buf, size_t *len_ret)
{
	int err = decrypt_now(es, lower, len, buf, len_ret);

	return name_error(err, buf, len_ret);
}

/*
 * Decrypts a symlink's target with the key that is valid now.  -ENOKEY: it was
 * made with another key.  -EUCLEAN: it is malformed, or not encrypted.
 */
int ecryptfs_name_decrypt_target(const struct ecryptfs_sb *es,
				 const char *lower, size_t len, char *buf,
				 size_t *len_ret)
{
	int err = decrypt_now(es, lower, len, buf, len_ret);

	if (err == -ENODATA)
		return -ENOKEY;
	return !err && memchr(buf, '\0', *len_ret) ? -EUCLEAN : err;
}

/* Whether only an eCryptfs gives names that begin like this one. */
static bool has_prefix(const char *name, size_t len)
{
	return len >= EFMT_V1_NAME_PREFIX_LEN &&
	       !memcmp(name, EFMT_V1_NAME_PREFIX, EFMT_V1_NAME_PREFIX_LEN);
}

/* Notes that a lower name of @dir was shown raw. */
void ecryptfs_name_listed_raw(struct inode *dir, const char *name, size_t len)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(dir);

	if (!READ_ONCE(ei->ei_raw_listed) && !has_prefix(name, len) &&
	    name_valid(name, len))
		WRITE_ONCE(ei->ei_raw_listed, true);
}

/*
 * Returns 1 if a lower object may have just this name and be shown raw under
 * it, 0 if not, or an error.  Not for a mount without encrypted names.
 *
 * On a network filesystem, where each question tells the server a name, the
 * answer is 1 only for a directory that was seen to have such objects.
 */
int ecryptfs_name_may_be_raw(const struct inode *dir, const char *name,
			     size_t len)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(dir->i_sb);
	char *buf;
	int err;

	if (!has_prefix(name, len))
		return !es->es_lower.lf_remote ||
		       READ_ONCE(ecryptfs_inode(dir)->ei_raw_listed);
	buf = kmalloc(len, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = ecryptfs_name_decrypt_one(es, name, len, buf, &len);
	kfree(buf);
	return err == -EUCLEAN ? 1 : err;
}
