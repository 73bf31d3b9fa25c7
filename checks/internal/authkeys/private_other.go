package authkeys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"strings"
)

// parsePuTTY reads the header of PuTTY's own format, versions 1 to 3: the public half is
// never encrypted.
func parsePuTTY(data []byte) Private {
	const mostLines = 2000
	p := Private{Format: "PuTTY"}
	data = data[:min(len(data), maxPrivate)]
	var public strings.Builder
	left := 0
	for range mostLines {
		line, rest, ok := bytes.Cut(data, []byte{'\n'})
		data = rest
		text := strings.TrimRight(string(line), "\r")
		if left > 0 {
			public.WriteString(text)
			left--
		}
		switch name, value, _ := strings.Cut(text, ": "); {
		case name == "Encryption" && value == "none":
			p.Guarded = No
		case name == "Encryption" && value != "":
			p.Guarded = Yes
		case name == "Public-Lines":
			if n, ok := strtonum(value, mostLines); ok {
				left = int(n)
			}
		}
		if !ok {
			break
		}
	}
	if blob, ok := decodeBase64(public.String()); ok {
		p.setPublic(blob)
	}
	return p
}

// parseSSH1 reads the format of protocol 1, which no sshd of today uses: the cipher
// stands behind the magic line, 0 is none.
func parseSSH1(data []byte) Private {
	p := Private{Format: "SSH1", Type: "rsa1"}
	const at = len("SSH PRIVATE KEY FILE FORMAT 1.1\n\x00")
	switch {
	case len(data) <= at:
	case data[at] == 0:
		p.Guarded = No
	default:
		p.Guarded = Yes
	}
	return p
}

// parseSSH2 reads the format of ssh.com: its label says "encrypted" whatever it is.
func parseSSH2(p *Private, blob []byte) {
	const magic = 0x3f6ff9eb
	if len(blob) < 8 || binary.BigEndian.Uint32(blob) != magic {
		return
	}
	r := &reader{blob[8:]}
	_, ok1 := r.cstring()
	cipher, ok2 := r.cstring()
	switch {
	case !ok1 || !ok2:
	case cipher == "none":
		p.Guarded = No
	default:
		p.Guarded = Yes
	}
}

// parseDropbear reads the format of dropbearkey(1), which knows no passphrase: the
// public blob with the secret numbers behind it, or for Ed25519 the secret before the
// public half in one string.
func parseDropbear(data []byte) (Private, bool) {
	data = data[:min(len(data), maxPrivate)]
	p := Private{Format: "Dropbear", Guarded: No}
	r := &reader{data}
	name, ok := r.cstring()
	if !ok {
		return Private{}, false
	}
	// How many strings of the public blob stand in front of the secret ones.
	public := 0
	switch name {
	case "ssh-rsa":
		public = 2
	case "ssh-dss":
		public = 4
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		public = 2
	case "ssh-ed25519":
		pair, ok := r.bytes()
		if !ok || len(pair) != ed25519.PrivateKeySize {
			return Private{}, false
		}
		p.setPublic(appendString(appendString(nil, []byte(name)), pair[ed25519.SeedSize:]))
		return p, true
	default:
		return Private{}, false
	}
	for range public {
		if _, ok := r.bytes(); !ok {
			return Private{}, false
		}
	}
	blob := data[:len(data)-len(r.b)]
	if secret, ok := r.bytes(); !ok || len(secret) == 0 {
		return Private{}, false
	}
	p.setPublic(blob)
	return p, true
}
