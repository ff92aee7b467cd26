// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Converts between the packets of a format 1 header and structs, and between
 * ciphers and their codes, and signatures and text.
 *
 * A packet set is a sequence of wrapped FEKs, one for each key.  It has tag 3
 * (wrapped with a key derived from a passphrase), followed by the tag 11 that
 * names the key, or tag 1 (wrapped by a public-key module in userspace).  It
 * ends at the first byte that does not start a packet.  Only the syntax of the
 * tags is OpenPGP's.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"
#include "ondisk_v1.h"

/* Indexed by enum efmt_cipher.  AES has further codes for other key sizes. */
static const struct {
	const char *name;
	u8 code;
	u8 block;
} ciphers[EFMT_CIPHER_NR] = {
	[EFMT_CIPHER_AES] = { "aes", EFMT_V1_CODE_AES128, 16 },
	[EFMT_CIPHER_BLOWFISH] = { "blowfish", EFMT_V1_CODE_BLOWFISH, 8 },
	[EFMT_CIPHER_DES3_EDE] = { "des3_ede", EFMT_V1_CODE_DES3_EDE, 8 },
	[EFMT_CIPHER_TWOFISH] = { "twofish", EFMT_V1_CODE_TWOFISH, 16 },
	[EFMT_CIPHER_CAST6] = { "cast6", EFMT_V1_CODE_CAST6, 16 },
	[EFMT_CIPHER_CAST5] = { "cast5", EFMT_V1_CODE_CAST5, 8 },
};

static bool cipher_known(enum efmt_cipher cipher)
{
	return (unsigned int)cipher < EFMT_CIPHER_NR;
}

const char *efmt_v1_cipher_name(enum efmt_cipher cipher)
{
	return cipher_known(cipher) ? ciphers[cipher].name : NULL;
}

static bool name_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

int efmt_v1_cipher_find(const char *name, enum efmt_cipher *cipher_ret)
{
	int i;

	for (i = 0; i < EFMT_CIPHER_NR; i++) {
		if (name_equal(name, ciphers[i].name)) {
			*cipher_ret = (enum efmt_cipher)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Returns 0 for an unknown number. */
size_t efmt_v1_cipher_block(enum efmt_cipher cipher)
{
	return cipher_known(cipher) ? ciphers[cipher].block : 0;
}

bool efmt_v1_cipher_key_valid(enum efmt_cipher cipher, size_t key_bytes)
{
	switch (cipher) {
	case EFMT_CIPHER_AES:
		return key_bytes == 16 || key_bytes == 24 || key_bytes == 32;
	case EFMT_CIPHER_BLOWFISH:
		return key_bytes >= 8 && key_bytes <= 56 && !(key_bytes % 8);
	case EFMT_CIPHER_DES3_EDE:
		return key_bytes == 24;
	case EFMT_CIPHER_TWOFISH:
	case EFMT_CIPHER_CAST6:
		return key_bytes == 16 || key_bytes == 32;
	case EFMT_CIPHER_CAST5:
		return key_bytes == 8 || key_bytes == 16;
	default:
		return false;
	}
}

/*
 * The FEK is wrapped in whole cipher blocks without padding.  The exception is
 * AES with 24 bytes, where the FEK is padded with zeros to two blocks.
 * (Twofish and CAST6 with 24 bytes would need the same, but the format has no
 * such rule, so they can't be written.)
 */
size_t efmt_v1_cipher_wrapped(enum efmt_cipher cipher, size_t fek_bytes)
{
	if (!efmt_v1_cipher_key_valid(cipher, fek_bytes))
		return 0;
	if (cipher == EFMT_CIPHER_AES && fek_bytes == 24)
		return 32;
	return fek_bytes;
}

int efmt_v1_cipher_to_code(enum efmt_cipher cipher, size_t key_bytes,
			   u8 *code_ret)
{
	if (!efmt_v1_cipher_key_valid(cipher, key_bytes))
		return -EINVAL;
	if (cipher == EFMT_CIPHER_AES && key_bytes == 24)
		*code_ret = EFMT_V1_CODE_AES192;
	else if (cipher == EFMT_CIPHER_AES && key_bytes == 32)
		*code_ret = EFMT_V1_CODE_AES256;
	else
		*code_ret = ciphers[cipher].code;
	return 0;
}

int efmt_v1_cipher_from_code(u8 code, enum efmt_cipher *cipher_ret)
{
	int i;

	if (code == EFMT_V1_CODE_AES192 || code == EFMT_V1_CODE_AES256)
		code = EFMT_V1_CODE_AES128;
	for (i = 0; i < EFMT_CIPHER_NR; i++) {
		if (ciphers[i].code == code) {
			*cipher_ret = (enum efmt_cipher)i;
			return 0;
		}
	}
	return -EOPNOTSUPP;
}

/*
 * A first byte f below 192 is the length.  From 192 to 223, the length is
 * 192 + (f - 192) * 256 + the next byte.  224 and above are longer forms of
 * OpenPGP, which this format does not have.
 */
int efmt_v1_length_take(struct efmt_span *span, size_t *length_ret)
{
	struct efmt_span rest = *span;
	size_t length;
	u8 first, second;
	int err;

	err = efmt_span_take_u8(&rest, &first);
	if (err)
		return err;
	length = first;
	if (first >= EFMT_V1_LENGTH_FIRST_END)
		return -EUCLEAN;
	if (first >= EFMT_V1_LENGTH_TWO) {
		err = efmt_span_take_u8(&rest, &second);
		if (err)
			return err;
		length = EFMT_V1_LENGTH_TWO + second +
			 ((size_t)(first - EFMT_V1_LENGTH_TWO) << 8);
	}
	*span = rest;
	*length_ret = length;
	return 0;
}

static size_t length_bytes(size_t length)
{
	return length < EFMT_V1_LENGTH_TWO ? 1 : 2;
}

/*
 * Stock writes lengths over 8383, which no reader can decode.  Here they fail
 * with -EINVAL.
 */
int efmt_v1_length_put(size_t length, u8 *buf, size_t len, size_t *used_ret)
{
	struct efmt_sink sink = { buf, len };
	const size_t over = length - EFMT_V1_LENGTH_TWO;
	int err;

	if (length > EFMT_V1_LENGTH_MAX)
		return -EINVAL;
	if (length < EFMT_V1_LENGTH_TWO)
		err = efmt_sink_put_u8(&sink, (u8)length);
	else
		err = efmt_sink_put_be16(&sink, (u16)(over + (192u << 8)));
	if (err)
		return err;
	*used_ret = length_bytes(length);
	return 0;
}

/* Reads a length and as many bytes. */
static int take_body(struct efmt_span *span, struct efmt_span *body_ret)
{
	size_t length;
	int err;

	err = efmt_v1_length_take(span, &length);
	if (err)
		return err;
	return efmt_span_take_span(span, length, body_ret);
}

/* Reads the signature of a tag 11 at @span; name and date are ignored. */
static int take_tag11(struct efmt_span *span, u8 sig_ret[EFMT_V1_SIG_BYTES])
{
	struct efmt_span body;
	u8 tag, format, name_bytes;

	if (efmt_span_take_u8(span, &tag) || tag != EFMT_V1_TAG11 ||
	    take_body(span, &body) ||
	    body.left != sizeof(struct efmt_v1_disk_tag11) ||
	    efmt_span_take_u8(&body, &format) ||
	    efmt_span_take_u8(&body, &name_bytes) ||
	    format != EFMT_V1_TAG11_FORMAT ||
	    name_bytes != sizeof(EFMT_V1_TAG11_NAME) - 1 ||
	    efmt_span_skip(&body, name_bytes + 4) ||
	    efmt_span_take_bytes(&body, sig_ret, EFMT_V1_SIG_BYTES))
		return -EUCLEAN;
	return 0;
}

/*
 * Reads cipher and sizes.  Code 8 means a key of 24 bytes.  With every other
 * code the key has the size of the wrapped FEK; codes 7 and 9 do not
 * distinguish the key sizes of AES.
 */
static int set_cipher(u8 code, size_t wrapped_bytes, struct efmt_v1_packet *ret)
{
	size_t fek_bytes = wrapped_bytes;
	int err;

	err = efmt_v1_cipher_from_code(code, &ret->cipher);
	if (err)
		return err;
	if (code == EFMT_V1_CODE_AES192)
		fek_bytes = 24;
	if (!wrapped_bytes ||
	    efmt_v1_cipher_wrapped(ret->cipher, fek_bytes) != wrapped_bytes)
		return -EUCLEAN;
	ret->fek_bytes = (u16)fek_bytes;
	ret->wrapped_bytes = (u16)wrapped_bytes;
	return 0;
}

/*
 * Parses the body of a tag 3 at @body and the tag 11 that follows it at @span.
 * The iteration code is ignored, because the key has already been derived.
 */
static int take_tag3(struct efmt_span *span, struct efmt_span *body,
		     struct efmt_v1_packet *ret)
{
	u8 version, code, s2k, hash;
	int err;

	if (efmt_span_take_u8(body, &version) ||
	    efmt_span_take_u8(body, &code) || efmt_span_take_u8(body, &s2k) ||
	    efmt_span_take_u8(body, &hash) ||
	    efmt_span_take_bytes(body, ret->salt, EFMT_V1_SALT_BYTES) ||
	    efmt_span_skip(body, 1))
		return -EUCLEAN;
	if (version != EFMT_V1_TAG3_VERSION || s2k != EFMT_V1_TAG3_S2K ||
	    hash != EFMT_V1_TAG3_HASH || body->left > EFMT_V1_WRAPPED_MAX)
		return -EUCLEAN;
	err = set_cipher(code, body->left, ret);
	if (err)
		return err;
	err = efmt_span_take_bytes(body, ret->wrapped, body->left);
	if (err)
		return err;
	return take_tag11(span, ret->sig);
}

static int take_tag1(struct efmt_span *body, struct efmt_v1_packet *ret)
{
	u8 version;

	if (efmt_span_take_u8(body, &version) ||
	    version != EFMT_V1_TAG1_VERSION ||
	    efmt_span_take_bytes(body, ret->sig, EFMT_V1_SIG_BYTES) ||
	    efmt_span_skip(body, 1) || body->left > EFMT_V1_BLOB_MAX)
		return -EUCLEAN;
	ret->wrapped_bytes = (u16)body->left;
	return efmt_span_take_bytes(body, ret->wrapped, body->left);
}

int efmt_v1_packet_take(struct efmt_span *span, struct efmt_v1_packet *ret)
{
	struct efmt_v1_packet packet;
	struct efmt_span rest = *span;
	struct efmt_span body;
	u8 tag;
	int err;

	if (efmt_span_take_u8(&rest, &tag))
		return -ENOENT;
	if (tag == EFMT_V1_TAG11)
		return -EUCLEAN;
	if (tag != EFMT_V1_TAG1 && tag != EFMT_V1_TAG3)
		return -ENOENT;
	err = take_body(&rest, &body);
	if (err)
		return err;
	memset(&packet, 0, sizeof(packet));
	packet.kind = tag == EFMT_V1_TAG1 ? EFMT_V1_PUBKEY : EFMT_V1_PASSPHRASE;
	if (packet.kind == EFMT_V1_PUBKEY)
		err = take_tag1(&body, &packet);
	else
		err = take_tag3(&rest, &body, &packet);
	if (err)
		return err;
	*span = rest;
	*ret = packet;
	return 0;
}

/* This can't overrun, because the caller has checked the size. */
static void put_tag3(const struct efmt_v1_packet *packet, u8 code,
		     struct efmt_sink *sink)
{
	efmt_sink_put_u8(sink, EFMT_V1_TAG3);
	efmt_sink_put_u8(sink, (u8)(sizeof(struct efmt_v1_disk_tag3) +
				    packet->wrapped_bytes));
	efmt_sink_put_u8(sink, EFMT_V1_TAG3_VERSION);
	efmt_sink_put_u8(sink, code);
	efmt_sink_put_u8(sink, EFMT_V1_TAG3_S2K);
	efmt_sink_put_u8(sink, EFMT_V1_TAG3_HASH);
	efmt_sink_put_bytes(sink, packet->salt, EFMT_V1_SALT_BYTES);
	efmt_sink_put_u8(sink, EFMT_V1_TAG3_ITERATIONS);
	efmt_sink_put_bytes(sink, packet->wrapped, packet->wrapped_bytes);
	efmt_sink_put_u8(sink, EFMT_V1_TAG11);
	efmt_sink_put_u8(sink, sizeof(struct efmt_v1_disk_tag11));
	efmt_sink_put_u8(sink, EFMT_V1_TAG11_FORMAT);
	efmt_sink_put_u8(sink, sizeof(EFMT_V1_TAG11_NAME) - 1);
	efmt_sink_put_bytes(sink, EFMT_V1_TAG11_NAME,
			    sizeof(EFMT_V1_TAG11_NAME) - 1);
	efmt_sink_put_be32(sink, 0);
	efmt_sink_put_bytes(sink, packet->sig, EFMT_V1_SIG_BYTES);
}

static int put_passphrase(const struct efmt_v1_packet *packet, u8 *buf,
			  size_t len, size_t *used_ret)
{
	const size_t used = 2 + sizeof(struct efmt_v1_disk_tag3) +
			    packet->wrapped_bytes + 2 +
			    sizeof(struct efmt_v1_disk_tag11);
	struct efmt_sink sink = { buf, len };
	u8 code;
	int err;

	err = efmt_v1_cipher_to_code(packet->cipher, packet->fek_bytes, &code);
	if (err)
		return err;
	if (efmt_v1_cipher_wrapped(packet->cipher, packet->fek_bytes) !=
	    packet->wrapped_bytes)
		return -EINVAL;
	if (len < used)
		return -ENOSPC;
	put_tag3(packet, code, &sink);
	*used_ret = used;
	return 0;
}

static int put_pubkey(const struct efmt_v1_packet *packet, u8 *buf, size_t len,
		      size_t *used_ret)
{
	const size_t body = sizeof(struct efmt_v1_disk_tag1) +
			    packet->wrapped_bytes;
	const size_t head = 1 + length_bytes(body);
	struct efmt_sink sink = { buf, len };
	size_t prefix;
	int err;

	if (packet->wrapped_bytes > EFMT_V1_BLOB_MAX)
		return -EINVAL;
	if (len < head + body)
		return -ENOSPC;
	efmt_sink_put_u8(&sink, EFMT_V1_TAG1);
	err = efmt_v1_length_put(body, sink.at, sink.left, &prefix);
	if (err)
		return err;
	sink.at += prefix;
	sink.left -= prefix;
	efmt_sink_put_u8(&sink, EFMT_V1_TAG1_VERSION);
	efmt_sink_put_bytes(&sink, packet->sig, EFMT_V1_SIG_BYTES);
	efmt_sink_put_u8(&sink, EFMT_V1_TAG1_RSA);
	efmt_sink_put_bytes(&sink, packet->wrapped, packet->wrapped_bytes);
	*used_ret = head + body;
	return 0;
}

int efmt_v1_packet_put(const struct efmt_v1_packet *packet, u8 *buf, size_t len,
		       size_t *used_ret)
{
	switch (packet->kind) {
	case EFMT_V1_PASSPHRASE:
		return put_passphrase(packet, buf, len, used_ret);
	case EFMT_V1_PUBKEY:
		return put_pubkey(packet, buf, len, used_ret);
	default:
		return -EINVAL;
	}
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

int efmt_v1_sig_from_hex(const char *hex, size_t len,
			 u8 sig_ret[EFMT_V1_SIG_BYTES])
{
	u8 sig[EFMT_V1_SIG_BYTES];
	int high, low;
	size_t i;

	if (len != EFMT_V1_SIG_HEX)
		return -EINVAL;
	for (i = 0; i < EFMT_V1_SIG_BYTES; i++) {
		high = digit_value(hex[2 * i]);
		low = digit_value(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		sig[i] = (u8)(high << 4 | low);
	}
	memcpy(sig_ret, sig, sizeof(sig));
	return 0;
}

void efmt_v1_sig_to_hex(const u8 sig[EFMT_V1_SIG_BYTES],
			char hex_ret[EFMT_V1_SIG_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < EFMT_V1_SIG_BYTES; i++) {
		hex_ret[2 * i] = digits[sig[i] >> 4];
		hex_ret[2 * i + 1] = digits[sig[i] & 15];
	}
	hex_ret[EFMT_V1_SIG_HEX] = '\0';
}
