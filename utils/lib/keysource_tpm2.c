// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TPM 2.0: the secret is sealed with a random key, which the TPM seals under
 * its storage key.
 *
 * pkg-config: tss2-esys tss2-sys tss2-mu tss2-rc tss2-tctildr
 *
 * The storage key is the persistent key 0x81000001 if there is a suitable one,
 * and otherwise the primary key that the TPM derives from the ECC template of
 * the TCG's provisioning guidance, which is the same each time.  Sealing
 * records its name, and unsealing starts a session with no other key.
 * Everything that matters goes through a session that is salted to this key and
 * whose parameters are encrypted, so an attacker on the bus, listening or
 * changing the traffic, gets nothing.
 *
 * A PIN becomes the authorisation value of the object, and wrong PINs count for
 * the TPM's lockout.  An object without a PIN is exempt from the lockout,
 * because wrong PINs for other objects must not lock it.  PCRs are bound by a
 * policy.  The object itself is authoritative for both; the blob repeats them
 * for people.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

#include "keysource.h"
#include "lib_private.h"

#define TCTI_DEFAULT "device:/dev/tpmrm0"
#define SRK_HANDLE 0x81000001u
#define PCRS_MAX 24
#define MARK_BYTES 4 /* bytes of each PCR, to tell which has changed */
#define PIN_SALT_BYTES 16
#define PIN_CHARS 32 /* characters of an authorisation value, the most that SHA-256 allows */
#define SESSION_FLAGS                                   \
	(TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | \
	 TPMA_SESSION_CONTINUESESSION)
#define NAME_BYTES (2 + TPM2_SHA256_DIGEST_SIZE)

/* Secret memory ends with a page, so only an even start is guaranteed. */
_Static_assert(_Alignof(TPM2B_SENSITIVE_CREATE) == 2, "in locked memory");
_Static_assert(_Alignof(TPM2B_AUTH) == 2, "in locked memory");

/*
 * A connection to a TPM.  ESYS_TR_NONE means that an object does not exist
 * (yet).
 */
struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR srk;
	ESYS_TR session; /* salted, with HMAC and encryption */
	ESYS_TR policy;
	ESYS_TR object;
	bool persistent; /* the storage key is persistent and not flushed */
	struct libecryptfs_blob *blob; /* gets the explanations */
};

/* The PIN and PCRs to which a slot is bound. */
struct binding {
	uint64_t pin; /* 0 or 1 */
	unsigned int bank; /* index into banks[] */
	uint32_t pcrs; /* one bit per PCR; 0 means no policy */
	char text[96]; /* bank and PCRs as in a setting; empty if none */
};

static const struct {
	const char *name;
	TPMI_ALG_HASH alg;
} banks[] = {
	{ "sha256", TPM2_ALG_SHA256 },
	{ "sha384", TPM2_ALG_SHA384 },
	{ "sha512", TPM2_ALG_SHA512 },
};

static const TPM2B_PUBLIC srk_template = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM |
				    TPMA_OBJECT_FIXEDPARENT |
				    TPMA_OBJECT_SENSITIVEDATAORIGIN |
				    TPMA_OBJECT_USERWITHAUTH |
				    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
				    TPMA_OBJECT_DECRYPT,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES,
				       .keyBits.aes = 128,
				       .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
		.unique.ecc = { .x.size = 32, .y.size = 32 },
	},
};

/*
 * Returns a response code without its layer and the number of the parameter at
 * fault.
 */
static TSS2_RC kind_of(TSS2_RC code)
{
	TSS2_RC layer = code & TSS2_RC_LAYER_MASK;

	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER)
		return code;
	code &= 0xfff;
	return code & TPM2_RC_FMT1 ? code & (TPM2_RC_FMT1 | 0x3f) : code;
}

/* Explains an error that has no better explanation. */
static int failed(struct tpm *tpm, const char *what, TSS2_RC code)
{
	switch (kind_of(code)) {
	case TSS2_ESYS_RC_RSP_AUTH_FAILED:
		libecryptfs_blob_explain(tpm->blob, NULL,
					 "%s: the answer is not the TPM's; it was changed on the way",
					 what);
		break;
	case TPM2_RC_OBJECT_MEMORY:
	case TPM2_RC_OBJECT_HANDLES:
		libecryptfs_blob_explain(tpm->blob, "tpm2_flushcontext -t; or tcti=" TCTI_DEFAULT ", which makes room",
					 "%s: it is full of objects that other programs have left behind",
					 what);
		break;
	case TPM2_RC_SESSION_MEMORY:
	case TPM2_RC_SESSION_HANDLES:
	case TPM2_RC_CONTEXT_GAP:
		libecryptfs_blob_explain(tpm->blob, "tpm2_flushcontext -l, tpm2_flushcontext -s; or another slot",
					 "%s: it is full of sessions that other programs have left behind",
					 what);
		break;
	default:
		libecryptfs_blob_explain(tpm->blob, NULL, "%s: %s", what,
					 Tss2_RC_Decode(code));
	}
	return LIBECRYPTFS_NOT_MINE;
}

static int unreachable(struct tpm *tpm, const char *where, TSS2_RC code)
{
	static const char device[] = "device:";
	const char *path = where + sizeof(device) - 1;

	if (strncmp(where, device, sizeof(device) - 1) ||
	    !access(path, R_OK | W_OK)) {
		libecryptfs_blob_explain(tpm->blob,
					 "tcti=NAME:OPTIONS, or another slot",
					 "no TPM answers at %s: %s", where,
					 Tss2_RC_Decode(code));
	} else if (errno == EACCES || errno == EPERM) {
		libecryptfs_blob_explain(tpm->blob, "usermod -a -G tss USER, and log in again; or another slot",
					 "this user may not use the TPM, %s",
					 path);
	} else {
		libecryptfs_blob_explain(tpm->blob, "ls /dev/tpm*; or another slot",
					 "there is no TPM at %s", path);
	}
	return LIBECRYPTFS_NOT_MINE;
}

static int tpm_create(const struct libecryptfs_keysource_params *params,
		      struct libecryptfs_blob *blob, struct tpm *ret)
{
	const char *where = libecryptfs_keysource_setting(params, "tcti");
	TSS2_RC code;

	*ret = (struct tpm){
		.srk = ESYS_TR_NONE,
		.session = ESYS_TR_NONE,
		.policy = ESYS_TR_NONE,
		.object = ESYS_TR_NONE,
		.blob = blob,
	};
	/*
	 * The variable names a library to be loaded, so it is not taken from a
	 * less privileged caller.
	 */
	if (!where)
		where = secure_getenv("ECRYPTFS_TCTI");
	if (!where || !*where)
		where = TCTI_DEFAULT;
	/* Keeps the libraries from writing to standard error. */
	setenv("TSS2_LOG", "all+none", 0);
	code = Tss2_TctiLdr_Initialize(where, &ret->tcti);
	if (!code)
		code = Esys_Initialize(&ret->esys, ret->tcti, NULL);
	return code ? unreachable(ret, where, code) : 0;
}

/*
 * The system layer keeps the last command and response, decrypted, in memory
 * that it does not wipe.  There is nothing else to finalise.
 */
static void residue_wipe(struct tpm *tpm)
{
	TSS2_SYS_CONTEXT *system;

	if (!Esys_GetSysContext(tpm->esys, &system))
		explicit_bzero(system, Tss2_Sys_GetContextSize(0));
}

static void handle_flush(struct tpm *tpm, ESYS_TR *handle)
{
	if (*handle != ESYS_TR_NONE)
		Esys_FlushContext(tpm->esys, *handle);
	*handle = ESYS_TR_NONE;
}

/* Flushes all objects from the TPM. */
static void handles_flush(struct tpm *tpm)
{
	handle_flush(tpm, &tpm->object);
	handle_flush(tpm, &tpm->policy);
	handle_flush(tpm, &tpm->session);
	if (tpm->persistent && tpm->srk != ESYS_TR_NONE)
		Esys_TR_Close(tpm->esys, &tpm->srk);
	else
		handle_flush(tpm, &tpm->srk);
	tpm->srk = ESYS_TR_NONE;
	tpm->persistent = false;
}

static void tpm_destroy(struct tpm *tpm)
{
	if (tpm->esys) {
		handles_flush(tpm);
		residue_wipe(tpm);
		Esys_Finalize(&tpm->esys);
	}
	if (tpm->tcti)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
}

/*
 * Returns whether there is a suitable persistent storage key.  One without NODA
 * is not suitable, because wrong PINs for anything in the TPM would also lock
 * slots that have no PIN.
 */
static bool srk_persistent(struct tpm *tpm)
{
	const TPMA_OBJECT wanted = TPMA_OBJECT_FIXEDTPM |
				   TPMA_OBJECT_USERWITHAUTH |
				   TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
				   TPMA_OBJECT_DECRYPT;
	TPM2B_PUBLIC *public;
	bool serves;

	if (Esys_TR_FromTPMPublic(tpm->esys, SRK_HANDLE, ESYS_TR_NONE,
				  ESYS_TR_NONE, ESYS_TR_NONE, &tpm->srk))
		return false;
	tpm->persistent = true;
	if (Esys_ReadPublic(tpm->esys, tpm->srk, ESYS_TR_NONE, ESYS_TR_NONE,
			    ESYS_TR_NONE, &public, NULL, NULL))
		return false;
	serves = (public->publicArea.objectAttributes & wanted) == wanted &&
		 public->publicArea.nameAlg == TPM2_ALG_SHA256 &&
		 (public->publicArea.type == TPM2_ALG_ECC ||
		  public->publicArea.type == TPM2_ALG_RSA);
	Esys_Free(public);
	return serves;
}

static int srk_primary(struct tpm *tpm)
{
	static const TPM2B_SENSITIVE_CREATE sensitive;
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	TSS2_RC code;

	if (tpm->persistent)
		Esys_TR_Close(tpm->esys, &tpm->srk);
	tpm->persistent = false;
	tpm->srk = ESYS_TR_NONE;
	code = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
				ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
				&srk_template, &outside, &pcrs, &tpm->srk, NULL,
				NULL, NULL, NULL);
	if (kind_of(code) == TPM2_RC_BAD_AUTH || kind_of(code) == TPM2_RC_AUTH_FAIL) {
		libecryptfs_blob_explain(tpm->blob,
					 "tpm2_createprimary -C o -G ecc256 -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' and tpm2_evictcontrol, by the owner of the password",
					 "the TPM's storage hierarchy has a password, and there is no suitable key 0x%x",
					 SRK_HANDLE);
		return LIBECRYPTFS_NOT_MINE;
	}
	return code ? failed(tpm, "the TPM cannot make a storage key", code) : 0;
}

/* Reads the name of the storage key without its size; zeroes if it has none. */
static void srk_name(struct tpm *tpm, uint8_t ret[NAME_BYTES])
{
	TPM2B_NAME *name;

	memset(ret, 0, NAME_BYTES);
	if (Esys_TR_GetName(tpm->esys, tpm->srk, &name))
		return;
	if (name->size == NAME_BYTES)
		memcpy(ret, name->name, NAME_BYTES);
	Esys_Free(name);
}

static int session_start(struct tpm *tpm, TPM2_SE type, ESYS_TR *ret)
{
	static const TPMT_SYM_DEF cipher = {
		.algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128,
		.mode.aes = TPM2_ALG_CFB,
	};
	TSS2_RC code;

	/* A trial session gives no access to anything and takes no salt. */
	code = Esys_StartAuthSession(tpm->esys,
				   type == TPM2_SE_TRIAL ? ESYS_TR_NONE :
							   tpm->srk,
				   ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				   ESYS_TR_NONE, NULL, type, &cipher,
				   TPM2_ALG_SHA256, ret);
	if (!code && type != TPM2_SE_TRIAL)
		code = Esys_TRSess_SetAttributes(tpm->esys, *ret, SESSION_FLAGS,
					       0xff);
	return code ? failed(tpm, "the TPM cannot open a session", code) : 0;
}

/*
 * Chooses the storage key of a new slot, records it in the blob, and starts a
 * session with it.
 */
static int srk_choose(struct tpm *tpm)
{
	uint8_t name[NAME_BYTES];
	int err = 0;

	if (!srk_persistent(tpm))
		err = srk_primary(tpm);
	srk_name(tpm, name);
	if (!err)
		err = libecryptfs_blob_put_text(tpm->blob, "parent",
						tpm->persistent ? "0x81000001" :
								  "ecc-p256");
	if (!err)
		err = libecryptfs_blob_put_bytes(tpm->blob, "parent_name", name,
						 sizeof(name));
	return err ? err : session_start(tpm, TPM2_SE_HMAC, &tpm->session);
}

/*
 * Finds the storage key of a slot by its name and starts a session with it.  A
 * persistent key may have been added or removed meanwhile.
 */
static int srk_recognise(struct tpm *tpm)
{
	uint8_t wanted[NAME_BYTES], name[NAME_BYTES];
	const char *parent;
	int err;

	err = libecryptfs_blob_take_text(tpm->blob, "parent", &parent);
	if (!err)
		err = libecryptfs_blob_take_bytes(tpm->blob, "parent_name",
						  wanted, sizeof(wanted));
	if (err)
		return err;
	if (strcmp(parent, "0x81000001") && strcmp(parent, "ecc-p256")) {
		tpm->blob->bb_bad = "parent";
		return -EUCLEAN;
	}
	srk_persistent(tpm);
	srk_name(tpm, name);
	if (memcmp(name, wanted, sizeof(name)) != 0) {
		err = srk_primary(tpm);
		if (err)
			return err;
		srk_name(tpm, name);
	}
	if (memcmp(name, wanted, sizeof(name)) != 0) {
		libecryptfs_blob_explain(tpm->blob, "another slot, then ecryptfs key change DIR SLOT",
					 "it was sealed by another TPM, or this one was cleared");
		return LIBECRYPTFS_NOT_MINE;
	}
	return session_start(tpm, TPM2_SE_HMAC, &tpm->session);
}

/* Parses "BANK:N+N"; empty or "none" means none.  Fails with -EINVAL. */
static int pcrs_parse(const char *text, struct binding *ret)
{
	const char *at = strchr(text, ':');
	size_t len = at ? (size_t)(at - text) : 0;
	unsigned int bank, pcr, i;
	unsigned long n;
	int room;
	char *end;

	ret->pcrs = 0;
	*ret->text = '\0';
	if (!*text || !strcmp(text, "none"))
		return 0;
	for (bank = 0; bank < sizeof(banks) / sizeof(*banks); bank++)
		if (strlen(banks[bank].name) == len &&
		    !strncmp(banks[bank].name, text, len))
			break;
	if (!at || bank == sizeof(banks) / sizeof(*banks))
		return -EINVAL;
	do {
		at++;
		n = strtoul(at, &end, 10);
		if (*at < '0' || *at > '9' || n >= PCRS_MAX)
			return -EINVAL;
		ret->pcrs |= 1u << n;
		at = end;
	} while (*at == '+' || *at == ',');
	if (*at)
		return -EINVAL;
	ret->bank = bank;
	room = snprintf(ret->text, sizeof(ret->text), "%s", banks[bank].name);
	for (pcr = 0, i = ':'; pcr < PCRS_MAX; pcr++) {
		if (!(ret->pcrs >> pcr & 1))
			continue;
		room += snprintf(ret->text + room, sizeof(ret->text) - (size_t)room,
				 "%c%u", (char)i, pcr);
		i = '+';
	}
	return 0;
}

static TPML_PCR_SELECTION pcrs_select(const struct binding *binding,
				      uint32_t pcrs)
{
	return (TPML_PCR_SELECTION){
		.count = 1,
		.pcrSelections[0] = {
			.hash = banks[binding->bank].alg,
			.sizeofSelect = 3,
			.pcrSelect = { pcrs & 0xff, pcrs >> 8 & 0xff,
				       pcrs >> 16 & 0xff },
		},
	};
}

/*
 * Reads the start of each bound PCR, in order.  The TPM returns at most eight
 * at a time.  Fails with -EOPNOTSUPP if it does not have all of them.
 */
static int pcrs_mark(struct tpm *tpm, const struct binding *binding,
		     uint8_t ret[PCRS_MAX * MARK_BYTES])
{
	uint32_t left = binding->pcrs, before = 0;
	TPML_PCR_SELECTION wanted, *got;
	TPML_DIGEST *values;
	unsigned int i;
	TSS2_RC code;

	while (left && left != before) {
		before = left;
		wanted = pcrs_select(binding, left);
		code = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
				   ESYS_TR_NONE, &wanted, NULL, &got, &values);
		if (code)
			return failed(tpm, "the TPM's PCRs cannot be read", code);
		/* They are returned in the order of their numbers. */
		for (i = 0; i < values->count && left; i++) {
			if (values->digests[i].size < MARK_BYTES)
				break;
			memcpy(ret, values->digests[i].buffer, MARK_BYTES);
			ret += MARK_BYTES;
			left &= left - 1;
		}
		Esys_Free(got);
		Esys_Free(values);
	}
	return left ? -EOPNOTSUPP : 0;
}

/* Explains which PCRs have changed. */
static int pcrs_changed(struct tpm *tpm, const struct binding *binding)
{
	uint8_t marks[PCRS_MAX * MARK_BYTES], now[PCRS_MAX * MARK_BYTES];
	char list[96] = "";
	unsigned int pcr, i = 0;
	size_t len;
	int room = 0;

	if (!libecryptfs_blob_take_some(tpm->blob, "pcr_marks", marks,
					sizeof(marks), &len) &&
	    len == MARK_BYTES * (size_t)__builtin_popcount(binding->pcrs) &&
	    !pcrs_mark(tpm, binding, now))
		for (pcr = 0; pcr < PCRS_MAX; pcr++) {
			if (!(binding->pcrs >> pcr & 1))
				continue;
			if (memcmp(marks + MARK_BYTES * i, now + MARK_BYTES * i,
				   MARK_BYTES) != 0)
				room += snprintf(list + room,
						 sizeof(list) - (size_t)room,
						 " %u", pcr);
			i++;
		}
	libecryptfs_blob_explain(tpm->blob,
				 "open another slot; ecryptfs key change DIR SLOT then seals it again, to the present state",
				 "the machine is not in the state to which the slot was sealed: PCRs have changed (of %s:%s)",
				 binding->text, *list ? list : " none now");
	return LIBECRYPTFS_NOT_MINE;
}

/*
 * This has no parameters that could be encrypted, but as it is audited, it has
 * an HMAC nevertheless.
 */
static TSS2_RC policy_auth_value(struct tpm *tpm)
{
	TSS2_RC code;

	code = Esys_TRSess_SetAttributes(tpm->esys, tpm->session,
				       TPMA_SESSION_AUDIT |
					       TPMA_SESSION_CONTINUESESSION,
				       0xff);
	if (!code)
		code = Esys_PolicyAuthValue(tpm->esys, tpm->policy, tpm->session,
					  ESYS_TR_NONE, ESYS_TR_NONE);
	if (!code)
		code = Esys_TRSess_SetAttributes(tpm->esys, tpm->session,
					       SESSION_FLAGS, 0xff);
	return code;
}

/*
 * Runs the policy of @binding in tpm->policy, which may be a trial session.
 * The HMAC session protects commands and answers.
 */
static int policy_run(struct tpm *tpm, const struct binding *binding,
		      TPM2_SE type, TPM2B_DIGEST *ret)
{
	static const TPM2B_DIGEST as_they_are;
	TPML_PCR_SELECTION pcrs = pcrs_select(binding, binding->pcrs);
	TPM2B_DIGEST *digest = NULL;
	TSS2_RC code;
	int err;

	err = session_start(tpm, type, &tpm->policy);
	if (err)
		return err;
	code = Esys_PolicyPCR(tpm->esys, tpm->policy, tpm->session, ESYS_TR_NONE,
			    ESYS_TR_NONE, &as_they_are, &pcrs);
	if (!code && binding->pin)
		code = policy_auth_value(tpm);
	if (!code)
		code = Esys_PolicyGetDigest(tpm->esys, tpm->policy, tpm->session,
					  ESYS_TR_NONE, ESYS_TR_NONE, &digest);
	if (code)
		return failed(tpm, "the TPM does not accept the policy", code);
	*ret = *digest;
	Esys_Free(digest);
	return 0;
}

/* Returns a property of the TPM, or 0 if it is unknown. */
static uint32_t property(struct tpm *tpm, TPM2_PT which)
{
	TPMS_CAPABILITY_DATA *got;
	uint32_t value = 0;

	if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
			       ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, which, 1,
			       NULL, &got))
		return 0;
	if (got->data.tpmProperties.count &&
	    got->data.tpmProperties.tpmProperty[0].property == which)
		value = got->data.tpmProperties.tpmProperty[0].value;
	Esys_Free(got);
	return value;
}

static int locked_out(struct tpm *tpm)
{
	uint64_t wrong = property(tpm, TPM2_PT_LOCKOUT_COUNTER);
	uint64_t most = property(tpm, TPM2_PT_MAX_AUTH_FAIL);
	uint64_t wait = property(tpm, TPM2_PT_LOCKOUT_INTERVAL);
	const char *unit = "seconds";

	if (wrong >= most)
		wait *= wrong - most + 1;
	if (wait > 2 * 3600) {
		wait = (wait + 3599) / 3600;
		unit = "hours";
	} else if (wait > 2 * 60) {
		wait = (wait + 59) / 60;
		unit = "minutes";
	}
	libecryptfs_blob_explain(tpm->blob, "wait with the machine switched on, or open another slot",
				 "the TPM accepts no PIN after %u wrong ones: the next in at most %u %s",
				 (unsigned int)wrong, (unsigned int)wait, unit);
	return LIBECRYPTFS_NOT_MINE;
}

static int wrong_pin(struct tpm *tpm)
{
	uint32_t wrong = property(tpm, TPM2_PT_LOCKOUT_COUNTER);
	uint32_t most = property(tpm, TPM2_PT_MAX_AUTH_FAIL);

	if (wrong < most)
		libecryptfs_blob_explain(tpm->blob, NULL,
					 "wrong PIN; after %u more, the TPM accepts none for a while",
					 most - wrong);
	else
		libecryptfs_blob_explain(tpm->blob, NULL, "wrong PIN");
	return LIBECRYPTFS_NOT_MINE;
}

/*
 * Derives the authorisation value from a typed PIN.  It consists of characters,
 * so that any tool can pass it.
 */
static int pin_to_auth(const struct libecryptfs_secmem *typed, size_t len,
		       const uint8_t salt[PIN_SALT_BYTES], TPM2B_AUTH *ret)
{
	struct libecryptfs_secmem pin = *typed, derived;
	int err;

	pin.sm_size = len;
	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES +
						PIN_CHARS + 1, &derived);
	if (err)
		return err;
	err = libecryptfs_sym_hkdf(&pin, salt, PIN_SALT_BYTES,
				   "ecryptfs tpm2 pin", derived.sm_bytes);
	if (!err) {
		libecryptfs_hex_from_bytes(derived.sm_bytes, PIN_CHARS / 2,
					   (char *)derived.sm_bytes +
						   LIBECRYPTFS_SYM_KEY_BYTES);
		memcpy(ret->buffer, derived.sm_bytes + LIBECRYPTFS_SYM_KEY_BYTES,
		       PIN_CHARS);
		ret->size = PIN_CHARS;
	}
	libecryptfs_secmem_destroy(&derived);
	return err;
}

/* Asks for the PIN.  Fails with LIBECRYPTFS_NOT_MINE if the user gives none. */
static int pin_ask(const struct libecryptfs_keysource_params *params,
		   enum libecryptfs_ask what, const uint8_t salt[PIN_SALT_BYTES],
		   TPM2B_AUTH *ret)
{
	struct libecryptfs_secmem typed;
	size_t len;
	int err;

	err = params->ask(params, what, &typed, &len);
	if (err)
		return err;
	err = len ? pin_to_auth(&typed, len, salt, ret) : LIBECRYPTFS_NOT_MINE;
	libecryptfs_secmem_destroy(&typed);
	return err;
}

/* Takes the binding from the settings, and otherwise from the old slot. */
static int binding_choose(const struct libecryptfs_keysource_params *params,
			  struct libecryptfs_blob *blob, struct binding *ret)
{
	const char *pin = libecryptfs_keysource_setting(params, "pin");
	const char *pcrs = libecryptfs_keysource_setting(params, "pcrs");

	memset(ret, 0, sizeof(*ret));
	if (params->before && !pin)
		libecryptfs_blob_take_number(params->before, "pin", 0, 1,
					     &ret->pin);
	if (params->before && !pcrs)
		libecryptfs_blob_take_text(params->before, "pcrs", &pcrs);
	if (pin && strcmp(pin, "yes") && strcmp(pin, "no")) {
		libecryptfs_blob_explain(blob, "pin=yes, which asks for the PIN itself",
					 "pin= takes yes or no");
		return -EINVAL;
	}
	if (pin)
		ret->pin = !strcmp(pin, "yes");
	if (pcrs_parse(pcrs ? pcrs : "", ret)) {
		libecryptfs_blob_explain(blob, "pcrs=sha256:7+11",
					 "pcrs= takes a bank, sha256, sha384 or sha512, and numbers from 0 to 23");
		return -EINVAL;
	}
	return 0;
}

static int binding_put(struct tpm *tpm, const struct binding *binding)
{
	uint8_t marks[PCRS_MAX * MARK_BYTES];
	int err;

	err = libecryptfs_blob_put_number(tpm->blob, "pin", binding->pin);
	if (!err)
		err = libecryptfs_blob_put_text(tpm->blob, "pcrs",
						binding->text);
	if (err || !binding->pcrs)
		return err;
	err = pcrs_mark(tpm, binding, marks);
	if (err == -EOPNOTSUPP)
		libecryptfs_blob_explain(tpm->blob, "tpm2_pcrread",
					 "the TPM does not have all of the PCRs %s",
					 binding->text);
	if (!err)
		err = libecryptfs_blob_put_bytes(tpm->blob, "pcr_marks", marks,
						 MARK_BYTES *
							 (size_t)__builtin_popcount(binding->pcrs));
	return err;
}

static int object_put(struct tpm *tpm, const TPM2B_PUBLIC *public,
		      const TPM2B_PRIVATE *private)
{
	uint8_t bytes[sizeof(*public) > sizeof(*private) ? sizeof(*public) :
							    sizeof(*private)];
	size_t len = 0;
	TSS2_RC code;
	int err;

	code = Tss2_MU_TPM2B_PUBLIC_Marshal(public, bytes, sizeof(bytes), &len);
	if (code)
		return failed(tpm, "the sealed object cannot be kept", code);
	err = libecryptfs_blob_put_bytes(tpm->blob, "public", bytes, len);
	if (err)
		return err;
	len = 0;
	code = Tss2_MU_TPM2B_PRIVATE_Marshal(private, bytes, sizeof(bytes), &len);
	if (code)
		return failed(tpm, "the sealed object cannot be kept", code);
	return libecryptfs_blob_put_bytes(tpm->blob, "private", bytes, len);
}

/*
 * The library keeps the sensitive part of the last object and does not wipe it.
 * This makes an empty object, which overwrites it; the TPM refuses the object.
 */
static void sensitive_forget(struct tpm *tpm, const TPM2B_PUBLIC *template)
{
	static const TPM2B_SENSITIVE_CREATE nothing;
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;

	Esys_Create(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE,
		    ESYS_TR_NONE, &nothing, template, &outside, &pcrs, NULL,
		    NULL, NULL, NULL, NULL);
}

/* Seals @sensitive, with its authorisation value, into the blob. */
static int object_create(struct tpm *tpm, const struct binding *binding,
			 const TPM2B_SENSITIVE_CREATE *sensitive)
{
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION pcrs;
	TPM2B_PUBLIC template = {
		.publicArea = {
			.type = TPM2_ALG_KEYEDHASH,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM |
					    TPMA_OBJECT_FIXEDPARENT,
			.parameters.keyedHashDetail.scheme.scheme =
				TPM2_ALG_NULL,
		},
	};
	TPMA_OBJECT *flags = &template.publicArea.objectAttributes;
	TPM2B_PRIVATE *private;
	TPM2B_PUBLIC *public;
	TSS2_RC code;
	int err = 0;

	*flags |= binding->pin ? 0 : TPMA_OBJECT_NODA;
	*flags |= binding->pcrs ? 0 : TPMA_OBJECT_USERWITHAUTH;
	if (binding->pcrs)
		err = policy_run(tpm, binding, TPM2_SE_TRIAL,
				 &template.publicArea.authPolicy);
	if (err)
		return err;
	code = Esys_Create(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE,
			 ESYS_TR_NONE, sensitive, &template, &outside, &pcrs,
			 &private, &public, NULL, NULL, NULL);
	sensitive_forget(tpm, &template);
	if (code)
		return failed(tpm, "the TPM cannot seal the key", code);
	err = object_put(tpm, public, private);
	Esys_Free(public);
	Esys_Free(private);
	return err;
}

/*
 * Makes a key and seals it.  The PIN is asked for while no object is in the
 * TPM, because the program may be ended at that point and would leave it there.
 */
static int key_seal(const struct libecryptfs_keysource_params *params,
		    struct tpm *tpm, const struct binding *binding,
		    struct libecryptfs_secmem *key_ret)
{
	uint8_t salt[PIN_SALT_BYTES];
	struct libecryptfs_secmem memory;
	TPM2B_SENSITIVE_CREATE *sensitive;
	int err;

	err = libecryptfs_secmem_create(sizeof(*sensitive), &memory);
	if (err)
		return err;
	sensitive = (TPM2B_SENSITIVE_CREATE *)memory.sm_bytes;
	err = libecryptfs_sym_random(key_ret->sm_bytes, key_ret->sm_size);
	if (!err && binding->pin)
		err = libecryptfs_sym_random(salt, sizeof(salt));
	if (!err && binding->pin)
		err = pin_ask(params, LIBECRYPTFS_ASK_NEW_PIN, salt,
			      &sensitive->sensitive.userAuth);
	if (!err && binding->pin)
		err = libecryptfs_blob_put_bytes(tpm->blob, "pin_salt", salt,
						 sizeof(salt));
	if (!err)
		err = srk_choose(tpm);
	if (!err) {
		memcpy(sensitive->sensitive.data.buffer, key_ret->sm_bytes,
		       key_ret->sm_size);
		sensitive->sensitive.data.size = (UINT16)key_ret->sm_size;
		err = object_create(tpm, binding, sensitive);
	}
	libecryptfs_secmem_destroy(&memory);
	return err;
}

static int tpm2_wrap(const struct libecryptfs_keysource_params *params,
		     const struct libecryptfs_secmem *secret,
		     struct libecryptfs_blob *blob_ret)
{
	struct libecryptfs_secmem key;
	struct binding binding;
	struct tpm tpm;
	int err;

	err = binding_choose(params, blob_ret, &binding);
	if (!err)
		err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = tpm_create(params, blob_ret, &tpm);
	if (!err)
		err = binding_put(&tpm, &binding);
	if (!err)
		err = key_seal(params, &tpm, &binding, &key);
	tpm_destroy(&tpm);
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static int object_take(struct tpm *tpm, TPM2B_PUBLIC *public_ret,
		       TPM2B_PRIVATE *private_ret)
{
	uint8_t bytes[sizeof(*public_ret) > sizeof(*private_ret) ?
			      sizeof(*public_ret) :
			      sizeof(*private_ret)];
	size_t len, at = 0;
	int err;

	err = libecryptfs_blob_take_some(tpm->blob, "public", bytes,
					 sizeof(bytes), &len);
	if (!err && (Tss2_MU_TPM2B_PUBLIC_Unmarshal(bytes, len, &at, public_ret) ||
		     at != len))
		err = -EUCLEAN;
	if (err)
		return err;
	at = 0;
	err = libecryptfs_blob_take_some(tpm->blob, "private", bytes,
					 sizeof(bytes), &len);
	if (!err && (Tss2_MU_TPM2B_PRIVATE_Unmarshal(bytes, len, &at, private_ret) ||
		     at != len))
		err = -EUCLEAN;
	return err;
}

/* Reads the binding from the blob, provided that the object agrees. */
static int binding_take(struct tpm *tpm, const TPMT_PUBLIC *object,
			struct binding *ret)
{
	const char *pcrs;
	int err;

	memset(ret, 0, sizeof(*ret));
	err = libecryptfs_blob_take_text(tpm->blob, "pcrs", &pcrs);
	if (!err && (pcrs_parse(pcrs, ret) || strcmp(pcrs, ret->text) ||
		     !ret->pcrs != !object->authPolicy.size))
		err = -EUCLEAN;
	if (!err)
		err = libecryptfs_blob_take_number(tpm->blob, "pin", 0, 1,
						   &ret->pin);
	if (!err && ret->pin == !!(object->objectAttributes & TPMA_OBJECT_NODA))
		err = -EUCLEAN;
	return err;
}

static int object_load(struct tpm *tpm, struct binding *binding_ret)
{
	TPM2B_PUBLIC public = { 0 };
	TPM2B_PRIVATE private = { 0 };
	TPM2B_DIGEST digest;
	TSS2_RC code;
	int err;

	err = object_take(tpm, &public, &private);
	if (!err)
		err = binding_take(tpm, &public.publicArea, binding_ret);
	if (err)
		return err;
	code = Esys_Load(tpm->esys, tpm->srk, tpm->session, ESYS_TR_NONE,
		       ESYS_TR_NONE, &private, &public, &tpm->object);
	if (kind_of(code) == TPM2_RC_INTEGRITY) {
		tpm->blob->bb_bad = "private";
		return -EUCLEAN;
	}
	if (code)
		return failed(tpm, "the TPM cannot load the sealed object", code);
	if (!binding_ret->pcrs)
		return 0;
	err = policy_run(tpm, binding_ret, TPM2_SE_POLICY, &digest);
	if (err)
		return err;
	/* This is checked before a PIN is asked for in vain. */
	if (digest.size != public.publicArea.authPolicy.size ||
	    memcmp(digest.buffer, public.publicArea.authPolicy.buffer,
		   digest.size) != 0)
		return pcrs_changed(tpm, binding_ret);
	return 0;
}

/* Loads the storage key and the object.  Nothing is asked. */
static int object_reach(struct tpm *tpm, struct binding *binding_ret)
{
	int err = srk_recognise(tpm);

	return err ? err : object_load(tpm, binding_ret);
}

/*
 * Asks for the PIN and sets it as the object's authorisation value.  The object
 * was loaded before, to see that the question is not in vain.  The user may not
 * answer, or may end the program, so no object stays in the TPM during the
 * question, although making the storage key again may take half a second.
 */
static int object_authorise(const struct libecryptfs_keysource_params *params,
			    struct tpm *tpm, struct binding *binding)
{
	uint8_t salt[PIN_SALT_BYTES];
	struct libecryptfs_secmem memory;
	TPM2B_AUTH *auth;
	TSS2_RC code;
	int err;

	err = libecryptfs_blob_take_bytes(tpm->blob, "pin_salt", salt,
					  sizeof(salt));
	if (!err && (property(tpm, TPM2_PT_PERMANENT) & TPMA_PERMANENT_INLOCKOUT))
		err = locked_out(tpm);
	if (!err)
		err = libecryptfs_secmem_create(sizeof(*auth), &memory);
	if (err)
		return err;
	auth = (TPM2B_AUTH *)memory.sm_bytes;
	handles_flush(tpm);
	err = pin_ask(params, LIBECRYPTFS_ASK_PIN, salt, auth);
	if (!err)
		err = object_reach(tpm, binding);
	if (!err) {
		code = Esys_TR_SetAuth(tpm->esys, tpm->object, auth);
		if (code)
			err = failed(tpm, "the PIN cannot be given", code);
	}
	libecryptfs_secmem_destroy(&memory);
	return err;
}

static int unseal_failed(struct tpm *tpm, const struct binding *binding,
			 TSS2_RC code)
{
	switch (kind_of(code)) {
	case TPM2_RC_POLICY_FAIL:
	case TPM2_RC_PCR_CHANGED:
		return pcrs_changed(tpm, binding);
	case TPM2_RC_AUTH_FAIL:
	case TPM2_RC_BAD_AUTH:
		return wrong_pin(tpm);
	case TPM2_RC_LOCKOUT:
		return locked_out(tpm);
	default:
		return failed(tpm, "the TPM cannot unseal the key", code);
	}
}

static int key_unseal(struct tpm *tpm, const struct binding *binding,
		      struct libecryptfs_secmem *key_ret)
{
	static const TPM2B_AUTH nothing = {
		.size = PIN_CHARS,
		.buffer = "00000000000000000000000000000000",
	};
	TPM2B_SENSITIVE_DATA *data = NULL;
	bool fits;
	TSS2_RC code;

	code = Esys_Unseal(tpm->esys, tpm->object,
			 binding->pcrs ? tpm->policy : tpm->session,
			 ESYS_TR_NONE, ESYS_TR_NONE, &data);
	/* This overwrites the PIN, which the library would leave in memory. */
	if (binding->pin)
		Esys_TR_SetAuth(tpm->esys, tpm->object, &nothing);
	if (code)
		return unseal_failed(tpm, binding, code);
	fits = data->size == key_ret->sm_size;
	if (fits)
		memcpy(key_ret->sm_bytes, data->buffer, data->size);
	explicit_bzero(data, sizeof(*data));
	Esys_Free(data);
	if (fits)
		return 0;
	tpm->blob->bb_bad = "private";
	return -EUCLEAN;
}

static int tpm2_unwrap(const struct libecryptfs_keysource_params *params,
		       struct libecryptfs_blob *blob,
		       struct libecryptfs_secmem *secret_ret)
{
	struct libecryptfs_secmem key;
	struct binding binding;
	struct tpm tpm;
	int err;

	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (err)
		return err;
	err = tpm_create(params, blob, &tpm);
	if (!err)
		err = object_reach(&tpm, &binding);
	if (!err && binding.pin)
		err = object_authorise(params, &tpm, &binding);
	if (!err)
		err = key_unseal(&tpm, &binding, &key);
	tpm_destroy(&tpm);
	if (!err)
		err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void tpm2_describe(struct libecryptfs_blob *blob, FILE *to)
{
	const char *pcrs = "?", *name = "?";
	uint64_t pin = 0;

	libecryptfs_blob_take_number(blob, "pin", 0, 1, &pin);
	libecryptfs_blob_take_text(blob, "pcrs", &pcrs);
	libecryptfs_blob_take_text(blob, "parent_name", &name);
	/* The name starts with the number of its digest algorithm. */
	fprintf(to, "%s, %s%s, storage key %.16s",
		 pin ? "PIN" : "no PIN", *pcrs ? "PCRs " : "no PCRs", pcrs,
		 strlen(name) > 4 ? name + 4 : name);
}

static const char *const facts[] = { "pin", "pcrs", "parent_name", NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ "pin", "yes: ask for a PIN each time (default no)" },
	{ "pcrs", "registers that must keep their values: sha256:7+11 (default none)" },
	{ "tcti", "how to reach the TPM ($ECRYPTFS_TCTI, or " TCTI_DEFAULT ")" },
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "tpm2",
	.summary = "the TPM 2.0 of this machine, optionally with a PIN or its state",
	.rank = 20,
	.settings = settings,
	.wrap = tpm2_wrap,
	.unwrap = tpm2_unwrap,
	.describe = tpm2_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
