// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs init: makes a vault for a lower directory.
 *
 * The master secret consists of 64 random hexadecimal digits, which serve as a
 * passphrase of format 1, like those of ecryptfs-utils (which have 32).  So any
 * tool can open the files once the secret is known.  --adopt uses the
 * passphrase that the directory already has.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "adopt.h"
#include "explain.h"
#include "lib_private.h"
#include "vault_file.h"
#include "vault_use.h"

#define MAGIC 0xf15f /* f_type of a mount */
#define RANDOM_BYTES 32

static int fail(const struct command *cmd, const char *what,
		struct explanation explanation)
{
	explain_print(cmd->program, what, explanation);
	return CMD_FAILED;
}

/*
 * Returns whether there is a vault where the commands would look for it, and
 * reports it.
 */
static bool there_already(const struct vault_use *use)
{
	char inside[PATH_MAX];
	const char *found = use->path;

	snprintf(inside, sizeof(inside), "%.*s/" LIBECRYPTFS_VAULT_INSIDE,
		 PATH_MAX - 32, use->dir);
	if (access(found, F_OK)) {
		if (use->opts->vault || access(inside, F_OK))
			return false;
		found = inside;
	}
	fail(use->cmd, found, explain_vault_commit(-EEXIST));
	return true;
}

/*
 * Checks whether the directory has files that would not be encrypted, and
 * whether it is new.
 */
static int directory_check(const char *path, bool *made_ret, bool *empty_ret)
{
	struct dirent *entry;
	DIR *dir;

	*made_ret = !mkdir(path, 0700);
	if (!*made_ret && errno != EEXIST)
		return -errno;
	dir = opendir(path);
	if (!dir)
		return -errno;
	*empty_ret = true;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    strcmp(entry->d_name, "lost+found") &&
		    strcmp(entry->d_name, LIBECRYPTFS_VAULT_INSIDE))
			*empty_ret = false;
	closedir(dir);
	return 0;
}

static int master_random(struct libecryptfs_secmem *ret)
{
	struct libecryptfs_secmem random, text = { 0 };
	int err;

	err = libecryptfs_secmem_create(RANDOM_BYTES, &random);
	if (err)
		return err;
	err = libecryptfs_sym_random(random.sm_bytes, RANDOM_BYTES);
	if (!err)
		err = libecryptfs_secmem_create(2 * RANDOM_BYTES + 1, &text);
	if (!err) {
		libecryptfs_hex_from_bytes(random.sm_bytes, RANDOM_BYTES,
					   (char *)text.sm_bytes);
		err = libecryptfs_vault_master_create(text.sm_bytes,
						      2 * RANDOM_BYTES, ret);
	}
	libecryptfs_secmem_destroy(&text);
	libecryptfs_secmem_destroy(&random);
	return err;
}

static int master_make(struct vault_use *use)
{
	struct libecryptfs_secmem typed;
	size_t len;
	int err;

	if (!use->opts->adopt) {
		err = master_random(&use->master);
		return err ? fail(use->cmd, "cannot make a secret",
				  explain_secmem(err)) :
			     CMD_OK;
	}
	err = vault_use_ask(use, "Mount passphrase of the directory: ", false,
			    &typed, &len);
	if (err == -ENODATA)
		return command_usage_error(use->cmd,
					   "standard input is not a terminal; `-' reads secrets from it, one per line");
	if (!err) {
		err = libecryptfs_vault_master_create(typed.sm_bytes, len,
						      &use->master);
		libecryptfs_secmem_destroy(&typed);
	}
	return err ? fail(use->cmd, "cannot read the mount passphrase",
			  explain_token(err)) :
		     CMD_OK;
}

/*
 * Checks that the passphrase is that of the files, and takes their cipher
 * unless another is given.
 */
static int adopt(struct vault_use *use)
{
	struct libecryptfs_vault_settings *settings = &use->settings;
	struct explanation explanation;
	char why[ADOPT_WHY];
	struct adopt found;
	int err;

	err = adopt_survey(use->dir, settings, &found);
	if (err)
		return fail(use->cmd, use->dir, explain_vault_commit(err));
	if (!adopt_check(&found, why, &explanation))
		return fail(use->cmd, use->dir, explanation);
	if (found.sig_found && !use->opts->cipher)
		memcpy(settings->cipher, found.cipher, sizeof(found.cipher));
	if (found.sig_found && !use->opts->key_bytes)
		settings->key_bytes = found.key_bytes;
	return CMD_OK;
}

/* Returns the largest of the usual key sizes that the cipher takes. */
static unsigned int key_bytes_default(enum efmt_cipher cipher)
{
	unsigned int bytes = 32;

	while (bytes > 8 && !efmt_v1_cipher_key_valid(cipher, bytes))
		bytes -= 8;
	return bytes;
}

/*
 * Refuses settings that no kernel could mount.  Returns NULL, or what is wrong.
 */
static const char *cipher_check(struct options *opts)
{
	enum efmt_cipher cipher = EFMT_CIPHER_AES;

	if (opts->cipher && efmt_v1_cipher_find(opts->cipher, &cipher))
		return "--cipher takes aes, blowfish, des3_ede, twofish, cast6 or cast5";
	if (opts->cipher && !opts->key_bytes)
		opts->key_bytes = key_bytes_default(cipher);
	if (opts->key_bytes && !efmt_v1_cipher_key_valid(cipher, opts->key_bytes))
		return "--key-bytes: the cipher does not have keys of that size";
	return NULL;
}

/*
 * Returns whether the directory could not be mounted there, or would be
 * encrypted twice, and reports it.
 */
static bool place_bad(const struct vault_use *use)
{
	char above[PATH_MAX], vault[PATH_MAX + 32];
	struct statfs attr;
	char *slash;

	if (!statfs(use->dir, &attr) && attr.f_type == MAGIC) {
		fprintf(stderr,
			"%s: %s is in an eCryptfs mount, and eCryptfs cannot be mounted over eCryptfs\n",
			use->cmd->program, explain_shown(use->dir));
		return true;
	}
	memcpy(above, use->dir, sizeof(above));
	while ((slash = strrchr(above, '/')) && slash != above) {
		*slash = '\0';
		if (!libecryptfs_vault_file_find(above, vault, sizeof(vault)))
			continue;
		fprintf(stderr,
			"%s: %s is in %s, which has a vault of its own, so its files belong to that mount\n",
			use->cmd->program, explain_shown(use->dir),
			explain_shown(above));
		return true;
	}
	return false;
}

static int vault_make(struct vault_use *use)
{
	const struct options *opts = use->opts;
	struct libecryptfs_vault_settings *settings = &use->settings;
	enum libecryptfs_salt_source source;
	int err;

	snprintf(settings->cipher, sizeof(settings->cipher), "%s",
		 opts->cipher ? opts->cipher : "aes");
	settings->key_bytes = opts->key_bytes ? opts->key_bytes :
			      opts->adopt     ? 16 :
						32;
	settings->names = !opts->plain_names;
	err = libecryptfs_salt_load(settings->salt, &source);
	if (err)
		return fail(use->cmd, "cannot read the salt",
			    explain_salt(err));
	err = vault_use_token(use, settings->salt, settings->sig,
			      settings->fnek_sig);
	if (err)
		return fail(use->cmd, "cannot make the key",
			    explain_token(err));
	if (opts->adopt && !opts->no_check) {
		err = adopt(use);
		if (err)
			return err;
	}
	err = libecryptfs_vault_create(settings, &use->vault);
	return err ? fail(use->cmd, "cannot make a vault",
			  explain_vault_commit(err)) :
		     CMD_OK;
}

static int slot_make(struct vault_use *use, const char *source)
{
	struct libecryptfs_blob blob = { 0 };
	unsigned int id;
	int status, err;

	status = vault_use_wrap(use, source, NULL, &blob);
	if (status)
		return status;
	err = libecryptfs_vault_slot_put(use->vault, source,
					 use->opts->label ? use->opts->label : "",
					 &blob, &id);
	libecryptfs_blob_destroy(&blob);
	return err ? fail(use->cmd, source, explain_vault_commit(err)) : CMD_OK;
}

static int json_show(struct vault_use *use)
{
	json_object *path = json_object_new_string(use->path);
	char *text = libecryptfs_text_json(json_object_to_json_string_ext(
		path, JSON_C_TO_STRING_NOSLASHESCAPE));

	printf("{\n  \"vault\": %s,\n  \"signature\": \"%s\",\n  \"names_signature\": \"%s\"",
	       text ? text : "null", use->settings.sig, use->settings.fnek_sig);
	free(text);
	json_object_put(path);
	if (use->shown.sm_bytes) {
		printf(",\n  \"recovery_key\": \"");
		fflush(stdout);
		/* This does not go through a buffer that is not wiped. */
		if (write(STDOUT_FILENO, use->shown.sm_bytes,
			  use->shown.sm_size - 1) !=
		    (ssize_t)use->shown.sm_size - 1)
			return fail(use->cmd, "standard output",
				    explain_other(errno ? -errno : -EIO));
		putchar('"');
	}
	puts("\n}");
	libecryptfs_secmem_destroy(&use->shown);
	return vault_use_shown(use);
}

static int plain_show(struct vault_use *use)
{
	printf("Vault: %s\nWithout it, nothing opens the files: keep a copy elsewhere, too.\n\n",
	       explain_shown(use->path));
	return use->shown.sm_bytes ? vault_use_show(use) : vault_use_shown(use);
}

/* As a shell takes it for one word. */
static void word_print(const char *word)
{
	const char *at = word;

	while (isalnum((unsigned char)*at) || (*at && strchr("/._-+,:@%=", *at)))
		at++;
	if (*word && !*at) {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*word);
	putchar('\'');
}

static int next_show(struct vault_use *use)
{
	if (use->opts->adopt)
		puts("The files still depend on the mount passphrase: an attacker who gets one can guess\n"
		     "it at the cost of 65536 rounds of SHA-512 per guess, whatever the slots cost.\n");
	if (geteuid() && strcmp(use->settings.cipher, "aes"))
		puts("With another cipher than AES, only root can mount it.\n");
	fputs("Next: ecryptfs mount ", stdout);
	word_print(explain_shown(use->opts->operand[0]));
	puts(" MOUNTPOINT");
	return vault_use_shown(use);
}

static int init(struct vault_use *use)
{
	int status;

	status = master_make(use);
	if (!status)
		status = vault_make(use);
	if (!status)
		status = slot_make(use, "passphrase");
	if (!status && !use->opts->no_recovery)
		status = slot_make(use, "recovery");
	if (!status)
		status = vault_use_input_end(use);
	use->show_own = use->opts->json ? json_show : plain_show;
	if (!status)
		status = vault_use_commit(use);
	if (status)
		return status;
	vault_use_remember(use);
	return use->opts->json ? CMD_OK : next_show(use);
}

/* Beside: what is inside can be removed through the mount. */
static bool path_choose(struct vault_use *use)
{
	char *path = NULL;
	bool fits;

	if (use->opts->vault)
		path = strdup(use->opts->vault);
	else if (asprintf(&path, "%s" LIBECRYPTFS_VAULT_BESIDE, use->dir) < 0)
		path = NULL;
	fits = path && strlen(path) < sizeof(use->path);
	if (fits)
		memcpy(use->path, path, strlen(path) + 1);
	free(path);
	return fits;
}

int cmd_init(const struct command *cmd, int argc, char **argv)
{
	struct options opts;
	struct vault_use use = { .cmd = cmd, .opts = &opts };
	bool empty = true, made = false;
	const char *bad;
	int status;
	int err;

	if (!options_parse(cmd, argc, argv, "VlbckjAPRC", 1, 1, &opts, &status))
		return status;
	bad = cipher_check(&opts);
	if (bad)
		return command_usage_error(cmd, bad);
	err = directory_check(opts.operand[0], &made, &empty);
	if (!err && !realpath(opts.operand[0], use.dir))
		err = -errno;
	if (err)
		return fail(cmd, opts.operand[0], explain_vault_commit(err));
	if (!empty && !opts.adopt) {
		fprintf(stderr,
			"%s: %s is not empty: its files would not be encrypted\n  try: an empty directory, or --adopt if its files are encrypted\n",
			cmd->program, explain_shown(opts.operand[0]));
		return CMD_FAILED;
	}
	if (!path_choose(&use))
		return fail(cmd, opts.operand[0],
			    explain_vault_commit(-ENAMETOOLONG));
	status = there_already(&use) || place_bad(&use) ? CMD_FAILED :
							   init(&use);
	vault_use_end(&use);
	/* Nothing was changed. */
	if (status && made)
		rmdir(use.dir);
	return status;
}
