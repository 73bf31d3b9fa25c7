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
