// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs dump: shows the metadata of a lower file, for people and as JSON.
 * lower.c reads the bytes, the core parses them, and this file prints them.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "cmd.h"
#include "explain.h"
#include "json.h"
#include "lower.h"

static const struct {
	uint32_t flag;
	const char *name;
} flag_names[] = {
	{ EFMT_V1_FLAG_HMAC, "hmac" },
	{ EFMT_V1_FLAG_ENCRYPTED, "encrypted" },
	{ EFMT_V1_FLAG_XATTR, "xattr" },
	{ EFMT_V1_FLAG_NAMES, "names" },
};
#define FLAGS (sizeof(flag_names) / sizeof(flag_names[0]))

static void salt_to_hex(const uint8_t *salt,
			char hex_ret[2 * EFMT_V1_SALT_BYTES + 1])
{
	size_t i;

	for (i = 0; i < EFMT_V1_SALT_BYTES; i++)
		snprintf(hex_ret + 2 * i, 3, "%02x", salt[i]);
}

static void packet_print(const struct efmt_v1_packet *packet)
{
	char salt[2 * EFMT_V1_SALT_BYTES + 1];
	char sig[EFMT_V1_SIG_HEX + 1];

	efmt_v1_sig_to_hex(packet->sig, sig);
	if (packet->kind == EFMT_V1_PUBKEY) {
		printf("  key            %s, public key, %u bytes wrapped\n",
		       sig, packet->wrapped_bytes);
		return;
	}
	salt_to_hex(packet->salt, salt);
	printf("  key            %s, passphrase, salt %s\n"
	       "  cipher         %s, %u bytes of key\n",
	       sig, salt, efmt_v1_cipher_name(packet->cipher),
	       packet->fek_bytes);
}

static void dump_print(const char *path, const struct lower *dump)
{
	size_t i;

	printf("%s:\n"
	       "  format         1, header version %u, in the %s\n"
	       "  flags         ",
	       explain_shown(path), dump->header.version,
	       dump->xattr ? "attribute " EFMT_V1_XATTR : "file");
	for (i = 0; i < FLAGS; i++)
		if (dump->header.flags & flag_names[i].flag)
			printf(" %s", flag_names[i].name);
	printf("\n"
	       "  plain size     %" PRIu64 "\n"
	       "  lower size     %" PRIu64 "\n"
	       "  data from      %" PRIu64 "\n"
	       "  marker         %08" PRIx32 "\n",
	       dump->header.plain_size, dump->lower_bytes, dump->data_start,
	       dump->header.marker);
	for (i = 0; i < dump->packets; i++)
		packet_print(&dump->packet[i]);
	if (dump->lower_bytes < dump->wanted_bytes)
		printf("  missing        %" PRIu64 " bytes at the end: the file is shorter than its plain size requires\n",
		       dump->wanted_bytes - dump->lower_bytes);
}

static void put_string(json_object *to, const char *name, const char *value)
{
	json_object_object_add(to, name, json_object_new_string(value));
}

static void put_number(json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static json_object *packet_to_json(const struct efmt_v1_packet *packet)
{
	json_object *key = json_object_new_object();
	char salt[2 * EFMT_V1_SALT_BYTES + 1];
	char sig[EFMT_V1_SIG_HEX + 1];

	efmt_v1_sig_to_hex(packet->sig, sig);
	put_string(key, "signature", sig);
	put_number(key, "wrapped_bytes", packet->wrapped_bytes);
	if (packet->kind == EFMT_V1_PUBKEY) {
		put_string(key, "type", "public-key");
		return key;
	}
	salt_to_hex(packet->salt, salt);
	put_string(key, "type", "passphrase");
	put_string(key, "salt", salt);
	put_string(key, "cipher", efmt_v1_cipher_name(packet->cipher));
	put_number(key, "key_bytes", packet->fek_bytes);
	return key;
}

static void dump_to_json(const struct lower *dump, json_object *to)
{
	json_object *flags = json_object_new_array();
	json_object *keys = json_object_new_array();
	char marker[9];
	size_t i;

	for (i = 0; i < FLAGS; i++)
		if (dump->header.flags & flag_names[i].flag)
			json_object_array_add(flags, json_object_new_string(
							     flag_names[i].name));
	for (i = 0; i < dump->packets; i++)
		json_object_array_add(keys, packet_to_json(&dump->packet[i]));
	snprintf(marker, sizeof(marker), "%08" PRIx32, dump->header.marker);
	put_number(to, "format", 1);
	put_number(to, "header_version", dump->header.version);
	put_string(to, "metadata", dump->xattr ? "xattr" : "header");
	json_object_object_add(to, "flags", flags);
	put_number(to, "plain_size", dump->header.plain_size);
	put_number(to, "lower_size", dump->lower_bytes);
	put_number(to, "lower_size_needed", dump->wanted_bytes);
	put_number(to, "data_start", dump->data_start);
	put_string(to, "marker", marker);
	json_object_object_add(to, "keys", keys);
}

static int dump_file(const struct command *cmd, const char *path,
		     json_object *array)
{
	static struct lower dump; /* tens of kilobytes; one file at a time */
	int err = lower_load(path, &dump);
	json_object *object;

	if (err)
		explain_print(cmd->program, path, explain_header(err));
	if (!array) {
		if (!err)
			dump_print(path, &dump);
		return err ? CMD_FAILED : CMD_OK;
	}
	object = json_object_new_object();
	put_string(object, "file", path);
	if (err)
		put_string(object, "error", explain_header(err).why);
	else
		dump_to_json(&dump, object);
	json_object_array_add(array, object);
	return err ? CMD_FAILED : CMD_OK;
}

int cmd_dump(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	json_object *array = NULL;
	bool json = false;
	int status = CMD_OK;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			command_help(cmd);
			return CMD_OK;
		default:
			return command_usage_error(cmd, "unknown option");
		}
	}
	if (optind == argc)
		return command_usage_error(cmd, "no FILE given");
	if (json)
		array = json_object_new_array();
	for (; optind < argc; optind++)
		status |= dump_file(cmd, argv[optind], array);
	if (json)
		json_print(array);
	return status;
}
