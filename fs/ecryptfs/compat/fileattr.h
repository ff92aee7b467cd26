/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 6.17 renamed struct fileattr. */
#ifndef ECRYPTFS_COMPAT_FILEATTR_H
#define ECRYPTFS_COMPAT_FILEATTR_H

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define file_kattr fileattr
#endif

#endif /* ECRYPTFS_COMPAT_FILEATTR_H */
