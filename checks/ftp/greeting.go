package ftp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"hostaudit/checks/host"
)

// Bounds of one conversation. The deadline is one for all of it: a server that
// drips a byte a second must not get a second each.
const (
	dialTime    = 2 * time.Second
	maxGreeting = 4 << 10
)

// answer is what a greeting tells.
type answer int

// Answers. The zero value tells nothing.
const (
	unclear answer = iota
	isFTP
	notFTP
)

// greet connects and says what answers. why explains an unclear answer.
func greet(ctx context.Context, dial host.Dialer, address string) (a answer, why string) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return unclear, "it could not be connected to"
	}
	defer conn.Close()
	// Closing ends a read or write in whatever state the other side keeps it.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	greeting, end := readReply(conn)
	a, ambiguous := judgeGreeting(greeting, end == nil)
	switch {
	case a != unclear:
		return a, ""
	case len(greeting) == 0:
		return unclear, "it sends no greeting"
	case errors.Is(end, errTooLong):
		return unclear, "its greeting does not end"
	case end != nil:
		return unclear, "its greeting stops in the middle"
	case !ambiguous:
		return unclear, "its greeting is neither that of an FTP server nor of another known service"
	}
	return ask(conn)
}

// ask tells servers whose greeting is "220" and no more apart, which is what mail
// servers say too. SYST wants the type of an FTP server, which it tells or wants a login
// for (RFC 959, 4.1.3); FEAT its extensions, without a login (RFC 2389, 3.2). A mail
// server knows neither word and answers 500 or 502, as some FTP servers do to SYST; it
// knows EHLO (RFC 5321, 4.1.1.1), which no FTP server does.
func ask(conn io.ReadWriter) (a answer, why string) {
	for _, q := range []struct {
		command string
		codes   []string
		means   answer
	}{
		{"SYST", []string{"215", "530"}, isFTP},
		{"FEAT", []string{"211", "530"}, isFTP},
		{"EHLO localhost", []string{"250"}, notFTP},
	} {
		if _, err := io.WriteString(conn, q.command+"\r\n"); err != nil {
			break
		}
		reply, end := readReply(conn)
		for _, code := range q.codes {
			if !wantsTLS.Match(reply) && (bytes.HasPrefix(reply, []byte(code+" ")) || bytes.HasPrefix(reply, []byte(code+"-"))) {
				return q.means, ""
			}
		}
		if end != nil {
			break
		}
	}
	return unclear, "its greeting fits an FTP server and a mail server"
}

// errTooLong: the cap was reached before the reply ended.
var errTooLong = errors.New("reply longer than the limit")

// readReply reads one reply, RFC 959 4.2: lines up to the one whose three digits
// are followed by a blank, or the first line if that is of another form. end is
// nil when the reply came whole. What came before an error is returned.
func readReply(r io.Reader) (reply []byte, end error) {
	buf := make([]byte, maxGreeting)
	n := 0
	for {
		m, err := r.Read(buf[n:])
		n += m
		if whole := replyLength(buf[:n]); whole > 0 {
			return buf[:whole], nil
		}
		switch {
		case err != nil:
			return buf[:n], err
		case n == len(buf):
			return buf, errTooLong
		}
	}
}

// replyLength is the length of the reply b begins with, 0 if it is not whole.
func replyLength(b []byte) int {
	done := 0
	for {
		i := bytes.IndexByte(b[done:], '\n')
		if i < 0 {
			return 0
		}
		line := b[done : done+i]
		first := done == 0
		done += i + 1
		code := hasCode(line)
		switch {
		case first && (!code || len(line) < 4 || line[3] != '-'):
			return done
		case !first && code && bytes.HasPrefix(line, b[:3]) && (len(line) == 3 || line[3] == ' ' || line[3] == '\r'):
			return done
		}
	}
}

func hasCode(line []byte) bool {
	if len(line) < 3 {
		return false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// judgeGreeting says what a greeting tells. ambiguous marks one that an FTP and a
// mail server may both send.
func judgeGreeting(b []byte, whole bool) (a answer, ambiguous bool) {
	text := string(b)
	if !hasCode(b) {
		if whole {
			return notFTP, false // every FTP greeting begins with a code
		}
		return unclear, false
	}
	// A name in the greeting decides; the word after the code may be the name of the
	// host, which says nothing ("220 ftp.example.net ESMTP Postfix").
	code, words := text[:3], strings.TrimLeft(text[3:], " -")
	if first, after, _ := strings.Cut(words, " "); strings.Contains(first, ".") {
		words = after
	}
	ftp, mail := ftpWord.MatchString(words), mailWord.MatchString(text)
	switch {
	case ftp && !mail:
		return isFTP, false
	case code == "500" && strings.Contains(text, "OOPS"):
		return isFTP, false // vsftpd that cannot go on
	case mail && !ftp && whole:
		return notFTP, false
	}
	return unclear, whole && code == "220"
}

// wantsTLS is the answer of a mail server that takes no command before STARTTLS, RFC 3207
// 4: its 530 is followed by an enhanced code (RFC 3463).
var wantsTLS = regexp.MustCompile(`^530[ -](?:5\.\d+\.\d+|.*STARTTLS)`)

var (
	ftpWord  = regexp.MustCompile(`(?i)ftp`)
	mailWord = regexp.MustCompile(`(?i)\b(E?SMTP|LMTP)\b`)
)
