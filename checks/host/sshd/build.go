package sshd

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/dropbear"
	"hostaudit/checks/internal/sshdconf"
)

const (
	defaultExe    = "/usr/sbin/sshd"
	defaultConfig = "/etc/ssh/sshd_config"
	vendorConfig  = "/usr/etc/ssh/sshd_config" // of SUSE, read where the other is absent
)

// binary is what the file of a program tells.
type binary struct {
	err      error // why it could not be read
	version  sshdconf.Version
	releases int      // different ones: one is an answer
	configs  []string // paths in it that end in /sshd_config, sorted
	dropbear dropbear.Version
}

// isSSHD reports a program that calls itself OpenSSH and knows of sshd_config, as the
// client does not.
func (b binary) isSSHD() bool { return b.releases > 0 && len(b.configs) > 0 }

const (
	maxBinary   = 16 << 20 // bytes searched of one program. sshd has about 1 MiB.
	maxBinaries = 24       // programs searched for one host
	maxForeign  = 6        // of those, what ordinary accounts alone run: they can have any number
	overlap     = 512      // more than anything looked for
	maxReleases = 64       // looked at in one piece: any account can write a program of nothing else
)

// releaseString is SSH_RELEASE of version.h as the compiler leaves it: after a
// NUL, and with the p of the portable release. The patterns of compat.c that
// look alike hold stars instead.
var releaseString = regexp.MustCompile(`^\x00OpenSSH_([0-9]{1,2}\.[0-9]{1,2}(?:\.[0-9]+)?p[0-9]+)[^*,?]`)

// dropbearString is LOCAL_IDENT of Dropbear's sysoptions.h.
var dropbearString = regexp.MustCompile(`SSH-2\.0-dropbear_([0-9]{1,4}\.[0-9]{1,3})[^0-9.]`)

// readBinary reads a program once, in pieces.
func readBinary(t *tree.Tree, exe string) (b binary) {
	f, _, err := t.Open(exe)
	if err != nil {
		return binary{err: err}
	}
	defer f.Close()
	in := io.LimitReader(f, maxBinary)
	buf := make([]byte, 0, 256<<10)
	var found []sshdconf.Version
	for {
		n, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		found = releases(found, buf)
		b.configs = configPaths(b.configs, buf)
		if m := dropbearString.FindSubmatch(buf); m != nil {
			b.dropbear, _ = dropbear.ParseVersion(string(m[1]))
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return binary{err: err}
			}
			break
		}
		keep := copy(buf[:cap(buf)], buf[len(buf)-overlap:])
		buf = buf[:keep]
	}
	slices.Sort(b.configs)
	if b.releases = len(found); b.releases == 1 {
		b.version = found[0]
	}
	return b
}

// releases adds the versions in the release strings of a piece of a program; with two
// different ones there is no answer, and the search ends.
func releases(found []sshdconf.Version, data []byte) []sshdconf.Version {
	const name = "OpenSSH_"
	for at, n := 0, 0; len(found) < 2 && n < maxReleases; n++ {
		// A search for the NUL before it would stop at every one of a program's many.
		i := bytes.Index(data[at:], []byte(name))
		if i < 0 {
			break
		}
		begin := at + i - 1
		at += i + len(name)
		if begin < 0 {
			continue
		}
		if m := releaseString.FindSubmatch(data[begin:min(begin+overlap, len(data))]); m != nil {
			if v, ok := sshdconf.ParseVersion(string(m[1])); ok && !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return found
}

// maxConfigs bounds the paths kept of one program.
const maxConfigs = 8

// configPaths adds the strings of a program that are the path of an sshd_config.
func configPaths(list []string, data []byte) []string {
	const name = "/sshd_config\x00"
	for at := 0; len(list) < maxConfigs; {
		i := bytes.Index(data[at:], []byte(name))
		if i < 0 {
			break
		}
		end := at + i + len(name) - 1
		begin := bytes.LastIndexByte(data[at:end], 0)
		if begin += at; begin < at || end-begin > overlap/2 {
			at = end
			continue
		}
		at = end
		s := string(data[begin+1 : end])
		if path.IsAbs(s) && path.Clean(s) == s && !slices.Contains(list, s) && printable(s) {
			list = append(list, s)
		}
	}
	return list
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// binary returns what a program's file tells, read once.
func (l *looker) binary(exe string) binary {
	b, known := l.binaries[exe]
	if !known {
		if len(l.binaries) >= l.maxBinaries {
			return binary{err: tree.ErrTooLarge}
		}
		b = readBinary(l.h.Tree, exe)
		l.binaries[exe] = b
	}
	return b
}

// build says which OpenSSH a program is: the version from its own release string, else
// from the package it belongs to; the vendor from os-release.
func (l *looker) build(exe string) sshdconf.Build {
	b := sshdconf.Build{Vendor: vendorOf(l.h.OS)}
	b.Release = release(l.h.OS)
	if exe == "" {
		return b
	}
	if file := l.binary(exe); file.releases > 0 {
		b.Version = file.version
	} else {
		b.Version = l.packagedVersion(exe)
	}
	// From 10.1 on Debian builds one sshd with the exchange of keys by GSSAPI and one
	// without, from packages of their own.
	if b.Vendor == sshdconf.Debian && b.Version.AtLeast(10, 1) && l.owner(exe).Package == "openssh-server-gssapi" {
		b.Vendor = sshdconf.DebianGSSAPI
	}
	return b
}

// owner asks the package database whose file a program is.
func (l *looker) owner(exe string) packages.Owner {
	if resolved, err := l.h.Tree.Resolve(exe); err == nil {
		exe = resolved
	}
	return l.h.Packages().Owners(exe)[exe]
}

// release is the first number of VERSION_ID, which decides about patches that a version
// of OpenSSH does not tell; 0 = not known.
func release(os host.OSRelease) int {
	major, _, _ := strings.Cut(os.VersionID, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

// packagedVersion asks the package database.
func (l *looker) packagedVersion(exe string) sshdconf.Version {
	owner := l.owner(exe)
	if owner.Err != nil || !strings.HasPrefix(owner.Package, "openssh") {
		return sshdconf.Version{}
	}
	v, _ := sshdconf.ParseVersion(owner.Version)
	if !v.Known() && l.h.Packages().Manager() == packages.Dpkg {
		if status, err := l.h.Tree.ReadFile("/var/lib/dpkg/status"); err == nil {
			v, _ = dpkgVersion(status, owner.Package)
		}
	}
	return v
}

// dpkgVersion reads the version of a package from dpkg's status, in the format of
// deb822(5). Only an installed package counts.
func dpkgVersion(status []byte, name string) (sshdconf.Version, bool) {
	for paragraph := range bytes.SplitSeq(status, []byte("\n\n")) {
		if !bytes.Contains(paragraph, []byte("Package: "+name)) {
			continue
		}
		field := map[string]string{}
		for line := range bytes.Lines(paragraph) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && name != "" && name[0] != ' ' {
				field[name] = strings.TrimSpace(value)
			}
		}
		if field["Package"] == name && strings.HasSuffix(field["Status"], " installed") {
			return sshdconf.ParseVersion(field["Version"])
		}
	}
	return sshdconf.Version{}, false
}

// vendorOf says whose patches sshd carries.
func vendorOf(os host.OSRelease) sshdconf.Vendor {
	for _, id := range append([]string{os.ID}, strings.Fields(os.IDLike)...) {
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

// mainConfig is the file an sshd without -f reads: what the program itself holds, else
// what the vendor's builds have.
func (l *looker) mainConfig(exe string, vendor sshdconf.Vendor) string {
	var configs []string
	if exe != "" {
		configs = l.binary(exe).configs
	}
	if vendor == sshdconf.SUSE || slices.Contains(configs, vendorConfig) {
		_, err := l.h.Tree.Lstat(defaultConfig)
		_, vendorErr := l.h.Tree.Lstat(vendorConfig)
		if errors.Is(err, fs.ErrNotExist) && vendorErr == nil {
			return vendorConfig
		}
		return defaultConfig
	}
	if len(configs) == 1 {
		return configs[0]
	}
	return defaultConfig
}

// foreignIncludes reports a file of a program built for another directory than /etc/ssh
// that may hold an Include: relative names begin elsewhere than sshdconf takes them to.
func (l *looker) foreignIncludes(exe, file string) bool {
	if exe == "" {
		return false
	}
	configs := l.binary(exe).configs
	if len(configs) != 1 || path.Dir(configs[0]) == path.Dir(defaultConfig) {
		return false
	}
	data, err := l.h.Tree.ReadFile(file)
	return err == nil && bytes.Contains(bytes.ToLower(data), []byte("include"))
}
