// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs doctor: where the machine's memory is written to in clear, and whether its
 * clock can be right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <time.h>

#include "doctor.h"

#define SWAPS "/proc/swaps"
#define DAY 86400

enum swap { SWAP_NONE, SWAP_IN_MEMORY, SWAP_ENCRYPTED, SWAP_CLEAR };

/*
 * A device that dm-crypt or zram makes; @file: it is that of the filesystem which the
 * file is on.  A volume on an encrypted one is not told from one that is not: there
 * the answer is the cautious one.
 */
static enum swap device_kind(dev_t dev)
{
	char path[96], line[128];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/uuid", major(dev),
		 minor(dev));
	if (doctor_line(path, line, sizeof(line)) &&
	    !strncmp(line, "CRYPT-", strlen("CRYPT-")))
		return SWAP_ENCRYPTED;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/comp_algorithm",
		 major(dev), minor(dev));
	if (doctor_line(path, line, sizeof(line)))
		return SWAP_IN_MEMORY;
	return SWAP_CLEAR;
}

static enum swap swap_kind(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return SWAP_CLEAR;
	return device_kind(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev);
}

static enum swap swaps(struct doctor *doctor)
{
	enum swap worst = SWAP_NONE, kind;
	FILE *file = fopen(SWAPS, "re");
	char line[512];

	/* The first line is a heading; blanks in a path are \040. */
	while (file && fgets(line, sizeof(line), file)) {
		if (*line != '/')
			continue;
		line[strcspn(line, " \t\n")] = '\0';
		kind = swap_kind(line);
		if (kind == SWAP_CLEAR)
			doctor_find(doctor, DOCTOR_WARNING, "swap",
				    "crypttab(5), with swap and /dev/urandom; or zram",
				    "%s is not encrypted: what programs have read out of encrypted files can get there",
				    line);
		if (kind > worst)
			worst = kind;
	}
	if (file)
		fclose(file);
	if (worst < SWAP_CLEAR)
		doctor_find(doctor, DOCTOR_GOOD, "swap", NULL,
			    worst == SWAP_NONE	    ? "there is none" :
			    worst == SWAP_IN_MEMORY ? "it stays in memory" :
						      "it is encrypted");
	return worst;
}

/* An image has the keys of what is mounted, and all that is in the cache. */
static void hibernation(struct doctor *doctor, enum swap worst)
{
	char states[128], disk[128];

	if (worst != SWAP_CLEAR ||
	    !doctor_line("/sys/power/state", states, sizeof(states)) ||
	    !strstr(states, "disk") ||
	    !doctor_line("/sys/power/disk", disk, sizeof(disk)) ||
	    strstr(disk, "[disabled]"))
		return;
	doctor_find(doctor, DOCTOR_WARNING, "hibernate",
		    "systemctl mask hibernate.target hybrid-sleep.target; or encrypted swap",
		    "hibernation would write all of memory, with the keys of what is mounted, to swap in clear");
}

void doctor_memory(struct doctor *doctor)
{
	hibernation(doctor, swaps(doctor));
}

/*
 * Whoever installed this program did so in the past.  Certificates and OpenPGP keys are
 * refused by a clock that is wrong, and PINs of a TPM by one that jumps.
 */
void doctor_clock(struct doctor *doctor)
{
	struct timex timex = { 0 };
	time_t now = time(NULL);
	struct stat st;

	if (!stat("/proc/self/exe", &st) && now < st.st_mtime - DAY)
		doctor_find(doctor, DOCTOR_PROBLEM, "clock",
			    "timedatectl set-ntp true, or date -s",
			    "it is behind the time at which this program was installed: OpenPGP keys and certificates are refused as not yet valid");
	else if (adjtimex(&timex) == TIME_ERROR)
		doctor_find(doctor, DOCTOR_NOTE, "clock",
			    "timedatectl set-ntp true",
			    "nothing keeps it right, as far as the kernel knows");
	else
		doctor_find(doctor, DOCTOR_GOOD, "clock", NULL,
			    "it is kept right");
}
