// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs vault list and ecryptfs vault forget: the vaults that the user has made or
 * used here, as the list of known vaults has them, and what has become of each.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "explain.h"
#include "json.h"
#include "known.h"
#include "mounts.h"
#include "options.h"
#include "vault.h"
#include "vault_file.h"

static int list_fail(const struct command *cmd, int err)
{
	char path[PATH_MAX] = "known-vaults";

	libecryptfs_known_path(path, sizeof(path));
	explain_print(cmd->program, path,
		      err == -EPERM ?
			      (struct explanation){
				      "it belongs to another user, or other users can write to it",
				      "chown and chmod, if what it says is right" } :
			      explain_other(err));
	return CMD_FAILED;
}

/* What there is of a vault that is known; @path is the vault's if there is one. */
static const char *state_find(const char *dir, const char *sig,
			      char path[PATH_MAX])
{
	struct libecryptfs_vault_settings settings;
	char why[LIBECRYPTFS_VAULT_WHY];
	struct libecryptfs_vault *vault;
	struct mount mount;
	struct stat st;
	int err;

	*path = '\0';
	if (mounts_find(dir, 0, &mount) &&
	    (!*mount.sig || !strcmp(mount.sig, sig)))
		return "mounted";
	if (stat(dir, &st))
		return errno == ENOENT || errno == ENOTDIR ? "no directory" :
							     "not accessible";
	if (!libecryptfs_vault_file_find(dir, path, PATH_MAX) &&
	    stat(path, &st) && errno == ENOENT) {
		*path = '\0';
		return "no vault";
	}
	err = libecryptfs_vault_load(path, dir, why, &vault);
	if (err)
		return err == -ENOENT ? "no vault" :
		       err == -EACCES ? "not accessible" :
					"damaged";
	libecryptfs_vault_settings(vault, &settings);
	libecryptfs_vault_destroy(vault);
	if (strcmp(settings.sig, sig))
		return "exchanged";
	return libecryptfs_keyring_find(sig) ? "locked" : "unlocked";
}

/* Into the array @arg, or as a line where that is NULL. */
static bool known_show(const char *dir, const char *sig, void *arg)
{
	json_object *array = arg, *object;
	char path[PATH_MAX];
	const char *state = state_find(dir, sig, path);

	if (!array) {
		printf("%s  %-14s  %s\n", sig, state, explain_shown(dir));
		return false;
	}
	object = json_object_new_object();
	json_put_string(object, "directory", dir);
	json_put_string(object, "signature", sig);
	json_put_string(object, "state", state);
	json_object_object_add(object, "vault",
			       *path ? json_object_new_string(path) : NULL);
	json_object_array_add(array, object);
	return false;
}

int cmd_vault_list(const struct command *cmd, int argc, char **argv)
{
	json_object *array = NULL;
	struct options opts;
	int status, err;

	if (!options_parse(cmd, argc, argv, "j", 0, 0, &opts, &status))
		return status;
	/* What a mount finds, whichever session this is. */
	libecryptfs_keyring_apart();
	if (opts.json)
		array = json_object_new_array();
	err = libecryptfs_known_each(known_show, array);
	if (array)
		json_print(array);
	return err ? list_fail(cmd, err) : CMD_OK;
}

/* A directory by what the list shows, which need not be what it is. */
struct shown {
	const char *text;
	char dir[PATH_MAX];
};

static bool shown_match(const char *dir, const char *sig, void *arg)
{
	struct shown *shown = arg;

	(void)sig;
	if (strcmp(explain_shown(dir), shown->text))
		return false;
	snprintf(shown->dir, sizeof(shown->dir), "%s", dir);
	return true;
}

/*
 * As the list shows it comes first: a directory that is gone has no other name, and
 * where a link has taken its place, that leads to another.
 */
static int forget(const char *text, char dir_ret[PATH_MAX])
{
	struct shown shown = { .text = text };
	int err = libecryptfs_known_each(shown_match, &shown);

	if (err)
		return err;
	snprintf(dir_ret, PATH_MAX, "%s", shown.dir);
	if (!*dir_ret && !realpath(text, dir_ret))
		return -ENOENT;
	return libecryptfs_known_remove(dir_ret);
}

int cmd_vault_forget(const struct command *cmd, int argc, char **argv)
{
	struct options opts;
	char dir[PATH_MAX];
	int status, err;

	if (!options_parse(cmd, argc, argv, "", 1, 1, &opts, &status))
		return status;
	err = forget(opts.operand[0], dir);
	if (err == -ENOENT) {
		explain_print(cmd->program, opts.operand[0],
			      (struct explanation){ "it is not known here",
						    "ecryptfs vault list" });
		return CMD_FAILED;
	}
	if (err)
		return list_fail(cmd, err);
	printf("Forgotten: %s\n", explain_shown(dir));
	return CMD_OK;
}
