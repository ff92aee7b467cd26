// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Master keys of format 1: auth tokens in the kernel keyring, of type "user" or
 * "encrypted", described by their signature.  Holds the search by signature and
 * the check of the payload.  Add nothing here: a new kind of key is a new file.
 */
#include <keys/encrypted-type.h>
#include <keys/user-type.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/key-type.h>
#include <linux/key.h>
#include <linux/module.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>
#include <uapi/linux/ecryptfs_v1.h>

#include "key.h"

/*
 * The key type "encrypted" lives in a module of its own on some kernels and is
 * missing on others, so it is asked for when it is needed: a hard dependency
 * would keep all of eCryptfs from loading where that module can't.
 */
#if IS_ENABLED(CONFIG_ENCRYPTED_KEYS)
static struct key_type *encrypted_type_get(void)
{
	struct key_type *type = symbol_get(key_type_encrypted);
	static bool asked;

	/* Once: any user can come here by opening a file without its key. */
	if (!type && !READ_ONCE(asked)) {
		WRITE_ONCE(asked, true);
		request_module("encrypted-keys");
		type = symbol_get(key_type_encrypted);
	}
	return type;
}

static void encrypted_type_put(void)
{
	symbol_put(key_type_encrypted);
}
#else
static struct key_type *encrypted_type_get(void)
{
	return NULL;
}

static void encrypted_type_put(void)
{
}
#endif

/*
 * The keyring where request_key() looks last: the task's session keyring or, as
 * for a task that has none (cron, a service), its user's.  A reference with the
 * right to search; ERR_PTR(-ENOKEY) if there is neither.
 */
static key_ref_t session_get(void)
{
	struct key *session = current_cred()->session_keyring;
	struct key *names = READ_ONCE(current_user_ns()->user_keyring_register);
	char name[sizeof("_uid_ses.4294967295")];

	if (session)
		return make_key_ref(key_get(session), true);
	if (!names)
		return ERR_PTR(-ENOKEY);
	snprintf(name, sizeof(name), "_uid_ses.%u",
		 from_kuid(current_user_ns(), current_cred()->user->uid));
	return keyring_search(make_key_ref(names, true), &key_type_keyring,
			      name, false);
}

/*
 * What is wrong with a key that request_key() says is not there: it passes over
 * expired ones.  A search of the session keyring, which everything else is
 * linked to, does not.
 */
static int missing_why(const char *desc)
{
	key_ref_t session = session_get();
	key_ref_t found;
	int err;

	if (IS_ERR(session))
		return -ENOKEY;
	session = make_key_ref(key_ref_to_ptr(session), true);
	found = keyring_search(session, &key_type_user, desc, true);
	err = IS_ERR(found) ? PTR_ERR(found) : -ENOKEY;
	if (!IS_ERR(found))
		key_ref_put(found);
	key_ref_put(session);
	return err == -EKEYEXPIRED || err == -EKEYREVOKED ? err : -ENOKEY;
}

/*
 * A reference to the key with that signature in the calling task's keyrings:
 * type "user" first, then "encrypted".  Never calls out to userspace.
 * ERR_PTR(-ENOKEY), -EKEYREVOKED, -EKEYEXPIRED, or what the security module
 * says.
 */
struct key *ecryptfs_key_v1_find(const u8 sig[EFMT_V1_SIG_BYTES])
{
	char desc[EFMT_V1_SIG_HEX + 1];
	struct key_type *encrypted;
	struct key *second;
	struct key *key;

	efmt_v1_sig_to_hex(sig, desc);
	key = request_key(&key_type_user, desc, NULL);
	if (!IS_ERR(key))
		return key;
	if (PTR_ERR(key) == -ENOKEY)
		key = ERR_PTR(missing_why(desc));
	encrypted = encrypted_type_get();
	if (!encrypted)
		return key;
	second = request_key(encrypted, desc, NULL);
	encrypted_type_put();
	/* What is wrong with the first is worth more than "no second". */
	if (IS_ERR(second) && PTR_ERR(second) == -ENOKEY)
		return key;
	return second;
}

/* The token inside @key's payload; the caller holds @key's semaphore. */
static const struct ecryptfs_v1_auth_tok *key_to_token(const struct key *key)
{
	const struct encrypted_key_payload *encrypted;
	const struct user_key_payload *user;

	/* The other type's address is not at hand where it is a module. */
	if (strcmp(key->type->name, "encrypted") == 0) {
		encrypted = dereference_key_locked(key);
		if (!encrypted ||
		    encrypted->payload_datalen < ECRYPTFS_V1_AUTH_TOK_BYTES)
			return NULL;
		return (const void *)encrypted->payload_data;
	}
	user = user_key_payload_locked(key);
	if (!user || user->datalen < ECRYPTFS_V1_AUTH_TOK_BYTES)
		return NULL;
	return (const void *)user->data;
}

static int token_to_secret(const struct ecryptfs_v1_auth_tok *token,
			   const u8 sig[EFMT_V1_SIG_BYTES],
			   struct ecryptfs_secret *secret_ret)
{
	u8 token_sig[EFMT_V1_SIG_BYTES];

	if (token->version != ECRYPTFS_V1_AUTH_TOK_VERSION ||
	    token->token_type != ECRYPTFS_V1_TOKEN_PASSWORD)
		return -EKEYREJECTED;
	if (efmt_v1_sig_from_hex((const char *)token->password.signature,
				 EFMT_V1_SIG_HEX, token_sig) ||
	    memcmp(token_sig, sig, EFMT_V1_SIG_BYTES))
		return -EKEYREJECTED;
	memcpy(secret_ret->se_key,
	       token->password.key,
	       sizeof(secret_ret->se_key));
	memcpy(secret_ret->se_salt, token->password.salt,
	       sizeof(secret_ret->se_salt));
	return 0;
}

/*
 * Copies the secret out of a key, which must be valid now and carry a
 * passphrase token with that signature.  Errors as ecryptfs_keys_find();
 * *secret_ret is zeroed then.  Takes and releases the key's semaphore.
 */
int ecryptfs_key_v1_to_secret(struct key *key, const u8 sig[EFMT_V1_SIG_BYTES],
			      struct ecryptfs_secret *secret_ret)
{
	const struct ecryptfs_v1_auth_tok *token;
	int err;

	ecryptfs_secret_wipe(secret_ret);
	if (!key)
		return -ENOKEY;
	down_read(&key->sem);
	err = key_validate(key);
	if (!err) {
		token = key_to_token(key);
		err = token ? token_to_secret(token, sig, secret_ret) :
			      -EKEYREJECTED;
	}
	up_read(&key->sem);
	return err;
}
