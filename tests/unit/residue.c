// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the core leaves on its stack: nothing of a secret.
 *
 * Each case runs on a thread whose stack is known memory; when it has ended,
 * that memory is searched for 8-byte pieces of the inputs and of everything
 * that a primitive has put out.  Built without sanitizers, which have stacks
 * of their own.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "format/efmt.h"
#include "prim_fake.h"

#define STACK_BYTES (256 * 1024)
#define PIECE 8

static u8 passphrase[64], key[64], fek[64], root[16];
static u8 out[64], sig[8], iv[16];
static struct efmt_v1_packet packet;
static struct efmt_v1_name_key name_key;
static struct efmt_v1_content content;
static u8 extent[4096];
static char lower[128], plain[128];
static const u8 salt[8] = "saltsalt";
static int result;

static void run_derive(void)
{
	result = efmt_v1_key_from_passphrase(passphrase, 64, salt, out, sig);
}

static void run_sig(void)
{
	result = efmt_v1_key_sig(key, sig);
}

static void run_root_iv(void)
{
	result = efmt_v1_root_iv(fek, 32, iv);
}

static void run_extent_iv(void)
{
	result = efmt_v1_extent_iv(root, 12345, iv);
}

static void run_wrap(void)
{
	result = efmt_v1_fek_wrap(EFMT_CIPHER_AES, fek, 24, key, sig, salt,
				  &packet);
}

static void run_unwrap(void)
{
	result = efmt_v1_fek_unwrap(&packet, key, out);
}

static void run_name(void)
{
	struct efmt_v1_name_key *made = &name_key;
	size_t len;

	result = efmt_v1_name_key_create(EFMT_CIPHER_AES, 32, key, sig, made);
	if (!result)
		result = efmt_v1_name_encrypt(made, "a name", 6, lower, 128,
					      &len);
	if (!result)
		result = efmt_v1_name_decrypt(made, lower, len, plain, 128,
					      &len);
	efmt_v1_name_key_destroy(made);
}

static void run_content(void)
{
	struct efmt_v1_content *made = &content;

	memset(extent, 0x5a, sizeof(extent));
	result = efmt_v1_content_create(EFMT_CIPHER_AES, fek, 32, made);
	if (!result)
		result = efmt_v1_extent_seal(made, 7, extent);
	if (!result)
		result = efmt_v1_extent_open(made, 7, extent, 4096);
	efmt_v1_content_destroy(made);
}

/* Leaves the FEK behind, so that the search has something to find. */
static void run_careless(void)
{
	u8 copy[4096]; /* deep enough to survive the thread's end */

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = fek[i % 64];
	__asm__ __volatile__("" : : "r"(copy) : "memory");
	result = 0;
}

static void *on_thread(void *run)
{
	(*(void (**)(void))run)();
	return NULL;
}

static size_t pieces_of(const u8 *stack, const u8 *secret, size_t len)
{
	size_t found = 0;

	for (size_t at = 0; at + PIECE <= len; at += PIECE) {
		bool even = all_bytes(secret + at, PIECE, secret[at]);

		if (!even && memmem(stack, STACK_BYTES, secret + at, PIECE))
			found++;
	}
	return found;
}

/* How many pieces of secrets are on the stack after @run. */
static size_t leftovers(void (*run)(void), unsigned long fail_at)
{
	u8 *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;
	const u8 *logged;
	size_t len, found;

	if (stack == MAP_FAILED)
		return 1;
	fake_start(fail_at);
	pthread_attr_init(&attr);
	CHECK(!pthread_attr_setstack(&attr, stack, STACK_BYTES));
	CHECK(!pthread_create(&thread, &attr, on_thread, &run));
	CHECK(!pthread_join(thread, NULL));
	pthread_attr_destroy(&attr);
	CHECK(result == (fail_at ? FAKE_ERR : 0));
	found = pieces_of(stack, passphrase, 64) + pieces_of(stack, key, 64) +
		pieces_of(stack, fek, 64) + pieces_of(stack, root, 16);
	for (size_t i = 0; (logged = fake_output(i, &len)); i++)
		found += pieces_of(stack, logged, len);
	munmap(stack, STACK_BYTES);
	return found;
}

static void search_finds(void)
{
	CHECK(leftovers(run_careless, 0) >= 8);
}

static void derive(void)
{
	CHECK(!leftovers(run_derive, 0));
	CHECK(!leftovers(run_derive, 1));
	CHECK(!leftovers(run_derive, 2));
	CHECK(!leftovers(run_derive, 65536));
	CHECK(!leftovers(run_derive, 65537));
	CHECK(!leftovers(run_sig, 0));
	CHECK(!leftovers(run_sig, 1));
}

static void ivs(void)
{
	CHECK(!leftovers(run_root_iv, 0));
	CHECK(!leftovers(run_extent_iv, 0));
	CHECK(!leftovers(run_root_iv, 1));
	CHECK(!leftovers(run_extent_iv, 1));
}

static void wrap(void)
{
	CHECK(!leftovers(run_wrap, 1));
	CHECK(!leftovers(run_wrap, 0));
	CHECK(!leftovers(run_unwrap, 0));
	CHECK(!leftovers(run_unwrap, 1));
}

/* The name itself is not searched for. */
static void names(void)
{
	for (unsigned long fail_at = 0; fail_at <= 5; fail_at++)
		CHECK(!leftovers(run_name, fail_at));
}

static void contents(void)
{
	for (unsigned long fail_at = 0; fail_at <= 6; fail_at++)
		CHECK(!leftovers(run_content, fail_at));
}

static const struct check_case cases[] = {
	{ "residue: the search finds what is left", search_finds },
	{ "residue: key from passphrase", derive },
	{ "residue: IVs", ivs },
	{ "residue: wrap and unwrap", wrap },
	{ "residue: names", names },
	{ "residue: contents", contents },
	{ NULL, NULL }
};

int main(void)
{
	for (size_t i = 0; i < 64; i++) {
		passphrase[i] = (u8)(i * 37 + 11);
		key[i] = (u8)(i * 53 + 7);
		fek[i] = (u8)(i * 71 + 3);
		root[i % 16] = (u8)(i * 29 + 5);
	}
	check_run(cases);
	return check_failed() ? 1 : 0;
}
