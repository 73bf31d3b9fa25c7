# Functions that build.sh and units.sh share; sourced, never run.

log() { printf 'realtree: %s\n' "$*" >&2; }

# mirror prints where this machine's own apt gets Debian's main archive from, so that a
# site mirror is used where one is configured; what serves one release serves the others.
# Nothing when the machine is no Debian or the address is of a kind debootstrap cannot
# fetch: then debootstrap's default holds.
mirror() {
	local id='' codename=''
	id=$(. /etc/os-release && printf %s "${ID:-}")
	codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")
	[ "$id" = debian ] || return 0
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		awk -v release="$codename" '$2 == release && $3 == "main" && $1 ~ /^https?:/ && !seen++ { print $1 }'
}

# proxies exports what apt is told about proxies to the wget of debootstrap.
proxies() {
	local http='' https=''
	eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
	if [ -n "$http" ] && [ "$http" != DIRECT ]; then export http_proxy=$http; fi
	if [ -n "$https" ] && [ "$https" != DIRECT ]; then export https_proxy=$https; fi
}

# layer ROOT NAME PACKAGE... installs packages for which others of the tree must go (every
# FTP server conflicts with every other) in a copy-on-write view of ROOT and keeps what
# that changed as ROOT+NAME, whiteouts included: a lower layer for an overlay above ROOT.
# It needs apt's lists, so it comes before the tree is cleaned, and a mount namespace of
# its own. A layer that cannot be had is left out with a word: its tests skip and say so.
layer() {
	local root=$1 name=$2 view=$1.view
	shift 2
	log "layer $name: $*"
	mkdir "$view"
	mount -t tmpfs -o mode=755 view "$view"
	mkdir -m 755 "$view/upper" "$view/work" "$view/root"
	mount -t overlay overlay -o "lowerdir=$root,upperdir=$view/upper,workdir=$view/work" "$view/root"
	mount -t proc proc "$view/root/proc"
	in_view() {
		env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" >>"$root.log" 2>&1
	}
	if ! {
		in_view chroot "$view/root" apt-get -qq -y --download-only install "$@" &&
			in_view unshare --net chroot "$view/root" apt-get -qq -y --no-download install "$@" &&
			umount "$view/root/proc" "$view/root" &&
			rm -rf "$view"/upper/var/cache/apt "$view"/upper/var/log "$view"/upper/tmp &&
			cp -a "$view/upper" "$root+$name"
	}; then
		tail -n 20 "$root.log" >&2
		log "layer $name: failed, its tests will skip"
		rm -rf "${root:?}+$name"
	fi
	umount --recursive "$view"
	rmdir "$view"
}

# keep moves a finished tree and its layers to their place: NEW, then where.
keep() {
	local new=$1 place=${2:?} made
	rm -rf "$place" "$place"+*
	for made in "$new"+*; do
		[ ! -d "$made" ] || mv "$made" "$place+${made#"$new"+}"
	done
	mv "$new" "$place"
}
