# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # tmp, status, top: of run
#
# What `make run' shows of the rig.

# KVM that is only half there: QEMU opens it and aborts.  The answer is tcg, and
# nobody who tries the demonstration reads of an abort.
test_rig() {
	local rig=$tmp/rig
	if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
		skip probe-aborts "no /dev/kvm"
		return
	fi
	mkdir -p "$rig/tests/qemu" "$rig/bin"
	cp "$top"/tests/qemu/{probe-kvm,common.sh} "$rig/tests/qemu/"
	printf '#!/bin/sh\necho /nowhere\n' >"$rig/tests/qemu/kernel"
	printf '#!/bin/sh\n: >%s\nkill -ABRT $$\n' "$rig/ran" >"$rig/bin/qemu-system-x86_64"
	chmod +x "$rig/tests/qemu/kernel" "$rig/bin/qemu-system-x86_64"
	run env -u ECRYPTFS_ACCEL PATH="$rig/bin:$PATH" ECRYPTFS_CACHE="$rig/cache" "$rig/tests/qemu/probe-kvm"
	expect probe-aborts 0 tcg "  probing whether a guest boots under KVM ..."
	verdict probe-ran "QEMU was not asked" [ -e "$rig/ran" ]
}
