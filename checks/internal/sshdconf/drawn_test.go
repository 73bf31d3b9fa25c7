package sshdconf

import "strings"

// fill puts drawn numbers, times, addresses, ports and lists in the place of {names}.
func (g generator) fill(value string) string {
	for {
		i, j := strings.IndexByte(value, '{'), strings.IndexByte(value, '}')
		if i < 0 || j < i {
			return value
		}
		value = value[:i] + g.drawn(value[i+1:j]) + value[j+1:]
	}
}

func (g generator) drawn(kind string) string {
	some := func(most int, separator string, list ...string) string {
		var parts []string
		for range 1 + g.IntN(most) {
			parts = append(parts, g.pick(list...))
		}
		return strings.Join(parts, separator)
	}
	switch kind {
	case "number":
		return some(2, "", "0", "1", "5", "10", "07", "+", "-", " ", "0x1", "2147483647", "2147483648", "4294967296", "99999999999999999999", "x", ".5")
	case "time":
		return some(4, "", "1", "0", "30", "s", "m", "h", "d", "w", "M", " ", "+1", "-1", ".5", "1.5", "2147483647", "3550", "9223372036854775807", "1h", "2m", "x")
	case "scaled":
		return some(4, "", "1", "16", "0", "9", ".", ".5", "K", "k", "M", "G", "T", "P", "E", "B", "-", "+", " ", "8", "12345678901234567890")
	case "address":
		return some(1, "", "10.0.0.0", "10.0.0.1", "10.1", "0x0a000000", "012.0.0.0", "::", "2001:db8::", "fe80::1", "::ffff:10.0.0.0", "10.*", "a.b", "10", "256.1.1.1", "::1%1", "fe80::%2") +
			g.pick("", "", "/8", "/32", "/24", "/0", "/33", "/128", "/129", "/", "/x", "/08", "/+8", "/ 8", "/-1", "/4294967296")
	case "addresses":
		var n strings.Builder
		n.WriteString(g.drawn("address"))
		for range g.IntN(3) {
			n.WriteString("," + g.pick("", "", "!") + g.drawn("address"))
		}
		return n.String()
	case "host":
		return g.pick("", "localhost", "a.b", "[::1]", "[::1", "::1", "*", "[a]", "10.0.0.1", "[]", "a b") + g.pick(":", ":", ":", "", "/", "]:") + g.drawn("port")
	case "port":
		return g.pick("22", "0", "*", "65535", "65536", "ssh", "http", "nosuch", "+80", " 80", "-1", "080", "", "x22")
	case "startups":
		return some(6, "", ":", ":", "10", "30", "100", "1", "0", "-1", "x", " ", "+5", "4294967297")
	case "ciphers":
		return g.pick("", "", "+", "-", "^") + some(3, ",", "aes256-ctr", "aes128-cbc", "aes*", "", "!aes*", "none", "rot13", "chacha20-poly1305@openssh.com")
	case "keys":
		return g.pick("", "", "+", "-", "^") + some(3, ",", "ssh-ed25519", "ssh-rsa", "ssh-*", "*cert*", "", "!ssh-*", "!x", "rsa", "ecdsa", "null", "ssh-dss", "rsa-sha2-256-cert-v01@openssh.com", "?", "*",
			"sk-ssh-ed25519@openssh.com", "Ed25519-sk", "!*")
	case "methods":
		return some(3, g.pick(",", " ", " "), "publickey", "password", "any", "none", "keyboard-interactive", "hostbased", "publickey:x", "", "gssapi-with-mic", "gssapi-keyex", "x", ":")
	case "words":
		return some(4, " ", "a", "b", `""`, `"c d"`, "'e'", "#f", `\\`, `"g"h`, "=", "i=j", `k"`, "none")
	case "file":
		return g.pick("~", "~/", "~root", "~root/x", "~nosuch", "~nosuch/x", "~www-data/x", "/x", "x", "none", "NONE", "~"+strings.Repeat("a", 130)+"/x", "~/"+strings.Repeat("b", 4093))
	}
	panic(kind)
}
