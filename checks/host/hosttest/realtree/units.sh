#!/usr/bin/env bash
# Usage: units.sh DIR
#
# Builds DIR/units-SUITE for several releases of Debian: the minimal base, systemd and
# units-packages.txt, configured but never started. Tests compare what they read in these
# trees with what the systemctl of the same release says. Needs root and debootstrap.
#
# As build.sh, it builds a tree once: DIR/units-SUITE.stamp holds the digest of this
# recipe. That sid changes every day is no reason to build it again. A release whose
# packages cannot be fetched is left out with a word on stderr, and so is sid whenever it
# is broken: tests skip a release without a stamp and say so. Everything else that goes
# wrong is an error.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
suites="bullseye bookworm trixie sid"
unfetched=75 # exit status: the network's fault
timeout=124  # exit status of timeout(1): most likely the network's, too

recipe() { cat "$here/common.sh" "$here/units.sh" "$here/units-packages.txt" | sha256sum | cut -d' ' -f1; }

# prepare forbids starting services and spares work on what clean would remove.
prepare() {
	local root=$1
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	# The tree boots no kernel and runs no Python.
	local stub
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
		APT::Install-Recommends "false";
		Acquire::Languages "none";
		Acquire::Check-Valid-Until "false";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
	END
	printf 'postfix postfix/main_mailer_type select Local only\npostfix postfix/mailname string localhost\n' |
		chroot "$root" debconf-set-selections
}

# The tests read units and run systemd, its generators and systemctl; what only daemons
# and interpreters read goes.
clean() {
	local root=$1
	rm -f "$root/usr/sbin/policy-rc.d" "$root"/usr/local/sbin/* \
		"$root/etc/dpkg/dpkg.cfg.d/hostaudit" "$root/etc/apt/apt.conf.d/99hostaudit" "$root"/var/cache/apt/*.bin
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/lib/postgresql \
		"$root"/boot/* "$root"/usr/share/{doc,info,locale,man,zoneinfo,postgresql} \
		"$root"/usr/lib/{modules,firmware} "$root"/usr/lib/*/perl "$root"/usr/lib/python3 "$root"/usr/lib/python3.* \
		"$root"/usr/share/{perl,perl5,python3} "$root"/usr/lib/postgresql "$root"/usr/lib/llvm-*
	find "$root/usr/lib" -xdev \( -name 'libLLVM*' -o -name 'libz3.so*' \) -delete
	mkdir -p "$root/run/sshd" # made at boot; sshd starts only where it is
	# debootstrap copies these two from the machine it runs on; systemd-resolved makes a
	# link of one.
	echo "$suite" >"$root/etc/hostname"
	rm -f "$root/etc/resolv.conf"
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
	WGETRC=$root.wgetrc debootstrap --variant=minbase --include=iproute2 "$suite" "$root" ${from:+"$from"} >"$root.log" 2>&1 || return "$unfetched"
	prepare "$root"
	mount -t proc proc "$root/proc"
	in_tree chroot "$root" apt-get -qq update || return "$unfetched"
	local wanted
	wanted=$(comm -12 <(grep -v '^#' "$here/units-packages.txt" | sort) <(chroot "$root" apt-cache pkgnames | sort))
	# shellcheck disable=SC2086 # one word per package is meant
	set -- $wanted
	in_tree chroot "$root" apt-get -qq -y --download-only install "$@" || return "$unfetched"
	# Without a loopback interface postfix does not configure.
	in_tree unshare --net chroot "$root" sh -c 'ip link set lo up && exec apt-get -qq -y --no-download install "$@"' install "$@"
	umount "$root/proc"
	rm -f "$root"/var/cache/apt/archives/*.deb
	# systemd-resolved has taken it away, and apt is to fetch more.
	cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
	layer "$root" vsftpd vsftpd
	layer "$root" pure-ftpd pure-ftpd update-inetd # its scripts call it
	# The one release that has Oracle's server, not only MariaDB.
	if [ "$suite" = sid ]; then layer "$root" mysql mysql-server-core; fi
	clean "$root"
}

# one builds the tree of a suite in $dir, unless it is there.
one() {
	local suite=$1 want new status=0 started=$SECONDS
	want=$(recipe)
	if [ -d "$dir/units-$suite" ] && [ "$(cat "$dir/units-$suite.stamp" 2>/dev/null)" = "$want" ]; then
		return 0
	fi
	log "building $dir/units-$suite once"
	rm -rf "$dir/units-$suite.stamp" "$dir/new-units-$suite".*
	new=$dir/new-units-$suite.$$
	mkdir "$new"
	# debootstrap leaves the mode of its target alone; daemons refuse a root others can write.
	chmod 755 "$new"
	timeout --kill-after 10 600 unshare --mount --propagation private --pid --ipc --uts --fork --kill-child \
		bash "$here/units.sh" --inside "$suite" "$new" 9>&- || status=$?
	if [ "$status" != 0 ]; then
		tail -n 20 "$new.log" >&2
		log "units-$suite: failed ($status), its tests will skip"
		rm -rf "$new"*
		[ "$status" = "$unfetched" ] || [ "$status" = "$timeout" ] || [ "$suite" = sid ]
		return
	fi
	keep "$new" "$dir/units-$suite"
	rm -f "$new.log" "$new.wgetrc"
	echo "$want" >"$dir/units-$suite.stamp"
	log "units-$suite built in $((SECONDS - started)) s, $(du -sm "$dir/units-$suite" | cut -f1) MB"
}

case "${1:-}" in
--inside) inside "$2" "$3"; exit ;;
--one) dir=$3; one "$2"; exit ;;
esac

[ $# = 1 ] || { echo "usage: units.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
exec 9>"$dir/units.lock"
flock 9
# Two at a time: one fetches while the other configures.
printf '%s\n' $suites | xargs -P 2 -I SUITE bash "$here/units.sh" --one SUITE "$dir"
