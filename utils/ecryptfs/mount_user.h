/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mounts of who may not mount, by the set-uid helper and a name for it in
 * ~/.ecryptfs: that of a login, or one of its own, "+N", as long as it is mounted.
 */
#ifndef ECRYPTFS_MOUNT_USER_H
#define ECRYPTFS_MOUNT_USER_H

#include "mounts.h"
#include "vault_use.h"

/* An exit status; why is said on standard error. */
int mount_user(const struct vault_use *use, const char *target);
/*
 * -EPERM: it is no mount of the helper's; -EBUSY; -ECANCELED: the helper has said
 * why.
 */
int mount_user_end(const struct mount *mount);

#endif /* ECRYPTFS_MOUNT_USER_H */
