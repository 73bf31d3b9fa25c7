package authkeys

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestParsePrivateByHand has the forms that ssh-keygen does not make, and broken ones.
func TestParsePrivateByHand(t *testing.T) {
	public := mustBlob(t, edKey)
	b64 := base64.StdEncoding.EncodeToString
	digest := sha256.Sum256(public)
	known := func(format string, guarded Tri) Private {
		return Private{Format: format, Type: "ssh-ed25519", Guarded: guarded, Digest: digest, HasDigest: true}
	}
	putty := func(version, cipher string) string {
		return "PuTTY-User-Key-File-" + version + ": ssh-ed25519\r\nEncryption: " + cipher + "\r\nComment: me\r\nPublic-Lines: 2\r\n" +
			b64(public)[:64] + "\r\n" + b64(public)[64:] + "\r\nPrivate-Lines: 1\r\nAAAA\r\nPrivate-MAC: 00\r\n"
	}
	openssh := func(cipher, kdf string, keys byte, secret []byte) string {
		blob := appendString(appendString(appendString([]byte("openssh-key-v1\x00"), []byte(cipher)), []byte(kdf)), nil)
		blob = appendString(appendString(append(blob, 0, 0, 0, keys), public), secret)
		return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + b64(blob) + "\n-----END OPENSSH PRIVATE KEY-----\n"
	}
	ssh2 := func(cipher string) string {
		blob := append([]byte{0x3f, 0x6f, 0xf9, 0xeb, 0, 0, 0, 40}, appendString(appendString(nil, []byte("if-modn{...}")), []byte(cipher))...)
		return "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"a\\\nb\"\n" + b64(blob) + "\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n"
	}
	dropbear := append(appendString(nil, []byte("ssh-ed25519")), appendString(nil, append(fill(32, 9), public[len(public)-32:]...))...)
	same := []byte{1, 2, 3, 4, 1, 2, 3, 4}
	tests := []struct {
		name, file string
		want       Private
		ok         bool
	}{
		{"putty2", putty("2", "none"), known("PuTTY", No), true},
		{"putty3", putty("3", "aes256-cbc"), known("PuTTY", Yes), true},
		{"putty_cut", "PuTTY-User-Key-File-2: ssh-rsa\r\n", Private{Format: "PuTTY"}, true},
		{"openssh", openssh("none", "none", 1, same), known("openssh-key-v1", No), true},
		{"openssh_guarded", openssh("aes256-ctr", "bcrypt", 1, same), known("openssh-key-v1", Yes), true},
		{"openssh_odd_kdf", openssh("aes256-ctr", "none", 1, same), known("openssh-key-v1", Unknown), true},
		{"openssh_bad_check", openssh("none", "none", 1, []byte("abcdefgh")), known("openssh-key-v1", Unknown), true},
		{"openssh_two_keys", openssh("none", "none", 2, same), Private{Format: "openssh-key-v1"}, true},
		{"openssh_open", strings.Split(openssh("none", "none", 1, same), "-----END")[0], known("openssh-key-v1", No), true},
		{"openssh_crlf", strings.ReplaceAll(openssh("none", "none", 1, same), "\n", "\r\n"), known("openssh-key-v1", No), true},
		{"ssh2", ssh2("none"), Private{Format: "SSH2", Guarded: No}, true},
		{"ssh2_guarded", ssh2("3des-cbc"), Private{Format: "SSH2", Guarded: Yes}, true},
		{"ssh1", "SSH PRIVATE KEY FILE FORMAT 1.1\n\x00\x00", Private{Format: "SSH1", Type: "rsa1", Guarded: No}, true},
		{"ssh1_guarded", "SSH PRIVATE KEY FILE FORMAT 1.1\n\x00\x03", Private{Format: "SSH1", Type: "rsa1", Guarded: Yes}, true},
		{"dropbear", string(dropbear), known("Dropbear", No), true},
		{"second_unguarded", openssh("aes256-ctr", "bcrypt", 1, same) + openssh("none", "none", 1, same), known("openssh-key-v1", No), true},
		{
			"behind_certificate", "Bag\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + openssh("none", "none", 1, same),
			known("openssh-key-v1", No), true,
		},
		{"pem_guarded", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", Private{Format: "PEM", Guarded: Yes}, true},
		{"pem_rubbish", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", Private{Format: "PEM"}, true},
		{"pkcs8_rubbish", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", Private{Format: "PKCS#8"}, true},
		{"public", edKey, Private{}, false},
		{"public_blob", string(public), Private{}, false},
		{"pem_public", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Private{}, false},
		{"prose", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n", Private{}, false},
		{"no_body", "-----BEGIN RSA PRIVATE KEY-----\n", Private{}, false},
		{"empty", "", Private{}, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := ParsePrivate([]byte(tc.file))
			if ok != tc.ok || got != tc.want {
				t.Errorf("got %+v %v\nwant %+v %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

// TestBounds: hostile files of full size are read in time, and say little.
func TestBounds(t *testing.T) {
	const size = 8 << 20
	repeat := func(s string) []byte { return []byte(strings.Repeat(s, size/len(s))) }
	for name, file := range map[string][]byte{
		"lines":      repeat("a\n"),
		"blobs":      append([]byte("ssh-rsa "), repeat("A")...),
		"lists":      []byte(`from="` + strings.Repeat("a,", size/2) + `" ` + edKey),
		"principals": []byte(`cert-authority,principals="` + strings.Repeat("a,", size/2) + `" ` + edKey),
		"quotes":     repeat(`command="a\"`),
		"commas":     append(repeat(","), " "+edKey...),
		"options":    append(repeat(`environment="A=B",`), " "+edKey...),
		"stars":      []byte(`from="` + strings.Repeat("*a", 500) + `" ` + edKey),
		"begins":     repeat("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"),
		"keys":       repeat(edKey + "\n"),
		"nul":        make([]byte, size),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			entries, problems := Parse(file, ParseOptions{})
			for _, e := range entries[:min(len(entries), 10)] {
				e.Options.Admits(strings.Repeat("a", 2000), netip.MustParseAddr("192.0.2.1"))
			}
			_, more := ParseKeys(file, ParseOptions{})
			ParsePrincipals(file, ParseOptions{})
			ParsePrivate(file)
			if len(problems) > 2*maxProblems || len(more) > 2*maxProblems {
				t.Errorf("%d and %d problems", len(problems), len(more))
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}
