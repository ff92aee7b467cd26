/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one mount has done, in numbers: counters that every layer may add to and
 * sysfs.c shows.  Holds no policy and knows no object that is counted.
 */
#ifndef ECRYPTFS_STATS_H
#define ECRYPTFS_STATS_H

#include <linux/percpu_counter.h>
#include <linux/types.h>

/* Documentation/ecryptfs.rst says what each one counts. */
enum ecryptfs_stat {
	ECRYPTFS_EXTENTS_DECRYPTED,
	ECRYPTFS_EXTENTS_ENCRYPTED,
	ECRYPTFS_FILES_CREATED,
	ECRYPTFS_FILES_REMADE,
	ECRYPTFS_FILES_SHORTENED,
	ECRYPTFS_KEY_FAILURES,
	ECRYPTFS_KEY_LOOKUPS,
	ECRYPTFS_LOADS,
	ECRYPTFS_LOADS_DAMAGED,
	ECRYPTFS_LOADS_FAILED,
	ECRYPTFS_LOADS_NO_KEY,
	ECRYPTFS_LOADS_UNSUPPORTED,
	ECRYPTFS_LOWER_READ_BYTES,
	ECRYPTFS_LOWER_READS,
	ECRYPTFS_LOWER_WRITE_BYTES,
	ECRYPTFS_LOWER_WRITES,
	ECRYPTFS_READ_ERRORS,
	ECRYPTFS_SIZE_COMMITS,
	ECRYPTFS_WRITE_ERRORS,
	ECRYPTFS_STATS
};

/*
 * Filled by the superblock before anything is counted, and emptied after the
 * last inode is gone.
 *
 * Counted once for each lower read or write, never for each extent, and on the
 * CPU at hand: small reads by many tasks would meet on the line of an atomic64,
 * and a plain unsigned long is too small on 32 bits.
 */
struct ecryptfs_stats {
	dev_t st_dev; /* of the mount, for tracepoints; const */
	struct percpu_counter st_counters[ECRYPTFS_STATS];
};

/* -ENOMEM, and nothing is held then. */
static inline int ecryptfs_stats_create(struct ecryptfs_stats *stats, dev_t dev)
{
	stats->st_dev = dev;
	return percpu_counter_init_many(stats->st_counters, 0, GFP_KERNEL,
					ECRYPTFS_STATS);
}

/* Harmless on zeroes. */
static inline void ecryptfs_stats_destroy(struct ecryptfs_stats *stats)
{
	percpu_counter_destroy_many(stats->st_counters, ECRYPTFS_STATS);
}

/* From any context but an interrupt. */
static inline void ecryptfs_stats_add(struct ecryptfs_stats *stats,
				      enum ecryptfs_stat which, s64 amount)
{
	percpu_counter_add_local(&stats->st_counters[which], amount);
}

#endif /* ECRYPTFS_STATS_H */
