// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Examines a directory whose vault is to be made, or is not known yet: the
 * signatures in headers and names show which keys open it.
 *
 * A sample is enough, because what is mounted together has one key or a few.
 */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "adopt.h"

#define ENTRIES_MAX 20000
#define FILES_MAX 1000 /* files whose header is read */

static void file_look(const char *path, struct adopt *adopt)
{
	char sig[LIBECRYPTFS_SIG_CHARS] = "";
	struct lower lower;
	int err = lower_load(path, &lower);
	bool own = false;
	size_t i;

	adopt->mounted |= err == -EMEDIUMTYPE;
	if (err)
		return;
	adopt->files++;
	for (i = 0; i < lower.packets; i++) {
		efmt_v1_sig_to_hex(lower.packet[i].sig, sig);
		sig[EFMT_V1_SIG_HEX] = '\0';
		if (!*adopt->sig)
			memcpy(adopt->sig, sig, sizeof(sig));
		if (strcmp(sig, adopt->wanted->sig))
			continue;
		own = true;
		if (!adopt->sig_found) {
			snprintf(adopt->cipher, sizeof(adopt->cipher), "%s",
				 efmt_v1_cipher_name(lower.packet[i].cipher));
			adopt->key_bytes = lower.packet[i].fek_bytes;
		}
		adopt->sig_found = true;
	}
	if (own || !*sig)
		return;
	if (!adopt->others++)
		memcpy(adopt->other_sig, sig, sizeof(sig));
}

static void name_look(const char *name, struct adopt *adopt)
{
	char sig[LIBECRYPTFS_SIG_CHARS] = "";
	u8 bytes[EFMT_V1_SIG_BYTES];
	enum efmt_cipher cipher;

	if (efmt_v1_name_sig(name, strlen(name), bytes, &cipher))
		return;
	adopt->names++;
	efmt_v1_sig_to_hex(bytes, sig);
	sig[EFMT_V1_SIG_HEX] = '\0';
	if (!*adopt->names_sig)
		memcpy(adopt->names_sig, sig, sizeof(sig));
	if (!strcmp(sig, adopt->wanted->fnek_sig))
		adopt->names_sig_found = true;
	else if (!adopt->names_others++)
		memcpy(adopt->other_names_sig, sig, sizeof(sig));
}

int adopt_survey(const char *dir,
		 const struct libecryptfs_vault_settings *wanted,
		 struct adopt *ret)
{
	char *const paths[] = { (char *)dir, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	unsigned int entries = 0;
	FTSENT *entry;

	*ret = (struct adopt){ .wanted = wanted };
	if (!walk)
		return -errno;
	while (entries++ < ENTRIES_MAX && ret->files < FILES_MAX &&
	       (entry = fts_read(walk))) {
		if (entry->fts_level > FTS_ROOTLEVEL &&
		    entry->fts_info != FTS_DP)
			name_look(entry->fts_name, ret);
		if (entry->fts_info == FTS_F)
			file_look(entry->fts_path, ret);
	}
	fts_close(walk);
	return 0;
}

bool adopt_check(const struct adopt *adopt, char why[ADOPT_WHY],
		 struct explanation *ret)
{
	const struct libecryptfs_vault_settings *wanted = adopt->wanted;

	*ret = (struct explanation){ .why = why };
	if (!adopt->files && !adopt->names) {
		snprintf(why, ADOPT_WHY, adopt->mounted ?
			 "it is mounted, so its files appear decrypted" :
			 "it has no encrypted file to check the passphrase with");
		ret->next = adopt->mounted ?
			    "ecryptfs umount DIR first" :
			    "check that it is the right directory, or give --no-check";
	} else if (adopt->files && !adopt->sig_found) {
		snprintf(why, ADOPT_WHY, "wrong passphrase: its key is %s, but the files need %s",
			 wanted->sig, adopt->sig);
		ret->next = "the passphrase again, after checking salt= in ~/.ecryptfsrc; or --no-check";
	} else if (adopt->names && !wanted->names) {
		snprintf(why, ADOPT_WHY, "the names of its files are encrypted");
		ret->next = "repeat the command without --plain-names";
	} else if (!adopt->names && wanted->names) {
		snprintf(why, ADOPT_WHY, "the names of its files are not encrypted");
		ret->next = "repeat the command with --plain-names";
	} else if (adopt->names && !adopt->names_sig_found) {
		snprintf(why, ADOPT_WHY, "wrong passphrase: its key for names is %s, but they need %s",
			 wanted->fnek_sig, adopt->names_sig);
		ret->next = "the passphrase again; or --no-check";
	} else {
		return true;
	}
	return false;
}
