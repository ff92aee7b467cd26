// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * format/prim.h without any cryptography: outputs are mixed from inputs, which
 * is all that tests of error paths and of wiping need.
 */
#include <stdlib.h>
#include <string.h>

#include "prim_fake.h"

static unsigned long calls, failing;
static u8 outputs[FAKE_LOG][64];
static size_t output_bytes[FAKE_LOG];
static size_t logged;

void fake_start(unsigned long fail_at)
{
	calls = 0;
	failing = fail_at;
	logged = 0;
}

unsigned long fake_calls(void)
{
	return calls;
}

const u8 *fake_output(size_t i, size_t *len_ret)
{
	if (i >= logged || i >= FAKE_LOG)
		return NULL;
	*len_ret = output_bytes[i];
	return outputs[i];
}

static int finish(u8 *out, size_t len)
{
	size_t slot = logged++ % FAKE_LOG;

	if (++calls == failing) {
		memset(out, 0xee, len);
		return FAKE_ERR;
	}
	output_bytes[slot] = len < 64 ? len : 64;
	memcpy(outputs[slot], out, output_bytes[slot]);
	return 0;
}

/* No more than a byte of output is in @state at a time. */
static void mix(u64 state, const u8 *in, size_t in_bytes, u8 *out,
		size_t out_bytes)
{
	size_t i;

	for (i = 0; i < in_bytes; i++)
		state = (state ^ in[i]) * 0x100000001b3ULL;
	for (i = 0; i < out_bytes; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		out[i] = (u8)(state >> 56);
	}
}

int efmt_prim_md5(const void *data, size_t len, u8 ret[EFMT_MD5_BYTES])
{
	mix(1, data, len, ret, EFMT_MD5_BYTES);
	return finish(ret, EFMT_MD5_BYTES);
}

int efmt_prim_sha512(const void *data, size_t len, u8 ret[EFMT_SHA512_BYTES])
{
	mix(2, data, len, ret, EFMT_SHA512_BYTES);
	return finish(ret, EFMT_SHA512_BYTES);
}

/* Its own inverse. */
static int ecb(enum efmt_cipher cipher, const u8 *key, size_t key_bytes,
	       u8 *buf, size_t len)
{
	u8 pad[64];
	size_t i;

	mix(3 + (u64)cipher, key, key_bytes, pad, sizeof(pad));
	for (i = 0; i < len; i++)
		buf[i] ^= pad[i % sizeof(pad)];
	efmt_prim_wipe(pad, sizeof(pad));
	return finish(buf, len);
}

int efmt_prim_ecb_encrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	return ecb(cipher, key, key_bytes, buf, len);
}

int efmt_prim_ecb_decrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	return ecb(cipher, key, key_bytes, buf, len);
}

struct efmt_prim_ecb {
	enum efmt_cipher cipher;
	size_t key_bytes;
	u8 key[64];
};

int efmt_prim_ecb_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_ecb **ret)
{
	struct efmt_prim_ecb *made = calloc(1, sizeof(*made));

	*ret = NULL;
	if (!made || key_bytes > sizeof(made->key)) {
		free(made);
		return -ENOMEM;
	}
	made->cipher = cipher;
	made->key_bytes = key_bytes;
	memcpy(made->key, key, key_bytes);
	if (finish(made->key, key_bytes)) {
		free(made);
		return FAKE_ERR;
	}
	*ret = made;
	return 0;
}

void efmt_prim_ecb_destroy(struct efmt_prim_ecb *made)
{
	free(made);
}

int efmt_prim_ecb_run(const struct efmt_prim_ecb *made, bool encrypt, u8 *buf,
		      size_t len)
{
	(void)encrypt;
	return ecb(made->cipher, made->key, made->key_bytes, buf, len);
}

/* An IV is mixed in, so that one extent is not another. */
struct efmt_prim_cbc {
	struct efmt_prim_ecb ecb;
};

int efmt_prim_cbc_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_cbc **ret)
{
	return efmt_prim_ecb_create(cipher, key, key_bytes,
				    (struct efmt_prim_ecb **)ret);
}

void efmt_prim_cbc_destroy(struct efmt_prim_cbc *made)
{
	free(made);
}

int efmt_prim_cbc_run(const struct efmt_prim_cbc *made, bool encrypt,
		      const u8 iv[EFMT_PRIM_IV_BYTES], u8 *buf, size_t len)
{
	u8 pad[64];
	size_t i;

	(void)encrypt;
	mix(99, iv, EFMT_PRIM_IV_BYTES, pad, sizeof(pad));
	for (i = 0; i < len; i++)
		buf[i] ^= pad[i % sizeof(pad)];
	efmt_prim_wipe(pad, sizeof(pad));
	return ecb(made->ecb.cipher, made->ecb.key, made->ecb.key_bytes, buf,
		   len);
}

void efmt_prim_wipe(void *buf, size_t len)
{
	memset(buf, 0, len);
	__asm__ __volatile__("" : : "r"(buf) : "memory");
}
