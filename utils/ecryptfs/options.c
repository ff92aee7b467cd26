// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parses the command lines of the commands for vaults.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "keysource.h"
#include "options.h"
#include "vault.h"

static const struct option table[] = {
	{ "vault", required_argument, NULL, 'V' },
	{ "slot", required_argument, NULL, 's' },
	{ "with", required_argument, NULL, 'w' },
	{ "recovery", no_argument, NULL, 'r' },
	{ "ignore-damage", no_argument, NULL, 'I' },
	{ "accept", required_argument, NULL, 'a' },
	{ "label", required_argument, NULL, 'l' },
	{ "backup", required_argument, NULL, 'b' },
	{ "options", required_argument, NULL, 'o' },
	{ "cipher", required_argument, NULL, 'c' },
	{ "key-bytes", required_argument, NULL, 'k' },
	{ "json", no_argument, NULL, 'j' },
	{ "adopt", no_argument, NULL, 'A' },
	{ "plain-names", no_argument, NULL, 'P' },
	{ "no-recovery", no_argument, NULL, 'R' },
	{ "no-check", no_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool number_take(const char *text, long max, long *ret)
{
	char *end;

	*ret = strtol(text, &end, 10);
	return *text && !*end && *ret >= 0 && *ret <= max;
}

/* Checks the signature of a key for --accept. */
static bool sig_good(const char *text)
{
	return strlen(text) == LIBECRYPTFS_SIG_CHARS - 1 &&
	       strspn(text, "0123456789abcdef") == strlen(text);
}

static void sources_print(void)
{
	const struct libecryptfs_keysource *source = NULL;

	fputs("sources:", stderr);
	while ((source = libecryptfs_keysource_next(source)))
		fprintf(stderr, " %s", source->name);
	fputs("\n", stderr);
}

const char *options_open_take(int c, struct options *ret)
{
	long number;

	switch (c) {
	case 'V':
		ret->vault = optarg;
		return NULL;
	case 's':
		if (!number_take(optarg, 999999, &number))
			return "--slot takes a number";
		ret->slot = (int)number;
		return NULL;
	case 'w':
		ret->with = optarg;
		if (libecryptfs_keysource_find(optarg))
			return NULL;
		sources_print();
		return "--with takes a key source";
	case 'r':
		ret->with = "recovery";
		return NULL;
	case 'I':
		ret->ignore_damage = true;
		return NULL;
	case 'a':
		if (!sig_good(optarg))
			return "--accept takes a signature of 16 hexadecimal digits";
		ret->accept = optarg;
		return NULL;
	default:
		return "unknown option";
	}
}

/* Handles an option.  Returns NULL, or what is wrong. */
static const char *option_take(int c, struct options *ret)
{
	long number;

	switch (c) {
	case 'l':
		if (!libecryptfs_vault_label_good(optarg))
			return "--label takes one line of at most 60 bytes of UTF-8";
		ret->label = optarg;
		return NULL;
	case 'b':
		ret->backup = optarg;
		return NULL;
	case 'o':
		ret->mount_options = optarg;
		return NULL;
	case 'c':
		ret->cipher = optarg;
		return NULL;
	case 'k':
		if (!number_take(optarg, 64, &number) || !number)
			return "--key-bytes takes a number from 1 to 64";
		ret->key_bytes = (unsigned int)number;
		return NULL;
	case 'j':
		ret->json = true;
		return NULL;
	case 'A':
		ret->adopt = true;
		return NULL;
	case 'P':
		ret->plain_names = true;
		return NULL;
	case 'R':
		ret->no_recovery = true;
		return NULL;
	case 'C':
		ret->no_check = true;
		return NULL;
	default:
		return options_open_take(c, ret);
	}
}

/* Returns whether it is a NAME= as key sources have it. */
static bool is_setting(const char *word)
{
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

	return len && word[len] == '=';
}

/*
 * Returns whether any source has the setting, because one source may open the
 * vault and another be added.
 */
static bool is_known(const char *setting)
{
	const struct libecryptfs_keysource_setting *known;
	const struct libecryptfs_keysource *source = NULL;
	size_t len = strcspn(setting, "=");

	while ((source = libecryptfs_keysource_next(source)))
		for (known = source->settings; known->name; known++)
			if (strlen(known->name) == len &&
			    !strncmp(known->name, setting, len))
				return true;
	return false;
}

bool options_setting(const char *word)
{
	return is_setting(word) && is_known(word);
}

static void settings_print(void)
{
	const struct libecryptfs_keysource_setting *known;
	const struct libecryptfs_keysource *source = NULL;

	fputs("settings:", stderr);
	while ((source = libecryptfs_keysource_next(source)))
		for (known = source->settings; known->name; known++)
			fprintf(stderr, " %s=", known->name);
	fputs("\n", stderr);
}

static const char *operand_take(const char *word, int max, struct options *ret)
{
	size_t n = 0;

	if (!strcmp(word, "-")) {
		ret->from_stdin = true;
		return NULL;
	}
	/* The first operand is a directory, whatever its name. */
	if (ret->operands && is_setting(word)) {
		while (ret->settings[n])
			n++;
		if (n == SETTINGS_MAX)
			return "too many settings";
		if (!is_known(word)) {
			settings_print();
			return "unknown setting";
		}
		ret->settings[n] = word;
		return NULL;
	}
	if (ret->operands == max)
		return "unexpected argument";
	ret->operand[ret->operands++] = word;
	return NULL;
}

bool options_parse(const struct command *cmd, int argc, char **argv,
		   const char *allowed, int min, int max,
		   struct options *ret, int *status_ret)
{
	const char *bad = NULL;
	int c;

	*ret = (struct options){ .slot = -1 };
	opterr = 0;
	while (!bad && (c = getopt_long(argc, argv, "V:s:w:rIa:l:b:o:c:k:jAPRCh",
					table, NULL)) != -1) {
		if (c == 'h') {
			command_help(cmd);
			*status_ret = CMD_OK;
			return false;
		}
		bad = c == '?' || !strchr(allowed, c) ? "unknown option" :
							option_take(c, ret);
	}
	for (; !bad && optind < argc; optind++)
		bad = operand_take(argv[optind], max, ret);
	if (!bad && ret->operands < min)
		bad = "an argument is missing";
	*status_ret = bad ? command_usage_error(cmd, bad) : CMD_OK;
	return !bad;
}
