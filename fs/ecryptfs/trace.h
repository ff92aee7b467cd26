/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracepoints.  They carry numbers and signatures, which are public, but never
 * a byte of a key, of a file's content or of its name.
 *
 * Devices are those of the mount.  Inode numbers are those that the mount
 * shows, which are those of the lower inodes.  Any layer may call them, so they
 * take no structs of higher layers.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ecryptfs

#if !defined(ECRYPTFS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ECRYPTFS_TRACE_H

#include <linux/kdev_t.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include "format/efmt.h"

/* A lower read of contiguous extents; the lower file had @bytes of them. */
TRACE_EVENT(ecryptfs_read,
	TP_PROTO(dev_t dev, u64 ino, u64 lower_pos, size_t bytes,
		 unsigned int folios, int err),
	TP_ARGS(dev, ino, lower_pos, bytes, folios, err),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, ino)
		__field(u64, lower_pos)
		__field(size_t, bytes)
		__field(unsigned int, folios)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ino = ino;
		__entry->lower_pos = lower_pos;
		__entry->bytes = bytes;
		__entry->folios = folios;
		__entry->err = err;
	),
	TP_printk("dev %d:%d ino %llu lower_pos %llu bytes %zu folios %u err %d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->lower_pos,
		  __entry->bytes, __entry->folios, __entry->err)
);

/* One lower write of contiguous extents. */
TRACE_EVENT(ecryptfs_write,
	TP_PROTO(dev_t dev, u64 ino, u64 lower_pos, size_t bytes,
		 unsigned int extents, int err),
	TP_ARGS(dev, ino, lower_pos, bytes, extents, err),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, ino)
		__field(u64, lower_pos)
		__field(size_t, bytes)
		__field(unsigned int, extents)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ino = ino;
		__entry->lower_pos = lower_pos;
		__entry->bytes = bytes;
		__entry->extents = extents;
		__entry->err = err;
	),
	TP_printk("dev %d:%d ino %llu lower_pos %llu bytes %zu extents %u err %d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->lower_pos,
		  __entry->bytes, __entry->extents, __entry->err)
);

DECLARE_EVENT_CLASS(ecryptfs_meta,
	TP_PROTO(dev_t dev, u64 ino, unsigned int format, int err),
	TP_ARGS(dev, ino, format, err),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, ino)
		__field(unsigned int, format)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ino = ino;
		__entry->format = format;
		__entry->err = err;
	),
	TP_printk("dev %d:%d ino %llu format %u err %d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->format,
		  __entry->err)
);

/* The format is 0 if the load failed before the format was known. */
DEFINE_EVENT(ecryptfs_meta, ecryptfs_load,
	TP_PROTO(dev_t dev, u64 ino, unsigned int format, int err),
	TP_ARGS(dev, ino, format, err)
);

DEFINE_EVENT(ecryptfs_meta, ecryptfs_create,
	TP_PROTO(dev_t dev, u64 ino, unsigned int format, int err),
	TP_ARGS(dev, ino, format, err)
);

/* The recorded plaintext size changes. */
TRACE_EVENT(ecryptfs_commit_size,
	TP_PROTO(dev_t dev, u64 ino, u64 old, u64 new, int err),
	TP_ARGS(dev, ino, old, new, err),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, ino)
		__field(u64, old)
		__field(u64, new)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->ino = ino;
		__entry->old = old;
		__entry->new = new;
		__entry->err = err;
	),
	TP_printk("dev %d:%d ino %llu old %llu new %llu err %d",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->old,
		  __entry->new, __entry->err)
);

/*
 * A search for a master key, among the mount's own or in the task's keyrings.
 */
TRACE_EVENT(ecryptfs_key_find,
	TP_PROTO(const u8 *sig, bool of_mount, int err),
	TP_ARGS(sig, of_mount, err),
	TP_STRUCT__entry(
		__array(u8, sig, EFMT_V1_SIG_BYTES)
		__field(bool, of_mount)
		__field(int, err)
	),
	TP_fast_assign(
		memcpy(__entry->sig, sig, EFMT_V1_SIG_BYTES);
		__entry->of_mount = of_mount;
		__entry->err = err;
	),
	TP_printk("sig %s from %s err %d",
		  __print_hex_str(__entry->sig, EFMT_V1_SIG_BYTES),
		  __entry->of_mount ? "mount" : "keyring", __entry->err)
);

#endif /* ECRYPTFS_TRACE_H */

/* Kbuild has the directory of this file in the include path, also in a tree. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
