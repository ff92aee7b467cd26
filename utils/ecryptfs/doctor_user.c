// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs doctor: what the user who runs it has: keyrings, memory for secrets, the
 * helper that mounts, what a login opens, a TPM.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor.h"
#include "explain.h"
#include "keysource.h"
#include "login.h"

#define HELPER ECRYPTFS_SBINDIR "/mount.ecryptfs_private"
#define KEY_USERS "/proc/key-users"
#define TPM "/dev/tpmrm0"
/* Keys that a vault adds: of contents, of names, and the note of a login. */
#define KEYS_NEEDED 3

/* Whether the user's quota of keys has room for those of a vault. */
static void quota(struct doctor *doctor)
{
	unsigned int uid, used, most;
	FILE *file = fopen(KEY_USERS, "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %u: %*d %*d/%*d %u/%u", &uid, &used, &most) == 3 &&
		    uid == getuid() && used + KEYS_NEEDED > most)
			doctor_find(doctor, DOCTOR_PROBLEM, "keys",
				    "keyctl show @u, then keyctl unlink KEY @u for keys that are not needed",
				    "%u of the user's %u kernel keys are in use",
				    used, most);
	if (file)
		fclose(file);
}

static void keys(struct doctor *doctor)
{
	int err = libecryptfs_keyring_reach();
	struct explanation why;

	switch (err) {
	case 0:
		doctor_find(doctor, DOCTOR_GOOD, "keys", NULL,
			    "the session finds what is in the user keyring");
		break;
	case -ENOKEY:
		doctor_find(doctor, DOCTOR_WARNING, "keys", "keyctl link @u @s",
			    "the user keyring is not linked to this session's: a mount by other means than ecryptfs mount does not find its keys");
		break;
	default:
		why = explain_keyring_put(err);
		doctor_find(doctor, DOCTOR_PROBLEM, "keys", why.next,
			    "the keyrings can't be used: %s", why.why);
	}
	quota(doctor);
}

static void memory(struct doctor *doctor)
{
	struct libecryptfs_secmem mem;
	struct explanation why;
	/* A PIN, a passphrase and a key at once are a few pages. */
	int err = libecryptfs_secmem_create(65536, &mem);

	libecryptfs_secmem_destroy(&mem);
	if (!err)
		return;
	why = explain_secmem(err);
	doctor_find(doctor, DOCTOR_PROBLEM, "memory", why.next, "%s", why.why);
}

static void helper(struct doctor *doctor)
{
	struct statvfs fs;
	struct stat st;

	if (stat(HELPER, &st))
		doctor_find(doctor, getuid() ? DOCTOR_PROBLEM : DOCTOR_WARNING,
			    "helper", "make install, or the package ecryptfs-tools",
			    HELPER ": %s: only root can mount", strerror(errno));
	else if (!(st.st_mode & S_ISUID) || st.st_uid)
		doctor_find(doctor, getuid() ? DOCTOR_PROBLEM : DOCTOR_WARNING,
			    "helper", "chown root " HELPER " && chmod 4755 " HELPER,
			    HELPER " is not set-uid root: only root can mount");
	else if (!statvfs(HELPER, &fs) && fs.f_flag & ST_NOSUID)
		doctor_find(doctor, getuid() ? DOCTOR_PROBLEM : DOCTOR_WARNING,
			    "helper", NULL,
			    HELPER " is on a filesystem that is mounted nosuid: only root can mount");
	else
		doctor_find(doctor, DOCTOR_GOOD, "helper", NULL,
			    "users can mount, by " HELPER);
}

/* Of PAM's files, those that Debian and others have. */
static bool pam_has(const char *module)
{
	static const char *const files[] = {
		"/etc/pam.d/common-auth",
		"/etc/pam.d/common-session",
		"/etc/pam.d/system-auth",
		"/etc/pam.d/login",
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (doctor_has(files[i], module))
			return true;
	return false;
}

static void login(struct doctor *doctor)
{
	bool ours = pam_has("pam_ecryptfs_login.so");
	bool classic = pam_has("pam_ecryptfs.so");
	bool wanted = login_private_wanted() || login_vaults_wanted();

	if (ours && classic)
		doctor_find(doctor, DOCTOR_PROBLEM, "login",
			    "pam-auth-update, and choose one of them",
			    "PAM has both pam_ecryptfs_login.so and pam_ecryptfs.so, which do the same twice");
	else if (wanted && !ours && !classic)
		doctor_find(doctor, DOCTOR_PROBLEM, "login",
			    "pam-auth-update --enable ecryptfs-login, as root",
			    "a login is to open a directory, and PAM does not have pam_ecryptfs_login.so");
	else if (ours)
		doctor_find(doctor, DOCTOR_GOOD, "login", NULL,
			    "PAM has pam_ecryptfs_login.so%s",
			    wanted ? "" : "; this user has nothing for it to open");
	else if (classic && login_vaults_wanted())
		doctor_find(doctor, DOCTOR_PROBLEM, "login",
			    "pam-auth-update, and choose ecryptfs-login",
			    "PAM has pam_ecryptfs.so, which opens no vaults");
}

static void tpm(struct doctor *doctor)
{
	if (!libecryptfs_keysource_find("tpm2"))
		doctor_find(doctor, DOCTOR_NOTE, "tpm", NULL,
			    "this build has no slots for a TPM");
	else if (!access(TPM, R_OK | W_OK))
		doctor_find(doctor, DOCTOR_GOOD, "tpm", NULL,
			    "a TPM 2.0 can be used");
	else if (errno == ENOENT)
		doctor_find(doctor, DOCTOR_NOTE, "tpm", NULL,
			    "there is no TPM 2.0");
	else
		doctor_find(doctor, DOCTOR_WARNING, "tpm",
			    "adduser USER tss, as root, and a new login",
			    "the TPM 2.0 can't be used by this user: %s",
			    strerror(errno));
}

void doctor_user(struct doctor *doctor)
{
	keys(doctor);
	memory(doctor);
	helper(doctor);
	login(doctor);
	tpm(doctor);
}
