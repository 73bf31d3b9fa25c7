package units_test

import (
	"strings"
	"testing"
)

// superserver is a Debian tree with an enabled inetd and a services(5).
const superserver = systemdInit + `-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- lib/systemd/system/inetd.service --
[Install]
WantedBy=multi-user.target
-- etc/services --
telnet		23/tcp
daytime 13/tcp
daytime 13/udp
tftp 69/udp  # comment
other 4242/tcp alias
bad line
`

const inetdEnabled = "-- etc/systemd/system/multi-user.target.wants/inetd.service -> /lib/systemd/system/inetd.service --\n"

func TestInetd(t *testing.T) {
	const conf = `-- etc/inetd.conf --
telnet stream tcp nowait telnetd /usr/sbin/tcpd /usr/sbin/in.telnetd
127.0.0.1,::1,localhost,box:alias stream tcp nowait root /usr/bin/x x --password=y
daytime dgram udp6 wait root internal
5000 stream tcp4 nowait root /usr/sbin/tcpd --secret
/run/x stream unix nowait root /usr/bin/x
rusersd/1-3 dgram rpc/udp wait root /usr/bin/x
tcpmux/foo stream tcp nowait root /usr/bin/x
unlisted stream tcp nowait root /usr/bin/x
`
	at := func(line, rest string) string { return "/etc/inetd.conf:" + line + rest }
	entries := []string{
		"inetd /run/x/unix | root | /usr/bin/x | " + at("5", " unix/name/0/0/run/x"),
		"inetd 127.0.0.1,::1,localhost,box:alias/tcp | root | /usr/bin/x | " + at("2", " tcp/127.0.0.1/4242/0 tcp/::1/4242/0 tcp/127.0.0.1/4242/0 tcp/name/4242/0"),
		"inetd 5000/tcp4 | root |  | " + at("4", " tcp/0.0.0.0/5000/0"),
		"inetd daytime/udp6 | root | internal | " + at("3", " udp/::/13/2"),
		"inetd rusersd/1-3/rpc/udp | root | /usr/bin/x | " + at("6", ""),
		"inetd tcpmux/foo/tcp | root | /usr/bin/x | " + at("7", ""),
		"inetd telnet/tcp | telnetd | /usr/sbin/in.telnetd | " + at("1", " tcp/0.0.0.0/23/0 tcp/::/23/2"),
		"inetd unlisted/tcp | root | /usr/bin/x | " + at("8", ""),
	}
	const one = "-- etc/inetd.conf --\ntelnet stream tcp nowait root /usr/bin/x\n"
	v4 := []string{"inetd telnet/tcp | root | /usr/bin/x | /etc/inetd.conf:1 tcp/0.0.0.0/23/0"}
	both := []string{v4[0] + " tcp/::/23/2"}
	runStarters(t, []starterTest{
		{"openbsd", superserver + inetdEnabled + conf, entries, nil},
		{"gnu", superserver + inetdEnabled + "-- usr/sbin/inetutils-inetd --\n" + one, v4, nil},
		{"gnu-v6", superserver + inetdEnabled + "-- usr/sbin/inetutils-inetd --\n-- etc/inetd.conf --\ntelnet stream tcp6 nowait root /x\ntelnet stream tcp6only nowait root /x\n", []string{
			"inetd telnet/tcp6 | root | /x | /etc/inetd.conf:1 tcp/::/23/1", "inetd telnet/tcp6only | root | /x | /etc/inetd.conf:2 tcp/::/23/2",
		}, nil},
		{"disabled", superserver + conf, nil, nil},
		{"masked", superserver + inetdEnabled + "-- etc/systemd/system/inetd.service -> /dev/null --\n" + conf, nil, nil},
		{"not-installed", systemdInit + conf, nil, nil},
		{"unknown", superserver + "-- etc/systemd/system/ err=permission --\n" + one, both, []string{"/etc/inetd.conf:0 unsupported"}},
		{"directory", superserver + inetdEnabled + "-- etc/inetd.d/x --\ntelnet stream tcp nowait root /usr/bin/x\n-- etc/inetd.d/.y --\njunk\n", []string{"inetd telnet/tcp | root | /usr/bin/x | /etc/inetd.d/x:1 tcp/0.0.0.0/23/0 tcp/::/23/2"}, nil},
		{"bad", superserver + inetdEnabled + "-- etc/inetd.conf --\ntelnet stream\n", nil, []string{"/etc/inetd.conf:1 refused"}},
		{"unreadable", superserver + inetdEnabled + "-- etc/inetd.conf err=permission --\n", nil, []string{"/etc/inetd.conf:0 error"}},
		{"by-xinetd", superserver + xinetdEnabled + "-- etc/xinetd.conf --\n-- etc/default/xinetd --\nINETD_COMPAT=Yes\n" + one, both, nil},
		{"not-by-xinetd", superserver + xinetdEnabled + "-- etc/xinetd.conf --\n-- etc/default/xinetd --\nINETD_COMPAT=no\n" + one, nil, nil},
	})
}

const xinetdEnabled = "-- lib/systemd/system/xinetd.service --\n[Install]\nWantedBy=multi-user.target\n" +
	"-- etc/systemd/system/multi-user.target.wants/xinetd.service -> /lib/systemd/system/xinetd.service --\n" +
	"-- usr/sbin/in.telnetd mode=0755 --\nx\n-- usr/sbin/tcpd mode=0755 --\nx\n"

func TestXinetd(t *testing.T) {
	const host = superserver + xinetdEnabled
	conf := func(text string) string { return host + "-- etc/xinetd.conf --\n" + text }
	service := func(name, more string) string {
		return "service " + name + "\n{\nsocket_type = stream\nwait = no\nuser = root\nserver = /usr/sbin/in.telnetd\n" + more + "}\n"
	}
	entry := func(name, listens string) []string {
		return []string{"xinetd " + name + " | root | /usr/sbin/in.telnetd | /etc/xinetd.conf:1" + listens}
	}
	const any4 = " tcp/0.0.0.0/23/0"
	runStarters(t, []starterTest{
		{"plain", conf(service("telnet", "")), entry("telnet", any4), nil},
		{"disable-yes", conf(service("telnet", "disable = yes\n")), nil, nil},
		{"disable-no", conf(service("telnet", "disable = no\n")), entry("telnet", any4), nil},
		{"first-counts", conf(service("telnet", "disable = no\ndisable = yes\n")), entry("telnet", any4), nil},
		{"disabled-list", conf(service("telnet", "") + "defaults\n{\ndisabled = telnet x\n}\n"), nil, nil},
		{"enabled-list", conf(service("telnet", "") + service("daytime", "") + "defaults\n{\nenabled = telnet\n}\n"), entry("telnet", any4), nil},
		{"enabled-list-of-the-disabled", conf(service("telnet", "disable = yes\n") + "defaults\n{\nenabled = telnet\n}\n"), nil, nil},
		{"enabled-and-disabled", conf(service("telnet", "") + "defaults\n{\nenabled = telnet\ndisabled = telnet\n}\n"), nil, nil},
		{"second-defaults", conf(service("telnet", "") + "defaults\n{\n}\ndefaults\n{\ndisabled = telnet\n}\n"), entry("telnet", any4), nil},
		{"id", conf(service("telnet", "id = telnet-x\n")), entry("telnet-x", any4), nil},
		{"bind", conf(service("telnet", "bind = 127.0.0.1\n")), entry("telnet", " tcp/127.0.0.1/23/0"), nil},
		{"interface", conf(service("telnet", "interface = ::1\n")), entry("telnet", " tcp/::1/23/0"), nil},
		{"bind-of-defaults", conf(service("telnet", "") + "defaults\n{\nbind = 10.0.0.1\n}\n"), entry("telnet", " tcp/10.0.0.1/23/0"), nil},
		{"bind-name", conf(service("telnet", "bind = box\n")), entry("telnet", " tcp/name/23/0"), nil},
		{"bind-localhost", conf(service("telnet", "bind = localhost\n")), entry("telnet", " tcp/127.0.0.1/23/0"), nil},
		{"bind-localhost-v6", conf(service("telnet", "bind = localhost\nflags = IPv6\n")), entry("telnet", " tcp/::1/23/0"), nil},
		{"bind-every-v6", conf(service("telnet", "bind = ::\n")), entry("telnet", " tcp/::/23/1"), nil},
		{"ipv6", conf(service("telnet", "flags = IPv6\n")), entry("telnet", " tcp/::/23/1"), nil},
		{"v6only", conf(service("telnet", "flags = IPv6\nv6only = yes\n")), entry("telnet", " tcp/::/23/2"), nil},
		{"listed-port", conf(service("telnet", "port = 23\n")), entry("telnet", any4), nil},
		{"wrong-port", conf(service("telnet", "port = 24\n")), nil, nil},
		{"not-in-services", conf(service("nothing", "port = 24\n")), nil, nil},
		{"unlisted", conf(service("nothing", "type = UNLISTED\nport = 2323\n")), entry("nothing", " tcp/0.0.0.0/2323/0"), nil},
		{"unlisted-without-port", conf(service("nothing", "type = UNLISTED\n")), nil, nil},
		{"rpc", conf(service("rstatd", "type = RPC\nrpc_version = 1\n")), entry("rstatd", ""), nil},
		{"internal", conf("service daytime\n{\ntype = INTERNAL\nsocket_type = dgram\nwait = yes\n}\n"), []string{"xinetd daytime |  | internal | /etc/xinetd.conf:1 udp/0.0.0.0/13/0"}, nil},
		{"redirect", conf("service telnet\n{\nsocket_type = stream\nwait = no\nredirect = 10.0.0.1 23\n}\n"), []string{"xinetd telnet |  | redirect | /etc/xinetd.conf:1" + any4}, nil},
		{"tcpd", conf("service telnet\n{\nsocket_type = stream\nwait = no\nuser = root\nserver = /usr/sbin/tcpd\nserver_args = /usr/sbin/in.telnetd secret\nflags = NAMEINARGS\n}\n"), entry("telnet", any4), nil},
		{"no-server", conf("service telnet\n{\nsocket_type = stream\nwait = no\nuser = root\nserver = /usr/sbin/gone\n}\n"), nil, nil},
		{"no-type", conf("service telnet\n{\nwait = no\n}\n"), nil, nil},
		{
			"included", conf("includedir /etc/xinetd.d\ninclude /etc/x.conf\n") + "-- etc/xinetd.d/telnet --\n" + service("telnet", "") +
				"-- etc/xinetd.d/a.rpmsave --\njunk\n-- etc/xinetd.d/b~ --\njunk\n-- etc/xinetd.d/dir/x --\n-- etc/x.conf --\n" + service("other", ""), []string{
				"xinetd other | root | /usr/sbin/in.telnetd | /etc/x.conf:1 tcp/0.0.0.0/4242/0",
				"xinetd telnet | root | /usr/sbin/in.telnetd | /etc/xinetd.d/telnet:1 tcp/0.0.0.0/23/0",
			}, nil,
		},
		{"includes-itself", conf("include /etc/xinetd.conf\n"), nil, []string{"/etc/xinetd.conf:0 error"}},
		{"bad", conf("nonsense\n}\n" + service("telnet", "")), []string{"xinetd telnet | root | /usr/sbin/in.telnetd | /etc/xinetd.conf:3" + any4}, []string{"/etc/xinetd.conf:1 refused"}},
		{"not-started", superserver + "-- etc/xinetd.conf --\n" + service("telnet", ""), nil, nil},
		{"unreadable", host + "-- etc/xinetd.conf err=io --\n", nil, []string{"/etc/xinetd.conf:0 error"}},
		{"unreadable-services", strings.Replace(conf(service("telnet", "type = UNLISTED\nport = 23\n")), "-- etc/services --", "-- etc/services err=io --", 1), entry("telnet", any4), []string{"/etc/services:0 error"}},
	})
}
