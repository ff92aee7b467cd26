/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of a mount: counters that every layer may add to, and that sysfs.c
 * shows.  This file knows neither policies nor the objects that are counted.
 */
#ifndef ECRYPTFS_STATS_H
#define ECRYPTFS_STATS_H

#include <linux/percpu_counter.h>
#include <linux/types.h>

/* Documentation/ecryptfs.rst describes what each of them counts. */
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
 * The counters are allocated with the superblock, before anything is counted,
 * and freed after its last inode.
 *
 * A counter is incremented once for each lower read or write, not for each
 * extent, and on the local CPU.  With an atomic64, small reads by many tasks
 * would contend for a cache line, and an unsigned long is too small on 32-bit
 * machines.
 */
struct ecryptfs_stats {
	dev_t st_dev; /* device of the mount, for tracepoints; const */
	struct percpu_counter st_counters[ECRYPTFS_STATS];
};

/* Returns -ENOMEM, and holds nothing then, or 0. */
static inline int ecryptfs_stats_create(struct ecryptfs_stats *stats, dev_t dev)
{
	stats->st_dev = dev;
	return percpu_counter_init_many(stats->st_counters, 0, GFP_KERNEL,
					ECRYPTFS_STATS);
}

/* Does nothing if @stats is zeroed. */
static inline void ecryptfs_stats_destroy(struct ecryptfs_stats *stats)
{
	percpu_counter_destroy_many(stats->st_counters, ECRYPTFS_STATS);
}

/* May be called in any context except an interrupt. */
static inline void ecryptfs_stats_add(struct ecryptfs_stats *stats,
				      enum ecryptfs_stat which, s64 amount)
{
	percpu_counter_add_local(&stats->st_counters[which], amount);
}

#endif /* ECRYPTFS_STATS_H */
