package mysql

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/internal/guard"
)

// FuzzServer feeds the probe what a server may say. Whatever it is: no panic, no
// more bytes out than a login, two queries and a goodbye, and no login where the
// server did not say so.
func FuzzServer(f *testing.F) {
	packets := func(first byte, bodies ...[]byte) (out []byte) {
		for i, b := range bodies {
			out = append(append(out, byte(len(b)), byte(len(b)>>8), byte(len(b)>>16), first+byte(2*i)), b...)
		}
		return out
	}
	hello := greetingPacket(script{})
	okay := []byte{0, 0, 0, 2, 0, 0, 0}
	f.Add(packets(0, hello))
	f.Add(packets(0, hello, okay))
	f.Add(packets(0, hello, []byte("\xff\x15\x04#28000no")))
	f.Add(packets(0, hello, []byte("\xfecaching_sha2_password\x0012345678901234567890\x00"), okay))
	f.Add(packets(0, hello, []byte("\xfeclient_ed25519\x0012345678901234567890123456789012\x00"), okay))
	f.Add(packets(0, hello, []byte("\xfe")))
	f.Add(packets(0, hello, []byte("\x01\x04")))
	f.Add(append(packets(0, hello, okay), packets(1, []byte{2}, []byte{0xfb}, []byte{0xfe, 0, 0, 2, 0})...))
	f.Add(append(packets(0, hello, okay), packets(1, []byte("\xfb/etc/passwd"))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		client, server := net.Pipe()
		_ = server.SetDeadline(time.Now().Add(5 * time.Second))
		var group guard.Group
		sent := 0
		group.Go(func() {
			n, _ := io.Copy(io.Discard, server)
			sent = int(n)
		})
		group.Go(func() {
			_, _ = server.Write(data)
			_ = server.Close()
		})
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p := &prober{dial: host.Dialer(func(context.Context, string, string) (net.Conn, error) { return client, nil })}
		a := p.try(ctx, way{network: "unix", address: "/s", place: "socket"})
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if a.verdict == vNothing && (a.reason == "" || a.detail == "") {
			t.Fatalf("nothing learnt and no reason: %+v", a)
		}
		if (a.verdict == vRoot) != (len(a.account) > 5 && a.account[:5] == "root@") {
			t.Fatalf("verdict %d with account %q", a.verdict, a.account)
		}
		if sent > 8<<10 {
			t.Fatalf("%d bytes sent", sent)
		}
	})
}
