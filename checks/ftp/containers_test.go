package ftp

import (
	"cmp"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestContainers: port 21 of a container is the host's only where it is forwarded or
// the network is shared.
func TestContainers(t *testing.T) {
	published := func(port uint16, inner uint16) []host.Published {
		return []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: port, Inner: inner}}
	}
	proxy := proc(5, "/usr/bin/docker-proxy")
	for _, test := range []struct {
		name      string
		netNS     uint64
		exe       string // "" = vsftpd
		unknown   bool   // what the engine forwards
		published []host.Published
		inside    []snapshot.Listener
		missing   []snapshot.Missing
		on        []snapshot.Listener // of the host
		want      string              // the beginning
	}{
		{
			name: "own-network", netNS: otherNS, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "pass \nnote container files: vsftpd: listens on port 21 of the container's own network",
		},
		{
			name: "own-network-of-an-engine-that-tells-nothing", netNS: otherNS, unknown: true, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "unknown unsupported\ngap unsupported container files: vsftpd: listens on port 21 of the container's own network, and no file of the engine tells whether that can be reached from outside\n",
		},
		{
			name: "own-loopback", netNS: otherNS, unknown: true, inside: []snapshot.Listener{listen("127.0.0.1", 21, 20)},
			want: "pass \nnote container files: vsftpd: listens on port 21 of the container's own loopback\n",
		},
		{
			name: "elsewhere-in-own-network", netNS: otherNS, unknown: true, inside: []snapshot.Listener{listen("0.0.0.0", 2121, 20)},
			want: "pass \nnote container files: vsftpd: vsftpd runs\n",
		},
		{
			name: "forwarded-to-loopback", netNS: otherNS, inside: []snapshot.Listener{listen("127.0.0.1", 21, 20)}, published: published(21, 21),
			want: "unknown unsupported\ngap unsupported 0.0.0.0:21: what listens on port 21 cannot be asked from here\nnote",
		},
		{
			name: "inetd", netNS: otherNS, exe: "/usr/sbin/inetd", unknown: true, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "unknown unsupported\ngap unsupported container files: something that is not known to be an FTP server or none listens on port 21 of the container's own network, and no file",
		},
		{
			name: "inetd-of-an-engine-that-tells", netNS: otherNS, exe: "/usr/sbin/inetd", inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "not_applicable absent\n",
		},
		{
			name: "sshd", netNS: otherNS, exe: "/usr/sbin/sshd", unknown: true, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "not_applicable absent\n",
		},
		{
			name: "forwarded", netNS: otherNS, inside: []snapshot.Listener{listen("0.0.0.0", 2121, 20)}, published: published(21, 2121),
			want: "fail \nfinding running 0.0.0.0:21: vsftpd in container files listens on port 21 of every address\n",
		},
		{
			name: "forwarded-by-a-proxy", netNS: otherNS, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)}, published: published(21, 21),
			on:   []snapshot.Listener{listen("0.0.0.0", 21, 5)},
			want: "fail \nfinding running 0.0.0.0:21: vsftpd in container files listens on port 21 of every address\nnote",
		},
		{
			name: "forwarded-elsewhere", netNS: otherNS, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)}, published: published(2121, 21),
			want: "pass ",
		},
		{
			name: "forwarded-to-no-one-known", netNS: otherNS, published: published(21, 9),
			want: "unknown unsupported\ngap unsupported 0.0.0.0:21: what listens on port 21 cannot be asked from here\n",
		},
		{
			name: "host's-network", netNS: ourNS, inside: []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			on:   []snapshot.Listener{listen("0.0.0.0", 21, 20)},
			want: "fail \nfinding running 0.0.0.0:21: vsftpd listens on port 21 of every address\n",
		},
		{
			name: "sockets-not-read", netNS: otherNS, missing: []snapshot.Missing{{What: snapshot.PartTCP, Err: errNotRead}},
			want: "unknown unreadable\ngap unreadable container files: vsftpd: vsftpd runs in a network whose sockets could not be read\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := proc(20, cmp.Or(test.exe, "/usr/sbin/vsftpd"))
			p.NetNS = test.netNS
			inside := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{
				NetNS: test.netNS, Processes: []snapshot.Process{p}, Listeners: test.inside, Missing: test.missing,
			})
			p.SameRoot = snapshot.No
			session := p // isolated, and chrooted
			session.PID, session.PPID, session.NetNS = 21, 20, 300
			h := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{NetNS: ourNS, Processes: []snapshot.Process{proxy, p, session}, Listeners: test.on})
			h.Containers = []*host.Container{{Name: "files", Host: inside, Published: test.published, PortsKnown: !test.unknown}}
			if got := verdict(h); !strings.HasPrefix(got, test.want) {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

const errNotRead = constError("not read")

type constError string

func (e constError) Error() string { return string(e) }
