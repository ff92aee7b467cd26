/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 6.16: lookup_one() and its like take a qstr for name and length. */
#ifndef ECRYPTFS_COMPAT_LOOKUP_H
#define ECRYPTFS_COMPAT_LOOKUP_H

#include <linux/dcache.h>
#include <linux/namei.h>

#ifndef QSTR_LEN
#define QSTR_LEN(n, l) ((struct qstr)QSTR_INIT(n, l))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define lookup_one(idmap, qstr, base) \
	compat_lookup_one(idmap, qstr, base)
#define lookup_one_unlocked(idmap, qstr, base) \
	compat_lookup_one_unlocked(idmap, qstr, base)

static inline struct dentry *compat_lookup_one(struct mnt_idmap *idmap,
					       const struct qstr *name,
					       struct dentry *base)
{
	return (lookup_one)(idmap, name->name, base, name->len);
}

static inline struct dentry *
compat_lookup_one_unlocked(struct mnt_idmap *idmap, const struct qstr *name,
			   struct dentry *base)
{
	return (lookup_one_unlocked)(idmap, name->name, base, name->len);
}
#endif

#endif /* ECRYPTFS_COMPAT_LOOKUP_H */
