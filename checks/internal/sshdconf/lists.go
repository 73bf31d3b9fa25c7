package sshdconf

import (
	"net/netip"
	"slices"
	"strings"
)

// addressList judges a comma-separated list of addresses, networks and patterns
// (addr_match_list() in addrmatch.c with no address to match).
func addressList(list string) Outcome {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimPrefix(entry, "!")
		if entry == "" {
			return refused("empty entry in a list of addresses")
		}
		host, bits, isNetwork := strings.Cut(entry, "/")
		if !isNetwork {
			continue
		}
		n, ok := digits(bits)
		if !ok || n > 128 || len(entry) > 63 {
			continue // taken for a pattern
		}
		addr, err := netip.ParseAddr(host)
		switch {
		case err != nil && strings.Trim(host, "0123456789abcdefABCDEFxX.:%") == "":
			// getaddrinfo() takes forms such as 10.1 and 0x0a.
			return unsure("a network whose address is in an unusual form")
		case err != nil:
			continue
		case int(n) > addr.BitLen():
			return refused("network mask longer than the address")
		}
		if prefix := netip.PrefixFrom(addr.WithZone(""), int(n)); prefix.Masked() != prefix {
			return refused("network with bits set in the host part")
		}
	}
	return Outcome{}
}

// algorithms takes a list of names out of the given ones, with the optional
// signs + - ^ in front. A name that is not given may be known to another build.
func algorithms(names ...string) checker {
	return one(func(arg string) Outcome {
		switch arg[0] {
		case '-':
			return Outcome{}
		case '+', '^':
			arg = arg[1:]
		}
		for name := range strings.SplitSeq(arg, ",") {
			if !slices.Contains(names, name) {
				return unsure("the algorithm " + name + " is not known to every version")
			}
		}
		return Outcome{}
	})
}

var ciphers = []string{
	"3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr",
	"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
}

var macs = []string{
	"hmac-sha1", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-512", "hmac-md5", "hmac-md5-96",
	"umac-64@openssh.com", "umac-128@openssh.com",
	"hmac-sha1-etm@openssh.com", "hmac-sha1-96-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512-etm@openssh.com", "hmac-md5-etm@openssh.com", "hmac-md5-96-etm@openssh.com",
	"umac-64-etm@openssh.com", "umac-128-etm@openssh.com",
}

// keyExchanges are known since 7.4.
var keyExchanges = []string{
	"curve25519-sha256@libssh.org", "curve25519-sha256",
	"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group14-sha256",
	"diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
	"diffie-hellman-group-exchange-sha1", "diffie-hellman-group-exchange-sha256",
	"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
}

var keyTypes = []string{
	"ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "ssh-rsa", "rsa-sha2-256", "rsa-sha2-512",
	"ssh-rsa-cert-v01@openssh.com", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	"ecdsa-sha2-nistp521-cert-v01@openssh.com",
}

// keyExchange judges KexAlgorithms; some names came and went with versions.
func keyExchange(l Line, b Build) Outcome {
	names := slices.Clone(keyExchanges)
	if b.Version.AtLeast(8, 5) {
		names = append(names, "sntrup761x25519-sha512@openssh.com")
	}
	if b.Version.AtLeast(9, 9) {
		names = append(names, "sntrup761x25519-sha512", "mlkem768x25519-sha256")
		if b.Vendor == RedHat { // in the crypto policies of RHEL 10 and Fedora
			names = append(names, "mlkem768nistp256-sha256", "mlkem1024nistp384-sha384")
		}
	}
	return algorithms(names...)(l, b)
}

// keyType judges lists of key and signature algorithms; they may hold patterns.
func keyType(l Line, b Build) Outcome {
	names := slices.Clone(keyTypes)
	if b.Version.AtLeast(8, 2) {
		names = append(names, "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
			"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")
	}
	if b.Version.AtLeast(7, 8) {
		names = append(names, "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com")
	}
	return algorithms(names...)(l, b)
}

// methods judges AuthenticationMethods.
func methods(l Line, _ Build) Outcome {
	if len(l.Args) == 0 {
		return refused("missing argument")
	}
	for _, arg := range l.Args {
		if arg == "any" {
			if len(l.Args) > 1 {
				return refused("any must stand alone")
			}
			return Outcome{}
		}
		for method := range strings.SplitSeq(arg, ",") {
			name, _, _ := strings.Cut(method, ":")
			switch name {
			case "publickey", "password", "keyboard-interactive", "hostbased", "none":
			case "gssapi-with-mic", "gssapi-keyex":
				return unsure("the method " + name + " is not known to every build")
			default:
				return refused("unknown authentication method")
			}
		}
	}
	return Outcome{}
}

// maxStartups judges MaxStartups: start, or start:rate:full. Older versions took
// zeros.
func maxStartups(l Line, b Build) Outcome {
	o := one(startups)(l, b)
	if o.Kind == Refused && !b.Version.AtLeast(9, 2) && len(l.Args) == 1 && strings.Count(l.Args[0], ":") != 1 {
		return unsure(o.Why)
	}
	return o
}

func startups(arg string) Outcome {
	parts := strings.Split(arg, ":")
	var n [3]int64
	for i, part := range parts {
		value, ok := digits(part)
		if !ok || i > 2 || value > 1<<31-1 {
			return unsure("an unusual form")
		}
		n[i] = value
	}
	switch {
	case len(parts) == 2:
		return refused("neither start nor start:rate:full")
	case n[0] == 0, len(parts) == 3 && (n[0] > n[2] || n[1] < 1 || n[1] > 100):
		return refused("numbers out of range")
	}
	return Outcome{}
}

// netBlock judges PerSourceNetBlockSize: bits of IPv4, or of IPv4:IPv6.
func netBlock(arg string) Outcome {
	v4, v6, both := strings.Cut(arg, ":")
	a, okA := digits(v4)
	b, okB := digits(v6)
	switch {
	case !okA || both && !okB:
		return unsure("an unusual form")
	case a > 32 || both && b > 128:
		return refused("more bits than an address has")
	}
	return Outcome{}
}

// qos judges IPQoS: one or two classes.
func qos(l Line, b Build) Outcome {
	if len(l.Args) == 0 {
		return refused("missing argument")
	}
	for _, arg := range l.Args {
		if !slices.Contains(qosClasses, lower(arg)) {
			return unsure("a class that not every version knows")
		}
	}
	if len(l.Args) > 2 {
		return refused("extra arguments at the end of the line")
	}
	return Outcome{}
}

var qosClasses = []string{
	"af11", "af12", "af13", "af21", "af22", "af23", "af31", "af32", "af33", "af41", "af42", "af43",
	"cs0", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs7", "ef", "lowdelay", "throughput", "reliability", "none",
}
