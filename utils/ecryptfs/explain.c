// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Errors in words.  No function here looks at anything but the error number.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"

static struct explanation explain(const char *why, const char *next)
{
	return (struct explanation){ .why = why, .next = next };
}

static struct explanation explain_other(int err)
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
			       "keyctl show @u, then keyctl unlink KEY @u for what is not needed");
	case -EACCES:
		return explain("the user keyring does not admit new keys",
			       "keyctl rdescribe @u");
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
		return explain("the user keyring itself is revoked or expired",
			       "log in again");
	case -EPERM:
		return explain("the use of kernel keys is forbidden here, as in many containers",
			       "run it outside of the container");
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
		return explain("a revoked key of the same signature is found before it",
			       "keyctl show @s");
	case -EKEYEXPIRED:
		return explain("an expired key of the same signature is found before it",
			       "keyctl show @s");
	default:
		return explain_other(err);
	}
}

struct explanation explain_keyring_link(int err)
{
	switch (err) {
	case -EACCES:
		return explain("the session keyring does not admit links",
			       "keyctl new_session, then the same again");
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
		return explain("the session keyring is revoked or expired",
			       "keyctl new_session, then the same again");
	default:
		return explain_keyring_put(err);
	}
}

struct explanation explain_kernel(int err)
{
	switch (err) {
	case 0:
		return explain("the eCryptfs that is loaded does not encrypt file names",
			       NULL);
	case -ENODEV:
		return explain("no eCryptfs is loaded, so it can't be told whether it encrypts file names",
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
		return explain("the header is of a version or cipher that is not known",
			       NULL);
	case -EISDIR:
	case -EINVAL:
		return explain("not a regular file", NULL);
	case -EMEDIUMTYPE:
		return explain("this is the decrypted view of the file",
			       "findmnt -t ecryptfs, then the same with the file below");
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
			       "ls -l ~/.ecryptfs, for a copy of it");
	case -EOPNOTSUPP:
		return explain("a wrapped-passphrase file of a version that is not known",
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

void explain_print(const char *program, const char *what,
		   struct explanation explanation)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, explanation.why);
	if (explanation.next)
		fprintf(stderr, "  try: %s\n", explanation.next);
}
