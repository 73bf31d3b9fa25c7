package authkeys

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzParse: entries and problems name different lines of the file, in order; a known
// version leaves fewer lines unsure and takes none that was refused without; lines of
// their own say the same; nothing that is not in the file comes out.
func FuzzParse(f *testing.F) {
	for _, c := range realLines(time.Unix(1700000000, 0)) {
		if len(c.file) > 1000 {
			continue // long lines are for the tables: here they only slow the search down
		}
		f.Add([]byte(strings.NewReplacer("{ed}", edKey, "{ed64}", strings.Fields(edKey)[1], "{rsa}", rsaLine(1024), "{sk}", skLine()).Replace(c.file)), uint8(9), uint8(2))
	}
	f.Add([]byte(dsaLine()+"\n"+mldsaLine("ssh-mldsa44-ed25519")), uint8(10), uint8(6))
	f.Fuzz(func(t *testing.T, data []byte, major, minor uint8) {
		lines := bytes.Count(data, []byte{'\n'}) + 1
		known := ParseOptions{Major: 7 + int(major%5), Minor: int(minor % 10)}
		if known.Major == 7 {
			known.Minor = 4 + int(minor%6)
		}
		taken := map[int]string{}
		for _, opts := range []ParseOptions{{}, known} {
			entries, problems := Parse(data, opts)
			last := 0
			here := map[int]string{}
			for _, e := range entries {
				if e.Line <= last || e.Line > lines {
					t.Fatalf("line %d behind %d of %d", e.Line, last, lines)
				}
				last = e.Line
				here[e.Line] = "+"
				if e.Type == "" || e.Digest == [32]byte{} || e.Options.HasCommand == false && e.Options.Command != "" {
					t.Fatalf("line %d: %+v", e.Line, e)
				}
				if !bytes.Contains(data, []byte(e.Comment)) {
					t.Fatalf("line %d: comment %q is not in the file", e.Line, e.Comment)
				}
				if e.Options.Refusing && (!e.Options.NoPortForwarding || !strings.HasPrefix(e.Options.Command, "echo 'Please login as the ")) {
					t.Fatalf("line %d is refusing: %q", e.Line, e.Options.Command)
				}
			}
			last = 0
			for _, p := range problems {
				if p.Line <= last || p.Line > lines || here[p.Line] != "" || p.Why == "" {
					t.Fatalf("problem %+v behind %d of %d", p, last, lines)
				}
				last = p.Line
				here[p.Line] = "-"
				if p.Unsure {
					here[p.Line] = "?"
				}
			}
			if opts.Major == 0 {
				taken = here
				continue
			}
			if len(problems) >= maxProblems {
				return
			}
			for n, now := range here {
				if before := taken[n]; before != "?" && before != now {
					t.Fatalf("line %d: %q without a version, %q with %d.%d", n, before, now, opts.Major, opts.Minor)
				}
			}
		}
		ParseKeys(data, known)
		ParsePrincipals(data, known)
	})
}

// FuzzParsePrivate: the answer is one of those documented, and does not change when text
// stands before the key.
func FuzzParsePrivate(f *testing.F) {
	for _, s := range []string{
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nMBMCAQEECgEBAQEBAQEBAQGgAgYA\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-----END PRIVATE KEY-----\n",
		"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x\nP2/56wAAAAA=\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
		"PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\nPublic-Lines: 1\r\nAAAA\r\n",
		"SSH PRIVATE KEY FILE FORMAT 1.1\n\x00\x03",
		"\x00\x00\x00\x07ssh-rsa\x00\x00\x00\x01\x03\x00\x00\x00\x01\x03\x00\x00\x00\x01\x03",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		copied := bytes.Clone(data)
		p, ok := ParsePrivate(data)
		if !bytes.Equal(data, copied) {
			t.Fatal("the input was changed")
		}
		if !ok {
			if p != (Private{}) {
				t.Fatalf("no key, but %+v", p)
			}
			return
		}
		switch p.Format {
		case "openssh-key-v1", "PEM", "PKCS#8", "SSH2":
			if again, ok := ParsePrivate(append([]byte("text\n"), data...)); !ok || again != p {
				t.Fatalf("%+v, with text before it %+v %v", p, again, ok)
			}
		case "PuTTY", "SSH1", "Dropbear":
		default:
			t.Fatalf("format %q", p.Format)
		}
		if p.HasDigest != (p.Digest != [32]byte{}) || p.HasDigest && p.Type == "" {
			t.Fatalf("%+v", p)
		}
	})
}

// FuzzAdmits: negating an entry that matches closes the door, an entry more that matches
// nothing changes nothing, and a list that sshd refuses admits nobody.
func FuzzAdmits(f *testing.F) {
	for _, s := range []string{
		"*", "10.0.0.0/8", "!10.0.0.1,*", "*.example.org", "::/0", "a,,b", "10.1/33", "0x7f.1", "fe80::1%lo", "1*?*2", "0.0.0.0/0,!1.2.3.4",
	} {
		f.Add(s, "host.example.org", []byte{10, 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, from, host string, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || strings.ContainsAny(from, "\"\\") || len(from) > 10000 {
			return
		}
		p := &optionParser{opts: ParseOptions{Major: 10, Minor: 6}}
		p.from(from)
		o := p.out
		in := o.Admits(host, addr)
		// A mask beyond 128 breaks the list for some releases only: for those the line is
		// refused as a whole, and nobody asks whom it admits.
		overlong := slices.ContainsFunc(o.From, func(item string) bool {
			_, kind := parseNetwork(strings.TrimPrefix(item, "!"))
			return kind == networkOverlong
		})
		if p.refused != "" && in && !overlong {
			t.Fatalf("%q is refused (%s) and admits %v", from, p.refused, addr)
		}
		if p.refused != "" || p.unsure != "" {
			return
		}
		with := func(items ...string) bool {
			n := o
			n.From = append(append([]string{}, o.From...), items...)
			return n.Admits(host, addr)
		}
		if with("!" + addr.Unmap().String()) {
			t.Fatalf("%q admits %v although negated", from, addr)
		}
		if with("!*") {
			t.Fatalf("%q admits %v although all is negated", from, addr)
		}
		if got := with("\x01nothing\x01"); got != in && host != "\x01nothing\x01" {
			t.Fatalf("%q: %v, with an entry that matches nothing %v", from, in, got)
		}
		if with("10.0.0.1/8") {
			t.Fatalf("%q admits %v with a broken network", from, addr)
		}
	})
}
