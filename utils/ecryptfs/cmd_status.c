// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs status and ecryptfs key list: show everything that needs no secret.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "json.h"
#include "mounts.h"
#include "vault_use.h"

/*
 * Returns a description of the slot, of any length, which the caller frees;
 * NULL if there is not enough memory.
 */
static char *slot_describe(struct libecryptfs_vault_slot *slot)
{
	const struct libecryptfs_keysource *source =
		libecryptfs_keysource_find(slot->source);
	size_t size;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	if (*slot->damage)
		fprintf(to, "damaged: %s", slot->damage);
	else if (source)
		source->describe(&slot->blob, to);
	else
		fputs("this build does not have such a key source", to);
	if (!fclose(to))
		return text;
	free(text);
	return NULL;
}

/* Converts words separated by blanks to an array. */
static json_object *words_to_json(const char *text)
{
	json_object *array = json_object_new_array();
	size_t len;

	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		json_object_array_add(array, json_object_new_string_len(
						     text, (int)len));
	}
	return array;
}

/* Adds fields of the blob, so that programs need not parse a description. */
static void facts_to_json(struct libecryptfs_vault_slot *slot, json_object *to)
{
	const struct libecryptfs_keysource *source =
		libecryptfs_keysource_find(slot->source);
	const struct libecryptfs_blob_field *field;
	const char *const *fact;
	unsigned int i;

	for (fact = source ? source->facts : NULL; fact && *fact; fact++)
		for (i = 0; i < slot->blob.bb_count; i++) {
			field = &slot->blob.bb_field[i];
			if (strcmp(field->name, *fact))
				continue;
			if (!field->text)
				json_object_object_add(to, *fact, json_object_new_int64((int64_t)field->number));
			else if (!strcmp(*fact, "recipients"))
				json_object_object_add(to, *fact, words_to_json(field->text));
			else
				json_put_string(to, *fact, field->text);
		}
}

static json_object *slot_to_json(struct libecryptfs_vault_slot *slot,
				 const char *text)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "slot",
			       json_object_new_int64(slot->id));
	json_put_string(object, "source", slot->source);
	json_put_string(object, "label", slot->label);
	json_put_string(object, "created", slot->created);
	json_put_string(object, "description", text);
	json_object_object_add(object, "damaged",
			       json_object_new_boolean(*slot->damage != 0));
	facts_to_json(slot, object);
	return object;
}

/* Adds the slots to @array or prints them.  Returns whether one is damaged. */
static bool slots_show(struct vault_use *use, json_object *array)
{
	struct libecryptfs_vault_slot slot;
	bool damaged = false;
	unsigned int i;
	char *text;

	for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			continue;
		damaged |= *slot.damage != 0;
		text = slot_describe(&slot);
		if (array)
			json_object_array_add(array, slot_to_json(&slot, text ? text : "?"));
		else
			printf("%3u  %-10s  %s  %s%s%s\n", slot.id,
			       explain_shown(slot.source),
			       explain_shown(slot.created),
			       explain_shown(text ? text : "?"),
			       *slot.label ? "  " : "",
			       explain_shown(slot.label));
		free(text);
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
		json_put_string(object, "lower", mount.lower);
		json_put_string(object, "upper", mount.upper);
		json_put_string(object, "signature", mount.sig);
		json_object_array_add(array, object);
	}
	return array;
}

static void mounts_print(const char *dir)
{
	struct mount mount;
	unsigned int i;

	for (i = 0; mounts_find(dir, i, &mount); i++)
		printf("mounted   %s on %s\n", explain_shown(mount.lower),
		       explain_shown(mount.upper));
	if (!i)
		puts("mounted   no");
}

/* Returns whether a mount by this process finds the keys. */
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

	json_put_string(to, "directory", use->dir);
	json_put_string(to, "vault", use->path);
	json_put_string(to, "cipher", settings->cipher);
	json_object_object_add(to, "key_bytes",
			       json_object_new_int64(settings->key_bytes));
	json_put_string(to, "names", settings->names ? "encrypted" : "plain");
	json_put_string(to, "signature", settings->sig);
	json_put_string(to, "names_signature", settings->fnek_sig);
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
	       explain_shown(use->path), settings->cipher, settings->key_bytes,
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
	/* This is what a mount finds, whichever session this is. */
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
