/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts for users who may not mount themselves, through the set-uid helper.
 * It needs a name in ~/.ecryptfs: that of a login, or a temporary one, "+N",
 * which exists as long as the mount.
 */
#ifndef ECRYPTFS_MOUNT_USER_H
#define ECRYPTFS_MOUNT_USER_H

#include "mounts.h"
#include "vault_use.h"

/* Returns an exit status, and explains failures on standard error. */
int mount_user(const struct vault_use *use, const char *target);
/*
 * Fails with -EPERM if the helper did not make the mount, -EBUSY, and
 * -ECANCELED if the helper has explained the failure.
 */
int mount_user_end(const struct mount *mount);

#endif /* ECRYPTFS_MOUNT_USER_H */
