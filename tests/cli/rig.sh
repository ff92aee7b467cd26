# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # tmp, status, top: of run
#
# What `make run' shows of the rig, and what `make uninstall' asks of the system.

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

# uninstalled NAME WANT: what pam-auth-update is asked for.
uninstalled() {
	: >"$tmp/asked"
	run env PAM_ROOT="$tmp/pam" PATH="$tmp/pam/bin:$PATH" "$top/utils/pam_ecryptfs/profile" remove
	verdict "$1" "asked for: $(cat "$tmp/asked")" [ "$(cat "$tmp/asked")" = "$2" ]
}

# Who had chosen our profile and still has ecryptfs-utils has theirs again.
test_pam_profile() {
	mkdir -p "$tmp"/pam/{bin,etc/pam.d,usr/share/pam-configs}
	printf '#!/bin/sh\necho "$*" >>%s/asked\n' "$tmp" >"$tmp/pam/bin/pam-auth-update"
	chmod +x "$tmp/pam/bin/pam-auth-update"
	echo '# pam_ecryptfs_login.so' >"$tmp/pam/etc/pam.d/common-session"
	: >"$tmp/pam/usr/share/pam-configs/ecryptfs-utils"
	uninstalled pam-not-in-force '--package --remove ecryptfs-login'
	echo 'session optional pam_ecryptfs_login.so' >>"$tmp/pam/etc/pam.d/common-session"
	uninstalled pam-classic-again '--package --remove ecryptfs-login
--package --enable ecryptfs-utils'
	rm "$tmp/pam/usr/share/pam-configs/ecryptfs-utils"
	uninstalled pam-no-classic '--package --remove ecryptfs-login'
}
