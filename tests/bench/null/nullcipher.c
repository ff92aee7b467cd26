// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For measurements only: ciphers with the names of AES that copy.  What a
 * filesystem costs beside its cipher is what it costs with these.  They are
 * preferred to all others by what is loaded after them.
 */
#include <crypto/aes.h>
#include <crypto/internal/skcipher.h>
#include <linux/module.h>

static int set_key(struct crypto_skcipher *tfm, const u8 *key, unsigned int len)
{
	return 0;
}

static int copy(struct skcipher_request *req)
{
	struct skcipher_walk walk;
	int err;

	err = skcipher_walk_virt(&walk, req, false);
	while (walk.nbytes) {
		if (walk.src.virt.addr != walk.dst.virt.addr)
			memcpy(walk.dst.virt.addr, walk.src.virt.addr,
			       walk.nbytes);
		err = skcipher_walk_done(&walk, 0);
	}
	return err;
}

#define COPYING(mode, iv)						\
	{								\
		.base.cra_name = mode "(aes)",				\
		.base.cra_driver_name = mode "-aes-copy",		\
		.base.cra_priority = 100000,				\
		.base.cra_blocksize = AES_BLOCK_SIZE,			\
		.base.cra_module = THIS_MODULE,				\
		.min_keysize = AES_MIN_KEY_SIZE,			\
		.max_keysize = AES_MAX_KEY_SIZE,			\
		.ivsize = iv,						\
		.setkey = set_key,					\
		.encrypt = copy,					\
		.decrypt = copy,					\
	}

static struct skcipher_alg algs[] = {
	COPYING("cbc", AES_BLOCK_SIZE), COPYING("ecb", 0),
};

static int __init nullcipher_init(void)
{
	return crypto_register_skciphers(algs, ARRAY_SIZE(algs));
}
module_init(nullcipher_init);

static void __exit nullcipher_exit(void)
{
	crypto_unregister_skciphers(algs, ARRAY_SIZE(algs));
}
module_exit(nullcipher_exit);

MODULE_DESCRIPTION("Ciphers that copy, for measurements");
MODULE_LICENSE("GPL");
