/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mount options as verified data.
 */
#ifndef ECRYPTFS_PARAMS_H
#define ECRYPTFS_PARAMS_H

#include "meta.h"

struct fs_context;
struct fs_parameter;

/* What the mount line asked for.  Const after mount. */
struct ecryptfs_config {
	struct ecryptfs_policy co_policy;
	bool co_key_bytes_given;
	bool co_cipher_given;
	bool co_name_key_bytes_given;
	bool co_name_cipher_given;
	bool co_passthrough;
	bool co_encrypted_view;
	bool co_unlink_sigs;
	bool co_check_dev_ruid;
};

void ecryptfs_params_init(struct ecryptfs_config *config);
int ecryptfs_params_parse(struct fs_context *fc, struct ecryptfs_config *config,
			  struct fs_parameter *param);
int ecryptfs_params_verify(struct fs_context *fc,
			   struct ecryptfs_config *config);
const char *ecryptfs_params_differs(const struct ecryptfs_config *one,
				    const struct ecryptfs_config *other);
int ecryptfs_params_compare(struct fs_context *fc,
			    const struct ecryptfs_config *old,
			    const struct ecryptfs_config *asked);

#endif /* ECRYPTFS_PARAMS_H */
