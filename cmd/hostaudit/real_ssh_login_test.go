package main_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/ssh"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// loginTables are all rows, in parts that are tried at the same time.
var loginTables = []struct {
	name string
	rows []loginRow
}{
	{"methods", slices.Concat(permitRows, listRows, methodRows)},
	{"conditions", slices.Concat(conditionRows, accountRows)},
	{"keys", slices.Concat(keyRows, strictRows)},
}

// rowsFor are those of the rows that are for a release.
func rowsFor(tree string, rows []loginRow) []loginRow {
	var list []loginRow
	for _, row := range rows {
		if slices.Contains(strings.Fields(row.trees), tree) || row.trees == "" && tree == bookworm {
			list = append(list, row)
		}
	}
	return list
}

// whole is the configuration of the row with what all have. UsePAM cannot stand behind a
// Match block.
func (row loginRow) whole(global string) string {
	pam := "UsePAM yes\n"
	if row.noPAM {
		pam = "UsePAM no\n"
	}
	return fmt.Sprintf("Port %d\n", sshdPort) + global + pam + row.config
}

// who tries: the accounts of the row, from the second address only where it can matter.
func (row loginRow) who() (accounts, addresses []string) {
	accounts, addresses = []string{"root"}, []string{loopbackClient}
	if row.toor {
		accounts = append(accounts, "toor")
	}
	if text := row.config + row.keys; strings.Contains(text, "10.") || strings.Contains(text, "Match") {
		addresses = append(addresses, otherClient)
	}
	return accounts, addresses
}

// TestRealLogins lets clients log in to real daemons of four releases and compares who
// got in with the tables, and what the program says with who got in.
func TestRealLogins(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for tree := range strings.FieldsSeq(everywhere) {
		for _, part := range loginTables {
			t.Run(tree+"/"+part.name, func(t *testing.T) {
				t.Parallel()
				h := newLoginHost(t, program, tree)
				for _, row := range rowsFor(tree, part.rows) {
					t.Run(row.name, func(t *testing.T) { testLogin(t, h, row) })
				}
			})
		}
	}
}

func testLogin(t *testing.T, h *loginHost, row loginRow) {
	h.prepare(row)
	h.serve(t, row.whole(h.global))
	password := rootPassword
	if row.shadow == emptyPassword {
		password = ""
	}
	methods := h.methods(password)
	if password != "" {
		delete(methods, "none")
	}
	if !strings.Contains(row.config, "AuthenticationMethods") {
		delete(methods, "together") // one method is enough, or none is
	}
	if strings.Contains(row.config+row.keys, "TrustedUserCAKeys") || strings.Contains(row.keys, "cert-authority") {
		methods["cert"] = []ssh.AuthMethod{h.certificate(t)}
	}
	accounts, addresses := row.who()
	in := h.enter(t, methods, accounts, addresses)
	if diff := cmp.Diff(slices.Sorted(slices.Values(strings.Fields(row.in))), in, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("who gets in (-table +daemon)\n%s", diff)
	}
	report := auditLive(t, h.RealHost, "--only", "ssh")
	noSecrets(t, h, report)
	if port := result(t, report, "ssh.port"); port.Status != pass {
		t.Errorf("ssh.port: %s, want pass\n%+v\n%+v", port.Status, port.Findings, port.Gaps)
	}
	compareRootLogin(t, row, in, result(t, report, "ssh.root-login"))
	compareRootKeys(t, row, in, report)
}

// noSecrets holds that the hash of a password does not leave the host.
func noSecrets(t *testing.T, h *loginHost, report checks.Report) {
	t.Helper()
	b, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	_, secret, _ := strings.Cut(h.hash, "saltsalt$")
	if len(secret) < 40 || strings.Contains(string(b), secret) {
		t.Errorf("a hash is in the report:\n%s", b)
	}
}

// compareRootLogin holds the verdict to the table, and the table to who got in.
func compareRootLogin(t *testing.T, row loginRow, in []string, r checks.Result) {
	t.Helper()
	got := r.Status.String()
	if r.Status == fail {
		got = gravest(r)
	}
	wanted := strings.Split(row.login, "|")
	if !slices.Contains(wanted, got) {
		t.Errorf("ssh.root-login: %s, want %s; who gets in: %s\n%s", got, row.login, in, explained(r))
	}
	for _, f := range r.Findings {
		if f.Kind == "password" && !strings.Contains(row.login, "password") {
			t.Errorf("a password is said to be enough: %+v", f)
		}
	}
	if strings.Contains(row.noted, "login") && r.Status == pass && len(r.Notes) == 0 {
		t.Errorf("ssh.root-login passes although PermitRootLogin is not no, and does not say why")
	}
	if row.names != "" && r.Status == fail && !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool {
		return strings.Contains(string(f.Subject)+" "+string(f.Detail), row.names)
	}) {
		t.Errorf("ssh.root-login: no finding names %s\n%s", row.names, explained(r))
	}
}

// compareRootKeys holds ssh.root-keys to who got in with a key.
func compareRootKeys(t *testing.T, row loginRow, in []string, report checks.Report) {
	t.Helper()
	r, there := maybe(report, "ssh.root-keys")
	if !there {
		t.Errorf("no check ssh.root-keys in the report")
		return
	}
	want := row.keysV
	if want == "" {
		want = "pass"
		if slices.ContainsFunc(in, withKey) || row.in == "none" {
			want = "fail"
		}
	}
	if !slices.Contains(strings.Split(want, "|"), r.Status.String()) {
		t.Errorf("ssh.root-keys: %s, want %s; who gets in: %s\n%s", r.Status, want, in, explained(r))
	}
	if r.Status == fail && r.Worst() != checks.SeverityMedium {
		t.Errorf("ssh.root-keys: severity %s, want medium", r.Worst())
	}
	if strings.Contains(row.noted, "keys") && r.Status == pass && len(r.Notes) == 0 {
		t.Errorf("ssh.root-keys passes with a key in the file, and says nothing about it")
	}
}

// withKey reports whether a way of loginHost.enter has a key in it.
func withKey(way string) bool {
	return strings.Contains(way, "key") || strings.Contains(way, "cert") || strings.Contains(way, "together")
}

// gravest is the kind and severity of the gravest finding; of two kinds as grave the
// password.
func gravest(r checks.Result) string {
	worst, kind := checks.SeverityNone, ""
	for _, f := range r.Findings {
		if f.Severity > worst || f.Severity == worst && f.Kind == "password" {
			worst, kind = f.Severity, f.Kind
		}
	}
	return kind + " " + worst.String()
}

func explained(r checks.Result) string {
	return fmt.Sprintf("findings %+v\ngaps %+v\nnotes %+v\nfacts %v", r.Findings, r.Gaps, r.Notes, r.Facts)
}

func maybe(report checks.Report, id string) (checks.Result, bool) {
	i := slices.IndexFunc(report.Checks, func(r checks.Result) bool { return r.ID == id })
	if i < 0 {
		return checks.Result{}, false
	}
	return report.Checks[i], true
}

// TestRealLoginTables holds the verdicts of the tables to who gets in by them: with a
// password in is a finding of that kind, with a key in is no pass, and nobody in is never
// said to be a usable password.
func TestRealLoginTables(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range slices.Concat(loginTables[0].rows, loginTables[1].rows, loginTables[2].rows) {
		if seen[row.name] {
			t.Errorf("two rows are called %s", row.name)
		}
		seen[row.name] = true
		ways := strings.Fields(row.in)
		secret := slices.ContainsFunc(ways, func(w string) bool { return !withKey(w) })
		verdicts := strings.Split(row.login, "|")
		switch {
		case secret && row.login != byPassword:
			t.Errorf("%s: %s is let in without a key, and the verdict is %s", row.name, row.in, row.login)
		case len(ways) > 0 && slices.Contains(verdicts, "pass"):
			t.Errorf("%s: %s is let in, and pass is a verdict", row.name, row.in)
		case len(ways) == 0 && row.login == byPassword:
			t.Errorf("%s: nobody is let in, and the verdict is %s", row.name, row.login)
		}
	}
	if n := len(seen); n < 25 {
		t.Errorf("%d configurations", n)
	}
}
