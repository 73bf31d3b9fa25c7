#!/usr/bin/env bash
# Usage: web.sh DIR
#
# Builds DIR/web-SUITE for the releases of Debian that are in use: the base system as
# debootstrap installs it when asked for nothing else, and web-packages.txt with what
# these recommend, so that a tree is what a machine has after `apt install` of those
# servers and before anybody configures one. It differs from such a machine in what only
# booting makes (nothing was ever started, root has no password, no user exists) and in
# what a test does not read (documentation, Perl, Python, LLVM).
#
# As units.sh, it builds a tree once, by the digest of this recipe in DIR/web-SUITE.stamp,
# and leaves out with a word on stderr what cannot be fetched.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
suites="bullseye bookworm trixie"
unfetched=75 # exit status: the network's fault
timeout=124  # exit status of timeout(1): most likely the network's, too

recipe() { cat "$here/common.sh" "$here/web.sh" "$here/web-packages.txt" | sha256sum | cut -d' ' -f1; }

# prepare forbids starting services and spares work on what clean would remove.
prepare() {
	local root=$1 stub
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	for stub in update-initramfs py3compile; do
		printf '#!/bin/sh\nexit 0\n' >"$root/usr/local/sbin/$stub"
	done
	chmod 755 "$root/usr/sbin/policy-rc.d" "$root"/usr/local/sbin/*
	{
		echo force-unsafe-io
		printf 'path-exclude=/usr/share/%s/*\n' doc info locale man
	} >"$root/etc/dpkg/dpkg.cfg.d/hostaudit"
	apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/99hostaudit" || true
	cat >>"$root/etc/apt/apt.conf.d/99hostaudit" <<-'END'
		Acquire::Languages "none";
		Acquire::Check-Valid-Until "false";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
	END
}

# The tests run the daemons and read what is configured; what only interpreters and
# administrators use goes, and databases give back the space that they only reserve.
clean() {
	local root=$1
	rm -f "$root/usr/sbin/policy-rc.d" "$root"/usr/local/sbin/* \
		"$root/etc/dpkg/dpkg.cfg.d/hostaudit" "$root/etc/apt/apt.conf.d/99hostaudit" "$root"/var/cache/apt/*.bin
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/boot/* \
		"$root"/usr/share/{doc,info,locale,man,i18n,perl,perl5,python3,vim,GeoIP} "$root"/usr/lib/*/perl \
		"$root"/usr/lib/{modules,firmware,python3,file} "$root"/usr/lib/python3.* "$root"/usr/lib/llvm-* \
		"$root"/usr/lib/udev/hwdb* "$root"/usr/lib/postgresql/*/lib/bitcode \
		"$root"/usr/bin/{aria_*,myisam*,innochecksum,perror,replace,resolve*,php[0-9]*} \
		"$root"/usr/bin/mariadb-{backup,binlog,conv,dump,hotcopy,import,plugin,show,slap,tzinfo-to-sql}
	find "$root/usr/lib" -xdev \( -name 'libLLVM*' -o -name 'libz3.so*' -o -name 'llvmjit*' \) -delete
	find "$root/var/lib/mysql" "$root/var/lib/postgresql" -xdev -type f -size +1M \
		-exec sh -c 'cp -a --sparse=always "$1" "$1.new" && mv "$1.new" "$1"' sparse {} \;
	# debootstrap copies these two from the machine it runs on.
	echo "$suite" >"$root/etc/hostname"
	: >"$root/etc/resolv.conf"
	printf '127.0.0.1 localhost %s\n::1 localhost\n' "$suite" >"$root/etc/hosts"
}

# Runs as process 1 of its own namespaces.
inside() {
	local suite=$1 root=$2 from
	in_tree() {
		env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" >>"$root.log" 2>&1
	}
	from=$(mirror)
	proxies
	# wget would wait for an unreachable mirror for hours.
	printf 'timeout = 30\ntries = 3\n' >"$root.wgetrc"
	WGETRC=$root.wgetrc debootstrap "$suite" "$root" ${from:+"$from"} >"$root.log" 2>&1 || return "$unfetched"
	prepare "$root"
	mount -t proc proc "$root/proc"
	in_tree chroot "$root" apt-get -qq update || return "$unfetched"
	# shellcheck disable=SC2046 # one word per package is meant
	set -- $(grep -v '^#' "$here/web-packages.txt")
	in_tree chroot "$root" apt-get -qq -y --download-only install "$@" || return "$unfetched"
	in_tree unshare --net chroot "$root" sh -c 'ip link set lo up && exec apt-get -qq -y --no-download install "$@"' install "$@"
	umount "$root/proc"
	clean "$root"
}

# one builds the tree of a suite in $dir, unless it is there.
one() {
	local suite=$1 want new status=0 started=$SECONDS
	want=$(recipe)
	if [ -d "$dir/web-$suite" ] && [ "$(cat "$dir/web-$suite.stamp" 2>/dev/null)" = "$want" ]; then
		return 0
	fi
	log "building $dir/web-$suite once"
	rm -rf "$dir/web-$suite.stamp" "$dir/new-web-$suite".*
	new=$dir/new-web-$suite.$$
	mkdir "$new"
	# debootstrap leaves the mode of its target alone; daemons refuse a root others can write.
	chmod 755 "$new"
	timeout --kill-after 10 1200 unshare --mount --propagation private --pid --ipc --uts --fork --kill-child \
		bash "$here/web.sh" --inside "$suite" "$new" 9>&- || status=$?
	if [ "$status" != 0 ]; then
		tail -n 20 "$new.log" >&2
		log "web-$suite: failed ($status), its tests will skip"
		rm -rf "$new"*
		[ "$status" = "$unfetched" ] || [ "$status" = "$timeout" ]
		return
	fi
	keep "$new" "$dir/web-$suite"
	rm -f "$new.log" "$new.wgetrc"
	echo "$want" >"$dir/web-$suite.stamp"
	log "web-$suite built in $((SECONDS - started)) s, $(du -sm "$dir/web-$suite" | cut -f1) MB"
}

case "${1:-}" in
--inside) inside "$2" "$3"; exit ;;
--one) dir=$3; one "$2"; exit ;;
esac

[ $# = 1 ] || { echo "usage: web.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
exec 9>"$dir/web.lock"
flock 9
# Two at a time: one fetches while the other configures.
printf '%s\n' $suites | xargs -P 2 -I SUITE bash "$here/web.sh" --one SUITE "$dir"
