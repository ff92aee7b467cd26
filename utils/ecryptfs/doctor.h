/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `ecryptfs doctor' finds: each file doctor_*.c looks at one part of the system,
 * and changes nothing.
 */
#ifndef ECRYPTFS_DOCTOR_H
#define ECRYPTFS_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum doctor_level {
	DOCTOR_GOOD, /* as it should be */
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_WARNING, /* works, with a risk or without something */
	DOCTOR_PROBLEM, /* something does not work */
};

struct doctor;

/*
 * @part: what was looked at, a word; @next: what helps, or NULL.  Texts may be
 * anybody's.
 */
__attribute__((format(printf, 5, 6))) void
doctor_find(struct doctor *doctor, enum doctor_level level, const char *part,
	    const char *next, const char *format, ...);

/*
 * The first line of the file @path, without its newline; false: there is none.  For
 * files of the kernel.
 */
bool doctor_line(const char *path, char *ret, size_t size);
/* Whether a line of @path, before a `#', has @word. */
bool doctor_has(const char *path, const char *word);

/* doctor_kernel.c: module, Secure Boot, AppArmor */
void doctor_kernel(struct doctor *doctor);
/* doctor_user.c: keyrings, locked memory, set-uid helper, login, TPM */
void doctor_user(struct doctor *doctor);
/* doctor_memory.c: swap, hibernation; and the clock */
void doctor_memory(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
/* doctor_dir.c: the lower directory @dir, its filesystem and its vault */
void doctor_dir(struct doctor *doctor, const char *dir);

#endif /* ECRYPTFS_DOCTOR_H */
