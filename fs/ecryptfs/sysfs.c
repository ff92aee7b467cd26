// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/fs/ecryptfs/version: the features that the module has, as a bit mask in
 * decimal, by which userspace tools decide what to offer.
 *
 * /sys/fs/ecryptfs/MAJOR:MINOR/: a directory for each mount, named by the
 * device number that /proc/self/mountinfo and stat() show.  It has a file for
 * each counter.
 */
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "glue.h"

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

struct stat_attr {
	struct attribute attr;
	enum ecryptfs_stat which;
};

static ssize_t stat_show(struct kobject *kobj, struct attribute *attr,
			 char *buf)
{
	struct ecryptfs_sb *es = container_of(kobj, struct ecryptfs_sb,
					      es_kobj);
	enum ecryptfs_stat which =
		container_of(attr, struct stat_attr, attr)->which;

	return sysfs_emit(buf, "%lld\n",
			  percpu_counter_sum(&es->es_stats.st_counters[which]));
}

#define STAT(_name, _which) \
	static struct stat_attr stat_##_name = { \
		/* Readers learn when the files are used, and how much. */ \
		.attr = { .name = #_name, .mode = 0400 }, \
		.which = ECRYPTFS_##_which, \
	}

STAT(extents_decrypted, EXTENTS_DECRYPTED);
STAT(extents_encrypted, EXTENTS_ENCRYPTED);
STAT(files_created, FILES_CREATED);
STAT(files_remade, FILES_REMADE);
STAT(files_shortened, FILES_SHORTENED);
STAT(key_failures, KEY_FAILURES);
STAT(key_lookups, KEY_LOOKUPS);
STAT(loads, LOADS);
STAT(loads_damaged, LOADS_DAMAGED);
STAT(loads_failed, LOADS_FAILED);
STAT(loads_no_key, LOADS_NO_KEY);
STAT(loads_unsupported, LOADS_UNSUPPORTED);
STAT(lower_read_bytes, LOWER_READ_BYTES);
STAT(lower_reads, LOWER_READS);
STAT(lower_write_bytes, LOWER_WRITE_BYTES);
STAT(lower_writes, LOWER_WRITES);
STAT(read_errors, READ_ERRORS);
STAT(size_commits, SIZE_COMMITS);
STAT(write_errors, WRITE_ERRORS);

static struct attribute *stat_attrs[] = {
	&stat_extents_decrypted.attr,
	&stat_extents_encrypted.attr,
	&stat_files_created.attr,
	&stat_files_remade.attr,
	&stat_files_shortened.attr,
	&stat_key_failures.attr,
	&stat_key_lookups.attr,
	&stat_loads.attr,
	&stat_loads_damaged.attr,
	&stat_loads_failed.attr,
	&stat_loads_no_key.attr,
	&stat_loads_unsupported.attr,
	&stat_lower_read_bytes.attr,
	&stat_lower_reads.attr,
	&stat_lower_write_bytes.attr,
	&stat_lower_writes.attr,
	&stat_read_errors.attr,
	&stat_size_commits.attr,
	&stat_write_errors.attr,
	NULL
};
ATTRIBUTE_GROUPS(stat);

/* Called for the last reference; ecryptfs_sysfs_destroy() waits for this. */
static void sb_release(struct kobject *kobj)
{
	complete(&container_of(kobj, struct ecryptfs_sb, es_kobj)->es_kobj_gone);
}

static const struct sysfs_ops stat_sysfs_ops = {
	.show = stat_show,
};

static const struct kobj_type sb_ktype = {
	.default_groups = stat_groups,
	.sysfs_ops = &stat_sysfs_ops,
	.release = sb_release,
};

/*
 * Makes a mount's directory.  ecryptfs_sysfs_destroy() has to be called after a
 * failure, too.
 */
int ecryptfs_sysfs_create(struct super_block *sb)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);

	init_completion(&es->es_kobj_gone);
	return kobject_init_and_add(&es->es_kobj, &sb_ktype, ecryptfs_kobj,
				    "%u:%u", MAJOR(sb->s_dev),
				    MINOR(sb->s_dev));
}

/*
 * Removes a mount's directory, if there is one; no reader uses it when this
 * returns.  It has to be called while the superblock has its device number,
 * which the next mount may get.
 */
void ecryptfs_sysfs_destroy(struct super_block *sb)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);

	if (!es->es_kobj.state_initialized)
		return;
	if (es->es_kobj.state_in_sysfs)
		kobject_del(&es->es_kobj);
	kobject_put(&es->es_kobj);
	wait_for_completion(&es->es_kobj_gone);
}

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
