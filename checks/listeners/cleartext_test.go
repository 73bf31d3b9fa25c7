package listeners

import (
	"net"
	"net/netip"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

func TestCleartext(t *testing.T) {
	one := func(exe string, l snapshot.Listener) func(*world) {
		return func(w *world) {
			w.processes = []snapshot.Process{pid1(), proc(5, exe, "x.service")}
			w.listeners = []snapshot.Listener{l}
		}
	}
	answers := func(exe string, port uint16, s fakeServer) func(*world) {
		return func(w *world) { one(exe, tcp("0.0.0.0", port, 5))(w); w.dial = dialer(s) }
	}
	inetd := func(e units.Entry) func(*world) {
		return func(w *world) {
			one("/usr/sbin/inetd", tcp("0.0.0.0", 23, 5))(w)
			w.enabled = []units.Entry{e}
		}
	}
	const nothing = "pass"
	high := func(subject string) string { return "fail | high running open " + subject }
	for _, tc := range []struct {
		name string
		with func(*world)
		want string
	}{
		{"telnetd", one("/usr/sbin/in.telnetd", tcp("0.0.0.0", 23, 5)), "fail | high running clear tcp 23 telnet"},
		{"telnetd-on-another-port", one("/usr/sbin/in.telnetd", tcp("0.0.0.0", 2323, 5)), "fail | high running clear tcp 2323 telnet"},
		{"telnetd-on-loopback", one("/usr/sbin/in.telnetd", tcp("127.0.0.1", 23, 5)), nothing},
		{"rlogind", one("/usr/sbin/in.rlogind", tcp("0.0.0.0", 513, 5)), "fail | high running clear tcp 513 rlogin"},
		{"rshd", one("/usr/sbin/in.rshd", tcp("[::]", 514, 5)), "fail | high running clear tcp 514 rsh"},
		{"rexecd", one("/usr/sbin/in.rexecd", tcp("0.0.0.0", 512, 5)), "fail | high running clear tcp 512 rexec"},
		{"tftpd", one("/usr/sbin/in.tftpd", udp("0.0.0.0", 69, 5)), "fail | high running clear udp 69 TFTP"},
		{"dnsmasq-tftp", one("/usr/sbin/dnsmasq", udp("0.0.0.0", 69, 5)), "fail | high running clear udp 69 TFTP"},
		{"ypserv", one("/usr/sbin/ypserv", udp("0.0.0.0", 834, 5)), "fail | high running clear udp 834 NIS"},
		{"busybox-telnetd", func(w *world) {
			one("/bin/busybox", tcp("0.0.0.0", 23, 5))(w)
			w.processes[1].Args = []string{"telnetd", "-l", "/bin/sh"}
		}, "fail | high running clear tcp 23 telnet"},
		{"busybox-of-unknown-arguments", func(w *world) { one("/bin/busybox", tcp("0.0.0.0", 23, 5))(w); w.processes[1].ArgsCut = true }, "unknown unsupported | gap unsupported tcp 23"},
		{"telnet-behind-inetd", inetd(entry(units.KindInetd, "telnet", "/usr/sbin/in.telnetd", listen("tcp", "0.0.0.0", 23))), "fail | high running clear tcp 23 telnet"},
		{"telnet-behind-inetd-and-tcpd", inetd(entry(units.KindInetd, "telnet", "/usr/sbin/tcpd", listen("tcp", "0.0.0.0", 23))), "fail | high running clear tcp 23 telnet"},
		{"other-behind-inetd", inetd(entry(units.KindInetd, "telnet", "/opt/other", listen("tcp", "0.0.0.0", 23))), nothing},
		{"inetd-without-that-line", inetd(entry(units.KindInetd, "ftp", "/usr/sbin/in.ftpd", listen("tcp", "0.0.0.0", 21))), "unknown unsupported | gap unsupported tcp 23"},
		{"telnet-socket-unit", func(w *world) {
			one("", tcp("[::]", 23, 1))(w)
			w.sockets = []*units.Unit{socketUnit("telnet.socket", "", listen("tcp", "::", 23))}
			w.sockets[0].Accept = true
		}, "fail | high running clear tcp 23 telnet at /usr/lib/systemd/system/telnet.socket"},
		{"telnet-socket-unit-by-program", func(w *world) {
			one("", tcp("[::]", 2323, 1))(w)
			w.sockets = []*units.Unit{socketUnit("shell-in.socket", "", listen("tcp", "::", 2323))}
			w.sockets[0].Accept = true
			w.units = map[string]*units.Unit{"shell-in@0.service": {Exec: []units.Command{{Path: "/usr/sbin/in.telnetd"}}}}
		}, "fail | high running clear tcp 2323 telnet at /usr/lib/systemd/system/shell-in.socket"},
		{"port-23-of-another-program", one("/usr/sbin/sshd", tcp("0.0.0.0", 23, 5)), nothing},
		{"port-512-513-514-of-another-program", func(w *world) {
			one("/usr/sbin/rsyslogd", tcp("0.0.0.0", 514, 5))(w)
			w.listeners = append(w.listeners, tcp("0.0.0.0", 512, 5), tcp("0.0.0.0", 513, 5))
		}, nothing},
		{"port-23-of-a-hidden-owner", one("", hiddenOwner(tcp("0.0.0.0", 23))), "unknown no_permission | gap no_permission tcp 23"},

		{"redis-without-a-password", answers("/usr/bin/redis-check-rdb", 6379, replies("+PONG\r\n")), high("tcp 6379 Redis")},
		{"redis-on-another-port", answers("/usr/bin/redis-server", 7000, replies("+PONG\r\n")), high("tcp 7000 Redis")},
		{"redis-noauth", answers("/usr/bin/redis-server", 6379, replies("-NOAUTH Authentication required.\r\n")), nothing},
		{"redis-denied", answers("/usr/bin/redis-server", 6379, replies("-DENIED Redis is running in protected mode\r\n")), nothing},
		{"redis-silent", answers("/usr/bin/redis-server", 6379, silentServer), "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"redis-answers-otherwise", answers("/usr/bin/redis-server", 6379, replies("hello\r\n")), "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"redis-loading", answers("/usr/bin/redis-server", 6379, replies("-LOADING\r\n")), "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"redis-refuses-connections", answers("/usr/bin/redis-server", 6379, nil), "unknown unreadable | gap unreadable tcp 6379 Redis"},
		{"redis-on-loopback", func(w *world) { one("/usr/bin/redis-server", tcp("127.0.0.1", 6379, 5))(w) }, nothing},
		{"redis-asked-on-loopback-only", func(w *world) { answers("/usr/bin/redis-server", 6379, replies("+PONG\r\n"))(w); w.own = nil }, "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"redis-behind-another-program", answers("/usr/sbin/nginx", 6379, replies("+PONG\r\n")), high("tcp 6379 Redis")},
		{"another-program-on-6379", answers("/usr/sbin/nginx", 6379, replies("HTTP/1.1 400 Bad Request\r\n\r\n")), nothing},
		{"another-program-on-6379-silent", answers("/usr/sbin/nginx", 6379, silentServer), nothing},
		{"hidden-owner-on-6379-open", func(w *world) { one("", hiddenOwner(tcp("0.0.0.0", 6379)))(w); w.dial = dialer(replies("+PONG\r\n")) }, high("tcp 6379 Redis")},
		{"hidden-owner-on-6379-silent", func(w *world) { one("", hiddenOwner(tcp("0.0.0.0", 6379)))(w); w.dial = dialer(silentServer) }, "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"hidden-owner-on-6379-not-asked", one("", hiddenOwner(tcp("0.0.0.0", 6379))), "unknown no_permission | gap no_permission tcp 6379 Redis"},
		{"redis-nobody-to-ask", one("/usr/bin/redis-server", tcp("0.0.0.0", 6379, 5)), "unknown unsupported | gap unsupported tcp 6379 Redis"},
		{"nginx-on-6379-nobody-to-ask", one("/usr/sbin/nginx", tcp("0.0.0.0", 6379, 5)), nothing},
		{"published-redis-on-another-port", func(w *world) {
			w.listeners = nil
			w.containers = []*host.Container{{Name: "cache", Published: []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 16000, Inner: 6379}}}}
			w.dial = dialer(replies("+PONG\r\n"))
		}, high("tcp 16000 Redis")},

		{"memcached", answers("/usr/bin/memcached", 11211, replies("VERSION 1.6.18\r\n")), high("tcp 11211 memcached")},
		{"memcached-over-udp-too", func(w *world) {
			answers("/usr/bin/memcached", 11211, replies("VERSION 1.6.18\r\n"))(w)
			w.listeners = append(w.listeners, udp("0.0.0.0", 11211, 5))
		}, "fail | high running open tcp 11211 memcached | high running open udp 11211 memcached"},
		{"memcached-with-sasl", answers("/usr/bin/memcached", 11211, replies("CLIENT_ERROR unauthenticated\r\n")), nothing},
		{"memcached-silent", answers("/usr/bin/memcached", 11211, silentServer), "unknown unsupported | gap unsupported tcp 11211 memcached"},

		{"docker-in-clear", answers("/usr/bin/dockerd", 2375, replies("HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nServer: Docker/27\r\n\r\nOK")), high("tcp 2375 Docker API")},
		{"docker-tls", answers("/usr/bin/dockerd", 2376, replies("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")), nothing},
		{"docker-refused", answers("/usr/bin/dockerd", 2375, replies("HTTP/1.1 403 Forbidden\r\n\r\n")), nothing},
		{"docker-swarm-port", answers("/usr/bin/dockerd", 2377, silentServer), nothing},
		{"docker-silent", answers("/usr/bin/dockerd", 2375, silentServer), "unknown unsupported | gap unsupported tcp 2375 Docker API"},

		{"etcd-open", answers("/usr/bin/etcd", 2379, routes(map[string]string{"GET /version ": `{"etcdserver":"3.5.9","etcdcluster":"3.5.0"}`, "POST /v3/kv/range ": `{"header":{"cluster_id":"1"},"count":"0"}`})), high("tcp 2379 etcd")},
		{"etcd-with-authentication", answers("/usr/bin/etcd", 2379, routes(map[string]string{"GET /version ": `{"etcdserver":"3.3.9"}`, "POST /v3beta/kv/range ": `400 {"error":"etcdserver: user name is empty","code":3}`})), nothing},
		{"etcd-2", answers("/usr/bin/etcd", 2379, routes(map[string]string{"GET /version ": `{"etcdserver":"2.3.7"}`, "GET /v2/keys ": `{"action":"get"}`})), high("tcp 2379 etcd")},
		{"etcd-without-a-gateway", answers("/usr/bin/etcd", 2379, routes(map[string]string{"GET /version ": `{"etcdserver":"3.5.9"}`})), "unknown unsupported | gap unsupported tcp 2379 etcd"},
		{"etcd-peers", answers("/usr/bin/etcd", 2380, silentServer), nothing},

		{"mongodb-open", answers("/usr/bin/mongod", 27017, replies(string(mongoReply(mongoDatabases)))), high("tcp 27017 MongoDB")},
		{"mongodb-with-authorization", answers("/usr/bin/mongod", 27017, replies(string(mongoReply(mongoRefusal)))), nothing},
		{"mongodb-answers-nothing", answers("/usr/bin/mongod", 27017, replies(string(mongoReply("\x10ok\x00\x01\x00\x00\x00")))), "unknown unsupported | gap unsupported tcp 27017 MongoDB"},

		{"elasticsearch-open", answers("/usr/share/elasticsearch/jdk/bin/java", 9200, replies("HTTP/1.1 200 OK\r\n\r\n{\"cluster_name\":\"x\",\"status\":\"green\",\"number_of_nodes\":1}")), high("tcp 9200 Elasticsearch")},
		{"elasticsearch-401", answers("/usr/share/elasticsearch/jdk/bin/java", 9200, replies("HTTP/1.1 401 Unauthorized\r\n\r\n")), nothing},
		{"elasticsearch-between-nodes", answers("/usr/share/elasticsearch/jdk/bin/java", 9300, silentServer), nothing},
		{"java-on-9200-silent", answers("/usr/bin/java", 9200, silentServer), "unknown unsupported | gap unsupported tcp 9200 Elasticsearch"},

		{"x11-open", answers("/usr/lib/xorg/Xorg", 6000, replies(x11Reply(1, 0))), high("tcp 6000 X11")},
		{"x11-open-to-its-own-host", answers("/usr/lib/xorg/Xorg", 6000, replies(x11Reply(1, 1))), nothing},
		{"x11-with-a-cookie", answers("/usr/lib/xorg/Xorg", 6000, replies(x11Reply(0, 0))), nothing},
		{"x11-silent", answers("/usr/lib/xorg/Xorg", 6000, silentServer), "unknown unsupported | gap unsupported tcp 6000 X11"},

		{"vnc-without-a-password", answers("/usr/bin/Xtigervnc", 5901, vnc("RFB 003.008\n", 2, 1)), high("tcp 5901 VNC")},
		{"vnc-with-a-password", answers("/usr/bin/Xtigervnc", 5901, vnc("RFB 003.008\n", 2)), "fail | medium running weak tcp 5901 VNC"},
		{"vnc-3.3-with-a-password", answers("/usr/bin/x11vnc", 5900, func(c net.Conn) { say(c, "RFB 003.003\n"); hear(c, 12); say(c, "\x00\x00\x00\x02") }), "fail | medium running weak tcp 5900 VNC"},
		{"vnc-vencrypt-plain", answers("/usr/bin/Xtigervnc", 5901, vencrypt(256)), nothing},
		{"vnc-vencrypt-without-a-password", answers("/usr/bin/Xtigervnc", 5901, vencrypt(257)), high("tcp 5901 VNC")},
		{"vnc-refuses", answers("/usr/bin/Xtigervnc", 5901, vnc("RFB 003.008\n")), "unknown unsupported | gap unsupported tcp 5901 VNC"},
		{"vnc-silent", answers("/usr/bin/Xtigervnc", 5901, silentServer), "unknown unsupported | gap unsupported tcp 5901 VNC"},
		{"nothing-known", answers("/usr/sbin/sshd", 22, silentServer), nothing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := world{own: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
			tc.with(&w)
			r := w.runCleartext(t)
			if got := seen(r); got != tc.want {
				t.Errorf("got  %s\nwant %s\n%+v %+v", got, tc.want, r.Gaps, r.Notes)
			}
		})
	}
}

// TestCleartextBounds: however many there are, few are dialled, and the rest said.
func TestCleartextBounds(t *testing.T) {
	w := world{processes: []snapshot.Process{pid1()}, own: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	for i := range 40 {
		w.processes = append(w.processes, proc(100+i, "/usr/bin/redis-server", ""))
		w.listeners = append(w.listeners, tcp("0.0.0.0", uint16(7000+i), 100+i))
	}
	dials := 0
	open := dialer(replies("+PONG\r\n"))
	w.dial = func(ctx ctxType, network, address string) (net.Conn, error) {
		dials++
		return open(ctx, network, address)
	}
	r := w.runCleartext(t)
	if dials != maxDials || len(r.Findings) != maxDials || len(r.Gaps) != 40-maxDials || r.Gaps[0].Reason != checks.ReasonBudget {
		t.Errorf("%d dials, %d findings, %d gaps", dials, len(r.Findings), len(r.Gaps))
	}
}

// TestVNCIsAskedOnce: a server that counts connections hears from us once.
func TestVNCIsAskedOnce(t *testing.T) {
	dials := 0
	w := world{
		processes: []snapshot.Process{pid1(), proc(5, "/usr/bin/Xtigervnc", "")}, listeners: []snapshot.Listener{tcp("0.0.0.0", 5901, 5)},
		memory: checks.NewMemory(nil), own: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
	}
	answer := dialer(vnc("RFB 003.008\n", 1))
	w.dial = func(ctx ctxType, network, address string) (net.Conn, error) {
		dials++
		if address != "192.0.2.1:5901" {
			t.Errorf("dialled %s", address)
		}
		return answer(ctx, network, address)
	}
	for range 3 {
		if got := seen(w.runCleartext(t)); got != "fail | high running open tcp 5901 VNC" {
			t.Error(got)
		}
	}
	if dials != 1 {
		t.Errorf("asked %d times", dials)
	}
	w.processes[1].Start++ // a new server
	w.runCleartext(t)
	if dials != 2 || len(w.memory.Entries()) != 1 {
		t.Errorf("asked %d times, remembered %v", dials, w.memory.Entries())
	}
	w.memory = checks.NewForgetfulMemory(nil)
	if got := seen(w.runCleartext(t)); got != "unknown unsupported | gap unsupported tcp 5901 VNC" || dials != 2 {
		t.Errorf("%s after %d dials", got, dials)
	}
}
