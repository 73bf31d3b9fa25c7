package ssh

import (
	"strings"
	"testing"

	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
)

// FuzzRootLogin: whatever the configuration holds, root login never passes
// without
// the words that forbid it.
func FuzzRootLogin(f *testing.F) {
	for _, s := range []string{
		"PermitRootLogin no", "PermitRootLogin yes", "Include a\nPermitRootLogin no", "Match User root\nPermitRootLogin yes",
		"PermitRootLogin no\nMatch all\nPermitRootLogin yes", "", "\x00", "PermitRootLogin no#x", "permitrootlogin=\"no\"",
	} {
		f.Add(s, "PermitRootLogin yes\n")
	}
	f.Fuzz(func(t *testing.T, config, other string) {
		src, err := tree.NewMapSource(map[string]tree.Entry{
			"usr/sbin/sshd":       {Mode: 0o755, Content: []byte("\x00OpenSSH_9.2p1 Debian\x00")},
			"etc/ssh/sshd_config": {Mode: 0o644, Content: []byte(config)},
			"etc/ssh/a":           {Mode: 0o644, Content: []byte(other)},
			"etc/passwd":          {Mode: 0o644, Content: []byte("root:x:0:0::/root:/bin/sh\n")},
		})
		if err != nil {
			t.Fatal(err)
		}
		h := host.New(host.Root, tree.New(src, tree.Options{}))
		h.OS = host.OSRelease{ID: "debian"}
		got := verdict(t, h, "ssh.root-login")
		all := strings.ToLower(config + "\n" + other)
		if got == "pass" && (!strings.Contains(all, "permitrootlogin") || !strings.Contains(all, "no")) {
			t.Fatalf("pass for %q and %q", config, other)
		}
		if got := verdict(t, h, "ssh.port"); got == "pass" && !strings.Contains(all, "port") && !strings.Contains(all, "listenaddress") {
			t.Fatalf("ssh.port passes for %q and %q", config, other)
		}
	})
}

// FuzzStreams: a line that counts is a ListenStream line with that text.
func FuzzStreams(f *testing.F) {
	for _, s := range []string{
		"[Socket]\nListenStream=22\n", "[Socket]\nListenStream=\nListenStream=[::]:22", "[Unit]\nListenStream=22", "[Socket]\nListenStream=/run/x",
		"[Socket]\nListenStream=a\\\nb", "[Socket]\nListenStream=host:22", "[Socket]\nListenStream=0.0.0.0:22\n#x\nListenStream=vsock::22",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		streams, bad := parseStreams(text)
		if bad < 0 || bad > len(lines) || bad > 0 && len(streams) > 0 {
			t.Fatalf("bad line %d with %d streams", bad, len(streams))
		}
		for _, s := range streams {
			if s.line < 1 || s.line > len(lines) || !strings.Contains(lines[s.line-1], s.text) || !strings.Contains(lines[s.line-1], "ListenStream") {
				t.Fatalf("stream %+v", s)
			}
		}
	})
}

// FuzzDpkgVersion: a version comes from an installed openssh-server only.
func FuzzDpkgVersion(f *testing.F) {
	f.Add([]byte("Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2\n"))
	f.Add([]byte("Package: openssh-server-x\nStatus: install ok installed\nVersion: 1:9.2p1-2\n\nPackage: openssh-server\nStatus: deinstall ok config-files\nVersion: 1:8.4p1-2\n"))
	f.Fuzz(func(t *testing.T, status []byte) {
		v, ok := dpkgVersion(status)
		if ok != v.Known() {
			t.Fatalf("%v, %v", v, ok)
		}
		if ok && (!strings.Contains(string(status), "Package: openssh-server") || !strings.Contains(string(status), "installed")) {
			t.Fatalf("%v from %q", v, status)
		}
	})
}
