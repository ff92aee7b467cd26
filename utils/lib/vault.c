// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Vaults: JSON in memory, and the authentication of it.
 *
 * The file is accepted only in the form that text_put() writes, so any changed
 * byte is noticed, unless it only changes a value.  `check' of the whole and of
 * each slot are digests without a key, which show damage and its place before
 * anything is typed.  `mac' is keyed with the key that is derived from the
 * master secret.  It covers everything except `mac' and `check', so it shows
 * deliberate changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "file.h"
#include "lib_private.h"
#include "vault.h"
#include "vault_file.h"

#define VERSION 1
#define CHECK_BYTES 8

struct libecryptfs_vault {
	json_object *doc;
	char *loaded; /* content of the file; NULL for a new vault */
	size_t loaded_bytes;
	char *next; /* future content of the file, between begin and finish */
	size_t next_bytes;
	struct libecryptfs_file_change change;
};

/* A text that grows.  @failed is set when there was no memory. */
struct text {
	char *at;
	size_t len, room;
	bool failed;
};

static void text_add(struct text *text, const char *more, size_t len)
{
	char *at;

	if (text->failed)
		return;
	if (text->len + len + 1 > text->room) {
		text->room = 2 * (text->len + len + 1);
		at = realloc(text->at, text->room);
		if (!at) {
			text->failed = true;
			return;
		}
		text->at = at;
	}
	memcpy(text->at + text->len, more, len);
	text->len += len;
	text->at[text->len] = '\0';
}

static void string_put(struct text *text, const char *s, size_t len)
{
	char escape[8];
	size_t i;

	text_add(text, "\"", 1);
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\') {
			snprintf(escape, sizeof(escape), "\\%c", s[i]);
			text_add(text, escape, 2);
		} else if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", s[i]);
			text_add(text, escape, 6);
		} else {
			text_add(text, s + i, 1);
		}
	}
	text_add(text, "\"", 1);
}

static void line_put(struct text *text, int depth)
{
	text_add(text, "\n", 1);
	while (depth--)
		text_add(text, "  ", 2);
}

/* Writes @object without its members @without_1 and @without_2. */
static void text_put(struct text *text, json_object *object, int depth,
		     const char *without_1, const char *without_2)
{
	const char *s;
	bool first = true;
	size_t i;

	switch (json_object_get_type(object)) {
	case json_type_object:
		text_add(text, "{", 1);
		json_object_object_foreach(object, key, value) {
			if ((without_1 && !strcmp(key, without_1)) ||
			    (without_2 && !strcmp(key, without_2)))
				continue;
			text_add(text, ",", !first);
			first = false;
			line_put(text, depth + 1);
			string_put(text, key, strlen(key));
			text_add(text, ": ", 2);
			text_put(text, value, depth + 1, NULL, NULL);
		}
		line_put(text, depth);
		text_add(text, "}", 1);
		break;
	case json_type_array:
		text_add(text, "[", 1);
		for (i = 0; i < json_object_array_length(object); i++) {
			text_add(text, ",", i > 0);
			line_put(text, depth + 1);
			text_put(text, json_object_array_get_idx(object, i),
				 depth + 1, NULL, NULL);
		}
		if (i)
			line_put(text, depth);
		text_add(text, "]", 1);
		break;
	default:
		s = json_object_get_string(object);
		if (json_object_get_type(object) == json_type_string)
			string_put(text, s,
				   (size_t)json_object_get_string_len(object));
		else
			text_add(text, s ? s : "null", s ? strlen(s) : 4);
	}
}

static int text_of(json_object *object, const char *without_1,
		   const char *without_2, struct text *ret)
{
	*ret = (struct text){ 0 };
	text_put(ret, object, 0, without_1, without_2);
	text_add(ret, "\n", 1);
	if (!ret->failed)
		return 0;
	free(ret->at);
	return -ENOMEM;
}

/* Computes the digest of @object without @without and its own check. */
static int check_of(json_object *object, const char *without,
		    char ret[2 * CHECK_BYTES + 1])
{
	uint8_t digest[LIBECRYPTFS_SYM_KEY_BYTES];
	struct text text;
	int err;

	err = text_of(object, "check", without, &text);
	if (err)
		return err;
	err = libecryptfs_sym_sha256(text.at, text.len, digest);
	libecryptfs_hex_from_bytes(digest, CHECK_BYTES, ret);
	free(text.at);
	return err;
}

static int mac_of(struct libecryptfs_vault *vault,
		  const struct libecryptfs_secmem *content_key,
		  char ret[2 * LIBECRYPTFS_SYM_KEY_BYTES + 1])
{
	uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES];
	uint8_t mac[LIBECRYPTFS_SYM_KEY_BYTES];
	struct libecryptfs_secmem key;
	struct text text;
	int err;

	libecryptfs_vault_id(vault, id);
	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = libecryptfs_sym_hkdf(content_key, id, sizeof(id), "ecryptfs vault mac",
				   key.sm_bytes);
	if (!err)
		err = text_of(vault->doc, "mac", "check", &text);
	if (!err) {
		err = libecryptfs_sym_hmac(key.sm_bytes, text.at, text.len, mac);
		free(text.at);
	}
	libecryptfs_secmem_destroy(&key);
	if (!err)
		libecryptfs_hex_from_bytes(mac, sizeof(mac), ret);
	return err;
}

static const char *string_of(json_object *object, const char *name)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string) ||
	    strlen(json_object_get_string(value)) !=
		    (size_t)json_object_get_string_len(value))
		return NULL;
	return json_object_get_string(value);
}

/* Returns a number, or -1 if it is absent, not a number, or too large. */
static int64_t number_of(json_object *object, const char *name)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_int) ||
	    json_object_get_int64(value) < 0)
		return -1;
	return json_object_get_int64(value);
}

static bool hex_is(json_object *object, const char *name, size_t len)
{
	const char *text = string_of(object, name);
	uint8_t bytes[LIBECRYPTFS_SYM_KEY_BYTES];

	return text && strlen(text) == 2 * len &&
	       !libecryptfs_hex_to_bytes(text, len, bytes);
}

static void put_string(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static void put_number(json_object *to, const char *name, uint64_t number)
{
	json_object_object_add(to, name,
			       json_object_new_int64((int64_t)number));
}

static void put_hex(json_object *to, const char *name, const void *bytes,
		    size_t len)
{
	char text[2 * LIBECRYPTFS_SYM_KEY_BYTES + 1];

	libecryptfs_hex_from_bytes(bytes, len, text);
	put_string(to, name, text);
}

static json_object *slots_of(struct libecryptfs_vault *vault)
{
	return json_object_object_get(vault->doc, "slots");
}

int libecryptfs_vault_master_create(const uint8_t *passphrase, size_t len,
				    struct libecryptfs_secmem *master_ret)
{
	int err;

	if (!len || len > LIBECRYPTFS_PASSPHRASE_MAX)
		return -EINVAL;
	err = libecryptfs_secmem_create(LIBECRYPTFS_VAULT_MASTER_BYTES,
					master_ret);
	if (err)
		return err;
	master_ret->sm_bytes[0] = (uint8_t)len;
	memcpy(master_ret->sm_bytes + 1, passphrase, len);
	return 0;
}

int libecryptfs_vault_create(const struct libecryptfs_vault_settings *settings,
			     struct libecryptfs_vault **ret)
{
	uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES];
	json_object *features, *mount;
	int err = libecryptfs_sym_random(id, sizeof(id));

	if (err)
		return err;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->doc = json_object_new_object();
	put_number((*ret)->doc, "ecryptfs_vault", VERSION);
	put_hex((*ret)->doc, "id", id, sizeof(id));
	features = json_object_new_object();
	json_object_object_add(features, "compatible", json_object_new_array());
	json_object_object_add(features, "incompatible",
			       json_object_new_array());
	json_object_object_add((*ret)->doc, "features", features);
	mount = json_object_new_object();
	put_number(mount, "format", 1);
	put_string(mount, "cipher", settings->cipher);
	put_number(mount, "key_bytes", settings->key_bytes);
	put_string(mount, "names", settings->names ? "encrypted" : "plain");
	put_hex(mount, "salt", settings->salt, sizeof(settings->salt));
	put_string(mount, "signature", settings->sig);
	put_string(mount, "names_signature", settings->fnek_sig);
	json_object_object_add((*ret)->doc, "mount", mount);
	json_object_object_add((*ret)->doc, "slots", json_object_new_array());
	return 0;
}

static int bad(char *why, int err, const char *what)
{
	snprintf(why, LIBECRYPTFS_VAULT_WHY, "%s", what);
	return err;
}

static int features_check(json_object *doc, char *why)
{
	json_object *features, *list;
	const char *name;

	if (!json_object_object_get_ex(doc, "features", &features) ||
	    !json_object_object_get_ex(features, "incompatible", &list) ||
	    !json_object_is_type(list, json_type_array))
		return bad(why, -EUCLEAN, "its features are not a list");
	if (!json_object_array_length(list))
		return 0;
	name = json_object_get_string(json_object_array_get_idx(list, 0));
	snprintf(why, LIBECRYPTFS_VAULT_WHY,
		 "it needs a feature that this version does not support: `%s'",
		 name ? name : "");
	return -EOPNOTSUPP;
}

static int mount_check(json_object *doc, char *why)
{
	json_object *mount;
	const char *text;

	if (!json_object_object_get_ex(doc, "mount", &mount))
		return bad(why, -EUCLEAN, "it has no field mount");
	if (number_of(mount, "format") != 1)
		return bad(why, -EOPNOTSUPP,
			   "it is for a format that this version does not support");
	text = string_of(mount, "cipher");
	if (!text || strlen(text) > 15 || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(text))
		return bad(why, -EUCLEAN, "mount.cipher is malformed");
	if (number_of(mount, "key_bytes") < 1 ||
	    number_of(mount, "key_bytes") > 64)
		return bad(why, -EUCLEAN, "mount.key_bytes is malformed");
	text = string_of(mount, "names");
	if (!text || (strcmp(text, "encrypted") && strcmp(text, "plain")))
		return bad(why, -EUCLEAN, "mount.names is malformed");
	if (!hex_is(mount, "salt", LIBECRYPTFS_SALT_BYTES))
		return bad(why, -EUCLEAN, "mount.salt is malformed");
	if (!hex_is(mount, "signature", (LIBECRYPTFS_SIG_CHARS - 1) / 2))
		return bad(why, -EUCLEAN, "mount.signature is malformed");
	if (!hex_is(mount, "names_signature", (LIBECRYPTFS_SIG_CHARS - 1) / 2))
		return bad(why, -EUCLEAN, "mount.names_signature is malformed");
	return 0;
}

static int doc_check(struct libecryptfs_vault *vault, char *why)
{
	json_object *doc = vault->doc, *slots;
	char check[2 * CHECK_BYTES + 1];
	struct text text;
	bool same;
	int err;

	if (!json_object_is_type(doc, json_type_object) ||
	    number_of(doc, "ecryptfs_vault") < 0)
		return bad(why, -EUCLEAN, "it is not a vault");
	if (number_of(doc, "ecryptfs_vault") > VERSION)
		return bad(why, -EOPNOTSUPP, "it was made by a newer version");
	err = features_check(doc, why);
	if (err)
		return err;
	err = text_of(doc, NULL, NULL, &text);
	if (err)
		return bad(why, err, "there is not enough memory");
	same = text.len == vault->loaded_bytes &&
	       !memcmp(text.at, vault->loaded, text.len);
	free(text.at);
	if (!same)
		return bad(why, -EUCLEAN,
			   "its text was changed: blanks, escapes or the form of a number");
	err = check_of(doc, "slots", check);
	if (err)
		return bad(why, err, "its digest cannot be computed");
	if (!string_of(doc, "check") || strcmp(check, string_of(doc, "check")))
		return bad(why, -EUCLEAN,
			   "the fields other than the slots do not match their check");
	if (!hex_is(doc, "id", LIBECRYPTFS_VAULT_ID_BYTES))
		return bad(why, -EUCLEAN, "the field id is malformed");
	if (!hex_is(doc, "mac", LIBECRYPTFS_SYM_KEY_BYTES))
		return bad(why, -EUCLEAN, "the field mac is malformed");
	if (!json_object_object_get_ex(doc, "slots", &slots) ||
	    !json_object_is_type(slots, json_type_array) ||
	    json_object_array_length(slots) > LIBECRYPTFS_VAULT_SLOTS)
		return bad(why, -EUCLEAN, "the field slots is not a list of slots");
	return mount_check(doc, why);
}

static int doc_parse(struct libecryptfs_vault *vault, char *why)
{
	struct json_tokener *parser = json_tokener_new_ex(8);
	enum json_tokener_error error;
	size_t end;

	if (!parser)
		return bad(why, -ENOMEM, "there is not enough memory");
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
	vault->doc = json_tokener_parse_ex(parser, vault->loaded,
					   (int)vault->loaded_bytes);
	error = json_tokener_get_error(parser);
	end = json_tokener_get_parse_end(parser);
	json_tokener_free(parser);
	if (error == json_tokener_success && vault->doc)
		return 0;
	if (error == json_tokener_continue)
		snprintf(why, LIBECRYPTFS_VAULT_WHY,
			 "it is cut off at byte %zu", end);
	else
		snprintf(why, LIBECRYPTFS_VAULT_WHY,
			 "it is not JSON from byte %zu on: %s", end,
			 json_tokener_error_desc(error));
	return -EUCLEAN;
}

int libecryptfs_vault_load(const char *path, const char *dir,
			   char why[LIBECRYPTFS_VAULT_WHY],
			   struct libecryptfs_vault **ret)
{
	struct libecryptfs_vault *vault = calloc(1, sizeof(*vault));
	struct stat attr;
	int err;

	*ret = NULL;
	*why = '\0';
	if (!vault)
		return -ENOMEM;
	err = libecryptfs_file_load(path, &attr, &vault->loaded,
				    &vault->loaded_bytes);
	if (err == -EFBIG || err == -ENODATA)
		err = bad(why, -EUCLEAN, err == -EFBIG ?
				  "it is larger than any vault" :
				  "it is empty");
	else if (!err && dir &&
		 !libecryptfs_vault_file_trusted(path, &attr, dir, why,
						 LIBECRYPTFS_VAULT_WHY))
		err = -EPERM;
	if (!err)
		err = doc_parse(vault, why);
	if (!err)
		err = doc_check(vault, why);
	if (err)
		libecryptfs_vault_destroy(vault);
	else
		*ret = vault;
	return err;
}

void libecryptfs_vault_destroy(struct libecryptfs_vault *vault)
{
	if (!vault)
		return;
	libecryptfs_vault_cancel(vault);
	json_object_put(vault->doc);
	free(vault->loaded);
	free(vault);
}

int libecryptfs_vault_verify(struct libecryptfs_vault *vault,
			     const struct libecryptfs_secmem *key,
			     char why[LIBECRYPTFS_VAULT_WHY])
{
	char mac[2 * LIBECRYPTFS_SYM_KEY_BYTES + 1];
	struct libecryptfs_vault_slot slot;
	unsigned int i;
	int err;

	err = mac_of(vault, key, mac);
	if (err || !strcmp(mac, string_of(vault->doc, "mac")))
		return err;
	for (i = 0; i < libecryptfs_vault_slots(vault); i++) {
		err = libecryptfs_vault_slot_find(vault, i, &slot);
		if (err)
			return err;
		libecryptfs_vault_slot_destroy(&slot);
		if (*slot.damage) {
			snprintf(why, LIBECRYPTFS_VAULT_WHY,
				 "slot %u (%s) is damaged: %s", slot.id,
				 slot.source, slot.damage);
			return -EBADMSG;
		}
	}
	return bad(why, -EBADMSG,
		   "it was changed without its secret");
}

static int doc_authenticate(struct libecryptfs_vault *vault,
			    const struct libecryptfs_secmem *key)
{
	char mac[2 * LIBECRYPTFS_SYM_KEY_BYTES + 1];
	char check[2 * CHECK_BYTES + 1];
	int err;

	err = mac_of(vault, key, mac);
	if (err)
		return err;
	json_object_object_del(vault->doc, "mac");
	json_object_object_del(vault->doc, "check");
	put_string(vault->doc, "mac", mac);
	err = check_of(vault->doc, "slots", check);
	put_string(vault->doc, "check", check);
	return err;
}

int libecryptfs_vault_begin(struct libecryptfs_vault *vault,
			    const struct libecryptfs_secmem *key,
			    const char *path)
{
	struct text text;
	int err;

	err = doc_authenticate(vault, key);
	if (!err)
		err = text_of(vault->doc, NULL, NULL, &text);
	if (err)
		return err;
	err = libecryptfs_file_begin(path, vault->loaded, vault->loaded_bytes,
				     text.at, text.len, &vault->change);
	if (err) {
		free(text.at);
		return err;
	}
	vault->next = text.at;
	vault->next_bytes = text.len;
	return 0;
}

int libecryptfs_vault_finish(struct libecryptfs_vault *vault)
{
	int err = libecryptfs_file_finish(&vault->change);

	if (err) {
		libecryptfs_vault_cancel(vault);
		return err;
	}
	free(vault->loaded);
	vault->loaded = vault->next;
	vault->loaded_bytes = vault->next_bytes;
	vault->next = NULL;
	return 0;
}

void libecryptfs_vault_cancel(struct libecryptfs_vault *vault)
{
	libecryptfs_file_cancel(&vault->change);
	free(vault->next);
	vault->next = NULL;
}

void libecryptfs_vault_id(struct libecryptfs_vault *vault,
			  uint8_t ret[LIBECRYPTFS_VAULT_ID_BYTES])
{
	libecryptfs_hex_to_bytes(string_of(vault->doc, "id"),
				 LIBECRYPTFS_VAULT_ID_BYTES, ret);
}

void libecryptfs_vault_settings(struct libecryptfs_vault *vault,
				struct libecryptfs_vault_settings *ret)
{
	json_object *mount = json_object_object_get(vault->doc, "mount");

	snprintf(ret->cipher, sizeof(ret->cipher), "%s",
		 string_of(mount, "cipher"));
	ret->key_bytes = (unsigned int)number_of(mount, "key_bytes");
	ret->names = !strcmp(string_of(mount, "names"), "encrypted");
	libecryptfs_hex_to_bytes(string_of(mount, "salt"), sizeof(ret->salt),
				 ret->salt);
	snprintf(ret->sig, sizeof(ret->sig), "%s",
		 string_of(mount, "signature"));
	snprintf(ret->fnek_sig, sizeof(ret->fnek_sig), "%s",
		 string_of(mount, "names_signature"));
}

unsigned int libecryptfs_vault_slots(struct libecryptfs_vault *vault)
{
	return (unsigned int)json_object_array_length(slots_of(vault));
}

static bool field_take(json_object *from, const char *name, char *ret,
		       size_t size)
{
	const char *text = string_of(from, name);

	snprintf(ret, size, "%s", text ? text : "");
	return text && strlen(text) < size;
}

static int blob_from_json(json_object *from, struct libecryptfs_blob *ret)
{
	int err = 0;

	json_object_object_foreach(from, key, value) {
		if (string_of(from, key))
			err = libecryptfs_blob_put_text(ret, key,
							string_of(from, key));
		else if (number_of(from, key) >= 0)
			err = libecryptfs_blob_put_number(ret, key,
							  (uint64_t)number_of(from, key));
		else
			err = -EUCLEAN;
		(void)value;
		if (err)
			break;
	}
	return err;
}

static void slot_damaged(struct libecryptfs_vault_slot *slot, const char *what)
{
	if (!*slot->damage)
		snprintf(slot->damage, sizeof(slot->damage), "%s", what);
}

int libecryptfs_vault_slot_find(struct libecryptfs_vault *vault,
				unsigned int index,
				struct libecryptfs_vault_slot *ret)
{
	json_object *slot = json_object_array_get_idx(slots_of(vault), index);
	char check[2 * CHECK_BYTES + 1];
	const char *text;
	json_object *blob;
	int err;

	memset(ret, 0, sizeof(*ret));
	if (number_of(slot, "id") < 0 || number_of(slot, "id") > 999999)
		slot_damaged(ret, "field id");
	else
		ret->id = (unsigned int)number_of(slot, "id");
	if (!field_take(slot, "source", ret->source, sizeof(ret->source)))
		slot_damaged(ret, "field source");
	if (!field_take(slot, "label", ret->label, sizeof(ret->label)))
		slot_damaged(ret, "field label");
	if (!field_take(slot, "created", ret->created, sizeof(ret->created)))
		slot_damaged(ret, "field created");
	if (!json_object_object_get_ex(slot, "blob", &blob) ||
	    !json_object_is_type(blob, json_type_object)) {
		slot_damaged(ret, "field blob");
	} else {
		err = blob_from_json(blob, &ret->blob);
		if (err == -ENOMEM)
			return err;
		if (err)
			slot_damaged(ret, "field blob");
	}
	err = check_of(slot, NULL, check);
	if (err)
		return err;
	text = string_of(slot, "check");
	if (!text || strcmp(check, text))
		slot_damaged(ret, "it does not match its check");
	return 0;
}

void libecryptfs_vault_slot_destroy(struct libecryptfs_vault_slot *slot)
{
	libecryptfs_blob_destroy(&slot->blob);
}

static void blob_to_json(const struct libecryptfs_blob *blob, json_object *to)
{
	unsigned int i;

	for (i = 0; i < blob->bb_count; i++) {
		if (blob->bb_field[i].text)
			put_string(to, blob->bb_field[i].name,
				   blob->bb_field[i].text);
		else
			put_number(to, blob->bb_field[i].name,
				   blob->bb_field[i].number);
	}
}

/* Appends @blob, the time and the check to a slot. */
static int slot_finish(json_object *slot, const struct libecryptfs_blob *blob)
{
	char created[24], check[2 * CHECK_BYTES + 1];
	json_object *fields = json_object_new_object();
	time_t now = time(NULL);
	int err;

	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	put_string(slot, "created", created);
	blob_to_json(blob, fields);
	json_object_object_add(slot, "blob", fields);
	err = check_of(slot, NULL, check);
	put_string(slot, "check", check);
	return err;
}

/* Returns the position of a slot, or -ENOENT. */
static int slot_index(struct libecryptfs_vault *vault, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < libecryptfs_vault_slots(vault); i++)
		if (number_of(json_object_array_get_idx(slots_of(vault), i),
			      "id") == id)
			return (int)i;
	return -ENOENT;
}

bool libecryptfs_vault_label_good(const char *label)
{
	return strlen(label) <= LIBECRYPTFS_VAULT_LABEL_MAX &&
	       libecryptfs_text_good(label);
}

int libecryptfs_vault_slot_put(struct libecryptfs_vault *vault,
			       const char *source, const char *label,
			       const struct libecryptfs_blob *blob,
			       unsigned int *id_ret)
{
	json_object *slot;
	unsigned int id = 0;
	int err;

	if (!libecryptfs_vault_label_good(label))
		return -EINVAL;
	if (libecryptfs_vault_slots(vault) >= LIBECRYPTFS_VAULT_SLOTS)
		return -ENOSPC;
	while (slot_index(vault, id) >= 0)
		id++;
	slot = json_object_new_object();
	put_number(slot, "id", id);
	put_string(slot, "source", source);
	put_string(slot, "label", label);
	err = slot_finish(slot, blob);
	json_object_array_add(slots_of(vault), slot);
	*id_ret = id;
	return err;
}

int libecryptfs_vault_slot_change(struct libecryptfs_vault *vault,
				  unsigned int id,
				  const struct libecryptfs_blob *blob)
{
	int index = slot_index(vault, id);
	json_object *slot;

	if (index < 0)
		return index;
	slot = json_object_array_get_idx(slots_of(vault), (size_t)index);
	json_object_object_del(slot, "created");
	json_object_object_del(slot, "blob");
	json_object_object_del(slot, "check");
	return slot_finish(slot, blob);
}

int libecryptfs_vault_slot_remove(struct libecryptfs_vault *vault,
				  unsigned int id)
{
	int index = slot_index(vault, id);
	struct libecryptfs_vault_slot slot;
	unsigned int good = 0, i;
	int err;

	if (index < 0)
		return index;
	for (i = 0; i < libecryptfs_vault_slots(vault); i++) {
		err = libecryptfs_vault_slot_find(vault, i, &slot);
		if (err)
			return err;
		good += i != (unsigned int)index && !*slot.damage;
		libecryptfs_vault_slot_destroy(&slot);
	}
	if (!good)
		return -EBUSY;
	json_object_array_del_idx(slots_of(vault), (size_t)index, 1);
	return 0;
}

/* Reads the file at @path if it may be replaced; NULL if there is none. */
static int backup_load(struct libecryptfs_vault *vault, const char *path,
		       char **old_ret, size_t *len_ret)
{
	int err = libecryptfs_file_load(path, NULL, old_ret, len_ret);

	if (err == -ENOENT)
		return 0;
	/* Only a vault of the same directory may be replaced. */
	if (!err && !memmem(*old_ret, *len_ret, string_of(vault->doc, "id"),
			    2 * LIBECRYPTFS_VAULT_ID_BYTES)) {
		free(*old_ret);
		*old_ret = NULL;
		err = -EEXIST;
	}
	return err;
}

int libecryptfs_vault_backup_check(struct libecryptfs_vault *vault,
				   const char *path)
{
	char *old = NULL;
	size_t old_len;
	int err;

	err = backup_load(vault, path, &old, &old_len);
	free(old);
	return err ? err : libecryptfs_file_place(path);
}

int libecryptfs_vault_backup(struct libecryptfs_vault *vault, const char *path)
{
	struct libecryptfs_file_change change;
	char *old = NULL;
	size_t old_len = 0;
	int err;

	err = backup_load(vault, path, &old, &old_len);
	if (!err)
		err = libecryptfs_file_begin(path, old, old_len, vault->loaded,
					     vault->loaded_bytes, &change);
	if (!err)
		err = libecryptfs_file_finish(&change);
	free(old);
	return err;
}
