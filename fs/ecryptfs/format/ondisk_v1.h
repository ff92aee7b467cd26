/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of format 1 on disk: constants and structs, each with assertions
 * of its offsets.  Add nothing here: format 1 is what stock eCryptfs writes.
 *
 * The structs show where things are (sizeof, offsetof).  The code reads and
 * writes through span.h, never through a cast pointer.  Integers are big-endian
 * and unaligned, so they are byte arrays, and the structs have no padding.
 *
 * All numbers come from the normative text in Documentation/format-v1.rst.
 */
#ifndef EFMT_ONDISK_V1_H
#define EFMT_ONDISK_V1_H

#include "efmt.h"

/* The second word of the marker is the first XOR this. */
#define EFMT_V1_MARKER_MAGIC 0x3c81b7f5u

/* The last version that has no fields for the header region. */
#define EFMT_V1_VERSION_SHORT 0

#define EFMT_V1_FLAGS_KNOWN                                                  \
	(EFMT_V1_FLAG_HMAC | EFMT_V1_FLAG_ENCRYPTED | EFMT_V1_FLAG_XATTR | \
	 EFMT_V1_FLAG_NAMES)

/* Our limit.  Stock writes 8192 bytes, or one page (at most 64 KiB). */
#define EFMT_V1_REGION_MAX (16u << 20)

/* A size is a signed 64-bit number in the VFS. */
#define EFMT_OFFSET_MAX 0x7fffffffffffffffULL

/* The fixed part of every version, with the marker and the flags. */
struct efmt_v1_disk_start {
	u8 plain_size[8];
	u8 marker1[4];
	u8 marker2[4];
	u8 version;
	u8 flags[3];
};

static_assert(sizeof(struct efmt_v1_disk_start) == 20, "format 1 start");
static_assert(offsetof(struct efmt_v1_disk_start, marker1) == 8, "marker");
static_assert(offsetof(struct efmt_v1_disk_start, marker2) == 12, "marker");
static_assert(offsetof(struct efmt_v1_disk_start, version) == 16, "version");
static_assert(EFMT_V1_PROBE_BYTES ==
	      offsetof(struct efmt_v1_disk_start, version), "probe");

/* The fixed part of versions 1 to 3; the packet set follows. */
struct efmt_v1_disk_header {
	struct efmt_v1_disk_start start;
	u8 extent_bytes[4];
	u8 extents[2];
};

static_assert(sizeof(struct efmt_v1_disk_header) == 26, "format 1 header");
static_assert(offsetof(struct efmt_v1_disk_header, extent_bytes) == 20,
	      "extent size");
static_assert(offsetof(struct efmt_v1_disk_header, extents) == 24, "extents");

/* The first byte of a packet. */
#define EFMT_V1_TAG1 0x01
#define EFMT_V1_TAG3 0x8c
#define EFMT_V1_TAG11 0xed
#define EFMT_V1_TAG70 0x46 /* a file name */

/* Cipher codes; AES has three. */
#define EFMT_V1_CODE_DES3_EDE 0x02
#define EFMT_V1_CODE_CAST5 0x03
#define EFMT_V1_CODE_BLOWFISH 0x04
#define EFMT_V1_CODE_AES128 0x07
#define EFMT_V1_CODE_AES192 0x08
#define EFMT_V1_CODE_AES256 0x09
#define EFMT_V1_CODE_TWOFISH 0x0a
#define EFMT_V1_CODE_CAST6 0x0b

/* Body of a tag 3 packet, without the wrapped FEK that follows. */
struct efmt_v1_disk_tag3 {
	u8 version;
	u8 code;
	u8 s2k;
	u8 hash;
	u8 salt[EFMT_V1_SALT_BYTES];
	u8 iterations;
};

static_assert(sizeof(struct efmt_v1_disk_tag3) == 13, "tag 3");
static_assert(offsetof(struct efmt_v1_disk_tag3, salt) == 4, "tag 3 salt");
static_assert(offsetof(struct efmt_v1_disk_tag3, iterations) == 12, "tag 3");

#define EFMT_V1_TAG3_VERSION 0x04
#define EFMT_V1_TAG3_S2K 0x03 /* OpenPGP: iterated and salted */
#define EFMT_V1_TAG3_HASH 0x01 /* says MD5; the key comes from SHA-512 */
#define EFMT_V1_TAG3_ITERATIONS 0x60 /* OpenPGP code for 65536 */

/* Body of a tag 11 packet. */
struct efmt_v1_disk_tag11 {
	u8 format;
	u8 name_bytes;
	u8 name[8];
	u8 date[4];
	u8 sig[EFMT_V1_SIG_BYTES];
};

static_assert(sizeof(struct efmt_v1_disk_tag11) == 22, "tag 11");
static_assert(offsetof(struct efmt_v1_disk_tag11, date) == 10, "tag 11 date");
static_assert(offsetof(struct efmt_v1_disk_tag11, sig) == 14, "tag 11 sig");

#define EFMT_V1_TAG11_FORMAT 0x62 /* OpenPGP literal data, 'b' */
#define EFMT_V1_TAG11_NAME "_CONSOLE"

static_assert(sizeof(EFMT_V1_TAG11_NAME) - 1 == 8, "tag 11 name");

/* Body of a tag 1 packet, without the blob that follows. */
struct efmt_v1_disk_tag1 {
	u8 version;
	u8 sig[EFMT_V1_SIG_BYTES];
	u8 algorithm;
};

static_assert(sizeof(struct efmt_v1_disk_tag1) == 10, "tag 1");
static_assert(offsetof(struct efmt_v1_disk_tag1, algorithm) == 9, "tag 1");

#define EFMT_V1_TAG1_VERSION 0x03
#define EFMT_V1_TAG1_RSA 0x01

/* Body of a tag 70 packet, without the encrypted name that follows. */
struct efmt_v1_disk_tag70 {
	u8 sig[EFMT_V1_SIG_BYTES];
	u8 code;
};

static_assert(sizeof(struct efmt_v1_disk_tag70) == 9, "tag 70");
static_assert(offsetof(struct efmt_v1_disk_tag70, code) == 8, "tag 70 code");

#define EFMT_V1_FILLER_BYTES 16 /* before a name, plus up to a block less 1 */
#define EFMT_V1_FILLER_NO_ZERO 0x42 /* stands for a filler byte of zero */

/* The length prefix has one byte below 192, else two, the first up to 223. */
#define EFMT_V1_LENGTH_TWO 192u
#define EFMT_V1_LENGTH_FIRST_END 224u
#define EFMT_V1_LENGTH_MAX                                     \
	((EFMT_V1_LENGTH_FIRST_END - EFMT_V1_LENGTH_TWO - 1) * \
	 256 + 255 + EFMT_V1_LENGTH_TWO)

static_assert(EFMT_V1_LENGTH_MAX == 8383, "length prefix");

#endif /* EFMT_ONDISK_V1_H */
