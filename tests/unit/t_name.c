// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_name.c beyond the vectors.  The names come from the format's
 * worked examples and, where it says so, from a stock kernel.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

#define LOWER_MAX 5600

/* Of the passphrase "test". */
static const u8 fnek[64] = {
	0xac, 0x40, 0x07, 0x12, 0x0f, 0x27, 0xff, 0x0d, 0x0c, 0x30, 0xce,
	0x72, 0x34, 0x32, 0xd1, 0x3c, 0x24, 0xdc, 0xcb, 0x0c, 0x0a, 0x4e,
	0x3b, 0x5a, 0xe4, 0xbe, 0xec, 0xe8, 0x67, 0xb1, 0x96, 0x86, 0x85,
	0xff, 0x00, 0x9e, 0x5f, 0xb6, 0x29, 0x60, 0xb9, 0x04, 0xec, 0x7f,
	0x0d, 0x85, 0x34, 0x47, 0xf1, 0x1c, 0x1a, 0x75, 0xd6, 0x3b, 0x97,
	0xfb, 0x98, 0xb3, 0xf4, 0xee, 0x37, 0x40, 0x52, 0xf8,
};

static const u8 fnek_sig[8] = { 0xbe, 0x87, 0x77, 0x64,
				0xc5, 0x91, 0x86, 0x21 };

static const char alphabet[] =
	"-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void make_key(enum efmt_cipher cipher, size_t key_bytes,
		     struct efmt_v1_name_key *ret)
{
	CHECK(!efmt_v1_name_key_create(cipher, key_bytes, fnek, fnek_sig, ret));
}

/* Encrypts into a buffer of exactly the size; 0 on failure. */
static size_t encrypt(const struct efmt_v1_name_key *key, const char *name,
		      size_t len, char lower[LOWER_MAX])
{
	size_t want = efmt_v1_name_lower_len(key->cipher, len);
	char *source = guard_create(name, len);
	char *buf = guard_create(NULL, want);
	size_t got = 0;

	CHECK(!efmt_v1_name_encrypt(key, source, len, buf, want, &got));
	CHECK(got == want);
	memcpy(lower, buf, got);
	guard_destroy(source, len);
	guard_destroy(buf, want);
	return got;
}

/* Decrypts with no byte to spare on either side. */
static int decrypt(const struct efmt_v1_name_key *key, const char *lower,
		   size_t len, char name[LOWER_MAX], size_t *len_ret)
{
	char *source = guard_create(lower, len);
	char *buf = guard_create(NULL, len);
	int err;

	memset(buf, 0x5a, len);
	err = efmt_v1_name_decrypt(key, source, len, buf, len, len_ret);
	if (err)
		CHECK(all_bytes(buf, len, 0x5a) ||
		      all_bytes(buf, len > 24 ? (len - 24) / 4 * 3 : 0, 0));
	else
		memcpy(name, buf, *len_ret);
	guard_destroy(source, len);
	guard_destroy(buf, len);
	return err;
}

static const struct {
	size_t key_bytes;
	const char *plain, *lower;
} examples[] = {
	{ 16, "hello.txt",
	  "ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS4uUSCgU24LAfMmCvuyI---" },
	/* by a stock kernel */
	{ 32, "loremipsum.txt",
	  "ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJZ7NYS7ANeS4Gfi9c34ZDTU--" },
	{ 32, "test",
	  "ECRYPTFS_FNEK_ENCRYPTED.FWayVrRYlN446EY.WUc7GBFqG9GB6qF3eRmJwLxTOkMu8UtE6MkSWHGsZE--" },
};

static void worked_examples(void)
{
	char name[LOWER_MAX], lower[LOWER_MAX];
	struct efmt_v1_name_key key;
	enum efmt_cipher cipher;
	size_t len, plain_len;
	u8 sig[8];

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		plain_len = strlen(examples[i].plain);
		make_key(EFMT_CIPHER_AES, examples[i].key_bytes, &key);
		len = encrypt(&key, examples[i].plain, plain_len, lower);
		CHECK(len == 84 && !memcmp(lower, examples[i].lower, 84));
		CHECK(!decrypt(&key, examples[i].lower, 84, name, &len));
		CHECK(len == plain_len && !memcmp(name, examples[i].plain, len));
		CHECK(!efmt_v1_name_sig(lower, 84, sig, &cipher));
		CHECK(!memcmp(sig, fnek_sig, 8) && cipher == EFMT_CIPHER_AES);
		efmt_v1_name_key_destroy(&key);
		CHECK(all_bytes(&key, sizeof(key), 0));
		efmt_v1_name_key_destroy(&key);
	}
}

static void lengths(void)
{
	static const struct {
		enum efmt_cipher cipher;
		size_t len, lower;
	} rows[] = {
		{ EFMT_CIPHER_AES, 0, 0 },	 { EFMT_CIPHER_AES, 1, 84 },
		{ EFMT_CIPHER_AES, 15, 84 },	 { EFMT_CIPHER_AES, 16, 104 },
		{ EFMT_CIPHER_AES, 31, 104 },	 { EFMT_CIPHER_AES, 32, 124 },
		{ EFMT_CIPHER_TWOFISH, 48, 148 }, { EFMT_CIPHER_CAST6, 64, 168 },
		{ EFMT_CIPHER_AES, 80, 188 },	 { EFMT_CIPHER_AES, 96, 212 },
		{ EFMT_CIPHER_AES, 112, 232 },	 { EFMT_CIPHER_AES, 127, 232 },
		{ EFMT_CIPHER_AES, 128, 252 },	 { EFMT_CIPHER_AES, 143, 252 },
		{ EFMT_CIPHER_AES, 144, 276 },	 { EFMT_CIPHER_AES, 159, 276 },
		{ EFMT_CIPHER_CAST5, 1, 72 },	 { EFMT_CIPHER_CAST5, 7, 72 },
		{ EFMT_CIPHER_BLOWFISH, 8, 84 }, { EFMT_CIPHER_BLOWFISH, 15, 84 },
		{ EFMT_CIPHER_DES3_EDE, 136, 252 },
		{ EFMT_CIPHER_DES3_EDE, 143, 252 },
		{ EFMT_CIPHER_DES3_EDE, 144, 264 },
		{ EFMT_CIPHER_DES3_EDE, 151, 264 },
		{ EFMT_CIPHER_AES, 4095, 5524 }, { EFMT_CIPHER_AES, 4096, 0 },
		{ EFMT_CIPHER_AES, SIZE_MAX, 0 }, { EFMT_CIPHER_NR, 5, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(efmt_v1_name_lower_len(rows[i].cipher, rows[i].len) ==
		      rows[i].lower);
}

static void longest(void)
{
	static const struct {
		size_t lower, block16, block8;
	} rows[] = {
		{ 0, 0, 0 },	    { 24, 0, 0 },	{ 71, 0, 0 },
		{ 72, 0, 7 },	    { 83, 0, 7 },	{ 84, 15, 15 },
		{ 251, 127, 135 },  { 252, 143, 143 },	{ 255, 143, 143 },
		{ 263, 143, 143 },  { 264, 143, 151 },	{ 1023, 703, 711 },
		{ 4095, 3007, 3015 }, { SIZE_MAX, 4095, 4095 },
	};
	size_t len, max;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK(efmt_v1_name_max(EFMT_CIPHER_AES, rows[i].lower) ==
		      rows[i].block16);
		CHECK(efmt_v1_name_max(EFMT_CIPHER_CAST5, rows[i].lower) ==
		      rows[i].block8);
	}
	CHECK(!efmt_v1_name_max(EFMT_CIPHER_NR, 255));
	/* By trying them all. */
	for (size_t lower = 0; lower < LOWER_MAX; lower++) {
		for (int cipher = 0; cipher < EFMT_CIPHER_NR; cipher++) {
			max = efmt_v1_name_max((enum efmt_cipher)cipher, lower);
			len = max ? efmt_v1_name_lower_len(
				(enum efmt_cipher)cipher, max) : 0;
			CHECK(len <= lower);
			len = efmt_v1_name_lower_len((enum efmt_cipher)cipher,
						     max + 1);
			CHECK(len > lower || max == 4095);
		}
	}
}

/* Every cipher that is here, every length to 300 and some longer ones. */
static void round_trips(void)
{
	static const struct {
		enum efmt_cipher cipher;
		size_t key_bytes;
	} rows[] = {
		{ EFMT_CIPHER_AES, 16 },      { EFMT_CIPHER_AES, 24 },
		{ EFMT_CIPHER_AES, 32 },      { EFMT_CIPHER_BLOWFISH, 16 },
		{ EFMT_CIPHER_BLOWFISH, 56 }, { EFMT_CIPHER_DES3_EDE, 24 },
		{ EFMT_CIPHER_CAST5, 16 },    { EFMT_CIPHER_CAST5, 5 },
	};
	char plain[4096], lower[LOWER_MAX], name[LOWER_MAX];
	struct efmt_v1_name_key key;
	size_t lower_len, len;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_key(rows[i].cipher, rows[i].key_bytes, &key);
		for (size_t n = 1; n <= 4095; n += n < 300 ? 1 : 253) {
			lower_len = encrypt(&key, plain, n, lower);
			CHECK(strspn(lower + 24, alphabet) >= lower_len - 24);
			CHECK(!decrypt(&key, lower, lower_len, name, &len));
			CHECK(len == n && !memcmp(name, plain, n));
		}
		efmt_v1_name_key_destroy(&key);
	}
}

static void refused(void)
{
	static const char long_name[4097];
	struct efmt_v1_name_key key;
	char buf[LOWER_MAX];
	size_t len = 7;

	make_key(EFMT_CIPHER_AES, 16, &key);
	CHECK(efmt_v1_name_encrypt(&key, "", 0, buf, sizeof(buf), &len) ==
	      -EINVAL);
	CHECK(efmt_v1_name_encrypt(&key, long_name, 4096, buf, sizeof(buf),
				   &len) == -EINVAL);
	CHECK(efmt_v1_name_encrypt(&key, "a", 1, buf, 83, &len) ==
	      -ENAMETOOLONG);
	CHECK(efmt_v1_name_encrypt(&key, long_name, 143, buf, 251, &len) ==
	      -ENAMETOOLONG);
	CHECK(efmt_v1_name_encrypt(&key, long_name, 144, buf, 255, &len) ==
	      -ENAMETOOLONG);
	CHECK(efmt_v1_name_decrypt(&key, examples[0].lower, 84, buf, 44,
				   &len) == -ENAMETOOLONG);
	CHECK(len == 7);
	CHECK(!efmt_v1_name_decrypt(&key, examples[0].lower, 84, buf, 45,
				    &len) && len == 9);
	efmt_v1_name_key_destroy(&key);
	CHECK(efmt_v1_name_key_create(EFMT_CIPHER_AES, 17, fnek, fnek_sig,
				      &key) == -EINVAL);
	CHECK(all_bytes(&key, sizeof(key), 0));
	CHECK(efmt_v1_name_key_create(EFMT_CIPHER_BLOWFISH, 64, fnek, fnek_sig,
				      &key) == -EINVAL);
	CHECK(efmt_v1_name_key_create(EFMT_CIPHER_BLOWFISH, 65, fnek, fnek_sig,
				      &key) == -EINVAL);
	CHECK(efmt_v1_name_key_create(EFMT_CIPHER_TWOFISH, 16, fnek, fnek_sig,
				      &key) == -ENOPKG);
	CHECK(all_bytes(&key, sizeof(key), 0));
}

static void not_ours(void)
{
	static const char *const names[] = {
		"", "a", "lost+found", "ECRYPTFS_FNEK_ENCRYPTED",
		"ECRYPTFS_FEK_ENCRYPTED.FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS4",
		"ecryptfs_fnek_encrypted.FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS",
	};
	struct efmt_v1_name_key key;
	enum efmt_cipher cipher;
	char buf[LOWER_MAX];
	size_t len;
	u8 sig[8];

	make_key(EFMT_CIPHER_AES, 16, &key);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		len = strlen(names[i]);
		CHECK(decrypt(&key, names[i], len, buf, &len) == -EINVAL);
		CHECK(efmt_v1_name_sig(names[i], strlen(names[i]), sig,
				       &cipher) == -EINVAL);
	}
	efmt_v1_name_key_destroy(&key);
}

static void other_keys(void)
{
	static const u8 other_sig[8] = { 1 };
	struct efmt_v1_name_key key, other;
	u8 changed[64];
	char buf[LOWER_MAX];
	size_t len;

	make_key(EFMT_CIPHER_AES, 16, &key);
	/* Well formed, of another cipher code. */
	CHECK(decrypt(&key, examples[1].lower, 84, buf, &len) == -ENOKEY);
	/* Another signature. */
	CHECK(!efmt_v1_name_key_create(EFMT_CIPHER_AES, 16, fnek, other_sig,
				       &other));
	CHECK(decrypt(&other, examples[0].lower, 84, buf, &len) == -ENOKEY);
	efmt_v1_name_key_destroy(&other);
	/* Another key of that signature: no filler comes out. */
	memcpy(changed, fnek, 64);
	changed[0] ^= 1;
	CHECK(!efmt_v1_name_key_create(EFMT_CIPHER_AES, 16, changed, fnek_sig,
				       &other));
	CHECK(decrypt(&other, examples[0].lower, 84, buf, &len) == -EUCLEAN);
	efmt_v1_name_key_destroy(&other);
	efmt_v1_name_key_destroy(&key);
}

/* What decrypts is what its plain name encrypts to; the rest is refused. */
static bool is_canonical(const struct efmt_v1_name_key *key, const char *lower,
			 size_t len)
{
	char name[LOWER_MAX], again[LOWER_MAX];
	size_t name_len, again_len;
	int err = decrypt(key, lower, len, name, &name_len);

	if (err) {
		CHECK(err == -EINVAL || err == -EUCLEAN || err == -ENOKEY);
		return false;
	}
	again_len = encrypt(key, name, name_len, again);
	CHECK(again_len == len && !memcmp(again, lower, len));
	return true;
}

static void truncations(void)
{
	char plain[200], lower[LOWER_MAX];
	struct efmt_v1_name_key key;
	size_t len;

	memset(plain, 'n', sizeof(plain));
	make_key(EFMT_CIPHER_AES, 32, &key);
	for (size_t n = 1; n < 200; n += 33) {
		len = encrypt(&key, plain, n, lower);
		for (size_t cut = 0; cut < len; cut++)
			CHECK(!is_canonical(&key, lower, cut));
		for (size_t more = 1; more < 9; more++) {
			memset(lower + len, '-', more);
			CHECK(!is_canonical(&key, lower, len + more));
		}
	}
	efmt_v1_name_key_destroy(&key);
}

/*
 * Every byte to every other value.  Prefix, head of the packet and the first
 * block, which is all filler, leave no choice.  Behind that a change makes
 * another block out of ECB, and with it, at times, another name; then that is
 * its one and only lower name.
 */
static void corrupt_byte(const struct efmt_v1_name_key *key, char *lower,
			 size_t len, size_t at)
{
	const size_t behind_filler = 24 + (11 + 16) / 3 * 4;
	const char right = lower[at];
	bool accepted;

	for (int byte = 0; byte < 256; byte++) {
		lower[at] = (char)byte;
		if ((char)byte == right)
			continue;
		accepted = is_canonical(key, lower, len);
		CHECK(!accepted || (at >= behind_filler &&
				    memchr(alphabet, byte, 64)));
	}
	lower[at] = right;
}

static void corruptions(void)
{
	static const size_t name_bytes[] = { 9, 14, 17, 40, 143 };
	char plain[143], lower[LOWER_MAX];
	struct efmt_v1_name_key key;
	size_t len, i, n;

	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (char)('!' + i % 90);
	make_key(EFMT_CIPHER_AES, 16, &key);
	for (n = 0; n < ARRAY_SIZE(name_bytes); n++) {
		len = encrypt(&key, plain, name_bytes[n], lower);
		for (i = 0; i < len; i++)
			corrupt_byte(&key, lower, len, i);
		CHECK(is_canonical(&key, lower, len));
	}
	efmt_v1_name_key_destroy(&key);
}

/* Padding that a lax decoder would let pass: unused bits, foreign bytes. */
static void lax_decoding(void)
{
	static const char *const tails[] = { "uyI--.", "uyI-.-", "uyI.--",
					     "uyI--=", "uyI--\xff", "uyI--/" };
	struct efmt_v1_name_key key;
	enum efmt_cipher cipher;
	char lower[85], buf[LOWER_MAX];
	size_t len;
	u8 sig[8];

	make_key(EFMT_CIPHER_AES, 16, &key);
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		memcpy(lower, examples[0].lower, 84);
		memcpy(lower + 78, tails[i], 6);
		CHECK(decrypt(&key, lower, 84, buf, &len) == -EUCLEAN);
		CHECK(efmt_v1_name_sig(lower, 84, sig, &cipher) == -EUCLEAN);
	}
	efmt_v1_name_key_destroy(&key);
}

const struct check_case name_cases[] = {
	{ "name: worked examples", worked_examples },
	{ "name: lower lengths", lengths },
	{ "name: longest", longest },
	{ "name: there and back, every cipher", round_trips },
	{ "name: refused", refused },
	{ "name: not an encrypted name", not_ours },
	{ "name: of another key", other_keys },
	{ "name: every truncation", truncations },
	{ "name: every byte changed", corruptions },
	{ "name: one plain name, one lower name", lax_decoding },
	{ NULL, NULL }
};
