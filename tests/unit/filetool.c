// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads and writes lower files with the core, for the comparison with the
 * oracle in cross.py.  Usage, with keys as 128 hexadecimal digits:
 *
 *	filetool write KEY CIPHER KEY_BYTES IN OUT
 *	filetool read KEY IN OUT
 *	filetool errno KEY IN...
 *	filetool names KEY CIPHER KEY_BYTES NAME...
 *
 * "errno" prints a line for each file: the errno's name, or 0.  "names" prints
 * one for each lower name: the plain name in hexadecimal, or the errno's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "lower.h"

static u8 *slurp(const char *path, size_t *size_ret)
{
	FILE *file = fopen(path, "rb");
	u8 *bytes = NULL;
	long size;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	if (size >= 0) {
		bytes = malloc((size_t)size + 1);
		if (bytes && fread(bytes, 1, (size_t)size, file) !=
		    (size_t)size) {
			free(bytes);
			bytes = NULL;
		}
		*size_ret = (size_t)size;
	}
	fclose(file);
	return bytes;
}

static int spill(const char *path, const u8 *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	int err = 0;

	if (!file)
		return -EIO;
	if (fwrite(bytes, 1, size, file) != size)
		err = -EIO;
	if (fclose(file))
		err = -EIO;
	return err;
}

static int get_key(const char *hex, u8 key[EFMT_V1_KEY_BYTES])
{
	unsigned int byte;

	if (strlen(hex) != 2 * EFMT_V1_KEY_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < EFMT_V1_KEY_BYTES; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		key[i] = (u8)byte;
	}
	return 0;
}

static int write_lower(char **argv)
{
	struct lower_options options = { 0 };
	size_t size = 0, lower_bytes = 0;
	u8 *plain, *lower = NULL;
	int err = -EIO;

	if (get_key(argv[0], options.key) ||
	    efmt_v1_cipher_find(argv[1], &options.cipher))
		return -EINVAL;
	options.fek_bytes = strtoul(argv[2], NULL, 10);
	if (options.fek_bytes > sizeof(options.fek) ||
	    RAND_bytes(options.fek, (int)options.fek_bytes) != 1 ||
	    RAND_bytes((u8 *)&options.marker, sizeof(options.marker)) != 1)
		return -EINVAL;
	plain = slurp(argv[3], &size);
	if (plain)
		lower = lower_encrypt(&options, plain, size, &lower_bytes);
	if (lower)
		err = spill(argv[4], lower, lower_bytes);
	free(lower);
	free(plain);
	return err;
}

static int read_lower(char **argv)
{
	u8 key[EFMT_V1_KEY_BYTES];
	size_t size = 0, lower_bytes = 0;
	u8 *plain = NULL;
	u8 *lower;
	int err;

	if (get_key(argv[0], key))
		return -EINVAL;
	lower = slurp(argv[1], &lower_bytes);
	if (!lower)
		return -EIO;
	err = lower_decrypt(lower, lower_bytes, key, &plain, &size);
	if (!err)
		err = spill(argv[2], plain, size);
	free(plain);
	free(lower);
	return err;
}

static int print_errnos(char **argv)
{
	u8 key[EFMT_V1_KEY_BYTES];

	if (get_key(*argv, key))
		return -EINVAL;
	while (*++argv) {
		size_t size = 0, lower_bytes = 0;
		u8 *plain = NULL;
		u8 *lower = slurp(*argv, &lower_bytes);
		int err;

		if (!lower)
			return -EIO;
		err = lower_decrypt(lower, lower_bytes, key, &plain, &size);
		puts(err ? strerrorname_np(-err) : "0");
		free(plain);
		free(lower);
	}
	return 0;
}

static void print_name(const struct efmt_v1_name_key *key, const char *lower)
{
	size_t len = strlen(lower), plain_len = 0;
	char *plain = malloc(len + 1);
	int err = -ENOMEM;

	if (plain)
		err = efmt_v1_name_decrypt(key, lower, len, plain, len,
					   &plain_len);
	if (err)
		puts(strerrorname_np(-err));
	for (size_t i = 0; !err && i < plain_len; i++)
		printf("%02x%s", (u8)plain[i], i + 1 == plain_len ? "\n" : "");
	free(plain);
}

static int print_names(char **argv)
{
	struct efmt_v1_name_key names;
	u8 key[EFMT_V1_KEY_BYTES];
	u8 sig[EFMT_V1_SIG_BYTES];
	enum efmt_cipher cipher;
	int err;

	if (get_key(argv[0], key) || efmt_v1_cipher_find(argv[1], &cipher))
		return -EINVAL;
	err = efmt_v1_key_sig(key, sig);
	if (!err)
		err = efmt_v1_name_key_create(cipher,
					      strtoul(argv[2], NULL, 10), key,
					      sig, &names);
	if (err)
		return err;
	for (argv += 3; *argv; argv++)
		print_name(&names, *argv);
	efmt_v1_name_key_destroy(&names);
	return 0;
}

int main(int argc, char **argv)
{
	int err = -EINVAL;

	if (argc == 7 && !strcmp(argv[1], "write"))
		err = write_lower(argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "read"))
		err = read_lower(argv + 2);
	else if (argc >= 4 && !strcmp(argv[1], "errno"))
		err = print_errnos(argv + 2);
	else if (argc >= 6 && !strcmp(argv[1], "names"))
		err = print_names(argv + 2);
	if (err)
		fprintf(stderr, "filetool: %s\n", strerror(-err));
	return err ? 1 : 0;
}
