/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.13: the helpers for backing files know the user's file from the kiocb, for
 * splicing, too.
 *
 * backing_file_open() takes the user's file instead of its path, in 7.x and in
 * the later stable releases of some series before: told apart by its type.
 */
#ifndef ECRYPTFS_COMPAT_BACKING_FILE_H
#define ECRYPTFS_COMPAT_BACKING_FILE_H

#include <linux/backing-file.h>
#include <linux/mm_types.h>

/* Only its type is used. */
struct file *compat_open_by_path(const struct path *user_path, int flags,
				 const struct path *real_path,
				 const struct cred *cred);

#define COMPAT_BY_PATH __same_type(backing_file_open, compat_open_by_path)

static inline struct file *
compat_backing_file_open(struct file *file, int flags,
			 const struct path *real_path, const struct cred *cred)
{
	return backing_file_open(__builtin_choose_expr(COMPAT_BY_PATH,
						       &file->f_path, file),
				 flags, real_path, cred);
}
#define backing_file_open compat_backing_file_open

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline ssize_t
compat_backing_file_read_iter(struct file *file, struct iov_iter *iter,
			      struct kiocb *iocb, int flags,
			      struct backing_file_ctx *ctx)
{
	ctx->user_file = iocb->ki_filp;
	return backing_file_read_iter(file, iter, iocb, flags, ctx);
}
#define backing_file_read_iter compat_backing_file_read_iter

static inline ssize_t
compat_backing_file_write_iter(struct file *file, struct iov_iter *iter,
			       struct kiocb *iocb, int flags,
			       struct backing_file_ctx *ctx)
{
	ctx->user_file = iocb->ki_filp;
	return backing_file_write_iter(file, iter, iocb, flags, ctx);
}
#define backing_file_write_iter compat_backing_file_write_iter

static inline ssize_t
compat_backing_file_splice_read(struct file *in, struct kiocb *iocb,
				struct pipe_inode_info *pipe, size_t len,
				unsigned int flags,
				struct backing_file_ctx *ctx)
{
	ctx->user_file = iocb->ki_filp;
	return backing_file_splice_read(in, &iocb->ki_pos, pipe, len, flags,
					ctx);
}
#define backing_file_splice_read compat_backing_file_splice_read

static inline ssize_t
compat_backing_file_splice_write(struct pipe_inode_info *pipe,
				 struct file *out, struct kiocb *iocb,
				 size_t len, unsigned int flags,
				 struct backing_file_ctx *ctx)
{
	ctx->user_file = iocb->ki_filp;
	return backing_file_splice_write(pipe, out, &iocb->ki_pos, len, flags,
					 ctx);
}
#define backing_file_splice_write compat_backing_file_splice_write

static inline int
compat_backing_file_mmap(struct file *file, struct vm_area_struct *vma,
			 struct backing_file_ctx *ctx)
{
	ctx->user_file = vma->vm_file;
	return backing_file_mmap(file, vma, ctx);
}
#define backing_file_mmap compat_backing_file_mmap
#endif

#endif /* ECRYPTFS_COMPAT_BACKING_FILE_H */
