// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: any input as a lower name, as a plain name, and as a plain name whose
 * lower name is then changed in one place.  What decrypts is what its plain
 * name encrypts to.
 */
#include "format/efmt.h"

#include "claim.h"

#define LOWER_MAX 5600

static void check_lower(const struct efmt_v1_name_key *key, const char *lower,
			size_t len)
{
	static char name[LOWER_MAX], again[LOWER_MAX];
	size_t name_len, again_len;
	enum efmt_cipher cipher;
	u8 sig[EFMT_V1_SIG_BYTES];
	int sig_err = efmt_v1_name_sig(lower, len, sig, &cipher);
	int err = efmt_v1_name_decrypt(key, lower, len, name, sizeof(name),
				       &name_len);

	if (err) {
		CLAIM(err == -EINVAL || err == -ENOKEY || err == -EUCLEAN ||
		      err == -ENAMETOOLONG);
		CLAIM((err == -EINVAL) == (sig_err == -EINVAL));
		CLAIM(err != -ENOKEY || !sig_err);
		return;
	}
	CLAIM(!sig_err && cipher == key->cipher);
	CLAIM(!efmt_v1_name_encrypt(key, name, name_len, again, sizeof(again),
				    &again_len));
	CLAIM(again_len == len && !memcmp(again, lower, len));
}

static void check_plain(const struct efmt_v1_name_key *key, const char *name,
			size_t len, size_t at, unsigned char change)
{
	static char lower[LOWER_MAX], back[LOWER_MAX];
	size_t lower_len, back_len;

	if (efmt_v1_name_encrypt(key, name, len, lower, sizeof(lower),
				 &lower_len)) {
		CLAIM(!efmt_v1_name_lower_len(key->cipher, len));
		return;
	}
	CLAIM(lower_len == efmt_v1_name_lower_len(key->cipher, len));
	CLAIM(len <= efmt_v1_name_max(key->cipher, lower_len));
	CLAIM(!efmt_v1_name_decrypt(key, lower, lower_len, back, lower_len,
				    &back_len));
	CLAIM(back_len == len && !memcmp(back, name, len));
	lower[at % lower_len] ^= (char)change;
	check_lower(key, lower, lower_len);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const u8 fnek[EFMT_V1_KEY_BYTES] = "some key";
	static const u8 sig[EFMT_V1_SIG_BYTES] = "a name";
	const char *text = (const char *)bytes;
	struct efmt_v1_name_key key;
	enum efmt_cipher cipher;

	cipher = len && bytes[len - 1] & 1 ? EFMT_CIPHER_AES :
					     EFMT_CIPHER_BLOWFISH;
	CLAIM(!efmt_v1_name_key_create(cipher, 16, fnek, sig, &key));
	check_lower(&key, text, len);
	if (len > 3)
		check_plain(&key, text + 3, len - 3,
			    (size_t)bytes[0] << 8 | bytes[1], bytes[2]);
	efmt_v1_name_key_destroy(&key);
	return 0;
}
