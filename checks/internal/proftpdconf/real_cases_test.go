package proftpdconf_test

// realCase is a configuration with what ProFTPD does with it, written down before it was
// asked. want is the sockets parted by blanks, sorted, "refused", or "" for none; old is that of
// 1.3.7, new that of 1.3.9, where they differ.
type realCase struct {
	name, args, files string
	want, old, new    string
	// speaks is what the servers greet with, at addresses parted by blanks, where it is not
	// only plain FTP: address=ftp, ssh or tls (FTP within TLS from the first byte); oldSpeaks
	// that of 1.3.7 where it differs.
	speaks, oldSpeaks string
	unsure            bool // this package does not settle it
}

const accounts = "User proftpd\nGroup nogroup\n"

// Modules with what they need; the key and its certificate are the test's.
const (
	withSFTP = "LoadModule mod_sftp.c\nDefaultAddress 127.0.0.1\n"
	hostKey  = "SFTPHostKey /etc/ssl/test.key\n"
	withTLS  = "LoadModule mod_tls.c\nDefaultAddress 127.0.0.1\n"
	pair     = "TLSRSACertificateFile /etc/ssl/test.crt\nTLSRSACertificateKeyFile /etc/ssl/test.key\n"
)

// cryptoCases are those of mod_sftp and mod_tls.
var cryptoCases = []realCase{
	{name: "sftp", files: withSFTP + "SFTPEngine on\n" + hostKey + "Port 2222\n", want: "[::]:2222", speaks: "127.0.0.1:2222=ssh"},
	{name: "sftpOff", files: withSFTP + "SFTPEngine off\n" + hostKey, want: "[::]:21", speaks: "127.0.0.1:21=ftp"},
	{name: "sftpFirst", files: withSFTP + hostKey + "SFTPEngine yes\nSFTPEngine off\n", want: "[::]:21", speaks: "127.0.0.1:21=ssh"},
	{name: "sftpNoHostKey", files: withSFTP + "SFTPEngine on\n", want: "[::]:21"},
	{name: "sftpVirtualHost", files: withSFTP + "<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "Port 2222\n</VirtualHost>\n", want: "[::]:21 [::]:2222", speaks: "127.0.0.1:21=ftp 127.0.0.2:2222=ssh"},
	{name: "sftpSamePort", files: withSFTP + "<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "</VirtualHost>\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp 127.0.0.2:21=ssh"},
	{name: "sftpMainOff", files: withSFTP + "Port 0\n<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "Port 2222\n</VirtualHost>\n", want: "[::]:2222", speaks: "127.0.0.2:2222=ssh"},
	{name: "sftpTight", files: withSFTP + "SocketBindTight on\n<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "Port 2222\n</VirtualHost>\n", want: "127.0.0.1:21 127.0.0.2:2222", speaks: "127.0.0.1:21=ftp 127.0.0.2:2222=ssh"},
	{name: "sftpGlobal", files: withSFTP + "<Global>\nSFTPEngine on\n" + hostKey + "</Global>\nPort 2222\n<VirtualHost 127.0.0.2>\nSFTPEngine off\nPort 2121\n</VirtualHost>\n<VirtualHost 127.0.0.3>\nPort 2223\n</VirtualHost>\n", want: "[::]:2121 [::]:2222 [::]:2223", speaks: "127.0.0.1:2222=ssh 127.0.0.2:2121=ftp 127.0.0.3:2223=ssh"},
	{name: "sftpNotBoolean", files: withSFTP + "SFTPEngine maybe\n", want: "refused"},
	{name: "sftpInAnonymous", files: withSFTP + "<Anonymous ~ftp>\nSFTPEngine on\n</Anonymous>\n", want: "refused"},
	{name: "sftpAndTLS", files: withTLS + pair + "TLSEngine on\n" + withSFTP + "SFTPEngine on\n" + hostKey, want: "refused", old: "[::]:21", oldSpeaks: "127.0.0.1:21=ssh"},
	{name: "sftpAndTLSOfTwo", files: withTLS + pair + "TLSEngine on\n" + withSFTP + "<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "</VirtualHost>\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp 127.0.0.2:21=ssh"},
	{name: "sftpAndGlobalTLS", files: withTLS + withSFTP + "<Global>\n" + pair + "TLSEngine on\n</Global>\n<VirtualHost 127.0.0.2>\nSFTPEngine on\n" + hostKey + "</VirtualHost>\n", want: "refused", old: "[::]:21", oldSpeaks: "127.0.0.1:21=ftp 127.0.0.2:21=ssh"},
	{name: "sftpAndTLSOff", files: withTLS + withSFTP + "<Global>\n" + pair + "TLSEngine on\n</Global>\n<VirtualHost 127.0.0.2>\nTLSEngine off\nSFTPEngine on\n" + hostKey + "</VirtualHost>\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp 127.0.0.2:21=ssh"},
	{name: "tlsExplicit", files: withTLS + pair + "TLSEngine on\nTLSRequired on\nTLSOptions NoSessionReuseRequired\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp"},
	{name: "tlsImplicit", files: withTLS + pair + "TLSEngine on\nTLSOptions UseImplicitSSL\nPort 990\n", want: "[::]:990", speaks: "127.0.0.1:990=tls"},
	{name: "tlsImplicitEngineOff", files: withTLS + pair + "TLSEngine off\nTLSOptions UseImplicitSSL\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp"},
	{name: "tlsImplicitNoEngine", files: withTLS + pair + "TLSOptions UseImplicitSSL\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp"},
	{name: "tlsImplicitAmongOthers", files: withTLS + pair + "TLSEngine on\nTLSOptions StdEnvVars UseImplicitSSL EnableDiags\n", want: "[::]:21", speaks: "127.0.0.1:21=tls"},
	{name: "tlsOptionsTwice", files: withTLS + pair + "TLSEngine on\nTLSOptions NoSessionReuseRequired\nTLSOptions UseImplicitSSL\n", want: "[::]:21", speaks: "127.0.0.1:21=tls"},
	{name: "tlsOptionsGlobal", files: withTLS + pair + "TLSEngine on\nTLSOptions NoSessionReuseRequired\n<Global>\nTLSOptions UseImplicitSSL\n</Global>\n", want: "[::]:21", speaks: "127.0.0.1:21=tls"},
	{name: "tlsOptionsUnknown", files: withTLS + pair + "TLSEngine on\nTLSOptions UseImplicitTLS\n", want: "refused"},
	{name: "tlsOptionsCase", files: withTLS + pair + "TLSEngine on\nTLSOptions useImplicitSSL\n", want: "refused"},
	{name: "tlsOptionsOfEarlier", files: withTLS + "TLSOptions NoCertRequest\n", want: "refused", old: "[::]:21"},
	{name: "tlsOptionsOfLater", files: withTLS + "TLSOptions AllowWeakSecurity\n", want: "[::]:21", old: "refused"},
	{name: "tlsNoCertificate", files: withTLS + "TLSEngine on\n", want: "[::]:21"},
	{name: "tlsVirtualHost", files: withTLS + "<VirtualHost 127.0.0.2>\n" + pair + "TLSEngine on\nTLSOptions UseImplicitSSL\nPort 990\n</VirtualHost>\n", want: "[::]:21 [::]:990", speaks: "127.0.0.1:21=ftp 127.0.0.2:990=tls"},
	{name: "allOnOnePort", files: withTLS + withSFTP + "<VirtualHost 127.0.0.2>\n" + pair + "TLSEngine on\nTLSOptions UseImplicitSSL\n</VirtualHost>\n<VirtualHost 127.0.0.3>\nSFTPEngine on\n" + hostKey + "</VirtualHost>\n", want: "[::]:21", speaks: "127.0.0.1:21=ftp 127.0.0.2:21=tls 127.0.0.3:21=ssh"},
	{name: "ifModuleTLS", files: withTLS + "<IfModule mod_tls.c>\nPort 2121\n</IfModule>\n<IfModule mod_sftp.c>\nPort 1\nBogus\n</IfModule>\n", want: "[::]:2121"},
	{name: "moduleTwice", files: withTLS + "LoadModule mod_tls.c\nPort 2121\n", want: "[::]:2121"},
}

var realCases = []realCase{
	{name: "nothing", files: "# nothing\n", want: "[::]:21"},
	{name: "port", files: "Port 2121\n", want: "[::]:2121"},
	{name: "firstPort", files: "Port 2121\nPort 2122\n", want: "[::]:2121", old: "[::]:2122"},
	{name: "portZero", files: "Port 0\n", want: ""},
	{name: "portNoNumber", files: "Port ftp\n", want: ""},
	{name: "portTrailing", files: "Port 2121#x # y\n", want: "[::]:2121"},
	{name: "portTooHigh", files: "Port 65536\n", want: "refused"},
	{name: "portNegative", files: "Port -1\n", want: "refused"},
	{name: "portWraps", files: "Port 4294967317\n", want: "[::]:21"},
	{name: "portMissing", files: "Port\n", want: "refused"},
	{name: "anyCase", files: "pORT 2121\r\nserverTYPE STANDALONE\r\n", want: "[::]:2121"},
	{name: "quotes", files: "Port \"2\\121\"\n  \"ServerName\"  \"a b\" \n", want: "[::]:2121"},
	{name: "continued", files: "Po\\\nrt \\\n2121\n# Port 1 \\\nPort 2122\n", want: "[::]:2121", old: "[::]:2122"},
	{name: "continuedCarriageReturn", files: "ServerName \\\r\nPort 2121\n", want: "[::]:2121"},
	{name: "noLineFeed", files: "Port 2121", want: "[::]:2121"},
	{name: "unknownDirective", files: "Port 2121\nPorts 1\n", want: "refused"},
	{name: "directiveOfModuleNotLoaded", files: "SFTPEngine on\n", want: "refused"},
	{name: "moduleOfFile", files: "LoadModule mod_ban.c\nBanEngine off\nPort 2121\n", want: "[::]:2121"},
	{name: "moduleMissing", files: "LoadModule mod_sftp_nothing.c\n", want: "refused"},
	{name: "moduleStatic", files: "LoadModule mod_core.c\nPort 2121\n", want: "[::]:2121"},
	{name: "modulePathMissing", files: "ModulePath /nowhere\n", want: "refused"},
	{name: "modulePath", files: "ModulePath /etc\nLoadModule mod_ban.c\n", want: "refused"},
	{name: "ifModule", files: "<IfModule mod_ban.c>\nPort 1\nBogus\n</IfModule>\n<IfModule !mod_ban.c>\nPort 2121\n</IfModule>\n", want: "[::]:2121"},
	{name: "ifModuleNested", files: "<IfModule mod_tls.c>\n <IfModule mod_core.c>\n </IfModule>\n Port 1\n</IfModule>\nPort 2121\n", want: "[::]:2121"},
	{name: "ifModuleBlankBehindEnd", files: "<IfModule mod_tls.c>\n</IfModule> \nPort 1\n</ifmodule>\nPort 2121\n", want: "[::]:2121"},
	{name: "ifModuleUnclosed", files: "<IfModule mod_tls.c>\nPort 1\n", want: "refused"},
	{name: "ifModuleUnclosedTaken", files: "<IfModule mod_core.c>\nPort 2121\n", want: "[::]:2121"},
	{name: "ifModuleCase", files: "<IfModule MOD_CORE.C>\nPort 1\n</IfModule>\n", want: "[::]:21"},
	{name: "ifDefine", args: "-D A -DB", files: "<IfDefine A>\nPort 2121\n</IfDefine>\n<IfDefine !B>\nBogus\n</IfDefine>\n", want: "[::]:2121"},
	{name: "define", files: "Define A\n<IfDefine A>\nPort 2121\n</IfDefine>\n<IfDefine a>\nBogus\n</IfDefine>\n", want: "[::]:2121"},
	{name: "ifVersion", files: "LoadModule mod_ifversion.c\n<IfVersion < 1.3.8>\nPort 2121\n</IfVersion>\n<IfVersion >= 1.3.9>\nPort 2122\n</IfVersion>\n<IfVersion !< 1.3.8a>\nPort 2123\n</IfVersion>\n", want: "[::]:2123", old: "[::]:2121", new: "[::]:2122"},
	{name: "global", files: "<Global>\nPort 2121\n</Global>\n<VirtualHost 127.0.0.2>\n</VirtualHost>\n", want: "[::]:2121", old: "refused"},
	{name: "globalLastBlock", files: "<Global>\nPort 2121\n</Global>\n<Global>\nPort 2122\n</Global>\n<VirtualHost 127.0.0.2>\nPort 2123\n</VirtualHost>\n", want: "[::]:2122 [::]:2123", old: "refused"},
	{name: "virtualHost", files: "Port 2121\n<VirtualHost 127.0.0.2>\n</VirtualHost>\n", want: "[::]:21 [::]:2121"},
	{name: "virtualHostMainOff", files: "Port 0\n<VirtualHost 127.0.0.2>\nPort 2121\n</VirtualHost>\n<VirtualHost ::1>\nPort 0\n</VirtualHost>\n", want: "[::]:2121"},
	{name: "virtualHostNoAddress", files: "<VirtualHost>\n</VirtualHost>\n", want: "refused"},
	{name: "virtualHostStar", files: "<VirtualHost *>\n</VirtualHost>\n", want: "refused"},
	{name: "virtualHostName", files: "<VirtualHost localhost>\nPort 2121\n</VirtualHost>\n", want: "[::]:21 [::]:2121", unsure: true},
	{name: "virtualHostNoName", files: "<VirtualHost nothing.invalid>\nPort 2121\n</VirtualHost>\n", want: "refused", unsure: true},
	{name: "virtualHostAton", files: "<VirtualHost 0x7f.2>\nPort 2121\n</VirtualHost>\n", want: "[::]:21 [::]:2121"},
	{name: "virtualHostUnclosed", files: "<VirtualHost 127.0.0.2>\nPort 2121\n", want: "refused"},
	{name: "virtualHostNotOpen", files: "</VirtualHost>\n", want: "refused"},
	{name: "virtualHostInGlobal", files: "<Global>\n<VirtualHost 127.0.0.2>\n</VirtualHost>\n</Global>\n", want: "refused"},
	{name: "portInAnonymous", files: "<Anonymous ~ftp>\nPort 2121\n</Anonymous>\n", want: "refused"},
	{name: "limit", files: "<Limit LOGIN>\nDenyAll\n</Limit>\n<Directory /srv>\n<Limit WRITE>\nDenyAll\n</Limit>\n</Directory>\n<Class a>\nFrom 10.0.0.0/8\n</Class>\nPort 2121\n", want: "[::]:2121"},
	{name: "portInClass", files: "<Class a>\nPort 2121\n</Class>\n", want: "refused"},
	{name: "ifUser", files: "LoadModule mod_ifsession.c\n<IfUser a>\nPort 2121\n</IfUser>\n", want: "[::]:2121"},
	{name: "useIPv6Off", files: "UseIPv6 off\nPort 2121\n", want: "0.0.0.0:2121"},
	{name: "useIPv6OverridesOption", args: "-4", files: "UseIPv6 on\n", want: "[::]:21"},
	{name: "ipv4Option", args: "-4", files: "", want: "0.0.0.0:21"},
	{name: "ipv6AddressWithoutIPv6", files: "UseIPv6 off\n<VirtualHost ::1>\n</VirtualHost>\n", want: "refused"},
	{name: "defaultAddress", files: "DefaultAddress 127.0.0.1\nPort 2121\n", want: "[::]:2121"},
	{name: "tight", files: "SocketBindTight on\nDefaultAddress 127.0.0.1\nPort 2121\n<VirtualHost 10.9.9.9 ::1>\n</VirtualHost>\n", want: "10.9.9.9:21 127.0.0.1:2121 [::1]:21"},
	{name: "tightSeveral", files: "SocketBindTight on\nDefaultAddress 127.0.0.1 127.0.0.3\n", want: "127.0.0.1:21 127.0.0.3:21"},
	{name: "tightWildcard", files: "SocketBindTight on\nDefaultAddress 0.0.0.0\n<VirtualHost 127.0.0.1>\nPort 2121\n</VirtualHost>\n", want: "0.0.0.0:21 127.0.0.1:2121"},
	{name: "tightWildcardAndAddress", files: "SocketBindTight on\nDefaultAddress 0.0.0.0\n<VirtualHost 127.0.0.1>\n</VirtualHost>\n", want: "refused"},
	{name: "tightMapped", files: "SocketBindTight on\nDefaultAddress ::ffff:127.0.0.1\n", want: "[::ffff:127.0.0.1]:21"},
	{name: "tightNoAddress", files: "SocketBindTight on\n", want: "127.0.1.1:21", unsure: true},
	{name: "tightAddressOption", args: "-S 127.0.0.5", files: "SocketBindTight on\n", want: "127.0.0.5:21"},
	{name: "tightAliasSwallowsAddress", files: "SocketBindTight on\nDefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1 127.0.0.2>\nServerAlias a\n</VirtualHost>\n", want: "127.0.0.1:21"},
	{name: "tightDefaultServer", files: "SocketBindTight on\nDefaultServer on\nDefaultAddress 127.0.0.1\n", want: "127.0.0.1:21"},
	{name: "sameAddress", files: "DefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1>\n</VirtualHost>\n", want: "[::]:21"},
	{name: "sameAddressNoCheck", args: "-N", files: "DefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1>\n</VirtualHost>\n", want: ""},
	{name: "sameAddressPortBehind", files: "DefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1>\nPort 2121\n</VirtualHost>\nPort 2121\n", want: ""},
	{name: "sameAddressPortChanges", files: "DefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1>\n</VirtualHost>\nPort 2121\n", want: "[::]:2121"},
	{name: "sameAddressAlias", files: "DefaultAddress 127.0.0.1\n<VirtualHost 127.0.0.1>\nServerAlias a\n</VirtualHost>\n", want: "[::]:21"},
	{name: "wildcardHostAndDefaultServer", files: "DefaultServer on\nDefaultAddress 127.0.0.1\n<VirtualHost 0.0.0.0>\n</VirtualHost>\n", want: ""},
	{name: "secondDefaultServer", files: "DefaultServer on\n<VirtualHost 127.0.0.2>\nDefaultServer on\n</VirtualHost>\n", want: "refused"},
	{name: "masquerade", files: "MasqueradeAddress 127.0.0.9\nPort 2121\n", want: "[::]:2121"},
	{name: "inetd", files: "ServerType inetd\n", want: ""},
	{name: "serverTypeUnknown", files: "ServerType xinetd\n", want: "refused"},
	{name: "environment", files: "SetEnv FTP_PORT 2121\nPort %{env:FTP_PORT}\n", want: "[::]:2121"},
	{name: "environmentUnknown", files: "ServerName %{env:HOME}\nPort 2121\n", want: "[::]:2121", unsure: true},
	{name: "includeFile", files: "Include /etc/proftpd/a.conf\n-- a.conf --\nPort 2121\n", want: "[::]:2121"},
	{name: "includeMissing", files: "Include /etc/proftpd/a.conf\nInclude /etc/proftpd/no/*.conf\nInclude /etc/proftpd/no/\nPort 2121\n", want: "[::]:2121"},
	{name: "includeRelative", files: "Include a.conf\n-- a.conf --\nPort 2121\n", want: "refused"},
	{name: "includeOrder", files: "Include /etc/proftpd/d\n-- d/b --\nPort 2\n-- d/.a --\nPort 2121\n-- d/a~ --\nPort 3\n", want: "[::]:2121", old: "[::]:2"},
	{name: "includePattern", files: "Include /etc/proftpd/d/[a-c]?.conf\n-- d/.a.conf --\nPort 1\n-- d/bb.conf --\nPort 2121\n-- d/dd.conf --\nPort 3\n", want: "[::]:2121"},
	{name: "includePatternDirectories", files: "Include /etc/proftpd/d*/x.conf\n-- d/x.conf --\nPort 2122\n-- d-e/x.conf --\nPort 2121\n", want: "[::]:2121", old: "[::]:21"},
	{name: "includePatternDirectoriesMissing", files: "Include /etc/proftpd/d*/x.conf\n-- d1/y.conf --\n-- d2/x.conf --\nPort 1\n", want: "[::]:21"},
	{name: "includeLinkedDirectory", files: "Include /etc/proftpd/d/\nInclude /etc/proftpd/d/*\n-- d@ --\nreal\n-- real/x --\nPort 1\n", want: "[::]:21"},
	{name: "includeLinkedFile", files: "Include /etc/proftpd/d/\n-- d/a@ --\n../real/x\n-- real/x --\nPort 2121\n", want: "[::]:2121"},
	{name: "includeDangling", files: "Include /etc/proftpd/d/\nPort 2121\n-- d/a@ --\nnothing\n", want: "[::]:2121", new: "refused"},
	{name: "includeDirectoryInDirectory", files: "Include /etc/proftpd/d/\nPort 2121\n-- d/e/f --\nPort 1\n", want: "[::]:2121", new: "refused"},
	{name: "includeFaultForgetsRest", files: "Include /etc/proftpd/a.conf\nPort 2122\nBogus\n-- a.conf --\nBogus\nPort 2121\n", want: "[::]:2121"},
	{name: "includeFaultTwice", files: "Include /etc/proftpd/a.conf\nPort 2122\n-- a.conf --\nBogus\nPort 2121\nBogus\n", want: "refused"},
	{name: "includeFaultInDirectory", files: "Include /etc/proftpd/d\nPort 2100\n-- d/a --\nBogus\n<VirtualHost 127.0.0.2>\nPort 2102\n</VirtualHost>\n-- d/b --\n<VirtualHost 127.0.0.3>\nPort 2103\n</VirtualHost>\n", want: "[::]:21 [::]:2102 [::]:2103", new: "refused"},
	{name: "includeAcrossSections", files: "Include /etc/proftpd/a.conf\n</VirtualHost>\n-- a.conf --\n<VirtualHost 127.0.0.2>\nPort 2121\n", want: "[::]:21 [::]:2121"},
	{name: "includeInVirtualHost", files: "<VirtualHost 127.0.0.2>\nInclude /etc/proftpd/a.conf\n</VirtualHost>\n-- a.conf --\nPort 2121\n", want: "[::]:21 [::]:2121"},
	{name: "configOption", args: "-c /etc/proftpd/other.conf", files: "Port 1\n-- other.conf --\nPort 2121\n", want: "[::]:2121"},
	{name: "configOptionRelative", args: "-c other.conf", files: "Port 1\n-- other.conf --\nPort 2121\n", want: "refused"},
	{name: "configOptionMissing", args: "--config=/etc/proftpd/other.conf", files: "Port 1\n", want: "refused"},
	{name: "unknownOption", args: "--serveraddr 127.0.0.1", files: "", want: "refused"},
	{name: "argument", args: "x", files: "", want: "refused"},
	{name: "persistentOption", args: "-p 2", files: "", want: "refused"},
	{name: "abbreviatedOption", args: "--def A --nocol -qd3", files: "<IfDefine A>\nPort 2121\n</IfDefine>\n", want: "[::]:2121"},
}
