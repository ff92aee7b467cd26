// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs dump: what the metadata of a lower file say, for people and as JSON.
 * The bytes are the core's to read; here they are fetched and printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cmd.h"
#include "explain.h"
#include "format/efmt.h"

#define ECRYPTFS_MAGIC 0xf15f
#define XATTR_NAME "user.ecryptfs"
#define PACKETS_MAX 64 /* no packet is shorter than 64 of 4096 bytes */

/* All there is to say of a file. */
struct dump {
	bool xattr; /* where the metadata are */
	uint64_t lower_bytes;
	uint64_t data_start;
	uint64_t wanted_bytes; /* lower size that plain_size needs */
	struct efmt_v1_header header;
	size_t packets;
	struct efmt_v1_packet packet[PACKETS_MAX];
};

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

static int file_open(const char *path, int *fd_ret, uint64_t *bytes_ret)
{
	struct statfs fs;
	struct stat st;
	int err = 0;
	int fd;

	/* O_NONBLOCK: a FIFO is refused below, not waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || fstatfs(fd, &fs))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (fs.f_type == ECRYPTFS_MAGIC)
		err = -EMEDIUMTYPE;
	if (err) {
		close(fd);
		return err;
	}
	*fd_ret = fd;
	*bytes_ret = (uint64_t)st.st_size;
	return 0;
}

/* The metadata of @fd: the start of the file, or else the attribute. */
static int metadata_read(int fd, uint8_t buf[EFMT_V1_HEADER_SCAN],
			 size_t *len_ret, bool *xattr_ret)
{
	size_t len = 0;
	ssize_t n;

	while (len < EFMT_V1_HEADER_SCAN) {
		n = pread(fd, buf + len, EFMT_V1_HEADER_SCAN - len, (off_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	*xattr_ret = false;
	if (efmt_detect(buf, len) == EFMT_NONE) {
		n = fgetxattr(fd, XATTR_NAME, buf, EFMT_V1_HEADER_SCAN);
		if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return -errno;
		if (n < 0)
			return -ENODATA;
		*xattr_ret = true;
		len = (size_t)n;
	}
	*len_ret = len;
	return 0;
}

static int metadata_parse(const uint8_t *buf, size_t len, struct dump *dump)
{
	struct efmt_geometry geo;
	struct efmt_span span;
	int err;

	err = efmt_v1_header_from(buf, len, &dump->header);
	if (err)
		return err;
	dump->data_start = dump->xattr ? 0 :
					 efmt_v1_header_region(&dump->header);
	efmt_geometry_v1(dump->data_start, &geo);
	err = efmt_geometry_lower_size(&geo, dump->header.plain_size,
				       &dump->wanted_bytes);
	if (err)
		return -EUCLEAN;
	span = (struct efmt_span){ .at = buf, .left = len };
	err = efmt_span_skip(&span, dump->header.packets_off);
	while (!err && dump->packets < PACKETS_MAX) {
		err = efmt_v1_packet_take(&span, &dump->packet[dump->packets]);
		if (!err)
			dump->packets++;
	}
	/* A file without a single key can't be read by anybody. */
	if (err == -ENOENT)
		err = dump->packets ? 0 : -EUCLEAN;
	return err;
}

static int dump_load(const char *path, struct dump *dump)
{
	uint8_t buf[EFMT_V1_HEADER_SCAN];
	size_t len = 0;
	int err;
	int fd;

	memset(dump, 0, sizeof(*dump));
	err = file_open(path, &fd, &dump->lower_bytes);
	if (err)
		return err;
	err = metadata_read(fd, buf, &len, &dump->xattr);
	close(fd);
	return err ? err : metadata_parse(buf, len, dump);
}

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

static void dump_print(const char *path, const struct dump *dump)
{
	size_t i;

	printf("%s:\n"
	       "  format         1, header version %u, in the %s\n"
	       "  flags         ",
	       path, dump->header.version,
	       dump->xattr ? "attribute " XATTR_NAME : "file");
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
		printf("  missing        %" PRIu64 " bytes at the end: the file is shorter than its plain size needs\n",
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

static void dump_to_json(const struct dump *dump, json_object *to)
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
	static struct dump dump; /* tens of kilobytes, one file at a time */
	int err = dump_load(path, &dump);
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
		puts(json_object_to_json_string_ext(array,
						    JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(array);
	return status;
}
