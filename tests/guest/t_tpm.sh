#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A TPM as a device: a vault that it opens, until a PCR changes, and again once it
# is sealed anew; mounts by keys of type encrypted, whose masters are a user key and
# a trusted key of that TPM.
#
# kernels: stock newest
# tier: check
# long: newest
# timeout: 180
# disk: 256M
# tpm: yes

. "$(dirname "$0")/lib.sh"
export TPM2TOOLS_TCTI=device:/dev/tpmrm0
load_ours
keyctl link @u @s
modprobe tpm_tis
check 'the TPM is there' test -c /dev/tpmrm0 || finish
lower_mount ext4
rmdir "$LOWER_DIR"
mkdir -p /mnt/u

# lines TEXT...: standard input of the next command.
lines() { printf '%s\n' "$@" >/run/lines; }
# mounts NAME: without a question to anybody; what was written is there.
mounts() {
	check "$1" ecryptfs mount "$LOWER_DIR" /mnt/u </dev/null
	check_is "$1: the file" 'some text' "$(cat /mnt/u/file)"
	ecryptfs lock "$LOWER_DIR" >/dev/null
}

lines secret
ecryptfs init - --no-recovery "$LOWER_DIR" seconds=0.1 </run/lines >/run/out
check 'a slot is added' ecryptfs key add - "$LOWER_DIR" tpm2 pcrs=sha256:7+11 </run/lines
check 'it mounts without a question' ecryptfs mount "$LOWER_DIR" /mnt/u </dev/null
echo 'some text' >/mnt/u/file
check 'lock' ecryptfs lock "$LOWER_DIR"
mounts 'and again'
tpm2_pcrextend "11:sha256=$(printf '%064d' 1)"
ecryptfs mount "$LOWER_DIR" /mnt/u --with tpm2 </dev/null >/run/out 2>/run/err
check_is 'not after a PCR has changed' 3 "$?"
check 'which one is told' grep -q 'PCRs have changed (of sha256:7+11: 11)' /run/err
check_not 'it is not mounted' mountpoint -q /mnt/u
check 'the passphrase opens it' ecryptfs mount - "$LOWER_DIR" /mnt/u </run/lines
check_is 'to what was written' 'some text' "$(cat /mnt/u/file)"
ecryptfs lock "$LOWER_DIR" >/dev/null
check 'sealed anew' ecryptfs key change - "$LOWER_DIR" 1 </run/lines
mounts 'for the new state'

lines secret 2468
check 'a slot with a PIN' ecryptfs key add --with passphrase - "$LOWER_DIR" tpm2 pin=yes </run/lines
lines 2468
check 'opens by it' ecryptfs unlock --slot 2 - "$LOWER_DIR" </run/lines
ecryptfs lock "$LOWER_DIR" >/dev/null
lines 2469
ecryptfs unlock --slot 2 - "$LOWER_DIR" </run/lines >/run/out 2>/run/err
check_is 'and by no other' 3 "$?"
check 'the reason is told' grep -q 'wrong PIN' /run/err
check_is 'nothing of it stays in the TPM' '' "$(tpm2_getcap handles-transient)$(tpm2_getcap handles-loaded-session)"

# encrypted NAME SIGNATURE MASTER: mounts with a new key of that master, and once
# more with the key as it is kept on a disk.
encrypted() {
	local key
	key=$(keyctl add encrypted "$2" "new ecryptfs $3 64" @u 2>/run/err) ||
		not_ok "$1" "no key: $(cat /run/err)" || return
	mkdir -p "$LOWER/$1"
	check "$1: mounts" mount -i -t ecryptfs -o "ecryptfs_sig=$2,ecryptfs_cipher=aes,ecryptfs_key_bytes=16" "$LOWER/$1" /mnt/u || return
	echo 'more text' >/mnt/u/file
	umount /mnt/u
	check_not "$1: encrypted below" grep -q 'more text' "$LOWER/$1/file"
	keyctl pipe "$key" >/run/blob
	keyctl unlink "$key" @u
	check_not "$1: not without the key" mount -i -t ecryptfs -o "ecryptfs_sig=$2,ecryptfs_cipher=aes,ecryptfs_key_bytes=16" "$LOWER/$1" /mnt/u
	check "$1: the key out of its blob" keyctl add encrypted "$2" "load $(cat /run/blob)" @u
	check "$1: mounts by it" mount -i -t ecryptfs -o "ecryptfs_sig=$2,ecryptfs_cipher=aes,ecryptfs_key_bytes=16" "$LOWER/$1" /mnt/u
	check_is "$1: the file" 'more text' "$(cat /mnt/u/file)"
	umount /mnt/u
}

modprobe -q trusted
head -c 32 /dev/urandom | keyctl padd user tpm-master @u >/dev/null
encrypted user-master 1000100010001000 user:tpm-master
tpm2_createprimary -Q -C o -g sha256 -G ecc256:aes128cfb -c /run/srk &&
	tpm2_evictcontrol -Q -C o -c /run/srk 0x81000001
if keyctl add trusted kmk 'new 32 keyhandle=0x81000001' @u 2>/run/err >&2; then
	encrypted trusted-master 2000200020002000 trusted:kmk
elif grep -q 'No such device' /run/err; then
	skip trusted-master 'this kernel has no keys of type trusted'
else
	not_ok trusted-master "$(cat /run/err)"
fi
mounts 'the slot opens beside a persistent storage key'
finish
