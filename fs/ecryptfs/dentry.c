// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dentries: whether one still is what the lower filesystem has there.
 */
#include <linux/dcache.h>
#include <linux/namei.h>

#include "glue.h"

/*
 * Whether upper and lower dentry still agree, as far as the lower dcache knows.
 * Callable under RCU; then a change in progress can make it wrong either way,
 * and only true may be acted upon.
 *
 * Names are compared by d_time of the upper dentry, which stands for the lower
 * one by which it was found.  Comparing them in full would take an encryption
 * for each step of a path, and is not to be had under RCU.  Should a rename below
 * ever keep both hash and length, the old name goes on meaning the same file.
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
 * Where the lower dentry has to be, and by what name, for a change that is made
 * to the upper name.  The caller holds the parent's inode lock.
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
 * Whether a dentry that disagrees does so in fact.  A rename of our own moves the
 * lower dentry first, and a lookup may move the upper one of a directory that was
 * renamed below; both hold es_rename_sem until upper and lower dentry are in the
 * same place and called the same.  So what differs under it was changed by
 * somebody else.
 *
 * The caller may hold the parent's inode lock: who holds the semaphore for
 * writing waits for no upper lock.
 */
static bool disagrees_now(const struct dentry *dentry,
			  const struct dentry *lower)
{
	struct ecryptfs_sb *es = ecryptfs_sb(dentry->d_sb);
	bool differs;

	down_read(&es->es_rename_sem);
	rcu_read_lock();
	/* Replaced by a creation: that is newer than what the caller knows. */
	differs = ecryptfs_dentry_lower(dentry) == lower &&
		  !dentry_agrees(dentry, lower);
	rcu_read_unlock();
	up_read(&es->es_rename_sem);
	return differs;
}

/*
 * Whether a name that was not there is taken for still missing.  Not where the
 * lower filesystem drops such dentries, and keeps this one only because it is
 * pinned: it would have asked again, as 9p asks its server.
 */
static bool keeps_negative(const struct dentry *dentry,
			   const struct dentry *lower)
{
	return d_inode_rcu(dentry) || !(lower->d_flags & DCACHE_OP_DELETE);
}

/*
 * Whether a name for which there was nothing may have got something that is
 * shown raw: the lookup saw to it that the lower dcache knows of that name, too,
 * and to make it appear is to change that.  A name that was dropped from there,
 * or never in, is looked up again.
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

/* What the lower filesystem, which wants to be asked, says of its dentry. */
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
 * A reference to the lower dentry, for who has neither the parent's lock nor an
 * upper inode to go by: a creation may replace it at any moment.  NULL for a
 * directory that is opened by handle right now, and that a lookup has found
 * before it was tied: see ecryptfs_dentry_tie_alias().
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

/* With references held. */
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
	/* A server that says so of what has a name is asked by that name. */
	return !ecryptfs_inode_nameless(inode);
}

/*
 * Under RCU a dentry that agrees is good unless the lower filesystem wants to
 * be asked; everything else is looked at again with references held.
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
	/* Looked up again, it is tied. */
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
 * Ties a dentry that nobody else sees yet to @lower, whose reference it takes
 * over.
 */
void ecryptfs_dentry_tie(struct dentry *dentry, struct dentry *lower,
			 unsigned long name)
{
	dentry->d_fsdata = lower;
	dentry->d_time = name;
}

/*
 * Ties a dentry without a name to @lower, of which it takes a reference, unless
 * it is tied already: another name of a file may have been there before, and
 * somebody else may have come here at the same time, as others can find it as
 * soon as it has its inode.  They come by the same way, or by a lookup, which
 * calls this, too; only path walk can see, for a moment, a directory that such a
 * lookup has given its name, and is not tied.
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
 * After the lower dentry got the name @name along with this one, which is by our
 * own rename, or because the lookup that found this one went by that name.
 */
void ecryptfs_dentry_moved(struct dentry *dentry, unsigned long name)
{
	WRITE_ONCE(dentry->d_time, name);
}

/*
 * Lets two dentries change places, as d_exchange(), which modules can't call.
 * @first and @second stand for the places: new dentries, not hashed, made by
 * ecryptfs_dentry_twin().  The caller holds es_rename_sem for writing, so that
 * nobody draws conclusions from the moment in which a name is there twice.
 */
void ecryptfs_dentry_exchange(struct dentry *dentry, struct dentry *other,
			      struct dentry *first, struct dentry *second)
{
	d_move(dentry, second);
	d_move(other, first);
}

/* A new dentry, not hashed and negative, with parent and name of @dentry. */
struct dentry *ecryptfs_dentry_twin(struct dentry *dentry)
{
	return d_alloc(dentry->d_parent, &dentry->d_name);
}

/*
 * Takes over the reference to @lower.  For a new file whose lower dentry is not
 * the one that the lookup found; the caller holds the parent's inode lock.
 * Path walk may still look at the old one, under RCU, or by a reference of its
 * own: see lower_get().
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
 * Gives a dentry, whose parent's inode lock the caller holds, the inode of what
 * was just made there.  Somebody who saw that below meanwhile may have unhashed
 * the dentry that did not know of it yet.
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
