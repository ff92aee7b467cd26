// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The options of the mount helper: converts text to struct mount_options, and
 * that to the options for mount(8).
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/efmt.h"
#include "mount.h"

/* Several names can have the same meaning. */
enum option {
	OPT_SIG,
	OPT_FNEK_SIG,
	OPT_KEY,
	OPT_PASSWORD,
	OPT_PASSWORD_FILE,
	OPT_PASSWORD_FD,
	OPT_SALT,
	OPT_CIPHER,
	OPT_KEY_BYTES,
	OPT_PASSTHROUGH,
	OPT_XATTR,
	OPT_VIEW,
	OPT_NAMES,
	OPT_NO_SIG_CACHE,
	OPT_NO_PROMPT,
	OPT_VERBOSITY,
	OPT_IGNORED,
	OPT_REMOUNT,
};

static const struct {
	const char *name;
	enum option option;
} names[] = {
	{ "sig", OPT_SIG },
	{ "ecryptfs_sig", OPT_SIG },
	{ "ecryptfs_fnek_sig", OPT_FNEK_SIG },
	{ "key", OPT_KEY },
	{ "passphrase_passwd", OPT_PASSWORD },
	{ "passwd", OPT_PASSWORD },
	{ "passphrase_passwd_file", OPT_PASSWORD_FILE },
	{ "passfile", OPT_PASSWORD_FILE },
	{ "passphrase_passwd_fd", OPT_PASSWORD_FD },
	{ "passfd", OPT_PASSWORD_FD },
	{ "passphrase_salt", OPT_SALT },
	{ "salt", OPT_SALT },
	{ "ecryptfs_cipher", OPT_CIPHER },
	{ "cipher", OPT_CIPHER },
	{ "ecryptfs_key_bytes", OPT_KEY_BYTES },
	{ "ecryptfs_passthrough", OPT_PASSTHROUGH },
	{ "passthrough", OPT_PASSTHROUGH },
	{ "ecryptfs_xattr", OPT_XATTR },
	{ "ecryptfs_xattr_metadata", OPT_XATTR },
	{ "xattr", OPT_XATTR },
	{ "ecryptfs_encrypted_view", OPT_VIEW },
	{ "encrypted_view", OPT_VIEW },
	{ "ecryptfs_enable_filename_crypto", OPT_NAMES },
	{ "no_sig_cache", OPT_NO_SIG_CACHE },
	{ "no_prompt", OPT_NO_PROMPT },
	{ "verbosity", OPT_VERBOSITY },
	/*
	 * The first is always on; the second would log secrets, which is not
	 * done.
	 */
	{ "ecryptfs_unlink_sigs", OPT_IGNORED },
	{ "verbose", OPT_IGNORED },
	{ "remount", OPT_REMOUNT },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const struct {
	const char *cipher;
	unsigned int bytes;
} defaults[] = {
	{ "aes", 16 },	   { "blowfish", 16 }, { "des3_ede", 24 },
	{ "twofish", 16 }, { "cast6", 16 },    { "cast5", 16 },
};
#define DEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

/* Prints a message, never with the value, which may be a secret. */
static int bad(const char *name, const char *why)
{
	fprintf(stderr, "mount.ecryptfs: option %s: %s\n", name, why);
	return -EINVAL;
}

bool sig_valid(const char *sig)
{
	return strlen(sig) == LIBECRYPTFS_SIG_CHARS - 1 &&
	       strspn(sig, "0123456789abcdef") == LIBECRYPTFS_SIG_CHARS - 1;
}

static int sig_take(struct mount_options *options, const char *name,
		    const char *value)
{
	size_t i;

	if (!value || !sig_valid(value))
		return bad(name, "a signature has 16 digits, 0 to 9 and a to f");
	for (i = 0; i < options->sigs; i++)
		if (!strcmp(options->sig[i], value))
			return 0;
	if (options->sigs == MOUNT_SIGS)
		return bad(name, "too many signatures");
	snprintf(options->sig[options->sigs++], LIBECRYPTFS_SIG_CHARS, "%s",
		 value);
	return 0;
}

static int answer_take(const char *name, const char *value, enum answer *ret)
{
	if (!value || !strcmp(value, "y") || !strcmp(value, "yes"))
		*ret = ANSWER_YES;
	else if (!strcmp(value, "n") || !strcmp(value, "no"))
		*ret = ANSWER_NO;
	else
		return bad(name, "takes yes or no");
	return 0;
}

static int password_take(struct mount_options *options, const char *name,
			 const char *value)
{
	size_t len = value ? strlen(value) : 0;
	int err;

	if (!len || len > LIBECRYPTFS_PASSPHRASE_MAX)
		return bad(name, "a passphrase has 1 to 64 bytes");
	libecryptfs_secmem_destroy(&options->passphrase);
	err = libecryptfs_secmem_create(LIBECRYPTFS_PASSPHRASE_MAX,
					&options->passphrase);
	if (err)
		return bad(name, "no memory can be locked for the passphrase");
	memcpy(options->passphrase.sm_bytes, value, len);
	options->passphrase_len = len;
	options->key = true;
	return 0;
}

struct password_search {
	struct mount_options *options;
	bool found;
};

/* Handles an item of a file with a password. */
static int password_item(const char *name, const char *value, void *arg)
{
	struct password_search *search = arg;

	if (strcmp(name, "passphrase_passwd") && strcmp(name, "passwd"))
		return 0;
	search->found = true;
	return password_take(search->options, name, value);
}

static int password_file(struct mount_options *options, const char *name,
			 const char *path)
{
	struct password_search search = { .options = options };
	int err;

	if (!path)
		return bad(name, "needs a value");
	err = libecryptfs_rcfile_load(path, password_item, &search);
	if (search.found)
		return err;
	return bad(name, err ? strerror(-err) :
			       "the file has no passphrase_passwd=");
}

static int password_fd(struct mount_options *options, const char *name,
		       const char *value)
{
	char path[64];

	if (!value || !*value || strspn(value, "0123456789") != strlen(value))
		return bad(name, "needs the number of a file descriptor");
	snprintf(path, sizeof(path), "/proc/self/fd/%s", value);
	return password_file(options, name, path);
}

static int bytes_take(struct mount_options *options, const char *name,
		      const char *value)
{
	char *end = NULL;
	unsigned long bytes = value ? strtoul(value, &end, 0) : 0;

	if (!bytes || *end || bytes > EFMT_V1_FEK_MAX)
		return bad(name, "takes a number from 1 to 64");
	options->key_bytes = (unsigned int)bytes;
	return 0;
}

static int cipher_take(struct mount_options *options, const char *name,
		       const char *value)
{
	if (!value || strlen(value) >= sizeof(options->cipher))
		return bad(name, "no such cipher");
	snprintf(options->cipher, sizeof(options->cipher), "%s", value);
	return 0;
}

static int salt_take(struct mount_options *options, const char *name,
		     const char *value)
{
	if (!value || strlen(value) != 2 * LIBECRYPTFS_SALT_BYTES ||
	    libecryptfs_salt_from_hex(value, options->salt))
		return bad(name, "a salt is 16 hexadecimal digits");
	options->salt_given = true;
	return 0;
}

static int rest_take(struct mount_options *options, const char *name,
		     const char *value)
{
	size_t len = strlen(options->rest);
	int n;

	n = snprintf(options->rest + len, sizeof(options->rest) - len,
		     ",%s%s%s", name, value ? "=" : "", value ? value : "");
	return (size_t)n < sizeof(options->rest) - len ?
		       0 :
		       bad(name, "too many options");
}

static int fnek_take(struct mount_options *options, const char *name,
		     const char *value)
{
	if (!value || !sig_valid(value))
		return bad(name, "a signature has 16 digits, 0 to 9 and a to f");
	snprintf(options->fnek_sig, sizeof(options->fnek_sig), "%s", value);
	return 0;
}

static int known_take(struct mount_options *options, enum option option,
		      const char *name, const char *value)
{
	switch (option) {
	case OPT_SIG:
		return sig_take(options, name, value);
	case OPT_FNEK_SIG:
		return fnek_take(options, name, value);
	case OPT_KEY:
		options->key = true;
		return value && !strcmp(value, "passphrase") ?
			       0 :
			       bad(name, "only key=passphrase is supported");
	case OPT_PASSWORD:
		return password_take(options, name, value);
	case OPT_PASSWORD_FILE:
		return password_file(options, name, value);
	case OPT_PASSWORD_FD:
		return password_fd(options, name, value);
	case OPT_SALT:
		return salt_take(options, name, value);
	case OPT_CIPHER:
		return cipher_take(options, name, value);
	case OPT_KEY_BYTES:
		return bytes_take(options, name, value);
	case OPT_PASSTHROUGH:
		return answer_take(name, value, &options->passthrough);
	case OPT_XATTR:
		return answer_take(name, value, &options->xattr);
	case OPT_VIEW:
		return answer_take(name, value, &options->view);
	case OPT_NAMES:
		return answer_take(name, value, &options->names);
	case OPT_NO_SIG_CACHE:
		options->no_sig_cache = true;
		return 0;
	case OPT_VERBOSITY:
		if (!value || strcmp(value, "0"))
			return 0;
		/* fall through */
	case OPT_NO_PROMPT:
		options->no_prompt = true;
		return 0;
	case OPT_IGNORED:
		return 0;
	case OPT_REMOUNT:
		break;
	}
	return bad(name, "cannot be changed by a remount: unmount it, and mount it again");
}

static int item_take(const char *name, const char *value, void *arg)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (!strcmp(name, names[i].name))
			return known_take(arg, names[i].option, name, value);
	return rest_take(arg, name, value);
}

/*
 * ecryptfs-utils stop at an item that is too long, and mount without what
 * follows.
 */
static int length_check(const char *text)
{
	size_t n;

	for (; *text; text += n + !!text[n]) {
		n = strcspn(text, ",\n");
		if (n > LIBECRYPTFS_RCITEM_MAX)
			return bad("(one of them)",
				   "longer than 127 characters");
	}
	return 0;
}

int options_load(struct mount_options *options, char *text)
{
	char path[PATH_MAX];
	int err;

	memset(options, 0, sizeof(*options));
	err = libecryptfs_home_path(".ecryptfsrc", path, sizeof(path));
	if (!err)
		err = libecryptfs_rcfile_load(path, item_take, options);
	if (err && err != -ENOENT)
		fprintf(stderr, "mount.ecryptfs: %s: %s\n", path,
			strerror(-err));
	else
		err = 0;
	if (!err && text)
		err = length_check(text);
	if (!err && text) {
		err = libecryptfs_rcfile_from_text(text, strlen(text),
						   item_take, options);
		explicit_bzero(text, strlen(text));
	}
	if (err)
		options_destroy(options);
	return err ? MOUNT_USAGE : MOUNT_OK;
}

void options_destroy(struct mount_options *options)
{
	libecryptfs_secmem_destroy(&options->passphrase);
}

int options_check(struct mount_options *options)
{
	enum efmt_cipher cipher;
	size_t i;

	if (!*options->cipher)
		snprintf(options->cipher, sizeof(options->cipher), "aes");
	if (efmt_v1_cipher_find(options->cipher, &cipher)) {
		bad("ecryptfs_cipher",
		    "aes, blowfish, des3_ede, twofish, cast6 or cast5");
		return MOUNT_USAGE;
	}
	for (i = 0; i < DEFAULTS && !options->key_bytes; i++)
		if (!strcmp(options->cipher, defaults[i].cipher))
			options->key_bytes = defaults[i].bytes;
	if (efmt_v1_cipher_key_valid(cipher, options->key_bytes))
		return MOUNT_OK;
	bad("ecryptfs_key_bytes", "not a key size of that cipher");
	return MOUNT_USAGE;
}

int options_to_text(const struct mount_options *options, char *text,
		    size_t size)
{
	FILE *to = fmemopen(text, size, "w");
	size_t i;

	if (!to)
		return -errno;
	for (i = 0; i < options->sigs; i++)
		fprintf(to, "ecryptfs_sig=%s,", options->sig[i]);
	if (*options->fnek_sig)
		fprintf(to, "ecryptfs_fnek_sig=%s,", options->fnek_sig);
	fprintf(to, "ecryptfs_cipher=%s,ecryptfs_key_bytes=%u,",
		options->cipher, options->key_bytes);
	if (options->passthrough == ANSWER_YES)
		fputs("ecryptfs_passthrough,", to);
	if (options->xattr == ANSWER_YES)
		fputs("ecryptfs_xattr_metadata,", to);
	if (options->view == ANSWER_YES)
		fputs("ecryptfs_encrypted_view,", to);
	fprintf(to, "ecryptfs_unlink_sigs%s", options->rest);
	/* If there is no room for the NUL, one of these fails. */
	return (ferror(to) != 0) | fclose(to) ? -E2BIG : 0;
}
