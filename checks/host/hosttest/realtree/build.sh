#!/usr/bin/env bash
# Usage: build.sh DIR
#
# Builds DIR/bookworm, the root tree whose real daemons the tests run: Debian
# bookworm's minimal base plus packages.txt. Needs root and debootstrap.
#
# The tree is built once: DIR/bookworm.stamp holds the digest of this recipe, and a
# tree with the right stamp is left alone. It is built aside and renamed, so a build
# that was interrupted leaves nothing that looks finished.
#
# Everything that could start a daemon or leave a mount behind happens in namespaces of
# its own (unshare below): their end takes every process and every mount with it.
# Packages are unpacked and configured without a network and with a policy-rc.d that
# forbids starting services.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
suite=bookworm

recipe() { cat "$here/common.sh" "$here/build.sh" "$here/packages.txt" | sha256sum | cut -d' ' -f1; }

packages() { grep -v '^#' "$here/packages.txt"; }

# base unpacks the minimal base into $1.
base() {
	local from
	from=$(mirror)
	proxies
	debootstrap --variant=minbase "$suite" "$1" ${from:+"$from"} >"$1.log" 2>&1 ||
		{ tail -n 20 "$1.log" >&2; return 1; }
}

# Forcing unsafe I/O spares thousands of fsync calls on a tree that is thrown away when
# it is damaged; documentation and translations are of no use to a test.
prepare() {
	local root=$1
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	{
		echo force-unsafe-io
		printf 'path-exclude=/usr/share/%s/*\n' doc info locale man
	} >"$root/etc/dpkg/dpkg.cfg.d/hostaudit"
	apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/99hostaudit" || true
	printf 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n' >>"$root/etc/apt/apt.conf.d/99hostaudit"
}

clean() {
	local root=$1
	rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/dpkg/dpkg.cfg.d/hostaudit" \
		"$root/etc/apt/apt.conf.d/99hostaudit" "$root"/var/cache/apt/*.bin
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
	mkdir -p "$root/run/sshd" # made at boot; sshd starts only where it is
	# debootstrap copies these two from the machine it runs on.
	echo bookworm >"$root/etc/hostname"
	: >"$root/etc/resolv.conf"
	printf '127.0.0.1 localhost bookworm\n::1 localhost\n' >"$root/etc/hosts"
}

# Runs as process 1 of its own namespaces.
inside() {
	local root=$1
	in_tree() {
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
	}
	log "base system ($suite)"
	base "$root"
	prepare "$root"
	mount -t proc proc "$root/proc"
	# shellcheck disable=SC2046 # one word per package is meant
	set -- $(packages)
	log "packages: $*"
	in_tree chroot "$root" apt-get -qq update >>"$root.log" 2>&1
	in_tree chroot "$root" apt-get -qq -y --download-only install "$@" >>"$root.log" 2>&1
	in_tree unshare --net chroot "$root" apt-get -qq -y --no-download install "$@" >>"$root.log" 2>&1 ||
		{ tail -n 20 "$root.log" >&2; return 1; }
	umount "$root/proc"
	rm -f "$root"/var/cache/apt/archives/*.deb
	layer "$root" proftpd proftpd-core proftpd-mod-crypto
	layer "$root" pure-ftpd pure-ftpd update-inetd # its scripts call it
	clean "$root"
}

if [ "${1:-}" = --inside ]; then
	inside "$2"
	exit
fi

[ $# = 1 ] || { echo "usage: build.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
exec 9>"$dir/lock"
flock 9

want=$(recipe)
if [ -d "$dir/$suite" ] && [ "$(cat "$dir/$suite.stamp" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
started=$SECONDS
log "building $dir/$suite once, a few minutes"
rm -rf "$dir/$suite.stamp" "$dir"/new.*
new=$dir/new.$$
mkdir "$new"
# debootstrap leaves the mode of its target alone; daemons refuse a root others can write.
chmod 755 "$new"
if ! unshare --mount --propagation private --pid --ipc --uts --fork --kill-child \
	bash "$here/build.sh" --inside "$new" 9>&-; then
	log "failed; the log is $new.log"
	rm -rf "$new"*
	exit 1
fi
keep "$new" "$dir/$suite"
rm -f "$new.log"
echo "$want" >"$dir/$suite.stamp"
log "built in $((SECONDS - started)) s, $(du -sm "$dir/$suite" | cut -f1) MB"
