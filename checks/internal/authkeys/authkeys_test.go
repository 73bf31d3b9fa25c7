package authkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A public key of each type, made for these tests; the points of ECDSA are generators.
const edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"

func line(typ string, parts ...[]byte) string {
	blob := appendString(nil, []byte(typ))
	for _, p := range parts {
		blob = appendString(blob, p)
	}
	return typ + " " + base64.StdEncoding.EncodeToString(blob)
}

func fill(n int, first byte) []byte { return append([]byte{first}, bytes.Repeat([]byte{0xa5}, n-1)...) }

func rsaLine(bits int) string {
	n := append([]byte{0}, fill(bits/8, 0x80)...)
	return line("ssh-rsa", []byte{1, 0, 1}, n)
}

func dsaLine() string {
	return line("ssh-dss", append([]byte{0}, fill(128, 0x80)...), append([]byte{0}, fill(20, 0x80)...), []byte{2}, fill(128, 0x40))
}

func skLine() string { return line("sk-ssh-ed25519@openssh.com", fill(32, 1), []byte("ssh:")) }

func mldsaLine(typ string) string { return line(typ, fill(1344, 1)) }

// what shows an entry in one line.
func what(e Entry) string {
	s := e.Type
	if e.Options.Authority {
		s += " authority"
	}
	if e.Options.HasCommand {
		s += " command"
	}
	if e.Options.Refusing {
		s += " refusing"
	}
	return s
}

func TestParsePositions(t *testing.T) {
	file := "# comment\n\n  " + edKey + " me@host\r\n" +
		"junk\n" +
		"restrict,pty,from=\"10.0.0.0/8,!10.1.1.1\",command=\"a \\\"b\\\"\" " + rsaLine(2048) + "\n" +
		"\t# comment\n" +
		"cert-authority,principals=\"a,b\",expiry-time=\"20300102\" " + edKey + "\n" +
		"nothing=\"x\" " + edKey + "\n" +
		edKey
	entries, problems := Parse([]byte(file), ParseOptions{Major: 9, Minor: 2})
	digest := sha256.Sum256(mustBlob(t, edKey))
	want := []Entry{
		{Line: 3, Type: "ssh-ed25519", Digest: digest, Comment: "me@host"},
		{Line: 5, Type: "ssh-rsa", Bits: 2048, Digest: sha256.Sum256(mustBlob(t, rsaLine(2048))), Options: Options{
			Restrict: true, NoPortForwarding: true, From: []string{"10.0.0.0/8", "!10.1.1.1"}, HasFrom: true,
			Command: `a "b"`, HasCommand: true,
		}},
		{Line: 7, Type: "ssh-ed25519", Digest: digest, Options: Options{
			Authority: true, Principals: []string{"a", "b"}, HasPrincipals: true,
			Expires: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC),
		}},
		{Line: 9, Type: "ssh-ed25519", Digest: digest},
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Line: 4, Why: "no type of a key with a key behind it"},
		{Line: 8, Why: "an option that sshd does not know"},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
}

func mustBlob(t *testing.T, line string) []byte {
	t.Helper()
	blob, err := base64.StdEncoding.DecodeString(strings.Fields(line)[1])
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// TestVersions: what changed between releases. Verdicts are + (sshd takes the line), -
// (it does not) and ? (unsure); read in the sources of the releases.
func TestVersions(t *testing.T) {
	versions := []ParseOptions{
		{},
		{Major: 7, Minor: 4},
		{Major: 7, Minor: 6},
		{Major: 7, Minor: 7},
		{Major: 7, Minor: 8},
		{Major: 8, Minor: 2},
		{Major: 8, Minor: 4},
		{Major: 9, Minor: 1},
		{Major: 9, Minor: 8},
		{Major: 10, Minor: 0},
		{Major: 10, Minor: 4},
		{Major: 10, Minor: 6},
		{Major: 11, Minor: 0},
	}
	tests := []struct{ name, line, want string }{
		//                                               ?  74 76 77 78 82 84 91 98 10.0 10.4 10.6 11
		{"plain", edKey, "+ + + + + + + + + + + + +"},
		{"rsa_1024", rsaLine(1024), "+ + + + + + + + + + + + +"},
		{"rsa_1016", rsaLine(1016), "? + - - - - - - - - - - -"},
		{"rsa_760", rsaLine(760), "- - - - - - - - - - - - -"},
		{"rsa_16384", rsaLine(16384), "+ + + + + + + + + + + + +"},
		{"rsa_16392", rsaLine(16392), "- - - - - - - - - - - - -"},
		{"dsa", dsaLine(), "? + + + + + + + ? - - - -"},
		{"sk", skLine(), "? - - - - + + + + + + + +"},
		{"mldsa", mldsaLine("ssh-mldsa44-ed25519"), "? - - - - - - - - - - + +"},
		{"mldsa_early", mldsaLine("ssh-mldsa44-ed25519@openssh.com"), "? - - - - - - - - - + - -"},
		{"xmss", line("ssh-xmss@openssh.com", []byte("XMSS_SHA2-256_W16_H10")), "? - - ? ? ? ? ? ? ? - - -"},
		{"future_type", line("ssh-future@openssh.com", []byte("x")), "? - - - - - - - - - - - ?"},
		{"future_type_options", "restrict " + line("ssh-future", []byte("x")), "? - - - - - - - - - - - ?"},
		{"future_option", "no-frobnication " + edKey, "? - - - - - - - - - - - ?"},
		{"future_option_value", "frob=\"x y\" " + edKey, "? - - - - - - - - - - - ?"},
		{"junk_option", "\ufeffrestrict " + edKey, "- - - - - - - - - - - - -"},
		{"junk_behind_option", "restrict? " + edKey, "- - - - - - - - - - - - -"},
		{"tab", strings.Replace(edKey, " ", "\t", 1), "? - - + + + + + + + + + +"},
		{"two_spaces", strings.Replace(edKey, " ", "  ", 1), "? - - + + + + + + + + + +"},
		{"tab_comment", edKey + "\tme", "? - - + + + + + + + + + +"},
		{"touch", "no-touch-required " + edKey, "? - - - - + + + + + + + +"},
		{"verify", "verify-required " + edKey, "? - - - - - + + + + + + +"},
		{"permitlisten", "permitlisten=\"22\" " + edKey, "? - - - + + + + + + + + +"},
		{"permitopen_name", "permitopen=\"h:ssh\" " + edKey, "? ? ? ? ? ? ? ? ? ? ? ? ?"},
		{"expiry", "expiry-time=\"20990101\" " + edKey, "? - - + + + + + + + + + +"},
		{"expiry_z", "expiry-time=\"20990101Z\" " + edKey, "? - - - - - - + + + + + +"},
		{"expiry_tail", "expiry-time=\"2099011x\" " + edKey, "? - - + + + + - - - - - -"},
		{"expiry_1960", "expiry-time=\"19600101\" " + edKey, "? - - - - - - - - - + + +"},
		{"environment", "environment=\"LC_ALL=C\" " + edKey, "? + + - + + + + + + + + +"},
		{"environment_plain", "environment=\"A=C\" " + edKey, "+ + + + + + + + + + + + +"},
		{"environment_nameless", "environment=\"=C\" " + edKey, "? + + + - - - - - - - - -"},
		{"environment_no_value", "environment=\"A\" " + edKey, "? + + - - - - - - - - - -"},
		{"command_twice", "command=\"a\",command=\"b\" " + edKey, "? + + - - - - - - - - - -"},
		{"from_twice", "from=\"*\",from=\"*\" " + edKey, "? ? ? - - - - - - - - - -"},
		{"from_mask_129", "from=\"*,1.0.0.0/129\" " + edKey, "? + + + + + + + - - - - -"},
		{"principals_plain", "principals=\"a\" " + edKey, "? + + - - - - - - - - - -"},
		{"nul", edKey + "\x00", "? - - - + + + + + + + + +"},
		{"long", edKey + " " + strings.Repeat("x", lineLimit-len(edKey)-1), "+ + + + + + + + + + + + +"},
		{"too_long", edKey + " " + strings.Repeat("x", lineLimit-len(edKey)), "? - - - + + + + + + + + +"},
		{"certificate", "ssh-ed25519-cert-v01@openssh.com AAAA", "- - - - - - - - - - - - -"},
		{"protocol1", "1024 65537 1234567 me", "- - - - - - - - - - - - -"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, v := range versions {
				entries, problems := Parse([]byte(tc.line+"\n"), v)
				switch {
				case len(entries) == 1 && len(problems) == 0:
					got = append(got, "+")
				case len(entries) == 0 && len(problems) == 1 && problems[0].Unsure:
					got = append(got, "?")
				case len(entries) == 0 && len(problems) == 1:
					got = append(got, "-")
				default:
					t.Fatalf("%d entries, %d problems", len(entries), len(problems))
				}
			}
			if g := strings.Join(got, " "); g != tc.want {
				t.Errorf("got  %s\nwant %s", g, tc.want)
			}
		})
	}
}

// TestEqualKeys: names and encodings of one key that sshd finds equal have one digest.
func TestEqualKeys(t *testing.T) {
	n := fill(256, 0x80)
	one := line("ssh-rsa", []byte{1, 0, 1}, append([]byte{0}, n...))
	other := "rsa-sha2-512 " + strings.Fields(line("rsa-sha2-256", []byte{0, 0, 1, 0, 1}, append([]byte{0, 0, 0}, n...)))[1]
	entries, problems := Parse([]byte(one+"\n"+other+"\n"), ParseOptions{})
	if len(entries) != 2 || len(problems) != 0 {
		t.Fatalf("%d entries, problems %v", len(entries), problems)
	}
	entries[1].Line = entries[0].Line
	if diff := cmp.Diff(entries[0], entries[1]); diff != "" {
		t.Error(diff)
	}
}

func TestParsePrincipals(t *testing.T) {
	file := "alice\n# c\n\n restrict,command=\"x y\"  bob # d\ncarol\r\nnothing dora\ncert-authority eve\n"
	names, problems := ParsePrincipals([]byte(file), ParseOptions{Major: 10})
	want := []Principal{
		{Line: 1, Name: "alice"},
		{Line: 4, Name: "bob", Options: Options{
			Restrict: true, NoPortForwarding: true, NoPTY: true, Command: "x y", HasCommand: true,
		}},
		{Line: 5, Name: "carol\r"},
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	wantProblems := []Problem{
		{Line: 6, Why: "an option that sshd does not know"}, {Line: 7, Why: "cert-authority before a principal"},
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Error(diff)
	}
}

func TestParseKeys(t *testing.T) {
	tests := []struct {
		name, file string
		opts       ParseOptions
		want       string // lines of keys; then of problems, ? = unsure
	}{
		{"plain", "# c\n" + edKey + " ca\n\n" + rsaLine(2048), ParseOptions{}, "2 4 |"},
		{"junk_ends", edKey + "\njunk\n" + edKey + "\njunk\n", ParseOptions{}, "1 | 2"},
		{"options_end", "restrict " + edKey + "\n" + edKey, ParseOptions{Major: 9}, "| 1"},
		{"short_ends", rsaLine(512) + "\n" + edKey, ParseOptions{Major: 7, Minor: 8}, "| 1"},
		{"short_skipped", rsaLine(512) + "\n" + edKey, ParseOptions{Major: 7, Minor: 9}, "2 | 1"},
		{"short_unsure", rsaLine(512) + "\n" + edKey, ParseOptions{}, "| 1 2?"},
		{"dsa_unsure", dsaLine() + "\n" + edKey + "\njunk\n" + edKey, ParseOptions{}, "| 1? 2? 3"},
		{"dsa_known", dsaLine() + "\n" + edKey, ParseOptions{Major: 9, Minor: 7}, "1 2 |"},
		{"dsa_gone", dsaLine() + "\n" + edKey, ParseOptions{Major: 10}, "| 1"},
		{"certificate", "ssh-ed25519-cert-v01@openssh.com AAAA\n" + edKey, ParseOptions{Major: 10}, "| 1? 2?"},
		{"long_skipped", strings.Repeat("x", 20000) + "\n" + edKey, ParseOptions{Major: 7, Minor: 7}, "2 | 1"},
		{"long_ends", strings.Repeat("x", 20000) + "\n" + edKey, ParseOptions{Major: 7, Minor: 8}, "| 1"},
		{"long_unsure", strings.Repeat("x", 20000) + "\n" + edKey, ParseOptions{}, "| 1 2?"},
		{"nul", "\x00\n" + edKey, ParseOptions{Major: 9}, "2 |"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			entries, problems := ParseKeys([]byte(tc.file), tc.opts)
			var b strings.Builder
			for _, e := range entries {
				b.WriteString(string(rune('0'+e.Line)) + " ")
			}
			b.WriteString("|")
			for _, p := range problems {
				b.WriteString(" " + string(rune('0'+p.Line)))
				if p.Unsure {
					b.WriteString("?")
				}
			}
			if b.String() != tc.want {
				t.Errorf("got %q, want %q", b.String(), tc.want)
			}
		})
	}
}
