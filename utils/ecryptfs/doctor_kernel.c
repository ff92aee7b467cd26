// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs doctor: the module, and what may keep it from being loaded.  It is not
 * loaded to find out.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "libecryptfs.h"

#define SYSFS_FEATURES "/sys/fs/ecryptfs/version"
/* Which only ours has: stock says no version of itself. */
#define SYSFS_VERSION "/sys/module/ecryptfs/version"
#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define APPARMOR "/sys/module/apparmor/parameters/enabled"
#define PROFILES "/sys/kernel/security/apparmor/profiles"

/* Whether modprobe knows how to load it, which it does not do. */
static bool is_installed(void)
{
	char *const argv[] = { "modprobe", "-n", "-q", "ecryptfs", NULL };
	char *const env[] = { NULL };
	int status = -1;
	pid_t pid;

	if (posix_spawn(&pid, "/sbin/modprobe", NULL, NULL, argv, env))
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool is_secure_boot(void)
{
	unsigned char value[5] = { 0 };
	FILE *file = fopen(SECURE_BOOT, "re");
	bool on = file && fread(value, 1, sizeof(value), file) ==
				  sizeof(value) && value[4] == 1;

	if (file)
		fclose(file);
	return on;
}

static bool is_locked_down(void)
{
	char line[80];

	return doctor_line(LOCKDOWN, line, sizeof(line)) &&
	       !strstr(line, "[none]");
}

static void loaded(struct doctor *doctor)
{
	char line[64], version[64];
	unsigned long features;

	if (!doctor_line(SYSFS_FEATURES, line, sizeof(line)))
		return;
	features = strtoul(line, NULL, 10);
	if (!doctor_line(SYSFS_VERSION, version, sizeof(version)))
		doctor_find(doctor, DOCTOR_WARNING, "module",
			    "unmount all of it, modprobe -r ecryptfs, modprobe ecryptfs; or install the module",
			    "the eCryptfs that is loaded is that of the kernel, and not this one");
	else if (strcmp(version, ECRYPTFS_VERSION))
		doctor_find(doctor, DOCTOR_NOTE, "module",
			    "unmount all of it, modprobe -r ecryptfs, modprobe ecryptfs",
			    "the module that is loaded is of version %s, and this program of " ECRYPTFS_VERSION,
			    version);
	else
		doctor_find(doctor, DOCTOR_GOOD, "module", NULL,
			    "version %s is loaded", version);
	if (!(features & LIBECRYPTFS_KERNEL_NAMES))
		doctor_find(doctor, DOCTOR_PROBLEM, "module", NULL,
			    "it does not encrypt file names, as vaults want it");
}

/* What can be wrong is not the same for a module that is there. */
static void not_loaded(struct doctor *doctor)
{
	struct utsname name;
	bool guarded = is_secure_boot() || is_locked_down();

	if (doctor_has("/proc/filesystems", "ecryptfs")) {
		doctor_find(doctor, DOCTOR_WARNING, "module", NULL,
			    "the kernel has eCryptfs, and does not say of which kind");
	} else if (is_installed()) {
		doctor_find(doctor, guarded ? DOCTOR_NOTE : DOCTOR_GOOD, "module",
			    guarded ? "modprobe ecryptfs; if the key is rejected, mokutil --import /var/lib/dkms/mok.pub and a reboot" :
				      NULL,
			    "it is installed, and will be loaded with the first mount%s",
			    guarded ? ", if its signature is known" : "");
	} else {
		doctor_find(doctor, DOCTOR_PROBLEM, "module",
			    "apt-get install ecryptfs-dkms and the headers of the kernel; ecryptfs export reads files without it",
			    "no eCryptfs is installed for kernel %s",
			    uname(&name) ? "?" : name.release);
	}
}

static void secure_boot(struct doctor *doctor)
{
	if (is_secure_boot())
		doctor_find(doctor, DOCTOR_NOTE, "boot", NULL,
			    "Secure Boot is on: a module that DKMS has built needs a key that is enrolled");
	else if (is_locked_down())
		doctor_find(doctor, DOCTOR_NOTE, "boot", NULL,
			    "the kernel is locked down: it loads signed modules only");
}

/* What the module has to be built on; a kernel that does not tell is not asked. */
static void config(struct doctor *doctor)
{
	static const char *const needed[] = {
		"CONFIG_KEYS", "CONFIG_CRYPTO_AES", "CONFIG_CRYPTO_CBC",
		"CONFIG_CRYPTO_ECB", "CONFIG_CRYPTO_MD5",
	};
	char path[sizeof("/boot/config-") + sizeof(struct utsname)];
	char set[48], module[48];
	struct utsname name;
	size_t i;

	if (uname(&name))
		return;
	snprintf(path, sizeof(path), "/boot/config-%s", name.release);
	if (access(path, R_OK))
		return;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		snprintf(set, sizeof(set), "%s=y", needed[i]);
		snprintf(module, sizeof(module), "%s=m", needed[i]);
		if (!doctor_has(path, set) && !doctor_has(path, module))
			doctor_find(doctor, DOCTOR_PROBLEM, "kernel",
				    "another kernel",
				    "it was built without %s", needed[i]);
	}
}

static void fips(struct doctor *doctor)
{
	char line[8];

	if (doctor_line("/proc/sys/crypto/fips_enabled", line, sizeof(line)) &&
	    *line == '1')
		doctor_find(doctor, DOCTOR_PROBLEM, "kernel",
			    "boot without fips=1; ecryptfs export reads files on another machine",
			    "it is in FIPS mode and refuses MD5, of which the IVs of format 1 are made");
}

/* The list of profiles is root's to read. */
static void apparmor(struct doctor *doctor)
{
	char line[256];
	FILE *file;

	if (!doctor_line(APPARMOR, line, sizeof(line)) || *line != 'Y')
		return;
	file = fopen(PROFILES, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "ecryptfs") && strstr(line, "(enforce)")) {
			line[strcspn(line, " ")] = '\0';
			doctor_find(doctor, DOCTOR_NOTE, "apparmor",
				    "journalctl -k -g apparmor, if something is refused",
				    "the profile %s is enforced", line);
		}
	if (file)
		fclose(file);
}

void doctor_kernel(struct doctor *doctor)
{
	if (!access(SYSFS_FEATURES, R_OK))
		loaded(doctor);
	else
		not_loaded(doctor);
	config(doctor);
	fips(doctor);
	secure_boot(doctor);
	apparmor(doctor);
}
