package authkeys

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/asn1"
)

// derReader takes elements off the contents of a DER sequence.
type derReader struct{ b []byte }

// next returns the next element and false where there is none that is whole.
func (d *derReader) next() (asn1.RawValue, bool) {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(d.b, &v)
	if err != nil {
		return v, false
	}
	d.b = rest
	return v, true
}

// of returns the contents of the next element if it is a universal one with that tag.
func (d *derReader) of(tag int) ([]byte, bool) {
	v, ok := d.next()
	return v.Bytes, ok && v.Class == asn1.ClassUniversal && v.Tag == tag
}

// integer returns the bytes of the next element, an integer that is not negative.
func (d *derReader) integer() ([]byte, bool) {
	b, ok := d.of(asn1.TagInteger)
	if !ok || len(b) == 0 || b[0]&0x80 != 0 {
		return nil, false
	}
	return bytes.TrimLeft(b, "\x00"), true
}

// derSequence opens a sequence that is the whole of b.
func derSequence(b []byte) (*derReader, bool) {
	outer := &derReader{b}
	inner, ok := outer.of(asn1.TagSequence)
	return &derReader{inner}, ok && len(outer.b) == 0
}

// parseTraditional reads the forms of OpenSSL before PKCS #8: RFC 8017 A.1.2, RFC 5915,
// and DSA's six integers. What can be read is not encrypted.
func parseTraditional(p *Private, label string, der []byte) {
	d, ok := derSequence(der)
	if !ok {
		return
	}
	if _, ok := d.integer(); !ok { // the version
		return
	}
	switch label {
	case "RSA PRIVATE KEY":
		setRSA(p, d)
	case "DSA PRIVATE KEY":
		blob := appendString(nil, []byte("ssh-dss"))
		for range 4 {
			n, ok := d.integer()
			if !ok {
				return
			}
			blob = appendMPInt(blob, n)
		}
		p.Guarded = No
		p.setPublic(blob)
	case "EC PRIVATE KEY":
		setEC(p, d, nil)
	}
}

func setRSA(p *Private, d *derReader) {
	n, ok1 := d.integer()
	e, ok2 := d.integer()
	if _, ok3 := d.integer(); !ok1 || !ok2 || !ok3 {
		return
	}
	p.Guarded = No
	p.setPublic(appendMPInt(appendMPInt(appendString(nil, []byte("ssh-rsa")), e), n))
}

// setEC reads what follows the version of an EC key; the curve may have been named
// before. The public point is computed, because it may be missing.
func setEC(p *Private, d *derReader, curve asn1.ObjectIdentifier) {
	secret, ok := d.of(asn1.TagOctetString)
	if !ok || len(secret) == 0 {
		return
	}
	p.Guarded = No
	for v, ok := d.next(); ok; v, ok = d.next() {
		if v.Class == asn1.ClassContextSpecific && v.Tag == 0 {
			var named asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(v.Bytes, &named); err == nil {
				curve = named
			}
		}
	}
	var group ecdh.Curve
	var name string
	size := 0
	switch curve.String() {
	case "1.2.840.10045.3.1.7":
		group, name, size = ecdh.P256(), "nistp256", 32
	case "1.3.132.0.34":
		group, name, size = ecdh.P384(), "nistp384", 48
	case "1.3.132.0.35":
		group, name, size = ecdh.P521(), "nistp521", 66
	default:
		return
	}
	if len(secret) > size {
		return
	}
	key, err := group.NewPrivateKey(append(make([]byte, size-len(secret), size), secret...))
	if err != nil {
		return
	}
	blob := appendString(nil, []byte("ecdsa-sha2-"+name))
	p.setPublic(appendString(appendString(blob, []byte(name)), key.PublicKey().Bytes()))
}

// parsePKCS8 reads RFC 5208 and RFC 5958.
func parsePKCS8(p *Private, der []byte) {
	d, ok := derSequence(der)
	if !ok {
		return
	}
	_, ok1 := d.integer()
	algorithm, ok2 := d.of(asn1.TagSequence)
	secret, ok3 := d.of(asn1.TagOctetString)
	if !ok1 || !ok2 || !ok3 || len(secret) == 0 {
		return
	}
	a := &derReader{algorithm}
	var kind, parameter asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(a.b, &kind)
	if err != nil {
		return
	}
	p.Guarded = No
	switch kind.String() {
	case "1.2.840.10040.4.1": // DSA: its public number would have to be computed
		if parameters, ok := derSequence(rest); ok {
			if n, ok := parameters.integer(); ok {
				p.Type, p.Bits = "ssh-dss", bitLen(n)
			}
		}
	case "1.2.840.113549.1.1.1": // RSA
		if inner, ok := derSequence(secret); ok {
			if _, ok := inner.integer(); ok {
				setRSA(p, inner)
			}
		}
	case "1.2.840.10045.2.1": // EC
		if _, err := asn1.Unmarshal(rest, &parameter); err != nil {
			parameter = nil
		}
		if inner, ok := derSequence(secret); ok {
			if _, ok := inner.integer(); ok {
				setEC(p, inner, parameter)
			}
		}
	case "1.3.101.112": // Ed25519
		seed, ok := (&derReader{secret}).of(asn1.TagOctetString)
		if ok && len(seed) == ed25519.SeedSize {
			public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
			p.setPublic(appendString(appendString(nil, []byte("ssh-ed25519")), public))
		}
	}
}

// encryptedPKCS8 reports whether the block is an EncryptedPrivateKeyInfo (RFC 5208
// section 6): an algorithm and what it encrypted.
func encryptedPKCS8(der []byte) bool {
	d, ok := derSequence(der)
	if !ok {
		return false
	}
	algorithm, ok1 := d.of(asn1.TagSequence)
	secret, ok2 := d.of(asn1.TagOctetString)
	var kind asn1.ObjectIdentifier
	_, err := asn1.Unmarshal(algorithm, &kind)
	return ok1 && ok2 && err == nil && len(secret) > 0 && len(d.b) == 0
}
