// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dentries: whether an upper dentry still stands for what the lower filesystem
 * has at that place.
 */
#include <linux/dcache.h>
#include <linux/namei.h>

#include "glue.h"

/*
 * Whether the upper and the lower dentry still agree, as far as the lower
 * dcache knows.  May be called under RCU; then a change in progress can make
 * the result wrong either way, and only true may be acted upon.
 *
 * d_time of the upper dentry has the hash and length of the lower name under
 * which it was found, and these are compared.  Comparing whole names would take
 * an encryption for each step of a path, and can't be done under RCU.  If a
 * rename below ever keeps both hash and length, the old name goes on meaning
 * the same file.
 */
static bool dentry_agrees(const struct dentry *dentry,
			  const struct dentry *lower)
{
	const struct inode *inode = d_inode_rcu(dentry);
	const struct inode *lower_inode = d_inode_rcu(lower);

	/* Removed, or replaced, below. */
	if (d_unhashed(lower) && !IS_ROOT(lower))
		return false;
	if (!inode)
		return !lower_inode;
	if (lower_inode != ecryptfs_inode_lower(inode))
		return false;
	if (IS_ROOT(dentry))
		return true;
	/* Moved below. */
	if (READ_ONCE(lower->d_parent) !=
	    ecryptfs_dentry_lower(READ_ONCE(dentry->d_parent)))
		return false;
	/* Renamed below. */
	return READ_ONCE(dentry->d_time) == ecryptfs_lower_name(lower);
}

/*
 * Returns where the lower dentry has to be, and under which name, for a change
 * of the upper name.  The caller holds the parent's inode lock.
 */
struct ecryptfs_lower_place ecryptfs_dentry_place(const struct dentry *dentry)
{
	return (struct ecryptfs_lower_place){
		.pl_dentry = ecryptfs_dentry_lower(dentry),
		.pl_dir = ecryptfs_dentry_lower(dentry->d_parent),
		.pl_name = dentry->d_time,
	};
}

/*
 * Whether dentries that seemed to disagree really do.  A rename of ours moves
 * the lower dentry first, and a lookup may move the upper dentry of a directory
 * that was renamed below.  Both hold es_rename_sem until upper and lower dentry
 * are at the same place under the same name, so a difference under the
 * semaphore was made by somebody else.
 *
 * The caller may hold the parent's inode lock, because the task that holds the
 * semaphore for writing waits for no upper lock.
 */
static bool disagrees_now(const struct dentry *dentry,
			  const struct dentry *lower)
{
	struct ecryptfs_sb *es = ecryptfs_sb(dentry->d_sb);
	bool differs;

	down_read(&es->es_rename_sem);
	rcu_read_lock();
	/* A creation may have replaced it since the caller looked. */
	differs = ecryptfs_dentry_lower(dentry) == lower &&
		  !dentry_agrees(dentry, lower);
	rcu_read_unlock();
	up_read(&es->es_rename_sem);
	return differs;
}

/*
 * Whether a negative dentry may be kept.  Not where the lower filesystem drops
 * such dentries at once and has this one only because we hold it: it would ask
 * its server again, as 9p does.
 */
static bool keeps_negative(const struct dentry *dentry,
			   const struct dentry *lower)
{
	return d_inode_rcu(dentry) || !(lower->d_flags & DCACHE_OP_DELETE);
}

/*
 * Whether an object that is shown raw may have appeared under a name that had
 * none.  The lookup has made a lower dentry of that name, too, which changes if
 * an object appears.  If that dentry is no longer in the lower dcache, or never
 * was, the answer is true, and the name is looked up again.
 */
static bool raw_may_exist(const struct dentry *dentry)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(dentry->d_sb);
	struct dentry *parent, *lower_dir, *raw;
	struct name_snapshot name;
	struct qstr qstr;
	bool may = true;

	if (!es->es_names)
		return false;
	parent = dget_parent((struct dentry *)dentry);
	lower_dir = ecryptfs_dentry_lower(parent);
	take_dentry_name_snapshot(&name, (struct dentry *)dentry);
	if (ecryptfs_name_may_be_raw(d_inode(parent), name.name.name,
				     name.name.len) == 0) {
		may = false;
		goto out;
	}
	qstr = name.name;
	qstr.hash = full_name_hash(lower_dir, qstr.name, qstr.len);
	if (lower_dir->d_flags & DCACHE_OP_HASH &&
	    lower_dir->d_op->d_hash(lower_dir, &qstr))
		goto out;
	raw = d_lookup(lower_dir, &qstr);
	if (raw) {
		may = d_is_positive(raw);
		dput(raw);
	}
out:
	release_dentry_name_snapshot(&name);
	dput(parent);
	return may;
}

/* Calls the lower filesystem's ->d_revalidate(). */
static int lower_revalidate(struct dentry *lower, unsigned int flags)
{
	struct dentry *parent = dget_parent(lower);
	struct name_snapshot name;
	int ret;

	take_dentry_name_snapshot(&name, lower);
	ret = call_d_revalidate(d_inode(parent), &name.name, lower, flags);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return ret;
}

/*
 * Returns the lower dentry with a reference, to a caller that has neither the
 * parent's lock nor an upper inode: a creation may replace it at any moment.
 * Returns NULL for a directory that is being opened by handle and was found by
 * a lookup before it was tied: see ecryptfs_dentry_tie_alias().
 */
static struct dentry *lower_get(const struct dentry *dentry)
{
	struct dentry *lower;

	rcu_read_lock();
	do {
		lower = ecryptfs_dentry_lower(dentry);
	} while (lower && !lockref_get_not_dead(&lower->d_lockref));
	rcu_read_unlock();
	return lower;
}

/* Revalidates a dentry; the caller holds references to both. */
static int revalidate_held(struct dentry *dentry, struct dentry *lower,
			   unsigned int flags)
{
	struct inode *inode;
	bool agrees;
	int ret;

	if (lower->d_flags & DCACHE_OP_REVALIDATE) {
		ret = lower_revalidate(lower, flags);
		if (ret <= 0)
			return ret;
	}
	rcu_read_lock();
	agrees = IS_ROOT(dentry) || dentry_agrees(dentry, lower);
	rcu_read_unlock();
	if (!agrees && disagrees_now(dentry, lower))
		return 0;
	if (d_is_negative(dentry))
		return keeps_negative(dentry, lower) && !raw_may_exist(dentry);
	inode = d_inode(dentry);
	ecryptfs_inode_copy_attr(inode);
	/* A server is asked by name whether a file still has one. */
	return !ecryptfs_inode_nameless(inode);
}

/*
 * Under RCU a dentry that agrees is valid, unless the lower filesystem has a
 * ->d_revalidate(); anything else is looked at again with references.
 */
static int ecryptfs_d_revalidate(struct inode *dir, const struct qstr *name,
				 struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry);
	struct dentry *lower;
	int ret;

	if (flags & LOOKUP_RCU) {
		lower = ecryptfs_dentry_lower(dentry);
		if (!lower || lower->d_flags & DCACHE_OP_REVALIDATE ||
		    !keeps_negative(dentry, lower))
			return -ECHILD;
		if (inode ? !ecryptfs_inode_agrees(inode) :
			    ecryptfs_sb(dentry->d_sb)->es_names)
			return -ECHILD;
		return dentry_agrees(dentry, lower) ? 1 : -ECHILD;
	}
	lower = lower_get(dentry);
	/* The lookup that follows ties it. */
	if (!lower)
		return 0;
	ret = revalidate_held(dentry, lower, flags);
	dput(lower);
	return ret;
}

D_REVALIDATE_OP(ecryptfs_d_revalidate)

static void ecryptfs_d_release(struct dentry *dentry)
{
	dput(dentry->d_fsdata);
}

/*
 * Ties a dentry that nobody else sees yet to @lower, and takes over the
 * reference to @lower.
 */
void ecryptfs_dentry_tie(struct dentry *dentry, struct dentry *lower,
			 unsigned long name)
{
	dentry->d_fsdata = lower;
	dentry->d_time = name;
}

/*
 * Ties a dentry without a name to @lower, with a reference of its own, unless
 * it is tied already.  It may be tied because it had another name before, or
 * because another task came here at the same time: others can find the dentry
 * as soon as it has its inode.  They come here, too, directly or by a lookup.
 * Only a path walk can see, for a moment, a directory that such a lookup has
 * named and that is not tied.
 */
void ecryptfs_dentry_tie_alias(struct dentry *dentry, struct dentry *lower)
{
	if (ecryptfs_dentry_lower(dentry))
		return;
	dget(lower);
	if (cmpxchg(&dentry->d_fsdata, NULL, lower))
		dput(lower);
}

/*
 * To be called when the lower dentry got the name @name together with this one:
 * after a rename of ours, or when the lookup that found this dentry used that
 * name.
 */
void ecryptfs_dentry_moved(struct dentry *dentry, unsigned long name)
{
	WRITE_ONCE(dentry->d_time, name);
}

/*
 * Exchanges two dentries like d_exchange(), which modules can't call.  @first
 * and @second stand for their places: new dentries that are not hashed, made by
 * ecryptfs_dentry_twin().  The caller holds es_rename_sem for writing, so that
 * nobody is misled by the moment in which one name is there twice.
 */
void ecryptfs_dentry_exchange(struct dentry *dentry, struct dentry *other,
			      struct dentry *first, struct dentry *second)
{
	d_move(dentry, second);
	d_move(other, first);
}

/*
 * Returns a new negative dentry that is not hashed, with the parent and name of
 * @dentry; NULL if there is no memory.
 */
struct dentry *ecryptfs_dentry_twin(struct dentry *dentry)
{
	return d_alloc(dentry->d_parent, &dentry->d_name);
}

/*
 * Replaces the lower dentry of a new object for which the lower filesystem has
 * another dentry than the lookup found, and takes over the reference to @lower.
 * The caller holds the parent's inode lock.  A path walk may still look at the
 * old dentry, under RCU or by a reference of its own: see lower_get().
 */
void ecryptfs_dentry_replace(struct dentry *dentry, struct dentry *lower,
			     unsigned long name)
{
	struct dentry *old = ecryptfs_dentry_lower(dentry);

	WRITE_ONCE(dentry->d_fsdata, lower);
	ecryptfs_dentry_moved(dentry, name);
	dput(old);
}

/*
 * Gives a dentry the inode of an object that was just made there.  The caller
 * holds the parent's inode lock.  A task that has seen the object below
 * meanwhile may have unhashed the negative dentry, so it is hashed again.
 */
void ecryptfs_dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	if (d_unhashed(dentry))
		d_rehash(dentry);
}

const struct dentry_operations ecryptfs_dentry_ops = {
	.d_revalidate = d_revalidate_op(ecryptfs_d_revalidate),
	.d_release = ecryptfs_d_release,
};
