/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.17: ->write_begin() and ->write_end() are given a kiocb, not a file.
 * WRITE_BEGIN_OP(fn) and WRITE_END_OP(fn) stand before the table,
 * write_begin_op(fn) and write_end_op(fn) in it.
 */
#ifndef ECRYPTFS_COMPAT_WRITE_BEGIN_H
#define ECRYPTFS_COMPAT_WRITE_BEGIN_H

#include <linux/fs.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define WRITE_BEGIN_OP(fn)						\
static int fn##_op(struct file *file, struct address_space *mapping,	\
		   loff_t pos, unsigned int len, struct folio **foliop,	\
		   void **fsdata)					\
{									\
	struct kiocb iocb = { .ki_filp = file, .ki_pos = pos };		\
									\
	return fn(&iocb, mapping, pos, len, foliop, fsdata);		\
}
#define WRITE_END_OP(fn)						\
static int fn##_op(struct file *file, struct address_space *mapping,	\
		   loff_t pos, unsigned int len, unsigned int copied,	\
		   struct folio *folio, void *fsdata)			\
{									\
	struct kiocb iocb = { .ki_filp = file, .ki_pos = pos };		\
									\
	return fn(&iocb, mapping, pos, len, copied, folio, fsdata);	\
}
#define write_begin_op(fn) fn##_op
#define write_end_op(fn) fn##_op
#else
#define WRITE_BEGIN_OP(fn)
#define WRITE_END_OP(fn)
#define write_begin_op(fn) fn
#define write_end_op(fn) fn
#endif

#endif /* ECRYPTFS_COMPAT_WRITE_BEGIN_H */
