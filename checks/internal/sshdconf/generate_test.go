package sshdconf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// fileSet is a generated configuration; "-> x" as content is a link to x.
type fileSet map[string]string

func (f fileSet) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range f {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "-- %s --\n%q\n", name, f[name])
	}
	return b.String()
}

// generate makes a configuration from a grammar (odd seeds) or by mutating the
// shipped file (even seeds).
func generate(seed uint64, shipped string, old bool) fileSet {
	g := generator{rand.New(rand.NewPCG(seed, 0x55aa)), old}
	files := fileSet{}
	if seed%2 == 1 {
		files["sshd_config"] = g.file(true)
	} else {
		files["sshd_config"] = g.mutate(strings.ReplaceAll(shipped, "/etc/ssh/sshd_config.d", "@/conf.d"))
	}
	for _, name := range []string{"10.conf", "9.conf", "a.conf", ".hidden.conf", "other"} {
		switch g.IntN(6) {
		case 0, 1:
			files["conf.d/"+name] = g.file(false)
		case 2:
			if g.IntN(8) == 0 {
				files["conf.d/"+name] = "-> /nowhere"
			}
		case 3:
			if g.IntN(4) == 0 {
				files["conf.d/dir.conf/x"] = "PermitRootLogin yes\n"
			}
		}
	}
	return files
}

// generator draws; old leaves out the keywords that came after 8.4, or nearly
// every configuration would be refused by it.
type generator struct {
	*rand.Rand
	old bool
}

var newer = []string{"RequiredRSASize", "ChannelTimeout", "UnusedConnectionTimeout", "LogVerbose", "PerSourceNetBlockSize"}

func (g generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g generator) file(main bool) string {
	var b strings.Builder
	for range 1 + g.IntN(7) {
		b.WriteString(g.line(main))
	}
	s := b.String()
	switch g.IntN(40) {
	case 0:
		s = strings.TrimSuffix(s, "\n")
	case 1:
		s = strings.ReplaceAll(s, "\n", "\r\n")
	case 2:
		s = "\ufeff" + s
	}
	return s
}

// settings are keywords with values, the first half of each list good.
var settings = [][]string{
	{"PermitRootLogin", "yes", "no", "prohibit-password", "without-password", "forced-commands-only", "No", "YES", "maybe", "true"},
	{"PermitRootLogin", "yes", "no", "no", "prohibit-password"},
	{"PermitRootLogin", "yes", "no", "no", "prohibit-password"},
	{"Port", "22", "2222", "022", "2022", "65535", "0", "65536", "x"},
	{"Port", "22", "2222"},
	{"ListenAddress", "0.0.0.0", "127.0.0.1", "::", "[::1]:2022", "127.0.0.1:22", "0.0.0.0:2222", "2001:db8::1", "192.0.2.1", "[::1", "1.2.3.4:x", "::1 22", "1.2.3.4:0"},
	{"AddressFamily", "any", "inet", "inet6", "ipv4"},
	{"PasswordAuthentication", "yes", "no", "No", "on"},
	{"KbdInteractiveAuthentication", "yes", "no"},
	{"ChallengeResponseAuthentication", "yes", "no"},
	{"SkeyAuthentication", "yes", "no"},
	{"PubkeyAuthentication", "yes", "no"},
	{"UsePAM", "yes", "no"},
	{"PermitEmptyPasswords", "yes", "no"},
	{"HostbasedAuthentication", "yes", "no"},
	{"AllowUsers", "root", "alice bob", "root@10.0.0.0/8", "root@10.0.0.1/8", "!root *", ""},
	{"AllowGroups", "root", "wheel", "a b c"},
	{"AuthenticationMethods", "publickey", "any", "publickey,password", "any publickey", "keyboard-interactive:pam", "magic", "password"},
	{"AuthorizedKeysFile", ".ssh/authorized_keys", "none", "/etc/keys/%u .ssh/x"},
	{"AuthorizedKeysCommand", "/bin/true", "none", "true"},
	{"AuthorizedKeysCommandUser", "nobody"},
	{"AllowTcpForwarding", "yes", "no", "local", "remote", "all", "true", "off"},
	{"Subsystem", "sftp /usr/lib/openssh/sftp-server", "sftp internal-sftp -l INFO", "sftp"},
	{"X11Forwarding", "yes", "no"},
	{"MaxAuthTries", "3", "6", "-1", "x"},
	{"MaxStartups", "10:30:60", "10", "10:30", "0", "60:30:10"},
	{"LoginGraceTime", "2m", "120", "1h30m", "2x", "0"},
	{"ClientAliveInterval", "5m", "10", "x"},
	{"LogLevel", "INFO", "verbose", "DEBUG3", "LOUD"},
	{"SyslogFacility", "AUTH", "authpriv", "MAIL"},
	{"Banner", "none", "/etc/issue.net", `"/etc/a b"`, "/etc/a b"},
	{"Ciphers", "aes256-ctr", "aes128-ctr,aes256-gcm@openssh.com", "+3des-cbc", "-3des-cbc", "rot13"},
	{"MACs", "hmac-sha2-256", "^hmac-sha2-512-etm@openssh.com", "crc"},
	{"KexAlgorithms", "curve25519-sha256", "sntrup761x25519-sha512@openssh.com", "kex"},
	{"HostKeyAlgorithms", "ssh-ed25519,rsa-sha2-512", "ssh-foo"},
	{"AcceptEnv", "LANG LC_*", "A=B"},
	{"SetEnv", "A=B", "A"},
	{"PermitTunnel", "no", "yes", "point-to-point", "maybe"},
	{"GatewayPorts", "no", "clientspecified", "maybe"},
	{"Compression", "delayed", "no", "fast"},
	{"RekeyLimit", "default none", "1G 1h", "1", "512M"},
	{"PermitOpen", "any", "none", "localhost:22", "localhost"},
	{"IPQoS", "lowdelay throughput", "ef", "magic"},
	{"Protocol", "2", "1", "2,1"},
	{"UsePrivilegeSeparation", "yes", "sandbox"},
	{"KeyRegenerationInterval", "3600"},
	{"RSAAuthentication", "yes"},
	{"GSSAPIAuthentication", "yes", "no"},
	{"DebianBanner", "no", "yes"},
	{"PerSourceNetBlockSize", "32:128", "24", "33"},
	{"StreamLocalBindMask", "0177", "0999"},
	{"UnusedConnectionTimeout", "none", "5m"},
	{"ChannelTimeout", "session=5m", "none", "session"},
	{"RequiredRSASize", "2048", "x"},
	{"RefuseConnection", "yes"},
	{"PermitRootLogon", "no"},
	{"DisableForwarding", "yes", "no"},
	{"StrictModes", "yes", "no"},
	{"ForceCommand", "internal-sftp", "/bin/echo a # b"},
	{"VersionAddendum", "none", "x y"},
	{"HostKey", "/etc/ssh/none"},
	{"PermitUserEnvironment", "no", "LANG"},
	{"FingerprintHash", "sha256", "md5", "crc"},
	{"PubkeyAuthOptions", "none", "touch-required", "x"},
	{"RevokedKeys", "none", "/etc/revoked"},
	{"TrustedUserCAKeys", "none", "/etc/ca"},
	{"ChrootDirectory", "none", "%h"},
	{"LogVerbose", "kex.c:*:1000", "none"},
}

func (g generator) line(main bool) string {
	switch g.IntN(24) {
	case 0:
		return "\n"
	case 1:
		return g.pick("# comment", "  # c", "\t#x\xe9", "#") + "\n"
	case 2, 3, 4:
		return "Match " + g.pick("User root", "User alice", "User ro?t,alice", "User !root,*", "all", "All", "Address 192.0.2.0/24",
			"Address 10.0.0.0/8", "Address *,!192.0.2.1", "Group root", "Group wheel", "user=root", "User \"root,alice\"",
			"LocalPort 22", "User root Address 192.0.2.*", "User root # c", "LocalAddress 192.0.2.2", "Host x",
			"User root", "all", "User nobody Group x", g.pick("Address 10.0.0.1/8", "User alice, root", "all User root", "",
				"Invalid-User", "User", "Colour red", "Version x", "LocalPort x")) + "\n"
	case 5, 6:
		if main {
			return g.pick("Include @/conf.d/*.conf", "Include @/conf.d/a.conf", "Include=@/conf.d/1*.conf",
				"Include \"@/conf.d/9.conf\" @/conf.d/other", "Include @/conf.d", "Include @/conf.d/nothing",
				"Include @/conf.d/*", "Include @/conf.d/[0-9]*.conf", "Include nothing.d/*.conf", "Include @/conf.d/*.conf # all",
				"Include @/sshd_config", "Include") + "\n"
		}
		if g.IntN(5) == 0 {
			return "Include @/conf.d/other\n"
		}
	}
	s := settings[g.IntN(len(settings))]
	for g.old && slices.Contains(newer, s[0]) {
		s = settings[g.IntN(len(settings))]
	}
	values := s[1:]
	if g.IntN(11) != 0 { // mostly good ones
		values = values[:(len(values)+1)/2]
	}
	return g.dress(s[0], values[g.IntN(len(values))]) + "\n"
}

// dress writes a setting in one of the ways sshd reads, and seldom in one it
// does not.
func (g generator) dress(keyword, value string) string {
	switch g.IntN(30) {
	case 0:
		keyword = strings.ToUpper(keyword)
	case 1:
		keyword = strings.ToLower(keyword)
	case 2:
		keyword = `"` + keyword + `"`
	case 3:
		keyword = "\t " + keyword
	case 4:
		value = `"` + value + `"`
	case 5:
		value = "'" + value + "'"
	case 6:
		value += " # comment"
	case 7:
		value += "\t \f"
	}
	separator := " "
	switch g.IntN(30) {
	case 0:
		separator = "="
	case 1:
		separator = " = "
	case 2:
		separator = " ="
	case 3:
		separator = "\t"
	}
	line := keyword + separator + value
	switch g.IntN(150) {
	case 0:
		line += "#x"
	case 1:
		line += ";"
	case 2:
		line += " \\"
	case 3:
		line += " extra"
	case 4:
		line += `"`
	case 5:
		line = keyword
	case 6:
		line = keyword + "==" + value
	case 7:
		line += "\x00"
	case 8:
		line += `\ x`
	}
	return line
}

// mutate changes the shipped file: comments opened, lines copied, moved, dropped,
// characters changed.
func (g generator) mutate(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for range 1 + g.IntN(6) {
		i := g.IntN(len(lines))
		switch g.IntN(12) {
		case 0, 1, 2, 3:
			for range 20 { // a commented example
				i = g.IntN(len(lines))
				if s, ok := strings.CutPrefix(lines[i], "#"); ok && len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && strings.Count(s, " ") == 1 {
					lines[i] = s
					break
				}
			}
		case 4, 5, 6:
			lines = slices.Insert(lines, i, g.line(true))
		case 7:
			lines = slices.Insert(lines, g.IntN(len(lines)), lines[i])
		case 8:
			lines = slices.Delete(lines, i, i+1)
			if len(lines) == 0 {
				return ""
			}
		case 9:
			j := g.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		case 10:
			if s := []byte(lines[i]); len(s) > 1 && g.IntN(2) == 0 {
				s[g.IntN(len(s)-1)] = "\"'=# \\x"[g.IntN(7)]
				lines[i] = string(s)
			}
		case 11:
			lines[i] = strings.Replace(lines[i], "yes", g.pick("no", "Yes", "yes no", "\"yes\"", "yes#"), 1)
		}
	}
	return strings.Join(lines, "")
}
