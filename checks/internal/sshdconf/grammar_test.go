package sshdconf

// setting is a keyword with values that are mostly good, and odd ones, which some
// version refuses or reads in a way one would not expect.
type setting struct {
	keyword   string
	good, odd []string
}

func v(values ...string) []string { return values }

var flags = v("yes", "no", "yes", "no", "No", "YES")

var oddFlags = v("true", "on", "1", "yes no", "yes#x", "", "maybe", "ye")

var settings = []setting{
	{"PermitRootLogin", v("yes", "no", "prohibit-password", "without-password", "forced-commands-only", "No", "YES"), v("maybe", "true", "prohibit-passwords")},
	{"PermitRootLogin", v("yes", "no", "no", "prohibit-password"), nil},
	{"PermitRootLogin", v("yes", "no", "no", "prohibit-password"), nil},
	{"Port", v("22", "2222", "022", "2022", "65535", "ssh"), v("0", "65536", "x", "+22", " 22", "-1", "nosuchservice", "22 23", "0x16", "http", "{port}")},
	{"ListenAddress", v(
		"0.0.0.0", "127.0.0.1", "::", "[::1]:2022", "127.0.0.1:22", "0.0.0.0:2222", "2001:db8::1", "192.0.2.1", "[127.0.0.1]:22", "[::1]", "0.0.0.0:ssh",
	), v("[::1", "1.2.3.4:x", "::1 22", "1.2.3.4:0", "10.1", "0x7f.1:22", "1.2.3.4/22", "[::1]x", "*", "*:22", ":22", "::ffff:1.2.3.4", "1.2.3.4:", "127.0.0.1 rdomain", "[]:22", "999.1.1.1", "1.2.3.4:+22", "{host}", "{host}", "{host}")},
	{"AddressFamily", v("any", "inet", "inet6", "ANY"), v("ipv4", "inet 6")},
	{"PasswordAuthentication", flags, oddFlags},
	{"KbdInteractiveAuthentication", flags, oddFlags},
	{"ChallengeResponseAuthentication", flags, oddFlags},
	{"SkeyAuthentication", flags, oddFlags},
	{"PubkeyAuthentication", flags, oddFlags},
	{"DSAAuthentication", flags, oddFlags},
	{"UsePAM", flags, oddFlags},
	{"PermitEmptyPasswords", flags, oddFlags},
	{"HostbasedAuthentication", flags, oddFlags},
	{"GSSAPIAuthentication", flags, oddFlags},
	{"KerberosAuthentication", flags, oddFlags},
	{"GSSAPICleanupCredentials", flags, oddFlags},
	{"GSSAPIStrictAcceptorCheck", flags, oddFlags},
	{"GSSAPIKeyExchange", flags, oddFlags},
	{"GSSAPIStoreCredentialsOnRekey", flags, oddFlags},
	{"GSSAPIDelegateCredentials", flags, oddFlags},
	{"GSSAPIKexAlgorithms", v("gss-group14-sha256-", "gss-group16-sha512-,gss-nistp256-sha256-"), v("gss-x", "curve25519-sha256", "gss-group14-sha256-x", "")},
	{"KerberosOrLocalPasswd", flags, oddFlags},
	{"KerberosTicketCleanup", flags, oddFlags},
	{"KerberosGetAFSToken", flags, oddFlags},
	{"StrictModes", flags, oddFlags},
	{"X11Forwarding", flags, oddFlags},
	{"X11UseLocalhost", flags, oddFlags},
	{"X11DisplayOffset", v("10", "1", "0"), v("-1", "x", "+1", " 1", "010", "2147483648", "1x", "{number}", "{number}")},
	{"UseDNS", flags, oddFlags},
	{"RefuseConnection", v("no", "no", "yes"), oddFlags},
	{"DisableForwarding", flags, oddFlags},
	{"PrintMotd", flags, oddFlags},
	{"PrintLastLog", flags, oddFlags},
	{"PermitTTY", flags, oddFlags},
	{"PermitUserRC", flags, oddFlags},
	{"TCPKeepAlive", flags, oddFlags},
	{"KeepAlive", flags, oddFlags},
	{"ExposeAuthInfo", flags, oddFlags},
	{"IgnoreUserKnownHosts", flags, oddFlags},
	{"IgnoreRhosts", v("yes", "no", "shosts-only"), oddFlags},
	{"HostbasedUsesNameFromPacketOnly", flags, oddFlags},
	{"AllowAgentForwarding", flags, oddFlags},
	{"StreamLocalBindUnlink", flags, oddFlags},
	{"DebianBanner", flags, oddFlags},
	{"AllowUsers", v("root", "alice bob", "root@10.0.0.0/8", "!root *", "root@192.0.2.*,!10.*", "root@2001:db8::/32 www-data", "*@10.1 root"), v(
		"root@10.0.0.1/8", "", `""`, "root@10.1/8", "root@", "a@b@10.0.0.1/8", "a@10.0.0.1/8@b", "root@10.0.0.0/33", "root@10.0.0.0/129", "root@10.0.0.0/+8", "root@10.0.0.0/08",
		"root@fe80::1%1/10", "root@10.0.0.0/8,", "root@!", "root@0x0a000000/8", "root@::/0 x@::1/0", "root@1.2.3.4/", "x,y", "root@10.*,10.0.0.1/8", "root@{addresses}", "root@{addresses}", "x root@{address}", "{words}",
	)},
	{"DenyUsers", v("alice", "www-data", "root@10.1.2.3", "*@2001:db8::5"), v("root@10.0.0.1/8", "", `"" x`, "root@{addresses}", "{words}")},
	{"AllowGroups", v("root", "wheel", "a b c", "root www-data"), v("", `""`, `a "" b`, "{words}")},
	{"DenyGroups", v("wheel", "nogroup", "www-data"), v("", `""`)},
	{"AuthenticationMethods", v("publickey", "any", "publickey,password", "keyboard-interactive:pam", "password publickey", "publickey:x password", "none", "hostbased,publickey"), v(
		"any publickey", "publickey any", "magic", "gssapi-with-mic", "gssapi-keyex", "publickey,", `""`, "any any", "", "publickey,magic:x", "password,gssapi-with-mic publickey", ":x", "hostbased", "{methods}", "{methods}", "{methods}",
	)},
	{"AuthorizedKeysFile", v(".ssh/authorized_keys", "none", "/etc/keys/%u .ssh/x", "~/keys", "%h/x"), v("none .ssh/x", ".ssh/x none", "~nosuch/x", "~nosuch", `""`, "", `a "" b`, "~root/x", "~", "{file}", "{file} {file}", "{words}")},
	{"AuthorizedKeysCommand", v("/bin/true", "none", "/bin/x %u # a", "/bin/true"), v("true", `"/bin/x"`, "NONE", "./x", "", "none x")},
	{"AuthorizedKeysCommandUser", v("nobody", "root", "%u"), v("nobody x", "")},
	{"AuthorizedKeysCommandUser", v("nobody", "root"), nil},
	{"AuthorizedPrincipalsCommand", v("none", "/bin/p"), v("p", "NONE")},
	{"AuthorizedPrincipalsCommandUser", v("nobody"), v("")},
	{"AuthorizedPrincipalsFile", v("none", "/etc/p/%u", ".ssh/p"), v("~nosuch/p", "a b", "", "{file}")},
	{"TrustedUserCAKeys", v("none", "/etc/ca", "ca"), v("~nosuch/p", "a b", "~/ca", "")},
	{"RevokedKeys", v("none", "/etc/revoked"), v("a b", "~nosuch/p", "none x", "x none", "", "{file}", "{file} {file}")},
	{"HostKeyAgent", v("none", "SSH_AUTH_SOCK", "/run/agent"), v("~nosuch/p", "a b", "")},
	{"HostCertificate", v("/etc/ssh/none-cert.pub"), v("~nosuch/p", "a b", "")},
	{"HostKey", v("/etc/ssh/none"), v("~nosuch/p", "a b", "", "{file}")},
	{"PidFile", v("none", "/run/sshd.pid"), v("~nosuch/p", "a b", "")},
	{"ModuliFile", v("/etc/ssh/moduli"), v("~nosuch/p", "a b", "")},
	{"XAuthLocation", v("/usr/bin/xauth"), v("~nosuch/p", "a b", "")},
	{"SecurityKeyProvider", v("internal", "/usr/lib/x.so"), v("~nosuch/p", "a b", "")},
	{"SshdSessionPath", v("/usr/lib/openssh/sshd-session"), v("~nosuch/p", "a b")},
	{"SshdAuthPath", v("/usr/lib/openssh/sshd-auth"), v("a b")},
	{"PAMServiceName", v("sshd", "other"), v("", "a b")},
	{"AllowTcpForwarding", v("yes", "no", "local", "remote", "all", "ALL"), v("true", "off", "both")},
	{"AllowStreamLocalForwarding", v("yes", "no", "local", "remote", "all"), v("true", "off")},
	{"PermitTunnel", v("no", "yes", "point-to-point", "ethernet"), v("maybe", "Yes", "NO")},
	{"GatewayPorts", v("no", "yes", "clientspecified"), v("maybe")},
	{"Compression", v("delayed", "no", "yes", "Delayed"), v("fast")},
	{"Subsystem", v("sftp /usr/lib/openssh/sftp-server", "sftp internal-sftp -l INFO", "x /bin/y", `z "/a b" c`), v("sftp", `sftp ""`, "", `sftp /x ""`, "{words}")},
	{"MaxAuthTries", v("3", "6", "0"), v("-1", "x", "+3", " 3", "03", "2147483647", "2147483648", "3x", "{number}", "{number}")},
	{"MaxSessions", v("10", "1"), v("-1", "+1", "")},
	{"MaxStartups", v("10:30:60", "10", "5:50:10"), v("10:30", "0", "60:30:10", "10:0:20", "10:101:20", "10:", "10:x", "10x", "10:30:60x", "-1", "x", "+5", "4294967297", "10:30:", "0:30:0", "0:30:10", ":", "{startups}", "{startups}", "{startups}")},
	{"PerSourceMaxStartups", v("none", "5"), v("None", "-1", "x", "{number}", "{number}")},
	{"PerSourceNetBlockSize", v("32:128", "24", "24:64"), v("33", "24:129", "x", "24:", "24:x", ":64", "-1", "32:128:1", "{startups}")},
	{"PerSourcePenalties", v("yes", "no", "crash:90s authfail:5", "max:10m min:15", "max-sources4:100", "overflow:permissive", "refuseconnection:10s", "noauth:1 grace-exceeded:20"), v(
		"yes crash:1", "crash:1 yes", "crash:", "crash", "invaliduser:1", "overflow:x", "max-sources4:x", "crash:1.5", "authfail:-1", "", "crash:1 no", "crash:{time}", "max-sources6:{number}", "{words}",
	)},
	{"PerSourcePenaltyExemptList", v("10.0.0.0/8", "192.0.2.1,2001:db8::/32"), v("10.0.0.1/8", "", "a,,b", "x", "{addresses}")},
	{"LoginGraceTime", v("2m", "120", "1h30m", "0", "1w2d"), v("2x", "2147483647", "2147483648", "99999999999w", "-1", "+5", " 5", "1h 30m", "1h+30m", "1.5", "1.5s", "1.5m", "1s1s", "1s1", "4294967295", "s", "5S", "", ".5", "1.", "0x10", "1e3", "1h1h", "{time}", "{time}", "{time}")},
	{"ClientAliveInterval", v("5m", "10", "0"), v("x", "-1", "1.5", "{time}", "{time}", "{time}")},
	{"ClientAliveCountMax", v("3", "0"), v("-1", "x", "+1", "{number}", "{number}")},
	{"LogLevel", v("INFO", "verbose", "DEBUG3", "QUIET", "silent", "ERROR"), v("LOUD", "")},
	{"SyslogFacility", v("AUTH", "authpriv", "LOCAL7", "USER", "DAEMON"), v("MAIL", "")},
	{"LogVerbose", v("kex.c:*:1000", "none", "a b"), v("none x", "x none", "", `""`, "{words}")},
	{"Banner", v("none", "/etc/issue.net", `"/etc/a b"`, "issue", "NONE"), v("/etc/a b", "~/x", "~nosuch/x", "", "{file}")},
	{"Ciphers", v("aes256-ctr", "aes128-ctr,aes256-gcm@openssh.com", "+3des-cbc", "-3des-cbc", "^aes256-ctr", "-*cbc"), v("rot13", "+", "-", "^rot13", "aes256-ctr,,rot13", ",aes256-ctr", "aes256-ctr,", "aes256-ctr,,!x", "+aes256-ctr,,!x", "^aes256-ctr,,!x", "-rot13", "AES256-CTR", "aes*", "none", ",", "{ciphers}", "{ciphers}")},
	{"MACs", v("hmac-sha2-256", "^hmac-sha2-512-etm@openssh.com", "-hmac-sha1*", "umac-64@openssh.com"), v("crc", "hmac-ripemd160", "+crc", "hmac-sha2-256,,!x")},
	{"KexAlgorithms", v("curve25519-sha256", "curve25519-sha256@libssh.org,ecdh-sha2-nistp256", "-diffie-hellman*", "+diffie-hellman-group14-sha1"), v(
		"sntrup761x25519-sha512@openssh.com", "kex", "sntrup761x25519-sha512", "mlkem768x25519-sha256", "gss-group14-sha256-", "curve25519-sha256,gss-group14-sha256-x", "sntrup4591761x25519-sha512@tinyssh.org",
		"mlkem768nistp256-sha256", "+gss-group14-sha256-",
	)},
	{"HostKeyAlgorithms", v("ssh-ed25519,rsa-sha2-512", "+ssh-rsa", "ssh-*", "*", "ecdsa-sha2-nistp256", "-ssh-rsa"), v(
		"ssh-foo", "rsa", "RSA", "rsa,ssh-ed25519", "!ssh-rsa", "+!ssh-rsa", "ssh-ed25519,!ssh-rsa", "ssh-dss", "null", "null,ssh-ed25519", "foo*", "ssh-xmss@openssh.com",
		"webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "webauthn-sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "ssh-mldsa44-ed25519@openssh.com", "Ed25519", "ssh-ed25519,,x", ",", "^ssh-rsa,!x*", "{keys}", "{keys}",
	)},
	{"PubkeyAcceptedKeyTypes", v("+ssh-rsa", "ssh-ed25519", "ssh-ed25519*"), v("ssh-foo", "!ssh-*", "rsa", "{keys}")},
	{"PubkeyAcceptedAlgorithms", v("+ssh-rsa", "ssh-ed25519", "sk-*"), v("ssh-foo", "!ssh-*", "rsa", "null", "{keys}")},
	{"HostbasedAcceptedAlgorithms", v("+ssh-rsa", "ssh-ed25519"), v("ssh-foo", "!ssh-*", "rsa")},
	{"HostbasedAcceptedKeyTypes", v("+ssh-rsa", "ssh-ed25519"), v("ssh-foo", "rsa")},
	{"CASignatureAlgorithms", v("ssh-ed25519", "+ssh-rsa", "ecdsa-*"), v("ssh-ed25519-cert-v01@openssh.com", "*cert*", "ssh-foo", "rsa-sha2-256-cert-v01@openssh.com", "rsa", "!ssh-rsa", "{keys}", "{keys}")},
	{"AcceptEnv", v("LANG LC_*", "COLORTERM"), v("A=B", "", `""`, "A B=C", "{words}")},
	{"SetEnv", v("A=B", "A=B C=D", `"A=x y"`, `A="x y"`), v("A", "", "A=B C", `""`, "=", "{words}", "{words}")},
	{"RekeyLimit", v("default none", "1G 1h", "512M", "default", "1.5G 1h30m", "16 none"), v("1", "15", "default default", "1G 1h x", "x", "1Gx", "-1", "K", "1.2.3G", "99999999999E", "1G none x", "0 0", "1g", "16b", "1G 1x", `1G ""`, "1 G", "18446744073709551616", "{scaled}", "{scaled}", "{scaled} {time}", "{words}")},
	{"PermitOpen", v("any", "none", "localhost:22", "[::1]:80 10.0.0.1:*", "host:ssh"), v("localhost", "any none", "any localhost:22", "localhost:22 any", "localhost:0", "host:22/x", "[::1", "host:", `host:22 ""`, ":22", "host/22", `""`, "", "*:*", "host:65536", "{host}", "{host} {host}", "{words}")},
	{"PermitListen", v("any", "none", "8080", "localhost:8080", "*:80", "[::1]:90"), v("localhost:", "0", "*", "none 80", "80 none", "x", `80 "" x`, "{host}", "{port}", "{host} {port}")},
	{"IPQoS", v("lowdelay throughput", "ef", "cs1 af21", "none", "0x10", "le"), v("magic", "256", "ef cs1 x", "010", "-1", "va", "+8", " 8", `ef ""`, "EF", `""`, "8 x", "{number}", "{number} {number}")},
	{"StreamLocalBindMask", v("0177", "077", "0"), v("0999", "8", "777", "1000", "-1", "+77", " 77", "x", "077x", "{number}")},
	{"UnusedConnectionTimeout", v("none", "5m", "0"), v("None", "x", "none x", "", "{time}", "{time}", "{time}")},
	{"ChannelTimeout", v("session=5m", "none", "session=5m direct-tcpip=1h", "*=0"), v("session", "none session=5m", "session=5m none", "=5m", "session=", "", `""`, "session=x", "a=1=2", "session={time}", "{words}")},
	{"RequiredRSASize", v("2048", "1024"), v("x", "-1", "{number}", "{number}")},
	{"FingerprintHash", v("sha256", "md5", "SHA512"), v("crc")},
	{"PubkeyAuthOptions", v("none", "touch-required", "verify-required touch-required", "none touch-required"), v("x", `""`, "none x")},
	{"PermitUserEnvironment", v("no", "yes", "LANG", "LC_*,X"), v("a b", "")},
	{"ForceCommand", v("internal-sftp", "/bin/echo a # b", "none", `"/bin/x y" z`), v(`"open`, "", "#x", "{words}")},
	{"VersionAddendum", v("none", "x y", "a # b"), v("#x", `"open`, "", "a\rb")},
	{"ChrootDirectory", v("none", "%h", "/srv"), v("a b", "", "None")},
	{"RDomain", v("none"), v("%D", "x", "")},
	{"Protocol", v("2", "1", "2,1", "x y z"), nil},
	{"UsePrivilegeSeparation", v("yes", "sandbox", "maybe"), nil},
	{"KeyRegenerationInterval", v("3600", "x"), nil},
	{"RSAAuthentication", v("yes", "x y"), nil},
	{"RhostsRSAAuthentication", v("yes"), nil},
	{"UseLogin", v("yes"), nil},
	{"AuthorizedKeysFile2", v("x"), nil},
	{"PermitBlacklistedKeys", v("x"), nil},
	{"GSSUseSessionCCache", v("x"), nil},
	{"KerberosTgtPassing", v("x"), nil},
	{"PamAuthenticationViaKbdint", v("x"), nil},
	{"PermitRootLogon", v("no"), nil},
}

var matches1 = v("User root", "User www-data", "User ro?t,alice", "User !root,*", "User *", "all", "Address 192.0.2.0/24",
	"Address 10.0.0.0/8", "Address *,!192.0.2.1", "Address 2001:db8::/32", "Address 10.1.*,192.0.2.1", "Group root", "Group www-data",
	"Group !root,*", "User \"root,alice\"", "LocalPort 22", "LocalPort 2222", "LocalPort ssh", "LocalAddress 192.0.2.2", "LocalAddress 10.0.0.0/8",
	"Host client.example.org", "Host *.example.*", "RDomain x", "User root Address 192.0.2.*", "User root", "User nobody Group x")

var oddMatches = v("Address 10.0.0.1/8", "User alice, root", "all User root", "", "Invalid-User", "User", "Colour red", "Version x", "LocalPort x",
	"LocalPort 0", "LocalPort 65536", "all all", "all # x", "# x", "User root # c", "user=root", "User = root", "Version OpenSSH_*", `User ""`, `"" User root`,
	`User root ""`, `User root "" x`, "User 'root'", `User "a b"`, "invalid-user User root", "Address 10.0.0.0/8,", "Address 10.0.0.0/33", "Address !", "User root#x",
	"User=root Address=10.0.0.0/8", "user =root", `all "" x`, `"all"`, "LocalAddress 10.0.0.1/8", "Address 10.0.0.0/129", "Exec x", "Tagged x", "User \\root", `User ro"ot"`)

var includes = v("Include "+here+"/conf.d/*.conf", "Include "+here+"/conf.d/*.conf", "Include "+here+"/conf.d/a.conf", "Include="+here+"/conf.d/1*.conf",
	"Include \""+here+"/conf.d/9.conf\" "+here+"/conf.d/other", "Include "+here+"/conf.d", "Include "+here+"/conf.d/nothing",
	"Include "+here+"/conf.d/*", "Include "+here+"/conf.d/[0-9]*.conf", "Include nothing.d/*.conf", "Include "+here+"/conf.d/*.conf # all",
	"Include "+here+"/*/*.conf", "Include "+here+"/conf.d/[!a]*.conf", "Include "+here+"/conf.d/"+`\a.conf`, "Include ~/nothing",
	"Include "+here+"/sshd_config", "Include", `Include ""`, "Include "+here+"/conf.d/a.conf "+here+"/conf.d/a.conf", "Include '"+here+"/conf.d/a.conf'")

// examples are what the sections of sshd_config(5) teach, in words of our own.
var examples = v(`Match User anoncvs
	X11Forwarding no
	AllowTcpForwarding no
	PermitTTY no
	ForceCommand cvs server
`, `Subsystem sftp internal-sftp
Match Group www-data
	ChrootDirectory /srv/%u
	ForceCommand internal-sftp
	AllowTcpForwarding no
	X11Forwarding no
`, `PasswordAuthentication no
KbdInteractiveAuthentication no
Match Address 10.0.0.0/8,192.168.0.0/16
	PasswordAuthentication yes
	PermitRootLogin yes
Match all
	Banner /etc/issue.net
`, `AuthenticationMethods publickey,password publickey,keyboard-interactive
PubkeyAuthentication yes
AllowUsers root@192.0.2.* *@10.0.0.0/8
`, `AuthorizedKeysCommand /usr/bin/keys %u %t %k
AuthorizedKeysCommandUser nobody
AuthorizedKeysFile none
Match User root
	AuthorizedKeysFile /etc/ssh/keys/%u
	AuthorizedKeysCommand none
`, `Port 22
Port 2222
ListenAddress 0.0.0.0
ListenAddress [::]:2200
AddressFamily any
Match LocalPort 2222
	PermitRootLogin no
	AuthenticationMethods publickey
`, `PermitOpen host.example.org:25 [2001:db8::1]:80
PermitListen 8080 localhost:9000
GatewayPorts clientspecified
Match User www-data
	PermitOpen none
	PermitListen none
	DisableForwarding yes
`, `HostKeyAlgorithms -ssh-rsa
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
MACs -*sha1*
KexAlgorithms curve25519-sha256
RekeyLimit 1G 1h
MaxStartups 10:30:100
LoginGraceTime 1m
`, `TrustedUserCAKeys /etc/ssh/ca.pub
AuthorizedPrincipalsFile /etc/ssh/principals/%u
RevokedKeys none
HostCertificate /etc/ssh/cert.pub
AcceptEnv LANG LC_*
SetEnv A=B
DenyGroups wheel
AllowGroups root www-data
`)
