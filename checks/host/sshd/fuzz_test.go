package sshd

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/sshdconf"
)

// FuzzServices: a port comes from a line that has the name and "/tcp".
func FuzzServices(f *testing.F) {
	f.Add([]byte("ssh\t22/tcp\t# SSH\nssh 22/udp\n"), "ssh")
	f.Add([]byte("x 99999/tcp\nx 1/udp y\nx -1/tcp\nz 5/tcp x y\n"), "x")
	f.Add([]byte("#x 1/tcp\n x\n"), "x")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		port, found := servicePort(data, name)
		if !found {
			if port != 0 {
				t.Fatalf("port %d of nothing", port)
			}
			return
		}
		if name == "" || strings.ContainsAny(name, " \t\n#") || !bytes.Contains(data, []byte(name)) {
			t.Fatalf("%q found", name)
		}
		if !bytes.Contains(data, []byte(strconv.Itoa(int(port))+"/tcp")) {
			t.Fatalf("port %d is not there", port)
		}
	})
}

// FuzzVariables: what conf.d says reaches the options word by word or is a Problem; no
// file makes options of nothing.
func FuzzVariables(f *testing.F) {
	for _, s := range []string{
		"SSHD_OPTS=\"-p 22\"\n", "SSHD_OPTS='-4'; export SSHD_OPTS", "SSHD_OPTS=$X", ". /x\nSSHD_OPTS=-4", "if :; then\nSSHD_OPTS=-4\nfi",
		"SSHD_OPTS=-p\\ 22", "SSHD_OPTS=`x`", "unset SSHD_OPTS", "#SSHD_OPTS=-4", "SSHD_OPTS=a SSHD_OPTS=b c",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v := noVariables()
		v.add("/etc/conf.d/sshd", data)
		args, problem := v.words("SSHD_OPTS")
		if problem != nil {
			if len(args) > 0 || problem.Err == nil || problem.Detail == "" {
				t.Fatalf("%q with %+v", args, problem)
			}
			return
		}
		if len(args) > 0 && !bytes.Contains(data, []byte("SSHD_OPTS")) {
			t.Fatalf("%q of nothing", args)
		}
		for _, arg := range args {
			if strings.ContainsAny(arg, " \t\n'\"`$\\") {
				t.Fatalf("argument %q", arg)
			}
		}
	})
}

// FuzzBinary: a version comes from the release string, a path from a string that is one.
func FuzzBinary(f *testing.F) {
	f.Add([]byte("\x00OpenSSH_7.4*\x00OpenSSH_9.2p1 Debian\x00/etc/ssh/sshd_config\x00"))
	f.Add([]byte("\x00OpenSSH_9.2p1\x00\x00OpenSSH_8.2p1\x00/sshd_config\x00//sshd_config\x00"))
	f.Add([]byte("SSH-2.0-dropbear_2022.83\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		src, err := tree.NewMapSource(map[string]tree.Entry{"x": {Mode: 0o755, Content: data}})
		if err != nil {
			t.Fatal(err)
		}
		b := readBinary(tree.New(src, tree.Options{}), "/x")
		if b.version.Known() && (b.releases != 1 || !bytes.Contains(data, []byte("OpenSSH_"))) {
			t.Fatalf("%+v", b)
		}
		if len(b.configs) > maxConfigs {
			t.Fatalf("%d paths", len(b.configs))
		}
		for _, c := range b.configs {
			if !bytes.Contains(data, []byte("\x00"+c+"\x00")) || !strings.HasSuffix(c, "/sshd_config") || c[0] != '/' {
				t.Fatalf("path %q", c)
			}
		}
	})
}

// FuzzDpkgVersion: a version comes from an installed package of that name only.
func FuzzDpkgVersion(f *testing.F) {
	f.Add([]byte("Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2\n"))
	f.Add([]byte("Package: openssh-server-x\nStatus: install ok installed\nVersion: 1:9.2p1-2\n\nPackage: openssh-server\nStatus: deinstall ok config-files\nVersion: 1:8.4p1-2\n"))
	f.Fuzz(func(t *testing.T, status []byte) {
		v, ok := dpkgVersion(status, "openssh-server")
		if ok != v.Known() {
			t.Fatalf("%v, %v", v, ok)
		}
		if ok && (!bytes.Contains(status, []byte("Package: openssh-server")) || !bytes.Contains(status, []byte("installed"))) {
			t.Fatalf("%v from %q", v, status)
		}
	})
}

// FuzzTitle: options come from the words of a title or a command line, whatever wrote it.
func FuzzTitle(f *testing.F) {
	for _, s := range []string{
		title, "sshd: alice [priv]", "sshd: alice@pts/0", "x: y [listener] 1 of 2 startups", "/usr/sbin/sshd\x00-D\x00-p\x0022", "sshd: [listener]",
		"sshd: /usr/sbin/sshd -o AuthorizedKeysCommand /x %u [listener] 0 of 1 startups", "sshd\x00-i",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		p := process(9, "/usr/sbin/sshd", strings.Split(line, "\x00")...)
		args, title, form := arguments(p)
		if form != formListener && (len(args) > 0 || title != "") {
			t.Fatalf("form %d with %q %q", form, args, title)
		}
		for _, arg := range args {
			for word := range strings.FieldsSeq(arg) {
				if !strings.Contains(line, word) {
					t.Fatalf("word %q", word)
				}
			}
		}
	})
}

// TestBuild: who built sshd, and which version it is.
func TestBuild(t *testing.T) {
	const dpkg = "-- var/lib/dpkg/status --\nPackage: openssh-server\nStatus: %\nVersion: 1:9.2p1-2+deb12u10\nArchitecture: amd64\n-- var/lib/dpkg/info/openssh-server.list --\n/.\n/usr\n/usr/sbin\n/usr/sbin/sshd\n"
	for _, tc := range []struct {
		name, binary, more string
		os                 host.OSRelease
		want               string
	}{
		{"upstream-old", "OpenSSH_6.6p1", "", host.OSRelease{ID: "arch"}, "upstream 6.6"},
		{"three-parts", "OpenSSH_6.6.1p1", "", host.OSRelease{ID: "arch"}, "upstream 6.6"},
		{"centos", "OpenSSH_7.4p1", "", host.OSRelease{ID: "centos", VersionID: "7"}, "redhat 7.4"},
		{"amazon", "OpenSSH_7.4p1", "", host.OSRelease{ID: "amzn", IDLike: "centos rhel fedora", VersionID: "2"}, "redhat 7.4"},
		{"derivative", "OpenSSH_9.2p1", "", host.OSRelease{ID: "raspbian", IDLike: "debian"}, "debian 9.2"},
		{"unknown", "something", "", host.OSRelease{ID: "arch"}, "upstream "},
		{"unknown-vendor", "OpenSSH_9.2p1", "", host.OSRelease{ID: "void"}, " 9.2"},
		{"two-versions", `OpenSSH_6.6p1\x00\x00OpenSSH_9.2p1`, strings.Replace(dpkg, "%", "install ok installed", 1), host.OSRelease{ID: "debian"}, "debian "},
		{"from-dpkg", "something", strings.Replace(dpkg, "%", "install ok installed", 1), host.OSRelease{ID: "debian"}, "debian 9.2"},
		{"removed-package", "something", strings.Replace(dpkg, "%", "deinstall ok config-files", 1), host.OSRelease{ID: "debian"}, "debian "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, "-- usr/sbin/sshd quoted --\n\\x00"+tc.binary+"\\x00\n"+tc.more)
			h.OS = tc.os
			b := newLooker(h, nil).build(defaultExe)
			if diff := cmp.Diff(tc.want, string(b.Vendor)+" "+b.Version.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBinaryAcrossPieces: what is looked for may lie across two pieces of the file.
func TestBinaryAcrossPieces(t *testing.T) {
	for shift := range 40 {
		data := bytes.Repeat([]byte{'x'}, 256<<10-20-shift)
		data = append(data, "\x00OpenSSH_9.2p1 Debian\x00/etc/ssh/sshd_config\x00"...)
		data = append(data, bytes.Repeat([]byte{'y'}, 300<<10)...)
		src, err := tree.NewMapSource(map[string]tree.Entry{"x": {Mode: 0o755, Content: data}})
		if err != nil {
			t.Fatal(err)
		}
		b := readBinary(tree.New(src, tree.Options{}), "/x")
		if b.version != (sshdconf.Version{Major: 9, Minor: 2}) || len(b.configs) != 1 {
			t.Fatalf("shifted by %d: %+v", shift, b)
		}
	}
}

// TestSource: the two lookups a configuration can make sshd do.
func TestSource(t *testing.T) {
	h := hosttest.Load(t, "-- etc/services --\nssh 22/tcp shell\nssh 23/tcp\ntime 37/udp\n-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n")
	s := source(h)
	for name, want := range map[string]uint16{"ssh": 22, "shell": 22, "SSH": 0, "time": 0, "none": 0} {
		port, found, err := s.Service(name)
		if err != nil || port != want || found != (want != 0) {
			t.Errorf("%s: %d %t %v, want %d", name, port, found, err, want)
		}
	}
	if dir, found, err := s.Home("root"); dir != "/root" || !found || err != nil {
		t.Errorf("root: %q %t %v", dir, found, err)
	}
	if dir, found, err := s.Home("nobody"); dir != "" || found || err != nil {
		t.Errorf("nobody: %q %t %v", dir, found, err)
	}
	hidden := source(hosttest.Load(t, "-- etc/services err=permission --\n-- etc/passwd err=permission --\n"))
	if _, _, err := hidden.Service("ssh"); err == nil {
		t.Error("an unreadable file has no services")
	}
	if _, _, err := hidden.Home("root"); err == nil {
		t.Error("an unreadable file has no accounts")
	}
}
