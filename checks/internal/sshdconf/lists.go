package sshdconf

import (
	"slices"
	"strings"
)

// name is one algorithm, with the versions that know it.
type name struct {
	name  string
	since Version
	until Version             // the first that does not know it any more
	short string              // of key types: the other name, known in any case
	sig   bool                // of key types: only a signature
	built func(Build) feature // nil = everybody builds it in
}

func (n name) known(b Build) feature {
	switch {
	case b.Version.Before(n.since.Major, n.since.Minor):
		if b.backports() {
			return maybe
		}
		return without
	case n.until.Known() && b.Version.AtLeast(n.until.Major, n.until.Minor):
		return without
	case n.built != nil:
		return n.built(b)
	}
	return with
}

func plain(names ...string) []name {
	var list []name
	for _, n := range names {
		list = append(list, name{name: n})
	}
	return list
}

var ciphers = plain(
	"3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr",
	"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
)

var macs = plain(
	"hmac-sha1", "hmac-sha1-96", "hmac-sha2-256", "hmac-sha2-512", "hmac-md5", "hmac-md5-96",
	"umac-64@openssh.com", "umac-128@openssh.com",
	"hmac-sha1-etm@openssh.com", "hmac-sha1-96-etm@openssh.com", "hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512-etm@openssh.com", "hmac-md5-etm@openssh.com", "hmac-md5-96-etm@openssh.com",
	"umac-64-etm@openssh.com", "umac-128-etm@openssh.com",
)

var keyExchanges = append(plain(
	"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group14-sha256",
	"diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
	"diffie-hellman-group-exchange-sha1", "diffie-hellman-group-exchange-sha256",
	"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
	"curve25519-sha256", "curve25519-sha256@libssh.org",
),
	name{name: "sntrup4591761x25519-sha512@tinyssh.org", since: Version{8, 0}, until: Version{8, 5}},
	name{name: "sntrup761x25519-sha512@openssh.com", since: Version{8, 5}},
	name{name: "sntrup761x25519-sha512", since: Version{8, 5}, built: sntrupPlain},
	name{name: "mlkem768x25519-sha256", since: Version{9, 9}},
	name{name: "mlkem768nistp256-sha256", since: Version{10, 5}},
	name{name: "mlkem768nistp256-sha256", until: Version{10, 5}, built: redHat},
	name{name: "mlkem1024nistp384-sha384", built: redHat},
)

// sntrupPlain: the name without a domain came with 9.9, and Debian took it into its
// 9.2.
func sntrupPlain(b Build) feature {
	switch {
	case b.Version.AtLeast(9, 9):
		return with
	case b.IsDebian() && b.Version.AtLeast(9, 2), b.backports():
		return maybe
	}
	return without
}

// redHat: the system-wide crypto policies of RHEL 10 and Fedora name them.
func redHat(b Build) feature {
	switch {
	case b.Vendor == RedHat && b.Version.AtLeast(9, 9):
		return with
	case b.backports():
		return maybe
	}
	return without
}

// gssPrefixes are the key exchanges of the patch for GSSAPI: names that begin so.
var gssPrefixes = []string{
	"gss-gex-sha1-", "gss-group1-sha1-", "gss-group14-sha1-", "gss-group14-sha256-", "gss-group16-sha512-",
	"gss-nistp256-sha256-", "gss-curve25519-sha256-",
}

// keyAlgorithms are those of sshkey.c. Only the plain ones have the short name.
var keyAlgorithms = []name{
	{name: "ssh-ed25519", short: "ed25519"},
	{name: "ssh-ed25519-cert-v01@openssh.com"},
	{name: "sk-ssh-ed25519@openssh.com", short: "ed25519-sk", since: Version{8, 2}},
	{name: "sk-ssh-ed25519-cert-v01@openssh.com", since: Version{8, 2}},
	{name: "ssh-mldsa44-ed25519@openssh.com", short: "mldsa44-ed25519", since: Version{10, 4}, built: mldsa},
	{name: "ssh-mldsa44-ed25519-cert-v01@openssh.com", since: Version{10, 4}, built: mldsa},
	{name: "ssh-rsa", short: "rsa"},
	{name: "rsa-sha2-256", short: "rsa", sig: true},
	{name: "rsa-sha2-512", short: "rsa", sig: true},
	{name: "ssh-dss", short: "dsa", until: Version{10, 1}, built: dsa},
	{name: "ssh-dss-cert-v01@openssh.com", until: Version{10, 1}, built: dsa},
	{name: "ecdsa-sha2-nistp256", short: "ecdsa"},
	{name: "ecdsa-sha2-nistp384", short: "ecdsa"},
	{name: "ecdsa-sha2-nistp521", short: "ecdsa"},
	{name: "sk-ecdsa-sha2-nistp256@openssh.com", short: "ecdsa-sk", since: Version{8, 2}},
	{name: "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", short: "ecdsa-sk", since: Version{8, 4}, sig: true},
	{name: "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", since: Version{10, 3}, sig: true},
	{name: "ssh-rsa-cert-v01@openssh.com"},
	{name: "rsa-sha2-256-cert-v01@openssh.com", since: Version{7, 8}, sig: true},
	{name: "rsa-sha2-512-cert-v01@openssh.com", since: Version{7, 8}, sig: true},
	{name: "ecdsa-sha2-nistp256-cert-v01@openssh.com"},
	{name: "ecdsa-sha2-nistp384-cert-v01@openssh.com"},
	{name: "ecdsa-sha2-nistp521-cert-v01@openssh.com"},
	{name: "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", since: Version{8, 2}},
	{name: "ssh-xmss@openssh.com", short: "xmss", since: Version{7, 7}, until: Version{10, 1}, built: xmss},
	{name: "ssh-xmss-cert-v01@openssh.com", since: Version{7, 7}, until: Version{10, 1}, built: xmss},
	{name: "null", short: "null", until: Version{10, 6}, built: nullKey},
}

// dsa: an option of the build from 9.8 on, which Debian left out from 10.0 on.
func dsa(b Build) feature {
	switch {
	case b.Version.Before(9, 8):
		return with
	case b.IsDebian() && b.Version.AtLeast(10, 0):
		return without
	}
	return maybe
}

func mldsa(b Build) feature {
	if b.IsDebian() {
		return without
	}
	return maybe
}

func xmss(b Build) feature {
	if b.IsDebian() {
		return without
	}
	return maybe
}

// nullKey comes with the patch for GSSAPI.
func nullKey(b Build) feature { return b.gssapiKex() }

// algorithms takes a list of the given names, with the optional signs + - ^ in front.
func algorithms(names []name) checker {
	return one(func(d *directive, arg string) Outcome {
		return d.algorithmList(arg, func(entry string) feature {
			result := without
			for _, n := range names {
				if n.name == entry {
					result = either(result, n.known(d.build))
				}
			}
			if d.Keyword == "kexalgorithms" && hasPrefix(entry, gssPrefixes) {
				result = either(result, d.build.gssapiKex())
			}
			return result
		})
	})
}

// keyTypes takes a list of key and signature algorithms or patterns of them.
func keyTypes(d *directive) Outcome {
	return one(func(d *directive, arg string) Outcome {
		return d.algorithmList(arg, func(entry string) feature {
			certificate := strings.Contains(entry, "-cert-v01@") && !strings.HasPrefix(entry, "!") && !strings.ContainsAny(entry, "*?")
			if d.Keyword == "casignaturealgorithms" && d.build.Version.AtLeast(9, 4) && certificate {
				return without
			}
			result := without
			for _, n := range keyAlgorithms {
				if n.name == entry || n.short != "" && n.short == lower(entry) && d.build.Version.Before(9, 9) || matches(n.name, entry) != 0 {
					result = either(result, n.known(d.build))
				}
			}
			return result
		})
	})(d)
}

func either(a, b feature) feature {
	switch {
	case a == with || b == with:
		return with
	case a == maybe || b == maybe:
		return maybe
	}
	return without
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// matches is match_pattern_list(): 1 for a match, -1 for one with ! in front.
func matches(s, entry string) int {
	pattern, negated := strings.CutPrefix(entry, "!")
	switch {
	case !matchPattern(s, pattern):
		return 0
	case negated:
		return -1
	}
	return 1
}

// algorithmList judges a list and remembers the first one, which is put together when
// everything was read.
func (d *directive) algorithmList(arg string, known func(string) feature) Outcome {
	keyword := d.Canonical(d.build)
	if d.active && d.set.lists[keyword] == nil {
		d.set.lists[keyword] = &Line{File: d.File, Line: d.Line.Line, Args: []string{arg}}
	}
	list := arg
	switch {
	case arg[0] == '-' && d.build.Version.AtLeast(7, 5):
		return Outcome{}
	case arg[0] == '+', arg[0] == '^' && d.build.Version.AtLeast(8, 1):
		list = arg[1:]
	}
	if list == "" {
		return refused("an empty list of algorithms")
	}
	if list[0] == ',' && d.build.Version.AtLeast(10, 4) && (keyword == "ciphers" || keyword == "macs") {
		return refused("an empty name in front of a list of algorithms")
	}
	certain := true
	for entry := range strings.SplitSeq(list, ",") {
		if entry == "" {
			break // what follows is not looked at
		}
		switch known(entry) {
		case without:
			return refused("an algorithm that this version does not know")
		case maybe:
			certain = false
		}
	}
	if !certain {
		return unsure("an algorithm that not every build knows")
	}
	return Outcome{}
}

// gssKeyExchanges judges GSSAPIKexAlgorithms.
func gssKeyExchanges(_ *directive, arg string) Outcome {
	for entry := range strings.SplitSeq(arg, ",") {
		if entry == "" {
			break
		}
		if !hasPrefix(entry, gssPrefixes) {
			return refused("no key exchange of GSSAPI")
		}
	}
	return Outcome{}
}
