package authkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestRealPrincipals asks real daemons about files of principals and of authorities.
func TestRealPrincipals(t *testing.T) {
	keys := testKeys(t)
	cert := certificate(t, keys["ed"], keys["other"], "alice")
	ca := keys["other"].PublicKey().Type() + " " + b64(keys["other"])
	second := keys["p256"].PublicKey().Type() + " " + b64(keys["p256"])
	tiny := appendString(appendString(appendString(nil, []byte("ssh-rsa")), []byte{3}), bytes.Repeat([]byte{0x7f}, 64))
	short := "ssh-rsa " + base64.StdEncoding.EncodeToString(tiny)
	tests := []struct{ name, cas, principals string }{
		{"plain", ca, "alice\n"},
		{"no_newline", ca, "alice"},
		{"blanks", ca, " \talice \t\n"},
		{"crlf", ca, "alice\r\n"},
		{"hash", ca, "alice#x\n"},
		{"hash_in_quotes", ca, "command=\"#\" alice\n"},
		{"options", ca, "restrict,command=\"a b\" alice\n"},
		{"options_tab", ca, "restrict\talice\n"},
		{"tab_then_space", ca, "restrict\tx alice\n"},
		{"bad_options", ca, "nothing alice\n"},
		{"authority", ca, "cert-authority alice\n"},
		{"principals", ca, "principals=\"alice\" alice\n"},
		{"from", ca, "from=\"10.0.0.1\" alice\n"},
		{"expired", ca, "expiry-time=\"20000101\" alice\n"},
		{"other", ca, "bob\n"},
		{"second", ca, "bob\nalice\n"},
		{"case", ca, "Alice\n"},
		{"ca_options", "restrict " + ca, "alice\n"},
		{"ca_marked", "cert-authority " + ca, "alice\n"},
		{"ca_comment", "# x\n\n " + ca + " x", "alice\n"},
		{"ca_second", second + "\n" + ca, "alice\n"},
		{"ca_behind_junk", "junk\n" + ca, "alice\n"},
		{"ca_before_junk", ca + "\njunk\n", "alice\n"},
		{"ca_behind_short", short + "\n" + ca, "alice\n"},
		{"ca_behind_nul", "\x00\n" + ca, "alice\n"},
		{"ca_behind_carriage_return", "\r\n" + ca, "alice\n"},
	}
	for _, tree := range realTrees {
		t.Run(tree.name, func(t *testing.T) {
			t.Parallel()
			d := newRealSSHD(t, treeOf(t, tree.name))
			for _, c := range tests {
				for name, text := range map[string]string{"cas": c.cas, "principals": c.principals} {
					if err := os.WriteFile(d.outside(name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				truth := d.letsIn(t, nil, cert, "TrustedUserCAKeys "+d.dir+"/cas", "AuthorizedPrincipalsFile "+d.dir+"/principals")
				for _, opts := range []ParseOptions{{Major: tree.major, Minor: tree.minor}, {}} {
					in, unsure := principalIn(c.cas, c.principals, keys["other"].PublicKey(), opts)
					if in != truth && (!unsure || opts.Major != 0) {
						t.Errorf("%s: sshd lets in: %v, this package: %v (unsure %v) with version %d.%d",
							c.name, truth, in, unsure, opts.Major, opts.Minor)
					}
				}
			}
		})
	}
}

func principalIn(cas, principals string, ca ssh.PublicKey, opts ParseOptions) (in, unsure bool) {
	entries, problems := ParseKeys([]byte(cas), opts)
	names, more := ParsePrincipals([]byte(principals), opts)
	for _, p := range append(problems, more...) {
		unsure = unsure || p.Unsure
	}
	for _, e := range entries {
		for _, n := range names {
			in = in || e.Digest == sha256.Sum256(ca.Marshal()) && n.Name == "alice" &&
				n.Options.Admits("", netip.MustParseAddr("127.0.0.1")) &&
				(n.Options.Expires.IsZero() || n.Options.Expires.After(time.Now()))
		}
	}
	return in, unsure
}

// TestRealSummerTime: sshd takes local times of expiry-time= as if there were no summer
// time. The zone of this sshd has it all year.
func TestRealSummerTime(t *testing.T) {
	keys := testKeys(t)
	d := newRealSSHD(t, treeOf(t, "units-bookworm"))
	d.zone = "STD0DST-1,0/0,J365/25"
	summer := time.FixedZone("summer", 3600)
	for _, c := range []struct {
		behind time.Duration
		in     bool
	}{{30 * time.Minute, true}, {90 * time.Minute, false}} {
		local := time.Now().In(summer).Add(-c.behind).Format("20060102150405")
		line := fmt.Sprintf("expiry-time=\"%s\" %s %s\n", local, keys["ed"].PublicKey().Type(), b64(keys["ed"]))
		if got := d.letsIn(t, []byte(line), keys["ed"]); got != c.in {
			t.Errorf("expired for %v on the clock of summer: sshd lets in: %v", c.behind, got)
		}
	}
}
