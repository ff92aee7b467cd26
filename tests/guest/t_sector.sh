#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug
# long: stock
# tier: check
# timeout: 200
# disk: 256M
#
# A bad sector below costs the extent that it is in, whichever way the file is
# read; what is around it reads, and overwriting the extent heals it.
set -u
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

EXTENTS=256
BAD=100

# table [SECTOR]: the device, with 8 sectors from there that can't be read.
table() {
	local all bad=${1-}
	all=$(blockdev --getsz "$DEVICE_BELOW")
	if [ -z "$bad" ]; then
		echo "0 $all linear $DEVICE_BELOW 0"
		return
	fi
	echo "0 $bad linear $DEVICE_BELOW 0"
	echo "$bad 8 flakey $DEVICE_BELOW $bad 0 3600 1 error_reads"
	echo "$((bad + 8)) $((all - bad - 8)) linear $DEVICE_BELOW $((bad + 8))"
}
load_table() { dmsetup suspend sector && table "$@" | dmsetup load sector && dmsetup resume sector; }

# readable WAY: which extents can be read, as "all but N..." of those that can't.
readable() {
	python3 - "$1" "$UPPER_DIR/f" "$EXTENTS" "$SUM" <<'EOF'
import mmap, os, random, sys
way, path, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
text = random.Random(seed).randbytes(count * 4096)
fd = os.open(path, os.O_RDONLY)
bad = []
order = list(range(count))
if way == "backward":
    order.reverse()
for n in order:
    try:
        part = os.pread(fd, 4096, n * 4096)
    except OSError as error:
        bad.append(n)
        continue
    if part != text[n * 4096:(n + 1) * 4096]:
        bad.append("wrong %d" % n)
print("all but", *sorted(bad))
EOF
}

heal() {
	python3 - "$UPPER_DIR/f" "$EXTENTS" "$SUM" "$BAD" <<'EOF'
import os, random, sys
path, count, seed, bad = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
text = random.Random(seed).randbytes(count * 4096)
fd = os.open(path, os.O_RDWR)
assert os.pwrite(fd, text[bad * 4096:(bad + 1) * 4096], bad * 4096) == 4096
os.fsync(fd)
EOF
}

if ! modprobe -q dm-flakey || ! dmsetup targets | grep -q '^flakey .*v1\.[5-9]'; then
	# error_reads came with version 1.5 of the target.
	skip sector 'no dm-flakey with error_reads'
	exit 0
fi
SUM=sector
load_ours
key_add test
DEVICE_BELOW=$DISK
table | dmsetup create sector
dmsetup mknodes 2>/dev/null || :
DISK=/dev/mapper/sector
check 'lower filesystem' lower_mount ext4 -b 4096
check mounts upper_mount
python3 -c "
import random, sys
open(sys.argv[1], 'wb').write(random.Random('$SUM').randbytes($EXTENTS * 4096))" "$UPPER_DIR/f"
sync
block=$(python3 -c "
import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
print(struct.unpack('i', fcntl.ioctl(fd, 1, struct.pack('i', 2 + $BAD)))[0])" "$LOWER_DIR/f")
check 'the extent has a block' test "$block" -gt 0
check 'the sector goes bad' load_table $((block * 8))
for way in forward backward; do
	drop_caches
	check_is "$way" "all but $BAD" "$(readable "$way")"
done
check_is 'again, from the cache' "all but $BAD" "$(readable forward)"
upper_remount ''
check 'a good extent in reach of the bad one can be overwritten' \
	python3 -c "
import os, random, sys
text = random.Random('$SUM').randbytes($EXTENTS * 4096)
fd = os.open(sys.argv[1], os.O_RDWR)
for n in ($BAD - 1, $BAD + 1):
    os.pwrite(fd, text[n * 4096 + 7:n * 4096 + 99], n * 4096 + 7)
os.fsync(fd)" "$UPPER_DIR/f"
check 'the bad extent can be overwritten' heal
check 'the disk replaces the sector' load_table
drop_caches
check_is 'healed' 'all but' "$(readable forward)"
upper_umount
lower_umount
check 'the device is free' dmsetup remove sector
finish
