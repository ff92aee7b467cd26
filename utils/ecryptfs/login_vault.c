// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Vaults at login.  A vault that was added has two files, ~/.ecryptfs/NAME.conf
 * and NAME.sig, which mount.ecryptfs_private reads.  A NAME.conf without a
 * vault in or beside its directory belongs to another program.  The vault is
 * opened by a slot with the login password, and the slot is changed together
 * with the password.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"
#include "login.h"
#include "mounts.h"
#include "private.h"
#include "vault_file.h"
#include "vault_use.h"

#define SOURCE "passphrase"
#define PAM_SERVICES "/etc/pam.d"

/* Reads the lower directory of NAME.conf. */
static bool conf_dir(const char *name, char dir[PATH_MAX])
{
	char target[PATH_MAX];

	return private_conf_load(name, dir, target);
}

static bool has_vault(const char *dir)
{
	char path[PATH_MAX + 32];

	return libecryptfs_vault_file_find(dir, path, sizeof(path));
}

struct each {
	const struct login *login;
	int (*fn)(const struct login *login, const char *name);
	int status;
};

static bool each_one(const char *name, void *data)
{
	struct each *each = data;
	char dir[PATH_MAX];

	/* The names of `ecryptfs mount' are not for the login. */
	if (*name != PRIVATE_BY_HAND && conf_dir(name, dir) && has_vault(dir))
		each->status |= each->fn(each->login, name);
	return false;
}

int login_vaults_each(const struct login *login,
		      int (*fn)(const struct login *login, const char *name))
{
	struct each each = { login, fn, CMD_OK };

	private_conf_each(each_one, &each);
	return each.status ? CMD_FAILED : CMD_OK;
}

/* Loads the vault of @dir.  @opts, of the caller, selects the slots to try. */
static int use_load(const struct login *login, const char *dir,
		    struct options *opts, struct vault_use *use)
{
	*opts = (struct options){ .slot = -1, .with = SOURCE, .operands = 1,
				  .from_stdin = true };
	opts->operand[0] = dir;
	*use = (struct vault_use){ .cmd = login->cmd };
	return vault_use_load(use, login->cmd, opts);
}

/* Loads the vault of NAME.conf, and sets @dir to its directory. */
static int named_load(const struct login *login, const char *name,
		      char dir[PATH_MAX], struct options *opts,
		      struct vault_use *use)
{
	*use = (struct vault_use){ .cmd = login->cmd };
	return conf_dir(name, dir) ? use_load(login, dir, opts, use) :
				     CMD_FAILED;
}

static int use_open(const struct login *login, struct vault_use *use)
{
	int err = vault_use_given(use, &login->password);

	if (!err)
		return vault_use_open(use);
	explain_print(login->cmd->program, use->path, explain_secmem(err));
	return CMD_FAILED;
}

/* The keys, with the note that a login has brought them; all or none. */
static int keys_bring(const struct login *login, struct vault_use *use,
		      bool absent, bool names_absent)
{
	bool gone;
	int status = vault_use_keys_add(use);
	int err = 0;

	/* What was unlocked by hand is not the login's to take away. */
	if (!status && absent)
		err = libecryptfs_keyring_mark(use->settings.sig);
	if (!status && !err)
		return CMD_OK;
	if (absent)
		libecryptfs_keyring_remove(use->settings.sig, &gone);
	if (names_absent)
		libecryptfs_keyring_remove(use->settings.fnek_sig, &gone);
	if (err)
		explain_print(login->cmd->program, use->path,
			      explain_keyring_put(err));
	return CMD_FAILED;
}

static int unlock_one(const struct login *login, const char *name)
{
	bool absent, names_absent;
	struct vault_use use;
	struct options opts;
	char dir[PATH_MAX];
	int status;

	status = named_load(login, name, dir, &opts, &use);
	if (!status) {
		absent = libecryptfs_keyring_find(use.settings.sig);
		names_absent = use.settings.names &&
			       libecryptfs_keyring_find(use.settings.fnek_sig);
		if (absent || names_absent) {
			status = use_open(login, &use);
			if (!status)
				status = keys_bring(login, &use, absent,
						    names_absent);
		}
	}
	vault_use_end(&use);
	return status;
}

static bool is_logins(const char *name, void *data)
{
	(void)data;
	return *name != PRIVATE_BY_HAND;
}

bool login_vaults_wanted(void)
{
	return private_conf_each(is_logins, NULL);
}

int login_vaults_unlock(const struct login *login)
{
	return login_vaults_each(login, unlock_one);
}

/* Changes the slot that the old password opens to the new one. */
static int slot_change(struct vault_use *use,
		       struct libecryptfs_vault_slot *slot)
{
	struct libecryptfs_blob blob = { 0 };
	int status, err;

	status = vault_use_wrap(use, SOURCE, &slot->blob, &blob);
	if (status)
		return status;
	err = libecryptfs_vault_slot_change(use->vault, slot->id, &blob);
	libecryptfs_blob_destroy(&blob);
	if (!err)
		return vault_use_commit(use);
	explain_print(use->cmd->program, use->path, explain_vault_commit(err));
	return CMD_FAILED;
}

static int slots_change(const struct login *login, struct vault_use *use,
			struct options *opts)
{
	struct libecryptfs_vault_slot slot;
	int status = CMD_LOCKED;
	unsigned int i;

	for (i = 0; status == CMD_LOCKED &&
		    i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			break;
		opts->slot = (int)slot.id;
		if (!strcmp(slot.source, SOURCE)) {
			status = use_open(login, use);
			if (!status)
				status = slot_change(use, &slot);
		}
		libecryptfs_vault_slot_destroy(&slot);
	}
	return status;
}

/*
 * Returns whether the vault is inside a directory that is mounted over itself,
 * where it can't be reached.
 */
static bool is_hidden(const char *dir)
{
	char beside[PATH_MAX + 32];
	struct mount there;

	snprintf(beside, sizeof(beside), "%s" LIBECRYPTFS_VAULT_BESIDE, dir);
	return mounts_find(dir, 0, &there) && !strcmp(there.upper, dir) &&
	       access(beside, F_OK);
}

static bool hidden_tell(const char *name, void *data)
{
	const struct login *login = data;
	char dir[PATH_MAX];

	if (*name != PRIVATE_BY_HAND && conf_dir(name, dir) && is_hidden(dir))
		fprintf(stderr,
			"%s: %s is mounted over itself, so a vault inside it keeps the old password\n  try: ecryptfs umount %s, then ecryptfs key change %s SLOT\n",
			login->cmd->program, explain_shown(dir),
			explain_quoted(dir), explain_quoted(dir));
	return false;
}

static int change_one(const struct login *login, const char *name)
{
	struct vault_use use;
	struct options opts;
	char dir[PATH_MAX];
	int status;

	if (!conf_dir(name, dir) || is_hidden(dir))
		return CMD_OK;
	status = use_load(login, dir, &opts, &use);
	use.given_new = &login->new_password;
	if (!status)
		status = slots_change(login, &use, &opts);
	vault_use_end(&use);
	if (status == CMD_LOCKED)
		fprintf(stderr,
			"%s: %s: no slot has the old password\n  try: ecryptfs key change %s SLOT\n",
			login->cmd->program, explain_shown(dir),
			explain_quoted(dir));
	return status;
}

int login_vaults_change(const struct login *login)
{
	private_conf_each(hidden_tell, (void *)login);
	return login_vaults_each(login, change_one);
}

static int fail(const struct login *login, const char *path, int err)
{
	fprintf(stderr, "%s: %s: %s\n", login->cmd->program,
		explain_shown(path), strerror(-err));
	return CMD_FAILED;
}

static int files_put(const struct login *login, struct vault_use *use,
		     const char *name, const char *target)
{
	int err = private_conf_put(name, &use->settings, use->dir, target);

	if (err == -EOPNOTSUPP)
		fprintf(stderr, "%s: %s: a login can mount with AES only\n",
			login->cmd->program, explain_shown(use->dir));
	else if (err == -EEXIST)
		fprintf(stderr,
			"%s: ~/.ecryptfs/%s.conf or %s.sig already exists\n  try: ecryptfs login remove %s\n",
			login->cmd->program, explain_shown(name),
			explain_shown(name), explain_quoted(name));
	else if (err)
		fail(login, "~/.ecryptfs", err);
	return err ? CMD_FAILED : CMD_OK;
}

static bool own_directory(const struct login *login, const char *path)
{
	struct stat attr;

	if (!stat(path, &attr) && S_ISDIR(attr.st_mode) &&
	    attr.st_uid == getuid())
		return true;
	fprintf(stderr, "%s: %s is not a directory that belongs to you\n",
		login->cmd->program, explain_shown(path));
	return false;
}

/* Returns whether a PAM configuration file has a line with this module. */
static bool pam_has_us(void)
{
	char path[PATH_MAX], *line = NULL;
	struct dirent *entry;
	bool found = false;
	size_t room = 0;
	FILE *file;
	DIR *list = opendir(PAM_SERVICES);

	while (list && !found && (entry = readdir(list))) {
		snprintf(path, sizeof(path), PAM_SERVICES "/%s", entry->d_name);
		file = fopen(path, "re");
		while (file && !found && getline(&line, &room, file) > 0)
			found = line[strspn(line, " \t")] != '#' &&
				strstr(line, "pam_ecryptfs_login.so");
		if (file)
			fclose(file);
	}
	free(line);
	if (list)
		closedir(list);
	return found;
}

static void added_tell(const char *dir, const char *lower, const char *target,
		       const char *name)
{
	bool pam = pam_has_us();

	printf("A login %s %s on %s, as `%s'.\n", pam ? "mounts" : "is to mount",
	       explain_shown(lower), explain_shown(target),
	       explain_shown(name));
	if (!pam)
		printf("But no login does so yet: PAM has no line for it\n"
		       "  try: pam-auth-update --enable ecryptfs-login, as root\n");
	printf("Next: ecryptfs key add %s passphrase, if no slot has the login password yet\n",
	       explain_quoted(dir));
}

int login_vault_add(const struct login *login, const char *dir,
		    const char *target)
{
	char path[PATH_MAX];
	struct vault_use use;
	struct options opts;
	const char *name;
	int status;

	if (!realpath(target, path))
		return fail(login, target, -errno);
	name = strrchr(path, '/') + 1;
	if (!*name || strchr(".-", *name) || *name == PRIVATE_BY_HAND ||
	    strlen(name) > PRIVATE_NAME_MAX || strstr(name, "..") ||
	    !libecryptfs_vault_label_good(name) || !strcmp(name, "Private")) {
		fprintf(stderr,
			"%s: %s: not a valid name: it must have 1 to %d characters, not begin with a dot, a hyphen or %c, and not be Private\n",
			login->cmd->program, explain_shown(path),
			PRIVATE_NAME_MAX,
			PRIVATE_BY_HAND);
		return CMD_FAILED;
	}
	if (!own_directory(login, path) || !own_directory(login, dir))
		return CMD_FAILED;
	status = use_load(login, dir, &opts, &use);
	if (!status)
		status = files_put(login, &use, name, path);
	if (!status)
		added_tell(dir, use.dir, path, name);
	vault_use_end(&use);
	return status;
}

int login_vault_agrees(const struct login *login, const char *name)
{
	struct vault_use use;
	struct options opts;
	char dir[PATH_MAX];
	int status;

	status = named_load(login, name, dir, &opts, &use);
	/*
	 * The key in the keyring proves that the vault's settings are
	 * authentic.
	 */
	if (!status && (!private_conf_agrees(name, &use.settings) ||
			vault_use_forged(&use))) {
		fprintf(stderr,
			"%s: %s: the keys, names or key size of ~/.ecryptfs/%s.conf and %s.sig are not those of the vault, which may have been changed, so it is not mounted\n  try: ecryptfs unlock %s, then ecryptfs login remove %s and login add\n",
			login->cmd->program, explain_shown(dir),
			explain_shown(name), explain_shown(name),
			explain_quoted(dir), explain_quoted(name));
		status = CMD_DAMAGED;
	}
	vault_use_end(&use);
	return status;
}

int login_vault_remove(const struct login *login, const char *name)
{
	char dir[PATH_MAX];
	int err;

	if (!*name || strchr(name, '/') || strlen(name) > PRIVATE_NAME_MAX ||
	    !conf_dir(name, dir) || !has_vault(dir)) {
		fprintf(stderr, "%s: %s: no vault was added under this name\n",
			login->cmd->program, explain_shown(name));
		return CMD_FAILED;
	}
	err = private_conf_remove(name);
	return err ? fail(login, name, err) : CMD_OK;
}
