package sshd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/guard"
	"hostaudit/checks/internal/sshdconf"
)

// words says in a few words what a survey holds, one line each.
func words(s *Survey) string {
	var b strings.Builder
	for _, srv := range s.Servers {
		b.WriteString(serverWords(srv) + "\n")
	}
	for _, li := range s.Unsettled {
		fmt.Fprintf(&b, "unsettled %s\n", netip.AddrPortFrom(li.Addr, li.Port))
	}
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "problem %s\n", problemWords(p))
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Subject, n.Detail)
	}
	return b.String()
}

func serverWords(s Server) string {
	parts := []string{s.Subject}
	if s.Container != nil {
		parts[0] = s.Container.Name + "/" + s.Subject
	}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.PID != 0 {
		add("pid=%d", s.PID)
	}
	if !s.AsRoot {
		add("no-root")
	}
	if s.OtherNet {
		add("other-net")
	}
	for _, p := range s.Published {
		add("published=%d>%d", p.Port, p.Inner)
	}
	for _, li := range s.Listeners {
		add("on=%s", netip.AddrPortFrom(li.Addr, li.Port))
	}
	add("boot=%s", map[Boot]string{BootUnknown: "?", BootNo: "no", BootYes: "yes"}[s.Boot])
	if s.Unit != "" {
		add("unit=%s", s.Unit)
	}
	for _, o := range s.Opens {
		at := o.Host
		if o.Addr.IsValid() {
			at = netip.AddrPortFrom(o.Addr, o.Port).String()
		}
		add("open=%s@%s:%d", at, o.File, o.LineNo)
	}
	if v := s.Build.Version.String(); v != "" {
		add("v%s-%s", v, s.Build.Vendor)
	}
	if s.Program == OpenSSH {
		add("conf=%s", confWords(s.Conf))
		if s.AtBoot != nil {
			add("next=%s", confWords(s.AtBoot))
		}
	} else if s.Dropbear == nil {
		add("options=none")
	} else {
		add("ports=%v", optionPorts(s.Dropbear))
	}
	if s.DropbearAtBoot != nil {
		add("next-ports=%v", optionPorts(s.DropbearAtBoot))
	}
	for _, p := range s.Problems {
		add("(%s)", problemWords(p))
	}
	return strings.Join(parts, " ")
}

// confWords are the ports of a configuration, which show that the file and the options
// were read.
func confWords(c *sshdconf.Config) string {
	if c == nil {
		return "none"
	}
	if problems := c.Problems(); len(problems) > 0 {
		return fmt.Sprintf("broken:%s:%d", problems[0].File, problems[0].Line)
	}
	set, _ := c.Listens()
	var ports []string
	for _, li := range set {
		p := fmt.Sprint(li.Port)
		if len(ports) == 0 || ports[len(ports)-1] != p {
			ports = append(ports, p)
		}
	}
	return strings.Join(ports, ",")
}

func problemWords(p Problem) string {
	kind := "tree"
	switch {
	case errors.Is(p.Err, ErrUnsupported):
		kind = "unsupported"
	case errors.Is(p.Err, ErrRefused):
		kind = "refused"
	case errors.Is(p.Err, ErrNoMetadata):
		kind = "no-metadata"
	case errors.Is(p.Err, fs.ErrPermission):
		kind = "permission"
	case errors.Is(p.Err, context.Canceled):
		kind = "canceled"
	}
	at := ""
	if p.File != "" {
		at = fmt.Sprintf(" @%s:%d", p.File, p.Line)
	}
	return kind + " " + p.Subject + at
}

func listener(addr string, pids ...int) snapshot.Listener {
	ap := netip.MustParseAddrPort(addr)
	return snapshot.Listener{Proto: "tcp", Addr: ap.Addr(), Port: ap.Port(), PIDs: pids, OwnerHidden: len(pids) == 0}
}

func process(pid int, exe string, args ...string) snapshot.Process {
	return snapshot.Process{PID: pid, PPID: 1, Start: uint64(pid), Exe: exe, Comm: "x", Args: args, NetNS: 1, MntNS: 1, PIDNS: 1, SameRoot: snapshot.Yes}
}

func as(p snapshot.Process, edit func(*snapshot.Process)) snapshot.Process {
	edit(&p)
	return p
}

func dialTo(t *testing.T, serve func(net.Conn)) (host.Dialer, *[]string) {
	t.Helper()
	var dialled []string
	return func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, network+" "+address)
		ours, theirs := net.Pipe()
		guard.Go(func() {
			defer theirs.Close()
			serve(theirs)
		}, func(error) {})
		t.Cleanup(func() { ours.Close() })
		return ours, nil
	}, &dialled
}

// debian is a bookworm host with sshd 9.2 enabled; its configuration follows.
const debian = `
-- usr/sbin/sshd quoted mode=0755 --
\x00OpenSSH_7.4*\x00OpenSSH_9.2p1 Debian-2\x00OpenSSH_9.2p1\x00/etc/ssh/sshd_config\x00
-- usr/lib/systemd/systemd mode=0755 --
elf
-- usr/lib/systemd/system/multi-user.target --
[Unit]
Wants=sockets.target
-- usr/lib/systemd/system/sockets.target --
[Unit]
-- usr/lib/systemd/system/ssh.service --
[Unit]
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Service]
EnvironmentFile=-/etc/default/ssh
ExecStartPre=/usr/sbin/sshd -t
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
[Install]
WantedBy=multi-user.target
Alias=sshd.service
-- usr/lib/systemd/system/sshd@.service --
[Service]
EnvironmentFile=-/etc/default/ssh
ExecStart=-/usr/sbin/sshd -i $SSHD_OPTS
StandardInput=socket
-- usr/lib/systemd/system/ssh.socket --
[Unit]
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Socket]
ListenStream=22
Accept=no
[Install]
WantedBy=sockets.target
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/default/ssh --
SSHD_OPTS=
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
alice:x:1000:1000::/home/alice:/bin/bash
-- etc/group --
root:x:0:
-- etc/ssh/sshd_config --
Port 2222
-- srv/sshd_config --
Port 2200
`

const (
	serviceLink = "-- etc/systemd/system/multi-user.target.wants/ssh.service -> /usr/lib/systemd/system/ssh.service --\n"
	socketLink  = "-- etc/systemd/system/sockets.target.wants/ssh.socket -> /usr/lib/systemd/system/ssh.socket --\n"
	title       = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
	bare        = "-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n"
)

// opts is the Debian host with other options in /etc/default/ssh.
func opts(line string) string {
	return strings.Replace(debian, "SSHD_OPTS=\n", line+"\n", 1) + serviceLink
}

// TestAtBoot: a tree, so only files tell.
func TestAtBoot(t *testing.T) {
	const unit = "boot=yes unit=ssh.service v9.2-debian "
	generator := "-- usr/lib/systemd/system-generators/sshd-socket-generator mode=0755 --\nelf\n"
	onPort := func(config string) string {
		return strings.Replace(debian, "Port 2222\n", config+"\n", 1)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", bare, ""},
		{"enabled", debian + serviceLink, "sshd /etc/ssh/sshd_config " + unit + "conf=2222\n"},
		{"options", opts(`SSHD_OPTS="-p 2300 -4"`), "sshd /etc/ssh/sshd_config :2300 " + unit + "conf=2300\n"},
		{"other-file", opts(`SSHD_OPTS="-f /srv/sshd_config"`), "sshd /srv/sshd_config " + unit + "conf=2200\n"},
		{"option-broken", opts(`SSHD_OPTS="-p"`), "sshd /etc/ssh/sshd_config " + unit + "conf=none (refused sshd /etc/ssh/sshd_config @/usr/lib/systemd/system/ssh.service:6)\n"},
		{
			"options-unreadable", strings.Replace(debian, "-- etc/default/ssh --\nSSHD_OPTS=\n", "-- etc/default/ssh err=permission --\n", 1) + serviceLink,
			"sshd /etc/ssh/sshd_config " + unit + "conf=none (permission sshd /etc/ssh/sshd_config @/etc/default/ssh:0)\n",
		},
		{
			"drop-in", debian + serviceLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -p 22\n",
			"sshd /etc/ssh/sshd_config :22 " + unit + "conf=22\n",
		},
		{
			"wrapper", debian + serviceLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nExecStart=\nExecStart=/bin/sh -c 'exec /usr/sbin/sshd -D -p 22'\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.service conf=none (unsupported sshd /etc/ssh/sshd_config @/etc/systemd/system/ssh.service.d/a.conf:3)\n",
		},
		{
			"bind-paths", debian + serviceLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nBindPaths=/srv/ssh:/etc/ssh\n",
			"sshd /etc/ssh/sshd_config " + unit + "conf=none (unsupported sshd /etc/ssh/sshd_config @/etc/systemd/system/ssh.service.d/a.conf:2)\n",
		},
		{"private-tmp", debian + serviceLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nPrivateTmp=yes\nInaccessiblePaths=/mnt\n", "sshd /etc/ssh/sshd_config " + unit + "conf=2222\n"},
		{"not-to-be-run", debian + serviceLink + "-- etc/ssh/sshd_not_to_be_run --\n", "note ssh.service: it is enabled, but /etc/ssh/sshd_not_to_be_run keeps it from starting\n"},
		{"disabled", debian, "note sshd: sshd is installed, its unit is disabled\n"},
		{"masked", debian + "-- etc/systemd/system/ssh.service -> /dev/null --\n-- etc/systemd/system/ssh.socket -> /dev/null --\n", "note sshd: sshd is installed, its unit is masked\n"},
		{"config-only", bare + "-- etc/ssh/sshd_config --\nPort 22\n", "note sshd: a configuration of sshd is there, sshd is not\n"},
		{"program-gone", strings.Replace(debian, "-- usr/sbin/sshd ", "-- usr/sbin/sshd-gone ", 1) + serviceLink, "sshd /etc/ssh/sshd_config boot=yes unit=ssh.service conf=none (no-metadata sshd /etc/ssh/sshd_config @/usr/lib/systemd/system/ssh.service:6)\n"},
		{"no-config", strings.Replace(debian, "-- etc/ssh/sshd_config --", "-- etc/ssh/x --", 1) + serviceLink, "sshd /etc/ssh/sshd_config " + unit + "conf=broken:/etc/ssh/sshd_config:0\n"},
		{
			// An image whose entry point is sshd.
			"no-init", bare + "-- usr/sbin/sshd quoted mode=0755 --\n\\x00OpenSSH_9.7p1\\x00\n-- etc/ssh/sshd_config --\nPort 2222\n",
			"sshd /etc/ssh/sshd_config boot=? v9.7- conf=2222\n",
		},
		{
			"own-prefix", bare + "-- usr/local/sbin/sshd quoted mode=0755 --\n\\x00OpenSSH_9.7p1\\x00/usr/local/etc/sshd_config\\x00\n-- etc/ssh/sshd_config --\nPort 22\n-- usr/local/etc/sshd_config --\nPort 2222\n",
			"sshd /usr/local/etc/sshd_config boot=? v9.7- conf=2222\n",
		},
		{
			"own-prefix-include", bare + "-- usr/local/sbin/sshd quoted mode=0755 --\n\\x00OpenSSH_9.7p1\\x00/usr/local/etc/sshd_config\\x00\n-- usr/local/etc/sshd_config --\nInclude x\n",
			"sshd /usr/local/etc/sshd_config boot=? v9.7- conf=none (unsupported sshd /usr/local/etc/sshd_config @/usr/local/etc/sshd_config:0)\n",
		},
		{
			"own-unit", debian + "-- etc/systemd/system/admin-ssh.service --\n[Service]\nExecStart=/usr/sbin/sshd -D -f /srv/sshd_config -o PidFile=/run/x\n[Install]\nWantedBy=multi-user.target\n" +
				"-- etc/systemd/system/multi-user.target.wants/admin-ssh.service -> /etc/systemd/system/admin-ssh.service --\n" + serviceLink,
			"sshd /etc/ssh/sshd_config " + unit + "conf=2222\nsshd /srv/sshd_config boot=yes unit=admin-ssh.service v9.2-debian conf=2200\n",
		},
		{
			"instances", debian + "-- etc/systemd/system/sshx@.service --\n[Service]\nExecStart=/usr/sbin/sshd -D -f /srv/%i\n[Install]\nWantedBy=multi-user.target\n" +
				"-- etc/systemd/system/multi-user.target.wants/sshx@sshd_config.service -> /etc/systemd/system/sshx@.service --\n",
			"sshd /srv/sshd_config boot=yes unit=sshx@sshd_config.service v9.2-debian conf=2200\n",
		},
		{
			"config-test-unit", debian + "-- etc/systemd/system/t.service --\n[Service]\nType=oneshot\nExecStart=/usr/sbin/sshd -t -f /srv/sshd_config\n[Install]\nWantedBy=multi-user.target\n" +
				"-- etc/systemd/system/multi-user.target.wants/t.service -> /etc/systemd/system/t.service --\n",
			"note sshd: sshd is installed, its unit is disabled\n",
		},

		{"socket", debian + socketLink, "sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n"},
		{"socket-and-service", debian + socketLink + serviceLink, "sshd /etc/ssh/sshd_config boot=yes unit=ssh.service open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n"},
		{
			"socket-drop-in", debian + socketLink + "-- etc/systemd/system/ssh.socket.d/a.conf --\n[Socket]\nListenStream=\nListenStream=127.0.0.1:2223\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=127.0.0.1:2223@/etc/systemd/system/ssh.socket.d/a.conf:3 v9.2-debian conf=2222\n",
		},
		{"socket-not-to-be-run", debian + socketLink + "-- etc/ssh/sshd_not_to_be_run --\n", "note ssh.service: it is enabled, but /etc/ssh/sshd_not_to_be_run keeps it from starting\n"},
		{
			"socket-upstream", strings.Replace(debian, "ID=debian", "ID=arch", 1) + socketLink, // binds its own as well
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 v9.2-upstream conf=2222\n",
		},
		{
			"socket-accept", debian + "-- etc/systemd/system/sshd.socket --\n[Socket]\nListenStream=2022\nAccept=yes\n[Install]\nWantedBy=sockets.target\n" +
				"-- etc/systemd/system/sockets.target.wants/sshd.socket -> /etc/systemd/system/sshd.socket --\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=sshd.socket open=[::]:2022@/etc/systemd/system/sshd.socket:2 v9.2-debian conf=2222\n",
		},
		{
			"socket-accept-and-service", debian + "-- etc/systemd/system/sshd.socket --\n[Socket]\nListenStream=2022\nAccept=yes\n[Install]\nWantedBy=sockets.target\n" +
				"-- etc/systemd/system/sockets.target.wants/sshd.socket -> /etc/systemd/system/sshd.socket --\n" + serviceLink,
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.service open=[::]:2022@/etc/systemd/system/sshd.socket:2 open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 v9.2-debian conf=2222\n",
		},
		{
			"vsock", debian + "-- etc/systemd/system/sshd-vsock.socket --\n[Socket]\nListenStream=vsock::22\nAccept=yes\nService=sshd@.service\n[Install]\nWantedBy=sockets.target\n" +
				"-- etc/systemd/system/sockets.target.wants/sshd-vsock.socket -> /etc/systemd/system/sshd-vsock.socket --\n",
			"note sshd: sshd is installed, its unit is disabled\n",
		},
		{
			"generator-moved", debian + socketLink + generator,
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 v9.2-debian conf=2222\n",
		},
		{
			"generator-default", onPort("#") + socketLink + generator,
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=22\n",
		},
		{
			"generator-refused", onPort("Port 2222\nBad yes") + socketLink + generator,
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=broken:/etc/ssh/sshd_config:2\n",
		},
		{
			"generator-of-last-boot", onPort("#") + socketLink + generator + "-- run/systemd/generator/ssh.socket.d/addresses.conf --\n[Socket]\nListenStream=\nListenStream=2223\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=22\n",
		},
		{
			"generator-then-drop-in", debian + socketLink + generator + "-- etc/systemd/system/ssh.socket.d/x.conf --\n[Socket]\nListenStream=22\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 open=[::]:22@/etc/systemd/system/ssh.socket.d/x.conf:2 v9.2-debian conf=2222\n",
		},
		{
			"generator-under-migrated-file", debian + socketLink + generator + "-- etc/systemd/system/ssh.socket.d/addresses.conf --\n[Socket]\nListenStream=\nListenStream=2022\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:2022@/etc/systemd/system/ssh.socket.d/addresses.conf:3 v9.2-debian conf=2222\n",
		},
		{
			"generator-ignores-options", strings.Replace(debian, "SSHD_OPTS=\n", "SSHD_OPTS=-p2300\n", 1) + socketLink + generator,
			"sshd /etc/ssh/sshd_config :2300 boot=yes unit=ssh.socket open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 v9.2-debian conf=2300\n",
		},
		{
			// No init system tells which of the two it would start.
			"unit-and-script", strings.Replace(debian, "-- usr/lib/systemd/systemd mode=0755 --\nelf\n", "", 1) + serviceLink + `-- etc/init.d/ssh mode=0755 --
#!/bin/sh
if test -f /etc/default/ssh; then
    . /etc/default/ssh
fi
start-stop-daemon --start --quiet --oknodo --pidfile /run/sshd.pid --exec /usr/sbin/sshd -- $SSHD_OPTS
-- etc/rc2.d/S01ssh -> ../init.d/ssh --
`,
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh v9.2-debian conf=2222\n",
		},
		{
			"generator-masked", debian + socketLink + generator + "-- etc/systemd/system-generators/sshd-socket-generator -> /dev/null --\n",
			"sshd /etc/ssh/sshd_config boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, tc.text)
			first, second := Look(h), Look(h)
			if diff := cmp.Diff(tc.want, words(first)); diff != "" {
				t.Error(diff)
			}
			if first != second {
				t.Error("the survey is made anew")
			}
		})
	}
}
