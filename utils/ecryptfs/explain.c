// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Explains errors.  No function here looks at anything but the errno.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "libecryptfs.h"

/*
 * Characters without a special meaning in a shell.  A hyphen at the beginning
 * starts an option.
 */
#define PLAIN                        \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_@%+=:,./-"

static struct explanation explain(const char *why, const char *next)
{
	return (struct explanation){ .why = why, .next = next };
}

struct explanation explain_other(int err)
{
	return explain(strerror(-err), NULL);
}

struct explanation explain_secmem(int err)
{
	switch (err) {
	case -EAGAIN:
	case -EPERM:
		return explain("the limit on locked memory is too low to keep a secret out of swap",
			       "ulimit -l 64");
	default:
		return explain_other(err);
	}
}

struct explanation explain_input(int err)
{
	switch (err) {
	case -ENODATA:
		return explain("there was no input", NULL);
	case -EMSGSIZE:
		return explain("it is too long: at most 64 bytes are possible",
			       NULL);
	case -EILSEQ:
		return explain("it contains a NUL byte, and what follows would be ignored",
			       NULL);
	case -EINTR:
		return explain("interrupted", NULL);
	case -EAGAIN:
	case -EPERM:
		return explain_secmem(err);
	default:
		return explain_other(err);
	}
}

struct explanation explain_salt(int err)
{
	switch (err) {
	case -EINVAL:
		return explain("salt= in ~/.ecryptfsrc is not 16 hexadecimal digits",
			       "grep -n salt= ~/.ecryptfsrc");
	default:
		return explain_other(err);
	}
}

struct explanation explain_token(int err)
{
	switch (err) {
	case -EINVAL:
		return explain("a passphrase has 1 to 64 bytes", NULL);
	case -EILSEQ:
		return explain_input(err);
	case -ENOPKG:
		return explain("OpenSSL offers no SHA-512 here",
			       "openssl list -providers");
	case -EAGAIN:
	case -EPERM:
		return explain_secmem(err);
	default:
		return explain_other(err);
	}
}

struct explanation explain_keyring_put(int err)
{
	switch (err) {
	case -EDQUOT:
		return explain("the user's quota of kernel keys is used up",
			       "keyctl show @u, then keyctl unlink KEY @u for keys that are not needed");
	case -EACCES:
		return explain("the user keyring does not accept new keys",
			       "keyctl rdescribe @u");
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
		return explain("the user keyring itself is revoked or expired",
			       "log in again");
	case -EPERM:
		return explain("kernel keys cannot be used here, as in many containers",
			       "run it outside the container");
	case -ENOSYS:
		return explain("this kernel has no keyrings", NULL);
	default:
		return explain_other(err);
	}
}

struct explanation explain_keyring_find(int err)
{
	switch (err) {
	case -ENOKEY:
	case -EACCES:
		return explain("the user keyring is not linked to this session's",
			       "keyctl link @u @s");
	case -EKEYREVOKED:
		return explain("a revoked key with the same signature is found first",
			       "keyctl show @s");
	case -EKEYEXPIRED:
		return explain("an expired key with the same signature is found first",
			       "keyctl show @s");
	default:
		return explain_other(err);
	}
}

struct explanation explain_keyring_link(int err)
{
	switch (err) {
	case -EACCES:
		return explain("the session keyring does not accept links",
			       "keyctl new_session, then repeat the command");
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
		return explain("the session keyring is revoked or expired",
			       "keyctl new_session, then repeat the command");
	default:
		return explain_keyring_put(err);
	}
}

struct explanation explain_kernel(int err)
{
	switch (err) {
	case 0:
		return explain("the loaded eCryptfs module does not support encrypted file names",
			       NULL);
	case -ENODEV:
		return explain("no eCryptfs module is loaded, so it is unknown whether it supports encrypted file names",
			       "modprobe ecryptfs");
	default:
		return explain_other(err);
	}
}

struct explanation explain_header(int err)
{
	switch (err) {
	case -ENODATA:
		return explain("not an encrypted file: no header and no user.ecryptfs attribute",
			       NULL);
	case -EUCLEAN:
		return explain("the header is damaged", NULL);
	case -EOPNOTSUPP:
		return explain("the header has an unknown version or cipher",
			       NULL);
	case -EISDIR:
	case -EINVAL:
		return explain("not a regular file", NULL);
	case -EMEDIUMTYPE:
		return explain("this is the decrypted view of the file",
			       "findmnt -t ecryptfs, then repeat the command with the lower file");
	default:
		return explain_other(err);
	}
}

struct explanation explain_wrapped(int err)
{
	switch (err) {
	case -EBADMSG:
		return explain("it is wrapped with another passphrase", NULL);
	case -EUCLEAN:
		return explain("not a wrapped-passphrase file, or a damaged one",
			       "ls -l ~/.ecryptfs, to look for a copy");
	case -EOPNOTSUPP:
		return explain("the wrapped-passphrase file has an unknown version",
			       NULL);
	case -EINVAL:
		return explain("a passphrase has 1 to 64 bytes", NULL);
	case -ENOPKG:
		return explain("OpenSSL offers no SHA-512 or AES here",
			       "openssl list -providers");
	case -EAGAIN:
	case -EPERM:
		return explain_secmem(err);
	default:
		return explain_other(err);
	}
}

struct explanation explain_vault_load(int err, const char *why)
{
	switch (err) {
	case -ENOENT:
		return explain("there is no vault in it, beside it, or at --vault; if the directory is mounted over itself, a vault inside it is hidden",
			       "ecryptfs init DIR, or ecryptfs umount DIR");
	case -EUCLEAN:
		return explain(why, "replace the vault by a backup copy");
	case -EBADMSG:
		return explain(why, "compare it with a backup copy, or use it all the same with --ignore-damage");
	case -EOPNOTSUPP:
		return explain(why, "use a newer version of ecryptfs");
	case -EPERM:
		return explain(why, "chown and chmod it if it is yours, or give --vault a copy that only you can write to");
	case -EISDIR:
	case -EINVAL:
		return explain("the vault is not a regular file", NULL);
	default:
		return explain_other(err);
	}
}

struct explanation explain_vault_commit(int err)
{
	switch (err) {
	case -EEXIST:
		return explain("there is a vault already",
			       "ecryptfs key list DIR");
	case -ESTALE:
		return explain("another program has changed it meanwhile",
			       "repeat the command");
	case -EBUSY:
		return explain("another program has locked it for several seconds",
			       "fuser -v FILE, to find that program");
	case -ENOSPC:
		return explain("no space is left, or no slot is free", NULL);
	case -EFBIG:
		return explain("the vault would be larger than 1 MiB",
			       "ecryptfs key remove, for slots that are no longer used");
	case -EPERM:
		return explain("its directory belongs neither to root nor to the owner of the file, or cannot be changed",
			       "ls -ld DIR, then chown it; or repeat the command as that user");
	case -EACCES:
	case -EROFS:
		return explain("the directory of the vault cannot be written to",
			       "put the vault elsewhere with --vault FILE");
	default:
		return explain_other(err);
	}
}

struct explanation explain_vault_backup(int err)
{
	switch (err) {
	case -EEXIST:
		return explain("the file exists and is not a copy of this vault, so it is not replaced",
			       "give --backup another name");
	case -ENOENT:
		return explain("its directory does not exist",
			       "give --backup another name");
	default:
		return explain_vault_commit(err);
	}
}

struct explanation explain_unwrap(int err)
{
	switch (err) {
	case -ENOKEY:
		return explain("the secret opens none of the slots that were tried",
			       "ecryptfs key list DIR; unlock with --recovery if all else fails");
	case -ENODEV:
		return explain("there is no slot to try",
			       "ecryptfs key list DIR");
	case -EUCLEAN:
		return explain("the slot is damaged",
			       "unlock with --recovery or another slot, then key remove and key add");
	case -EBADMSG:
		return explain("there is a typing error in the recovery key or the share",
			       "compare it with what was written down");
	case -EILSEQ:
		return explain("the passphrase is not valid UTF-8, or contains a NUL byte",
			       "locale charmap");
	case -EMSGSIZE:
		return explain("it is too long or too short: a recovery key has 13 groups of 5 characters, a passphrase at most 1024 bytes",
			       NULL);
	case -EINVAL:
		return explain("a setting is missing or malformed",
			       "ecryptfs key add --help");
	case -EPROTONOSUPPORT:
		return explain("this build does not have such a key source",
			       "ecryptfs key add --help, which lists them");
	default:
		return explain_input(err);
	}
}

struct explanation explain_wrap(int err)
{
	switch (err) {
	case -EINVAL:
		return explain("a setting is missing or malformed",
			       "ecryptfs key add --help");
	case -EKEYREJECTED:
		return explain("the two entries differ or are empty", NULL);
	case -ENOMEM:
		return explain("there is not enough memory for Argon2", "free");
	default:
		return explain_unwrap(err);
	}
}

struct explanation explain_mount(int err)
{
	switch (err) {
	case -EPERM:
		return explain("only root may mount", "repeat the command with sudo");
	case -ENOENT:
		return explain("the kernel does not find the keys, or a directory does not exist",
			       "ecryptfs unlock DIR, as the user who mounts");
	case -ENODEV:
		return explain("the kernel has no eCryptfs",
			       "modprobe ecryptfs");
	case -EBUSY:
		return explain("something is already mounted there, or the directory is mounted elsewhere with other options or keys",
			       "findmnt -t ecryptfs");
	case -EINVAL:
		return explain("the kernel refuses an option, or DIR is itself in an eCryptfs mount",
			       "dmesg | tail");
	default:
		return explain_other(err);
	}
}

struct explanation explain_private_lock(int err)
{
	switch (err) {
	case -EACCES:
		return explain("~/.ecryptfs/.lock must be a file that only you can open",
			       "ls -l ~/.ecryptfs/.lock, then chmod 600 it or remove it");
	default:
		return explain_other(err);
	}
}

struct explanation explain_umount(int err)
{
	switch (err) {
	case -EPERM:
		return explain("only root may unmount", "repeat the command with sudo");
	case -EACCES:
		return explain_private_lock(err);
	case -EBUSY:
		return explain("it is in use", "end the listed processes, then repeat the command");
	case -EINVAL:
	case -ENOENT:
		return explain("it is neither a mounted directory nor a mount point",
			       "findmnt -t ecryptfs");
	default:
		return explain_other(err);
	}
}

/*
 * Keeps @text, which was allocated, until the program ends, so that callers
 * need not free what they print.
 */
static const char *keep(char *text)
{
	struct kept {
		struct kept *next;
		char *text;
	};
	static struct kept *all;
	struct kept *one = malloc(sizeof(*one));

	if (!one || !text) {
		free(one);
		free(text);
		return "?";
	}
	one->text = text;
	one->next = all;
	all = one;
	return text;
}

const char *explain_shown(const char *text)
{
	if (libecryptfs_text_good(text))
		return text;
	return keep(libecryptfs_text_shown(text));
}

const char *explain_quoted(const char *text)
{
	char *quoted, *at;

	if (*text && !text[strspn(text, PLAIN)])
		return text;
	/* A quote becomes four characters, and three more are added. */
	quoted = malloc(4 * strlen(text) + 3);
	if (!quoted)
		return "?";
	at = quoted;
	*at++ = '\'';
	for (; *text; text++)
		if (*text == '\'')
			at = stpcpy(at, "'\\''");
		else
			*at++ = *text;
	memcpy(at, "'", 2);
	return explain_shown(keep(quoted));
}

void explain_print(const char *program, const char *what,
		   struct explanation explanation)
{
	fprintf(stderr, "%s: %s: %s\n", program, explain_shown(what),
		explain_shown(explanation.why));
	if (explanation.next)
		fprintf(stderr, "  try: %s\n",
			explain_shown(explanation.next));
}
