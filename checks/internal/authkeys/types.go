package authkeys

// family is what sshd compares types by: several names may stand for one.
type family int

const (
	famRSA family = iota + 1
	famDSA
	famEd25519
	famP256
	famP384
	famP521
	famSKEd25519
	famSKECDSA
	famMLDSA
	famEarlyMLDSA // under the name that 10.4 and 10.5 gave it
	famXMSS
)

// keyType is one row of sshd's table of key types (keyimpls in sshkey.c).
type keyType struct {
	family      family
	certificate bool
	known       func(ParseOptions) tri // nil = in every release
}

func knownSince(major, minor int) func(ParseOptions) tri {
	return func(o ParseOptions) tri { return o.since(major, minor) }
}

// knownDSA: ssh-dss was built in up to 9.7, on request only in 9.8 and 9.9, never since.
func knownDSA(o ParseOptions) tri {
	switch {
	case o.since(10, 0) == yes:
		return no
	case o.since(9, 8) == no:
		return yes
	}
	return maybe
}

// knownXMSS: an experiment of 7.7 to 10.0 that a build had to ask for.
func knownXMSS(o ParseOptions) tri {
	if o.since(7, 7) == no || o.since(10, 1) == yes {
		return no
	}
	return maybe
}

// knownEarlyMLDSA: 10.6 renamed the type and forgot the old name.
func knownEarlyMLDSA(o ParseOptions) tri {
	if o.since(10, 4) == no || o.since(10, 6) == yes {
		return no
	}
	return o.since(10, 4)
}

const certSuffix = "-cert-v01@openssh.com"

// typeOf looks a name up as peek_type_nid does, by letter. The names that are only
// signature algorithms are in sshd's table too, and a line may bear them.
func typeOf(name string) (keyType, bool) {
	switch name {
	case "ssh-rsa", "rsa-sha2-256", "rsa-sha2-512":
		return keyType{family: famRSA}, true
	case "ssh-rsa" + certSuffix, "rsa-sha2-256" + certSuffix, "rsa-sha2-512" + certSuffix:
		return keyType{family: famRSA, certificate: true}, true
	case "ssh-dss":
		return keyType{family: famDSA, known: knownDSA}, true
	case "ssh-dss" + certSuffix:
		return keyType{family: famDSA, certificate: true, known: knownDSA}, true
	case "ssh-ed25519":
		return keyType{family: famEd25519}, true
	case "ssh-ed25519" + certSuffix:
		return keyType{family: famEd25519, certificate: true}, true
	case "ecdsa-sha2-nistp256":
		return keyType{family: famP256}, true
	case "ecdsa-sha2-nistp384":
		return keyType{family: famP384}, true
	case "ecdsa-sha2-nistp521":
		return keyType{family: famP521}, true
	case "ecdsa-sha2-nistp256" + certSuffix, "ecdsa-sha2-nistp384" + certSuffix, "ecdsa-sha2-nistp521" + certSuffix:
		return keyType{family: famP256, certificate: true}, true
	case "sk-ssh-ed25519@openssh.com":
		return keyType{family: famSKEd25519, known: knownSince(8, 2)}, true
	case "sk-ssh-ed25519" + certSuffix:
		return keyType{family: famSKEd25519, certificate: true, known: knownSince(8, 2)}, true
	case "sk-ecdsa-sha2-nistp256@openssh.com":
		return keyType{family: famSKECDSA, known: knownSince(8, 2)}, true
	case "webauthn-sk-ecdsa-sha2-nistp256@openssh.com":
		return keyType{family: famSKECDSA, known: knownSince(8, 4)}, true
	case "sk-ecdsa-sha2-nistp256" + certSuffix:
		return keyType{family: famSKECDSA, certificate: true, known: knownSince(8, 2)}, true
	case "webauthn-sk-ecdsa-sha2-nistp256" + certSuffix:
		return keyType{family: famSKECDSA, certificate: true, known: knownSince(10, 3)}, true
	case "ssh-mldsa44-ed25519":
		return keyType{family: famMLDSA, known: knownSince(10, 6)}, true
	case "ssh-mldsa44-ed25519-cert":
		return keyType{family: famMLDSA, certificate: true, known: knownSince(10, 6)}, true
	case "ssh-mldsa44-ed25519@openssh.com":
		return keyType{family: famEarlyMLDSA, known: knownEarlyMLDSA}, true
	case "ssh-mldsa44-ed25519" + certSuffix:
		return keyType{family: famEarlyMLDSA, certificate: true, known: knownEarlyMLDSA}, true
	case "ssh-xmss@openssh.com":
		return keyType{family: famXMSS, known: knownXMSS}, true
	case "ssh-xmss" + certSuffix:
		return keyType{family: famXMSS, certificate: true, known: knownXMSS}, true
	}
	return keyType{}, false
}

func canonicalName(f family) string {
	switch f {
	case famRSA:
		return "ssh-rsa"
	case famDSA:
		return "ssh-dss"
	case famEd25519:
		return "ssh-ed25519"
	case famP256:
		return "ecdsa-sha2-nistp256"
	case famP384:
		return "ecdsa-sha2-nistp384"
	case famP521:
		return "ecdsa-sha2-nistp521"
	case famSKEd25519:
		return "sk-ssh-ed25519@openssh.com"
	case famSKECDSA:
		return "sk-ecdsa-sha2-nistp256@openssh.com"
	case famMLDSA:
		return "ssh-mldsa44-ed25519"
	case famEarlyMLDSA:
		return "ssh-mldsa44-ed25519@openssh.com"
	case famXMSS:
		return "ssh-xmss@openssh.com"
	}
	return ""
}
