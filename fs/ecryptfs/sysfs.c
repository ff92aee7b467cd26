// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/fs/ecryptfs/version: which features the module has, as a bit mask in
 * decimal, for userspace tools that decide by it what to offer.
 */
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "ecryptfs.h"

#define FEATURE_PASSPHRASE 0x001
#define FEATURE_PASSTHROUGH 0x004
#define FEATURE_XATTR 0x010
#define FEATURE_MULTIKEY 0x020
#define FEATURE_NAMES 0x100

#define FEATURES                                                    \
	(FEATURE_PASSPHRASE | FEATURE_PASSTHROUGH | FEATURE_XATTR | \
	 FEATURE_MULTIKEY | FEATURE_NAMES)

static struct kobject *ecryptfs_kobj;

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n", FEATURES);
}

static struct kobj_attribute version_attr = __ATTR_RO(version);

int ecryptfs_sysfs_init(void)
{
	int err;

	ecryptfs_kobj = kobject_create_and_add("ecryptfs", fs_kobj);
	if (!ecryptfs_kobj)
		return -ENOMEM;
	err = sysfs_create_file(ecryptfs_kobj, &version_attr.attr);
	if (err)
		kobject_put(ecryptfs_kobj);
	return err;
}

void ecryptfs_sysfs_exit(void)
{
	kobject_put(ecryptfs_kobj);
}
