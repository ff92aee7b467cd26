/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Force-included before every file of the module.  It holds the floor of the
 * supported kernels; each difference between kernels above it has a header of
 * its own in this directory, included from here.  No other file may ask for
 * the kernel's version.
 */
#ifndef ECRYPTFS_COMPAT_H
#define ECRYPTFS_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "eCryptfs needs Linux 6.12 or newer"
#endif

#include "backing_file.h"
#include "create.h"
#include "d_revalidate.h"
#include "default_d_op.h"
#include "delegation.h"
#include "drop_inode.h"
#include "fileattr.h"
#include "inode_state.h"
#include "lookup.h"
#include "mkdir.h"
#include "nonotify.h"
#include "rename.h"
#include "update_time.h"
#include "write_begin.h"

#endif /* ECRYPTFS_COMPAT_H */
