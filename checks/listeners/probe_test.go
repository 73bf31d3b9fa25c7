package listeners

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/guard"
)

type ctxType = context.Context

// fakeServer answers one connection in memory; it ends when conn is closed.
type fakeServer func(conn net.Conn)

func dialer(s fakeServer) host.Dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		if s == nil {
			return nil, errors.New("connection refused")
		}
		near, far := net.Pipe()
		guard.Go(func() { defer far.Close(); s(far) }, func(error) {})
		return near, nil
	}
}

func say(c net.Conn, text string) { _, _ = io.WriteString(c, text) }
func hear(c net.Conn, n int)      { _, _ = io.ReadFull(c, make([]byte, n)) }

// silentServer listens for a while and hangs up without a word.
func silentServer(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.Copy(io.Discard, c)
}

// replies waits for a question, answers and hangs up.
func replies(text string) fakeServer {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		say(c, text)
	}
}

// routes answers HTTP requests by how they begin; a value may begin with a status.
func routes(m map[string]string) fakeServer {
	return func(c net.Conn) {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		for start, body := range m {
			if strings.HasPrefix(string(buf[:n]), start) {
				status := "200"
				if strings.HasPrefix(body, "400 ") {
					status, body = "400", body[4:]
				}
				say(c, "HTTP/1.1 "+status+" x\r\n\r\n"+body)
				return
			}
		}
		say(c, "HTTP/1.1 404 Not Found\r\n\r\n")
	}
}

func vnc(version string, types ...byte) fakeServer {
	return func(c net.Conn) {
		say(c, version)
		hear(c, 12)
		say(c, string(append([]byte{byte(len(types))}, types...)))
		_, _ = io.Copy(io.Discard, c)
	}
}

func vencrypt(kind uint32) fakeServer {
	return func(c net.Conn) {
		say(c, "RFB 003.008\n")
		hear(c, 12)
		say(c, "\x01\x13")
		hear(c, 1)
		say(c, "\x00\x02")
		hear(c, 2)
		say(c, "\x00\x01"+string(binary.BigEndian.AppendUint32(nil, kind)))
	}
}

func x11Reply(success, accessControl byte) string {
	head := []byte{success, 0, 11, 0, 0, 0, 2, 0}
	body := make([]byte, 8)
	hosts := make([]byte, 32)
	hosts[0], hosts[1] = 1, accessControl
	if success != 1 {
		return string(append(head, body...))
	}
	return string(append(append(head, body...), hosts...))
}

const (
	mongoDatabases = "\x04databases\x00\x1f\x00\x00\x00\x030\x00\x17\x00\x00\x00\x02name\x00\x06\x00\x00\x00admin\x00\x00\x00\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f"
	mongoRefusal   = "\x01ok\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02errmsg\x00\x02\x00\x00\x00x\x00\x10code\x00\x0d\x00\x00\x00"
)

func mongoReply(elements string) []byte {
	doc := append(binary.LittleEndian.AppendUint32(nil, uint32(len(elements)+5)), elements...)
	doc = append(doc, 0)
	var msg []byte
	for _, n := range []uint32{uint32(21 + len(doc)), 7, 1, opMsg, 0} {
		msg = binary.LittleEndian.AppendUint32(msg, n)
	}
	return append(append(msg, 0), doc...)
}

func testAsker(t *testing.T, s fakeServer) *asker {
	return &asker{ctx: t.Context(), limit: 200 * time.Millisecond, dial: dialer(s), own: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, snap: &snapshot.Snapshot{}}
}

func serviceNamed(t *testing.T, name string) *service {
	t.Helper()
	for _, s := range services() {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no service %s", name)
	return nil
}

// TestSlowServers: nothing holds the audit longer than a dial may take, twice where
// TLS is tried too.
func TestSlowServers(t *testing.T) {
	drip := func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(30 * time.Millisecond)
		}
	}
	endless := func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 512)); err != nil {
				return
			}
		}
	}
	deaf := func(net.Conn) { time.Sleep(time.Second) }
	for kind, s := range map[string]fakeServer{"dripping": drip, "endless": endless, "deaf": deaf} {
		for _, svc := range services() {
			t.Run(kind+"-"+strings.ReplaceAll(svc.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				start := time.Now()
				got := testAsker(t, s).ask(candidate{row: row{Listener: tcp("0.0.0.0", 9, 1)}, service: svc})
				if got.verdict == open || got.verdict == weak || got.verdict == closed {
					t.Errorf("%+v", got)
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("it held the audit for %v", took)
				}
			})
		}
	}
}

// TestTLS: what speaks TLS is asked over it, and what wants a certificate is closed.
func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	overTLS := func(auth tls.ClientAuthType, version uint16, s fakeServer) fakeServer {
		return func(c net.Conn) {
			s(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, ClientAuth: auth, MaxVersion: version}))
		}
	}
	for _, tc := range []struct {
		name    string
		auth    tls.ClientAuthType
		version uint16
		answer  string
		want    verdict
	}{
		{"open-over-tls", tls.NoClientCert, tls.VersionTLS13, "+PONG\r\n", open},
		{"password-over-tls", tls.NoClientCert, tls.VersionTLS12, "-NOAUTH x\r\n", closed},
		{"certificate-demanded", tls.RequireAnyClientCert, tls.VersionTLS13, "+PONG\r\n", closed},
		{"certificate-demanded-1.2", tls.RequireAnyClientCert, tls.VersionTLS12, "+PONG\r\n", closed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := testAsker(t, overTLS(tc.auth, tc.version, replies(tc.answer)))
			a.limit = dialTime
			got := a.ask(candidate{row: row{Listener: tcp("0.0.0.0", 6379, 1)}, service: serviceNamed(t, "Redis")})
			if got.verdict != tc.want || a.dials != 2 {
				t.Errorf("%+v after %d dials", got, a.dials)
			}
		})
	}
}

// TestDialable: the address others use comes before loopback.
func TestDialable(t *testing.T) {
	a := &asker{own: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}
	for in, want := range map[string]string{
		"0.0.0.0": "192.0.2.1 127.0.0.1", "::": "2001:db8::1 ::1", "[::]": "192.0.2.1 127.0.0.1 ::1", "192.0.2.9": "192.0.2.9", "::ffff:192.0.2.9": "192.0.2.9",
	} {
		var got []string
		for _, addr := range a.dialable(candidate{row: row{Listener: tcp(in, 1)}}) {
			got = append(got, addr.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", in, got, want)
		}
	}
}

// duplex is a connection whose other side has said everything.
type duplex struct {
	io.Reader
	io.Writer
}

// FuzzReplies: no reply makes a reader fail, and none is open without the words
// that say so.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		"+PONG\r\n", "-NOAUTH\r\n", "VERSION 1\r\n", "HTTP/1.1 200 OK\r\nApi-Version: 1\r\n\r\nOK", `HTTP/1.1 200 OK` + "\r\n\r\n" + `{"etcdserver":"3.5.1"}`,
		string(mongoReply(mongoDatabases)), string(mongoReply(mongoRefusal)), x11Reply(1, 0), x11Reply(0, 0), "RFB 003.008\n\x01\x01", "RFB 003.008\n\x01\x13\x00\x02\x00\x01\x00\x00\x01\x01", "RFB 003.003\n\x00\x00\x00\x02",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		evidence := map[string][]byte{
			"Redis": []byte("+PONG"), "memcached": []byte("VERSION "), "Docker API": []byte("200"), "etcd": []byte(`cluster_id`), "MongoDB": []byte("databases\x00"),
			"Elasticsearch": []byte(`"cluster_name"`), "X11": {1}, "VNC": []byte("RFB "),
		}
		for _, s := range services() {
			c := &conversation{ReadWriter: duplex{bytes.NewReader(b), io.Discard}}
			c.again = func(ask func(*conversation) answer) answer {
				return ask(&conversation{ReadWriter: duplex{bytes.NewReader(b), io.Discard}})
			}
			got := s.ask(c)
			if (got.verdict == open || got.verdict == weak) && !bytes.Contains(b, evidence[s.name]) && !bytes.Contains(b, []byte(`"action"`)) {
				t.Errorf("%s: %+v from %q", s.name, got, b)
			}
			if got.verdict == unclear && got.reason == "" || got.detail == "" {
				t.Errorf("%s: %+v explains nothing", s.name, got)
			}
			if strings.ContainsFunc(got.detail, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: %q holds what the server said", s.name, got.detail)
			}
		}
	})
}

// TestMongoQuestion pins the bytes: lengths are easily wrong.
func TestMongoQuestion(t *testing.T) {
	q := mongoQuestion()
	if int(binary.LittleEndian.Uint32(q)) != len(q) || int(binary.LittleEndian.Uint32(q[21:])) != len(q)-21 || q[len(q)-1] != 0 {
		t.Errorf("%q", q)
	}
	var names []string
	walkBSON(q[25:], func(_ byte, name, _ []byte) { names = append(names, string(name)) })
	if strings.Join(names, " ") != "listDatabases nameOnly $db" {
		t.Errorf("%v", names)
	}
}
