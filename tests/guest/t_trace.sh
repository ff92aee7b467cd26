#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# tier: check
# long: debug newest
# timeout: 200
# disk: 256M
#
# Tracepoints and the counters of each mount in sysfs, against workloads whose
# numbers are known: what was read and written, what failed and why.
# shellcheck disable=SC2317 # functions given to check as commands
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

SYS=/sys/fs/ecryptfs
TRACING=/sys/kernel/tracing
HEADER=8192
EXTENTS=288 # of the file that is written and read
BYTES=$((EXTENTS * 4096))

# The mount's device number, as everybody else shows it.
upper_dev() { mountpoint -d "$UPPER_DIR"; }
mount_dirs() { find "$SYS" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'; }
stat_of() { cat "$SYS/$(upper_dev)/$1"; }

# stats_are WHAT NAME=VALUE...: each counter, and its value.
stats_are() {
	local what=$1 pair
	shift
	for pair; do
		check_is "$what: $pair" "${pair#*=}" "$(stat_of "${pair%%=*}")"
	done
}

trace_start() {
	echo >"$TRACING/trace"
	echo 1 >"$TRACING/events/ecryptfs/enable"
}
# Leaves the events in /run/events, one a line: NAME FIELD VALUE FIELD VALUE...
trace_stop() {
	echo 0 >"$TRACING/events/ecryptfs/enable"
	sed -n 's/^.* \(ecryptfs_[a-z_]*\): /\1 /p' "$TRACING/trace" >/run/events
}
# events NAME [TEXT]: how many there were, with TEXT in them.
events() { grep "^ecryptfs_$1 " /run/events | grep -cF -- "${2-}"; }
# sum NAME FIELD
sum() {
	awk -v name="ecryptfs_$1" -v field="$2" '
		$1 == name { for (i = 2; i < NF; i++) if ($i == field) total += $(i + 1) }
		END { print total + 0 }' /run/events
}
# Whether the transfers named are one run from the end of the header on.
contiguous() {
	sort -t' ' -k7,7n <(grep "^ecryptfs_$1 " /run/events) | awk -v at="$HEADER" '
		$6 != "lower_pos" || $8 != "bytes" { exit bad = 1 }
		$7 != at { exit bad = 1 }
		{ at += $9 }
		END { exit bad }'
}

mountpoint -q "$TRACING" || mount -t tracefs none "$TRACING"
load_ours
key_add test
check_is 'only the version is there before a mount' version "$(ls "$SYS")"
check 'there are tracepoints' test -e "$TRACING/events/ecryptfs/ecryptfs_read/format"
check 'ext4 is made' lower_mount ext4
check 'mounts' upper_mount
check_is 'a directory for the mount' "$(upper_dev)" "$(mount_dirs)"
check_is 'named as in mountinfo' "$(upper_dev)" "$(awk -v at="$UPPER_DIR" '$5 == at { print $3 }' /proc/self/mountinfo)"
total=$(cat "$SYS/$(upper_dev)"/* | sort -u)
check_is 'all counters begin with 0' 0 "$total"

# Writing.
trace_start
dd if=/dev/urandom of="$UPPER_DIR/file" bs=64K count=$((BYTES / 65536)) conv=fsync status=none
trace_stop
ino=$(stat -c %i "$UPPER_DIR/file")
where="dev $(upper_dev) ino $ino "
check_is 'write: the size is as planned' "$BYTES" "$(stat -c %s "$UPPER_DIR/file")"
check_is 'write: events add up to the bytes' "$BYTES" "$(sum write bytes)"
check_is 'write: and to the extents' "$EXTENTS" "$(sum write extents)"
check 'write: one after the other' contiguous write
check_is 'write: of this mount and file' "$(events write)" "$(events write "$where")"
check_is 'write: without errors' "$(events write)" "$(events write ' err 0')"
check_is 'write: the file is made once' 1 "$(events create "${where}format 1 err 0")"
check_is 'write: its size is recorded' 1 "$(events commit_size "$where" | grep -c .)"
check_is 'write: in the end this one' "new $BYTES" "$(grep '^ecryptfs_commit_size ' /run/events | tail -n 1 | grep -o "new $BYTES")"
stats_are write files_created=1 "lower_write_bytes=$BYTES" "extents_encrypted=$EXTENTS" \
	"lower_writes=$(events write)" "size_commits=$(events commit_size)" "loads=0" write_errors=0 \
	"key_lookups=1" key_failures=0

# Reading, on a new mount: its counters start at 0.
exec 7<"$SYS/$(upper_dev)/loads"
check 'mounts again' upper_remount
check_is 'still one directory' "$(upper_dev)" "$(mount_dirs)"
check_not 'a counter that was open is gone with its mount' cat <&7
exec 7<&-
drop_caches
trace_start
cat "$UPPER_DIR/file" >/dev/null
trace_stop
where="dev $(upper_dev) ino $ino "
check_is 'read: events add up to the bytes' "$BYTES" "$(sum read bytes)"
check 'read: one after the other' contiguous read
check_is 'read: of this mount and file' "$(events read)" "$(events read "$where")"
check_is 'read: loaded once' 1 "$(events load "${where}format 1 err 0")"
check_is 'read: by the key of the mount' 1 "$(events key_find "sig $SIG from mount err 0")"
check_is 'read: nothing is written' 0 "$(events write)"
stats_are read "lower_read_bytes=$BYTES" "extents_decrypted=$EXTENTS" "lower_reads=$(events read)" \
	loads=1 key_lookups=1 key_failures=0 files_created=0 lower_writes=0 read_errors=0
cat "$UPPER_DIR/file" >/dev/null
stats_are 'read again, out of the cache' "lower_read_bytes=$BYTES" loads=1

# Files that do not open: another's key, a damaged header, a version to come.
echo hello >/run/plain
oracle write --passphrase other /run/plain "$LOWER_DIR/other"
oracle write --passphrase test /run/plain "$LOWER_DIR/damaged"
printf '\377\377\377\377' | dd of="$LOWER_DIR/damaged" bs=1 seek=8 conv=notrunc status=none
oracle write --passphrase test --header-version 9 /run/plain "$LOWER_DIR/later"
other=$(oracle dump "$LOWER_DIR/other" | grep -m 1 '"signature"\|"sig"' | grep -oE '[0-9a-f]{16}')
trace_start
for name in other damaged later; do
	cat "$UPPER_DIR/$name" >/dev/null 2>&1
done
trace_stop
file_event() { echo "ino $(stat -c %i "$LOWER_DIR/$1") format 0 err $2"; }
check_is "no key: ENOKEY" 1 "$(events load "$(file_event other -126)")"
check_is "no key: its signature was asked for" 1 "$(events key_find "sig $other from keyring err -126")"
check_is "damaged: EUCLEAN" 1 "$(events load "$(file_event damaged -117)")"
check_is "a later version: EOPNOTSUPP" 1 "$(events load "$(file_event later -95)")"
stats_are failures loads=4 loads_no_key=1 loads_damaged=1 loads_unsupported=1 loads_failed=0 \
	key_failures=1 key_lookups=2 read_errors=0

# A lower file that is cut short, and a filesystem that has shut down.  What
# ends with an extent was cut by a crash, see write-path.rst; this does not.
truncate -s $((HEADER + 4096 + 100)) "$LOWER_DIR/file"
check 'mounts anew' upper_remount
check_not 'cut short: does not read' cat "$UPPER_DIR/file"
check 'cut short: counted' test "$(stat_of read_errors)" -ge 1
trace_start
python3 - "$UPPER_DIR/new" "$LOWER" <<'END'
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.write(fd, b'x' * 4096)
# It has its space, so this stays above until it is synced.
os.pwrite(fd, b'y' * 4096, 0)
lower = os.open(sys.argv[2], os.O_RDONLY)
fcntl.ioctl(lower, 0x8004587d, struct.pack('I', 2))  # EXT4_IOC_SHUTDOWN
try:
    os.fsync(fd)
except OSError:
    sys.exit(0)
sys.exit('fsync succeeded')
END
check_is 'shut down below: fsync fails' 0 $?
trace_stop
check_is 'shut down below: the write failed' 1 "$(events write "pos $HEADER bytes 4096 extents 1 err -5")"
stats_are 'shut down below' write_errors=1 lower_write_bytes=4096

# Nothing but numbers and signatures.
own_fields() { grep -rh 'field:' "$TRACING"/events/ecryptfs --include=format | grep -v common_; }
check_is 'the only bytes in tracepoints are a signature' 'field:u8 sig[8]' "$(own_fields | grep -E '\[|char|__data_loc|\*' | grep -oE 'field:[^;]*')"
upper_umount
check_is 'only the version is there after it' version "$(ls "$SYS")"
lower_umount

# Readers of the counters while mounts come and go.
check 'tmpfs is made' lower_mount tmpfs
while :; do cat "$SYS"/*/loads "$SYS"/*/lower_reads; done >/dev/null 2>&1 &
reader=$!
for i in 1 2 3 4 5; do
	check "mounts while counters are read, $i" upper_mount || break
	echo "$i" >"$UPPER_DIR/$i"
	upper_umount
done
kill "$reader"
wait "$reader" 2>/dev/null
check_is 'and nothing is left of them' version "$(ls "$SYS")"
lower_umount
finish
