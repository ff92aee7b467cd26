// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options and keys of the commands that read a lower tree without a mount, and
 * the messages for what they find.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mounts.h"
#include "offline.h"
#include "vault_file.h"

#define THREADS_MAX 64

static const struct option table[] = {
	{ "passphrase", no_argument, NULL, 'p' },
	{ "salt", required_argument, NULL, 'S' },
	{ "wrapped", required_argument, NULL, 'W' },
	{ "no-key", no_argument, NULL, 'n' },
	{ "vault", required_argument, NULL, 'V' },
	{ "slot", required_argument, NULL, 's' },
	{ "with", required_argument, NULL, 'w' },
	{ "recovery", no_argument, NULL, 'r' },
	{ "ignore-damage", no_argument, NULL, 'I' },
	{ "accept", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "long", no_argument, NULL, 'l' },
	{ "recursive", no_argument, NULL, 'R' },
	{ "quick", no_argument, NULL, 'q' },
	{ "threads", required_argument, NULL, 't' },
	{ "yes", no_argument, NULL, 'y' },
	{ "backup", required_argument, NULL, 'b' },
	{ "new", required_argument, NULL, 'N' },
	{ "new-passphrase", no_argument, NULL, 'P' },
	{ "force", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

#define COMMON "pSWnVswrIaj"

static bool number_take(const char *text, long least, long most, long *ret)
{
	char *end;

	*ret = strtol(text, &end, 10);
	return *text && !*end && *ret >= least && *ret <= most;
}

/* Handles an option.  Returns NULL, or what is wrong. */
static const char *key_option_take(int c, struct offline *ret)
{
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];

	switch (c) {
	case 'p':
		ret->passphrase = true;
		return NULL;
	case 'S':
		ret->salt = optarg;
		return strlen(optarg) == 2 * sizeof(salt) &&
				       !libecryptfs_salt_from_hex(optarg, salt) ?
			       NULL :
			       "--salt takes 16 hexadecimal digits";
	case 'W':
		ret->wrapped = optarg;
		return NULL;
	case 'n':
		ret->no_key = true;
		return NULL;
	default:
		return options_open_take(c, &ret->opts);
	}
}

static const char *option_take(int c, struct offline *ret)
{
	long number;

	switch (c) {
	case 'j':
		ret->opts.json = true;
		return NULL;
	case 'l':
		ret->list_long = true;
		return NULL;
	case 'R':
		ret->recursive = true;
		return NULL;
	case 'q':
		ret->quick = true;
		return NULL;
	case 'y':
		ret->yes = true;
		return NULL;
	case 'N':
		ret->new_dir = optarg;
		return NULL;
	case 'P':
		ret->new_passphrase = true;
		return NULL;
	case 'f':
		ret->force = true;
		return NULL;
	case 'b':
		ret->target = optarg;
		return NULL;
	case 't':
		if (!number_take(optarg, 1, THREADS_MAX, &number))
			return "--threads takes a number from 1 to 64";
		ret->threads = (unsigned int)number;
		return NULL;
	default:
		return key_option_take(c, ret);
	}
}

/*
 * Takes operands and settings.  The first operand is a path, whatever its name;
 * settings are passed to key sources.
 */
static const char *operands_take(struct offline *ret, int argc, char **argv)
{
	size_t settings = 0;
	int i;

	ret->operand = argv;
	for (i = optind; i < argc; i++) {
		if (!strcmp(argv[i], "-")) {
			ret->opts.from_stdin = true;
		} else if (ret->operands && options_setting(argv[i]) &&
			   access(argv[i], F_OK)) {
			if (settings == SETTINGS_MAX)
				return "too many settings";
			ret->opts.settings[settings++] = argv[i];
		} else {
			argv[ret->operands++] = argv[i];
		}
	}
	return NULL;
}

static unsigned int processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) ? 1 :
							      CPU_COUNT(&set);

	return count > 16 ? 16 : (unsigned int)count;
}

bool offline_parse(struct offline *ret, const struct command *cmd, int argc,
		   char **argv, const char *allowed, int min, int *status_ret)
{
	const char *bad = NULL;
	int c;

	*ret = (struct offline){ .cmd = cmd, .opts = { .slot = -1 } };
	ret->threads = processors();
	opterr = 0;
	while (!bad && (c = getopt_long(argc, argv, "pS:W:nV:s:w:rIa:jlRqt:yb:fN:Ph",
					table, NULL)) != -1) {
		if (c == 'h') {
			command_help(cmd);
			*status_ret = CMD_OK;
			return false;
		}
		bad = c == '?' || (!strchr(COMMON, c) && !strchr(allowed, c)) ?
			      "unknown option" :
			      option_take(c, ret);
	}
	if (!bad && ret->passphrase + ret->no_key + !!ret->wrapped > 1)
		bad = "--passphrase, --wrapped and --no-key exclude one another";
	if (!bad)
		bad = operands_take(ret, argc, argv);
	if (!bad && ret->operands < min)
		bad = "an argument is missing";
	*status_ret = bad ? command_usage_error(cmd, bad) : CMD_OK;
	ret->progress.json = ret->opts.json;
	return !bad;
}

static int fail(struct offline *offline, const char *what,
		struct explanation explanation)
{
	explain_print(offline->cmd->program, what, explanation);
	return CMD_FAILED;
}

static int salt_get(struct offline *offline, uint8_t *ret)
{
	enum libecryptfs_salt_source source;
	int err = offline->salt ? libecryptfs_salt_from_hex(offline->salt, ret) :
				  libecryptfs_salt_load(ret, &source);

	return err ? fail(offline, "cannot read the salt", explain_salt(err)) :
		     CMD_OK;
}

static int keys_add(struct offline *offline, const uint8_t *passphrase,
		    size_t len, const uint8_t *salt)
{
	int err = libecryptfs_store_add(offline->store, passphrase, len, salt);

	return err ? fail(offline, "cannot make the keys", explain_token(err)) :
		     CMD_OK;
}

/*
 * Makes the keys of a typed passphrase, or of one that is wrapped in a file
 * with a typed one.
 */
static int keys_typed(struct offline *offline)
{
	const char *prompt = offline->wrapped ? "Wrapping passphrase: " :
						"Mount passphrase: ";
	struct libecryptfs_secmem typed = { 0 }, unwrapped = { 0 };
	uint8_t salt[LIBECRYPTFS_SALT_BYTES];
	struct libecryptfs_text text;
	size_t len = 0;
	int err;

	if (salt_get(offline, salt))
		return CMD_FAILED;
	if (!offline->opts.from_stdin && !isatty(STDIN_FILENO))
		return command_usage_error(offline->cmd,
					   "standard input is not a terminal; `-' reads secrets from it, one per line");
	err = input_secret(offline->opts.from_stdin ? NULL : prompt, stderr,
			   &typed, &len, NULL);
	if (err)
		return fail(offline, "cannot read the passphrase",
			    explain_input(err));
	text = (struct libecryptfs_text){ typed.sm_bytes, len };
	if (offline->wrapped)
		err = libecryptfs_wrapped_load(offline->wrapped, &text, salt,
					       &unwrapped, &len);
	if (err) {
		fail(offline, offline->wrapped, explain_wrapped(err));
		err = CMD_LOCKED;
	} else {
		err = keys_add(offline,
			       offline->wrapped ? unwrapped.sm_bytes :
						  typed.sm_bytes,
			       len, salt);
	}
	libecryptfs_secmem_destroy(&unwrapped);
	libecryptfs_secmem_destroy(&typed);
	return err;
}

int offline_passphrase_add(struct offline *offline, const char *prompt, bool twice,
			   uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES])
{
	struct libecryptfs_secmem typed = { 0 }, again = { 0 };
	bool from_stdin = offline->opts.from_stdin;
	size_t len = 0, again_len = 0;
	int status, err;

	if (salt_get(offline, salt_ret))
		return CMD_FAILED;
	if (!from_stdin && !isatty(STDIN_FILENO))
		return command_usage_error(offline->cmd,
					   "standard input is not a terminal; `-' reads secrets from it, one per line");
	err = input_secret(from_stdin ? NULL : prompt, stderr, &typed, &len,
			   NULL);
	if (!err && twice && !from_stdin)
		err = input_secret("Repeat it: ", stderr, &again,
				   &again_len, NULL);
	if (err)
		status = fail(offline, "cannot read the passphrase",
			      explain_input(err));
	else if (again.sm_bytes && (again_len != len ||
				    memcmp(again.sm_bytes, typed.sm_bytes, len)))
		status = fail(offline, "cannot take the passphrase",
			      explain_wrap(-EKEYREJECTED));
	else
		status = keys_add(offline, typed.sm_bytes, len, salt_ret);
	libecryptfs_secmem_destroy(&again);
	libecryptfs_secmem_destroy(&typed);
	return status;
}

/*
 * Finds the nearest directory with a vault, beginning with the first operand,
 * or with its directory if it is a file; NULL if there is none.  A vault that
 * is given belongs to that directory.
 */
static char *vault_dir(const struct offline *offline)
{
	char *dir = realpath(offline->operand[0], NULL);
	char vault[PATH_MAX];
	struct stat st;
	char *slash;

	if (dir && !stat(dir, &st) && !S_ISDIR(st.st_mode)) {
		slash = strrchr(dir, '/');
		slash[slash == dir] = '\0';
	}
	while (dir && *dir) {
		if (offline->opts.vault ||
		    (libecryptfs_vault_file_find(dir, vault, sizeof(vault)) &&
		     !access(vault, F_OK)))
			return dir;
		slash = strrchr(dir, '/');
		*slash = '\0';
	}
	free(dir);
	return NULL;
}

static int keys_vault(struct offline *offline)
{
	struct vault_use use = { 0 };
	int status;
	char *dir;

	if (access(offline->operand[0], F_OK))
		return fail(offline, offline->operand[0],
			    explain_other(-errno));
	dir = vault_dir(offline);
	if (!dir)
		return fail(offline, offline->operand[0],
			    (struct explanation){
				    "there is no vault in it, beside it or above it",
				    "--passphrase for a mount passphrase, --wrapped FILE for a wrapped one, or --vault FILE" });
	offline->opts.operand[0] = dir;
	status = vault_use_load(&use, offline->cmd, &offline->opts);
	if (!status)
		status = vault_use_open(&use);
	if (!status)
		status = keys_add(offline, use.master.sm_bytes + 1,
				  use.master.sm_bytes[0], use.settings.salt);
	offline->vault = status ? NULL : strdup(use.path);
	offline->slot = use.opened;
	vault_use_end(&use);
	offline->opts.operand[0] = NULL;
	free(dir);
	return status;
}

void offline_key_optional(struct offline *offline)
{
	const struct options *opts = &offline->opts;

	if (!offline->passphrase && !offline->wrapped && !opts->vault &&
	    !opts->with && opts->slot < 0 && !opts->from_stdin)
		offline->no_key = true;
}

int offline_open(struct offline *offline)
{
	int err = libecryptfs_store_create(&offline->store);

	if (err)
		return fail(offline, "cannot keep keys", explain_secmem(err));
	if (offline->no_key)
		return CMD_OK;
	if (offline->passphrase || offline->wrapped)
		return keys_typed(offline);
	return keys_vault(offline);
}

/* Whether one of the two paths is in the other, or is it. */
static bool overlap(const char *a, const char *b)
{
	size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return !strncmp(a, b, len) && (!a[len] || a[len] == '/') &&
	       (!b[len] || b[len] == '/');
}

bool offline_mounted(const struct offline *offline, int first)
{
	struct mount mount;
	bool found = false;
	unsigned int n;
	char *lower;
	int i;

	for (i = first; i < offline->operands && !found; i++) {
		lower = realpath(offline->operand[i], NULL);
		for (n = 0; lower && !found && mounts_find(NULL, n, &mount); n++)
			found = overlap(lower, mount.lower) ||
				overlap(lower, mount.upper);
		free(lower);
	}
	if (found)
		explain_print(offline->cmd->program, mount.lower,
			      (struct explanation){ "it is mounted",
						    "ecryptfs umount DIR" });
	return found;
}

int offline_end(struct offline *offline, int status)
{
	progress_clear(&offline->progress);
	libecryptfs_store_destroy(offline->store);
	offline->store = NULL;
	free(offline->vault);
	offline->vault = NULL;
	return status ? status : offline->damaged ? CMD_DAMAGED : CMD_OK;
}

static void report(struct offline *offline, const char *type, const char *path,
		   const char *why)
{
	json_object *object;
	char *safe;

	progress_clear(&offline->progress);
	if (offline->opts.json) {
		object = json_object_new_object();
		json_text(object, "type", type);
		json_text(object, "path", path);
		json_text(object, "why", why);
		json_line(object);
		return;
	}
	safe = text_safe(path);
	fprintf(stderr, "%s: %s: %s\n", offline->cmd->program, safe, why);
	free(safe);
}

void offline_damage(struct offline *offline, const char *path, const char *why)
{
	offline->damaged++;
	report(offline, "damage", path, why);
}

void offline_damage_more(struct offline *offline, const char *path,
			 const char *why)
{
	report(offline, "damage", path, why);
}

void offline_note(struct offline *offline, const char *path, const char *why)
{
	offline->notes++;
	report(offline, "note", path, why);
}

void offline_damagef(struct offline *offline, const char *path, const char *why,
		     ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, why);
	len = vasprintf(&text, why, args);
	va_end(args);
	offline_damage(offline, path, len < 0 ? "damaged" : text);
	if (len >= 0)
		free(text);
}

void offline_explain_open(struct offline *offline, const char *path,
			  const struct libecryptfs_store_file *file, int err)
{
	char sig[EFMT_V1_SIG_HEX + 1];

	efmt_v1_sig_to_hex(file->sig, sig);
	switch (err) {
	case -ENODATA:
		offline_damage(offline, path,
			       "not encrypted, or its header is lost: it cannot be decrypted without a copy of the header");
		break;
	case -EUCLEAN:
		offline_damage(offline, path,
			       "the header is damaged: the file cannot be decrypted without a copy of the header");
		break;
	case -ENOKEY:
		offline_damagef(offline, path, "it needs the key %s, which is not this one; it can be read with that key",
				sig);
		break;
	case -EOPNOTSUPP:
		offline_damage(offline, path,
			       "only a public key opens it, or its version or cipher is unknown");
		break;
	case -ENOPKG:
		offline_damagef(offline, path, "its cipher, %s, is not available here; the file can be read where it is",
				efmt_v1_cipher_name(file->meta.cipher));
		break;
	default:
		offline_damagef(offline, path, "it cannot be read: %s",
				strerror(-err));
	}
}

void offline_explain_sizes(struct offline *offline, const char *path,
			   const struct libecryptfs_store_file *file)
{
	if (file->empty) {
		if (file->lower_size)
			offline_note(offline, path,
				     "it has only zeros: it is an empty file, unless a crash kept its contents from reaching the disk");
		return;
	}
	if (file->have < file->recorded)
		offline_damagef(offline, path, "its end is lost: of %" PRIu64 " bytes, the first %" PRIu64 " can be read",
				file->recorded, file->have);
	else if (file->lower_size < file->need)
		offline_note(offline, path,
			     "its last block is cut off behind the last byte of the file; nothing is lost");
	else if (file->lower_size - file->need >= EFMT_V1_HEADER_BYTES +
							  EFMT_V1_EXTENT_BYTES)
		offline_note(offline, path,
			     "there are data behind its end: reserved space, or data that a crash kept from being counted in the size");
}
