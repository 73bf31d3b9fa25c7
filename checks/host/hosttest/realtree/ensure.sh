#!/usr/bin/env bash
# Usage: ensure.sh DIR
#
# Sees to it that the tree of real daemons is at DIR/bookworm and up to date, the browser
# in a layer above it, the trees of units at DIR/units-SUITE, and those of web hosts at
# DIR/web-SUITE. Where this machine cannot have them (no root, no namespaces, no way to get
# debootstrap) it says so and succeeds: the tests that need a tree then skip and say why.
# Anything else that goes wrong is an error.
set -euo pipefail

none() {
	printf 'realtree: none, tests against real daemons will skip: %s\n' "$1" >&2
	exit 0
}

[ $# = 1 ] || { echo "usage: ensure.sh DIR" >&2; exit 2; }
[ "$(uname -s)" = Linux ] || none "not Linux"
[ "$(id -u)" = 0 ] || none "not root"
unshare --mount --net --pid --ipc --uts --fork true 2>/dev/null || none "this machine allows no new namespaces"
if ! command -v debootstrap >/dev/null; then
	command -v apt-get >/dev/null || none "no debootstrap and no apt-get to install it"
	echo "realtree: installing debootstrap, the build tool of the tree" >&2
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install \
		debootstrap debian-archive-keyring gpgv >/dev/null
fi
here=$(dirname "${BASH_SOURCE[0]}")
bash "$here/build.sh" "$1"
# Each of the two waits much for what it fetches.
bash "$here/browser.sh" "$1" &
browser=$!
status=0
bash "$here/units.sh" "$1" && bash "$here/web.sh" "$1" || status=$?
wait "$browser"
exit "$status"
