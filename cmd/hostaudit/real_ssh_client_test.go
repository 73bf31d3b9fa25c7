package main_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"
)

// dial connects to sshd from an address of the host. The thread that entered the
// namespace ends with its goroutine.
func (h *loginHost) dial(from string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setns(int(h.netns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{nil, err}
			return
		}
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
		conn, err := d.Dial("tcp4", net.JoinHostPort(from, fmt.Sprint(sshdPort)))
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}

// methods are the ways a client tries, each on a connection of its own: "none" asks to
// be let in with nothing, "together" offers all in turn.
func (h *loginHost) methods(password string) map[string][]ssh.AuthMethod {
	answer := func(_, _ string, questions []string, _ []bool) ([]string, error) {
		return slices.Repeat([]string{password}, len(questions)), nil
	}
	key, kbdint, pass := ssh.PublicKeys(h.signer), ssh.KeyboardInteractive(answer), ssh.Password(password)
	return map[string][]ssh.AuthMethod{
		"none": nil, "password": {pass}, "kbdint": {kbdint}, "key": {key}, "together": {key, kbdint, pass},
	}
}

// certificate is a key of the client that the key itself signed as authority, for the
// name root.
func (h *loginHost) certificate(t *testing.T) ssh.AuthMethod {
	t.Helper()
	cert := &ssh.Certificate{
		Key: h.signer.PublicKey(), CertType: ssh.UserCert, KeyId: "test",
		ValidPrincipals: []string{"root"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, h.signer); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(cert, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	return ssh.PublicKeys(signer)
}

// login returns the connection of an account that got in, nil if it did not; a failure
// that is no answer to the login is an error.
func (h *loginHost) login(account, from string, methods []ssh.AuthMethod) (client *ssh.Client, banner string, err error) {
	conn, err := h.dial(from)
	if err != nil {
		return nil, "", err
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	asked := false // the keys are exchanged: what follows is about the login
	inner, chans, reqs, err := ssh.NewClientConn(conn, "sshd", &ssh.ClientConfig{
		User: account, Auth: methods,
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { asked = true; return nil },
		BannerCallback:  func(message string) error { banner = message; return nil },
	})
	if err != nil {
		conn.Close()
		if asked {
			return nil, banner, nil
		}
		return nil, "", err
	}
	return ssh.NewClient(inner, chans, reqs), banner, nil
}

// runs says what an account that got in may run: "" = what it wants, "=forced" = what the
// server makes of it, "=nothing". ok is false if it is not in after all: the process of
// sshd that talks to the client does not know whether a key has a command, and says that
// the login succeeded where the one that decides ends the connection.
func runs(client *ssh.Client) (what string, ok bool) {
	session, err := client.NewSession()
	if err != nil {
		return "", false
	}
	defer session.Close()
	out, err := session.StdoutPipe()
	if err != nil || session.Start("echo free") != nil {
		return "=nothing", true
	}
	line := make([]byte, 5)
	switch _, err := io.ReadFull(out, line); {
	case err == nil && string(line) == "free\n":
		return "", true
	case err == nil || errors.Is(err, io.ErrUnexpectedEOF):
		return "=forced", true
	}
	return "=nothing", true
}

// enter tries every method for every account from every address and returns who got in:
// "[account:]METHOD[=forced|=nothing][@ADDRESS]", sorted. Root is not named, nor are the
// addresses where all of them get in. Of a client that needs nothing only that is told,
// and "together" only if no single method is enough.
func (h *loginHost) enter(t *testing.T, methods map[string][]ssh.AuthMethod, accounts, addresses []string) []string {
	t.Helper()
	from := map[string][]string{} // who and how: the addresses it works from
	for _, account := range accounts {
		for _, address := range addresses {
			in := h.try(t, account, address, methods, "none")
			if len(in) == 0 {
				in = h.try(t, account, address, methods, "password", "kbdint", "key", "cert")
			}
			if len(in) == 0 {
				in = h.try(t, account, address, methods, "together")
			}
			for _, way := range in {
				if account != "root" {
					way = account + ":" + way
				}
				from[way] = append(from[way], address)
			}
		}
	}
	list := []string{}
	for way, at := range from {
		if len(at) < len(addresses) {
			way += "@" + at[0]
		}
		list = append(list, way)
	}
	slices.Sort(list)
	return list
}

// try returns those of the methods that let the account in, each with what it may run. It
// tries them at once; sshd begins to drop connections from ten that are not logged in on.
func (h *loginHost) try(t *testing.T, account, from string, methods map[string][]ssh.AuthMethod, names ...string) []string {
	t.Helper()
	var mu sync.Mutex
	var in []string
	var wait sync.WaitGroup
	for _, name := range names {
		offer, asked := methods[name]
		if !asked {
			continue
		}
		wait.Go(func() {
			client, _, err := h.login(account, from, offer)
			if err != nil {
				t.Errorf("%s from %s with %s: %v", account, from, name, err)
			}
			if client == nil {
				return
			}
			defer client.Close()
			if ran, ok := runs(client); ok {
				mu.Lock()
				defer mu.Unlock()
				in = append(in, name+ran)
			}
		})
	}
	wait.Wait()
	return in
}
