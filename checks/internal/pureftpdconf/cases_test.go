package pureftpdconf_test

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/internal/pureftpdconf"
)

// a testCase is one way to start the server; the first that is not nil counts: Debian's
// directory, the one file, the arguments.
type testCase struct {
	name       string
	conf, auth map[string]string // names to contents, links to targets
	single     *string
	args       []string
}

// parse reads it for a program. Of the host it knows the files that the real test makes.
func (c testCase) parse(p pureftpdconf.Program) (pureftpdconf.Options, pureftpdconf.Outcome) {
	switch {
	case c.conf != nil:
		d := pureftpdconf.Debian{Exists: func(name string) bool { return name == "/etc/pure-ftpd/there" }}
		for name, content := range c.conf {
			d.Conf = append(d.Conf, pureftpdconf.DebianFile{Name: name, Data: []byte(content)})
		}
		for name, target := range c.auth {
			content, there := c.conf[path.Base(target)]
			d.Auth = append(d.Auth, pureftpdconf.DebianFile{Name: name, Target: target, Data: []byte(content), Missing: !there})
		}
		return pureftpdconf.ParseDebian(p, d)
	case c.single != nil:
		return pureftpdconf.ParseSingle(p, "single", []byte(*c.single), func(name string) ([]byte, bool, error) {
			content, there := map[string]string{"/etc/included": "Bind 127.0.0.1,2150\n", "/etc/loop": "Include /etc/loop\n", "/etc/bad": "x\n"}[name]
			if name == "/etc/unread" {
				return nil, true, errors.New("unread")
			}
			return []byte(content), there, nil
		})
	}
	if _, single := pureftpdconf.SingleFile(c.args); single {
		return pureftpdconf.Options{}, pureftpdconf.Outcome{Kind: pureftpdconf.Refused, Why: "a file that is not there"}
	}
	return pureftpdconf.ParseArgsOf(p, c.args)
}

func describe(o pureftpdconf.Options, out pureftpdconf.Outcome) string {
	switch out.Kind {
	case pureftpdconf.Refused:
		return "refused"
	case pureftpdconf.Unsure:
		return "unsure"
	}
	var bound []string
	for _, l := range o.Listens {
		host := l.Addr.String()
		if l.IPv6 {
			host = "[" + host + "]"
		}
		bound = append(bound, fmt.Sprintf("%s:%d", host, l.Port))
	}
	slices.Sort(bound)
	return strings.Join(bound, " ")
}

func cases() (all []testCase) {
	for _, line := range []string{
		``, `-S 2121`, `-S2121`, `-S ,2121`, `-S ''`, `-S ,`, `-S *,21`, `-S ,*`, `-S 127.0.0.1,*`, `-S 127.0.0.1`, `-S 127.0.0.1,`, `-S 127.0.0.1,2121`,
		`-S ::1,2121`, `-S localhost,2121`, `-S 127.1,21`, `-S 0x7f.1,21`, `-S 0177.1,21`, `-S 127.0.0.1x,21`, `-S 127.0.0.256,21`, `-S [::1],21`, `-S ::ffff:127.0.0.1,21`, `-4 -S ::ffff:127.0.0.1,21`, `-6 -S ::ffff:127.0.0.1,21`,
		`-S ::1%lo,21`, `-S ::1%1,21`, `-S 0.0.0.0,21`, `-S ::,21`, `-S 65557`, `-S 65535`, `-S 65536`, `-S -1`, `-S +21`, `-S 021`, `-S 0`, `-S 0x15`, `-S 21x`, `-S ftp`, `-S FTP`, `-S http`, `-S nosuch`, `-S 21,22`, `-S 127.0.0.1,21,22`,
		`-S 99999999999999999999`, `-S 4294967317`, `-S 2147483669`, `-S -4294967275`,
		`-4`, `-6`, `-4 -6`, `-46`, `-64S22`, `-S 127.0.0.1,21 -S ::1,22`, `-S 22 -S 127.0.0.1,23`, `-S 127.0.0.1,22 -S 23`, `-S 22 -S ,`, `-S 22 -S ''`, `-4 -S ::1,21`, `-6 -S 127.0.0.1,21`, `-6 -S localhost,21`,
		`--bind=2121`, `--bind 2121`, `--bin 2121`, `--b 2121`, `--bi=,2121`, `--ipv4only`, `--ipv4only=1`, `--ipv4`, `--ipv`, `--bind`, `--bind=`, `-S`, `-`, `--`, `-- x`, `-- -S 22`, `x -S 22`, `-S 22 x`, `''`, `/nosuch`, `--nosuch`, `--=x`,
		`-v x`, `-8 x`, `-h`, `--help`, `-@`, `-:`, `-4:`, `-e=1`, `-W x`, `-A 2`,
		`-Y 0`, `-Y 1`, `-Y 4`, `-Y x`, `-Y -1`, `--tls=2`, `-J HIGH`, `-J -C:HIGH`, `-J -S:-C:HIGH`, `-J -x`, `-J -`, `-2 x`, `-2 ,`, `-2 x,`, `-2 x,y`, `-3 /x`,
		`-l foo`, `-l mysql:/x`, `-l ldap`, `-l puredb`, `-l puredb:`, `-l puredb:/nosuch`, `-l extauth:/nosuch`, `-l extauth`, `-l unixfoo`, `-l PAM`, `-l pam:x`,
		`-c 0`, `-c 5`, `-c 4294967296`, `-c 0x10`, `-c 08`, `-c -1`, `-c 5x`, `-c ''`, `-C 8`, `-C x`, `-t 0`, `-t :5`, `-T 5:`, `-T :`, `-t x`, `-y 1`, `-y 1:1`, `-y 1:1x`, `-y 1:x`, `-y -1:+1`, `-p 1:2`, `-p 30000:50000`, `-p 50000:30000`, `-p 30000:70000`, `-p 30000`,
		`-O x`, `-O /x`, `-O foo:/x`, `-O stats:/tmp/x`, `-O STATS:/x`, `-O stats:x`, `-O :/x`, `-U 777`, `-U 1777`, `-U 133:022`, `-U :`, `-U :x`, `-U 8`, `-u -1`, `-u 1x`, `-u 0x1`, `-u -0`, `-u 1000`, `-m 0`, `-m 4.5`, `-m -1`, `-m x`, `-m 1e1`,
		`-V 1.2.3.4`, `-V ::1`, `-V localhost`, `-V 127.1`, `-f nosuch`, `-f none`, `-k 99`, `-k x`, `-n 1:1`, `-n 1`, `-q 1:1`, `-Q 1:0`, `-L 1:1`, `-L 0:1`, `-L -1:-1`, `-F /nosuch`, `-g /tmp/pid`, `-B`, `-B -S 127.0.0.1,99`,
		`-x -X -z -Z -w -W -d -b -e -E`, `-0 -1 -A -D -G -H -i -j -K -M -N -r -R -s`, `-a 0x10`, `-a x`, `-I x`, `-P x`, `-o`,
	} {
		args := strings.Fields(line)
		for i, arg := range args {
			args[i] = strings.Trim(arg, "'")
		}
		all = append(all, testCase{name: "args_" + strings.NewReplacer(" ", "_", "/", "+").Replace(line), args: args})
	}
	all = append(all, testCase{name: "argsBlankPort", args: []string{"-S", " 2121"}}, testCase{name: "argsPortBlank", args: []string{"-S", "2121 "}}, testCase{name: "argsBlankHost", args: []string{"-S", " 127.0.0.1,21"}})
	for n, text := range []string{
		"", "# c\n\n  # c\n", "Bind 2121\n", "bind 2121\n", "BIND=2121\n", "Bind: 2121\n", "Bind = 2121\n", "Bind\t:\t2121 \r\n", "Bind == 2121\n", "Bind : = 2121\n", "Bind ,2121", "Bind 127.0.0.1,2121\n",
		"Bind ::1,2121\n", "Bind 0::1,2121\n", "Bind *,21\n", "Bind 127.0.0.1\n", "Bind 2121 # c\n", "Bind 2121 2122\n", "Bind \"2121\"\n", "Bind '2121'\n", "Bind\n", "Bind=\n", "Bind2121\n", "Bindx 1\n", "Bind 2121\nBind 127.0.0.1,2122\n",
		"  Bind 2121\n", "\vBind\f2121\n", "Bind 21\x0021\n", "\x00x\nBind 22\n", "Bind \xff\n", "\xef\xbb\xbfBind 22\n", "Bind -1\n", "Port 2121\n", "x\n", ";x\n",
		"IPV4Only yes\n", "IPV4Only YES\n", "IPV4Only on\n", "IPV4Only true\n", "IPV4Only 1\n", "IPV4Only no\n", "IPV4Only 0\n", "IPV4Only off\n", "IPV4Only y\n", "IPV4Only yes # c\n", "IPV4Only yess\n", "IPV4Only\n", "IPV4Only=yes\n", "ipv6only:yes\nIPV4Only no\n", "IPV6Only yes\nIPV4Only yes\n", "IPV4Only \"yes\"\n", "IPV4Only 10\n",
		"Daemonize no\n", "MaxClientsNumber 50\n", "MaxClientsNumber 0\n", "MaxClientsNumber x\n", "MaxClientsNumber -1\n", "PassivePortRange 30000 50000\n", "PassivePortRange 30000:50000\n", "PassivePortRange 30000\n", "PassivePortRange  30000\t50000 \n", "PassivePortRange 1 2\n", "PassivePortRange 30000 50000 1\n",
		"PerUserLimits 3:20\n", "PerUserLimits 3 20\n", "PerUserLimits 3:\n", "Umask 133:022\n", "Umask 1330:022\n", "Quota 1000:10\n", "AnonymousBandwidth 8\n", "AnonymousBandwidth 8 9\n", "AnonymousBandwidth 8:9\n", "AnonymousBandwidth 0\n", "UserRatio 1 10\n", "UserRatio 1\n",
		"SyslogFacility ftp\n", "SyslogFacility local-0\n", "AltLog clf:/var/log/x y\n", "AltLog x\n", "AltLog \"clf:/x\"\n", "AltLog clf:/x\ty\n", "FortunesFile /x\xc3\xa9\n", "PIDFile /run/x.pid\n", "PIDFile\n", "TLS 0\n", "TLS 1\n", "TLS 5\n", "TLSCipherSuite HIGH\n", "TLSCipherSuite -S:HIGH MEDIUM\n", "TLSx 1\n", "CertFile /x\n", "CertFileAndKey /x /y\n", "CertFileAndKey \"/x\" \"/y z\"\n", "CertFileAndKey /x\n", "CertFileAndKey \"/x /y\n", "CertFileAndKey \"\" /y\n", "ExtCert /x\n",
		"PureDB /nosuch\n", "MySQLConfigFile /x\n", "PAMAuthentication yes\nUnixAuthentication no\n", "ExtAuth /x\n", "Bonjour x\n", "ClientCharset utf-8\n", "TrustedIP 1.2.3.4\n", "TrustedIP x\n", "MinUID 1000\nNoAnonymous yes\nVerboseLog no\n", "CallUploadScript no\n", "MaxLoad 4\n", "MaxLoad 4.5\n",
		"Include /etc/included\n", "Include /nosuch\n", "Include /etc/loop\n", "Include /etc/bad\n", "Include\n", "Include=/etc/included\nBind 2151\n", "Bind 2151\nInclude /etc/included\n", "Include \"/etc/included\"\n",
		"#" + strings.Repeat("x", 65534) + "#\nBind 22\n", "#" + strings.Repeat("x", 65534) + "y\nBind 22\n", "Bind 22" + strings.Repeat(" ", 70000) + "\n", "Bind " + strings.Repeat("0", 60000) + "22\n", "AltLog /" + strings.Repeat("x", 65000) + "\n",
	} {
		all = append(all, testCase{name: fmt.Sprintf("single%d", n), single: &text})
	}
	shipped := map[string]string{"AltLog": "clf:/var/log/pure-ftpd/transfer.log\n", "FSCharset": "UTF-8\n", "MinUID": "1000\n", "NoAnonymous": "yes\n", "PAMAuthentication": "yes\n", "TLSCipherSuite": "HIGH\n", "UnixAuthentication": "no\n"}
	links := map[string]string{"65unix": "../conf/UnixAuthentication", "70pam": "../conf/PAMAuthentication"}
	all = append(all, testCase{name: "debianShipped", conf: shipped, auth: links})
	for n, one := range [][2]string{
		{"Bind", "2121"},
		{"Bind", ",2121\n"},
		{"Bind", "127.0.0.1,2121"},
		{"Bind", "127.0.0.1"},
		{"Bind", " 2121 \r\n"},
		{"Bind", "127.0.0.1, 2121"},
		{"Bind", "2121\n2122\n"},
		{"Bind", "# c\n\n2121\n2122 x\n"},
		{"Bind", "2121 # c"},
		{"Bind", ""},
		{"Bind", "\n \n#\n"},
		{"Bind", "  # 2121\n"},
		{"Bind", "::1,2121"},
		{"Bind", "*,21"},
		{"Bind", "\"2121\""},
		{"Bind", "-1"},
		{"Bind", "-S"},
		{"Bind", "\v2121\f"},
		{"Bind", "\xa02121"},
		{"bind", "2121"},
		{"Bind~", "2121"},
		{"Bind.dpkg-old", "2121"},
		{"Bind_old", "2121"},
		{"README", "x"},
		{"README", ""},
		{"x", "x"},
		{"1x", "x"},
		{".x", "x"},
		{"PIDFile", "/x"},
		{"CertFile", "/x"},
		{"CertFileAndKey", "/x"},
		{"Port", "2121"},
		{"IPV4Only", "yes"},
		{"IPV4Only", "YES"},
		{"IPV4Only", "on"},
		{"IPV4Only", "1"},
		{"IPV4Only", "true"},
		{"IPV4Only", "no"},
		{"IPV4Only", "no\nyes\n"},
		{"IPV4Only", "no\nx\n"},
		{"IPV4Only", "yes\nno\n"},
		{"IPV4Only", "Off"},
		{"IPV4Only", ""},
		{"IPV4Only", "yes no"},
		{"IPV6Only", "yes"},
		{"Daemonize", "yes"},
		{"MaxClientsNumber", "50"},
		{"MaxClientsNumber", "0"},
		{"MaxClientsNumber", "050"},
		{"MaxClientsNumber", "-1"},
		{"MaxClientsNumber", "5 5"},
		{"PassivePortRange", "30000 50000"},
		{"PassivePortRange", "30000:50000"},
		{"PassivePortRange", "30000"},
		{"PassivePortRange", "30000 1"},
		{"LimitRecursion", "-1 -1"},
		{"LimitRecursion", "-2 1"},
		{"LimitRecursion", "-01 1"},
		{"LimitRecursion", "2000 8"},
		{"UserBandwidth", "5"},
		{"UserBandwidth", "5 6"},
		{"UserBandwidth", "5:6"},
		{"UserBandwidth", ":6"},
		{"UserBandwidth", "5:"},
		{"UserBandwidth", "5:x y"},
		{"UserBandwidth", "x"},
		{"Umask", "133 022"},
		{"Umask", "133:022"},
		{"Umask", "0133 022"},
		{"TrustedIP", "1.2.3.4"},
		{"TrustedIP", "1.2.3.256"},
		{"TrustedIP", "x"},
		{"SyslogFacility", "ftp"},
		{"SyslogFacility", "lo cal"},
		{"TLS", "0"},
		{"TLS", "1"},
		{"TLS", "x"},
		{"FSCharset", "a b\nc"},
		{"ClientCharset", "\xff"},
		{"FortunesFile", "/nosuch"},
		{"FortunesFile", "/etc/pure-ftpd/there"},
		{"AltLog", "none"},
		{"TLSCipherSuite", "-x"},
		{"PureDB", "/nosuch"},
		{"ForcePassiveIP", "a b"},
		{"MinUID", "99999999999999999999"},
	} {
		all = append(all, testCase{name: fmt.Sprintf("debian%d", n), conf: map[string]string{one[0]: one[1]}})
	}
	for n, auth := range []map[string]string{
		{"50puredb": "../conf/PureDB"}, {"50gone": "../conf/Gone"}, {"50bind": "../conf/Bind"}, {"60unix": "../conf/UnixAuthentication"}, {"Bind": "../conf/Bind"}, {"60unix": "/etc/pure-ftpd/conf/UnixAuthentication"}, {"my": "../conf/my"}, {"ExtAuth": "../conf/UnixAuthentication"},
	} {
		conf := map[string]string{"PureDB": "/etc/pure-ftpd/there", "Bind": "127.0.0.1,2160", "UnixAuthentication": "yes"}
		if n == 6 {
			conf["my"] = "x"
		}
		all = append(all, testCase{name: fmt.Sprintf("debianAuth%d", n), conf: conf, auth: auth})
	}
	return all
}
