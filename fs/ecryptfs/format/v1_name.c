// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Encrypts and decrypts file names and symlink targets.
 *
 *	plain   filler || 00 || name, whole cipher blocks: padded in front
 *	packet  tag 70, length, signature, cipher code, ECB(plain)
 *	lower   prefix || packet as text, 6 bits a character
 *
 * There is no IV and no randomness, so a name has exactly one lower name.  It
 * is not authenticated either, except by the filler, which has at least one
 * block.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"
#include "ondisk_v1.h"

#define GROUP_BYTES 3 /* bytes of the packet in a group */
#define GROUP_CHARS 4 /* characters of text in a group */

/* The start of a packet, which a reader examines before the rest. */
#define HEAD_GROUPS 4
#define HEAD_MAX (HEAD_GROUPS * GROUP_BYTES)

static_assert(sizeof(EFMT_V1_NAME_PREFIX) - 1 == EFMT_V1_NAME_PREFIX_LEN,
	      "name prefix");
static_assert(HEAD_MAX == 1 + 2 + sizeof(struct efmt_v1_disk_tag70),
	      "head of a tag 70 packet");
static_assert(sizeof(((struct efmt_v1_name_key *)0)->filler) >=
	      EFMT_V1_FILLER_BYTES + 16 - 1, "filler and the largest padding");
static_assert(sizeof(((struct efmt_v1_name_key *)0)->filler) ==
	      2 * EFMT_MD5_BYTES, "filler is two digests");
static_assert(EFMT_V1_NAME_PLAIN_MAX + 64 < EFMT_V1_LENGTH_MAX,
	      "every packet has a length");

/* Sizes of one name at each stage, in bytes. */
struct name_layout {
	size_t filler;
	size_t cipher_bytes; /* whole blocks */
	size_t head; /* bytes of the packet in front of these */
	size_t text; /* characters behind the prefix */
};

/* Computes the layout of a packet that holds @cipher_bytes. */
static void packet_layout(size_t cipher_bytes, struct name_layout *ret)
{
	const size_t body = sizeof(struct efmt_v1_disk_tag70) + cipher_bytes;
	size_t packet;

	ret->cipher_bytes = cipher_bytes;
	ret->head = 1 + (body < EFMT_V1_LENGTH_TWO ? 1u : 2u) +
		    sizeof(struct efmt_v1_disk_tag70);
	packet = ret->head + cipher_bytes;
	ret->text = (packet + GROUP_BYTES - 1) / GROUP_BYTES * GROUP_CHARS;
}

/*
 * Computes the layout of a plain name.  Returns false if it can't be encrypted.
 */
static bool name_layout(enum efmt_cipher cipher, size_t len,
			struct name_layout *ret)
{
	const size_t block = efmt_v1_cipher_block(cipher);
	size_t used;

	if (!block || !len || len > EFMT_V1_NAME_PLAIN_MAX)
		return false;
	used = EFMT_V1_FILLER_BYTES + 1 + len;
	packet_layout((used + block - 1) / block * block, ret);
	ret->filler = ret->cipher_bytes - 1 - len;
	return true;
}

size_t efmt_v1_name_lower_len(enum efmt_cipher cipher, size_t len)
{
	struct name_layout layout;

	if (!name_layout(cipher, len, &layout))
		return 0;
	return EFMT_V1_NAME_PREFIX_LEN + layout.text;
}

size_t efmt_v1_name_max(enum efmt_cipher cipher, size_t lower_max)
{
	const size_t block = efmt_v1_cipher_block(cipher);
	struct name_layout layout;
	size_t packet, cipher_bytes, len;

	if (!block || lower_max < EFMT_V1_NAME_PREFIX_LEN)
		return 0;
	packet = (lower_max - EFMT_V1_NAME_PREFIX_LEN) / GROUP_CHARS *
		 GROUP_BYTES;
	if (packet < HEAD_MAX + EFMT_V1_FILLER_BYTES)
		return 0;
	/* This assumes the short length field; a long one may cost a block. */
	cipher_bytes = (packet - (HEAD_MAX - 1)) / block * block;
	packet_layout(cipher_bytes, &layout);
	if (layout.head + cipher_bytes > packet)
		cipher_bytes -= block;
	if (cipher_bytes < EFMT_V1_FILLER_BYTES + 2)
		return 0;
	len = cipher_bytes - EFMT_V1_FILLER_BYTES - 1;
	return len < EFMT_V1_NAME_PLAIN_MAX ? len : EFMT_V1_NAME_PLAIN_MAX;
}

/*
 * Only AES has separate codes for key sizes.  For the other ciphers, the cipher
 * itself decides which sizes are valid, because the size does not change the
 * name's length.
 */
static int name_code(enum efmt_cipher cipher, size_t key_bytes, u8 *code_ret)
{
	if (key_bytes > EFMT_V1_KEY_BYTES)
		return -EINVAL;
	if (cipher != EFMT_CIPHER_AES)
		key_bytes = cipher == EFMT_CIPHER_DES3_EDE ? 24 : 16;
	return efmt_v1_cipher_to_code(cipher, key_bytes, code_ret);
}

/* MD5(key) || MD5(MD5(key)), without zero bytes. */
static int make_filler(const u8 key[EFMT_V1_KEY_BYTES],
		       struct efmt_v1_name_key *ret)
{
	u8 *second = ret->filler + EFMT_MD5_BYTES;
	size_t i;
	int err;

	err = efmt_prim_md5(key, EFMT_V1_KEY_BYTES, ret->filler);
	if (!err)
		err = efmt_prim_md5(ret->filler, EFMT_MD5_BYTES, second);
	for (i = 0; i < sizeof(ret->filler); i++)
		if (!ret->filler[i])
			ret->filler[i] = EFMT_V1_FILLER_NO_ZERO;
	return err;
}

int efmt_v1_name_key_create(enum efmt_cipher cipher, size_t key_bytes,
			    const u8 key[EFMT_V1_KEY_BYTES],
			    const u8 sig[EFMT_V1_SIG_BYTES],
			    struct efmt_v1_name_key *ret)
{
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->cipher = cipher;
	memcpy(ret->sig, sig, EFMT_V1_SIG_BYTES);
	err = name_code(cipher, key_bytes, &ret->code);
	if (!err)
		err = make_filler(key, ret);
	if (!err)
		err = efmt_prim_ecb_create(cipher, key, key_bytes, &ret->ecb);
	if (err)
		efmt_prim_wipe(ret, sizeof(*ret));
	return err;
}

void efmt_v1_name_key_destroy(struct efmt_v1_name_key *key)
{
	efmt_prim_ecb_destroy(key->ecb);
	efmt_prim_wipe(key, sizeof(*key));
}

/*
 * Writes the packet with the name still in plaintext.  This can't overrun,
 * because the caller has checked the size.
 */
static void put_packet(const struct efmt_v1_name_key *key, const char *name,
		       size_t len, const struct name_layout *layout,
		       struct efmt_sink sink)
{
	static const u8 zeros[GROUP_BYTES];
	size_t used = 0;

	efmt_sink_put_u8(&sink, EFMT_V1_TAG70);
	efmt_v1_length_put(sizeof(struct efmt_v1_disk_tag70) +
				   layout->cipher_bytes,
			   sink.at, sink.left, &used);
	sink.at += used;
	sink.left -= used;
	efmt_sink_put_bytes(&sink, key->sig, EFMT_V1_SIG_BYTES);
	efmt_sink_put_u8(&sink, key->code);
	efmt_sink_put_bytes(&sink, key->filler, layout->filler);
	efmt_sink_put_u8(&sink, 0);
	efmt_sink_put_bytes(&sink, name, len);
	/* The last group is padded with zeros. */
	efmt_sink_put_bytes(&sink, zeros, sink.left);
}

/*
 * Encodes the whole groups at @packet to text at @sink.  This works in place if
 * the packet ends where the text will end: before group i of n is written, 3i
 * bytes have been read and 4i characters written, and reading started n bytes
 * ahead.
 */
static void put_text(struct efmt_span packet, struct efmt_sink *sink)
{
	static const char digits[] =
		"-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	u8 in[GROUP_BYTES];
	u8 text[GROUP_CHARS];

	static_assert(sizeof(digits) == 64 + 1, "6 bits a character");
	while (!efmt_span_take_bytes(&packet, in, sizeof(in))) {
		text[0] = (u8)digits[in[0] >> 2];
		text[1] = (u8)digits[(in[0] & 0x03) << 4 | in[1] >> 4];
		text[2] = (u8)digits[(in[1] & 0x0f) << 2 | in[2] >> 6];
		text[3] = (u8)digits[in[2] & 0x3f];
		efmt_sink_put_bytes(sink, text, sizeof(text));
	}
}

int efmt_v1_name_encrypt(const struct efmt_v1_name_key *key, const char *name,
			 size_t len, char *buf, size_t buf_len, size_t *len_ret)
{
	struct efmt_sink lower, packet;
	struct name_layout layout;
	size_t lower_len;
	int err;

	if (!name_layout(key->cipher, len, &layout))
		return -EINVAL;
	lower_len = EFMT_V1_NAME_PREFIX_LEN + layout.text;
	if (lower_len > buf_len)
		return -ENAMETOOLONG;
	lower.at = (u8 *)buf;
	lower.left = lower_len;
	/* The packet is made at the end of the buffer. */
	packet.left = layout.text / GROUP_CHARS * GROUP_BYTES;
	packet.at = lower.at + (lower_len - packet.left);
	put_packet(key, name, len, &layout, packet);
	err = efmt_prim_ecb_run(key->ecb, true, packet.at + layout.head,
				layout.cipher_bytes);
	if (err) {
		efmt_prim_wipe(buf, lower_len);
		return err;
	}
	efmt_sink_put_bytes(&lower, EFMT_V1_NAME_PREFIX,
			    EFMT_V1_NAME_PREFIX_LEN);
	put_text((struct efmt_span){ packet.at, packet.left }, &lower);
	*len_ret = lower_len;
	return 0;
}

/* Returns the 6 bits of a character, or -1 if it is not in the alphabet. */
static int text_value(u8 c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 38;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 12;
	if (c >= '0' && c <= '9')
		return c - '0' + 2;
	if (c == '.')
		return 1;
	return c == '-' ? 0 : -1;
}

/*
 * Decodes a group.  Fails with -EUCLEAN if it is incomplete or has a character
 * that is not in the alphabet.
 */
static int take_group(struct efmt_span *text, u8 ret[GROUP_BYTES])
{
	u8 c[GROUP_CHARS];
	u32 bits = 0;
	size_t i;
	int value;

	if (efmt_span_take_bytes(text, c, sizeof(c)))
		return -EUCLEAN;
	for (i = 0; i < GROUP_CHARS; i++) {
		value = text_value(c[i]);
		if (value < 0)
			return -EUCLEAN;
		bits = bits << 6 | (u32)value;
	}
	ret[0] = (u8)(bits >> 16);
	ret[1] = (u8)(bits >> 8);
	ret[2] = (u8)bits;
	return 0;
}

/* A lower name taken apart, still encrypted. */
struct name_packet {
	struct efmt_span text; /* whole groups behind the prefix */
	struct name_layout layout; /* the field filler is not set */
	enum efmt_cipher cipher;
	u8 code;
	u8 sig[EFMT_V1_SIG_BYTES];
};

/*
 * Parses the head of the packet in @head.  Its length must agree with that of
 * the text, and its ciphertext must be whole blocks of a known cipher with room
 * for a name.
 */
static int take_head(struct efmt_span head, struct name_packet *ret)
{
	size_t body, cipher_bytes;
	u8 tag;

	if (efmt_span_take_u8(&head, &tag) || tag != EFMT_V1_TAG70 ||
	    efmt_v1_length_take(&head, &body) ||
	    efmt_span_take_bytes(&head, ret->sig, EFMT_V1_SIG_BYTES) ||
	    efmt_span_take_u8(&head, &ret->code) ||
	    efmt_v1_cipher_from_code(ret->code, &ret->cipher))
		return -EUCLEAN;
	if (body < sizeof(struct efmt_v1_disk_tag70) + EFMT_V1_FILLER_BYTES + 2)
		return -EUCLEAN;
	cipher_bytes = body - sizeof(struct efmt_v1_disk_tag70);
	packet_layout(cipher_bytes, &ret->layout);
	if (cipher_bytes % efmt_v1_cipher_block(ret->cipher) ||
	    ret->layout.text != ret->text.left)
		return -EUCLEAN;
	return 0;
}

/*
 * Takes @lower apart without looking at the text behind the head.  Fails with
 * -EINVAL if there is no prefix, and with -EUCLEAN if the rest is malformed.
 */
static int take_packet(const char *lower, size_t len, struct name_packet *ret)
{
	struct efmt_span rest = { (const u8 *)lower, len };
	u8 head[HEAD_MAX];
	struct efmt_sink sink = { head, sizeof(head) };
	u8 group[GROUP_BYTES];
	struct efmt_span part;

	if (efmt_span_take_span(&rest, EFMT_V1_NAME_PREFIX_LEN, &part) ||
	    memcmp(part.at, EFMT_V1_NAME_PREFIX, EFMT_V1_NAME_PREFIX_LEN))
		return -EINVAL;
	ret->text = rest;
	while (sink.left) {
		if (take_group(&rest, group))
			return -EUCLEAN;
		efmt_sink_put_bytes(&sink, group, sizeof(group));
	}
	return take_head((struct efmt_span){ head, sizeof(head) }, ret);
}

/*
 * Decodes all bytes of the packet into @sink.  Fails with -EUCLEAN if a
 * character is not in the alphabet, or the padding of the last group is not
 * zero.  If @sink has no room, the text is only checked.
 */
static int take_text(const struct name_packet *packet, struct efmt_sink sink)
{
	struct efmt_span text = packet->text;
	size_t left = packet->layout.head + packet->layout.cipher_bytes;
	u8 group[GROUP_BYTES];

	while (text.left) {
		if (take_group(&text, group))
			return -EUCLEAN;
		if ((left < 2 && group[1]) || (left < 3 && group[2]))
			return -EUCLEAN;
		efmt_sink_put_bytes(&sink, group, sizeof(group));
		left -= left < GROUP_BYTES ? left : GROUP_BYTES;
	}
	return 0;
}

int efmt_v1_name_sig(const char *lower, size_t len,
		     u8 sig_ret[EFMT_V1_SIG_BYTES],
		     enum efmt_cipher *cipher_ret)
{
	struct name_packet packet;
	int err;

	err = take_packet(lower, len, &packet);
	if (!err)
		err = take_text(&packet, (struct efmt_sink){ NULL, 0 });
	if (err)
		return err;
	memcpy(sig_ret, packet.sig, EFMT_V1_SIG_BYTES);
	*cipher_ret = packet.cipher;
	return 0;
}

/*
 * Finds the name in the decrypted @plain.  The filler in front of it must be
 * that of this key, and have the only length that is possible for such a name.
 */
static int take_name(const struct efmt_v1_name_key *key, struct efmt_span plain,
		     struct efmt_span *name_ret)
{
	const size_t cipher_bytes = plain.left;
	struct name_layout layout;
	size_t used = 0;
	u8 byte = 1;

	while (byte) {
		if (used == sizeof(key->filler) ||
		    efmt_span_take_u8(&plain, &byte))
			return -EUCLEAN;
		if (byte && byte != key->filler[used++])
			return -EUCLEAN;
	}
	if (!name_layout(key->cipher, plain.left, &layout) ||
	    layout.cipher_bytes != cipher_bytes || layout.filler != used)
		return -EUCLEAN;
	return efmt_span_take_span(&plain, plain.left, name_ret);
}

/* Decodes and decrypts the packet in @bytes of @buf, where the name remains. */
static int open_packet(const struct efmt_v1_name_key *key,
		       const struct name_packet *packet, u8 *buf, size_t bytes,
		       struct efmt_span *name_ret)
{
	const size_t cipher_bytes = packet->layout.cipher_bytes;
	u8 *blocks = buf + packet->layout.head;
	int err;

	err = take_text(packet, (struct efmt_sink){ buf, bytes });
	if (err)
		return err;
	if (packet->code != key->code ||
	    memcmp(packet->sig, key->sig, EFMT_V1_SIG_BYTES))
		return -ENOKEY;
	err = efmt_prim_ecb_run(key->ecb, false, blocks, cipher_bytes);
	if (err)
		return err;
	return take_name(key, (struct efmt_span){ blocks, cipher_bytes },
			 name_ret);
}

int efmt_v1_name_decrypt(const struct efmt_v1_name_key *key, const char *lower,
			 size_t len, char *buf, size_t buf_len, size_t *len_ret)
{
	struct name_packet packet;
	struct efmt_span name;
	size_t bytes;
	int err;

	err = take_packet(lower, len, &packet);
	if (err)
		return err;
	bytes = packet.layout.text / GROUP_CHARS * GROUP_BYTES;
	if (bytes > buf_len)
		return -ENAMETOOLONG;
	err = open_packet(key, &packet, (u8 *)buf, bytes, &name);
	if (err) {
		efmt_prim_wipe(buf, bytes);
		return err;
	}
	memmove(buf, name.at, name.left);
	efmt_prim_wipe(buf + name.left, bytes - name.left);
	*len_ret = name.left;
	return 0;
}
