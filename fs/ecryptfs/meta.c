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
	kfree(meta->me_new);
	ecryptfs_crypt_destroy(&meta->me_crypt);
	mutex_destroy(&meta->me_mutex);
}

/* Returns the metadata to their state before loading.  Nothing may use them. */
void ecryptfs_meta_unload(struct ecryptfs_meta *meta)
{
	mutex_lock(&meta->me_mutex);
	WRITE_ONCE(meta->__me_format, NULL);
	ecryptfs_crypt_destroy(&meta->me_crypt);
	kfree(meta->me_new);
	WRITE_ONCE(meta->me_new, NULL);
	meta->me_size_wrong = false;
	meta->me_refused = false;
	mutex_unlock(&meta->me_mutex);
}

static void publish_format(struct ecryptfs_meta *meta,
			   const struct ecryptfs_format *format)
{
	lockdep_assert_held(&meta->me_mutex);
	/* Pairs with the acquire in ecryptfs_meta_ready(). */
	smp_store_release(&meta->__me_format, format);
}

/*
 * Maps errors of the lower filesystem, so that they can't be taken for
 * something that this file found out: a damaged ext4 returns -EUCLEAN, too.
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

/* Reads the first bytes of the lower file; *len_ret is their number. */
static int read_start(struct file *lower, u8 *buf, size_t size, size_t *len_ret)
{
	return lower_error(ecryptfs_lower_read_buf(lower, buf, size, 0,
						   len_ret));
}

/*
 * Reads the value of the attribute.  -ENODATA: there is none.  -EUCLEAN: it is
 * larger than any of ours.
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
 * Returns the size of a file whose header says @size and whose data begin at
 * @region of the lower file.
 *
 * After a crash the recorded size may be there and data that were never synced
 * may be missing.  The size of such a file is what is left of it, as it would
 * be on the lower filesystem alone.  It is recognised by a lower file that ends
 * on the boundary of an extent, because only whole extents are written, and
 * that was last written before this mount was made.  Any other file that is too
 * short is damaged, keeps its size, and fails to read at its end.
 */
static u64 surviving_size(const struct ecryptfs_policy *policy,
			  const struct inode *lower, u64 region, u64 size)
{
	struct timespec64 mtime = inode_get_mtime(lower);
	u64 have = i_size_read(lower);
	struct efmt_geometry geo;
	u64 need;

	efmt_geometry_v1(region, &geo);
	if (have < region || have % geo.extent_bytes ||
	    efmt_geometry_lower_size(&geo, size, &need) || need <= have ||
	    timespec64_compare(&mtime, &policy->po_since) >= 0)
		return size;
	return have - region;
}

/*
 * Finds out what a lower file without metadata is, whose first @len bytes are
 * in @buf, and returns the error that a load fails with: see
 * ecryptfs_meta_load().
 */
static int find_nothing(struct file *lower, const u8 *buf, size_t len,
			enum ecryptfs_found *found_ret)
{
	size_t attr;
	int ret;

	*found_ret = ECRYPTFS_FOUND_EMPTY;
	if (!len)
		return -ENODATA;
	*found_ret = ECRYPTFS_FOUND_FOREIGN;
	if (memchr_inv(buf, 0, len))
		return -EUCLEAN;
	/* These zeros belong to an attribute that this mount does not read. */
	ret = ecryptfs_lower_read_xattr(lower, EFMT_V1_XATTR, NULL, 0, &attr);
	if (!ret)
		return -EUCLEAN;
	ret = ecryptfs_lower_is_zero(lower);
	if (ret < 0)
		return ret;
	*found_ret = ret ? ECRYPTFS_FOUND_EMPTY : ECRYPTFS_FOUND_LOST;
	return ret ? -ENODATA : -EUCLEAN;
}

/*
 * Finds the size to show for a lower file whose first @len bytes are in @buf.
 * -ENODATA: these bytes are no header of ours, or an impossible one.
 */
static int probe_header(const struct ecryptfs_policy *policy,
			const struct inode *lower, const u8 *buf, size_t len,
			u64 *size_ret)
{
	struct efmt_v1_header header;

	if (efmt_v1_probe(buf, len, size_ret) ||
	    *size_ret > lower->i_sb->s_maxbytes)
		return -ENODATA;
	if (!efmt_v1_header_from(buf, len, &header))
		*size_ret = surviving_size(policy, lower,
					   efmt_v1_header_region(&header),
					   *size_ret);
	return 0;
}

/*
 * Finds the size to show for a lower file that was not loaded, without a key.
 * -ENODATA: it has no metadata of ours, or impossible ones.
 */
int ecryptfs_meta_probe(const struct ecryptfs_policy *policy,
			struct file *lower, u64 *size_ret)
{
	const struct inode *inode = file_inode(lower);
	enum ecryptfs_found found;
	u8 buf[EFMT_V1_HEADER_FIXED];
	size_t len, value_len;
	u8 *value;
	int err;

	err = read_start(lower, buf, sizeof(buf), &len);
	if (err)
		return err;
	err = probe_header(policy, inode, buf, len, size_ret);
	if (err && policy->po_xattr) {
		value = kmalloc(EFMT_V1_XATTR_MAX, GFP_KERNEL);
		if (!value)
			return -ENOMEM;
		if (!read_xattr(lower, value, &value_len))
			err = efmt_v1_probe(value, value_len, size_ret);
		kfree(value);
		if (!err)
			*size_ret = surviving_size(policy, inode, 0, *size_ret);
	}
	if (err && len && !memchr_inv(buf, 0, len)) {
		*size_ret = 0;
		err = find_nothing(lower, buf, len, &found);
		return err == -ENODATA ? 0 : -ENODATA;
	}
	return err || *size_ret > inode->i_sb->s_maxbytes ? -ENODATA : 0;
}

/*
 * Like ecryptfs_meta_probe(), without opening the lower file.  After any error
 * the caller opens it and uses ecryptfs_meta_probe().
 */
int ecryptfs_meta_peek(const struct ecryptfs_policy *policy,
		       const struct ecryptfs_lower_fs *fs, struct inode *lower,
		       u64 *size_ret)
{
	u8 buf[EFMT_V1_HEADER_FIXED];
	size_t len;
	int err;

	err = ecryptfs_lower_peek(fs, lower, buf, sizeof(buf), &len);
	return err ?: probe_header(policy, lower, buf, len, size_ret);
}

/*
 * Finds out the format of the metadata in @buf and loads them.  -ENODATA: they
 * have no known format, or there are none.
 */
static int load_from(struct ecryptfs_meta *meta,
		     const struct ecryptfs_policy *policy,
		     const struct file *lower, const u8 *buf, size_t len,
		     bool xattr)
{
	const struct ecryptfs_format *format;
	u64 size;
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
	size = surviving_size(policy, file_inode(lower),
			      ecryptfs_meta_lower_size(meta, 0),
			      meta->me_disk_size);
	meta->me_size_wrong = size != meta->me_disk_size;
	meta->me_disk_size = size;
	publish_format(meta, format);
	return 0;
}

/*
 * Loads the header or, if there is none, the attribute.  The header takes
 * precedence, as in stock eCryptfs, so that a file written without the option
 * keeps working.  An error in a header that is there is more useful to report
 * than an error in an attribute.
 */
static int load_locked(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, struct file *lower,
		       enum ecryptfs_found *found_ret)
{
	u8 *buf, *value = NULL;
	size_t len, value_len;
	int err, err2;

	static_assert(EFMT_V1_XATTR_MAX <= EFMT_V1_HEADER_SCAN);
	*found_ret = ECRYPTFS_FOUND_OURS;
	buf = kmalloc(EFMT_V1_HEADER_SCAN, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = read_start(lower, buf, EFMT_V1_HEADER_SCAN, &len);
	if (err)
		goto out;
	err = load_from(meta, policy, lower, buf, len, false);
	if (err && policy->po_xattr) {
		value = kmalloc(EFMT_V1_XATTR_MAX, GFP_KERNEL);
		err2 = value ? read_xattr(lower, value, &value_len) : -ENOMEM;
		if (!err2)
			err2 = load_from(meta, policy, lower, value, value_len,
					 true);
		if (!err2)
			err = 0;
		else if (err == -ENODATA)
			err = err2;
	}
	if (err == -ENODATA)
		err = find_nothing(lower, buf, len, found_ret);
out:
	kfree(value);
	kfree(buf);
	return err;
}

/* Returns the number of the file's format, 0 if it is not known. */
static unsigned int format_version(const struct ecryptfs_meta *meta)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);

	return format ? format->fo_version : 0;
}

/* Counts a load that ended with @err.  An empty lower file counts as loaded. */
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
 * Reads and unlocks the metadata of @lower, unless that was done before.
 * *size_ret is the plaintext size, and is written only if this call has loaded
 * them.  *found_ret says what the lower file is, also on failure.
 *
 * -ENODATA: the lower file is an empty file.  -EUCLEAN: it is not a file of
 * ours, or damaged.  -EOPNOTSUPP: its version or kind of key is not supported.
 * -ENOPKG: this kernel lacks the cipher.  Key errors are those of
 * ecryptfs_keys_find().  May sleep.
 */
int ecryptfs_meta_load(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, struct file *lower,
		       u64 *size_ret, enum ecryptfs_found *found_ret)
{
	int err = 0;

	*found_ret = ECRYPTFS_FOUND_OURS;
	if (ecryptfs_meta_ready(meta))
		return 0;
	mutex_lock(&meta->me_mutex);
	if (!ecryptfs_meta_ready(meta)) {
		err = load_locked(meta, policy, lower, found_ret);
		if (!err)
			*size_ret = meta->me_disk_size;
		count_load(policy->po_stats, err);
		trace_ecryptfs_load(policy->po_stats->st_dev,
				    file_inode(lower)->i_ino,
				    format_version(meta), err);
	}
	mutex_unlock(&meta->me_mutex);
	return err;
}

/*
 * Makes the metadata of a new file, unless the file has some.  They stay in
 * memory until the first data are written, or the first commit.  No lower file
 * is needed.  Key errors are those of ecryptfs_keys_find().
 */
int ecryptfs_meta_create(struct ecryptfs_meta *meta,
			 const struct ecryptfs_policy *policy)
{
	const struct ecryptfs_format *format = &ecryptfs_format_v1;
	size_t len;
	int err = 0;
	u8 *buf;

	buf = kzalloc(EFMT_V1_HEADER_BYTES, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	mutex_lock(&meta->me_mutex);
	if (!ecryptfs_meta_ready(meta)) {
		err = format->fo_create(meta, policy, buf, &len);
		if (!err) {
			meta->me_disk_size = 0;
			meta->me_size_wrong = false;
			meta->me_new_bytes = len;
			WRITE_ONCE(meta->me_new, buf);
			publish_format(meta, format);
			buf = NULL;
			ecryptfs_stats_add(policy->po_stats,
					   ECRYPTFS_FILES_CREATED, 1);
		}
	}
	mutex_unlock(&meta->me_mutex);
	kfree(buf);
	return err;
}

/*
 * Reads the header of a file that is to be cut to nothing back into memory, so
 * that the lower file can be cut to nothing, too, and be written as a new one
 * with the same key.  Whatever the lower filesystem guarantees for a file that
 * is truncated and written again then holds for header and data together.
 *
 * -EOPNOTSUPP: the metadata do not precede the data, or not in the way that
 * ours do.
 */
int ecryptfs_meta_renew(struct ecryptfs_meta *meta, struct file *lower)
{
	size_t len;
	int err = 0;
	u8 *buf;

	if (meta->me_in_xattr ||
	    ecryptfs_meta_lower_size(meta, 0) != EFMT_V1_HEADER_BYTES)
		return -EOPNOTSUPP;
	buf = kzalloc(EFMT_V1_HEADER_BYTES, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	mutex_lock(&meta->me_mutex);
	if (!meta->me_new) {
		err = read_start(lower, buf, EFMT_V1_HEADER_BYTES, &len);
		if (!err && (len < EFMT_V1_HEADER_SCAN ||
			     efmt_detect(buf, len) == EFMT_NONE))
			err = -EOPNOTSUPP;
		if (!err) {
			meta->me_new_bytes = EFMT_V1_HEADER_BYTES;
			WRITE_ONCE(meta->me_new, buf);
			buf = NULL;
		}
	}
	mutex_unlock(&meta->me_mutex);
	kfree(buf);
	return err;
}

/*
 * Returns the header of a new file, with @size in it, to a caller that writes
 * it together with the first data.  me_mutex is held then until
 * ecryptfs_meta_new_end().  Returns NULL, without the lock, if the file is not
 * new or its metadata are not a header.
 */
u8 *ecryptfs_meta_new_begin(struct ecryptfs_meta *meta, u64 size)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);

	if (!ecryptfs_meta_is_new(meta) || meta->me_in_xattr)
		return NULL;
	mutex_lock(&meta->me_mutex);
	if (!meta->me_new) {
		mutex_unlock(&meta->me_mutex);
		return NULL;
	}
	format->fo_put_size(meta->me_new, size);
	return meta->me_new;
}

/*
 * Ends ecryptfs_meta_new_begin().  @err is the result of the write; if it is 0,
 * the file is no longer new.
 */
void ecryptfs_meta_new_end(struct ecryptfs_meta *meta, u64 size, int err)
{
	lockdep_assert_held(&meta->me_mutex);
	if (!err) {
		meta->me_disk_size = size;
		kfree(meta->me_new);
		WRITE_ONCE(meta->me_new, NULL);
	}
	mutex_unlock(&meta->me_mutex);
}

/*
 * Moves the metadata of a file that was just created to its inode, which nobody
 * else can see yet.  @from is left as by ecryptfs_meta_init().
 */
void ecryptfs_meta_move(struct ecryptfs_meta *from, struct ecryptfs_meta *to)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(from);

	mutex_lock(&to->me_mutex);
	to->me_geo = from->me_geo;
	to->me_crypt = from->me_crypt;
	to->me_in_xattr = from->me_in_xattr;
	to->me_disk_size = from->me_disk_size;
	to->me_new = from->me_new;
	to->me_new_bytes = from->me_new_bytes;
	from->me_new = NULL;
	memzero_explicit(&from->me_crypt, sizeof(from->me_crypt));
	from->__me_format = NULL;
	publish_format(to, format);
	mutex_unlock(&to->me_mutex);
}

/*
 * Returns the lower size of a file of @size bytes, or the largest size there is
 * if that is impossible.
 */
u64 ecryptfs_meta_lower_size(const struct ecryptfs_meta *meta, u64 size)
{
	u64 lower_size;

	if (efmt_geometry_lower_size(&meta->me_geo, size, &lower_size))
		return S64_MAX;
	return lower_size;
}

/*
 * Records @size in the lower file, together with the other metadata if the file
 * is new.  The data up to @size were passed to the lower file before.  Does not
 * wait for the disk: surviving_size() handles what a crash can leave.
 */
int ecryptfs_meta_commit_size(struct ecryptfs_meta *meta,
			      const struct ecryptfs_lower_fs *fs,
			      struct file *lower, u64 size)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);
	int err = 0;

	mutex_lock(&meta->me_mutex);
	if (meta->me_new) {
		format->fo_put_size(meta->me_new, size);
		err = format->fo_write(meta, lower, meta->me_new,
				       meta->me_new_bytes);
		if (!err) {
			kfree(meta->me_new);
			WRITE_ONCE(meta->me_new, NULL);
		}
	} else if (size != meta->me_disk_size || meta->me_size_wrong) {
		err = format->fo_commit_size(meta, lower, size);
	} else {
		goto out;
	}
	trace_ecryptfs_commit_size(fs->lf_stats->st_dev,
				   file_inode(lower)->i_ino, meta->me_disk_size,
				   size, err);
	if (err)
		goto out;
	meta->me_disk_size = size;
	meta->me_size_wrong = false;
	ecryptfs_stats_add(fs->lf_stats, ECRYPTFS_SIZE_COMMITS, 1);
out:
	mutex_unlock(&meta->me_mutex);
	return err;
}

/* Whether a commit of @size has nothing to do. */
bool ecryptfs_meta_is_recorded(struct ecryptfs_meta *meta, u64 size)
{
	bool is;

	mutex_lock(&meta->me_mutex);
	is = !meta->me_new && meta->me_disk_size == size;
	mutex_unlock(&meta->me_mutex);
	return is;
}

/*
 * Makes the header that the encrypted view shows before the data of @lower, in
 * @buf of EFMT_V1_HEADER_SCAN bytes.  -ENODATA: it shows none, because the file
 * has a header or is none of ours.  Needs no key.
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
	/* A bad attribute does not make the data unreadable. */
	if (err == -EUCLEAN ||
	    (!err && ecryptfs_format_v1.fo_view_header(value, len, buf)))
		err = -ENODATA;
	kfree(value);
	return err;
}

/* Returns the plaintext size that is recorded in the lower file. */
u64 ecryptfs_meta_recorded_size(struct ecryptfs_meta *meta)
{
	u64 size;

	mutex_lock(&meta->me_mutex);
	size = meta->me_disk_size;
	mutex_unlock(&meta->me_mutex);
	return size;
}
