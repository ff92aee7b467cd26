// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading and unloading: a ladder up and its mirror down.
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>

#include "glue.h"

static struct file_system_type ecryptfs_fs_type = {
	.owner = THIS_MODULE,
	.name = "ecryptfs",
	.init_fs_context = ecryptfs_super_init_context,
	.kill_sb = ecryptfs_super_kill,
	.fs_flags = FS_RENAME_DOES_D_MOVE,
};
MODULE_ALIAS_FS("ecryptfs");

/* Compares known answers.  A debug build does not load if one differs. */
static int __init run_selftests(void)
{
#ifdef ECRYPTFS_DEBUG
	if (!ecryptfs_prim_selftest() || !ecryptfs_crypt_v1_selftest())
		return -ENOTRECOVERABLE;
	pr_info("ecryptfs: selftests: pass\n");
#endif
	return 0;
}

static int __init ecryptfs_init(void)
{
	int err;

	err = ecryptfs_prim_init();
	if (err) {
		ecryptfs_msg(NULL, KERN_ERR,
			     "this kernel has no MD5, which format 1 needs (fips=1 forbids it)");
		return err;
	}
	err = run_selftests();
	if (err)
		goto fail_prim;
	err = ecryptfs_lower_init();
	if (err)
		goto fail_prim;
	err = ecryptfs_inode_cache_init();
	if (err)
		goto fail_lower;
	err = ecryptfs_sysfs_init();
	if (err)
		goto fail_cache;
	err = register_filesystem(&ecryptfs_fs_type);
	if (err)
		goto fail_sysfs;
	return 0;

fail_sysfs:
	ecryptfs_sysfs_exit();
fail_cache:
	ecryptfs_inode_cache_exit();
fail_lower:
	ecryptfs_lower_exit();
fail_prim:
	ecryptfs_prim_exit();
	return err;
}

static void __exit ecryptfs_exit(void)
{
	unregister_filesystem(&ecryptfs_fs_type);
	ecryptfs_sysfs_exit();
	ecryptfs_inode_cache_exit();
	ecryptfs_lower_exit();
	ecryptfs_prim_exit();
}

module_init(ecryptfs_init);
module_exit(ecryptfs_exit);

MODULE_DESCRIPTION("eCryptfs stacked encrypting filesystem");
MODULE_LICENSE("GPL");
#ifdef ECRYPTFS_VERSION
MODULE_VERSION(ECRYPTFS_VERSION);
#endif
MODULE_SOFTDEP("pre: crypto-md5 crypto-aes crypto-cbc crypto-ecb");
