package sshdconf

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestEffectiveReal asks the sshd of four releases what configurations with blocks
// mean for connections (sshd -T -C). HOSTAUDIT_TEST_TREE is one of the trees, the
// others stand beside it; HOSTAUDIT_EFFECTIVE is how many configurations each sshd
// is asked about, HOSTAUDIT_EFFECTIVE_SEED where the numbers begin.
func TestEffectiveReal(t *testing.T) {
	tree := os.Getenv("HOSTAUDIT_TEST_TREE")
	if tree == "" {
		t.Skip("HOSTAUDIT_TEST_TREE is not set: no real sshd to compare with")
	}
	if os.Geteuid() != 0 {
		t.Skip("chroot into the tree needs root")
	}
	for _, r := range []struct {
		name    string
		version Version
	}{
		{"units-bullseye", Version{8, 4}}, {"bookworm", Version{9, 2}}, {"units-trixie", Version{10, 0}}, {"units-sid", Version{10, 6}},
	} {
		t.Run(r.name, func(t *testing.T) {
			root := filepath.Join(filepath.Dir(tree), r.name)
			if _, err := os.Stat(filepath.Join(root, "usr/sbin/sshd")); err != nil {
				t.Skipf("no sshd in the tree: %v", err)
			}
			asked := askReal(t, root, Build{Version: r.version, Vendor: Debian})
			if asked == 0 {
				t.Error("no connection was compared")
			}
		})
	}
}

func askReal(t *testing.T, root string, build Build) (asked int) {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "hostaudit-effective-")
	if err != nil {
		t.Skipf("no scratch directory in the tree: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	inside := "/tmp/" + filepath.Base(dir)
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	write("key", string(pem.EncodeToMemory(block)))
	count := envInt(t, "HOSTAUDIT_EFFECTIVE", 40)
	first := envInt(t, "HOSTAUDIT_EFFECTIVE_SEED", 1)
	deadline := time.Now().Add(time.Duration(count) * 90 * time.Millisecond)
	refused := 0
	for seed := first; seed < first+count && time.Now().Before(deadline); seed++ {
		g := blockGen{rand.New(rand.NewPCG(uint64(seed), 0xe44)), build.Version}
		main, included := g.config(inside, false)
		write("cfg", main)
		write("inc", included)
		c := Load(Source{Files: mem(inside+"/cfg", main, inside+"/inc", included)}, inside+"/cfg", CommandLine{}, build)
		for range 3 {
			conn := g.conn()
			values, ok := dumpReal(t, root, inside, conn)
			if !ok {
				refused++
				if len(c.Problems()) == 0 {
					t.Errorf("seed %d: sshd refuses, we accept:\n%s", seed, main)
				}
				break
			}
			if p := c.Problems(); len(p) > 0 {
				if p[0].Kind == Refused {
					t.Errorf("seed %d: sshd accepts, we refuse: %+v\n%s-- inc --\n%s", seed, p[0], main, included)
				}
				break
			}
			asked++
			for _, d := range differences(c, conn, values) {
				t.Errorf("seed %d: %s: %s\n%s-- inc --\n%s", seed, connSpec(conn), d, main, included)
			}
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%s: %d connections compared, %d configurations refused by sshd", build.Version, asked, refused)
	return asked
}

// dumpReal returns the lines of sshd -T by keyword.
func dumpReal(t *testing.T, root, inside string, conn Conn) (map[string][]string, bool) {
	t.Helper()
	cmd := exec.Command("chroot", root, "/usr/sbin/sshd", "-T", "-f", inside+"/cfg", "-h", inside+"/key", "-C", connSpec(conn))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		t.Logf("sshd: %s", strings.TrimSpace(errs.String()))
		return nil, false
	} else if err != nil {
		t.Fatalf("running sshd: %v", err)
	}
	values := map[string][]string{}
	for line := range strings.Lines(out.String()) {
		word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		values[lower(word)] = append(values[lower(word)], value)
	}
	return values, true
}

var comparedSettings = strings.Fields(`permitrootlogin passwordauthentication kbdinteractiveauthentication
pubkeyauthentication permitemptypasswords usepam hostbasedauthentication gssapiauthentication strictmodes
allowtcpforwarding allowstreamlocalforwarding disableforwarding permittunnel gatewayports x11forwarding
allowusers denyusers allowgroups denygroups authenticationmethods authorizedkeysfile authorizedkeyscommand
authorizedkeyscommanduser trustedusercakeys authorizedprincipalsfile banner forcecommand chrootdirectory usedns
refuseconnection port addressfamily`)

func differences(c *Config, conn Conn, real map[string][]string) (list []string) {
	e := c.Effective(conn)
	for _, keyword := range comparedSettings {
		theirs, printed := real[keyword]
		if !printed && !adds(keyword) {
			continue // a build without it, or one that prints nothing for none
		}
		s := e.Setting(keyword)
		ours := s.Words
		if !adds(keyword) {
			ours = []string{strings.Join(s.Words, " ")}
		}
		if keyword == "authorizedkeyscommanduser" && s.Line == nil {
			ours = []string{"none"}
		}
		if s.Unknown || !slices.EqualFunc(ours, theirs, sameValue) {
			list = append(list, fmt.Sprintf("%s: sshd says %q, we %q (unknown: %v)", keyword, theirs, ours, s.Unknown))
		}
	}
	var ours, theirs []string
	set, _ := c.Listens()
	for _, l := range set {
		ours = append(ours, netip.AddrPortFrom(l.Addr, l.Port).String())
	}
	for _, l := range real["listenaddress"] {
		if !slices.Contains(theirs, l) {
			theirs = append(theirs, l)
		}
	}
	if !slices.Equal(ours, theirs) {
		list = append(list, fmt.Sprintf("listenaddress: sshd says %q, we %q", theirs, ours))
	}
	return list
}

func sameValue(a, b string) bool {
	canonical := map[string]string{"without-password": "prohibit-password", "all": "yes"}
	for _, s := range []*string{&a, &b} {
		if c, ok := canonical[*s]; ok {
			*s = c
		}
	}
	return a == b
}
