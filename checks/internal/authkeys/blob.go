package authkeys

import (
	"crypto/ecdh"
	"crypto/sha256"
	"strings"
)

// key is what a blob says.
type key struct {
	typ         string
	bits        int
	digest      [32]byte
	named       bool // the text begins with the name of a type
	certificate bool
}

// readKey reads a type and a blob from the front of text, and returns what stands behind
// them (sshkey_read in sshkey.c).
func readKey(text string, opts ParseOptions) (k key, rest string, v verdict) {
	space := strings.IndexAny(text, blanks)
	if space < 0 {
		v.refuse("no type of a key with a key behind it")
		return k, "", v
	}
	name := text[:space]
	rest = strings.TrimLeft(text[space:], blanks)
	end := strings.IndexAny(rest, blanks)
	if end < 0 {
		end = len(rest)
	}
	blob, decoded := decodeBase64(rest[:end])
	// Releases before 7.7 know one space only, between type and blob and behind the blob.
	if text[space] != ' ' || len(text)-space != len(rest)+1 || end < len(rest) && rest[end] != ' ' {
		v.require(opts.since(7, 7), "blanks around the key that sshd before 7.7 does not take")
	}
	rest = strings.TrimLeft(rest[end:], blanks)
	t, ok := typeOf(name)
	if !ok {
		inner, _ := (&reader{blob}).cstring()
		if decoded && opts.newer() && inner == name && name != "" {
			k.named = true
			v.doubt("a type of key that releases of OpenSSH up to the newest known here do not have")
			return k, rest, v
		}
		v.refuse("no type of a key with a key behind it")
		return k, "", v
	}
	k.named = true
	if t.known != nil {
		v.require(t.known(opts), "a type of key that not every release of OpenSSH has, or not by default")
	}
	if !decoded {
		v.refuse("the key is not base64")
		return k, "", v
	}
	if t.certificate {
		// Its signature does not matter: see parseLine.
		k.certificate, k.typ = true, name
		return k, rest, v
	}
	fam, parsed, pv := parseBlob(blob, opts)
	v.add(pv)
	if t.family == famDSA && fam == famDSA && t.known(opts) != yes {
		_, _, whole := parseBlob(blob, ParseOptions{Major: 7, Minor: 4}) // which takes DSA
		v.dsa = whole.refused == ""
	}
	if pv.refused == "" && fam != t.family {
		v.refuse("the key is of another type than the line says")
	}
	parsed.named = true
	return parsed, rest, v
}

// parseBlob reads a public key that is no certificate (sshkey_from_blob and the
// deserialize_public functions of the types).
func parseBlob(blob []byte, opts ParseOptions) (family, key, verdict) {
	const broken = "the key is damaged"
	r := &reader{blob}
	var v verdict
	name, ok := r.cstring()
	t, known := typeOf(name)
	if !ok || !known || t.certificate {
		v.refuse(broken)
		return 0, key{}, v
	}
	if t.known != nil {
		v.require(t.known(opts), "a type of key that not every release of OpenSSH has, or not by default")
	}
	k := key{typ: canonicalName(t.family)}
	out := appendString(nil, []byte(k.typ))
	switch t.family {
	case famRSA:
		e, ok1 := r.mpint()
		n, ok2 := r.mpint()
		ok = ok1 && ok2
		k.bits = bitLen(n)
		out = appendMPInt(appendMPInt(out, e), n)
		if ok {
			v.add(rsaLength(k.bits, opts))
		}
	case famDSA:
		for i := range 4 {
			n, good := r.mpint()
			ok = ok && good
			if i == 0 {
				k.bits = bitLen(n)
			}
			out = appendMPInt(out, n)
		}
	case famEd25519, famSKEd25519:
		out, ok = appendFixed(out, r, 32)
	case famMLDSA, famEarlyMLDSA:
		out, ok = appendFixed(out, r, 1312+32)
	case famP256, famP384, famP521, famSKECDSA:
		out, k.bits, ok = appendPoint(out, r, t.family)
	case famXMSS:
		v.doubt("a type of key that few builds of sshd have")
		k.digest = sha256.Sum256(blob)
		return t.family, k, v
	}
	if ok && (t.family == famSKEd25519 || t.family == famSKECDSA) {
		application, good := r.cstring()
		out, ok = appendString(out, []byte(application)), good
	}
	if !ok || len(r.b) > 0 {
		v.refuse(broken)
	}
	k.digest = sha256.Sum256(out)
	return t.family, k, v
}

// rsaLength is sshkey_check_rsa_length: 1024 bits since 7.6, 768 before.
func rsaLength(size int, opts ParseOptions) (v verdict) {
	const short = "the RSA key is shorter than sshd takes"
	v.short = size < 1024
	switch {
	case size < 768:
		v.refuse(short)
	case size < 1024:
		v.require(flip(opts.since(7, 6)), short)
	}
	return v
}

func appendFixed(out []byte, r *reader, size int) ([]byte, bool) {
	b, ok := r.bytes()
	return appendString(out, b), ok && len(b) == size
}

// appendPoint reads a curve's name and an uncompressed point on it.
func appendPoint(out []byte, r *reader, f family) ([]byte, int, bool) {
	curve, name, size := ecdh.P256(), "nistp256", 256
	switch f {
	case famP384:
		curve, name, size = ecdh.P384(), "nistp384", 384
	case famP521:
		curve, name, size = ecdh.P521(), "nistp521", 521
	}
	said, ok1 := r.cstring()
	point, ok2 := r.bytes()
	_, err := curve.NewPublicKey(point)
	out = appendString(appendString(out, []byte(name)), point)
	return out, size, ok1 && ok2 && said == name && err == nil
}
