// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shares: a recovery key that is divided into cards with Shamir's scheme over
 * GF(256).  A chosen number of cards restores the key, and fewer reveal
 * nothing.
 *
 * pkg-config: libgfshare libcrypto
 *
 * A card has the name of its set, its own number, the number of cards needed,
 * and the share, in the spoken form.  So a typing error or a card of another
 * set is found while the card is typed.  libgfshare overwrites its memory when
 * it is done, but does not lock it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libgfshare.h>

#include "keysource.h"
#include "lib_private.h"

#define RECOVERY_BYTES 32
#define SALT_BYTES 16
#define SET_BYTES 4
#define SHARES_MAX 32

/* The bytes of a card. */
struct card {
	uint8_t set[SET_BYTES];
	uint8_t number; /* from 1; the point of the polynomial */
	uint8_t need;
	uint8_t share[RECOVERY_BYTES];
} __attribute__((packed));

_Static_assert(sizeof(struct card) == 38, "it is on paper");

#define CARD_CHARS 96 /* 16 groups of the spoken form */
#define LINE_GROUPS 4
#define LINE_SYMBOLS (5 * LINE_GROUPS)
#define CARD_SYMBOLS (5 * 16)
/* Size of a card's text: its title, and the blanks of its lines. */
#define CARD_TEXT (CARD_CHARS + 160)
/* Number of typing errors that are allowed while cards are typed. */
#define SLIPS_MAX 10

struct numbers {
	uint64_t of, need;
};

/* Cards that were read so far, up to the number that is needed. */
struct hand {
	unsigned int count;
	unsigned char numbers[SHARES_MAX];
	struct libecryptfs_secmem shares; /* SHARES_MAX times RECOVERY_BYTES */
};

static bool random_failed;

/* The callback of libgfshare, which cannot report a lack of randomness. */
static void random_fill(unsigned char *ret, unsigned int len)
{
	random_failed |= libecryptfs_sym_random(ret, len) != 0;
}

static int number_setting(const struct libecryptfs_keysource_params *params,
			  const char *name, uint64_t *ret)
{
	const char *text = libecryptfs_keysource_setting(params, name);
	unsigned long number;
	char *end;

	if (!text)
		return params->before ?
			       libecryptfs_blob_take_number(params->before, name,
							    2, SHARES_MAX, ret) :
			       -EINVAL;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || number < 2 ||
	    number > SHARES_MAX)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int numbers_take(const struct libecryptfs_keysource_params *params,
			struct libecryptfs_blob *blob, struct numbers *ret)
{
	int err = number_setting(params, "of", &ret->of);

	if (!err)
		err = number_setting(params, "need", &ret->need);
	if (!err && ret->need > ret->of)
		err = -EINVAL;
	if (err)
		libecryptfs_blob_explain(blob, "ecryptfs key add DIR shares of=5 need=3",
					 "of= and need= are required, from 2 to %d, and need= must not exceed of=",
					 SHARES_MAX);
	return err;
}

/* Makes the name of a set, which is the first group of all its cards. */
static void set_name(const uint8_t set[SET_BYTES], char ret[6])
{
	char text[16];

	libecryptfs_spoken_from_bytes(set, SET_BYTES, text);
	snprintf(ret, 6, "%.5s", text);
}

/* Prints four groups per line, each line indented by eight blanks. */
static void groups_print(const char *spoken, FILE *to)
{
	size_t i;

	for (i = 0; spoken[i]; i++) {
		if (i % (6 * LINE_GROUPS) == 0)
			fputs("        ", to);
		fputc(spoken[i], to);
		if ((i + 1) % (6 * LINE_GROUPS) == 0)
			fputc('\n', to);
	}
	fputs("\n\n", to);
}

static int cards_print(gfshare_ctx *split, const struct numbers *numbers,
		       const uint8_t set[SET_BYTES], FILE *to)
{
	struct libecryptfs_secmem mem;
	struct card *card;
	char *spoken, name[6];
	unsigned int i;
	int err;

	err = libecryptfs_secmem_create(sizeof(*card) + CARD_CHARS, &mem);
	if (err)
		return err;
	card = (struct card *)mem.sm_bytes;
	spoken = (char *)(card + 1);
	set_name(set, name);
	for (i = 0; i < numbers->of && !err; i++) {
		memcpy(card->set, set, SET_BYTES);
		card->number = (uint8_t)(i + 1);
		card->need = (uint8_t)numbers->need;
		gfshare_ctx_enc_getshare(split, (unsigned char)i, card->share);
		err = libecryptfs_spoken_from_bytes((uint8_t *)card,
						    sizeof(*card), spoken);
		fprintf(to, "%sShare %u of %u of set %s; any %u of them open the vault.\n",
			i ? "    " : "", i + 1, (unsigned int)numbers->of, name,
			(unsigned int)numbers->need);
		groups_print(spoken, to);
	}
	libecryptfs_secmem_destroy(&mem);
	return err;
}

static int cards_show(const struct libecryptfs_keysource_params *params,
		      gfshare_ctx *split, const struct numbers *numbers,
		      const uint8_t set[SET_BYTES])
{
	struct libecryptfs_secmem text, shown;
	FILE *file;
	int err;

	err = libecryptfs_secmem_create(numbers->of * CARD_TEXT, &text);
	if (err)
		return err;
	/* This writes into secret memory without a buffer in between. */
	file = fmemopen(text.sm_bytes, text.sm_size, "w");
	if (!file) {
		libecryptfs_secmem_destroy(&text);
		return -ENOMEM;
	}
	setvbuf(file, NULL, _IONBF, 0);
	err = cards_print(split, numbers, set, file);
	fclose(file);
	if (!err)
		err = libecryptfs_secmem_create(strlen((char *)text.sm_bytes),
						&shown);
	if (!err) {
		/* Without the newline at the end. */
		memcpy(shown.sm_bytes, text.sm_bytes, shown.sm_size - 1);
		err = params->show(params, "Shares of a recovery key, shown only once; write each on a card for another person",
				   &shown);
		libecryptfs_secmem_destroy(&shown);
	}
	libecryptfs_secmem_destroy(&text);
	return err;
}

static int cards_make(const struct libecryptfs_keysource_params *params,
		      const struct libecryptfs_secmem *recovery,
		      const struct numbers *numbers,
		      const uint8_t set[SET_BYTES])
{
	unsigned char places[SHARES_MAX];
	gfshare_ctx *split;
	unsigned int i;
	int err;

	for (i = 0; i < numbers->of; i++)
		places[i] = (unsigned char)(i + 1);
	random_failed = false;
	gfshare_fill_rand = random_fill;
	split = gfshare_ctx_init_enc(places, (unsigned int)numbers->of,
				     (unsigned char)numbers->need,
				     RECOVERY_BYTES);
	if (!split)
		return -ENOMEM;
	gfshare_ctx_enc_setsecret(split, recovery->sm_bytes);
	err = random_failed ? -EIO : cards_show(params, split, numbers, set);
	gfshare_ctx_free(split);
	return err;
}

/* Derives the key of the slot from the recovery key. */
static int key_from(const struct libecryptfs_secmem *recovery,
		    const uint8_t salt[SALT_BYTES],
		    struct libecryptfs_secmem *key_ret)
{
	int err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, key_ret);

	if (err)
		return err;
	err = libecryptfs_sym_hkdf(recovery, salt, SALT_BYTES,
				   "ecryptfs shares", key_ret->sm_bytes);
	if (err)
		libecryptfs_secmem_destroy(key_ret);
	return err;
}

static int shares_wrap(const struct libecryptfs_keysource_params *params,
		       const struct libecryptfs_secmem *secret,
		       struct libecryptfs_blob *blob_ret)
{
	struct libecryptfs_secmem recovery, key = { 0 };
	uint8_t salt[SALT_BYTES], set[SET_BYTES];
	struct numbers numbers;
	int err;

	err = numbers_take(params, blob_ret, &numbers);
	if (!err)
		err = libecryptfs_secmem_create(RECOVERY_BYTES, &recovery);
	if (err)
		return err;
	err = libecryptfs_sym_random(recovery.sm_bytes, RECOVERY_BYTES);
	if (!err)
		err = libecryptfs_sym_random(salt, sizeof(salt));
	if (!err)
		err = libecryptfs_sym_random(set, sizeof(set));
	if (!err)
		err = key_from(&recovery, salt, &key);
	if (!err)
		err = libecryptfs_blob_put_number(blob_ret, "of", numbers.of);
	if (!err)
		err = libecryptfs_blob_put_number(blob_ret, "need",
						  numbers.need);
	if (!err)
		err = libecryptfs_blob_put_bytes(blob_ret, "set", set,
						 sizeof(set));
	if (!err)
		err = libecryptfs_blob_put_bytes(blob_ret, "salt", salt,
						 sizeof(salt));
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	if (!err)
		err = cards_make(params, &recovery, &numbers, set);
	libecryptfs_secmem_destroy(&key);
	libecryptfs_secmem_destroy(&recovery);
	return err;
}

/*
 * Checks a card, and explains why it cannot be used.  Fails with -EBADMSG if
 * there is a typing error.
 */
static int card_check(struct libecryptfs_blob *blob, const struct card *card,
		      const uint8_t set[SET_BYTES], uint64_t need,
		      const struct hand *hand)
{
	char mine[6], its[6];

	set_name(set, mine);
	set_name(card->set, its);
	if (memcmp(card->set, set, SET_BYTES) || card->need != need ||
	    !card->number || card->number > SHARES_MAX) {
		libecryptfs_blob_explain(blob, "ecryptfs key list DIR, and --slot N for another",
					 "that share belongs to set %s, but this slot needs set %s",
					 its, mine);
		return LIBECRYPTFS_NOT_MINE;
	}
	if (memchr(hand->numbers, card->number, hand->count)) {
		libecryptfs_blob_explain(blob, NULL,
					 "share %u was already given: another one is needed",
					 card->number);
		return -EBADMSG;
	}
	return 0;
}

/*
 * Returns whether the text is a part of a card: some of its lines as they are
 * printed, but not all.
 */
static bool is_part(const uint8_t *text, size_t len)
{
	size_t chars = 0, i;

	for (i = 0; i < len; i++)
		chars += isalnum(text[i]) != 0;
	return chars && chars < CARD_SYMBOLS && !(chars % LINE_SYMBOLS);
}

/*
 * Reads a card into @text of CARD_TEXT bytes, typed in one line or in several.
 */
static int card_type(const struct libecryptfs_keysource_params *params,
		     uint8_t *text, size_t *len_ret)
{
	struct libecryptfs_secmem typed;
	size_t len = 0, more;
	int err;

	do {
		if (len && params->interactive && !params->scripted)
			params->tell(params, "continue with the next line of this share");
		err = params->ask(params, LIBECRYPTFS_ASK_SHARE, &typed, &more);
		if (err == -ENODATA && len)
			break;
		if (err)
			return err;
		if (len + more > CARD_TEXT)
			err = -EMSGSIZE;
		else
			memcpy(text + len, typed.sm_bytes, more);
		libecryptfs_secmem_destroy(&typed);
		len += more;
	} while (!err && more && is_part(text, len));
	*len_ret = len;
	return err == -ENODATA ? 0 : err;
}

/* Asks for one card.  Fails with -ENODATA if there are no more. */
static int card_ask(const struct libecryptfs_keysource_params *params,
		    struct libecryptfs_blob *blob, struct card *ret)
{
	struct libecryptfs_secmem text;
	unsigned int group = 0;
	size_t len;
	int err;

	err = libecryptfs_secmem_create(CARD_TEXT, &text);
	if (err)
		return err;
	err = card_type(params, text.sm_bytes, &len);
	if (!err)
		err = len ? libecryptfs_spoken_to_bytes((char *)text.sm_bytes,
							len, sizeof(*ret),
							(uint8_t *)ret,
							&group) :
			    -ENODATA;
	libecryptfs_secmem_destroy(&text);
	if (err == -EMSGSIZE)
		libecryptfs_blob_explain(blob, NULL,
					 "a share has 16 groups of 5 characters");
	else if (err == -EBADMSG || err == -EINVAL)
		libecryptfs_blob_explain(blob, "compare it with the card",
					 "there is a typing error in group %u of the share",
					 group);
	return err == -EINVAL || err == -EMSGSIZE ? -EBADMSG : err;
}

static void card_keep(struct hand *hand, const struct card *card)
{
	memcpy(hand->shares.sm_bytes + RECOVERY_BYTES * hand->count, card->share,
	       RECOVERY_BYTES);
	hand->numbers[hand->count++] = card->number;
}

/* Reports a typing error and has the card typed again, if a user is present. */
static bool slip_forgiven(const struct libecryptfs_keysource_params *params,
			  struct libecryptfs_blob *blob, int err,
			  unsigned int *slips)
{
	if (err != -EBADMSG || !params->interactive || params->scripted ||
	    ++*slips > SLIPS_MAX)
		return false;
	params->tell(params, blob->bb_why);
	*blob->bb_why = '\0';
	return true;
}

static int hand_fill(const struct libecryptfs_keysource_params *params,
		     struct libecryptfs_blob *blob, struct hand *hand,
		     struct card *card)
{
	uint8_t set[SET_BYTES];
	unsigned int slips = 0;
	uint64_t need;
	int err;

	err = libecryptfs_blob_take_bytes(blob, "set", set, sizeof(set));
	if (!err)
		err = libecryptfs_blob_take_number(blob, "need", 2, SHARES_MAX,
						   &need);
	while (!err && hand->count < need) {
		err = card_ask(params, blob, card);
		if (!err)
			err = card_check(blob, card, set, need, hand);
		if (!err)
			card_keep(hand, card);
		else if (slip_forgiven(params, blob, err, &slips))
			err = 0;
	}
	if (err != -ENODATA || !hand->count)
		return err;
	libecryptfs_blob_explain(blob, "ask another person who has a card",
				 "%u shares were given, but %u are needed",
				 hand->count, (unsigned int)need);
	return LIBECRYPTFS_NOT_MINE;
}

static int hand_join(struct hand *hand, struct libecryptfs_secmem *recovery_ret)
{
	gfshare_ctx *join;
	unsigned int i;

	/* libgfshare overwrites its memory with this. */
	gfshare_fill_rand = random_fill;
	join = gfshare_ctx_init_dec(hand->numbers, hand->count, RECOVERY_BYTES);
	if (!join)
		return -ENOMEM;
	for (i = 0; i < hand->count; i++)
		gfshare_ctx_dec_giveshare(join, (unsigned char)i,
					  hand->shares.sm_bytes +
						  RECOVERY_BYTES * i);
	gfshare_ctx_dec_extract(join, recovery_ret->sm_bytes);
	gfshare_ctx_free(join);
	return 0;
}

/* @mem has room for the recovery key and a card. */
static int key_unwrap(const struct libecryptfs_keysource_params *params,
		      struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *mem,
		      struct libecryptfs_secmem *key_ret)
{
	struct libecryptfs_secmem recovery = {
		.sm_bytes = mem->sm_bytes,
		.sm_size = RECOVERY_BYTES,
	};
	struct hand hand = { 0 };
	uint8_t salt[SALT_BYTES];
	int err;

	err = libecryptfs_blob_take_bytes(blob, "salt", salt, sizeof(salt));
	if (!err)
		err = libecryptfs_secmem_create(SHARES_MAX * RECOVERY_BYTES,
						&hand.shares);
	if (err)
		return err;
	err = hand_fill(params, blob, &hand,
			(struct card *)(mem->sm_bytes + RECOVERY_BYTES));
	if (!err)
		err = hand_join(&hand, &recovery);
	libecryptfs_secmem_destroy(&hand.shares);
	return err ? err : key_from(&recovery, salt, key_ret);
}

static int shares_unwrap(const struct libecryptfs_keysource_params *params,
			 struct libecryptfs_blob *blob,
			 struct libecryptfs_secmem *secret_ret)
{
	struct libecryptfs_secmem mem, key = { 0 };
	int err;

	err = libecryptfs_secmem_create(RECOVERY_BYTES + sizeof(struct card),
					&mem);
	if (err)
		return err;
	err = key_unwrap(params, blob, &mem, &key);
	libecryptfs_secmem_destroy(&mem);
	if (!err)
		err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void shares_describe(struct libecryptfs_blob *blob, FILE *to)
{
	uint8_t set[SET_BYTES];
	uint64_t of, need;
	char name[6];

	if (libecryptfs_blob_take_number(blob, "of", 2, SHARES_MAX, &of) ||
	    libecryptfs_blob_take_number(blob, "need", 2, of, &need) ||
	    libecryptfs_blob_take_bytes(blob, "set", set, sizeof(set))) {
		fprintf(to, "damaged: %s", blob->bb_bad);
		return;
	}
	set_name(set, name);
	fprintf(to, "any %u of %u cards of set %s",
		 (unsigned int)need, (unsigned int)of, name);
}

static const char *const facts[] = { "set", "of", "need", NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ "of", "how many cards, 2 to 32 (to add)" },
	{ "need", "how many of them are needed to open it (to add)" },
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "shares",
	.summary = "a recovery key in shares, some of which open it",
	.rank = 95,
	.is_secret = true,
	.by_hand = true,
	.settings = settings,
	.wrap = shares_wrap,
	.unwrap = shares_unwrap,
	.describe = shares_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
