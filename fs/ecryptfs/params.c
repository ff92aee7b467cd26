// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mount options: text in, a verified struct ecryptfs_config out.  Touches no
 * superblock and no key; of the context it uses the source and the log.
 */
#include <linux/fs_context.h>
#include <linux/fs_parser.h>

#include "params.h"

enum {
	OPT_SIG,
	OPT_CIPHER,
	OPT_KEY_BYTES,
	OPT_FNEK_SIG,
	OPT_FN_CIPHER,
	OPT_FN_KEY_BYTES,
	OPT_UNLINK_SIGS,
	OPT_MOUNT_AUTH_TOK_ONLY,
	OPT_CHECK_DEV_RUID,
	OPT_PASSTHROUGH,
	OPT_XATTR_METADATA,
	OPT_ENCRYPTED_VIEW,
	OPT_IGNORED,
};

/*
 * OPT_IGNORED: options for the mount helper.  Some versions of it pass them on,
 * and stock eCryptfs ignores them.  Their values may be secrets, so nothing is
 * logged.
 */
static const struct fs_parameter_spec ecryptfs_parameters[] = {
	fsparam_string("ecryptfs_sig", OPT_SIG),
	fsparam_string("sig", OPT_SIG),
	fsparam_string("ecryptfs_cipher", OPT_CIPHER),
	fsparam_string("cipher", OPT_CIPHER),
	fsparam_u32("ecryptfs_key_bytes", OPT_KEY_BYTES),
	fsparam_flag("ecryptfs_unlink_sigs", OPT_UNLINK_SIGS),
	fsparam_flag("ecryptfs_mount_auth_tok_only", OPT_MOUNT_AUTH_TOK_ONLY),
	fsparam_flag("ecryptfs_check_dev_ruid", OPT_CHECK_DEV_RUID),
	fsparam_string("ecryptfs_fnek_sig", OPT_FNEK_SIG),
	fsparam_string("ecryptfs_fn_cipher", OPT_FN_CIPHER),
	fsparam_u32("ecryptfs_fn_key_bytes", OPT_FN_KEY_BYTES),
	fsparam_flag("ecryptfs_passthrough", OPT_PASSTHROUGH),
	fsparam_flag("ecryptfs_xattr_metadata", OPT_XATTR_METADATA),
	fsparam_flag("ecryptfs_encrypted_view", OPT_ENCRYPTED_VIEW),
	fsparam_flag("no_sig_cache", OPT_IGNORED),
	fsparam_flag("no_prompt", OPT_IGNORED),
	fsparam_flag("verbose", OPT_IGNORED),
	fsparam_string("verbosity", OPT_IGNORED),
	fsparam_string("key", OPT_IGNORED),
	fsparam_string("passphrase_passwd", OPT_IGNORED),
	fsparam_string("passphrase_passwd_file", OPT_IGNORED),
	fsparam_string("passphrase_passwd_fd", OPT_IGNORED),
	fsparam_string("passphrase_salt", OPT_IGNORED),
	fsparam_flag_no("ecryptfs_enable_filename_crypto", OPT_IGNORED),
	fsparam_string("ecryptfs_enable_filename_crypto", OPT_IGNORED),
	{}
};

static int parse_sig(struct fs_context *fc, struct ecryptfs_config *config,
		     const struct fs_parameter *param, bool names)
{
	struct ecryptfs_policy *policy = &config->co_policy;
	u8 sig[EFMT_V1_SIG_BYTES];
	int err;

	if (efmt_v1_sig_from_hex(param->string, strlen(param->string), sig))
		return invalf(fc,
			      "ecryptfs: %s=%s: a signature is 16 lower-case hexadecimal digits, as ecryptfs-add-passphrase prints them",
			      param->key, param->string);
	if (names && policy->po_names &&
	    memcmp(sig, policy->po_name_sig, sizeof(sig)))
		return invalf(fc,
			      "ecryptfs: more than one ecryptfs_fnek_sig: names are encrypted with one key");
	if (names) {
		policy->po_names = true;
		memcpy(policy->po_name_sig, sig, sizeof(sig));
	}
	err = ecryptfs_keys_put_sig(&policy->po_keys, sig, names);
	if (err == -E2BIG)
		return invalf(fc,
			      "ecryptfs: more than %d keys on one mount",
			      ECRYPTFS_KEYS_MAX);
	/* The helper and the user may both name the same key. */
	return 0;
}

static int parse_cipher(struct fs_context *fc, const struct fs_parameter *param,
			enum efmt_cipher *ret)
{
	if (efmt_v1_cipher_find(param->string, ret))
		return invalf(fc,
			      "ecryptfs: %s=%s: unknown; use aes, blowfish, des3_ede, twofish, cast6 or cast5",
			      param->key, param->string);
	return 0;
}

/* Puts the defaults into @config, which is all zeroes. */
void ecryptfs_params_init(struct ecryptfs_config *config)
{
	config->co_policy.po_cipher = EFMT_CIPHER_AES;
}

/*
 * Adds one option to @config.  Errors, with a message, are those of
 * ->parse_param.
 */
int ecryptfs_params_parse(struct fs_context *fc, struct ecryptfs_config *config,
			  struct fs_parameter *param)
{
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, ecryptfs_parameters, param, &result);
	if (opt < 0)
		return opt;
	switch (opt) {
	case OPT_SIG:
	case OPT_FNEK_SIG:
		return parse_sig(fc, config, param, opt == OPT_FNEK_SIG);
	case OPT_CIPHER:
		config->co_cipher_given = true;
		return parse_cipher(fc, param, &config->co_policy.po_cipher);
	case OPT_FN_CIPHER:
		config->co_name_cipher_given = true;
		return parse_cipher(fc, param,
				    &config->co_policy.po_name_cipher);
	case OPT_FN_KEY_BYTES:
		config->co_policy.po_name_key_bytes = result.uint_32;
		config->co_name_key_bytes_given = true;
		return 0;
	case OPT_KEY_BYTES:
		config->co_policy.po_key_bytes = result.uint_32;
		config->co_key_bytes_given = true;
		return 0;
	case OPT_UNLINK_SIGS:
		config->co_unlink_sigs = true;
		return 0;
	case OPT_MOUNT_AUTH_TOK_ONLY:
		config->co_policy.po_keys.ks_mount_only = true;
		return 0;
	case OPT_CHECK_DEV_RUID:
		config->co_check_dev_ruid = true;
		return 0;
	case OPT_PASSTHROUGH:
		config->co_passthrough = true;
		return 0;
	case OPT_XATTR_METADATA:
		config->co_policy.po_xattr = true;
		return 0;
	case OPT_ENCRYPTED_VIEW:
		config->co_encrypted_view = true;
		return 0;
	default:
		return 0;
	}
}

/*
 * Returns the default key size: the cipher's only one, or the one that stock
 * eCryptfs's helper offers first.
 */
static unsigned int default_key_bytes(enum efmt_cipher cipher)
{
	return cipher == EFMT_CIPHER_DES3_EDE ? 24 : 16;
}

static int check_key_bytes(struct fs_context *fc, const char *option,
			   enum efmt_cipher cipher, unsigned int key_bytes)
{
	if (efmt_v1_cipher_key_valid(cipher, key_bytes))
		return 0;
	return invalf(fc,
		      "ecryptfs: %s=%u: not a key size of %s (aes 16, 24 or 32; blowfish 16, 32 or 56; des3_ede 24; twofish and cast6 16 or 32; cast5 16)",
		      option, key_bytes, efmt_v1_cipher_name(cipher));
}

/*
 * Completes and checks the options for names.  Their defaults are the values
 * for contents.
 */
static int verify_names(struct fs_context *fc, struct ecryptfs_config *config)
{
	struct ecryptfs_policy *policy = &config->co_policy;

	if (!policy->po_names) {
		if (config->co_name_cipher_given ||
		    config->co_name_key_bytes_given)
			return invalf(fc,
				      "ecryptfs: ecryptfs_fn_cipher and ecryptfs_fn_key_bytes are of no use without ecryptfs_fnek_sig, which encrypts names");
		return 0;
	}
	if (!config->co_name_cipher_given)
		policy->po_name_cipher = policy->po_cipher;
	if (!config->co_name_key_bytes_given)
		policy->po_name_key_bytes = policy->po_key_bytes;
	return check_key_bytes(fc, "ecryptfs_fn_key_bytes",
			       policy->po_name_cipher,
			       policy->po_name_key_bytes);
}

/*
 * Completes and checks a config for a new mount.  -EINVAL comes with a message
 * that says what to write instead.
 */
int ecryptfs_params_verify(struct fs_context *fc,
			   struct ecryptfs_config *config)
{
	struct ecryptfs_policy *policy = &config->co_policy;
	int err;

	if (!fc->source)
		return invalf(fc, "ecryptfs: no lower directory given");
	if (!policy->po_keys.ks_nr_content)
		return invalf(fc,
			      "ecryptfs: no key: add one with ecryptfs-add-passphrase and give its signature with ecryptfs_sig=");
	if (config->co_encrypted_view)
		policy->po_xattr = true;
	if (!config->co_key_bytes_given)
		policy->po_key_bytes = default_key_bytes(policy->po_cipher);
	err = check_key_bytes(fc, "ecryptfs_key_bytes", policy->po_cipher,
			      policy->po_key_bytes);
	if (err)
		return err;
	if (policy->po_key_bytes < ECRYPTFS_KEY_BYTES_MIN)
		return invalf(fc,
			      "ecryptfs: ecryptfs_key_bytes=%u: too short for new files; give %d or more, files that have shorter keys are read all the same",
			      policy->po_key_bytes, ECRYPTFS_KEY_BYTES_MIN);
	return verify_names(fc, config);
}

static bool has_key(const struct ecryptfs_keys *keys,
		    const struct ecryptfs_mount_key *wanted)
{
	unsigned int i;

	for (i = 0; i < keys->ks_nr; i++)
		if (keys->ks_keys[i].mk_names == wanted->mk_names &&
		    !memcmp(keys->ks_keys[i].mk_sig, wanted->mk_sig,
			    EFMT_V1_SIG_BYTES))
			return true;
	return false;
}

/*
 * Returns the name of an option in which two verified configs, whose keys are
 * loaded, differ, or NULL if they mean the same.  Keys are the same if their
 * contents are.
 */
const char *ecryptfs_params_differs(const struct ecryptfs_config *one,
				    const struct ecryptfs_config *other)
{
	const struct ecryptfs_policy *a = &one->co_policy;
	const struct ecryptfs_policy *b = &other->co_policy;

	if (!ecryptfs_keys_same(&a->po_keys, &b->po_keys))
		return "key";
	if (a->po_cipher != b->po_cipher)
		return "ecryptfs_cipher";
	if (a->po_key_bytes != b->po_key_bytes)
		return "ecryptfs_key_bytes";
	if (a->po_names && (a->po_name_cipher != b->po_name_cipher ||
			    a->po_name_key_bytes != b->po_name_key_bytes))
		return "ecryptfs_fn_cipher or ecryptfs_fn_key_bytes";
	if (a->po_keys.ks_mount_only != b->po_keys.ks_mount_only)
		return "ecryptfs_mount_auth_tok_only";
	if (a->po_xattr != b->po_xattr)
		return "ecryptfs_xattr_metadata";
	if (one->co_passthrough != other->co_passthrough)
		return "ecryptfs_passthrough";
	if (one->co_unlink_sigs != other->co_unlink_sigs)
		return "ecryptfs_unlink_sigs";
	return NULL;
}

/*
 * Checks the options of a remount, for which mount(8) repeats the options of
 * the mount.  Repeated options are accepted; a different one is refused and not
 * silently ignored.
 */
int ecryptfs_params_compare(struct fs_context *fc,
			    const struct ecryptfs_config *old,
			    const struct ecryptfs_config *asked)
{
	const struct ecryptfs_policy *have = &old->co_policy;
	const struct ecryptfs_policy *want = &asked->co_policy;
	const char *differs = NULL;
	unsigned int i;

	for (i = 0; i < want->po_keys.ks_nr; i++)
		if (!has_key(&have->po_keys, &want->po_keys.ks_keys[i]))
			differs = want->po_keys.ks_keys[i].mk_names ?
					  "ecryptfs_fnek_sig" :
					  "ecryptfs_sig";
	if (asked->co_cipher_given && want->po_cipher != have->po_cipher)
		differs = "ecryptfs_cipher";
	if (asked->co_key_bytes_given &&
	    want->po_key_bytes != have->po_key_bytes)
		differs = "ecryptfs_key_bytes";
	if (asked->co_name_cipher_given &&
	    (!have->po_names || want->po_name_cipher != have->po_name_cipher))
		differs = "ecryptfs_fn_cipher";
	if (asked->co_name_key_bytes_given &&
	    (!have->po_names ||
	     want->po_name_key_bytes != have->po_name_key_bytes))
		differs = "ecryptfs_fn_key_bytes";
	if (want->po_keys.ks_mount_only && !have->po_keys.ks_mount_only)
		differs = "ecryptfs_mount_auth_tok_only";
	if (asked->co_unlink_sigs && !old->co_unlink_sigs)
		differs = "ecryptfs_unlink_sigs";
	if (asked->co_passthrough && !old->co_passthrough)
		differs = "ecryptfs_passthrough";
	if (want->po_xattr && !have->po_xattr)
		differs = "ecryptfs_xattr_metadata";
	if (asked->co_encrypted_view && !old->co_encrypted_view)
		differs = "ecryptfs_encrypted_view";
	if (!differs)
		return 0;
	return invalf(fc, "ecryptfs: remount can't change %s; unmount first",
		      differs);
}
