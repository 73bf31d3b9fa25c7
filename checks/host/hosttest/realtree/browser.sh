#!/usr/bin/env bash
# Usage: browser.sh DIR
#
# Builds DIR/bookworm+browser, a layer above DIR/bookworm with what looks at the HTML
# report: Debian's headless Chromium, poppler-utils that read the paper it prints, and, where
# this machine has npm, the W3C's checker of HTML (vnu, with the Java it needs) and axe-core,
# which looks for what shuts people out. The files of npm are at /opt/report.
#
# As build.sh, it builds once: DIR/bookworm+browser.stamp holds the digest of this recipe
# and of the tree below. What cannot be fetched is left out with a word on stderr: tests
# that need it skip and say so.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
packages="chromium-headless-shell fonts-dejavu-core fonts-liberation2 openjdk-17-jre-headless poppler-utils"

recipe() { cat "$here/common.sh" "$here/browser.sh" "$dir/bookworm.stamp" | sha256sum | cut -d' ' -f1; }

# fetched puts what the layer in $1 lacks of the npm packages there. npm checks digests.
fetched() {
	local module from file
	for module in "vnu-jar@26.9.27 build/dist/vnu.jar" "axe-core@4.14.1 axe.min.js"; do
		read -r module from <<<"$module"
		file=$1/opt/report/${from##*/}
		[ ! -f "$file" ] || continue
		command -v npm >/dev/null || { log "no npm, no $module: its tests will skip"; continue; }
		mkdir -p "$1/opt/report" "$dir/new-browser.npm"
		if ! npm pack --silent --ignore-scripts --fetch-retries 1 --fetch-timeout 60000 \
			--pack-destination "$dir/new-browser.npm" "$module" >/dev/null ||
			! tar -xzf "$dir/new-browser.npm"/*.tgz -C "$dir/new-browser.npm" "package/$from"; then
			log "$module: not fetched, its tests will skip"
		else
			mv "$dir/new-browser.npm/package/$from" "$file"
		fi
		rm -rf "$dir/new-browser.npm"
	done
}

# Runs as process 1 of its own namespaces. The lists of apt and what keeps services from
# starting lie in a view of their own, which is no part of the layer.
inside() {
	local new=$1 view=$1.lists
	mkdir "$view"
	mount -t tmpfs -o mode=755 lists "$view"
	mkdir -m 755 "$view/upper" "$view/work"
	mount -t overlay overlay -o "lowerdir=$dir/bookworm,upperdir=$view/upper,workdir=$view/work" "$new"
	printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
	chmod 755 "$new/usr/sbin/policy-rc.d"
	{
		echo force-unsafe-io
		printf 'path-exclude=/usr/share/%s/*\n' doc info locale man
	} >"$new/etc/dpkg/dpkg.cfg.d/hostaudit"
	apt-config dump Acquire | grep -i proxy >"$new/etc/apt/apt.conf.d/99hostaudit" || true
	printf 'APT::Install-Recommends "false";\nAcquire::Languages "none";\nAcquire::Retries "2";\nAcquire::http::Timeout "30";\n' \
		>>"$new/etc/apt/apt.conf.d/99hostaudit"
	cp --remove-destination /etc/resolv.conf "$new/etc/resolv.conf"
	mkdir -p "$new/usr/share/man/man1" # where Java's links go
	chroot "$new" apt-get -qq update >>"$new.log" 2>&1 || { tail -n 20 "$new.log" >&2; return 1; }
	# shellcheck disable=SC2086 # one word per package is meant
	layer "$new" browser $packages
	umount "$new" "$view"
	rmdir "$view"
}

if [ "${1:-}" = --inside ]; then
	dir=$2
	inside "$3"
	exit
fi

[ $# = 1 ] || { echo "usage: browser.sh DIR" >&2; exit 2; }
dir=$(cd "$1" && pwd)
[ -f "$dir/bookworm.stamp" ] || exit 0
exec 9>"$dir/browser.lock"
flock 9

want=$(recipe)
layer=$dir/bookworm+browser
if [ -d "$layer" ] && [ "$(cat "$layer.stamp" 2>/dev/null)" = "$want" ]; then
	fetched "$layer"
	exit 0
fi
started=$SECONDS
log "building $layer once"
rm -rf "$layer.stamp" "$layer" "$dir"/new-browser.*
new=$dir/new-browser.$$
mkdir "$new"
chmod 755 "$new"
if ! timeout --kill-after 10 600 unshare --mount --propagation private --pid --ipc --uts --fork --kill-child \
	bash "$here/browser.sh" --inside "$dir" "$new" 9>&- || [ ! -d "$new+browser" ]; then
	log "bookworm+browser: failed, its tests will skip"
	rm -rf "$new" "$new".* "$new"+*
	exit 0
fi
# What draws on graphics cards is of no use to a browser without a screen; Java starts
# without the second archive of its classes.
find "$new+browser" \( -name 'libLLVM*' -o -name 'libz3.so*' -o -name 'libVkLayer*' -o -path '*/dri/*_dri.so' \
	-o -name classes_nocoops.jsa \) -delete
fetched "$new+browser"
mv "$new+browser" "$layer"
rm -rf "$new" "$new".*
echo "$want" >"$layer.stamp"
log "bookworm+browser built in $((SECONDS - started)) s, $(du -sm "$layer" | cut -f1) MB"
