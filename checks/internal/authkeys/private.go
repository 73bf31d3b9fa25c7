package authkeys

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Tri is an answer that may be missing.
type Tri int

// The answers.
const (
	Unknown Tri = iota
	No
	Yes
)

// Private is the outside of a private key: nothing of its secret part.
type Private struct {
	// Format is "openssh-key-v1", "PEM", "PKCS#8", "PuTTY", "SSH2" (ssh.com), "SSH1" or
	// "Dropbear".
	Format string
	Type   string // of its public key as in Entry, "" = not known
	Bits   int    // as in Entry
	// Guarded reports whether a passphrase encrypts it.
	Guarded Tri
	// Digest is the one that Entry has of its public key, where HasDigest is set.
	Digest    [32]byte
	HasDigest bool
}

// maxPrivate is the largest private key that is looked into, as in sshkey_load_file
// (MAX_KEY_FILE_SIZE in authfile.c).
const maxPrivate = 1 << 20

// maxBlocks is how many blocks of a file in PEM's form are looked into.
const maxBlocks = 64

// ParsePrivate reports whether the file holds a private key of SSH or of OpenSSL, and
// what is known about it from outside. Of several keys it describes the first that no
// passphrase guards, else the first whose guard is unknown, else the first.
func ParsePrivate(data []byte) (Private, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("PuTTY-User-Key-File-")):
		return parsePuTTY(data), true
	case bytes.HasPrefix(data, []byte("SSH PRIVATE KEY FILE FORMAT 1.1\n\x00")):
		return parseSSH1(data), true
	case bytes.HasPrefix(data, []byte{0, 0, 0}):
		return parseDropbear(data)
	}
	var best Private
	found := false
	forEachBlock(data, func(label string, body []byte, whole bool) bool {
		p, ok := parseBlock(label, body, whole)
		if ok && (!found || p.Guarded == No || p.Guarded == Unknown && best.Guarded == Yes) {
			best, found = p, true
		}
		return best.Guarded != No || !found
	})
	return best, found
}

// forEachBlock calls f with the blocks between lines of "BEGIN" and "END" until it
// returns false. A block that never ends reaches to the next beginning, or the end of
// the file; whole is false for it, and for one that is too long.
func forEachBlock(data []byte, f func(label string, body []byte, whole bool) bool) {
	label, start, at := "", 0, 0
	blocks := 0
	flush := func(end int, whole bool) bool {
		if label == "" {
			return true
		}
		body := data[start:end]
		if len(body) > maxPrivate {
			body, whole = body[:maxPrivate], false
		}
		ok := f(label, body, whole)
		label = ""
		blocks++
		return ok && blocks < maxBlocks
	}
	for at < len(data) {
		line, next := data[at:], len(data)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		word, name := boundary(line)
		switch {
		case word == "BEGIN":
			if !flush(at, false) {
				return
			}
			label, start = name, next
		case word == "END" && name == label:
			if !flush(at, true) {
				return
			}
		}
		at = next
	}
	flush(len(data), false)
}

// boundary reads "-----BEGIN label-----" or "-----END label-----", and the form of
// ssh.com with four hyphens and blanks.
func boundary(line []byte) (word, label string) {
	const longest = 80
	if len(line) > longest || len(line) < 4 || string(line[:4]) != "----" {
		return "", ""
	}
	text := strings.Trim(strings.TrimSpace(string(line)), "-")
	word, label, _ = strings.Cut(strings.TrimSpace(text), " ")
	if word != "BEGIN" && word != "END" || label == "" {
		return "", ""
	}
	return word, label
}

// parseBlock judges one block. It returns false for what is no private key: another
// label, or nothing that looks like a body behind it.
func parseBlock(label string, body []byte, whole bool) (Private, bool) {
	var p Private
	switch label {
	case "OPENSSH PRIVATE KEY":
		p.Format = "openssh-key-v1"
	case "RSA PRIVATE KEY", "DSA PRIVATE KEY", "EC PRIVATE KEY":
		p.Format = "PEM"
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		p.Format = "PKCS#8"
	case "SSH2 ENCRYPTED PRIVATE KEY":
		p.Format = "SSH2"
	default:
		return Private{}, false
	}
	headers, text := splitHeaders(body)
	if strings.TrimLeft(firstWord(text), base64Alphabet) != "" || firstWord(text) == "" {
		return Private{}, false
	}
	blob, ok := decodeBase64(string(text))
	defer clear(blob)
	if !whole && !ok {
		p.Guarded = guardOf(headers)
		return p, true
	}
	switch p.Format {
	case "openssh-key-v1":
		parseOpenSSH(&p, blob)
	case "PEM":
		if p.Guarded = guardOf(headers); p.Guarded == Unknown {
			parseTraditional(&p, label, blob)
		}
	case "PKCS#8":
		if label == "ENCRYPTED PRIVATE KEY" {
			if encryptedPKCS8(blob) {
				p.Guarded = Yes
			}
		} else {
			parsePKCS8(&p, blob)
		}
	case "SSH2":
		parseSSH2(&p, blob)
	}
	return p, true
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

func firstWord(text []byte) string {
	const enough = 100
	word := bytes.TrimLeft(text, " \t\r\n")
	word = word[:min(len(word), enough)]
	if i := bytes.IndexAny(word, " \t\r\n"); i >= 0 {
		word = word[:i]
	}
	return string(word)
}

// splitHeaders takes the header lines of RFC 1421 and RFC 4716 off a body. A header may
// go on after a backslash at its end.
func splitHeaders(body []byte) (headers []string, text []byte) {
	const most = 32
	for text = body; len(headers) < most; {
		line, rest, ok := bytes.Cut(text, []byte{'\n'})
		if !ok || !bytes.ContainsRune(line, ':') {
			break
		}
		headers = append(headers, strings.TrimSpace(string(line)))
		for ok && bytes.HasSuffix(bytes.TrimRight(line, "\r"), []byte{'\\'}) {
			line, rest, ok = bytes.Cut(rest, []byte{'\n'})
		}
		text = rest
	}
	return headers, text
}

// guardOf reads Proc-Type, with which OpenSSL marks an encrypted key of the traditional
// form. It never says No: that takes a body which can be read.
func guardOf(headers []string) Tri {
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		if name == "Proc-Type" && strings.HasSuffix(strings.TrimSpace(value), "ENCRYPTED") {
			return Yes
		}
	}
	return Unknown
}

// setPublic takes what a public blob says.
func (p *Private) setPublic(blob []byte) {
	// The version says which keys sshd takes, not which ones exist.
	_, k, v := parseBlob(blob, ParseOptions{})
	if v.refused != "" && !v.short {
		return
	}
	p.Type, p.Bits, p.Digest, p.HasDigest = k.typ, k.bits, k.digest, true
}

// parseOpenSSH reads PROTOCOL.key: the public half is never encrypted.
func parseOpenSSH(p *Private, blob []byte) {
	rest, ok := bytes.CutPrefix(blob, []byte("openssh-key-v1\x00"))
	if !ok {
		return
	}
	r := &reader{rest}
	cipher, ok1 := r.cstring()
	kdf, ok2 := r.cstring()
	_, ok3 := r.bytes()
	if !ok1 || !ok2 || !ok3 || len(r.b) < 4 || binary.BigEndian.Uint32(r.b) != 1 {
		return
	}
	r.b = r.b[4:]
	public, ok4 := r.bytes()
	secret, ok5 := r.bytes()
	if !ok4 || !ok5 || len(secret) == 0 {
		return
	}
	p.setPublic(public)
	switch {
	case cipher == "none" && kdf == "none":
		// The same number stands twice in front of what is not encrypted.
		if len(secret) >= 8 && bytes.Equal(secret[:4], secret[4:8]) {
			p.Guarded = No
		}
	case cipher != "none" && cipher != "" && kdf == "bcrypt":
		p.Guarded = Yes
	}
}
