// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the files of tests/vectors (syntax: README there) through the core.
 * Input is given to the core in buffers that end at a guard page.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "check.h"
#include "format/efmt.h"
#include "lower.h"
#include "tables.h"

#define FIELDS 24

/* One vector; values point into its text. */
struct vector {
	char text[65536];
	size_t used;
	size_t fields;
	const char *name[FIELDS];
	const char *value[FIELDS];
};

static const char *find(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->fields; i++)
		if (!strcmp(v->name[i], name))
			return v->value[i];
	return NULL;
}

static const char *get(const struct vector *v, const char *name)
{
	const char *value = find(v, name);

	if (!value) {
		printf("# %s: no %s\n", find(v, "test"), name);
		exit(2);
	}
	return value;
}

static u64 get_number(const struct vector *v, const char *name)
{
	return strtoull(get(v, name), NULL, 10);
}

/* Bytes of a value: "GROUP GROUP*COUNT ..." */
static size_t unpack(const char *text, u8 *ret, size_t max)
{
	size_t len = 0;

	while (*text) {
		size_t start = len;
		size_t group;
		unsigned int byte;
		long count = 1;

		for (; isxdigit((unsigned char)*text); text += 2) {
			if (len >= max || sscanf(text, "%2x", &byte) != 1)
				exit(2);
			ret[len++] = (u8)byte;
		}
		group = len - start;
		if (*text == '*')
			count = strtol(text + 1, (char **)&text, 10);
		for (; count > 1; count--) {
			if (len + group > max)
				exit(2);
			memcpy(ret + len, ret + start, group);
			len += group;
		}
		while (*text == ' ')
			text++;
	}
	return len;
}

static size_t get_bytes(const struct vector *v, const char *name, u8 *ret,
			size_t max)
{
	return unpack(get(v, name), ret, max);
}

/* Whether the value of @name, if there is one, is these bytes. */
static bool same_bytes(const struct vector *v, const char *name,
		       const void *bytes, size_t len)
{
	const char *value = find(v, name);
	u8 want[16384];

	if (!value)
		return true;
	return unpack(value, want, sizeof(want)) == len &&
	       !memcmp(want, bytes, len);
}

static int wanted(const struct vector *v)
{
	static const struct {
		const char *name;
		int err;
	} names[] = {
		{ "0", 0 },
		{ "EINVAL", -EINVAL },
		{ "EUCLEAN", -EUCLEAN },
		{ "ENODATA", -ENODATA },
		{ "EOPNOTSUPP", -EOPNOTSUPP },
		{ "ENOKEY", -ENOKEY },
	};
	const char *want = find(v, "want");

	if (!want)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(want, names[i].name))
			return names[i].err;
	return 1;
}

static void get_key(const struct vector *v, u8 key[64])
{
	static const u8 salt[8] = { 0, 0x11, 0x22, 0x33,
				    0x44, 0x55, 0x66, 0x77 };
	u8 pass[100];
	size_t len = get_bytes(v, "passphrase", pass, sizeof(pass));

	CHECK(!efmt_v1_key_from_passphrase(pass, len, salt, key, NULL));
}

static void op_key(const struct vector *v)
{
	u8 pass[100], salt[8], key[64], sig[8], start[64];
	size_t len = get_bytes(v, "passphrase", pass, sizeof(pass));
	int err;

	get_bytes(v, "salt", salt, 8);
	err = efmt_v1_key_from_passphrase(pass, len, salt, key, sig);
	CHECK(err == wanted(v));
	if (err)
		return;
	CHECK(same_bytes(v, "key", key, 64));
	CHECK(same_bytes(v, "sig", sig, 8));
	if (find(v, "key_start")) {
		len = get_bytes(v, "key_start", start, 64);
		CHECK(!memcmp(start, key, len));
	}
}

static void op_root_iv(const struct vector *v)
{
	u8 fek[64], iv[16];
	size_t len = get_bytes(v, "fek", fek, sizeof(fek));

	CHECK(!efmt_v1_root_iv(fek, len, iv));
	CHECK(same_bytes(v, "iv", iv, 16));
}

static void op_extent_iv(const struct vector *v)
{
	u8 root[16], iv[16];

	get_bytes(v, "root", root, 16);
	CHECK(!efmt_v1_extent_iv(root, get_number(v, "extent"), iv));
	CHECK(same_bytes(v, "iv", iv, 16));
}

static void op_wrap(const struct vector *v)
{
	static const u8 none[8];
	struct efmt_v1_packet packet;
	enum efmt_cipher cipher;
	u8 key[64], fek[64], back[64];
	size_t len = get_bytes(v, "fek", fek, sizeof(fek));
	int err;

	get_key(v, key);
	CHECK(!efmt_v1_cipher_find(get(v, "cipher"), &cipher));
	err = efmt_v1_fek_wrap(cipher, fek, len, key, none, none, &packet);
	CHECK(err == wanted(v));
	if (err)
		return;
	CHECK(same_bytes(v, "wrapped", packet.wrapped, packet.wrapped_bytes));
	CHECK(!efmt_v1_fek_unwrap(&packet, key, back));
	CHECK(!memcmp(back, fek, len));
}

static void op_length(const struct vector *v)
{
	u8 bytes[16];
	size_t len = get_bytes(v, "in", bytes, sizeof(bytes));
	u8 *buf = guard_create(bytes, len);
	struct efmt_span span = { buf, len };
	size_t length;
	int err = efmt_v1_length_take(&span, &length);

	CHECK(err == wanted(v));
	if (!err) {
		CHECK(length == get_number(v, "length"));
		CHECK(len - span.left == get_number(v, "used"));
	}
	guard_destroy(buf, len);
}

static void op_length_put(const struct vector *v)
{
	u8 buf[2];
	size_t used;
	int err = efmt_v1_length_put((size_t)get_number(v, "length"), buf, 2,
				     &used);

	CHECK(err == wanted(v));
	CHECK(err || same_bytes(v, "in", buf, used));
}

static void op_cipher_code(const struct vector *v)
{
	enum efmt_cipher cipher;
	u8 code;
	int err;

	CHECK(!efmt_v1_cipher_find(get(v, "cipher"), &cipher));
	err = efmt_v1_cipher_to_code(cipher,
				     (size_t)get_number(v, "key_bytes"), &code);
	CHECK(err == wanted(v));
	CHECK(err || code == get_number(v, "code"));
}

static void op_code(const struct vector *v)
{
	enum efmt_cipher cipher;
	int err = efmt_v1_cipher_from_code((u8)get_number(v, "code"), &cipher);

	CHECK(err == wanted(v));
	CHECK(err || !strcmp(efmt_v1_cipher_name(cipher), get(v, "cipher")));
}

static void op_sig(const struct vector *v)
{
	const char *text = get(v, "text");
	u8 sig[8];
	int err = efmt_v1_sig_from_hex(text, strlen(text), sig);

	CHECK(err == wanted(v));
	CHECK(err || same_bytes(v, "sig", sig, 8));
}

static void op_header(const struct vector *v)
{
	static u8 bytes[16384];
	size_t len = get_bytes(v, "in", bytes, sizeof(bytes));
	u8 *buf = guard_create(bytes, len);
	struct efmt_v1_header header;
	int err = efmt_v1_header_from(buf, len, &header);

	guard_destroy(buf, len);
	CHECK(err == wanted(v));
	if (err)
		return;
	CHECK(header.plain_size == get_number(v, "size"));
	CHECK(header.marker == get_number(v, "marker"));
	CHECK(header.version == get_number(v, "version"));
	CHECK(header.flags == get_number(v, "flags"));
	CHECK(efmt_v1_header_region(&header) == get_number(v, "region"));
	CHECK(header.packets_off == get_number(v, "packets_at"));
}

/* A packet as the vectors spell it: words, and the wrapped bytes. */
static bool same_packet(const struct efmt_v1_packet *packet, const char *line)
{
	u8 want[EFMT_V1_BLOB_MAX];
	char cipher[16], sig[32], salt[32], hex[17];
	unsigned int fek_bytes;
	int at = -1;

	efmt_v1_sig_to_hex(packet->sig, hex);
	if (packet->kind == EFMT_V1_PUBKEY) {
		if (sscanf(line, "pubkey %31s%n", sig, &at) != 1)
			return false;
	} else {
		if (sscanf(line, "passphrase %15s %u %31s %31s%n", cipher,
			   &fek_bytes, sig, salt, &at) != 4 ||
		    fek_bytes != packet->fek_bytes ||
		    strcmp(cipher, efmt_v1_cipher_name(packet->cipher)) ||
		    unpack(salt, want, 8) != 8 || memcmp(want, packet->salt, 8))
			return false;
	}
	if (at < 0 || strcmp(sig, hex))
		return false;
	while (line[at] == ' ')
		at++;
	return unpack(line + at, want, sizeof(want)) == packet->wrapped_bytes &&
	       !memcmp(want, packet->wrapped, packet->wrapped_bytes);
}

static void op_packets(const struct vector *v)
{
	static u8 bytes[16384];
	size_t len = get_bytes(v, "in", bytes, sizeof(bytes));
	u8 *buf = guard_create(bytes, len);
	struct efmt_span span = { buf, len };
	struct efmt_v1_packet packet;
	size_t field = 0;
	int err;

	for (;;) {
		err = efmt_v1_packet_take(&span, &packet);
		if (err || wanted(v))
			break;
		while (field < v->fields && strcmp(v->name[field], "packet"))
			field++;
		CHECK(field < v->fields &&
		      same_packet(&packet, v->value[field]));
		field++;
	}
	/* A set that ends well does so with -ENOENT. */
	while (!err)
		err = efmt_v1_packet_take(&span, &packet);
	CHECK(err == (wanted(v) ? wanted(v) : -ENOENT));
	if (!wanted(v)) {
		CHECK(len - span.left == get_number(v, "end"));
		for (; field < v->fields; field++)
			CHECK(strcmp(v->name[field], "packet"));
	}
	guard_destroy(buf, len);
}

static void op_lower_size(const struct vector *v)
{
	struct efmt_geometry geo;
	u64 lower;

	efmt_geometry_v1(get_number(v, "region"), &geo);
	CHECK(!efmt_geometry_lower_size(&geo, get_number(v, "size"), &lower));
	CHECK(lower == get_number(v, "lower_bytes"));
}

static void op_file(const struct vector *v)
{
	struct lower_options options = { 0 };
	static u8 plain[70000];
	u8 digest[32];
	size_t size, lower_bytes = 0;
	u8 *lower, *back = NULL;

	get_key(v, options.key);
	CHECK(!efmt_v1_cipher_find(get(v, "cipher"), &options.cipher));
	options.fek_bytes = get_bytes(v, "fek", options.fek, 64);
	options.marker = (u32)strtoul(get(v, "marker"), NULL, 16);
	if (find(v, "pattern")) {
		size = (size_t)get_number(v, "pattern");
		for (size_t i = 0; i < size; i++)
			plain[i] = (u8)(i * 7 + i / 256);
	} else {
		size = get_bytes(v, "content", plain, sizeof(plain));
	}
	lower = lower_encrypt(&options, plain, size, &lower_bytes);
	CHECK(lower && lower_bytes == get_number(v, "lower_bytes"));
	if (!lower)
		return;
	EVP_Digest(lower, lower_bytes, digest, NULL, EVP_sha256(), NULL);
	CHECK(same_bytes(v, "sha256", digest, 32));
	if (size) {
		CHECK(same_bytes(v, "data_start", lower + 8192, 32));
		CHECK(same_bytes(v, "data_end", lower + lower_bytes - 16, 16));
	}
	CHECK(!lower_decrypt(lower, lower_bytes, options.key, &back, &size) &&
	      !memcmp(back, plain, size));
	free(back);
	free(lower);
}

/* False where OpenSSL has not got the cipher. */
static bool get_name_key(const struct vector *v, struct efmt_v1_name_key *ret)
{
	enum efmt_cipher cipher;
	u8 fnek[64], sig[8];
	int err;

	CHECK(get_bytes(v, "fnek", fnek, 64) == 64);
	CHECK(!efmt_v1_cipher_find(get(v, "cipher"), &cipher));
	CHECK(!efmt_v1_key_sig(fnek, sig));
	err = efmt_v1_name_key_create(cipher,
				      (size_t)get_number(v, "key_bytes"), fnek,
				      sig, ret);
	CHECK(!err || (err == -ENOPKG && (cipher == EFMT_CIPHER_TWOFISH ||
					  cipher == EFMT_CIPHER_CAST6)));
	return !err;
}

static void check_name_decrypt(const struct vector *v,
			       const struct efmt_v1_name_key *key)
{
	const char *lower = get(v, "lower");
	size_t len = strlen(lower), plain_len = 0;
	u8 *in = guard_create(lower, len);
	u8 *out = guard_create(NULL, len);
	int err = efmt_v1_name_decrypt(key, (char *)in, len, (char *)out, len,
				       &plain_len);

	CHECK(err == wanted(v));
	if (!err)
		CHECK(same_bytes(v, "plain", out, plain_len));
	guard_destroy(in, len);
	guard_destroy(out, len);
}

static void op_name_decrypt(const struct vector *v)
{
	struct efmt_v1_name_key key;

	if (!get_name_key(v, &key))
		return;
	check_name_decrypt(v, &key);
	efmt_v1_name_key_destroy(&key);
}

static void op_name(const struct vector *v)
{
	static u8 plain[8192];
	size_t plain_len = get_bytes(v, "plain", plain, sizeof(plain));
	struct efmt_v1_name_key key;
	char lower[5600];
	size_t len = 0;
	int err;

	if (!get_name_key(v, &key))
		return;
	err = efmt_v1_name_encrypt(&key, (char *)plain, plain_len, lower,
				   sizeof(lower), &len);
	CHECK(err == wanted(v));
	if (!err) {
		CHECK(len == strlen(get(v, "lower")) &&
		      !memcmp(lower, get(v, "lower"), len));
		check_name_decrypt(v, &key);
	}
	efmt_v1_name_key_destroy(&key);
}

static const struct {
	const char *op;
	void (*run)(const struct vector *v);
} ops[] = {
	{ "key", op_key },
	{ "root-iv", op_root_iv },
	{ "extent-iv", op_extent_iv },
	{ "wrap", op_wrap },
	{ "length", op_length },
	{ "length-put", op_length_put },
	{ "cipher-code", op_cipher_code },
	{ "code", op_code },
	{ "sig", op_sig },
	{ "header", op_header },
	{ "packets", op_packets },
	{ "lower-size", op_lower_size },
	{ "file", op_file },
	{ "name", op_name },
	{ "name-decrypt", op_name_decrypt },
	{ "payload", NULL }, /* not of the core */
	{ "wrapped-passphrase", NULL },
};

static size_t passed, elsewhere;

static void run_vector(const struct vector *v)
{
	const char *op = get(v, "op");

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].op, op))
			continue;
		if (!ops[i].run) {
			elsewhere++;
			return;
		}
		ops[i].run(v);
		passed++;
		return;
	}
	CHECK(!"an op that is known");
}

/* Adds a line "name = value" to the vector. */
static void add_line(struct vector *v, char *line)
{
	char *equals = strchr(line, '=');
	size_t len = strlen(line) + 1;
	char *copy = v->text + v->used;
	char *end;

	if (!equals || v->fields == FIELDS || v->used + len > sizeof(v->text))
		exit(2);
	memcpy(copy, line, len);
	v->used += len;
	end = copy + (equals - line);
	v->value[v->fields] = end + 1 + strspn(end + 1, " ");
	while (end > copy && end[-1] == ' ')
		end--;
	*end = '\0';
	v->name[v->fields++] = copy;
}

static struct vector current;
static const char *current_path;

static void run_file(void)
{
	static char line[65536];
	FILE *file = fopen(current_path, "r");
	bool more = true;

	passed = 0;
	elsewhere = 0;
	CHECK(file);
	while (file && more) {
		more = fgets(line, sizeof(line), file);
		if (!more)
			line[0] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (line[0]) {
			add_line(&current, line);
			continue;
		}
		if (current.fields) {
			bool before = check_good();

			run_vector(&current);
			if (before && !check_good())
				printf("# first in: %s\n",
				       get(&current, "test"));
		}
		current.fields = 0;
		current.used = 0;
	}
	if (file)
		fclose(file);
	CHECK(passed || elsewhere);
}

void vectors_run(const char *path)
{
	char name[200];
	const struct check_case cases[] = { { name, run_file },
					    { NULL, NULL } };
	const char *base = strrchr(path, '/');

	current_path = path;
	snprintf(name, sizeof(name), "vectors: %s", base ? base + 1 : path);
	check_run(cases);
	printf("# %zu vectors, %zu not of the core\n", passed, elsewhere);
}
