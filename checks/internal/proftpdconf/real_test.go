package proftpdconf_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/proftpdconf"
)

// eachProFTPD runs a test against the ProFTPD of every release: 1.3.7a, 1.3.8, 1.3.8c and
// 1.3.9e at the time of writing.
func eachProFTPD(t *testing.T, test func(*testing.T, *hosttest.RealHost, proftpdconf.Build)) {
	t.Helper()
	trees := []string{"units-bullseye", "units-bookworm", "units-trixie", "units-sid"}
	hosttest.EachTree(t, "/usr/sbin/proftpd", trees, func(t *testing.T, h *hosttest.RealHost) {
		said := h.MustRun("/usr/sbin/proftpd", "-v")
		v, ok := proftpdconf.ParseVersion(strings.TrimSpace(strings.TrimPrefix(said, "ProFTPD Version ")))
		if !ok {
			t.Fatalf("no version in %q", said)
		}
		h.MustRun("mkdir", "-p", "/run/proftpd", "/var/log/proftpd", "/tmp/c")
		h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 "+h.MustRun("uname", "-n"), 0o644)
		test(t, h, proftpdconf.Build{Version: v, Debian: true})
	})
}

// What each ProFTPD binds and refuses, and what it speaks, is what was written down, and
// what is read.
func TestRealProFTPD(t *testing.T) {
	eachProFTPD(t, func(t *testing.T, h *hosttest.RealHost, build proftpdconf.Build) {
		h.MustRun("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "/etc/ssl/test.key", "-out", "/etc/ssl/test.crt")
		h.MustRun("chmod", "600", "/etc/ssl/test.key")
		all := slices.Concat(realCases, cryptoCases)
		serve, settled := 0, 0
		for _, c := range all {
			t.Run(c.name, func(t *testing.T) {
				want, speaks := c.want, c.speaks
				switch {
				case build.Version.Patch == 7 && c.old != "":
					want, speaks = c.old, c.oldSpeaks
				case build.Version.Patch == 9 && c.new != "":
					want = c.new
				}
				m := archive(c.files)
				m.root = h.FS()
				m.files[mainFile] = accounts + m.files[mainFile]
				if other, ok := m.files["/etc/proftpd/other.conf"]; ok {
					m.files["/etc/proftpd/other.conf"] = accounts + other
				}
				put(h, m)
				args := append([]string{"-n"}, strings.Fields(c.args)...)
				y := h.Try(append([]string{"/usr/sbin/proftpd"}, args...)...)
				spoken := map[string]bool{}
				for word := range strings.FieldsSeq(speaks) {
					server, _, _ := strings.Cut(word, "=")
					at := netip.MustParseAddrPort(server)
					heard := spokenAt(h, at)
					spoken[fmt.Sprintf("%d=%s", at.Port(), heard)] = true
					if word != server+"="+heard {
						t.Errorf("at %s it speaks %s, expected %s", server, heard, word)
					}
				}
				y.End()
				got := y.Listens.String()
				if c.name != "inetd" && !y.Alive {
					got = "refused"
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what ProFTPD does is not what was expected:\n%s%s", diff, y.Output())
				}

				cmd, out := proftpdconf.ParseArgs(build.Version, args)
				if out.Kind == proftpdconf.Accepted {
					config := proftpdconf.Load(m, mainFile, cmd, build)
					out = config.Outcome()
					if (out.Kind == proftpdconf.Unsure) != c.unsure {
						t.Errorf("unsure is not expected: %+v", config.Problems())
					}
					if ours := bound(config.Listens()); out.Kind == proftpdconf.Accepted && ours != got {
						t.Errorf("read as %q, ProFTPD binds %q: %+v", ours, got, config.Problems())
					}
					if diff := cmp.Diff(spoken, protocols(config.Listens())); speaks != "" && diff != "" {
						t.Errorf("other protocols than ProFTPD's are read:\n%s", diff)
					}
				}
				if y.Alive {
					serve++
				}
				if out.Kind == proftpdconf.Unsure {
					return
				}
				settled++
				if (out.Kind == proftpdconf.Refused) != (got == "refused") {
					t.Errorf("read as %+v, ProFTPD: %s\n%s", out, got, y.Output())
				}
			})
		}
		t.Logf("of %d starts %d serve, %d are settled", len(all), serve, settled)
	})
}

// spokenAt asks what a server speaks: "ftp", "ssh" or "tls". One that expects TLS does not
// greet; it gives up at what is none.
func spokenAt(h *hosttest.RealHost, at netip.AddrPort) string {
	const greeting = `exec 3<>/dev/tcp/$1/$2 && printf 'HELP\r\nHELP\r\n' >&3 && IFS= read -r -t 10 -u 3 line; printf %s "$line"`
	plain := h.Run("/bin/bash", "-c", greeting, "bash", at.Addr().String(), fmt.Sprint(at.Port())).Stdout
	switch {
	case strings.HasPrefix(plain, "220 "):
		return "ftp"
	case strings.HasPrefix(plain, "SSH-2.0-"):
		return "ssh"
	}
	const inTLS = `printf 'QUIT\r\n' | timeout 10 openssl s_client -quiet -connect "$1"`
	said := h.Run("/bin/bash", "-c", inTLS, "bash", at.String())
	if strings.HasPrefix(said.Stdout, "220 ") {
		return "tls"
	}
	return fmt.Sprintf("nothing known: %q, %q, %s", plain, said.Stdout, said.Stderr)
}

// protocols returns what an answer says of each port.
func protocols(list []proftpdconf.Listen) map[string]bool {
	all := map[string]bool{}
	for _, l := range list {
		kind := "ftp"
		switch {
		case !l.FTP:
			kind = "ssh"
		case l.ImplicitTLS:
			kind = "tls"
		}
		all[fmt.Sprintf("%d=%s", l.Port, kind)] = true
	}
	return all
}

// put makes the directory of the configuration of what m holds.
func put(h *hosttest.RealHost, m memory) {
	files := map[string]string{}
	for name, text := range m.files {
		if name, ok := strings.CutPrefix(name, "/etc/proftpd/"); ok {
			if strings.HasSuffix(name, "@") {
				text = strings.TrimSpace(text)
			}
			files[name] = text
		}
	}
	h.Replace("/etc/proftpd", files)
}

// bound returns the sockets of an answer.
func bound(list []proftpdconf.Listen) string {
	var sockets []netip.AddrPort
	for _, l := range list {
		sockets = append(sockets, netip.AddrPortFrom(l.Addr, l.Port))
	}
	return hosttest.NewListenSet(sockets...).String()
}
