package listeners

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/units"
)

// daemon is an enabled unit of one command.
func daemon(program string, args ...string) units.Entry {
	e := entry(units.KindService, "x.service", program)
	e.Unit = &units.Unit{Name: "x.service", Type: "simple", Exec: []units.Command{{Path: program, Args: args}}}
	return e
}

// TestSettled: what is no listener by its configuration is passed over, what is one is
// found where it says so, and what cannot be told is a gap.
func TestSettled(t *testing.T) {
	const (
		rsyslog = "-- etc/rsyslog.conf --\nmodule(load=\"imuxsock\")\n$ModLoad imklog.so\n#module(load=\"imudp\")\n$IncludeConfig /etc/rsyslog.d/*.conf\n*.* action(type=\"omfile\"\n  file=\"/var/log/x\")\n"
		chrony  = "-- etc/chrony/chrony.conf --\n! allow\npool 2.debian.pool.ntp.org\nconfdir /etc/chrony/conf.d\nsourcedir /run/chrony-dhcp\n"
		fpm     = "-- etc/php/8.2/fpm/php-fpm.conf --\n[global]\nerror_log = /var/log/php8.2-fpm.log\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n-- etc/php/8.2/fpm/pool.d/www.conf --\n[www]\nlisten = /run/php/php8.2-fpm.sock\nlisten.owner = www-data\n"
		fpmPool = "-- etc/php/8.2/fpm/pool.d/b.conf --\n"
		cups    = "-- etc/cups/cupsd.conf --\nListen localhost:631\nListen /run/cups/cups.sock\n"
	)
	incomplete := daemon("/usr/sbin/chronyd")
	incomplete.Unit.Exec[0].Incomplete = true
	two := daemon("/usr/sbin/rsyslogd")
	two.Unit.Exec = append(two.Unit.Exec, two.Unit.Exec[0])
	launched := daemon("/usr/bin/docker", "compose", "up", "-d")
	launched.Unit.Type = "oneshot"
	const (
		quiet = "pass"
		gap   = "unknown unsupported"
	)
	at := func(place string) string { return "fail at " + place }
	unit := at("/etc/x.service:3")
	for _, tc := range []struct {
		name  string
		entry units.Entry
		tree  string
		want  string
	}{
		{"rsyslog", daemon("/usr/sbin/rsyslogd", "-n", "-iNONE"), rsyslog, quiet},
		{"rsyslog-udp", daemon("/usr/sbin/rsyslogd", "-n"), rsyslog + "-- etc/rsyslog.d/1.conf --\nmodule(load=\"imudp\")\n", at("/etc/rsyslog.d/1.conf:1")},
		{"rsyslog-legacy", daemon("/usr/sbin/rsyslogd"), rsyslog + "-- etc/rsyslog.d/1.conf --\n\n$modload imtcp\n", at("/etc/rsyslog.d/1.conf:2")},
		{"rsyslog-path", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\nmodule( load = \"/usr/lib/rsyslog/imrelp.so\" )\n", at("/etc/rsyslog.conf:1")},
		{"rsyslog-module-not-known", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\nmodule(load=\"imnew\")\n", at("/etc/rsyslog.conf:1")},
		{"rsyslog-include", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\ninclude(file=\"/opt/a.conf\" mode=\"optional\")\n-- opt/a.conf --\nmodule(load=\"imptcp\")\n", at("/opt/a.conf:1")},
		{"rsyslog-include-lines", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\ninclude(\n  file=\"/etc/a.conf\")\n-- etc/a.conf --\nmodule(load=\"imptcp\")\n", at("/etc/a.conf:1")},
		{"rsyslog-include-second", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\ninclude (mode=\"optional\" file=\"/opt/a.conf\")\n-- opt/a.conf --\nmodule(load=\"imptcp\")\n", at("/opt/a.conf:1")},
		{"rsyslog-include-text", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\ninclude(text=`echo $TEXT`)\n", gap},
		{"rsyslog-include-many", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\n" + strings.Repeat("$IncludeConfig /*/*/nothing\n", 200), gap},
		{"rsyslog-large", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\n" + strings.Repeat("*.* /var/log/messages\n", 1<<18), gap},
		{"rsyslog-inittab", entry(units.KindInittab, "1", "/usr/sbin/rsyslogd"), rsyslog, gap},
		{"rsyslog-script-file", entry(units.KindOpenRC, "rsyslog", "/etc/init.d/rsyslog"), rsyslog + "-- etc/conf.d/rsyslog --\nCONFIGFILE=/etc/o.conf\n", gap},
		{"rsyslog-script-same-file", entry(units.KindOpenRC, "rsyslog", "/etc/init.d/rsyslog"), rsyslog + "-- etc/conf.d/rsyslog --\nCONFIGFILE=\"/etc/rsyslog.conf\"\n", quiet},
		{"rsyslog-include-made-up", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\ninclude(file=`echo $FILE`)\n", gap},
		{"rsyslog-include-itself", daemon("/usr/sbin/rsyslogd"), "-- etc/rsyslog.conf --\n$IncludeConfig /etc/rsyslog.conf\n", gap},
		{"rsyslog-include-unreadable", daemon("/usr/sbin/rsyslogd"), rsyslog + "-- etc/rsyslog.d/1.conf err=permission --\n", gap},
		{"rsyslog-other-file", daemon("/usr/sbin/rsyslogd", "-f", "/etc/other.conf"), rsyslog + "-- etc/other.conf --\n$ModLoad imudp\n", at("/etc/other.conf:1")},
		{"rsyslog-other-file-missing", daemon("/usr/sbin/rsyslogd", "-f/etc/other.conf"), rsyslog, gap},
		{"rsyslog-other-option", daemon("/usr/sbin/rsyslogd", "-r514"), rsyslog, gap},
		{"rsyslog-no-file", daemon("/usr/sbin/rsyslogd"), "", gap},
		{"rsyslog-two-commands", two, rsyslog, gap},
		{"rsyslog-script", entry(units.KindOpenRC, "rsyslog", "/etc/init.d/rsyslog"), rsyslog, quiet},
		{"rsyslog-script-options", entry(units.KindSysV, "rsyslog", "/etc/init.d/rsyslog"), rsyslog + "-- etc/default/rsyslog --\nRSYSLOGD_OPTIONS=\"-f /etc/o.conf\"\n-- etc/o.conf --\n$ModLoad imudp\n", at("/etc/o.conf:1")},
		{"chrony", daemon("/usr/sbin/chronyd", "-F", "1"), chrony, quiet},
		{"chrony-serves", daemon("/usr/sbin/chronyd", "-F", "1"), chrony + "-- etc/chrony/conf.d/a.conf --\nallow 10/8\n", at("/etc/chrony/conf.d/a.conf:1")},
		{"chrony-commands", daemon("/usr/sbin/chronyd"), chrony + "-- etc/chrony/conf.d/a.conf --\nbindcmdaddress 127.0.0.1\nbindcmdaddress 0.0.0.0\n", at("/etc/chrony/conf.d/a.conf:2")},
		{"chrony-word", daemon("/usr/sbin/chronyd", "allow all"), chrony, gap},
		{"chrony-word-harmless", daemon("/usr/sbin/chronyd", "server 192.0.2.1"), chrony, quiet},
		{"chrony-peer", daemon("/usr/sbin/chronyd"), chrony + "-- etc/chrony/conf.d/a.conf --\npeer 192.0.2.1\n", at("/etc/chrony/conf.d/a.conf:1")},
		{"chrony-incomplete", incomplete, chrony, gap},
		{"auditd", daemon("/sbin/auditd"), "-- etc/audit/auditd.conf --\n##tcp_listen_port = 60\ntcp_listen_queue = 5\n", quiet},
		{"auditd-listens", daemon("/sbin/auditd"), "-- etc/audit/auditd.conf --\ntcp_listen_port = 60\n", at("/etc/audit/auditd.conf:1")},
		{"hostapd", daemon("/usr/sbin/hostapd", "-B", "-P", "/run/h.pid", "/etc/h.conf"), "-- etc/h.conf --\nssid=x\n", quiet},
		{"hostapd-radius", daemon("/usr/sbin/hostapd", "/etc/h.conf"), "-- etc/h.conf --\nradius_server_clients=/etc/x\n", at("/etc/h.conf:1")},
		{"hostapd-two", daemon("/usr/sbin/hostapd", "/etc/h.conf", "/etc/i.conf"), "-- etc/h.conf --\nradius_server_clients=/etc/x\n-- etc/i.conf --\nssid=x\n", at("/etc/h.conf:1")},
		{"hostapd-bss", daemon("/usr/sbin/hostapd", "-b", "phy0:/etc/i.conf", "/etc/h.conf"), "-- etc/h.conf --\nssid=x\n", gap},
		{"cups", daemon("/usr/sbin/cupsd", "-l"), cups, quiet},
		{"cups-port", daemon("/usr/sbin/cupsd", "-l"), cups + "Port 631\n", at("/etc/cups/cupsd.conf:3")},
		{"cups-everywhere", daemon("/usr/sbin/cupsd", "-l"), cups + "Listen *:631\n", at("/etc/cups/cupsd.conf:3")},
		{"cups-not-told", daemon("/usr/sbin/cupsd", "-l"), "", unit},
		{"networkd", daemon("/lib/systemd/systemd-networkd"), "-- etc/systemd/network/a.network --\n[Network]\nDHCP=yes\n", quiet},
		{"networkd-serves", daemon("/lib/systemd/systemd-networkd"), "-- etc/systemd/network/a.network --\n[Network]\nDHCPServer=yes\n", at("/etc/systemd/network/a.network:2")},
		{"containerd", daemon("/usr/bin/containerd"), "-- etc/containerd/config.toml --\n[grpc]\naddress = \"/run/containerd/containerd.sock\"\ntcp_address = \"\"\n[metrics]\naddress = \"127.0.0.1:1338\"\n", quiet},
		{"containerd-tcp", daemon("/usr/bin/containerd"), "-- etc/containerd/config.toml --\nimports = [\"/etc/a.toml\", '/etc/b.toml']\n-- etc/b.toml --\ntcp_address = \"0.0.0.0:1\"\n", at("/etc/b.toml:1")},
		{"containerd-imports-lines", daemon("/usr/bin/containerd"), "-- etc/containerd/config.toml --\nimports = [\n  \"/etc/a.toml\",\n  '/etc/b.toml']\n-- etc/b.toml --\ntcp_address = \"0.0.0.0:1\"\n", at("/etc/b.toml:1")},
		{"containerd-inline", daemon("/usr/bin/containerd"), "-- etc/containerd/config.toml --\nmetrics = {address = \"0.0.0.0:1\"}\n", at("/etc/containerd/config.toml:1")},
		{"containerd-dotted", daemon("/usr/bin/containerd"), "-- etc/containerd/config.toml --\nmetrics.address = \"127.0.0.1:1\"\ngrpc.tcp_address = \":2\"\n", at("/etc/containerd/config.toml:2")},
		{"lightdm-tcp", daemon("/usr/sbin/lightdm"), "-- etc/lightdm/lightdm.conf --\n[Seat:*]\nxserver-allow-tcp=true\n", at("/etc/lightdm/lightdm.conf:2")},
		{"gdm-tcp", daemon("/usr/sbin/gdm3"), "-- etc/gdm3/daemon.conf --\n[security]\nDisallowTCP=false\n", at("/etc/gdm3/daemon.conf:2")},
		{"sddm", daemon("/usr/bin/sddm"), "-- etc/sddm.conf --\n[X11]\nServerArguments=-nolisten tcp\n", quiet},
		{"sddm-tcp", daemon("/usr/bin/sddm"), "-- etc/sddm.conf --\n[X11]\nServerArguments=-listen tcp\n", at("/etc/sddm.conf:2")},
		{"name-of-another", daemon("/opt/app/bin/cron"), "", gap},
		{"lightdm-xdmcp", daemon("/usr/sbin/lightdm"), "-- etc/lightdm/lightdm.conf --\n[XDMCPServer]\nenabled=true\n", at("/etc/lightdm/lightdm.conf:2")},
		{"gdm", daemon("/usr/sbin/gdm3"), "-- etc/gdm3/daemon.conf --\n[xdmcp]\n#Enable=true\n", quiet},
		{"pandora-agent", entry(units.KindSysV, "pandorafms-agent", "/etc/init.d/pandorafms-agent"), "-- etc/pandora/pandora_agent.conf --\nudp_server 0\n#udp_server 1\n", quiet},
		{"pandora-agent-udp", daemon("/usr/bin/pandora_agent", "/etc/pandora"), "-- etc/pandora/pandora_agent.conf --\nudp_server 1\n", at("/etc/pandora/pandora_agent.conf:1")},
		{"docker-socket", daemon("/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"), "", quiet},
		{"docker-tcp", daemon("/usr/bin/dockerd", "-H", "fd://", "-H", "tcp://0.0.0.0:2375"), "", unit},
		{"docker-metrics", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- etc/docker/daemon.json --\n{\"metrics-addr\": \"0.0.0.0:9323\"}\n", unit},
		{"docker-swarm", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- var/lib/docker/swarm/docker-state.json --\n{}\n", unit},
		{"docker-container", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- var/lib/docker/containers/a/hostconfig.json --\n{\"PortBindings\":{\"80/tcp\":[{}]},\"RestartPolicy\":{\"Name\":\"always\"}}\n", unit},
		{"docker-container-stays", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- var/lib/docker/containers/a/hostconfig.json --\n{\"PortBindings\":{\"80/tcp\":[{}]},\"RestartPolicy\":{\"Name\":\"no\"}}\n", quiet},
		{"docker-containers-not-seen", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- var/lib/docker/containers/ err=permission --\n", unit},
		{"docker-elsewhere", daemon("/usr/bin/dockerd", "-H", "fd://"), "-- etc/docker/daemon.json --\n{\"data-root\": \"/srv\"}\n", unit},
		{"docker-compose", launched, "", gap},
		{"php-fpm", daemon("/usr/sbin/php-fpm8.2", "--nodaemonize", "--fpm-config", "/etc/php/8.2/fpm/php-fpm.conf"), fpm, quiet},
		{"php-fpm-equals", daemon("/usr/sbin/php-fpm8.2", "-F", "--fpm-config=/etc/php/8.2/fpm/php-fpm.conf"), fpm + fpmPool + "[b]\nlisten = 9000\n", at("/etc/php/8.2/fpm/pool.d/b.conf:2")},
		{"php-fpm-loopback", daemon("/usr/sbin/php-fpm8.2", "-y", "/etc/php/8.2/fpm/php-fpm.conf"), fpm + fpmPool + "listen = \"127.0.0.1:9000\" ; here\nlisten=[::1]:9001\nlisten = localhost:9000\n;listen = 9000\nlisten.backlog = 511\n", quiet},
		{"php-fpm-everywhere", daemon("/usr/sbin/php-fpm8.2", "-y", "/etc/php/8.2/fpm/php-fpm.conf"), fpm + fpmPool + "\nlisten=*:9000\n", at("/etc/php/8.2/fpm/pool.d/b.conf:2")},
		{"php-fpm-name-of-loopback", daemon("/usr/sbin/php-fpm8.2", "-y", "/etc/php/8.2/fpm/php-fpm.conf"), fpm + fpmPool + "listen = 127.0.0.1.example.org:9000\n", at("/etc/php/8.2/fpm/pool.d/b.conf:1")},
		{"php-fpm-environment", daemon("/usr/sbin/php-fpm8.2", "-y", "/etc/php/8.2/fpm/php-fpm.conf"), fpm + fpmPool + "listen = ${LISTEN}\n", at("/etc/php/8.2/fpm/pool.d/b.conf:1")},
		{"php-fpm-default-file", daemon("/usr/sbin/php-fpm", "--nodaemonize"), "-- etc/php-fpm.conf --\ninclude=/etc/php-fpm.d/*.conf\n-- etc/php-fpm.d/www.conf --\nlisten = 0.0.0.0:9000\n", at("/etc/php-fpm.d/www.conf:1")},
		{"php-fpm-no-file", daemon("/usr/sbin/php-fpm8.2", "--nodaemonize"), "", gap},
		{"php-fpm-missing-file", daemon("/usr/sbin/php-fpm8.2", "--fpm-config", "/etc/other.conf"), fpm, gap},
		{"php-fpm-relative-include", daemon("/usr/sbin/php-fpm"), "-- etc/php-fpm.conf --\ninclude=pool.d/*.conf\n", gap},
		{"php-fpm-other-option", daemon("/usr/sbin/php-fpm8.2", "--prefix", "/srv", "--fpm-config", "/etc/php/8.2/fpm/php-fpm.conf"), fpm, gap},
		{"rsync-without-configuration", daemon("/usr/bin/rsync", "--daemon", "--no-detach"), "", quiet},
		{"rsync", daemon("/usr/bin/rsync", "--daemon", "--no-detach"), "-- etc/rsyncd.conf --\n", unit},
		{"rsync-other-configuration", daemon("/usr/bin/rsync", "--daemon", "--config=/srv/rsyncd.conf"), "", unit},
		{"rsync-not-seen", daemon("/usr/bin/rsync", "--daemon", "--no-detach"), "-- etc/rsyncd.conf err=permission --\n", unit},
		{"docker-other-option", daemon("/usr/bin/dockerd", "--tlsverify"), "", unit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env, src := world{enabled: []units.Entry{tc.entry}, os: host.OSRelease{ID: "debian"}}.env(t)
			env.Host = hosttest.Load(t, tc.tree)
			rec := checks.NewRecorder(Declared())
			runDeclaredWith(t.Context(), env, src, rec)
			r := rec.Seal()
			var got strings.Builder
			got.WriteString(strings.TrimSpace(r.Status.String() + " " + string(r.Reason)))
			for _, f := range r.Findings {
				got.WriteString(fmt.Sprintf(" at %s:%d", f.Location.File, f.Location.Line))
			}
			if got.String() != tc.want {
				t.Errorf("got  %s\nwant %s\n%+v", got.String(), tc.want, r)
			}
		})
	}
}

// FuzzGetopt: every word is an option, its value or the rest, and none is lost.
func FuzzGetopt(f *testing.F) {
	for _, seed := range []string{"-n -iNONE", "-f /etc/x.conf -n", "-F", "--", "-", "a -n b", "-nf", "-:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		rest, values, ok := getopt(args, "nd4f:i:")
		if !ok {
			if rest != nil || values != nil {
				t.Errorf("%q is not understood, and yields %q %q", line, rest, values)
			}
			return
		}
		for _, word := range rest {
			if len(word) > 1 && word[0] == '-' {
				t.Errorf("%q: option %q is among the rest", line, word)
			}
		}
		for option, value := range values {
			if value == "" || !strings.Contains(line, value) || option != 'f' && option != 'i' {
				t.Errorf("%q: option %c is %q", line, option, value)
			}
		}
	})
}

// FuzzConfiguration: a configuration that does not listen still does not with a comment
// more, and one that does is told at one of its lines.
func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{"module(load=\"imudp\")", "allow", "Port 631", "listen = 9000", "include = *", "tcp_listen_port = 1", "# x", "include /etc/*", "$IncludeConfig a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\n-- ") || strings.HasPrefix(text, "-- ") {
			return
		}
		for _, d := range settledDaemons() {
			judge := func(text string) (nature, units.Place) {
				c := &configurations{t: hosttest.Load(t, "-- etc/c --\n"+text+"\n").Tree}
				return c.file(d, "/etc/c", 0)
			}
			n, at := judge(text)
			if (n == server) != (at.File != "") || at.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%v: %d at %+v", d.programs, n, at)
			}
			if again, _ := judge(d.comment[:1] + " a comment\n" + text); again != n {
				t.Errorf("%v: %d, with a comment more %d", d.programs, n, again)
			}
		}
	})
}

// TestCleartextDockerFile: Docker's own file may have it listen without a credential.
func TestCleartextDockerFile(t *testing.T) {
	for _, tc := range []struct{ name, file, want string }{
		{"hosts", `{"hosts": ["tcp://0.0.0.0:2375"]}`, "unknown unsupported | gap unsupported x.service"},
		{"others", `{"log-driver": "journald"}`, "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env, src := world{enabled: []units.Entry{daemon("/usr/bin/dockerd")}}.env(t)
			env.Host = hosttest.Load(t, "-- etc/docker/daemon.json --\n"+tc.file+"\n")
			rec := checks.NewRecorder(Cleartext())
			runCleartextWith(t.Context(), env, src, rec)
			if got := seen(rec.Seal()); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestCleartextBusybox: the word after busybox is the server.
func TestCleartextBusybox(t *testing.T) {
	got := seen(world{enabled: []units.Entry{daemon("/bin/busybox", "telnetd", "-F")}}.tree(t, "listeners.cleartext"))
	if want := "fail | high configured clear x.service telnet at /etc/x.service:3"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTunnelsAreNoClients: what tunnels listen on is in the range that clients get.
func TestTunnelsAreNoClients(t *testing.T) {
	for _, port := range []uint16{41641, 51820} {
		w := only(list(udp("0.0.0.0", port, 20)), proc(20, "/usr/sbin/tailscaled", "tailscaled.service"))
		must(t, w.runDeclared(t), "fail")
	}
}
