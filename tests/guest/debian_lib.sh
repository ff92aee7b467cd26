# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's ecryptfs-utils installed in the guest for the time of one test, with
# the users, passwords and PAM services that Debian's own scripts would leave.
# Sourced after lib.sh and interop_lib.sh.

# Where everything is that this makes and the guest's own files are kept.
DEBIAN=$WORK/debian
export TALK_SECONDS=${TALK_SECONDS:-40}

# shellcheck disable=SC2034 # of those who source this
TALK=(python3 -E -S "$T/guest/talk.py")

# usr_writable: a layer over /usr, which is read-only and shared with other tests;
# debian_remove takes it away.
usr_writable() {
	modprobe -q overlay
	mkdir -p "$DEBIAN"
	mount -t tmpfs tmpfs "$DEBIAN" && mkdir "$DEBIAN/up" "$DEBIAN/work" "$DEBIAN/etc" || return
	mount -t overlay -o "lowerdir=/usr,upperdir=$DEBIAN/up,workdir=$DEBIAN/work" overlay /usr || return
}

# debian_install: Debian's tools and PAM module, there.
debian_install() {
	[ -x /stock/sbin/mount.ecryptfs ] && usr_writable || return
	# The rig's links into /stock go first.
	rm -f /usr/sbin/fs.d /usr/lib/x86_64-linux-gnu/ecryptfs
	cp -a /stock/usr/. /usr/ && cp -a /stock/sbin /stock/lib /usr/ && ldconfig || return
	# Ours have the same names, and are in front elsewhere.
	PATH=/usr/sbin:/usr/bin:$PATH
}

# In /etc, from the lines of Debian's packages.
pam_service() { # NAME: lines from standard input
	cat >"/etc/pam.d/$1"
}
debian_users() {
	local alice
	mkdir -p /etc/pam.d /etc/security
	: >/etc/login.defs
	: >/etc/security/limits.conf
	alice=$(openssl passwd -6 "$1")
	printf '%s:19000:0:99999:7:::\n' "root:*" 'bob:*' "alice:$alice" >/etc/shadow
	chmod 0640 /etc/shadow
	pam_service common-auth <<-END
		auth [success=1 default=ignore] pam_unix.so nullok
		auth requisite pam_deny.so
		auth required pam_permit.so
		auth required pam_ecryptfs.so unwrap
	END
	pam_service common-account <<-END
		account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so
		account requisite pam_deny.so
		account required pam_permit.so
	END
	pam_service common-session <<-END
		session [default=1] pam_permit.so
		session requisite pam_deny.so
		session required pam_permit.so
		session required pam_unix.so
		session optional pam_ecryptfs.so unwrap
	END
	pam_service common-password <<-END
		password [success=1 default=ignore] pam_unix.so obscure sha512
		password requisite pam_deny.so
		password required pam_permit.so
		password optional pam_ecryptfs.so
	END
	pam_service login <<-END
		@include common-auth
		session optional pam_keyinit.so force revoke
		@include common-account
		@include common-session
		@include common-password
	END
	pam_service su <<-END
		auth sufficient pam_rootok.so
		@include common-auth
		@include common-account
		@include common-session
	END
	cp /etc/pam.d/su /etc/pam.d/su-l
	pam_service passwd <<<'@include common-password'
	pam_service other <<-END
		auth required pam_deny.so
		account required pam_deny.so
		password required pam_deny.so
		session required pam_deny.so
	END
}

# debian_remove: /usr is the rig's again.
debian_remove() {
	cd /
	umount /usr 2>/dev/null || umount -l /usr
	umount "$DEBIAN" 2>/dev/null || umount -l "$DEBIAN"
}

# as USER COMMAND...: in a session of its own, as after a login, that reaches
# the user's keyring.
as() {
	local user=$1
	shift
	setpriv --reuid "$user" --regid "$user" --init-groups --reset-env \
		env -C "/home/$user" USER="$user" LOGNAME="$user" HOME="/home/$user" \
		PATH=/usr/local/bin:/usr/bin:/bin:/sbin LC_ALL=C.UTF-8 \
		keyctl session - sh -c 'keyctl link @u @s; exec "$@"' sh "$@"
}
