#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: stock debug newest
# long: stock
# tier: check
# timeout: 600
# disk: 256M
#
# What others do with the lower directory while it is mounted: a second mount of
# it, listeners that must allow each access, delegations and leases, security
# modules, subvolumes, and files that are made to do harm.
# shellcheck source=tests/guest/lib.sh
. "${T:-/tests}/guest/lib.sh"

load_ours
key_add test

# 1. One lower directory, mounted twice: the same superblock, or none.
SECOND=/mnt/second
mkdir -p "$SECOND"
second() { mount -i -t ecryptfs -o "$UPPER_OPTS${1:+,$1}" "$LOWER_DIR" "$SECOND"; }
refused() { # OPTIONS PATTERN: with EBUSY, and a line in the log that says why
	# -w: or mount(8) tries read-only next.
	strace -o /run/trace mount -i -w -t ecryptfs -o "$1" "$LOWER_DIR" "$SECOND" && return 1
	grep -q '= -1 EBUSY ' /run/trace && dmesg | tail -n 3 | grep -q "$2"
}
read_only_refused() { # COMMAND...: the same for one that asks for read-only
	! strace -f -o /run/trace "$@" || return
	grep -q '= -1 EBUSY ' /run/trace && dmesg | tail -n 3 | grep -q 'mounted already, writable'
}
PREFIX=twice/
if check 'ext4 is made' lower_mount ext4 && check 'mounts' upper_mount; then
	check 'mounts again' second
	check_is 'is the same filesystem' "$(stat -c %d "$UPPER_DIR")" "$(stat -c %d "$SECOND")"
	# Open and growing here, opened and closed there.
	exec 3>"$UPPER_DIR/f"
	seq 1 200000 >&3
	printf 'first' | dd of="$SECOND/f" conv=notrunc status=none
	exec 3>&-
	check_is 'what is written here is not cut there' "first$(seq 1 200000 | tail -c +6 | sha256sum)" \
		"$(head -c 5 "$SECOND/f")$(tail -c +6 "$SECOND/f" | sha256sum)"
	umount "$SECOND"
	check 'in a mount namespace of its own' unshare -m sh -c \
		"umount '$UPPER_DIR'; mount -i -t ecryptfs -o '$UPPER_OPTS' '$LOWER_DIR' '$SECOND' && cmp '$SECOND/f' /proc/1/root'$UPPER_DIR/f' && echo there >'$SECOND/there'"
	check_is 'which is the same one' there "$(cat "$UPPER_DIR/there")"
	check 'other options are refused, with the reason' refused "$UPPER_OPTS,ecryptfs_passthrough" 'another ecryptfs_passthrough'
	check 'another key size, too' refused "ecryptfs_sig=$SIG,ecryptfs_cipher=aes,ecryptfs_key_bytes=32" 'another ecryptfs_key_bytes'
	# Without -w, by either system call, and by a mount that says nothing of it.
	check 'a read-only one beside it, too' read_only_refused mount -i -t ecryptfs -o "$UPPER_OPTS,ro" "$LOWER_DIR" "$SECOND"
	check 'and by mount(2)' read_only_refused env LIBMOUNT_FORCE_MOUNT2=always mount -i -t ecryptfs -o "$UPPER_OPTS,ro" "$LOWER_DIR" "$SECOND"
	check 'what the message says instead does it' sh -c "mount --bind '$UPPER_DIR' '$SECOND' && mount -o remount,bind,ro '$SECOND'"
	check_not 'nothing is written there' touch "$SECOND/new"
	check 'but here' touch "$UPPER_DIR/new"
	umount "$SECOND"
	check 'an encrypted view is apart' second ecryptfs_encrypted_view
	umount "$SECOND"
	# Not unmounted before it is not in use.
	exec 3>>"$UPPER_DIR/lazy"
	umount -l "$UPPER_DIR"
	check 'still in use, it is refused with other options' refused "$UPPER_OPTS,ecryptfs_passthrough" 'mounted already'
	check 'and comes back with the same ones' second
	echo one >&3
	exec 3>&-
	check_is 'with what was written meanwhile' one "$(cat "$SECOND/lazy")"
	umount "$SECOND"
	check 'when all is unmounted other options will do' second ecryptfs_passthrough
	mkdir -p "$SECOND/inside"
	check 'a directory inside of it is told of' kernel_log 'mounted already; do not use' \
		mount -i -t ecryptfs -o "$UPPER_OPTS" "$LOWER_DIR/inside" "$UPPER_DIR"
	umount "$UPPER_DIR"
	umount "$SECOND"
	check 'mounts read-only' upper_mount ro
	check 'writable is refused then' refused "$UPPER_OPTS" 'read-only; remount'
	upper_umount
fi
! mountpoint -q "$SECOND" || umount "$SECOND"

# 2. What is asked below on behalf of who reads here.
PREFIX=quiet/
if mountpoint -q "$LOWER" && mount -o remount,strictatime "$LOWER" && upper_mount; then
	mkdir -p "$UPPER_DIR/dir"
	ln -s f "$UPPER_DIR/dir/link"
	umount "$UPPER_DIR"
	upper_mount ro
	touch -a -h -d 2001-01-01 "$LOWER_DIR" "$LOWER_DIR/dir" "$LOWER_DIR/dir/link" "$LOWER_DIR/f"
	ls -lR "$UPPER_DIR" >/dev/null
	cat "$UPPER_DIR/f" >/dev/null
	check_is 'a read-only mount changes no time below' 2001-01-01 \
		"$(stat -c %x "$LOWER_DIR" "$LOWER_DIR/dir" "$LOWER_DIR/dir/link" "$LOWER_DIR/f" | cut -d' ' -f1 | sort -u)"
	umount "$UPPER_DIR"
	upper_mount ''
	readlink "$UPPER_DIR/dir/link" >/dev/null
	ls "$UPPER_DIR/dir" >/dev/null
	check_is 'a writable one does' '' "$(stat -c %x "$LOWER_DIR/dir" "$LOWER_DIR/dir/link" | grep 2001)"
	check_not 'the filesystem has an identity of its own' [ "$(stat -fc %i "$UPPER_DIR")" = "$(stat -fc %i "$LOWER")" ]
	id=$(stat -fc %i "$UPPER_DIR")
	upper_remount ""
	check_is 'which it keeps' "$id" "$(stat -fc %i "$UPPER_DIR")"
	device=$(stat -c %d "$UPPER_DIR")
	check_is 'counters are not for everybody' 400 "$(stat -c %a "/sys/fs/ecryptfs/$((device >> 8)):$((device & 255))/lower_reads")"
	# Of both filesystems, by one thread.
	if [ "$KERNEL" = debug ]; then
		skip 'a listener that must allow each access' 'this kernel asks none'
	elif [ "$KERNEL" != newest ]; then
		check 'a listener that must allow each access' timeout 90 python3 "$T/guest/listener.py" "$UPPER_DIR" "$LOWER" "$UPPER_DIR/f" "$LOWER_DIR/f"
	else
		skip 'a listener that must allow each access' 'from 6.18 on, modules have no open without it'
	fi
	upper_umount
fi

# 3. Another process, such as a server, holds a delegation of a lower directory.
PREFIX=delegated/
if mountpoint -q "$LOWER" && check 'mounts' upper_mount; then
	mkdir -p "$UPPER_DIR/names/held"
	err=0
	python3 "$T/guest/delegated.py" "$UPPER_DIR/names/held" "$LOWER_DIR/names/held" || err=$?
	case $err in
	0) ok 'changes of names wait for its end' ;;
	77) [ "$KERNEL" != newest ] || not_ok 'delegations' 'the newest kernel has them' ;;
	*) not_ok 'changes of names wait for its end' "status $err" ;;
	esac
	# Or a lease of a file, which its owner may have taken without a right.
	mkdir "$UPPER_DIR/leased"
	python3 "$T/guest/leased.py" "$UPPER_DIR/leased" "$LOWER_DIR/leased" || not_ok 'leases' "status $?"
	upper_umount
fi

# 4. A creation is judged as one by a security module, below too: whoever may make
# a file need not have the right to link or to rename.
PREFIX=judged/
TRACE=/sys/kernel/tracing
mountpoint -q "$TRACE" || mount -t tracefs tracefs "$TRACE" 2>/dev/null
probe() { # NAME FUNCTION
	echo "p:$1 $2" >>"$TRACE/kprobe_events" && echo 1 >"$TRACE/events/kprobes/$1/enable"
}
if [ ! -e "$TRACE/kprobe_events" ]; then
	skip 'creations' 'no kprobes'
elif mountpoint -q "$LOWER" && check 'mounts' upper_mount; then
	for what in create link rename; do
		check "security_inode_$what() is watched" probe "judged_$what" "security_inode_$what"
	done
	echo >"$TRACE/trace"
	touch "$UPPER_DIR/judged"
	for what in create link rename; do
		echo 0 >"$TRACE/events/kprobes/judged_$what/enable"
	done
	check_is 'creating a file creates, above and below' '2 create' "$(grep -o 'touch-.*judged_[a-z]*:' "$TRACE/trace" |
		sed 's/.*judged_//; s/://' | uniq -c | sed 's/^ *//')"
	echo >"$TRACE/kprobe_events"
	upper_umount
fi
! mountpoint -q "$LOWER" || lower_umount

# 5. Subvolumes, each of which has inode numbers of its own.
PREFIX=subvolumes/
subvolumes() { # makes "one" with what is in it, and "two", a snapshot of it
	python3 - "$LOWER_DIR" "$UPPER_DIR" <<'END'
import fcntl, os, struct, sys
lower, upper = sys.argv[1:]
top = os.open(lower, os.O_RDONLY)
CREATE, SNAPSHOT = 0x5000940e, 0x50009401
fcntl.ioctl(top, CREATE, bytearray(struct.pack("=q4088s", 0, b"one")))
for name in "f", "g":
    with open(upper + "/one/" + name, "w") as file:
        file.write("one " + name)
    os.link(upper + "/one/" + name, upper + "/one/link to " + name)
os.sync()
source = os.open(lower + "/one", os.O_RDONLY)
fcntl.ioctl(top, SNAPSHOT, bytearray(struct.pack("=q4088s", source, b"two")))
for name in "f", "g":
    with open(upper + "/two/" + name, "r+") as file:
        file.write("two " + name)
END
}
if lower_has btrfs; then
	if check 'btrfs is made' lower_mount btrfs && check 'mounts' upper_mount; then
		check 'a subvolume and a snapshot of it' subvolumes
		check_is 'have the same numbers below' "$(stat -c %i "$LOWER_DIR/one/f")" "$(stat -c %i "$LOWER_DIR/two/f")"
		check_is 'no two files look like one' '' "$(find "$UPPER_DIR" ! -name 'link to *' -printf '%D:%i\n' | sort | uniq -d)"
		check_is 'two names of one do' 2 "$(find "$UPPER_DIR" -samefile "$UPPER_DIR/two/f" | wc -l)"
		check_is 'the numbers stay' "$(stat -c %d:%i "$UPPER_DIR/two/f")" "$(drop_caches && stat -c %d:%i "$UPPER_DIR/two/f")"
		check 'find sees no loop' find "$UPPER_DIR" -type f
		check 'a copy that knows links' cp -a "$UPPER_DIR" /run/copy
		check 'has all that was there' diff -r "$UPPER_DIR" /run/copy
		check_is 'of both' 'one f two f' "$(cat /run/copy/one/f /run/copy/two/f | sed 's/two/ two/')"
		for verb in save load; do
			check "handles of a subvolume: $verb" python3 "$T/guest/handles.py" "$UPPER_DIR/two" $verb /run/handles
		done
		upper_umount
	fi
	! mountpoint -q "$LOWER" || lower_umount
else
	skip 'btrfs' 'none here'
fi

# 6. A file whose key somebody below has made so short that what is written to it
# would tell the beginning of the master key.
PREFIX=weak/
if check 'ext4 is made' lower_mount ext4 && check 'mounts' upper_mount; then
	echo text >/run/text
	for key in blowfish:8 cast5:16; do
		check "$key: a file" oracle write --passphrase test --cipher "${key%:*}" --key-bytes "${key#*:}" /run/text "$LOWER_DIR/$key"
		check_is "$key: is read" text "$(cat "$UPPER_DIR/$key")"
	done
	for how in '>>' '>'; do
		check_not "$how: is not written to" sh -c "echo more $how'$UPPER_DIR/blowfish:8'"
		check "$how: but one of a longer key" sh -c "echo more $how'$UPPER_DIR/cast5:16'"
	done
	check_not 'nor cut' truncate -s 0 "$UPPER_DIR/blowfish:8"
	check_is 'and is as it was' text "$(drop_caches && cat "$UPPER_DIR/blowfish:8")"
	check 'says why' sh -c "dmesg | tail -n 3 | grep -q 'too short to write with'"
	check 'its copy is written to' sh -c "cp '$UPPER_DIR/blowfish:8' '$UPPER_DIR/copy' && echo more >>'$UPPER_DIR/copy'"
	check 'it can be removed' rm "$UPPER_DIR/blowfish:8"
	upper_umount
	lower_umount
fi
finish
