package sshd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

const systemd = `
-- usr/lib/systemd/systemd mode=0755 --
elf
-- usr/lib/systemd/system/multi-user.target --
[Unit]
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
`

func sshdBinary(version string) string {
	return "-- usr/sbin/sshd quoted mode=0755 --\n\\x00OpenSSH_7.4*\\x00OpenSSH_" + version + "\\x00\n"
}

func osRelease(id, like, version string) string {
	return "-- etc/os-release --\nID=\"" + id + "\"\nID_LIKE=\"" + like + "\"\nVERSION_ID=\"" + version + "\"\n"
}

const redHat = systemd + `
-- usr/lib/systemd/system/sshd.service --
[Service]
Type=notify
EnvironmentFile=-/etc/crypto-policies/back-ends/opensshserver.config
EnvironmentFile=-/etc/sysconfig/sshd
ExecStart=/usr/sbin/sshd -D $OPTIONS $CRYPTO_POLICY
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/sshd.service -> /usr/lib/systemd/system/sshd.service --
-- etc/sysconfig/sshd --
# SSH_USE_STRONG_RNG=1
SSH_USE_STRONG_RNG=0
OPTIONS="-p 2022"
-- etc/ssh/sshd_config --
Port 2222
`

const inittab = "-- etc/inittab --\n::sysinit:/sbin/openrc sysinit\n-- sbin/openrc mode=0755 --\n-- bin/busybox mode=0755 --\n-- sbin/init -> /bin/busybox --\n"

// alpine ends with /etc/conf.d/sshd.
const alpine = bare + inittab + `-- etc/init.d/sshd mode=0755 --
#!/sbin/openrc-run
: ${cfgfile:=${SSHD_CONFIG:-"${SSHD_CONFDIR:-"/etc/ssh"}/sshd_config"}}
pidfile="${SSHD_PIDFILE:-"/run/$RC_SVCNAME.pid"}"
command="${SSHD_BINARY:-"/usr/sbin/sshd"}"
command_args="${command_args:-${SSHD_OPTS:-}}"
checkconfig() {
	[ "$pidfile" != "/run/sshd.pid" ] \
		&& command_args="$command_args -o PidFile=$pidfile"
	[ "$cfgfile" != "/etc/ssh/sshd_config" ] \
		&& command_args="$command_args -f $cfgfile"
}
-- etc/runlevels/default/sshd -> /etc/init.d/sshd --
-- etc/ssh/sshd_config --
Port 2222
-- srv/sshd_config --
Port 2200
-- etc/conf.d/sshd --
`

const gentoo = bare + inittab + `-- etc/init.d/sshd mode=0755 --
#!/sbin/openrc-run
: ${SSHD_CONFDIR:=${RC_PREFIX%/}/etc/ssh}
: ${SSHD_CONFIG:=${SSHD_CONFDIR}/sshd_config}
: ${SSHD_BINARY:=${RC_PREFIX%/}/usr/sbin/sshd}
command="${SSHD_BINARY}"
command_args="${SSHD_OPTS} -o PidFile=${pidfile} -f ${SSHD_CONFIG}"
-- etc/runlevels/default/sshd -> /etc/init.d/sshd --
-- etc/ssh/sshd_config --
Port 2222
-- srv/sshd_config --
Port 2200
-- etc/conf.d/sshd --
`

// sysv ends with /etc/default/ssh.
const sysv = bare + `
-- sbin/init mode=0755 --
elf
-- etc/inittab --
id:2:initdefault:
-- etc/init.d/ssh mode=0755 --
#! /bin/sh
test -x /usr/sbin/sshd || exit 0
if test -f /etc/default/ssh; then
    . /etc/default/ssh
fi
if [ -n "$2" ]; then
    SSHD_OPTS="$SSHD_OPTS $2"
fi
if [ -e /etc/ssh/sshd_not_to_be_run ]; then exit 0; fi
/usr/sbin/sshd $SSHD_OPTS -t || exit 1
start-stop-daemon --start --quiet --oknodo --chuid 0:0 --pidfile /run/sshd.pid --exec /usr/sbin/sshd -- $SSHD_OPTS
status_of_proc -p /run/sshd.pid /usr/sbin/sshd sshd && exit 0 || exit $?
-- etc/rc2.d/S02ssh -> ../init.d/ssh --
-- etc/ssh/sshd_config --
Port 2222
-- etc/default/ssh --
`

const openWrt = bare + `
-- etc/openwrt_release --
-- sbin/init mode=0755 --
elf
-- usr/sbin/dropbear quoted mode=0755 --
\x00SSH-2.0-dropbear_2022.82\x00
-- etc/init.d/dropbear mode=0755 --
#!/bin/sh /etc/rc.common
START=19
USE_PROCD=1
PROG=/usr/sbin/dropbear
	'PasswordAuth:bool:1' 'enable:bool:1' 'Interface:string' 'DirectInterface' 'RootPasswordAuth:bool:1' 'RootLogin:bool:1' 'BannerFile' 'Port:port:22'
-- etc/rc.d/S19dropbear -> ../init.d/dropbear --
-- etc/config/dropbear --
config dropbear main
	option Port '2222'
	option RootPasswordAuth 'off'

config dropbear
	option enable '0'
`

const debianDropbear = systemd + `
-- usr/sbin/dropbear quoted mode=0755 --
\x00SSH-2.0-dropbear_2022.83\x00
-- usr/lib/systemd/system/dropbear.service --
[Service]
Environment=DROPBEAR_PORT=22 DROPBEAR_RECEIVE_WINDOW=65536
EnvironmentFile=-/etc/default/dropbear
ExecStart=/usr/sbin/dropbear -EF -p "$DROPBEAR_PORT" -W "$DROPBEAR_RECEIVE_WINDOW" $DROPBEAR_EXTRA_ARGS
[Install]
WantedBy=multi-user.target
-- etc/default/dropbear --
DROPBEAR_PORT=2222
DROPBEAR_EXTRA_ARGS="-w -s"
`

const dropbearLink = "-- etc/systemd/system/multi-user.target.wants/dropbear.service -> /usr/lib/systemd/system/dropbear.service --\n"

// TestDistributions: where each of them keeps the options of its server.
func TestDistributions(t *testing.T) {
	const etc = "sshd /etc/ssh/sshd_config"
	alp := alpine + "@@" + sshdBinary("9.7p1") + osRelease("alpine", "", "3.20.3")
	gen := gentoo + "@@" + sshdBinary("9.7p1") + osRelease("gentoo", "", "")
	old := sysv + "@@" + sshdBinary("9.2p1") + osRelease("debian", "", "12")
	with := func(text, lines string) string { return strings.Replace(text, "@@", lines+"\n", 1) }
	openRC := func(subject, conf string) string {
		return subject + " boot=yes unit=sshd v9.7-upstream conf=" + conf + "\n"
	}
	onGentoo := func(subject, conf string) string { return subject + " boot=yes unit=sshd v9.7- conf=" + conf + "\n" }
	bySysV := func(rest string) string { return etc + rest }
	for _, tc := range []struct{ name, text, want string }{
		{
			"rhel-8", redHat + sshdBinary("8.0p1") + osRelease("rhel", "fedora", "8.10") +
				"-- etc/crypto-policies/back-ends/opensshserver.config --\nCRYPTO_POLICY='-oCiphers=aes256-gcm@openssh.com -oMACs=hmac-sha2-256'\n",
			etc + " :2022 boot=yes unit=sshd.service v8.0-redhat conf=2022\n",
		},
		{"rhel-9", redHat + sshdBinary("8.7p1") + osRelease("rhel", "fedora", "9.4"), etc + " :2022 boot=yes unit=sshd.service v8.7-redhat conf=2022\n"},
		{
			"opensuse", systemd + sshdBinary("9.9p2") + osRelease("opensuse-tumbleweed", "opensuse suse", "2025") +
				strings.ReplaceAll(strings.TrimPrefix(redHat, systemd), "/etc/ssh/sshd_config", "/x") + "-- usr/etc/ssh/sshd_config --\nPort 2200\n-- etc/ssh/x --\n",
			"sshd /etc/ssh/sshd_config :2022 boot=yes unit=sshd.service v9.9-suse conf=2022\n", // the first is there
		},
		{
			"opensuse-vendor-file", systemd + sshdBinary("9.9p2") + osRelease("opensuse-tumbleweed", "opensuse suse", "2025") +
				strings.Replace(strings.TrimPrefix(redHat, systemd), "-- etc/ssh/sshd_config --", "-- usr/etc/ssh/sshd_config --", 1),
			"sshd /usr/etc/ssh/sshd_config :2022 boot=yes unit=sshd.service v9.9-suse conf=2022\n",
		},
		{"alpine", with(alp, "#SSHD_OPTS="), openRC(etc, "2222")},
		{"alpine-opts", with(alp, `SSHD_OPTS="-p 22"`), openRC(etc+" :22", "22")},
		{"alpine-args-first", with(alp, "SSHD_OPTS=-p22\ncommand_args=\"-p 23\""), openRC(etc+" :23", "23")},
		{"alpine-file", with(alp, "cfgfile=/srv/sshd_config"), openRC("sshd /srv/sshd_config", "2200")},
		{"alpine-directory", with(alp, "SSHD_CONFDIR=/srv"), openRC("sshd /srv/sshd_config", "2200")},
		{"alpine-own-file", with(alp, "SSHD_CONFIG=/srv/sshd_config\nSSHD_CONFDIR=/nowhere"), openRC("sshd /srv/sshd_config", "2200")},
		{"alpine-expansion", with(alp, `SSHD_OPTS="$(cat /x)"`), openRC(etc, "none (unsupported "+etc+" @/etc/conf.d/sshd:1)")},
		{"alpine-statement", with(alp, "[ -f /x ] && SSHD_OPTS=-p22"), openRC(etc, "none (unsupported "+etc+" @/etc/conf.d/sshd:0)")},
		{"alpine-unreadable", strings.Replace(with(alp, ""), "-- etc/conf.d/sshd --", "-- etc/conf.d/sshd err=permission --", 1), openRC(etc, "none (permission "+etc+" @/etc/conf.d/sshd:0)")},
		{
			"alpine-second-service", with(alp, "#") + "-- etc/runlevels/default/sshd.jump -> /etc/init.d/sshd --\n-- etc/init.d/sshd.jump -> /etc/init.d/sshd --\n-- etc/conf.d/sshd.jump --\nSSHD_CONFDIR=/srv\n",
			openRC(etc, "2222") + "sshd /srv/sshd_config boot=yes unit=sshd.jump v9.7-upstream conf=2200\n",
		},
		{"gentoo", with(gen, `SSHD_OPTS="-4"`), onGentoo(etc, "2222")},
		{"gentoo-shipped", with(gen, "SSHD_CONFDIR=\"${RC_PREFIX%/}/etc/ssh\"\nSSHD_OPTS=\"\""), onGentoo(etc, "2222")},
		{"gentoo-file", with(gen, "SSHD_CONFIG=/srv/sshd_config"), onGentoo("sshd /srv/sshd_config", "2200")},
		{"sysv", with(old, "SSHD_OPTS="), bySysV(" boot=yes unit=ssh v9.2-debian conf=2222\n")},
		{"sysv-options", with(old, `SSHD_OPTS="-p 22"`), bySysV(" :22 boot=yes unit=ssh v9.2-debian conf=22\n")},
		{"sysv-quotes", with(old, `SSHD_OPTS="-o 'Port 22'"`), bySysV(" boot=yes unit=ssh v9.2-debian conf=none (unsupported " + etc + " @/etc/default/ssh:1)\n")},
		{"sysv-not-to-be-run", with(old, "") + "-- etc/ssh/sshd_not_to_be_run --\n", "note ssh: it is enabled, but /etc/ssh/sshd_not_to_be_run keeps it from starting\n"},
		{
			"sysv-own-options", strings.Replace(with(old, ""), "-- $SSHD_OPTS\n", "-- -p 22 $SSHD_OPTS\n", 1),
			bySysV(" boot=yes unit=ssh v9.2-debian conf=none (unsupported " + etc + " @/etc/init.d/ssh:0)\n"),
		},
		{
			"runit", bare + sshdBinary("9.2p1") + "-- usr/bin/runsvdir mode=0755 --\n-- etc/service/ssh/run mode=0755 --\n#!/usr/bin/env /lib/runit/invoke-run\nexec 2>&1\n/usr/sbin/sshd -t || exit 162\nexec /usr/sbin/sshd -D -e $SSHD_OPTS\n" +
				"-- etc/default/ssh --\nSSHD_OPTS=-p2300\n-- etc/ssh/sshd_config --\nPort 2222\n",
			etc + " :2300 boot=yes unit=ssh v9.2- conf=2300\n",
		},
		{
			"inetd", bare + sshdBinary("9.2p1") + "-- sbin/init mode=0755 --\nelf\n-- etc/inittab --\nid:2:initdefault:\n-- etc/services --\nssh 22/tcp\n-- etc/init.d/openbsd-inetd mode=0755 --\n#!/bin/sh\n-- etc/rc2.d/S01openbsd-inetd -> ../init.d/openbsd-inetd --\n" +
				"-- etc/inetd.conf --\nssh stream tcp4 nowait root /usr/sbin/tcpd /usr/sbin/sshd -i -f /srv/sshd_config\n-- srv/sshd_config --\nPort 2200\n",
			"sshd /srv/sshd_config boot=yes unit=ssh/tcp4 open=0.0.0.0:22@/etc/inetd.conf:1 v9.2- conf=2200\n",
		},
		{
			"xinetd", bare + sshdBinary("9.2p1") + "-- sbin/init mode=0755 --\nelf\n-- etc/inittab --\nid:2:initdefault:\n-- etc/services --\nssh 22/tcp\n-- etc/init.d/xinetd mode=0755 --\n#!/bin/sh\n-- etc/rc2.d/S01xinetd -> ../init.d/xinetd --\n" +
				"-- etc/xinetd.conf --\nservice ssh\n{\n\tsocket_type = stream\n\twait = no\n\tuser = root\n\tserver = /usr/sbin/sshd\n\tserver_args = -i -f /srv/sshd_config\n}\n-- srv/sshd_config --\nPort 2200\n",
			"sshd /srv/sshd_config boot=yes unit=ssh open=0.0.0.0:22@/etc/xinetd.conf:1 v9.2- conf=2200\n",
		},
		{"dropbear", debianDropbear + dropbearLink, "dropbear :2222 boot=yes unit=dropbear.service ports=[2222]\n"},
		{"dropbear-off", debianDropbear, "note dropbear: Dropbear is installed, its unit is disabled\n"},
		{"dropbear-initramfs", bare + "-- usr/sbin/dropbear --\nelf\n-- etc/dropbear/initramfs/dropbear.conf --\nDROPBEAR_OPTIONS=\"-p 2222\"\n", ""},
		{
			"dropbear-openrc", bare + inittab + "-- usr/sbin/dropbear mode=0755 --\nelf\n-- etc/init.d/dropbear mode=0755 --\n#!/sbin/openrc-run\nstart() {\n\t/usr/sbin/dropbear ${DROPBEAR_OPTS}\n}\n-- etc/runlevels/default/dropbear -> /etc/init.d/dropbear --\n-- etc/conf.d/dropbear --\nDROPBEAR_OPTS=\"-p 127.0.0.1:2022 -w\"\n",
			"dropbear :2022 boot=yes unit=dropbear ports=[2022]\n",
		},
		{"openwrt", openWrt, "dropbear main boot=yes unit=dropbear ports=[2222]\nnote dropbear @dropbear[1]: its section in /etc/config/dropbear is turned off\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := words(Look(hosttest.Load(t, tc.text)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, got)
			}
		})
	}
}

// TestDropbearRuns: joined with what starts it.
func TestDropbearRuns(t *testing.T) {
	db := func(pid int, args ...string) snapshot.Process {
		return process(pid, "/usr/sbin/dropbear", append([]string{"/usr/sbin/dropbear"}, args...)...)
	}
	for _, tc := range []struct {
		name, text string
		processes  []snapshot.Process
		listeners  []snapshot.Listener
		want       string
	}{
		{
			"unit", debianDropbear + dropbearLink,
			[]snapshot.Process{db(7, "-EF", "-p", "2222", "-W", "65536", "-w", "-s"), as(db(8, "-EF", "-p", "2222"), func(p *snapshot.Process) { p.PPID = 7 })},
			[]snapshot.Listener{listener("0.0.0.0:2222", 7), listener("127.0.0.1:6000", 8)},
			"dropbear :2222 pid=7 on=0.0.0.0:2222 boot=yes unit=dropbear.service ports=[2222]\n",
		},
		{
			"changed-since", debianDropbear + dropbearLink,
			[]snapshot.Process{db(7, "-EF", "-p", "2222")},
			[]snapshot.Listener{listener("0.0.0.0:2222", 7)},
			"dropbear :2222 pid=7 on=0.0.0.0:2222 boot=yes unit=dropbear.service ports=[2222] next-ports=[2222]\n",
		},
		{
			"openwrt", openWrt,
			[]snapshot.Process{db(7, "-F", "-P", "/var/run/dropbear.main.pid", "-p", "2222", "-g", "-K", "300", "-T", "3")},
			[]snapshot.Listener{listener("0.0.0.0:2222", 7)},
			"dropbear main pid=7 on=0.0.0.0:2222 boot=yes unit=dropbear ports=[2222]\nnote dropbear @dropbear[1]: its section in /etc/config/dropbear is turned off\n",
		},
		{
			"refused-or-not-known", bare,
			[]snapshot.Process{db(7, "-p", "22", "--HIDEME")},
			[]snapshot.Listener{listener("0.0.0.0:22", 7)},
			"dropbear pid=7 on=0.0.0.0:22 boot=no options=none (unsupported dropbear)\n",
		},
		{
			"client-of-the-same-program", bare,
			[]snapshot.Process{process(7, "/usr/bin/dropbearmulti", "dbclient", "-L", "22:a:22")},
			[]snapshot.Listener{listener("127.0.0.1:22", 7)},
			"unsettled 127.0.0.1:22\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := append([]snapshot.Process{process(1, "/usr/lib/systemd/systemd", "/sbin/init")}, tc.processes...)
			h := hosttest.Live(hosttest.Load(t, tc.text), &snapshot.Snapshot{NetNS: 1, Processes: all, Listeners: tc.listeners})
			got := words(Look(h))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, got)
			}
		})
	}
}
