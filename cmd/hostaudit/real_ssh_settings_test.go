package main_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/ssh"

	"hostaudit/checks/host/hosttest"
)

// A settingRow is a configuration, what root and alice get of it once they are logged in
// with a key, and what the program has to say. Both were written down before a daemon was
// asked. The verdicts are "pass" or "fail", every failure is of low severity; "" is not
// looked at.
type settingRow struct {
	name   string
	trees  string // "" = bookworm
	config string
	files  map[string]string
	then   string // shell commands after the files are there

	// open are the forwardings that sshd opens: "ACCOUNT:KIND"; KIND is direct (a
	// connection from the server), remote (a port of the server), tun and tap.
	open   string
	banner string // the accounts that are shown one

	tcp, tunnel, warned string // verdicts of ssh.tcp-forwarding, ssh.tunnel, ssh.banner
}

const (
	everyTCP = "alice:direct alice:remote root:direct root:remote"
	bothSee  = "alice root"
)

var forwardingRows = []settingRow{
	{name: "notSet", trees: everywhere, open: everyTCP, tcp: "fail", tunnel: "pass", warned: "fail"},
	{name: "no", trees: everywhere, config: "AllowTcpForwarding no\n", tcp: "pass"},
	{name: "local", config: "AllowTcpForwarding local\n", open: "alice:direct root:direct", tcp: "fail"},
	{name: "remote", config: "AllowTcpForwarding remote\n", open: "alice:remote root:remote", tcp: "fail"},
	{name: "all", config: "AllowTcpForwarding all\n", open: everyTCP, tcp: "fail"},
	{name: "disabled", trees: everywhere, config: "AllowTcpForwarding yes\nDisableForwarding yes\n", tcp: "pass"},
	{name: "disabledForRoot", config: "Match User root\nDisableForwarding yes\n", open: "alice:direct alice:remote", tcp: "fail"},
	{name: "aliceYes", config: "AllowTcpForwarding no\nMatch User alice\nAllowTcpForwarding yes\n", open: "alice:direct alice:remote", tcp: "fail"},
	{name: "aliceNo", config: "Match User alice\nAllowTcpForwarding no\n", open: "root:direct root:remote", tcp: "fail"},
	{name: "otherAddressNo", config: fromOther + "AllowTcpForwarding no\n", open: everyTCP, tcp: "fail"},
	{name: "everyUserNo", config: "Match User *\nAllowTcpForwarding no\n", tcp: "pass"},
	// Nothing can be opened, but the setting is on.
	{name: "nothingPermitted", config: "PermitOpen none\nPermitListen none\n", tcp: "fail|pass"},
}

var tunnelRows = []settingRow{
	{name: "no", config: "AllowTcpForwarding no\nPermitTunnel no\n", tunnel: "pass"},
	{name: "yes", trees: everywhere, config: "AllowTcpForwarding no\nPermitTunnel yes\n", open: "root:tap root:tun", tunnel: "fail"},
	{name: "pointToPoint", config: "AllowTcpForwarding no\nPermitTunnel point-to-point\n", open: "root:tun", tunnel: "fail"},
	{name: "ethernet", config: "AllowTcpForwarding no\nPermitTunnel ethernet\n", open: "root:tap", tunnel: "fail"},
	{name: "forRoot", config: "AllowTcpForwarding no\nMatch User root\nPermitTunnel yes\n", open: "root:tap root:tun", tunnel: "fail"},
	// An ordinary account needs a device that was made for it.
	{name: "forAlice", config: "AllowTcpForwarding no\nMatch User alice\nPermitTunnel yes\n", tunnel: "fail"},
	// DisableForwarding covers tunnels since 10.4 only, whatever the manual page says.
	{name: "disabledBefore", trees: "bookworm units-bullseye units-trixie", config: "PermitTunnel yes\nDisableForwarding yes\n", open: "root:tap root:tun", tcp: "pass", tunnel: "fail"},
	{name: "disabled", trees: "units-sid", config: "PermitTunnel yes\nDisableForwarding yes\n", tcp: "pass", tunnel: "pass"},
}

const bannerFile = "/etc/ssh/banner text"

var bannerRows = []settingRow{
	{name: "shown", trees: everywhere, config: "Banner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: "Keep out\n"}, banner: bothSee, warned: "pass"},
	{name: "none", config: "Banner none\n", warned: "fail"},
	{name: "noneUpperCase", config: "Banner NONE\n", warned: "fail"},
	{name: "missing", trees: everywhere, config: "Banner /etc/ssh/not-there\n", warned: "fail"},
	{name: "empty", trees: everywhere, config: "Banner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: ""}, warned: "fail"},
	{name: "tooLarge", config: "Banner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: strings.Repeat("Keep out\n", 1<<17)}, warned: "fail"},
	{name: "directory", config: "Banner /etc/ssh\n", warned: "fail"},
	{name: "device", config: "Banner /dev/null\n", warned: "fail"},
	{name: "firstCounts", config: "Banner none\nBanner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: "Keep out\n"}, warned: "fail"},
	{name: "forRoot", config: "Match User root\nBanner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: "Keep out\n"}, banner: "root", warned: "fail"},
	{name: "notForRoot", config: "Banner \"" + bannerFile + "\"\nMatch User root\nBanner none\n", files: map[string]string{bannerFile: "Keep out\n"}, banner: "alice", warned: "fail"},
	{name: "readByRootOnly", config: "Banner \"" + bannerFile + "\"\n", files: map[string]string{bannerFile: "Keep out\n"}, then: "chmod 600 '" + bannerFile + "'", banner: bothSee, warned: "pass"},
	// Relative to where sshd was started, which is the root directory here.
	{name: "relative", config: "Banner etc/issue.net\n", files: map[string]string{"/etc/issue.net": "Keep out\n"}, banner: bothSee, warned: "pass|unknown"},
}

// TestRealSettings logs in to real daemons and compares what they forward and show with
// the tables, and what the program says with that.
func TestRealSettings(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for tree := range strings.FieldsSeq(everywhere) {
		t.Run(tree, func(t *testing.T) {
			t.Parallel()
			h := newLoginHost(t, program, tree)
			for _, table := range []struct {
				name string
				rows []settingRow
			}{{"forwarding", forwardingRows}, {"tunnel", tunnelRows}, {"banner", bannerRows}} {
				for _, row := range table.rows {
					if slices.Contains(strings.Fields(row.trees), tree) || row.trees == "" && tree == bookworm {
						t.Run(table.name+"/"+row.name, func(t *testing.T) { testSetting(t, h, row) })
					}
				}
			}
		})
	}
}

func testSetting(t *testing.T, h *loginHost, row settingRow) {
	h.prepare(loginRow{files: row.files, then: row.then})
	h.WriteFile("/srv/alice/.ssh/authorized_keys", h.key+"\n", 0o644)
	if row.tcp+row.tunnel == "" {
		row.config = "AllowTcpForwarding no\n" + row.config
	}
	h.serve(t, loginRow{config: row.config}.whole(h.global))
	var wait sync.WaitGroup
	accounts := []string{"alice", "root"}
	got := make([]served, len(accounts))
	for i, account := range accounts {
		wait.Go(func() { got[i] = h.served(t, account) })
	}
	wait.Wait()
	open, shown := []string{}, []string{}
	for i, account := range accounts {
		if got[i].banner != "" {
			shown = append(shown, account)
		}
		for _, kind := range got[i].open {
			open = append(open, account+":"+kind)
		}
	}
	want := slices.Sorted(slices.Values(strings.Fields(row.open)))
	if !h.tunnel {
		t.Log("this kernel makes no tunnel devices: what PermitTunnel permits is not tried")
		want = slices.DeleteFunc(want, func(w string) bool { return strings.HasSuffix(w, ":tun") || strings.HasSuffix(w, ":tap") })
	}
	slices.Sort(open)
	if diff := cmp.Diff(want, open, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("what is forwarded (-table +daemon)\n%s", diff)
	}
	if diff := cmp.Diff(strings.Fields(row.banner), shown, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("who is shown a banner (-table +daemon)\n%s", diff)
	}
	report := auditLive(t, h.RealHost, "--only", "ssh")
	for id, verdict := range map[string]string{"ssh.tcp-forwarding": row.tcp, "ssh.tunnel": row.tunnel, "ssh.banner": row.warned} {
		if verdict == "" {
			continue
		}
		r, there := maybe(report, id)
		switch {
		case !there:
			t.Errorf("no check %s in the report", id)
		case !slices.Contains(strings.Split(verdict, "|"), r.Status.String()):
			t.Errorf("%s: %s, want %s\n%s", id, r.Status, verdict, explained(r))
		case r.Status == fail && r.Worst().String() != "low":
			t.Errorf("%s: severity %s, want low\n%s", id, r.Worst(), explained(r))
		}
	}
}

// served is what an account gets once it is logged in.
type served struct {
	open   []string // kinds of forwarding
	banner string
}

// served logs in with a key and tries every kind of forwarding.
func (h *loginHost) served(t *testing.T, account string) served {
	client, banner, err := h.login(account, loopbackClient, h.methods("")["key"])
	if err != nil || client == nil {
		t.Errorf("%s does not get in: %v", account, err)
		return served{}
	}
	defer client.Close()
	var mu sync.Mutex
	got := served{banner: banner}
	var wait sync.WaitGroup
	for kind, open := range map[string]func() (io.Closer, error){
		"direct": func() (io.Closer, error) {
			return client.Dial("tcp", net.JoinHostPort(loopbackClient, fmt.Sprint(sshdPort)))
		},
		"remote": func() (io.Closer, error) { return client.Listen("tcp", loopbackClient+":0") },
		"tun":    func() (io.Closer, error) { return tunnel(client, 1) },
		"tap":    func() (io.Closer, error) { return tunnel(client, 2) },
	} {
		wait.Go(func() {
			c, err := open()
			if err != nil {
				return
			}
			c.Close()
			mu.Lock()
			defer mu.Unlock()
			got.open = append(got.open, kind)
		})
	}
	wait.Wait()
	return got
}

// tunnel asks for a tunnel device: PROTOCOL of OpenSSH, 2.3. The mode is 1 for point to
// point and 2 for ethernet, the unit any.
func tunnel(client *ssh.Client, mode uint32) (io.Closer, error) {
	channel, requests, err := client.OpenChannel("tun@openssh.com", ssh.Marshal(struct{ Mode, Unit uint32 }{mode, 0x7fffffff}))
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	return channel, nil
}
