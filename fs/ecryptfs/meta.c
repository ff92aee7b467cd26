// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading, creating and committing a file's metadata.
 */
#include <linux/slab.h>

#include "lower.h"
#include "meta.h"
#include "trace.h"

void ecryptfs_meta_init(struct ecryptfs_meta *meta)
{
	memset(meta, 0, sizeof(*meta));
	mutex_init(&meta->me_mutex);
}

void ecryptfs_meta_destroy(struct ecryptfs_meta *meta)
{
	ecryptfs_crypt_destroy(&meta->me_crypt);
	mutex_destroy(&meta->me_mutex);
}

/* As before it was loaded.  Nobody may be using it. */
void ecryptfs_meta_unload(struct ecryptfs_meta *meta)
{
	mutex_lock(&meta->me_mutex);
	WRITE_ONCE(meta->__me_format, NULL);
	ecryptfs_crypt_destroy(&meta->me_crypt);
	mutex_unlock(&meta->me_mutex);
}

static void publish(struct ecryptfs_meta *meta,
		    const struct ecryptfs_format *format)
{
	lockdep_assert_held(&meta->me_mutex);
	/* Pairs with the acquire in ecryptfs_meta_ready(). */
	smp_store_release(&meta->__me_format, format);
}

/*
 * What the lower filesystem answered, so that it can't be taken for something
 * that we found out: a damaged ext4 says -EUCLEAN, too.
 */
static int lower_error(int err)
{
	switch (err) {
	case -ENODATA:
	case -EUCLEAN:
	case -EBADMSG:
	case -EOPNOTSUPP:
	case -ENOPKG:
	case -ENOKEY:
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
	case -EKEYREJECTED:
		return -EIO;
	default:
		return err;
	}
}

/* The first bytes of the lower file, *len_ret of them. */
static int read_start(struct file *lower, u8 *buf, size_t size, size_t *len_ret)
{
	return lower_error(ecryptfs_lower_read_buf(lower, buf, size, 0,
						   len_ret));
}

/*
 * The value of the attribute.  -ENODATA: there is none.  -EUCLEAN: it is larger
 * than any of ours.
 */
static int read_xattr(struct file *lower, u8 *buf, size_t *len_ret)
{
	int err = ecryptfs_lower_read_xattr(lower, EFMT_V1_XATTR, buf,
					    EFMT_V1_XATTR_MAX, len_ret);

	switch (err) {
	case -ENODATA:
	case -EOPNOTSUPP:
		return -ENODATA;
	case -ERANGE:
		return -EUCLEAN;
	default:
		return lower_error(err);
	}
}

/*
 * The size to show for a lower file that nobody has opened yet: needs no key.
 * -ENODATA: it has no metadata of ours, or impossible ones.
 */
int ecryptfs_meta_probe(const struct ecryptfs_policy *policy,
			struct file *lower, u64 *size_ret)
{
	loff_t max = file_inode(lower)->i_sb->s_maxbytes;
	u8 buf[EFMT_V1_PROBE_BYTES];
	u8 *value;
	size_t len;
	int err;

	err = read_start(lower, buf, sizeof(buf), &len);
	if (err)
		return err;
	err = efmt_v1_probe(buf, len, size_ret);
	if (err && policy->po_xattr) {
		value = kmalloc(EFMT_V1_XATTR_MAX, GFP_KERNEL);
		if (!value)
			return -ENOMEM;
		if (!read_xattr(lower, value, &len))
			err = efmt_v1_probe(value, len, size_ret);
		kfree(value);
	}
	return err || *size_ret > max ? -ENODATA : 0;
}

/*
 * Finds out which format @buf is of, and loads it.  -ENODATA: of none, or
 * empty.
 */
static int load_from(struct ecryptfs_meta *meta,
		     const struct ecryptfs_policy *policy, const u8 *buf,
		     size_t len, bool xattr)
{
	const struct ecryptfs_format *format;
	int err;

	switch (efmt_detect(buf, len)) {
	case EFMT_V1:
		format = &ecryptfs_format_v1;
		break;
	default:
		return -ENODATA;
	}
	err = format->fo_load(meta, policy, buf, len, xattr);
	if (err)
		return err;
	meta->me_durable = 0;
	/* What is recorded is taken to have been so for a while. */
	meta->me_capacity = ecryptfs_meta_lower_size(meta, meta->me_disk_size);
	publish(meta, format);
	return 0;
}

/*
 * A header goes before the attribute, as in stock: a file that was written
 * without the option keeps working.  What is wrong with a header that is there
 * says more than what is wrong with an attribute.
 */
static int load_locked(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, struct file *lower)
{
	bool empty;
	size_t len;
	u8 *buf;
	int err, err2;

	static_assert(EFMT_V1_XATTR_MAX <= EFMT_V1_HEADER_SCAN);
	buf = kmalloc(EFMT_V1_HEADER_SCAN, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = read_start(lower, buf, EFMT_V1_HEADER_SCAN, &len);
	if (err)
		goto out;
	empty = !len;
	err = load_from(meta, policy, buf, len, false);
	if (err && policy->po_xattr) {
		err2 = read_xattr(lower, buf, &len);
		if (!err2)
			err2 = load_from(meta, policy, buf, len, true);
		if (!err2)
			err = 0;
		else if (err == -ENODATA)
			err = err2;
	}
	if (err == -ENODATA && !empty)
		err = -EUCLEAN;
out:
	kfree(buf);
	return err;
}

/* The number of the file's format, 0 before it is known. */
static unsigned int version(const struct ecryptfs_meta *meta)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);

	return format ? format->fo_version : 0;
}

/* An empty lower file counts as loaded: there was nothing to fail at. */
static void count_load(struct ecryptfs_stats *stats, int err)
{
	ecryptfs_stats_add(stats, ECRYPTFS_LOADS, 1);
	switch (err) {
	case 0:
	case -ENODATA:
		break;
	case -ENOKEY:
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
	case -EKEYREJECTED:
		ecryptfs_stats_add(stats, ECRYPTFS_LOADS_NO_KEY, 1);
		break;
	case -EUCLEAN:
	case -EBADMSG:
		ecryptfs_stats_add(stats, ECRYPTFS_LOADS_DAMAGED, 1);
		break;
	case -EOPNOTSUPP:
	case -ENOPKG:
		ecryptfs_stats_add(stats, ECRYPTFS_LOADS_UNSUPPORTED, 1);
		break;
	default:
		ecryptfs_stats_add(stats, ECRYPTFS_LOADS_FAILED, 1);
		break;
	}
}

/*
 * Reads and unlocks the metadata of @lower unless that has been done; *size_ret
 * is the recorded plaintext size, written only if this call did it.
 *
 * -ENODATA: the lower file is empty.  -EUCLEAN: it is not a file of ours, or
 * damaged.  -EOPNOTSUPP: a version or kind of key that is not supported.
 * -ENOPKG: a cipher that this kernel lacks.  Key errors as in
 * ecryptfs_keys_find().  May sleep.
 */
int ecryptfs_meta_load(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, struct file *lower,
		       u64 *size_ret)
{
	int err = 0;

	if (ecryptfs_meta_ready(meta))
		return 0;
	mutex_lock(&meta->me_mutex);
	if (!ecryptfs_meta_ready(meta)) {
		err = load_locked(meta, policy, lower);
		if (!err)
			*size_ret = meta->me_disk_size;
		count_load(policy->po_stats, err);
		trace_ecryptfs_load(policy->po_stats->st_dev,
				    file_inode(lower)->i_ino, version(meta),
				    err);
	}
	mutex_unlock(&meta->me_mutex);
	return err;
}

/*
 * Makes an empty lower file a file of ours, unless somebody was faster.  On
 * failure the lower file may have grown, but holds no valid metadata.
 */
int ecryptfs_meta_create(struct ecryptfs_meta *meta,
			 const struct ecryptfs_policy *policy,
			 struct file *lower)
{
	int err = 0;

	mutex_lock(&meta->me_mutex);
	if (!ecryptfs_meta_ready(meta)) {
		err = ecryptfs_format_v1.fo_create(meta, policy, lower);
		if (!err) {
			publish(meta, &ecryptfs_format_v1);
			ecryptfs_stats_add(policy->po_stats,
					   ECRYPTFS_FILES_CREATED, 1);
		}
		trace_ecryptfs_create(policy->po_stats->st_dev,
				      file_inode(lower)->i_ino, version(meta),
				      err);
	}
	mutex_unlock(&meta->me_mutex);
	return err;
}

/*
 * Hands the state of a file that was just created over to its inode, which
 * nobody else can see yet.  @from is as after ecryptfs_meta_init().
 */
void ecryptfs_meta_move(struct ecryptfs_meta *from, struct ecryptfs_meta *to)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(from);

	mutex_lock(&to->me_mutex);
	to->me_geo = from->me_geo;
	to->me_crypt = from->me_crypt;
	to->me_in_xattr = from->me_in_xattr;
	to->me_disk_size = from->me_disk_size;
	to->me_durable = from->me_durable;
	to->me_capacity = from->me_capacity;
	memzero_explicit(&from->me_crypt, sizeof(from->me_crypt));
	from->__me_format = NULL;
	publish(to, format);
	mutex_unlock(&to->me_mutex);
}

/* Lower size of a file of @size bytes; the largest there is if it can't be. */
u64 ecryptfs_meta_lower_size(const struct ecryptfs_meta *meta, u64 size)
{
	u64 lower_size;

	if (efmt_geometry_lower_size(&meta->me_geo, size, &lower_size))
		return S64_MAX;
	return lower_size;
}

/* For a new file, before it has a name: a crash leaves that much, or nothing. */
void ecryptfs_meta_set_capacity(struct ecryptfs_meta *meta, u64 lower_size)
{
	mutex_lock(&meta->me_mutex);
	meta->me_capacity = lower_size;
	mutex_unlock(&meta->me_mutex);
}

/*
 * Before what lies beyond @lower_size is given back: a crash can then take it
 * away again, although it was once there for good.
 */
void ecryptfs_meta_limit_capacity(struct ecryptfs_meta *meta, u64 lower_size)
{
	mutex_lock(&meta->me_mutex);
	meta->me_capacity = min(meta->me_capacity, lower_size);
	mutex_unlock(&meta->me_mutex);
}

/*
 * Makes sure that no crash leaves a lower file shorter than @need bytes, or,
 * with @ordered, one whose data up to there are not written.
 *
 * The first costs a commit of the lower filesystem's journal, which has the
 * space that was reserved, without waiting for the data; and that only where
 * the file has outgrown what was there when it got its name or was last asked
 * for.  Where nothing is reserved there is nothing in a journal either: there
 * the lower size is as safe as the data, which only a sync can tell.
 *
 * A size in an attribute does not even wait for the data that a header would
 * follow in the queue to the disk, so there it is always a sync.
 */
static int secure_size(struct ecryptfs_meta *meta,
		       const struct ecryptfs_lower_fs *fs, struct file *lower,
		       u64 need, bool ordered)
{
	u64 lower_size = i_size_read(file_inode(lower));
	int err = 0;

	lockdep_assert_held(&meta->me_mutex);
	if (meta->me_in_xattr && !fs->lf_ordered)
		ordered = true;
	if (ordered && need > meta->me_durable) {
		err = ecryptfs_lower_sync(lower, true);
		if (!err)
			meta->me_durable = need;
	} else if (fs->lf_journal && need > meta->me_capacity) {
		err = ecryptfs_lower_journal_commit(lower);
	} else {
		return 0;
	}
	if (!err)
		meta->me_capacity = max(meta->me_capacity, lower_size);
	return err;
}

/*
 * Records @size below if it is not what is recorded there.  The data up to
 * @size have been passed to the lower file before.
 *
 * The size field is overwritten in place, and can reach the disk before the
 * journal has the larger lower size: hence the order, see secure_size().  With
 * @ordered the data are on disk first, too; without, a crash may have zeros at
 * the end of the file, as on the lower filesystem.
 */
int ecryptfs_meta_commit_size(struct ecryptfs_meta *meta,
			      const struct ecryptfs_lower_fs *fs,
			      struct file *lower, u64 size, bool ordered)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);
	int err = 0;

	mutex_lock(&meta->me_mutex);
	if (size == meta->me_disk_size)
		goto out;
	err = secure_size(meta, fs, lower, ecryptfs_meta_lower_size(meta, size),
			  ordered);
	if (err)
		goto out;
	err = format->fo_commit_size(meta, lower, size);
	trace_ecryptfs_commit_size(fs->lf_stats->st_dev,
				   file_inode(lower)->i_ino, meta->me_disk_size,
				   size, ordered, err);
	if (err)
		goto out;
	meta->me_disk_size = size;
	ecryptfs_stats_add(fs->lf_stats, ECRYPTFS_SIZE_COMMITS, 1);
out:
	mutex_unlock(&meta->me_mutex);
	return err;
}

/* Records a smaller size, whose data are there; what follows it may go. */
int ecryptfs_meta_cut(struct ecryptfs_meta *meta,
		      const struct ecryptfs_lower_fs *fs, struct file *lower,
		      u64 size)
{
	u64 need = ecryptfs_meta_lower_size(meta, size);
	int err;

	err = ecryptfs_meta_commit_size(meta, fs, lower, size, false);
	mutex_lock(&meta->me_mutex);
	meta->me_durable = min(meta->me_durable, need);
	meta->me_capacity = min(meta->me_capacity, need);
	mutex_unlock(&meta->me_mutex);
	return err;
}

/*
 * For the encrypted view: the header that belongs before the data of @lower,
 * in @buf of EFMT_V1_HEADER_SCAN bytes.  -ENODATA: none does, because it has
 * one or is no file of ours.  Needs no key.
 */
int ecryptfs_meta_view_header(struct file *lower, u8 *buf)
{
	u8 *value;
	size_t len;
	int err;

	err = read_start(lower, buf, EFMT_V1_HEADER_SCAN, &len);
	if (err)
		return err;
	if (efmt_detect(buf, len) != EFMT_NONE)
		return -ENODATA;
	value = kmalloc(EFMT_V1_XATTR_MAX, GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	err = read_xattr(lower, value, &len);
	/* An attribute that is no good does not make the data unreadable. */
	if (err == -EUCLEAN ||
	    (!err && ecryptfs_format_v1.fo_view_header(value, len, buf)))
		err = -ENODATA;
	kfree(value);
	return err;
}

/* The plaintext size that the lower file says. */
u64 ecryptfs_meta_recorded_size(struct ecryptfs_meta *meta)
{
	u64 size;

	mutex_lock(&meta->me_mutex);
	size = meta->me_disk_size;
	mutex_unlock(&meta->me_mutex);
	return size;
}
