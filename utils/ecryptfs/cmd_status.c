// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs status and ecryptfs key list: what there is, without any secret.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "mounts.h"
#include "vault_use.h"

static void put_string(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static void json_print(json_object *object)
{
	puts(json_object_to_json_string_ext(object,
					    JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void slot_describe(struct libecryptfs_vault_slot *slot, char *text,
			  size_t size)
{
	const struct libecryptfs_keysource *source =
		libecryptfs_keysource_find(slot->source);

	if (*slot->damage)
		snprintf(text, size, "damaged: %s", slot->damage);
	else if (source)
		source->describe(&slot->blob, text, size);
	else
		snprintf(text, size, "this build has no such source");
}

/* What anybody may have written into the file is not for a terminal. */
static const char *shown(const char *text)
{
	return libecryptfs_vault_label_good(text) ? text : "(not text)";
}

static json_object *slot_to_json(const struct libecryptfs_vault_slot *slot,
				 const char *text)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "slot",
			       json_object_new_int64(slot->id));
	put_string(object, "source", shown(slot->source));
	put_string(object, "label", shown(slot->label));
	put_string(object, "created", shown(slot->created));
	put_string(object, "description", text);
	json_object_object_add(object, "damaged",
			       json_object_new_boolean(*slot->damage != 0));
	return object;
}

/* Into @array, or as lines; whether one of them is damaged. */
static bool slots_show(struct vault_use *use, json_object *array)
{
	struct libecryptfs_vault_slot slot;
	bool damaged = false;
	char text[128];
	unsigned int i;

	for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			continue;
		damaged |= *slot.damage != 0;
		slot_describe(&slot, text, sizeof(text));
		if (array)
			json_object_array_add(array,
					      slot_to_json(&slot, text));
		else
			printf("%3u  %-10s  %s  %s%s%s\n", slot.id,
			       shown(slot.source), shown(slot.created), text,
			       *slot.label ? "  " : "", shown(slot.label));
		libecryptfs_vault_slot_destroy(&slot);
	}
	return damaged;
}

int cmd_slot_list(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	json_object *array;
	struct options opts;
	int status;

	if (!options_parse(cmd, argc, argv, "Vj", 1, 1, &opts, &status))
		return status;
	status = vault_use_load(&use, cmd, &opts);
	if (!status) {
		array = opts.json ? json_object_new_array() : NULL;
		if (slots_show(&use, array))
			status = CMD_DAMAGED;
		if (array)
			json_print(array);
	}
	vault_use_end(&use);
	return status;
}

static json_object *mounts_to_json(const char *dir)
{
	json_object *array = json_object_new_array(), *object;
	struct mount mount;
	unsigned int i;

	for (i = 0; mounts_find(dir, i, &mount); i++) {
		object = json_object_new_object();
		put_string(object, "lower", mount.lower);
		put_string(object, "upper", mount.upper);
		put_string(object, "signature", mount.sig);
		json_object_array_add(array, object);
	}
	return array;
}

static void mounts_print(const char *dir)
{
	struct mount mount;
	unsigned int i;

	for (i = 0; mounts_find(dir, i, &mount); i++)
		printf("mounted   %s on %s\n", mount.lower, mount.upper);
	if (!i)
		puts("mounted   no");
}

/* Whether a mount from here finds the keys. */
static bool is_unlocked(const struct libecryptfs_vault_settings *settings)
{
	return !libecryptfs_keyring_find(settings->sig) &&
	       (!settings->names ||
		!libecryptfs_keyring_find(settings->fnek_sig));
}

static void status_to_json(struct vault_use *use, json_object *to)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;
	json_object *slots = json_object_new_array();

	put_string(to, "directory", use->dir);
	put_string(to, "vault", use->path);
	put_string(to, "cipher", settings->cipher);
	json_object_object_add(to, "key_bytes",
			       json_object_new_int64(settings->key_bytes));
	put_string(to, "names", settings->names ? "encrypted" : "plain");
	put_string(to, "signature", settings->sig);
	put_string(to, "names_signature", settings->fnek_sig);
	json_object_object_add(to, "unlocked",
			       json_object_new_boolean(is_unlocked(settings)));
	slots_show(use, slots);
	json_object_object_add(to, "slots", slots);
	json_object_object_add(to, "mounts", mounts_to_json(use->dir));
}

static void status_print(struct vault_use *use)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;

	printf("vault     %s\nfiles     %s, %u bytes of key, names %s\nkeys      %s, for names %s\n",
	       use->path, settings->cipher, settings->key_bytes,
	       settings->names ? "encrypted" : "plain", settings->sig,
	       settings->fnek_sig);
	printf("unlocked  %s\n", is_unlocked(settings) ? "yes" : "no");
	mounts_print(use->dir);
	puts("slots");
	slots_show(use, NULL);
}

int cmd_status(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	json_object *object;
	struct options opts;
	int status;

	if (!options_parse(cmd, argc, argv, "Vj", 0, 1, &opts, &status))
		return status;
	if (!opts.operands) {
		if (opts.json)
			json_print(mounts_to_json(NULL));
		else
			mounts_print(NULL);
		return CMD_OK;
	}
	/* What a mount finds, whichever session this is. */
	libecryptfs_keyring_apart();
	status = vault_use_load(&use, cmd, &opts);
	if (!status && opts.json) {
		object = json_object_new_object();
		status_to_json(&use, object);
		json_print(object);
	} else if (!status) {
		status_print(&use);
	}
	vault_use_end(&use);
	return status;
}
