package authkeys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// scratchOf makes a directory below /tmp of a tree: outside and as seen from inside.
func scratchOf(t *testing.T, tree string) (outside, inside string) {
	t.Helper()
	outside, err := os.MkdirTemp(filepath.Join(tree, "tmp"), "authkeys")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(outside) })
	return outside, "/tmp/" + filepath.Base(outside)
}

// TestRealPrivate makes keys with ssh-keygen of each tree, of each type and in each
// form, with and without a passphrase, and reads both halves.
func TestRealPrivate(t *testing.T) {
	types := []struct {
		arguments []string
		typ       string
		bits      int
		pem       string // the Format with -m PEM
		optional  bool   // not every version has it
	}{
		{[]string{"-t", "ed25519"}, "ssh-ed25519", 0, "openssh-key-v1", false},
		{[]string{"-t", "rsa", "-b", "2048"}, "ssh-rsa", 2048, "PEM", false},
		{[]string{"-t", "rsa", "-b", "1024"}, "ssh-rsa", 1024, "PEM", false},
		{[]string{"-t", "ecdsa", "-b", "256"}, "ecdsa-sha2-nistp256", 256, "PEM", false},
		{[]string{"-t", "ecdsa", "-b", "384"}, "ecdsa-sha2-nistp384", 384, "PEM", false},
		{[]string{"-t", "ecdsa", "-b", "521"}, "ecdsa-sha2-nistp521", 521, "PEM", false},
		{[]string{"-t", "dsa"}, "ssh-dss", 1024, "PEM", true},
		{[]string{"-t", "mldsa44-ed25519"}, "ssh-mldsa44-ed25519", 0, "openssh-key-v1", true},
	}
	for _, tree := range realTrees {
		t.Run(tree.name, func(t *testing.T) {
			t.Parallel()
			root := treeOf(t, tree.name)
			made := 0
			for i, typ := range types {
				for j, form := range []string{"RFC4716", "PEM", "PKCS8"} {
					for k, phrase := range []string{"", "correct horse"} {
						outside, inside := scratchOf(t, root)
						name := strings.Join([]string{strconv.Itoa(i), strconv.Itoa(j), strconv.Itoa(k)}, "_")
						arguments := append([]string{"-q", "-N", phrase, "-C", "me", "-f", inside + "/" + name, "-m", form}, typ.arguments...)
						if out, err := keygen(root, inside, arguments...); errors.Is(err, errNoTool) {
							t.Skip(err)
						} else if err != nil && (typ.optional || form == "PEM" && typ.pem != "PEM") {
							t.Logf("%s %s: not in this version: %s", typ.typ, form, bytes.TrimSpace(out))
							continue
						} else if err != nil {
							t.Fatal(err)
						}
						made++
						public, err := os.ReadFile(filepath.Join(outside, name+".pub"))
						if err != nil {
							t.Fatal(err)
						}
						private, err := os.ReadFile(filepath.Join(outside, name))
						if err != nil {
							t.Fatal(err)
						}
						label := strings.Join(typ.arguments, " ") + " " + form + " " + phrase
						entries, problems := Parse(public, ParseOptions{Major: tree.major, Minor: tree.minor})
						if len(entries) != 1 || len(problems) != 0 {
							t.Errorf("%s: %d entries, problems %v", label, len(entries), problems)
							continue
						}
						e := entries[0]
						if e.Type != typ.typ || e.Bits != typ.bits || e.Comment != "me" {
							t.Errorf("%s: public half: %s %d %q", label, e.Type, e.Bits, e.Comment)
						}
						if out, err := keygen(root, inside, "-l", "-f", inside+"/"+name+".pub"); err != nil {
							t.Error(err)
						} else if want := "SHA256:" + base64.RawStdEncoding.EncodeToString(e.Digest[:]); !bytes.Contains(out, []byte(want)) {
							t.Errorf("%s: digest %s, ssh-keygen says %s", label, want, out)
						}
						p, ok := ParsePrivate(private)
						want := Private{Format: "openssh-key-v1", Type: typ.typ, Bits: typ.bits, Guarded: No, Digest: e.Digest, HasDigest: true}
						if form == "PEM" {
							want.Format = typ.pem
						}
						if form == "PKCS8" && typ.pem == "PEM" {
							want.Format = "PKCS#8"
						}
						heading, _, _ := strings.Cut(string(private), "\n")
						if strings.HasPrefix(heading, "-----BEGIN OPENSSH") {
							want.Format = "openssh-key-v1"
						} else if form == "PKCS8" {
							want.Format = "PKCS#8" // Ed25519 too, since some release
						}
						if want.Format == "PKCS#8" && typ.typ == "ssh-dss" {
							want.HasDigest, want.Digest = false, [32]byte{}
						}
						if phrase != "" {
							want.Guarded = Yes
							if want.Format != "openssh-key-v1" {
								want = Private{Format: want.Format, Guarded: Yes}
							}
						}
						if !ok || p != want {
							t.Errorf("%s: %+v %v, want %+v\n%s", label, p, ok, want, heading)
						}
						if _, ok := ParsePrivate(public); ok {
							t.Errorf("%s: the public half is taken for a private key", label)
						}
					}
				}
			}
			if made < 36 {
				t.Errorf("only %d keys made", made)
			}
		})
	}
}
