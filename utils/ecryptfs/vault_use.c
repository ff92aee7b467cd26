// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vault in use by a command.  Slots are tried in the order of their sources:
 * first those that need no answer, then those with typed secrets.  A typed
 * secret is tried on all slots that take it, and asked for again, three times
 * on a terminal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "explain.h"
#include "trust.h"
#include "vault_file.h"
#include "vault_use.h"

#define TRIES 3
#define TYPED_MAX 1024

enum { TYPED_PASSPHRASE, TYPED_RECOVERY, TYPED_PIN };

static int fail(struct vault_use *use, int status, const char *what,
		struct explanation explanation)
{
	explain_print(use->cmd->program, what, explanation);
	return status;
}

/* Finds the vault of @use->dir. */
static void path_find(struct vault_use *use)
{
	if (use->opts->vault)
		snprintf(use->path, sizeof(use->path), "%s", use->opts->vault);
	else
		libecryptfs_vault_file_find(use->dir, use->path,
					    sizeof(use->path));
}

int vault_use_load(struct vault_use *use, const struct command *cmd,
		   const struct options *opts)
{
	char why[LIBECRYPTFS_VAULT_WHY];
	int err;

	use->cmd = cmd;
	use->opts = opts;
	use->work = LIBECRYPTFS_WORK_MAX;
	if (!realpath(opts->operand[0], use->dir))
		return fail(use, CMD_FAILED, opts->operand[0],
			    explain_other(-errno));
	path_find(use);
	err = libecryptfs_vault_load(use->path, use->dir, why, &use->vault);
	if (err)
		return fail(use, err == -EUCLEAN ? CMD_DAMAGED : CMD_FAILED,
			    use->path, explain_vault_load(err, why));
	libecryptfs_vault_settings(use->vault, &use->settings);
	return CMD_OK;
}

static bool anybody_there(const struct vault_use *use)
{
	return use->opts->from_stdin || isatty(STDIN_FILENO);
}

int vault_use_ask(struct vault_use *use, const char *prompt, bool twice,
		  struct libecryptfs_secmem *ret, size_t *len_ret)
{
	struct libecryptfs_secmem again;
	size_t again_len;
	bool same;
	int err;

	if (!anybody_there(use))
		return -ENODATA;
	if (use->opts->from_stdin) {
		err = input_line(NULL, NULL, TYPED_MAX, ret, len_ret, NULL);
		if (err || !twice || *len_ret)
			return err;
		libecryptfs_secmem_destroy(ret);
		return -EKEYREJECTED;
	}
	err = input_line(prompt, stderr, TYPED_MAX, ret, len_ret, NULL);
	if (err || !twice)
		return err;
	err = input_line("Repeat it: ", stderr, TYPED_MAX, &again,
			 &again_len, NULL);
	same = !err && again_len == *len_ret && *len_ret &&
	       !memcmp(again.sm_bytes, ret->sm_bytes, again_len);
	libecryptfs_secmem_destroy(&again);
	if (!same)
		libecryptfs_secmem_destroy(ret);
	return err ? err : same ? 0 : -EKEYREJECTED;
}

/* Returns a copy of a secret that was typed before, or is typed now. */
static int typed_take(struct vault_use *use, int kind, const char *prompt,
		      struct libecryptfs_secmem *ret, size_t *len_ret)
{
	int err = 0;

	if (!use->typed[kind].sm_bytes)
		err = vault_use_ask(use, prompt, false, &use->typed[kind],
				    &use->typed_bytes[kind]);
	if (!err)
		err = libecryptfs_secmem_create(use->typed[kind].sm_size, ret);
	if (err)
		return err;
	memcpy(ret->sm_bytes, use->typed[kind].sm_bytes, ret->sm_size);
	*len_ret = use->typed_bytes[kind];
	return 0;
}

static void typed_forget(struct vault_use *use)
{
	libecryptfs_secmem_destroy(&use->typed[TYPED_PASSPHRASE]);
	libecryptfs_secmem_destroy(&use->typed[TYPED_RECOVERY]);
	libecryptfs_secmem_destroy(&use->typed[TYPED_PIN]);
}

static int copy_take(const struct libecryptfs_text *text,
		     struct libecryptfs_secmem *ret, size_t *len_ret)
{
	int err = libecryptfs_secmem_create(text->len + 1, ret);

	if (err)
		return err;
	memcpy(ret->sm_bytes, text->bytes, text->len);
	*len_ret = text->len;
	return 0;
}

int vault_use_given(struct vault_use *use,
		    const struct libecryptfs_text *passphrase)
{
	libecryptfs_secmem_destroy(&use->typed[TYPED_PASSPHRASE]);
	return copy_take(passphrase, &use->typed[TYPED_PASSPHRASE],
			 &use->typed_bytes[TYPED_PASSPHRASE]);
}

/*
 * A script's line is used as a PIN only if the slot was selected.  A line that
 * was meant as a passphrase would be a wrong PIN, and a device accepts only a
 * few of those.
 */
static int pin_take(struct vault_use *use, struct libecryptfs_secmem *ret,
		    size_t *len_ret)
{
	bool terminal = !use->opts->from_stdin && isatty(STDIN_FILENO);

	if (!terminal && !use->opts->with && use->opts->slot < 0)
		return LIBECRYPTFS_NOT_MINE;
	return typed_take(use, TYPED_PIN, "PIN (empty for another slot): ", ret,
			  len_ret);
}

/*
 * Returns whether @text is likely to be guessed first.  Without a word list,
 * which no rules can replace, this means that it is short or has few different
 * characters.
 */
static bool is_weak(const uint8_t *text, size_t len)
{
	unsigned int characters = 0, different = 0;
	bool seen[256] = { false };
	size_t i;

	for (i = 0; i < len; i++) {
		characters += (text[i] & 0xc0) != 0x80;
		different += !seen[text[i]];
		seen[text[i]] = true;
	}
	explicit_bzero(seen, sizeof(seen));
	return characters < 8 || different < 5;
}

/*
 * A user is warned and can still interrupt; a script's passphrase was chosen
 * before.
 */
static int new_passphrase_take(struct vault_use *use,
			       struct libecryptfs_secmem *ret, size_t *len_ret)
{
	int err;

	if (use->given_new)
		return copy_take(use->given_new, ret, len_ret);
	err = vault_use_ask(use, "New passphrase: ", true, ret, len_ret);
	if (!err && !use->opts->from_stdin && is_weak(ret->sm_bytes, *len_ret))
		fprintf(stderr,
			"%s: this passphrase is short or has few different characters: an attacker tries such passphrases first\n  try: press Ctrl-C and choose five words or more; or use ecryptfs key change later\n",
			use->cmd->program);
	return err;
}

static int ask(const struct libecryptfs_keysource_params *params,
	       enum libecryptfs_ask what, struct libecryptfs_secmem *ret,
	       size_t *len_ret)
{
	struct vault_use *use = params->arg;

	use->asked = true;
	switch (what) {
	case LIBECRYPTFS_ASK_PASSPHRASE:
		return typed_take(use, TYPED_PASSPHRASE, "Passphrase: ", ret,
				  len_ret);
	case LIBECRYPTFS_ASK_NEW_PASSPHRASE:
		return new_passphrase_take(use, ret, len_ret);
	case LIBECRYPTFS_ASK_RECOVERY:
		return typed_take(use, TYPED_RECOVERY, "Recovery key: ", ret,
				  len_ret);
	case LIBECRYPTFS_ASK_KEY_PASSWORD:
		return vault_use_ask(use, "Password of the private key: ",
				     false, ret, len_ret);
	case LIBECRYPTFS_ASK_PIN:
		return pin_take(use, ret, len_ret);
	case LIBECRYPTFS_ASK_NEW_PIN:
		return vault_use_ask(use, "New PIN: ", true, ret, len_ret);
	case LIBECRYPTFS_ASK_SHARE:
		return vault_use_ask(use, "Next share (empty: no more): ",
				     false, ret, len_ret);
	}
	return -EINVAL;
}

static void tell(const struct libecryptfs_keysource_params *params,
		 const char *text)
{
	struct vault_use *use = params->arg;

	fprintf(stderr, "%s: %s\n", use->cmd->program, text);
}

static int show(const struct libecryptfs_keysource_params *params,
		const char *title, const struct libecryptfs_secmem *text)
{
	struct vault_use *use = params->arg;
	int err;

	use->shown_title = title;
	libecryptfs_secmem_destroy(&use->shown);
	err = libecryptfs_secmem_create(text->sm_size, &use->shown);
	if (!err)
		memcpy(use->shown.sm_bytes, text->sm_bytes, text->sm_size);
	return err;
}

static void params_set(struct vault_use *use,
		       struct libecryptfs_keysource_params *params,
		       uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES])
{
	libecryptfs_vault_id(use->vault, id);
	*params = (struct libecryptfs_keysource_params){
		.interactive = anybody_there(use),
		.scripted = use->opts->from_stdin,
		.chosen = use->opts->with || use->opts->slot >= 0,
		.context = id,
		.context_bytes = LIBECRYPTFS_VAULT_ID_BYTES,
		.settings = use->opts->settings,
		.ask = ask,
		.tell = tell,
		.show = show,
		.work = &use->work,
		.arg = use,
	};
}

static bool slot_wanted(const struct vault_use *use,
			const struct libecryptfs_keysource *source,
			const struct libecryptfs_vault_slot *slot)
{
	const struct options *opts = use->opts;

	if (strcmp(slot->source, source->name) || *slot->damage)
		return false;
	if (opts->slot >= 0)
		return slot->id == (unsigned int)opts->slot;
	return opts->with ? !strcmp(opts->with, source->name) :
			    !source->by_hand;
}

/* Reports a damaged slot that would have been tried. */
static void damage_tell(struct vault_use *use)
{
	struct libecryptfs_vault_slot slot;
	unsigned int i;

	for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
		if (libecryptfs_vault_slot_find(use->vault, i, &slot))
			return;
		use->damaged |= *slot.damage != 0;
		if (*slot.damage)
			fprintf(stderr, "%s: slot %u (%s) is damaged: %s\n",
				use->cmd->program, slot.id,
				explain_shown(slot.source), slot.damage);
		libecryptfs_vault_slot_destroy(&slot);
	}
}

static void why_print(const struct vault_use *use, const char *what,
		      const struct libecryptfs_blob *blob)
{
	explain_print(use->cmd->program, what,
		      (struct explanation){
			      blob->bb_why,
			      *blob->bb_next ? blob->bb_next : NULL });
}

/* Reports why a slot does not open: once, or for a PIN each time. */
static void slot_tell(struct vault_use *use, unsigned int index,
		      const struct libecryptfs_vault_slot *slot)
{
	char what[48];

	if (!*slot->blob.bb_why ||
	    ((use->told >> index & 1) && !use->typed[TYPED_PIN].sm_bytes))
		return;
	use->told |= 1u << index;
	snprintf(what, sizeof(what), "slot %u (%s)", slot->id, slot->source);
	why_print(use, what, &slot->blob);
}

static int slot_try(struct vault_use *use,
		    const struct libecryptfs_keysource *source,
		    unsigned int index, int so_far)
{
	struct libecryptfs_keysource_params params;
	uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES];
	struct libecryptfs_vault_slot slot;
	int err;

	err = libecryptfs_vault_slot_find(use->vault, index, &slot);
	if (err)
		return err;
	err = so_far;
	if (slot_wanted(use, source, &slot) && !(use->settled >> index & 1)) {
		params_set(use, &params, id);
		use->asked = false;
		err = source->unwrap(&params, &slot.blob, &use->master);
		if (!err && use->first_opens && !use->asked) {
			libecryptfs_secmem_destroy(&use->master);
			use->silent = true;
			err = LIBECRYPTFS_NOT_MINE;
		}
		use->by_secret = source->is_secret;
		use->opened = slot.id;
		use->group = slot.blob.bb_group;
		if (err)
			slot_tell(use, index, &slot);
		if (err && !use->asked)
			use->settled |= 1u << index;
		if (!err &&
		    use->master.sm_size != LIBECRYPTFS_VAULT_MASTER_BYTES) {
			libecryptfs_secmem_destroy(&use->master);
			err = -EUCLEAN;
		}
	}
	libecryptfs_vault_slot_destroy(&slot);
	return err;
}

/* Tries all slots once.  Fails with -ENODEV if there was none to try. */
static int slots_try(struct vault_use *use)
{
	const struct libecryptfs_keysource *source = NULL;
	int err = -ENODEV;
	unsigned int i;

	while ((source = libecryptfs_keysource_next(source)))
		for (i = 0; i < libecryptfs_vault_slots(use->vault); i++) {
			err = slot_try(use, source, i, err);
			if (use->master.sm_bytes)
				return 0;
			/*
			 * Errors that have nothing to do with the slot end the
			 * search.
			 */
			if (err != -ENODEV && err != -EUCLEAN &&
			    err != LIBECRYPTFS_NOT_MINE)
				return err;
		}
	return err;
}

int vault_use_token(struct vault_use *use,
		    const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
		    char sig_ret[LIBECRYPTFS_SIG_CHARS],
		    char fnek_sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	struct libecryptfs_secmem fnek;
	const uint8_t *secret = use->master.sm_bytes;
	int err;

	if (!secret[0] || secret[0] > LIBECRYPTFS_PASSPHRASE_MAX)
		return -EUCLEAN;
	err = libecryptfs_token_v1_create(secret + 1, secret[0],
					  libecryptfs_salt_fnek, &fnek,
					  fnek_sig_ret);
	if (err)
		return err;
	libecryptfs_secmem_destroy(&fnek);
	return libecryptfs_token_v1_create(secret + 1, secret[0], salt,
					   &use->token, sig_ret);
}

/*
 * If damage is ignored, the settings may also have been changed by an attacker,
 * and new files would be written with them.  So they are shown and have to be
 * confirmed on a terminal.  They are refused if they would reveal names that
 * are hidden or, without a terminal, if they differ from those of the files.
 */
static int damage_ignore(struct vault_use *use, const char *why)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;
	struct adopt found;
	char line[16];

	fprintf(stderr,
		"%s: %s: %s (ignored)\n  these settings may have been changed as well: names %s, cipher %s, keys of %u bytes\n",
		use->cmd->program, explain_shown(use->path), explain_shown(why),
		settings->names ? "encrypted" : "plain",
		explain_shown(settings->cipher), settings->key_bytes);
	if (adopt_survey(use->dir, settings, &found))
		found = (struct adopt){ 0 };
	if (!settings->names && found.names)
		return fail(use, CMD_DAMAGED, use->dir, (struct explanation){
			"the names of its files are encrypted, and new ones would not be",
			"use a backup copy of the vault" });
	if (use->opts->from_stdin || !isatty(STDIN_FILENO)) {
		if (!found.sig_found ||
		    (!strcmp(found.cipher, settings->cipher) &&
		     found.key_bytes == settings->key_bytes))
			return CMD_OK;
		return fail(use, CMD_DAMAGED, use->dir, (struct explanation){
			"its files have another cipher or key size, and there is no terminal to ask on",
			"repeat the command on a terminal, or use a backup copy of the vault" });
	}
	fputs("Use it with these settings? (yes/no): ", stderr);
	return fgets(line, sizeof(line), stdin) && !strcmp(line, "yes\n") ?
		       CMD_OK :
		       CMD_DAMAGED;
}

/* Verifies the vault with the key in @use->token. */
static int verify(struct vault_use *use)
{
	char why[LIBECRYPTFS_VAULT_WHY];
	struct libecryptfs_secmem key;
	int err;

	err = libecryptfs_token_v1_key(&use->token, &key);
	if (!err)
		err = libecryptfs_vault_verify(use->vault, &key, why);
	if (!err)
		return CMD_OK;
	if (err != -EBADMSG)
		return fail(use, CMD_FAILED, "cannot verify the vault",
			    explain_token(err));
	if (use->opts->ignore_damage)
		return damage_ignore(use, why);
	return fail(use, CMD_DAMAGED, use->path, explain_vault_load(err, why));
}

bool vault_use_forged(struct vault_use *use)
{
	char why[LIBECRYPTFS_VAULT_WHY];
	struct libecryptfs_secmem key;
	int err;

	if (libecryptfs_keyring_load(use->settings.sig, &use->token))
		return false;
	err = libecryptfs_token_v1_key(&use->token, &key);
	if (!err)
		err = libecryptfs_vault_verify(use->vault, &key, why);
	return err == -EBADMSG;
}

static int trust(struct vault_use *use)
{
	struct trust vault = {
		.program = use->cmd->program,
		.dir = use->dir,
		.said = use->opts->operand[0],
		.vault = use->path,
		.settings = &use->settings,
		.by_secret = use->by_secret,
		.anybody = !use->opts->from_stdin && isatty(STDIN_FILENO),
		.accept = use->opts->accept,
	};

	return trust_check(&vault) ? CMD_OK : CMD_DAMAGED;
}

void vault_use_remember(struct vault_use *use)
{
	struct trust vault = {
		.program = use->cmd->program,
		.dir = use->dir,
		.said = use->opts->operand[0],
		.settings = &use->settings,
	};

	trust_remember(&vault);
}

bool vault_use_opened(struct vault_use *use, int *status_ret)
{
	/* The vault is not trusted then, and only a slot can prove the key. */
	if (use->opts->ignore_damage ||
	    libecryptfs_keyring_find(use->settings.sig) ||
	    (use->settings.names &&
	     libecryptfs_keyring_find(use->settings.fnek_sig)) ||
	    libecryptfs_keyring_load(use->settings.sig, &use->token))
		return false;
	*status_ret = verify(use);
	if (!*status_ret)
		*status_ret = trust(use);
	return true;
}

/*
 * Checks an open vault: its keys must be those that it names, and it must
 * belong to the directory.
 */
static int opened_check(struct vault_use *use)
{
	char sig[LIBECRYPTFS_SIG_CHARS], fnek_sig[LIBECRYPTFS_SIG_CHARS];
	int status, err;

	err = vault_use_token(use, use->settings.salt, sig, fnek_sig);
	if (err)
		return fail(use, CMD_FAILED, "cannot make the key",
			    explain_token(err));
	status = verify(use);
	if (status)
		return status;
	/* Otherwise its key would be stored under the name of another one. */
	if (strcmp(sig, use->settings.sig) ||
	    strcmp(fnek_sig, use->settings.fnek_sig)) {
		fprintf(stderr,
			"%s: %s: it gives the key %s, but claims to give %s\n",
			use->cmd->program, explain_shown(use->path), sig,
			use->settings.sig);
		return CMD_DAMAGED;
	}
	return trust(use);
}

/* Reports a typing error at once if its place is known. */
static void again(struct vault_use *use, int err)
{
	use->work = LIBECRYPTFS_WORK_MAX;
	if (err == -EBADMSG && use->group)
		fprintf(stderr,
			"%s: there is a typing error in group %u of the recovery key; type it again\n",
			use->cmd->program, use->group);
	else
		fprintf(stderr, "%s: wrong, or mistyped; once more\n",
			use->cmd->program);
}

static int open_failed(struct vault_use *use, int err)
{
	int status = err == -EUCLEAN || (err == -ENODEV && use->damaged) ?
			     CMD_DAMAGED :
		     err == -EINVAL ? CMD_USAGE :
				      CMD_LOCKED;

	if (err == -ENODEV && use->damaged)
		err = -EUCLEAN;
	return fail(use, status, use->path, explain_unwrap(err));
}

int vault_use_open(struct vault_use *use)
{
	int tries = !use->opts->from_stdin && isatty(STDIN_FILENO) ? TRIES : 1;
	int err;

	damage_tell(use);
	do {
		err = slots_try(use);
		tries--;
		/* A typing error also allows another attempt. */
		if (tries && (err == LIBECRYPTFS_NOT_MINE || err == -EBADMSG ||
			      err == -EMSGSIZE) &&
		    (use->typed[TYPED_PASSPHRASE].sm_bytes ||
		     use->typed[TYPED_RECOVERY].sm_bytes ||
		     use->typed[TYPED_PIN].sm_bytes))
			again(use, err);
		else
			tries = 0;
		typed_forget(use);
	} while (tries);
	if (err == -ENODATA && !anybody_there(use))
		return command_usage_error(use->cmd,
					   "standard input is not a terminal; `-' reads secrets from it, one per line");
	if (err == -EBADMSG && use->group)
		fprintf(stderr, "%s: there is a typing error in group %u of the recovery key\n",
			use->cmd->program, use->group);
	if (err && use->silent)
		fprintf(stderr, "%s: a slot can be opened without a secret; to use it, so that all lines are for the new slot, select it with --slot or --with\n",
			use->cmd->program);
	if (err)
		return open_failed(use, err);
	return opened_check(use);
}

int vault_use_wrap(struct vault_use *use, const char *name,
		   struct libecryptfs_blob *before,
		   struct libecryptfs_blob *blob_ret)
{
	const struct libecryptfs_keysource *source =
		libecryptfs_keysource_find(name);
	struct libecryptfs_keysource_params params;
	uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES];
	int err;

	if (!source)
		return fail(use, CMD_USAGE, name,
			    explain_wrap(-EPROTONOSUPPORT));
	params_set(use, &params, id);
	params.before = before;
	err = source->wrap(&params, &use->master, blob_ret);
	if (!err)
		return CMD_OK;
	if (*blob_ret->bb_why) {
		why_print(use, name, blob_ret);
		libecryptfs_blob_destroy(blob_ret);
		return CMD_FAILED;
	}
	libecryptfs_blob_destroy(blob_ret);
	if (err == -ENODATA && !anybody_there(use))
		return command_usage_error(use->cmd,
					   "standard input is not a terminal; `-' reads secrets from it, one per line");
	return fail(use, CMD_FAILED, name, explain_wrap(err));
}

int vault_use_input_end(struct vault_use *use)
{
	char more;
	ssize_t n;

	if (!use->opts->from_stdin || isatty(STDIN_FILENO))
		return CMD_OK;
	do {
		n = read(STDIN_FILENO, &more, 1);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return CMD_OK;
	return command_usage_error(use->cmd,
				   "standard input has more lines than secrets that are needed; nothing was changed");
}

int vault_use_shown(struct vault_use *use)
{
	if (!fflush(stdout) && !ferror(stdout))
		return CMD_OK;
	return fail(use, CMD_FAILED, "standard output", explain_other(-errno));
}

/* Shows a new recovery key or similar secret, without a copy in a buffer. */
int vault_use_show(struct vault_use *use)
{
	const uint8_t *at = use->shown.sm_bytes;
	size_t left = use->shown.sm_size - 1;
	ssize_t n;

	printf("%s:\n\n    ", use->shown_title);
	if (vault_use_shown(use))
		return CMD_FAILED;
	for (; left; at += n, left -= (size_t)n) {
		n = write(STDOUT_FILENO, at, left);
		if (n < 0)
			return fail(use, CMD_FAILED, "standard output",
				    explain_other(-errno));
	}
	puts("\n");
	libecryptfs_secmem_destroy(&use->shown);
	return vault_use_shown(use);
}

/* Writes the new vault, so that nothing is shown that could not be stored. */
static int begin(struct vault_use *use)
{
	struct libecryptfs_secmem key;
	int err = 0;

	if (use->opts->backup)
		err = libecryptfs_vault_backup_check(use->vault,
						     use->opts->backup);
	if (err)
		return fail(use, CMD_FAILED, use->opts->backup,
			    explain_vault_backup(err));
	err = libecryptfs_token_v1_key(&use->token, &key);
	if (!err)
		err = libecryptfs_vault_begin(use->vault, &key, use->path);
	return err ? fail(use, CMD_FAILED, use->path,
			  explain_vault_commit(err)) :
		     CMD_OK;
}

static int finish(struct vault_use *use)
{
	int err = libecryptfs_vault_finish(use->vault);

	return err ? fail(use, CMD_FAILED, use->path,
			  explain_vault_commit(err)) :
		     CMD_OK;
}

int vault_use_commit(struct vault_use *use)
{
	bool shown = false;
	int status, err;

	status = begin(use);
	if (!status) {
		shown = use->shown.sm_bytes;
		status = use->show_own ? use->show_own(use) :
			 shown	       ? vault_use_show(use) :
					 CMD_OK;
	}
	if (!status)
		status = finish(use);
	if (status) {
		fprintf(stderr, "%s: nothing was changed%s\n",
			use->cmd->program,
			shown ? ", and the key that was shown opens nothing" : "");
		return status;
	}
	if (!use->opts->backup)
		return CMD_OK;
	err = libecryptfs_vault_backup(use->vault, use->opts->backup);
	if (!err)
		return CMD_OK;
	fprintf(stderr, "%s: the vault itself was changed: copy %s\n",
		use->cmd->program, explain_shown(use->path));
	return fail(use, CMD_FAILED, use->opts->backup,
		    explain_vault_backup(err));
}

int vault_use_keys_add(struct vault_use *use)
{
	struct libecryptfs_secmem fnek = { 0 };
	char sig[LIBECRYPTFS_SIG_CHARS];
	bool present;
	int err;

	err = libecryptfs_keyring_put(use->settings.sig, use->token.sm_bytes,
				      use->token.sm_size, &present);
	if (!err && use->settings.names)
		err = libecryptfs_token_v1_create(use->master.sm_bytes + 1,
						  use->master.sm_bytes[0],
						  libecryptfs_salt_fnek, &fnek,
						  sig);
	if (!err && use->settings.names)
		err = libecryptfs_keyring_put(sig, fnek.sm_bytes, fnek.sm_size,
					      &present);
	libecryptfs_secmem_destroy(&fnek);
	if (err)
		return fail(use, CMD_FAILED,
			    "cannot add the keys to the user keyring",
			    explain_keyring_put(err));
	/* Links the keyring only if a mount would not find the key. */
	if (libecryptfs_keyring_find(use->settings.sig))
		libecryptfs_keyring_link();
	err = libecryptfs_keyring_find(use->settings.sig);
	if (err)
		explain_print(use->cmd->program, "the keys are added, but a mount from here will not find them",
			      explain_keyring_find(err));
	return CMD_OK;
}

void vault_use_end(struct vault_use *use)
{
	typed_forget(use);
	libecryptfs_secmem_destroy(&use->shown);
	libecryptfs_secmem_destroy(&use->token);
	libecryptfs_secmem_destroy(&use->master);
	libecryptfs_vault_destroy(use->vault);
}
