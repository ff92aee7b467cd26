// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs doctor: a lower directory, the filesystem that it is on, and its vault.
 */
#include <errno.h>
#include <linux/magic.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "doctor.h"
#include "explain.h"
#include "trust.h"
#include "vault.h"
#include "vault_file.h"

#define PART "directory"
/* Not in the kernel's header for programs. */
#define EXFAT_MAGIC 0x2011BAB0
#define NTFS3_MAGIC 0x7366746e
#define CIFS_MAGIC 0xFF534D42
#define SMB2_MAGIC 0xFE534D42

static bool is_network(long type)
{
	return type == NFS_SUPER_MAGIC || type == (long)CIFS_MAGIC ||
	       type == (long)SMB2_MAGIC || type == FUSE_SUPER_MAGIC ||
	       type == V9FS_MAGIC || type == CEPH_SUPER_MAGIC;
}

/* False: there is no use in looking further. */
static bool kind(struct doctor *doctor, const char *dir, long type)
{
	if (type == ECRYPTFS_SUPER_MAGIC) {
		doctor_find(doctor, DOCTOR_NOTE, PART, "findmnt -t ecryptfs, then the same with the directory below",
			    "%s: it is mounted, so its files appear decrypted", dir);
		return false;
	}
	if (type == MSDOS_SUPER_MAGIC || type == (long)EXFAT_MAGIC ||
	    type == NTFS3_MAGIC)
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: its filesystem has no owners and permissions of its own, and lower names may be too long or not kept in case",
			    dir);
	else if (type == TMPFS_MAGIC || type == RAMFS_MAGIC)
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: it is in memory, and gone with the next boot", dir);
	else if (is_network(type))
		doctor_find(doctor, DOCTOR_NOTE, PART, NULL,
			    "%s: its filesystem is on another machine or in a program: who changes files there at the same time is not seen at once",
			    dir);
	return true;
}

static void room(struct doctor *doctor, const char *dir)
{
	struct statvfs fs;

	if (statvfs(dir, &fs))
		return;
	if (fs.f_flag & ST_RDONLY)
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: its filesystem is mounted read-only", dir);
	/* A name of 143 bytes becomes one of 255. */
	if (fs.f_namemax < 255)
		doctor_find(doctor, DOCTOR_WARNING, PART,
			    "ecryptfs init --plain-names",
			    "%s: names have at most %lu bytes, and encrypted ones are about half as long again",
			    dir, fs.f_namemax);
	if (fs.f_blocks && fs.f_bavail < fs.f_blocks / 50)
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: less than 2 %% of its filesystem is free", dir);
	if (fs.f_files && fs.f_favail < fs.f_files / 50)
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: less than 2 %% of the inodes of its filesystem are free",
			    dir);
}

static void attributes(struct doctor *doctor, const char *dir)
{
	if (getxattr(dir, "user.ecryptfs-doctor", NULL, 0) < 0 &&
	    errno == EOPNOTSUPP)
		doctor_find(doctor, DOCTOR_NOTE, PART, NULL,
			    "%s: its filesystem has no extended attributes: files that have their header there lose it in a copy",
			    dir);
}

/* What an exchanged or damaged vault is, before a secret is typed. */
static void vault(struct doctor *doctor, const char *dir, const char *said)
{
	struct libecryptfs_vault_settings settings;
	char why[LIBECRYPTFS_VAULT_WHY], path[PATH_MAX];
	char known[LIBECRYPTFS_SIG_CHARS];
	struct libecryptfs_vault *loaded;
	struct explanation explanation;
	int err;

	if (!libecryptfs_vault_file_find(dir, path, sizeof(path)) &&
	    access(path, F_OK)) {
		doctor_find(doctor, DOCTOR_NOTE, "vault", NULL,
			    "%s: there is no vault in it or beside it: it is opened by a mount passphrase",
			    dir);
		return;
	}
	err = libecryptfs_vault_load(path, dir, why, &loaded);
	if (err) {
		explanation = explain_vault_load(err, why);
		doctor_find(doctor, DOCTOR_PROBLEM, "vault", explanation.next,
			    "%s: %s", path, explanation.why);
		return;
	}
	libecryptfs_vault_settings(loaded, &settings);
	if (trust_known(dir, said, known) && strcmp(known, settings.sig))
		doctor_find(doctor, DOCTOR_PROBLEM, "vault",
			    "a backup copy of the vault; ecryptfs(1) on --accept, if the directory was made anew",
			    "%s: it gave the key %s before and gives %s now: it was replaced",
			    path, known, settings.sig);
	else
		doctor_find(doctor, DOCTOR_GOOD, "vault", NULL,
			    "%s has %u slots", path,
			    libecryptfs_vault_slots(loaded));
	if (libecryptfs_vault_slots(loaded) < 2)
		doctor_find(doctor, DOCTOR_WARNING, "vault",
			    "ecryptfs key add DIR recovery",
			    "%s: a single slot opens it: if its secret is lost, so are the files",
			    path);
	libecryptfs_vault_destroy(loaded);
}

void doctor_dir(struct doctor *doctor, const char *dir)
{
	char real[PATH_MAX];
	struct statfs fs;
	struct stat st;

	if (!realpath(dir, real) || stat(real, &st) || statfs(real, &fs)) {
		doctor_find(doctor, DOCTOR_PROBLEM, PART, NULL, "%s: %s", dir,
			    strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_find(doctor, DOCTOR_PROBLEM, PART, NULL,
			    "%s: it is no directory", dir);
		return;
	}
	if (!kind(doctor, real, (long)fs.f_type))
		return;
	if (getuid() && st.st_uid != getuid())
		doctor_find(doctor, DOCTOR_WARNING, PART, NULL,
			    "%s: it belongs to another user, so only root can mount it",
			    real);
	room(doctor, real);
	attributes(doctor, real);
	vault(doctor, real, dir);
}
