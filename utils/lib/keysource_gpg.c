// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenPGP keys: public keys of the user's keyring, and the secret keys that
 * gpg-agent can use: on disk, on smart cards, or of another machine.
 *
 * pkg-config: gpgme
 *
 * A random key is encrypted to the recipients and seals the secret.  This binds
 * the secret to the context, which gpg alone could not do.  The recipients'
 * fingerprints are in the blob, so a slot of other users is skipped without
 * opening a window.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <gpgme.h>

#include "keysource.h"
#include "lib_private.h"

#define RECIPIENTS_MAX 16
#define FINGERPRINT_MAX 64 /* digits of a version 5 key; version 4 has 40 */
#define LIST_MAX (RECIPIENTS_MAX * (FINGERPRINT_MAX + 1))
/* A message to 16 recipients with RSA keys of 8192 bits has 17 KiB. */
#define MESSAGE_MAX (32u << 10)

/* One conversation with gpg. */
struct session {
	gpgme_ctx_t gpg;
	const struct libecryptfs_keysource_params *params;
	struct libecryptfs_blob *blob; /* gets explanations in bb_why */
	struct sigaction pipe_before;
	/* The key that is read or written, and the position in it. */
	struct libecryptfs_secmem *key;
	size_t at;
};

/*
 * Gives gpg-agent a line of a script as the passphrase that it does not know.
 */
static gpgme_error_t passphrase_give(void *arg, const char *who,
				     const char *what, int was_bad, int fd)
{
	struct session *session = arg;
	struct libecryptfs_secmem typed;
	bool written;
	size_t len;

	(void)who;
	(void)what;
	if (was_bad)
		return gpgme_error(GPG_ERR_BAD_PASSPHRASE);
	if (session->params->ask(session->params, LIBECRYPTFS_ASK_PIN, &typed,
				 &len))
		return gpgme_error(GPG_ERR_CANCELED);
	written = !gpgme_io_writen(fd, typed.sm_bytes, len) &&
		  !gpgme_io_writen(fd, "\n", 1);
	libecryptfs_secmem_destroy(&typed);
	return written ? 0 : gpgme_error(GPG_ERR_CANCELED);
}

/* Allows a window only if a user is present. */
static void pinentry_set(struct session *session)
{
	if (!session->params->interactive) {
		gpgme_set_pinentry_mode(session->gpg, GPGME_PINENTRY_MODE_ERROR);
	} else if (session->params->scripted) {
		gpgme_set_pinentry_mode(session->gpg,
					GPGME_PINENTRY_MODE_LOOPBACK);
		gpgme_set_passphrase_cb(session->gpg, passphrase_give, session);
	}
}

static int session_create(const struct libecryptfs_keysource_params *params,
			  struct libecryptfs_blob *blob, struct session *ret)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	*ret = (struct session){ .params = params, .blob = blob };
	if (!gpgme_check_version(GPGME_VERSION) ||
	    gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP)) {
		libecryptfs_blob_explain(blob, "apt install gnupg",
					 "gpg is not installed, or too old");
		return -ENOPKG;
	}
	if (gpgme_new(&ret->gpg))
		return -ENOMEM;
	/* gpg may exit before it has read everything. */
	sigaction(SIGPIPE, &ignore, &ret->pipe_before);
	pinentry_set(ret);
	return 0;
}

static void session_destroy(struct session *session)
{
	if (!session->gpg)
		return;
	gpgme_release(session->gpg);
	sigaction(SIGPIPE, &session->pipe_before, NULL);
}

static ssize_t key_read(void *arg, void *buf, size_t size)
{
	struct session *session = arg;
	size_t left = session->key->sm_size - session->at;

	if (size > left)
		size = left;
	memcpy(buf, session->key->sm_bytes + session->at, size);
	session->at += size;
	return (ssize_t)size;
}

/* A text that is too long does not fit, and is not the key. */
static ssize_t key_write(void *arg, const void *buf, size_t size)
{
	struct session *session = arg;

	if (size > session->key->sm_size - session->at) {
		errno = EFBIG;
		return -1;
	}
	memcpy(session->key->sm_bytes + session->at, buf, size);
	session->at += size;
	return (ssize_t)size;
}

/* Makes a gpgme data object of the key; gpgme wipes its own buffers. */
static int key_attach(struct session *session, struct libecryptfs_secmem *key,
		      gpgme_data_t *ret)
{
	static struct gpgme_data_cbs calls = {
		.read = key_read,
		.write = key_write,
	};

	session->key = key;
	session->at = 0;
	if (gpgme_data_new_from_cbs(ret, &calls, session))
		return -ENOMEM;
	gpgme_data_set_flag(*ret, "sensitive", "1");
	return 0;
}

/* Returns why the key cannot be used to encrypt, or NULL. */
static const char *defect_of(const struct _gpgme_key *key)
{
	return key->revoked	 ? "is revoked" :
	       key->expired	 ? "has expired" :
	       key->disabled	 ? "is disabled" :
	       key->invalid	 ? "is not valid" :
	       !key->can_encrypt ? "has no encryption subkey" :
				   NULL;
}

static int defect_tell(struct session *session, const char *name,
		       unsigned int usable, const struct _gpgme_key *key)
{
	char next[LIBECRYPTFS_BLOB_WHY];

	snprintf(next, sizeof(next), "gpg --list-keys '%s'", name);
	if (!key)
		libecryptfs_blob_explain(session->blob, "gpg --list-keys, or gpg --import FILE",
					 "there is no public key for `%s'", name);
	else if (usable > 1)
		libecryptfs_blob_explain(session->blob, next,
					 "%u keys match `%s': give the fingerprint of one",
					 usable, name);
	else
		libecryptfs_blob_explain(session->blob, next,
					 "the key %s %s: get a new one from its owner, or use another key",
					 key->fpr, defect_of(key));
	return -EINVAL;
}

/* Finds the only usable key among those that match @name. */
static int key_find(struct session *session, const char *name,
		    gpgme_key_t *ret)
{
	gpgme_key_t key, best = NULL;
	unsigned int usable = 0;
	gpgme_error_t error;

	error = gpgme_op_keylist_start(session->gpg, name, 0);
	while (!error && !gpgme_op_keylist_next(session->gpg, &key)) {
		bool good = !defect_of(key);

		if (!best || (good && !usable)) {
			if (best)
				gpgme_key_unref(best);
			best = key;
		} else {
			gpgme_key_unref(key);
		}
		usable += good;
	}
	gpgme_op_keylist_end(session->gpg);
	if (usable == 1) {
		*ret = best;
		return 0;
	}
	defect_tell(session, name, usable, best);
	if (best)
		gpgme_key_unref(best);
	return -EINVAL;
}

/*
 * Finds the keys that the lines of @list name, terminated by NULL.  @list is
 * modified.
 */
static int keys_find(struct session *session, char *list,
		     gpgme_key_t keys_ret[RECIPIENTS_MAX + 1])
{
	char *rest = NULL, *name;
	unsigned int count = 0, i;
	int err = 0;

	for (name = strtok_r(list, "\n", &rest); name && !err;
	     name = strtok_r(NULL, "\n", &rest)) {
		if (count == RECIPIENTS_MAX)
			return -E2BIG;
		err = key_find(session, name, &keys_ret[count]);
		if (err)
			break;
		for (i = 0; i < count; i++)
			if (!strcmp(keys_ret[i]->fpr, keys_ret[count]->fpr))
				break;
		if (i == count) {
			count++;
		} else {
			gpgme_key_unref(keys_ret[count]);
			keys_ret[count] = NULL;
		}
	}
	return err || count ? err : -EINVAL;
}

/*
 * Collects the names in the settings, or without any those in the slot, one per
 * line.  Fails with -EINVAL if there are neither.
 */
static int names_collect(const struct libecryptfs_keysource_params *params,
			 char *ret, size_t size)
{
	static const char name[] = "recipient=";
	const char *before;
	size_t used = 0, i;

	*ret = '\0';
	for (i = 0; params->settings && params->settings[i]; i++) {
		const char *setting = params->settings[i];

		if (strncmp(setting, name, sizeof(name) - 1))
			continue;
		setting += sizeof(name) - 1;
		if (!*setting || strchr(setting, '\n'))
			return -EINVAL;
		used += (size_t)snprintf(ret + used, size - used, "%s\n",
					 setting);
		if (used >= size)
			return -E2BIG;
	}
	if (!used && params->before &&
	    !libecryptfs_blob_take_text(params->before, "recipients", &before)) {
		snprintf(ret, size, "%s", before);
		while ((ret = strchr(ret, ' ')))
			*ret = '\n';
		return 0;
	}
	return used ? 0 : -EINVAL;
}

static int encrypt_tell(struct session *session, gpgme_error_t error)
{
	gpgme_encrypt_result_t result = gpgme_op_encrypt_result(session->gpg);
	gpgme_invalid_key_t bad = result ? result->invalid_recipients : NULL;
	char next[LIBECRYPTFS_BLOB_WHY];

	if (bad && gpgme_err_code(bad->reason) == GPG_ERR_PUBKEY_NOT_TRUSTED) {
		snprintf(next, sizeof(next), "gpg --lsign-key %s, after comparing its fingerprint with its owner; or trust=always",
			 bad->fpr);
		libecryptfs_blob_explain(session->blob, next,
					 "it is not certified that the key %s belongs to its owner",
					 bad->fpr);
		return -EINVAL;
	}
	libecryptfs_blob_explain(session->blob, "gpg --list-keys",
				 "gpg cannot encrypt%s%s: %s",
				 bad ? " to " : "", bad ? bad->fpr : "",
				 gpgme_strerror(bad ? bad->reason : error));
	return -EINVAL;
}

/* Puts the recipients' fingerprints and the encrypted message into the blob. */
static int message_put(struct session *session, gpgme_key_t *keys,
		       gpgme_data_t cipher)
{
	char list[LIST_MAX + 1] = "";
	size_t used = 0, len;
	char *message;
	int err;

	for (; *keys; keys++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
					 "%s%s", used ? " " : "", (*keys)->fpr);
	err = libecryptfs_blob_put_text(session->blob, "recipients", list);
	if (err)
		return err;
	message = gpgme_data_release_and_get_mem(cipher, &len);
	if (!message)
		return -ENOMEM;
	err = len > MESSAGE_MAX ?
		      -E2BIG :
		      libecryptfs_blob_put_bytes(session->blob, "message",
						 message, len);
	gpgme_free(message);
	return err;
}

static int message_encrypt(struct session *session, gpgme_key_t *keys,
			   struct libecryptfs_secmem *key)
{
	const char *trust = libecryptfs_keysource_setting(session->params,
							  "trust");
	/* Only recipients that a setting names. */
	unsigned int flags = GPGME_ENCRYPT_NO_ENCRYPT_TO |
			     GPGME_ENCRYPT_NO_COMPRESS;
	gpgme_data_t plain, cipher;
	gpgme_error_t error;
	int err;

	if (trust && strcmp(trust, "always"))
		return -EINVAL;
	if (trust)
		flags |= GPGME_ENCRYPT_ALWAYS_TRUST;
	err = key_attach(session, key, &plain);
	if (err)
		return err;
	if (gpgme_data_new(&cipher)) {
		gpgme_data_release(plain);
		return -ENOMEM;
	}
	error = gpgme_op_encrypt(session->gpg, keys,
				 (gpgme_encrypt_flags_t)flags, plain, cipher);
	gpgme_data_release(plain);
	if (!error)
		return message_put(session, keys, cipher);
	gpgme_data_release(cipher);
	return encrypt_tell(session, error);
}

static int key_wrap(struct session *session, struct libecryptfs_secmem *key)
{
	gpgme_key_t keys[RECIPIENTS_MAX + 1] = { NULL };
	char names[LIST_MAX + 1];
	int err, i;

	err = names_collect(session->params, names, sizeof(names));
	if (!err)
		err = keys_find(session, names, keys);
	if (!err)
		err = libecryptfs_sym_random(key->sm_bytes, key->sm_size);
	if (!err)
		err = message_encrypt(session, keys, key);
	for (i = 0; i < RECIPIENTS_MAX && keys[i]; i++)
		gpgme_key_unref(keys[i]);
	return err;
}

static int gpg_wrap(const struct libecryptfs_keysource_params *params,
		    const struct libecryptfs_secmem *secret,
		    struct libecryptfs_blob *blob_ret)
{
	struct libecryptfs_secmem key;
	struct session session;
	int err;

	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = session_create(params, blob_ret, &session);
	if (!err)
		err = key_wrap(&session, &key);
	session_destroy(&session);
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

/* Checks whether a recipient's secret key is present, or on a known card. */
static int mine_check(struct session *session)
{
	char list[LIST_MAX + 1];
	char *rest = NULL, *print;
	const char *recipients;
	gpgme_key_t key;
	int err;

	err = libecryptfs_blob_take_text(session->blob, "recipients",
					 &recipients);
	if (!err && strlen(recipients) > LIST_MAX)
		err = -EUCLEAN;
	if (err)
		return err;
	snprintf(list, sizeof(list), "%s", recipients);
	for (print = strtok_r(list, " ", &rest); print;
	     print = strtok_r(NULL, " ", &rest)) {
		if (gpgme_get_key(session->gpg, print, &key, 1))
			continue;
		gpgme_key_unref(key);
		return 0;
	}
	/* In a vault of several users this is normal. */
	if (session->params->chosen)
		libecryptfs_blob_explain(session->blob, "gpg --list-secret-keys; gpg --card-status, if it is on a card",
					 "the secret key of none of its recipients is here");
	return LIBECRYPTFS_NOT_MINE;
}

static int decrypt_tell(struct session *session, gpgme_error_t error)
{
	switch (gpgme_err_code(error)) {
	case GPG_ERR_CANCELED:
	case GPG_ERR_FULLY_CANCELED:
		return LIBECRYPTFS_NOT_MINE;
	case GPG_ERR_NO_PIN_ENTRY:
	case GPG_ERR_NO_PASSPHRASE:
		libecryptfs_blob_explain(session->blob, "ecryptfs unlock --with gpg DIR, on a terminal",
					 "gpg-agent needs the passphrase or PIN of the key, but there is no terminal to type it");
		return LIBECRYPTFS_NOT_MINE;
	case GPG_ERR_BAD_PASSPHRASE:
	case GPG_ERR_BAD_PIN:
		libecryptfs_blob_explain(session->blob, NULL,
					 "the passphrase or PIN of the key is wrong");
		return LIBECRYPTFS_NOT_MINE;
	case GPG_ERR_NO_DATA:
	case GPG_ERR_BAD_DATA:
	case GPG_ERR_CHECKSUM:
	case GPG_ERR_EFBIG:
		session->blob->bb_bad = "message";
		return -EUCLEAN;
	default:
		libecryptfs_blob_explain(session->blob, "gpg --list-secret-keys",
					 "gpg cannot decrypt it: %s",
					 gpgme_strerror(error));
		return LIBECRYPTFS_NOT_MINE;
	}
}

static int message_decrypt(struct session *session,
			   struct libecryptfs_secmem *key_ret)
{
	uint8_t message[MESSAGE_MAX];
	gpgme_data_t plain, cipher;
	gpgme_error_t error;
	size_t len;
	int err;

	err = libecryptfs_blob_take_some(session->blob, "message", message,
					 sizeof(message), &len);
	if (!err)
		err = key_attach(session, key_ret, &plain);
	if (err)
		return err;
	if (gpgme_data_new_from_mem(&cipher, (char *)message, len, 0)) {
		gpgme_data_release(plain);
		return -ENOMEM;
	}
	error = gpgme_op_decrypt(session->gpg, cipher, plain);
	gpgme_data_release(cipher);
	gpgme_data_release(plain);
	if (error)
		return decrypt_tell(session, error);
	session->blob->bb_bad = "message";
	return session->at == key_ret->sm_size ? 0 : -EUCLEAN;
}

static int gpg_unwrap(const struct libecryptfs_keysource_params *params,
		      struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *secret_ret)
{
	struct libecryptfs_secmem key;
	struct session session;
	int err;

	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = session_create(params, blob, &session);
	if (!err)
		err = mine_check(&session);
	if (!err)
		err = message_decrypt(&session, &key);
	session_destroy(&session);
	/* Another slot may open; without gpg this slot cannot. */
	if (err == -ENOPKG)
		err = LIBECRYPTFS_NOT_MINE;
	if (!err)
		err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void gpg_describe(struct libecryptfs_blob *blob, FILE *to)
{
	const char *recipients = "?";

	libecryptfs_blob_take_text(blob, "recipients", &recipients);
	fprintf(to, "OpenPGP, %s", recipients);
}

static const char *const facts[] = { "recipients", NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ "recipient", "fingerprint, key ID or address of a public key (to add); may be repeated" },
	{ "trust", "always: also accept keys that are not certified (to add)" },
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "gpg",
	.summary = "OpenPGP keys, through gpg and its agent",
	.rank = 40,
	.settings = settings,
	.wrap = gpg_wrap,
	.unwrap = gpg_unwrap,
	.describe = gpg_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
