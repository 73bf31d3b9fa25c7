package ssh

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/sshdconf"
)

// buildOf says which OpenSSH the program exe is: the version from its own
// release string, else from dpkg's status; the vendor from os-release.
func buildOf(h *host.Host, exe string) sshdconf.Build {
	b := sshdconf.Build{Vendor: vendorOf(h.OS)}
	if v, ok := binaryVersion(h.Tree, exe); ok {
		b.Version = v
		return b
	}
	if exe == defaultExe {
		if status, err := h.Tree.ReadFile("/var/lib/dpkg/status"); err == nil {
			b.Version, _ = dpkgVersion(status)
		}
	}
	return b
}

// maxBinary bounds how much of a program is searched. sshd has about 1 MiB.
const maxBinary = 16 << 20

// releaseString is SSH_RELEASE of version.h as the compiler leaves it: after a
// NUL, and with the p of the portable release. The patterns of compat.c that
// look alike hold stars instead.
var releaseString = regexp.MustCompile(`\x00OpenSSH_([0-9]{1,2}\.[0-9]{1,2}(?:\.[0-9]+)?p[0-9]+)[^*,?]`)

// binaryVersion reads the program in pieces. Two different releases in one
// program are no answer.
func binaryVersion(t *tree.Tree, exe string) (sshdconf.Version, bool) {
	f, _, err := t.Open(exe)
	if err != nil {
		return sshdconf.Version{}, false
	}
	defer f.Close()
	const overlap = 64
	in := io.LimitReader(f, maxBinary)
	buf := make([]byte, 0, 256<<10)
	var found []sshdconf.Version
	for {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for _, m := range releaseString.FindAllSubmatch(buf, -1) {
			if v, ok := sshdconf.ParseVersion(string(m[1])); ok && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return sshdconf.Version{}, false
			}
			break
		}
		keep := copy(buf[:cap(buf)], buf[len(buf)-overlap:])
		buf = buf[:keep]
	}
	if len(found) != 1 {
		return sshdconf.Version{}, false
	}
	return found[0], true
}

// dpkgVersion reads the version of openssh-server from dpkg's status, in the
// format of deb822(5). Only an installed package counts.
func dpkgVersion(status []byte) (sshdconf.Version, bool) {
	for paragraph := range bytes.SplitSeq(status, []byte("\n\n")) {
		if !bytes.Contains(paragraph, []byte("Package: openssh-server")) {
			continue
		}
		field := map[string]string{}
		for line := range bytes.Lines(paragraph) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && name != "" && name[0] != ' ' {
				field[name] = strings.TrimSpace(value)
			}
		}
		if field["Package"] == "openssh-server" && strings.HasSuffix(field["Status"], " installed") {
			return sshdconf.ParseVersion(field["Version"])
		}
	}
	return sshdconf.Version{}, false
}

// vendorOf says whose patches sshd carries.
func vendorOf(os host.OSRelease) sshdconf.Vendor {
	ids := append([]string{os.ID}, strings.Fields(os.IDLike)...)
	for _, id := range ids {
		switch id {
		case "debian", "ubuntu":
			return sshdconf.Debian
		case "rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn":
			return sshdconf.RedHat
		case "suse", "opensuse", "sles", "opensuse-leap", "opensuse-tumbleweed", "opensuse-microos":
			return sshdconf.SUSE
		case "alpine", "arch", "openwrt":
			return sshdconf.Upstream
		}
	}
	return sshdconf.VendorUnknown
}

// defaultRootLogin is what PermitRootLogin means where it is not set; "" is not
// known. OpenSSH changed it in 7.0; Red Hat restored the old default for the
// 7.4 of RHEL 7.
func defaultRootLogin(b sshdconf.Build, os host.OSRelease) string {
	major, _, _ := strings.Cut(os.VersionID, ".")
	redHat := slices.Contains([]string{"rhel", "centos", "ol", "scientific"}, os.ID)
	switch {
	case redHat && (major == "6" || major == "7"):
		return "yes"
	case !b.Version.Known():
		return ""
	case b.Version.Before(7, 0):
		return "yes"
	case redHat && major == "", b.Vendor == sshdconf.RedHat && b.Version.Before(8, 0) && !redHat:
		return "" // a relative of RHEL 7 that may or may not carry the patch
	}
	return "prohibit-password"
}
