// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded: when the program ends, looks for the bytes of NEEDLE (hexadecimal)
 * in all of its memory, and appends to RESIDUE the place of each that is found.
 * Parts of half the length count.  At the end of the program RESIDUE has "end".
 * With PLANT, the program's own random keys of that length are NEEDLE.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEEDLE_MAX 64

/* Complemented, so as not to find itself. */
static uint8_t needle[NEEDLE_MAX];
static size_t len;

static void needle_take(void)
{
	const char *hex = getenv("NEEDLE");
	unsigned int byte;

	for (len = 0; hex && len < NEEDLE_MAX && sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
		needle[len] = (uint8_t)~byte;
}

/* OpenSSL's; libraries have their own needs of it. */
int RAND_priv_bytes(unsigned char *buf, int num);
int RAND_priv_bytes(unsigned char *buf, int num)
{
	int (*real)(unsigned char *buf, int num) = dlsym(RTLD_NEXT, "RAND_priv_bytes");
	int i;

	needle_take();
	if (!getenv("PLANT") || num != (int)len)
		return real(buf, num);
	for (i = 0; i < num; i++)
		buf[i] = (unsigned char)~needle[i];
	return 1;
}

static int half_at(const uint8_t *at, size_t from)
{
	size_t i;

	for (i = 0; i < len / 2; i++)
		if ((at[i] ^ needle[from + i]) != 0xff)
			return 0;
	return 1;
}

static void search(FILE *report, const char *line, const uint8_t *from,
		   const uint8_t *to)
{
	for (; from + len / 2 <= to; from++)
		if (half_at(from, 0) || half_at(from, len / 2))
			fprintf(report, "%p in %s", (const void *)from, line);
}

__attribute__((destructor)) static void look(void)
{
	const char *path = getenv("RESIDUE");
	FILE *maps = fopen("/proc/self/maps", "re"), *report = path ? fopen(path, "ae") : NULL;
	unsigned long from, to;
	char line[512], mode;

	needle_take();
	if (!len || !maps || !report)
		return;
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %c", &from, &to, &mode) == 3 && mode == 'r' &&
		    !strstr(line, "[v"))
			search(report, line, (const uint8_t *)from, (const uint8_t *)to);
	fputs("end\n", report);
	fclose(report);
	fclose(maps);
}
