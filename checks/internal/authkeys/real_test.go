package authkeys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// realTrees are the root trees beside HOSTAUDIT_TEST_TREE and the versions in them.
var realTrees = []struct {
	name         string
	major, minor int
}{
	{"units-bullseye", 8, 4}, {"units-bookworm", 9, 2}, {"units-trixie", 10, 0}, {"units-sid", 10, 6},
}

// treeOf returns a root tree, or skips the test and says why.
func treeOf(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HOSTAUDIT_TEST_TREE")
	if root == "" {
		t.Skip("HOSTAUDIT_TEST_TREE is not set: no real OpenSSH to compare with")
	}
	if os.Geteuid() != 0 {
		t.Skip("chroot into the tree needs root")
	}
	if testing.Short() {
		t.Skip("real daemons take their time: not in short mode")
	}
	tree := filepath.Join(filepath.Dir(root), name)
	if _, err := os.Stat(filepath.Join(tree, "usr/sbin/sshd")); err != nil {
		t.Skipf("tree %s was not built: %v", name, err)
	}
	return tree
}

// skKey signs as a security key of Ed25519 would, in software.
type skKey struct {
	ssh.PublicKey
	secret ed25519.PrivateKey
}

func (k skKey) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	const userPresent = 1
	application, message := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
	rest := []byte{userPresent, 0, 0, 0, 1}
	signed := append(append(application[:], rest...), message[:]...)
	return &ssh.Signature{Format: k.Type(), Blob: ed25519.Sign(k.secret, signed), Rest: rest}, nil
}

type skSigner struct{ skKey }

func (s skSigner) PublicKey() ssh.PublicKey { return s.skKey.PublicKey }

// testKeys are one key of each type, made for this run.
func testKeys(t testing.TB) map[string]ssh.Signer {
	t.Helper()
	out := map[string]ssh.Signer{}
	add := func(name string, secret any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.NewSignerFromKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = signer
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	add("ed", ed, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	add("other", other, err)
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	add("rsa", r, err)
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		ec, err := ecdsa.GenerateKey(curve, rand.Reader)
		add(name, ec, err)
	}
	blob := appendString(nil, []byte("sk-ssh-ed25519@openssh.com"))
	blob = appendString(appendString(blob, ed.Public().(ed25519.PublicKey)), []byte("ssh:"))
	public, err := ssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	out["sk"] = skSigner{skKey{public, ed}}
	return out
}

func b64(s ssh.Signer) string { return base64.StdEncoding.EncodeToString(s.PublicKey().Marshal()) }

func certificate(t testing.TB, subject, ca ssh.Signer, principals ...string) ssh.Signer {
	t.Helper()
	c := &ssh.Certificate{
		Key: subject.PublicKey(), CertType: ssh.UserCert, ValidPrincipals: principals, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := c.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(c, subject)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// wideRSA writes the modulus of an RSA key with zeros in front, which sshd drops.
func wideRSA(t testing.TB, s ssh.Signer) string {
	t.Helper()
	r := &reader{s.PublicKey().Marshal()}
	name, _ := r.bytes()
	e, _ := r.bytes()
	n, ok := r.bytes()
	if !ok {
		t.Fatal("no RSA key")
	}
	blob := appendString(appendString(nil, name), append([]byte{0, 0}, e...))
	return base64.StdEncoding.EncodeToString(appendString(blob, append([]byte{0, 0}, n...)))
}

// letsIn is what this package makes of a file: in, or unsure.
func letsIn(file []byte, offered ssh.PublicKey, opts ParseOptions, now time.Time) (in, unsure bool) {
	entries, problems := Parse(file, opts)
	for _, p := range problems {
		unsure = unsure || p.Unsure
	}
	cert, isCert := offered.(*ssh.Certificate)
	want := offered
	if isCert {
		want = cert.SignatureKey
	}
	digest := sha256.Sum256(want.Marshal())
	for _, e := range entries {
		o := e.Options
		if e.Digest != digest || o.Authority != isCert || !o.Admits("", netip.MustParseAddr("127.0.0.1")) ||
			!o.Expires.IsZero() && o.Expires.Before(now) {
			continue
		}
		named := !o.HasPrincipals
		for _, p := range o.Principals {
			named = named || p == "root"
		}
		in = in || named
	}
	return in, unsure
}

// TestRealLines asks real daemons which lines let a key in.
func TestRealLines(t *testing.T) {
	keys := testKeys(t)
	keys["cert"] = certificate(t, keys["ed"], keys["other"], "root")
	var replace []string
	for name, s := range keys {
		replace = append(replace, "{"+name+"}", s.PublicKey().Type()+" "+b64(s), "{"+name+"64}", b64(s))
	}
	ed := keys["ed"].PublicKey().Type() + " " + b64(keys["ed"])
	replace = append(replace, "{ed-1}", ed[:len(ed)-1], "{rsawide}", wideRSA(t, keys["rsa"]))
	fill := strings.NewReplacer(replace...)
	for _, tree := range realTrees {
		t.Run(tree.name, func(t *testing.T) {
			t.Parallel()
			d := newRealSSHD(t, treeOf(t, tree.name))
			admitted := 0
			lines := realLines(time.Now())
			for _, c := range lines {
				file := []byte(fill.Replace(c.file))
				truth := d.letsIn(t, file, keys[c.offer])
				if truth {
					admitted++
				}
				opts := ParseOptions{Major: tree.major, Minor: tree.minor}
				in, unsure := letsIn(file, keys[c.offer].PublicKey(), opts, time.Now())
				if in != truth && !unsure {
					t.Errorf("%s: sshd lets in: %v, this package: %v", c.name, truth, in)
				} else if unsure && !strings.HasPrefix(c.name, "permitlisten") {
					t.Errorf("%s: unsure although the version is known (sshd: %v)", c.name, truth)
				}
				in, unsure = letsIn(file, keys[c.offer].PublicKey(), ParseOptions{}, time.Now())
				if in != truth && !unsure {
					t.Errorf("%s: sshd lets in: %v, this package without a version: %v", c.name, truth, in)
				}
			}
			t.Logf("%d files, %d let the key in", len(lines), admitted)
			if admitted < len(lines)/4 || admitted > len(lines)*3/4 {
				t.Errorf("%d of %d files let in: the comparison says little", admitted, len(lines))
			}
		})
	}
}

// realSSHD is the sshd of a tree, started anew for each connection as from inetd.
type realSSHD struct {
	tree, dir string // dir as seen from inside
	zone      string // TZ
}

func newRealSSHD(t *testing.T, tree string) *realSSHD {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(tree, "tmp"), "authkeys")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	_, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "host"), pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return &realSSHD{tree, "/tmp/" + filepath.Base(dir), "UTC0"}
}

func (d *realSSHD) outside(name string) string { return filepath.Join(d.tree, d.dir, name) }

// letsIn reports whether the key logs in as root with that file of keys.
func (d *realSSHD) letsIn(t *testing.T, file []byte, key ssh.Signer, options ...string) bool {
	t.Helper()
	if err := os.WriteFile(d.outside("keys"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{
		d.tree, "/usr/sbin/sshd", "-i", "-e", "-f", "/dev/null", "-h", d.dir + "/host", "-o", "UsePAM no", "-o", "StrictModes no",
		"-o", "PermitRootLogin yes", "-o", "PasswordAuthentication no", "-o", "AuthorizedKeysFile " + d.dir + "/keys",
		"-o", "PermitUserEnvironment yes", "-o", "LogLevel DEBUG",
	}
	if len(options) == 0 {
		options = []string{"TrustedUserCAKeys none"}
	}
	for _, o := range options {
		arguments = append(arguments, "-o", o)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := server.(*net.TCPConn).File()
	server.Close()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command("chroot", arguments...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = fd, fd, &log
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=" + d.zone}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fd.Close()
	client.SetDeadline(time.Now().Add(30 * time.Second))
	conn, channels, requests, err := ssh.NewClientConn(client, "sshd", &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err == nil {
		go ssh.DiscardRequests(requests)
		go func() {
			for range channels {
			}
		}()
		conn.Close()
	}
	client.Close()
	waited := cmd.Wait()
	if err != nil && !strings.Contains(err.Error(), "unable to authenticate") {
		t.Fatalf("no answer from sshd: %v (%v)\n%s", err, waited, log.String())
	}
	return err == nil
}

var errNoTool = errors.New("no such program in the tree")

// keygen runs ssh-keygen of a tree in a scratch directory of it.
func keygen(tree, dir string, arguments ...string) ([]byte, error) {
	if _, err := os.Stat(filepath.Join(tree, "usr/bin/ssh-keygen")); err != nil {
		return nil, errNoTool
	}
	cmd := exec.Command("chroot", append([]string{tree, "/usr/bin/ssh-keygen"}, arguments...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("ssh-keygen %q: %w\n%s", arguments, err, out)
	}
	return out, nil
}
