// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mount options: text in, a verified struct ecryptfs_config out.  Touches no
 * superblock and no key.
 */
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/slab.h>

#include "ecryptfs.h"

enum {
	OPT_SIG,
	OPT_CIPHER,
	OPT_KEY_BYTES,
	OPT_UNLINK_SIGS,
	OPT_MOUNT_AUTH_TOK_ONLY,
	OPT_CHECK_DEV_RUID,
	OPT_UNSUPPORTED,
	OPT_IGNORED,
};

/*
 * OPT_UNSUPPORTED: of stock's kernel module, and refused by name, since
 * ignoring them would write something else than what was asked for.
 * OPT_IGNORED: addressed to the mount helper; some of its versions pass them on
 * and stock never minded.  Their values may be secrets, so nothing is logged.
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
	fsparam_string("ecryptfs_fnek_sig", OPT_UNSUPPORTED),
	fsparam_string("ecryptfs_fn_cipher", OPT_UNSUPPORTED),
	fsparam_string("ecryptfs_fn_key_bytes", OPT_UNSUPPORTED),
	fsparam_flag("ecryptfs_passthrough", OPT_UNSUPPORTED),
	fsparam_flag("ecryptfs_xattr_metadata", OPT_UNSUPPORTED),
	fsparam_flag("ecryptfs_encrypted_view", OPT_UNSUPPORTED),
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
		     const char *text)
{
	u8 sig[EFMT_V1_SIG_BYTES];
	int err;

	if (efmt_v1_sig_from_hex(text, strlen(text), sig))
		return invalf(fc,
			      "ecryptfs: ecryptfs_sig=%s: a signature is 16 lower-case hexadecimal digits, as ecryptfs-add-passphrase prints them",
			      text);
	err = ecryptfs_keys_put_sig(&config->co_policy.po_keys, sig);
	if (err == -E2BIG)
		return invalf(fc,
			      "ecryptfs: more than %d keys on one mount",
			      ECRYPTFS_KEYS_MAX);
	/* Said twice, by a helper and by the user, means the same. */
	return 0;
}

static int parse_cipher(struct fs_context *fc, struct ecryptfs_config *config,
			const char *name)
{
	if (efmt_v1_cipher_find(name, &config->co_policy.po_cipher))
		return invalf(fc,
			      "ecryptfs: ecryptfs_cipher=%s: unknown; use aes, blowfish, des3_ede, twofish, cast6 or cast5",
			      name);
	config->co_cipher_given = true;
	return 0;
}

static int ecryptfs_parse_param(struct fs_context *fc,
				struct fs_parameter *param)
{
	struct ecryptfs_config *config = fc->fs_private;
	struct fs_parse_result result;
	int opt;

	opt = fs_parse(fc, ecryptfs_parameters, param, &result);
	if (opt < 0)
		return opt;
	switch (opt) {
	case OPT_SIG:
		return parse_sig(fc, config, param->string);
	case OPT_CIPHER:
		return parse_cipher(fc, config, param->string);
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
	case OPT_UNSUPPORTED:
		errorf(fc, "ecryptfs: %s is not supported by this version",
		       param->key);
		return -EOPNOTSUPP;
	default:
		return 0;
	}
}

/*
 * The key size where none was given: the cipher's only one, or that which
 * stock's helper offers first.
 */
static unsigned int default_key_bytes(enum efmt_cipher cipher)
{
	return cipher == EFMT_CIPHER_DES3_EDE ? 24 : 16;
}

/*
 * Completes and checks a config for a new mount; -EINVAL with a message that
 * says what to write instead.
 */
int ecryptfs_config_verify(struct fs_context *fc,
			   struct ecryptfs_config *config)
{
	struct ecryptfs_policy *policy = &config->co_policy;

	if (!fc->source)
		return invalf(fc, "ecryptfs: no lower directory given");
	if (!policy->po_keys.ks_nr)
		return invalf(fc,
			      "ecryptfs: no key: add one with ecryptfs-add-passphrase and give its signature with ecryptfs_sig=");
	if (!config->co_key_bytes_given)
		policy->po_key_bytes = default_key_bytes(policy->po_cipher);
	if (!efmt_v1_cipher_key_valid(policy->po_cipher, policy->po_key_bytes))
		return invalf(fc,
			      "ecryptfs: ecryptfs_key_bytes=%u: not a key size of %s (aes 16, 24 or 32; blowfish 16, 32 or 56; des3_ede 24; twofish and cast6 16 or 32; cast5 16)",
			      policy->po_key_bytes,
			      efmt_v1_cipher_name(policy->po_cipher));
	return 0;
}

/*
 * For remount, which mount(8) calls with the options of the mount repeated: what
 * is repeated is fine, what differs is refused and not silently dropped.
 */
int ecryptfs_config_compare(struct fs_context *fc,
			    const struct ecryptfs_config *old,
			    const struct ecryptfs_config *asked)
{
	const struct ecryptfs_keys *have = &old->co_policy.po_keys;
	const struct ecryptfs_keys *want = &asked->co_policy.po_keys;
	unsigned int i, j;

	for (i = 0; i < want->ks_nr; i++) {
		for (j = 0; j < have->ks_nr; j++)
			if (!memcmp(want->ks_keys[i].mk_sig,
				    have->ks_keys[j].mk_sig,
				    EFMT_V1_SIG_BYTES))
				break;
		if (j == have->ks_nr)
			return invalf(fc,
				      "ecryptfs: remount can't change ecryptfs_sig; unmount first");
	}
	if (asked->co_cipher_given &&
	    asked->co_policy.po_cipher != old->co_policy.po_cipher)
		return invalf(fc,
			      "ecryptfs: remount can't change ecryptfs_cipher; unmount first");
	if (asked->co_key_bytes_given &&
	    asked->co_policy.po_key_bytes != old->co_policy.po_key_bytes)
		return invalf(fc,
			      "ecryptfs: remount can't change ecryptfs_key_bytes; unmount first");
	if ((want->ks_mount_only && !have->ks_mount_only) ||
	    (asked->co_unlink_sigs && !old->co_unlink_sigs))
		return invalf(fc,
			      "ecryptfs: remount can't add ecryptfs_mount_auth_tok_only or ecryptfs_unlink_sigs; unmount first");
	return 0;
}

static int ecryptfs_get_tree(struct fs_context *fc)
{
	struct ecryptfs_config *config = fc->fs_private;
	int err;

	err = ecryptfs_config_verify(fc, config);
	if (err)
		return err;
	return get_tree_nodev(fc, ecryptfs_fill_super);
}

static void ecryptfs_free_fc(struct fs_context *fc)
{
	struct ecryptfs_config *config = fc->fs_private;

	if (config) {
		ecryptfs_keys_destroy(&config->co_policy.po_keys);
		kfree(config);
	}
}

static const struct fs_context_operations ecryptfs_context_ops = {
	.parse_param = ecryptfs_parse_param,
	.get_tree = ecryptfs_get_tree,
	.reconfigure = ecryptfs_reconfigure,
	.free = ecryptfs_free_fc,
};

int ecryptfs_init_fs_context(struct fs_context *fc)
{
	struct ecryptfs_config *config;

	config = kzalloc(sizeof(*config), GFP_KERNEL);
	if (!config)
		return -ENOMEM;
	config->co_policy.po_cipher = EFMT_CIPHER_AES;
	fc->fs_private = config;
	fc->ops = &ecryptfs_context_ops;
	return 0;
}
