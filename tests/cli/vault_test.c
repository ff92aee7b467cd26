// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of the library's vaults where no command reaches: every byte of a vault
 * changed in many ways, cut at every length, changed at random; recovery keys
 * with every slip in typing.  usage: vault_test VAULT SCRATCH
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib_private.h"
#include "vault.h"
#include "file.h"

static int failures;

static void verdict(const char *name, bool good, const char *why)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("FAIL %s: %s\n", name, why);
	fflush(stdout);
	failures += !good;
}

static void file_write(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(text, 1, len, file) != len || fclose(file))
		abort();
}

/* Returns whether damage is reported: of the whole, with words, or of a slot. */
static bool damage_told(const char *path, char *why)
{
	struct libecryptfs_vault_slot slot;
	struct libecryptfs_vault *vault;
	bool told = false;
	unsigned int i;
	int err = libecryptfs_vault_load(path, NULL, why, &vault);

	if (err)
		return (err == -EUCLEAN || err == -EOPNOTSUPP) && *why;
	for (i = 0; i < libecryptfs_vault_slots(vault); i++) {
		if (libecryptfs_vault_slot_find(vault, i, &slot))
			abort();
		told |= *slot.damage != 0;
		libecryptfs_vault_slot_destroy(&slot);
	}
	libecryptfs_vault_destroy(vault);
	return told;
}

static void test_damage(const char *text, size_t len, const char *path)
{
	static const unsigned char flips[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	char why[LIBECRYPTFS_VAULT_WHY], name[128];
	char *copy = malloc(len + 1);
	size_t at, i, missed = 0, last = 0;

	memcpy(copy, text, len);
	file_write(path, copy, len);
	verdict("vault-intact", !damage_told(path, why), why);
	for (at = 0; at < len; at++)
		for (i = 0; i < sizeof(flips); i++) {
			copy[at] = (char)(text[at] ^ flips[i]);
			file_write(path, copy, len);
			if (!damage_told(path, why)) {
				missed++;
				last = at;
			}
			copy[at] = text[at];
		}
	snprintf(name, sizeof(name), "%zu of %zu missed, the last at byte %zu",
		 missed, len * sizeof(flips), last);
	verdict("vault-every-byte", !missed, name);
	for (missed = 0, at = 0; at < len; at++) {
		file_write(path, text, at);
		missed += !damage_told(path, why);
	}
	verdict("vault-every-length", !missed, "a cut vault was read");
	for (missed = 0, at = 0; at < len; at++) {
		memcpy(copy, text, at);
		copy[at] = ' ';
		memcpy(copy + at + 1, text + at, len - at);
		file_write(path, copy, len + 1);
		missed += !damage_told(path, why);
	}
	verdict("vault-every-blank", !missed, "a blank more was not noticed");
	free(copy);
}

/* No crash and no leak is what is tested; and nothing is taken for good. */
static void test_random(const char *text, size_t len, const char *path)
{
	static const char words[] = "{}[]\",:\\u0e-19.ntf ";
	char why[LIBECRYPTFS_VAULT_WHY];
	char *copy = malloc(len);
	size_t missed = 0;
	int round, i;

	srand(1);
	for (round = 0; round < 5000; round++) {
		memcpy(copy, text, len);
		for (i = rand() % 6; i >= 0; i--)
			copy[(size_t)rand() % len] =
				rand() % 2 ? words[(size_t)rand() %
						   (sizeof(words) - 1)] :
					     (char)rand();
		if (!memcmp(copy, text, len))
			continue;
		file_write(path, copy, len);
		missed += !damage_told(path, why);
	}
	free(copy);
	verdict("vault-random", !missed, "damage was not noticed");
}

static void test_spoken(void)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t key[32], back[32];
	char text[128], copy[160], c;
	unsigned int group, places = 0, wrong_group = 0, missed = 0;
	size_t len, i, k;
	int err;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	libecryptfs_spoken_from_bytes(key, sizeof(key), text);
	len = strlen(text);
	verdict("spoken-length", len == 77 && libecryptfs_spoken_size(32) == 78,
		text);
	for (i = 0; i < len; i++) {
		if (text[i] == '-')
			continue;
		for (k = 0; k < 32; k++) {
			strcpy(copy, text);
			copy[i] = alphabet[k];
			if (copy[i] == text[i])
				continue;
			err = libecryptfs_spoken_to_bytes(copy, len, 32, back,
							  &group);
			places++;
			missed += err != -EBADMSG;
			wrong_group += group != i / 6 + 1;
			for (size_t n = 0; n < 32; n++)
				missed += back[n] != 0;
		}
	}
	verdict("spoken-any-character", places == 65 * 31 && !missed,
		"a wrong character was not noticed");
	verdict("spoken-group-told", !wrong_group, "another group was told");
	missed = 0;
	for (i = 0; i < len; i++)
		for (k = i + 1; k < len && text[k] != '-'; k++) {
			strcpy(copy, text);
			c = copy[i];
			copy[i] = copy[k];
			copy[k] = c;
			if (text[i] != '-' && text[i] != text[k])
				missed += libecryptfs_spoken_to_bytes(
						  copy, len, 32, back,
						  &group) != -EBADMSG;
		}
	verdict("spoken-swapped-characters", !missed, "not noticed");
	missed = 0;
	for (i = 0; i < 13; i++)
		for (k = i + 1; k < 13; k++) {
			strcpy(copy, text);
			memcpy(copy + 6 * i, text + 6 * k, 5);
			memcpy(copy + 6 * k, text + 6 * i, 5);
			if (memcmp(copy, text, len))
				missed += !libecryptfs_spoken_to_bytes(
					copy, len, 32, back, &group);
		}
	verdict("spoken-swapped-groups", !missed, "not noticed");
	verdict("spoken-short",
		libecryptfs_spoken_to_bytes(text, len - 6, 32, back, &group) ==
				-EMSGSIZE &&
			libecryptfs_spoken_to_bytes(text, len - 1, 32, back,
						    &group) == -EMSGSIZE &&
			libecryptfs_spoken_to_bytes(text, 0, 32, back,
						    &group) == -EMSGSIZE,
		"accepted");
	snprintf(copy, sizeof(copy), "%s-00000", text);
	verdict("spoken-long",
		libecryptfs_spoken_to_bytes(copy, len + 6, 32, back, &group) ==
			-EMSGSIZE,
		"accepted");
}

int main(int argc, char **argv)
{
	char *text;
	size_t len;

	if (argc != 3 || libecryptfs_file_load(argv[1], NULL, &text, &len))
		return 2;
	test_damage(text, len, argv[2]);
	test_random(text, len, argv[2]);
	test_spoken();
	free(text);
	return failures != 0;
}
