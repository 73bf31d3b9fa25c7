package ftp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/host"
	"hostaudit/checks/internal/guard"
)

// server answers one connection in memory; it ends when conn is closed.
type server func(conn net.Conn)

// dialer is a Dialer that leads to s.
func dialer(s server) host.Dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		if s == nil {
			return nil, errors.New("connection refused")
		}
		near, far := net.Pipe()
		guard.Go(func() { defer far.Close(); s(far) }, func(error) {})
		return near, nil
	}
}

// say sends a greeting and then answers every line with reply.
func say(greeting, reply string) server {
	return func(conn net.Conn) {
		io.WriteString(conn, greeting)
		buf := make([]byte, 512)
		for reply != "" {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			io.WriteString(conn, reply)
		}
		io.Copy(io.Discard, conn)
	}
}

// answers sends a greeting and knows some commands, by their first word; to others it says
// 500.
func answers(greeting string, known map[string]string) server {
	return func(conn net.Conn) {
		io.WriteString(conn, greeting)
		buf := make([]byte, 512)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			word, _, _ := strings.Cut(strings.TrimSpace(string(buf[:n])), " ")
			reply, ok := known[word]
			if !ok {
				reply = "500 what?\r\n"
			}
			io.WriteString(conn, reply)
		}
	}
}

// hangUp sends a greeting and closes.
func hangUp(greeting string) server {
	return func(conn net.Conn) { io.WriteString(conn, greeting) }
}

// drip sends a byte now and then for ever.
func drip(conn net.Conn) {
	for {
		if _, err := io.WriteString(conn, "2"); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// endless sends the same for ever.
func endless(text string) server {
	return func(conn net.Conn) {
		for {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	}
}

func TestGreet(t *testing.T) {
	for _, tc := range []struct {
		name   string
		server server
		want   answer
		why    string
	}{
		{"vsftpd", say("220 (vsFTPd 3.0.3)\r\n", ""), isFTP, ""},
		{"proftpd", say("220 ProFTPD Server (t) [127.0.0.1]\r\n", ""), isFTP, ""},
		{"proftpd-without-identity", say("220 127.0.0.1 FTP server ready\r\n", ""), isFTP, ""},
		{"pure-ftpd", say("220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are user number 1 of 50 allowed.\r\n220 You will be disconnected after 15 minutes of inactivity.\r\n", ""), isFTP, ""},
		{"broken-vsftpd", hangUp("500 OOPS: vsftpd: refusing to run with writable root inside chroot()\r\n"), isFTP, ""},
		{"bare-newlines", say("220 FTP\n", ""), isFTP, ""},
		{"one-byte-writes", func(c net.Conn) {
			for _, b := range []byte("220 ftpd\r\n") {
				c.Write([]byte{b})
			}
		}, isFTP, ""},
		{"plain-220-that-knows-syst", say("220 Welcome\r\n", "215 UNIX Type: L8\r\n"), isFTP, ""},
		{"plain-220-that-wants-a-login", say("220 ftp.example.net\r\n", "530 Please login with USER and PASS.\r\n"), isFTP, ""},
		{"smtp", say("220 mail.example.net ESMTP Postfix (Debian/GNU)\r\n", "502 5.5.2 Error: command not recognized\r\n"), notFTP, ""},
		{"smtp-on-a-host-called-ftp", say("220 ftp.example.net ESMTP Postfix\r\n", "502 5.5.2 no\r\n"), notFTP, ""},
		{"plain-220-that-knows-feat", answers("220 Welcome\r\n", map[string]string{"FEAT": "211-Features:\r\n EPSV\r\n211 End\r\n"}), isFTP, ""},
		{"plain-220-that-knows-ehlo", answers("220 mail.example.net\r\n", map[string]string{"EHLO": "250-mail.example.net\r\n250 SIZE\r\n"}), notFTP, ""},
		{"plain-220-lines-that-know-ehlo", answers("220-mail.example.net\r\n220 ready\r\n", map[string]string{"EHLO": "250 hello\r\n"}), notFTP, ""},
		{"plain-220-that-wants-starttls", answers("220 mail.example.net\r\n", map[string]string{
			"SYST": "530 5.7.0 Must issue a STARTTLS command first\r\n", "FEAT": "530 Must issue a STARTTLS command first\r\n", "EHLO": "250 mail\r\n",
		}), notFTP, ""},
		{"smtp-lines", say("220-mail.example.net ESMTP Exim 4.96\r\n220-We do not authorize the use of this system.\r\n220 and no bulk e-mail.\r\n", ""), notFTP, ""},
		{"proftpd-without-identity-v6", say("220 ::1 FTP server ready\r\n", ""), isFTP, ""},
		{"pure-ftpd-first-lines", hangUp("220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\r\n220-You are"), isFTP, ""},
		{"vsftpd-that-cannot-bind", hangUp("500 OOPS: could not bind listening IPv4 socket\r\n"), isFTP, ""},
		{"drops-after-greeting", hangUp("220 Welcome\r\n"), unclear, "its greeting fits an FTP server and a mail server"},
		{"ssh", say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", ""), notFTP, ""},
		{"pop3", say("+OK ready\r\n", ""), notFTP, ""},
		{"plain-220-that-does-not-know-syst", say("220 mail.example.net\r\n", "502 no\r\n"), unclear, "its greeting fits an FTP server and a mail server"},
		{"ftp-and-smtp", say("220 FTP and SMTP gateway\r\n", "500 no\r\n"), unclear, "its greeting fits an FTP server and a mail server"},
		{"too-many", say("421 Too many connections\r\n", ""), unclear, "its greeting is neither that of an FTP server nor of another known service"},
		{"refused", nil, unclear, "it could not be connected to"},
		{"closes", hangUp(""), unclear, "it sends no greeting"},
		{"closes-in-the-middle", hangUp("220 FT"), unclear, "its greeting stops in the middle"},
		{"endless-line", endless("x"), unclear, "its greeting does not end"},
		{"endless-lines", endless("220-welcome\r\n"), unclear, "its greeting does not end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, why := greet(t.Context(), dialer(tc.server), "127.0.0.1:21")
			if got != tc.want || why != tc.why {
				t.Errorf("answer %d (%s), want %d (%s)", got, why, tc.want, tc.why)
			}
		})
	}
	for _, tc := range []struct {
		name   string
		server server
		why    string
	}{
		{"implicit-tls", func(c net.Conn) { c.Read(make([]byte, 1)); io.Copy(io.Discard, c) }, "it sends no greeting"},
		{"endless-answer", func(c net.Conn) {
			io.WriteString(c, "220 x\r\n")
			c.Read(make([]byte, 512))
			endless("500-no\r\n")(c)
		}, "its greeting fits an FTP server and a mail server"},
		{"silent", func(c net.Conn) { io.Copy(io.Discard, c) }, "it sends no greeting"},
		{"dripping", drip, "its greeting stops in the middle"},
		{"deaf-after-greeting", func(c net.Conn) { io.WriteString(c, "220 x\r\n"); <-t.Context().Done() }, "its greeting fits an FTP server and a mail server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got, why := greet(t.Context(), dialer(tc.server), "127.0.0.1:21")
			if got != unclear || why != tc.why {
				t.Errorf("answer %d (%s), want unclear (%s)", got, why, tc.why)
			}
			if took := time.Since(start); took > dialTime+time.Second {
				t.Errorf("it held the audit for %v", took)
			}
		})
	}
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"220 (vsFTPd 3.0.3)\r\n", "220-a\r\n220-b\r\n220 c\r\n", "SSH-2.0-x\n", "220", "2201 x\n", "220-x\n221 y\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := replyLength(b)
		if n < 0 || n > len(b) || n > 0 && b[n-1] != '\n' {
			t.Fatalf("length %d of %q", n, b)
		}
		if n > 0 && replyLength(b[:n-1]) != 0 {
			t.Errorf("%q ends before its newline", b[:n])
		}
		reply, err := readReply(bytes.NewReader(b))
		if len(reply) > maxGreeting {
			t.Errorf("%d bytes read", len(reply))
		}
		a, ambiguous := judgeGreeting(reply, err == nil)
		if a != unclear && ambiguous {
			t.Errorf("%q is told and ambiguous", reply)
		}
		if a == isFTP && !strings.Contains(strings.ToLower(string(reply)), "ftp") && !strings.Contains(string(reply), "OOPS") {
			t.Errorf("FTP without evidence: %q", reply)
		}
		if a == notFTP && err != nil {
			t.Errorf("not FTP from a part: %q", reply)
		}
	})
}
