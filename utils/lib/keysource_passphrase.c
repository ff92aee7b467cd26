// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Passphrases, stretched with Argon2id (RFC 9106).
 *
 * pkg-config: libargon2 libutf8proc
 *
 * The cost is measured on the machine where the slot is made, so that an
 * attempt takes about a second there (setting `seconds'), and is recorded in
 * the slot.  Memory is what makes guessing expensive, so it is raised first,
 * from 64 MiB to 1 GiB but not above a quarter of the available memory, and
 * then the number of passes, from 3.
 *
 * The same text may have other bytes when it is typed on another system, so
 * UTF-8 is normalised (NFC).  utf8proc does this in memory that the caller
 * provides; libunistring, ICU and glib would leave copies in the heap.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <argon2.h>
#include <utf8proc.h>

#include "keysource.h"
#include "lib_private.h"

#define SALT_BYTES 16
#define PASSES_MIN 3
#define MEMORY_MIN (64u << 10) /* KiB */
#define MEMORY_MAX (1u << 20)
/*
 * The limit of the passes that are made, and that are accepted from a slot.
 * Memory is limited by MEMORY_MAX, and work by LIBECRYPTFS_WORK_MAX: write
 * access to a vault must not be enough to keep a login from ending.
 */
#define PASSES_LIMIT 1000
#define WORK_TOLD (4ull << 20) /* above this, a message announces it */
#define LANES_MAX 4

struct cost {
	uint32_t memory; /* KiB */
	uint32_t passes;
	uint32_t lanes;
};

/*
 * Normalises @len bytes at @secret to NFC.  Fails with -EILSEQ if they are not
 * UTF-8.
 */
static int normalise(const struct libecryptfs_secmem *secret, size_t len,
		     struct libecryptfs_secmem *ret, size_t *len_ret)
{
	utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	utf8proc_ssize_t points, n;
	/*
	 * A one-byte code point becomes up to four code points of four bytes
	 * each.
	 */
	size_t room = 16 * len + 16;
	int err;

	err = libecryptfs_secmem_create(4 * room, ret);
	if (err)
		return err;
	/*
	 * This is the end of the memory, so its start is aligned: the size is a
	 * multiple of 4.
	 */
	points = utf8proc_decompose(secret->sm_bytes, (utf8proc_ssize_t)len,
				    (utf8proc_int32_t *)ret->sm_bytes,
				    (utf8proc_ssize_t)room - 1, options);
	n = points < 0 || (size_t)points >= room ?
		    -1 :
		    utf8proc_reencode((utf8proc_int32_t *)ret->sm_bytes, points,
				      options);
	if (n < 0) {
		libecryptfs_secmem_destroy(ret);
		return -EILSEQ;
	}
	*len_ret = (size_t)n;
	return 0;
}

static int stretch(const struct cost *cost, const uint8_t *secret, size_t len,
		   const uint8_t salt[SALT_BYTES],
		   uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	int status = argon2id_hash_raw(cost->passes, cost->memory, cost->lanes,
				       secret, len, salt, SALT_BYTES, ret,
				       LIBECRYPTFS_SYM_KEY_BYTES);

	if (status == ARGON2_OK)
		return 0;
	memset(ret, 0, LIBECRYPTFS_SYM_KEY_BYTES);
	return -ENOMEM;
}

/*
 * Returns the kilobytes in the line @name of meminfo, or 0 if there is no such
 * line.
 */
static unsigned long memory_of(const char *name)
{
	size_t len = strlen(name);
	unsigned long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && !kib && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = strtoul(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/*
 * Returns the kilobytes that may be used, a part of what the kernel says is
 * available.
 */
static uint32_t memory_allowed(void)
{
	unsigned long kib = memory_of("MemAvailable") / 4;

	return kib < MEMORY_MIN ? MEMORY_MIN :
	       kib > MEMORY_MAX ? MEMORY_MAX :
				  (uint32_t)kib;
}

static double seconds_of(const struct cost *cost)
{
	static const uint8_t salt[SALT_BYTES];
	uint8_t key[LIBECRYPTFS_SYM_KEY_BYTES];
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (stretch(cost, salt, sizeof(salt), salt, key))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e9 + 1e-6;
}

static uint32_t passes_bounded(uint32_t memory, double passes)
{
	double most = (double)(LIBECRYPTFS_WORK_MAX / memory);

	if (most > PASSES_LIMIT)
		most = PASSES_LIMIT;
	return (uint32_t)(passes < most ? passes : most);
}

/* The time is nearly proportional to memory and to passes. */
static void calibrate(double wanted, struct cost *ret)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t allowed = memory_allowed();
	double factor, memory;

	ret->memory = MEMORY_MIN;
	ret->passes = PASSES_MIN;
	ret->lanes = cpus < 1 ? 1 : cpus > LANES_MAX ? LANES_MAX : (uint32_t)cpus;
	factor = wanted / seconds_of(ret);
	memory = MEMORY_MIN * factor;
	if (memory <= MEMORY_MIN)
		return;
	ret->memory = memory > allowed ? allowed : (uint32_t)memory & ~1023u;
	factor = memory / ret->memory * PASSES_MIN;
	ret->passes = passes_bounded(ret->memory, factor);
}

static int seconds_wanted(const struct libecryptfs_keysource_params *params,
			  double *ret)
{
	const char *text = libecryptfs_keysource_setting(params, "seconds");
	char *end;

	*ret = 1;
	if (!text)
		return 0;
	*ret = strtod(text, &end);
	return *end || !(*ret >= 0.1 && *ret <= 30) ? -EINVAL : 0;
}

/* Asks for a passphrase and derives the key from it. */
static int key_ask(const struct libecryptfs_keysource_params *params,
		   enum libecryptfs_ask what, const struct cost *cost,
		   const uint8_t salt[SALT_BYTES],
		   uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	struct libecryptfs_secmem typed, text;
	size_t len;
	int err;

	err = params->ask(params, what, &typed, &len);
	if (err)
		return err;
	err = normalise(&typed, len, &text, &len);
	libecryptfs_secmem_destroy(&typed);
	if (err)
		return err;
	err = stretch(cost, text.sm_bytes, len, salt, ret);
	libecryptfs_secmem_destroy(&text);
	return err;
}

static int cost_take(struct libecryptfs_blob *blob, struct cost *ret)
{
	uint64_t memory, passes, lanes;
	const char *kdf;
	int err;

	err = libecryptfs_blob_take_text(blob, "kdf", &kdf);
	if (!err && strcmp(kdf, "argon2id") != 0)
		err = -EUCLEAN;
	if (!err)
		err = libecryptfs_blob_take_number(blob, "memory_kib", 8 * 64,
						   MEMORY_MAX, &memory);
	if (!err)
		err = libecryptfs_blob_take_number(blob, "passes", 1,
						   PASSES_LIMIT, &passes);
	if (!err)
		err = libecryptfs_blob_take_number(blob, "lanes", 1, 64, &lanes);
	if (!err && memory * passes > LIBECRYPTFS_WORK_MAX) {
		blob->bb_bad = "passes";
		err = -EUCLEAN;
	}
	if (err)
		return err;
	ret->memory = (uint32_t)memory;
	ret->passes = (uint32_t)passes;
	ret->lanes = (uint32_t)lanes;
	return 0;
}

/*
 * A machine that is slow or short of memory today must not lower the cost of
 * the slot, neither its work nor its memory, which cannot be replaced by more
 * passes.
 */
static void keep_cost(struct libecryptfs_blob *before, struct cost *cost)
{
	struct cost old;
	uint64_t work, old_work;

	if (!before || cost_take(before, &old))
		return;
	work = (uint64_t)cost->memory * cost->passes;
	old_work = (uint64_t)old.memory * old.passes;
	if (old.memory <= cost->memory && old_work <= work)
		return;
	if (old_work > work)
		work = old_work;
	if (old.memory > cost->memory)
		cost->memory = old.memory;
	work = (work + cost->memory - 1) / cost->memory;
	cost->passes = passes_bounded(cost->memory, (double)work);
}

static int passphrase_wrap(const struct libecryptfs_keysource_params *params,
			   const struct libecryptfs_secmem *secret,
			   struct libecryptfs_blob *blob_ret)
{
	uint8_t salt[SALT_BYTES];
	struct libecryptfs_secmem key;
	struct cost cost;
	double seconds;
	int err;

	err = seconds_wanted(params, &seconds);
	if (err)
		libecryptfs_blob_explain(blob_ret, NULL,
					 "seconds= takes a number from 0.1 to 30");
	if (!err)
		err = libecryptfs_sym_random(salt, sizeof(salt));
	if (!err)
		err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	calibrate(seconds, &cost);
	if (!libecryptfs_keysource_setting(params, "seconds"))
		keep_cost(params->before, &cost);
	err = key_ask(params, LIBECRYPTFS_ASK_NEW_PASSPHRASE, &cost, salt,
		      key.sm_bytes);
	if (!err)
		err = libecryptfs_blob_put_text(blob_ret, "kdf", "argon2id");
	if (!err)
		err = libecryptfs_blob_put_number(blob_ret, "memory_kib",
						  cost.memory);
	if (!err)
		err = libecryptfs_blob_put_number(blob_ret, "passes",
						  cost.passes);
	if (!err)
		err = libecryptfs_blob_put_number(blob_ret, "lanes", cost.lanes);
	if (!err)
		err = libecryptfs_blob_put_bytes(blob_ret, "salt", salt,
						 sizeof(salt));
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

/*
 * Checks, before a passphrase is typed, whether this machine can do it and
 * whether it takes long.
 */
static int cost_check(const struct libecryptfs_keysource_params *params,
		      const struct cost *cost, struct libecryptfs_blob *blob)
{
	unsigned long all = memory_of("MemTotal");
	uint64_t work = (uint64_t)cost->memory * cost->passes;
	char text[128];

	if (all && cost->memory > all / 2) {
		libecryptfs_blob_explain(blob, "unlock with another slot, or on a machine with more memory",
					 "each attempt takes %u MiB of memory, more than half of the machine's",
					 cost->memory >> 10);
		return LIBECRYPTFS_NOT_MINE;
	}
	if (work > *params->work) {
		libecryptfs_blob_explain(blob, "select it with --slot, if it is the right one",
					 "the slots before it have used up the work that is allowed for one passphrase");
		return LIBECRYPTFS_NOT_MINE;
	}
	*params->work -= work;
	if (work > WORK_TOLD && params->interactive && !params->scripted) {
		snprintf(text, sizeof(text),
			 "each attempt takes %u MiB of memory and %u passes over it, which may take a minute",
			 cost->memory >> 10, cost->passes);
		params->tell(params, text);
	}
	return 0;
}

static int passphrase_unwrap(const struct libecryptfs_keysource_params *params,
			     struct libecryptfs_blob *blob,
			     struct libecryptfs_secmem *secret_ret)
{
	uint8_t salt[SALT_BYTES];
	struct libecryptfs_secmem key;
	struct cost cost;
	int err;

	err = cost_take(blob, &cost);
	if (!err)
		err = libecryptfs_blob_take_bytes(blob, "salt", salt,
						  sizeof(salt));
	if (err == -EUCLEAN)
		libecryptfs_blob_explain(blob, "unlock with another slot, or a backup copy of the vault",
					 "its %s is malformed or too large",
					 blob->bb_bad);
	if (!err)
		err = cost_check(params, &cost, blob);
	if (!err)
		err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = key_ask(params, LIBECRYPTFS_ASK_PASSPHRASE, &cost, salt,
		      key.sm_bytes);
	if (!err)
		err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void passphrase_describe(struct libecryptfs_blob *blob, FILE *to)
{
	struct cost cost;

	if (cost_take(blob, &cost))
		fprintf(to, "damaged: %s", blob->bb_bad);
	else
		fprintf(to, "Argon2id, %u MiB, %u passes, %u lanes",
			 cost.memory >> 10, cost.passes, cost.lanes);
}

static const char *const facts[] = { "kdf", "memory_kib", "passes", "lanes", NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ "seconds", "how long one attempt should take here, 0.1 to 30 (default 1)" },
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "passphrase",
	.summary = "a passphrase that is typed",
	.rank = 50,
	.is_secret = true,
	.settings = settings,
	.wrap = passphrase_wrap,
	.unwrap = passphrase_unwrap,
	.describe = passphrase_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
