package main_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"hostaudit/checks/host/hosttest"
)

const (
	// sshdPort keeps these servers away from what ssh.port is about.
	sshdPort = 2222
	// The two addresses clients come from; a RealHost has both on its loopback interface.
	// A client connects to the address it comes from.
	loopbackClient = "127.0.0.1"
	otherClient    = "10.9.9.1"
	// aliceUID is an ordinary account's.
	aliceUID = 2002
)

// A loginHost is a real host with sshd on it, and a client of another implementation
// that comes from the addresses of the host itself.
type loginHost struct {
	*hosttest.RealHost
	t      *testing.T
	signer ssh.Signer
	key    string // line of authorized_keys
	hash   string // of rootPassword
	netns  *os.File
	tunnel bool // tunnel devices can be made
	// global are lines every configuration of this release needs: its penalties for
	// failed logins would shut the client out.
	global string
}

// newLoginHost prepares a host over the named tree.
func newLoginHost(t *testing.T, program, tree string) *loginHost {
	t.Helper()
	if tree == bookworm {
		tree = "" // the main one
	}
	h := &loginHost{t: t, RealHost: listenerHost(t, program, tree)}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if h.signer, err = ssh.NewSignerFromKey(private); err != nil {
		t.Fatal(err)
	}
	h.key = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(h.signer.PublicKey())))
	h.hash = h.MustRun("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", rootPassword, "$6$rounds=1000$saltsalt$")
	if h.netns, err = os.Open("/proc/" + processOf(t, h.RealHost) + "/ns/net"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.netns.Close() })
	// Only the two seconds that pam_unix waits after a wrong password are taken away.
	const stack = "/etc/pam.d/common-auth"
	h.WriteFile(stack, strings.Replace(h.ReadFile(stack), "pam_unix.so nullok", "pam_unix.so nullok nodelay", 1), 0o644)
	h.MustRun("mkdir", "-p", "/run/sshd", "/srv/alice", "/srv/toor")
	h.MustRun("chown", fmt.Sprint(aliceUID), "/srv/alice")
	h.tunnel = h.Run("sh", "-c", "mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200 && ip tuntap add dev tun9 mode tun && ip link del tun9").Exit == 0
	h.MustRun("sh", "-c", "rm -rf /etc/ssh/sshd_config.d/* /root/.ssh")
	h.WriteFile(sshdConfig, "PerSourcePenalties no\n", 0o644)
	if h.Run("/usr/sbin/sshd", "-t").Exit == 0 {
		h.global = "PerSourcePenalties no\n"
	}
	return h
}

// processOf returns the number, as this process sees it, of process 1 of the host.
func processOf(t *testing.T, h *hosttest.RealHost) string {
	t.Helper()
	name := strings.TrimSpace(h.MustRun("readlink", "/proc/self/ns/net"))
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		pid := filepath.Base(filepath.Dir(filepath.Dir(link)))
		if got, err := os.Readlink(link); err != nil || got != name {
			continue
		}
		// NSpid of proc(5): its numbers in the namespaces it is in, ours first.
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err == nil && strings.Contains(string(status), "\nNSpid:\t"+pid+"\t1\n") {
			return pid
		}
	}
	t.Fatalf("no process 1 has the network namespace %s", name)
	return ""
}

// accounts writes the account files: root with the field of shadow(5) given, alice with
// the usual password, and toor with user ID 0 and the usual password if asked for.
func (h *loginHost) accounts(root, shell string, toor bool) {
	var passwd strings.Builder
	passwd.WriteString(fmt.Sprintf("root:x:0:0:root:/root:%s\nalice:x:%d:%d::/srv/alice:/bin/bash\n", shell, aliceUID, aliceUID))
	shadow := fmt.Sprintf("root:%s\nalice:%s:20000:0:99999:7:::\n", root, h.hash)
	if toor {
		passwd.WriteString("toor:x:0:0::/srv/toor:/bin/bash\n")
		shadow += fmt.Sprintf("toor:%s:20000:0:99999:7:::\n", h.hash)
	}
	for line := range strings.Lines(h.ReadFile("/etc/passwd")) {
		if name, _, _ := strings.Cut(line, ":"); !slices.Contains([]string{"root", "alice", "toor"}, name) {
			passwd.WriteString(line)
		}
	}
	h.WriteFile("/etc/passwd", passwd.String(), 0o644)
	h.WriteFile("/etc/shadow", shadow, 0o600)
	var group strings.Builder
	group.WriteString("root:x:0:\nwheel:x:2009:alice\n")
	for line := range strings.Lines(h.ReadFile("/etc/group")) {
		if !strings.HasPrefix(line, "root:") && !strings.HasPrefix(line, "wheel:") {
			group.WriteString(line)
		}
	}
	h.WriteFile("/etc/group", group.String(), 0o644)
}

// serve runs sshd with the configuration until the test ends.
func (h *loginHost) serve(t *testing.T, config string) {
	t.Helper()
	h.WriteFile(sshdConfig, config, 0o644)
	if res := h.Run("/usr/sbin/sshd", "-t"); res.Exit != 0 {
		t.Fatalf("sshd refuses the configuration:\n%s%s", res.Stderr, config)
	}
	h.SSHD(sshdPort)
	t.Cleanup(func() {
		// Its sessions outlive it; of one that is just ending an audit cannot see what it was.
		h.MustRun("sh", "-c", "kill $(cat /run/sshd.pid); while pgrep '^sshd' >/dev/null; do sleep 0.01; done")
	})
}

// prepare gives the host the accounts and files of the row.
func (h *loginHost) prepare(row loginRow) {
	if row.shadow == "" {
		row.shadow = validPassword
	}
	if row.shell == "" {
		row.shell = "/bin/bash"
	}
	h.MustRun("sh", "-c", "rm -rf /root/.ssh /srv/toor/.ssh /etc/ssh/keys /etc/ssh/principals /etc/ssh/sshd_config.d/* /tmp/keys; chmod 700 /root")
	h.accounts(strings.ReplaceAll(row.shadow, "VALID", h.hash), row.shell, row.toor)
	files := map[string]string{"/root/.ssh/authorized_keys": "KEY\n"}
	switch row.keys {
	case "":
	case "-":
		clear(files)
	default:
		files["/root/.ssh/authorized_keys"] = row.keys + "\n"
	}
	maps.Copy(files, row.files)
	for path, content := range files {
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(content, "#!") {
			mode = 0o755
		}
		h.WriteFile(path, strings.ReplaceAll(content, "KEY", h.key), mode)
	}
	if row.then != "" {
		h.MustRun("sh", "-c", row.then)
	}
}
