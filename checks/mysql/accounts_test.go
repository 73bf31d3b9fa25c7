package mysql

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

func TestReachOf(t *testing.T) {
	for host, want := range map[string]reach{
		"localhost": fromHere, "LOCALHOST": fromHere, "127.0.0.1": fromHere, "127.0.0.%": fromHere, "127.%": fromHere, "::1": fromHere,
		"::ffff:127.0.0.1": fromHere, "db1": fromHere, "db1.example.org": fromHere, "127.0.0.0/255.0.0.0": fromHere,
		"%": fromAnywhere, "": fromAnywhere, "%%": fromAnywhere, "%.%.%.%": fromAnywhere, "_%": fromAnywhere, "%:%": fromAnywhere,
		"0.0.0.0/0.0.0.0": fromAnywhere, "::/0": fromAnywhere,
		"10.9.9.%": fromSome, "%.example.org": fromSome, "db2": fromSome, "10.0.0.0/255.0.0.0": fromSome, "192.0.2.7": fromSome, "_": fromSome,
		"127.example.org": fromSome,
	} {
		if got := reachOf(host, "db1.example.org"); got != want {
			t.Errorf("%q: %d, want %d", host, got, want)
		}
	}
	if reachOf("", "") != fromAnywhere {
		t.Error("no host name and no host part: not from anywhere")
	}
}

// line prints what matters of a verdict.
func line(t testing.TB, res checks.Result) string {
	t.Helper()
	text := fmt.Sprintf("%+v", res)
	for _, secret := range []string{"SECRET", someHash, "F8E113FD51D520075836A4B815568BA2B96F7C30", "dragon"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s in the result: %s", secret, text)
		}
	}
	words := []string{res.Status.String()}
	if res.Reason != "" {
		words = append(words, string(res.Reason))
	}
	for _, f := range res.Findings {
		private := ""
		if f.Private {
			private = "!"
		}
		words = append(words, fmt.Sprintf("%s=%s%s:%s", f.Kind, strings.TrimSuffix(string(f.Subject), " at /run/mysqld/mysqld.sock"), private, f.Severity))
	}
	for _, g := range res.Gaps {
		if len(res.Findings) > 0 || g.Reason != res.Reason {
			words = append(words, "gap:"+string(g.Reason))
		}
	}
	return strings.Join(words, " ")
}

func sealWith(t testing.TB, c checks.Check, h *host.Host, p *prober, words ...string) checks.Result {
	t.Helper()
	rec := checks.NewRecorder(c)
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{CPUs: 1}}
	for _, w := range words {
		env.Passwords.Words = append(env.Passwords.Words, []byte(w))
	}
	switch c.ID {
	case "mysql.root-password":
		runRootPassword(t.Context(), h, p, rec)
	case "mysql.passwords":
		runPasswords(t.Context(), env, p, rec)
	case "mysql.accounts":
		runAccounts(t.Context(), h, p, rec)
	case "mysql.tls":
		runTLS(t.Context(), h, p, rec)
	default:
		t.Fatalf("no such check: %s", c.ID)
	}
	return rec.Seal()
}

const (
	dragonHash = "*F8E113FD51D520075836A4B815568BA2B96F7C30" // PASSWORD('dragon')
	oldHash    = "378b243e220ca493"                          // OLD_PASSWORD('test')
)

// TestAccountTable judges tables that a login over the socket showed. The verdicts were
// written down before the checks were (testdata/expected/mysql.md).
func TestAccountTable(t *testing.T) {
	socketRoot := maria("root", "localhost", "unix_socket", true, "")
	for _, tc := range []struct {
		name                string
		rows                [][]string
		accounts, passwords string
	}{
		{"packaged", [][]string{maria("root", "localhost", native, false, "", "", "unix_socket?"), maria("mariadb.sys", "localhost", "", true, "locked expired")}, "pass", "pass"},
		{"anonymous", [][]string{socketRoot, maria("", "localhost", native, true, "")}, "fail anonymous=''@localhost:medium", "pass"},
		{"anonymous-everywhere", [][]string{socketRoot, maria("", "%", native, true, ""), maria("", "localhost", native, false, "")}, "fail anonymous=''@%:medium anonymous=''@localhost:medium", "pass"},
		{"anonymous-locked", [][]string{socketRoot, maria("", "localhost", native, true, "locked")}, "pass", "pass"},
		{"anonymous-invalid", [][]string{socketRoot, mariaHash("", "localhost", native, "invalid", "")}, "pass", "pass"},
		{"root-anywhere", [][]string{socketRoot, maria("root", "%", native, false, "")}, "fail root-anywhere=root@%:medium", "pass"},
		{"root-anywhere-empty", [][]string{socketRoot, maria("root", "%", native, true, "")}, "fail root-anywhere=root@%:medium", "pass"},
		{"root-anywhere-locked", [][]string{socketRoot, maria("root", "%", native, false, "locked")}, "pass", "pass"},
		{"root-anywhere-socket", [][]string{maria("root", "%", "unix_socket", true, "")}, "pass", "pass"},
		{"root-anywhere-invalid", [][]string{maria("root", "%", "unix_socket", true, ""), mariaHash("root", "%.%", native, "invalid", "")}, "pass", "pass"},
		{"root-of-a-network", [][]string{socketRoot, maria("root", "10.9.9.%", native, false, "")}, "pass", "pass"},
		{"root-of-this-host", [][]string{socketRoot, maria("root", "127.0.0.1", native, false, ""), maria("root", "::1", native, false, ""), maria("root", "db1", native, false, "")}, "pass", "pass"},
		{"empty", [][]string{socketRoot, maria("app", "%", native, true, "")}, "pass", "fail empty-password=app@%!:critical"},
		{"empty-beside-socket", [][]string{socketRoot, maria("app", "localhost", "unix_socket", true, "", "", native+"?")}, "pass", "fail empty-password=app@localhost!:critical"},
		{"empty-locked", [][]string{socketRoot, maria("app", "%", native, true, "locked")}, "pass", "pass"},
		{"empty-expired", [][]string{socketRoot, maria("app", "%", native, true, "expired")}, "pass", "fail empty-password=app@%!:critical"},
		{"listed", [][]string{socketRoot, mariaHash("app", "%", native, dragonHash, "")}, "pass", "fail weak-password=app@%!:critical"},
		{"listed-as-second-way", [][]string{socketRoot, mariaHash("app", "%", "", dragonHash, "", "unix_socket?", "")}, "pass", "fail weak-password=app@%!:critical"},
		{"listed-lower-case", [][]string{socketRoot, mariaHash("app", "%", native, strings.ToLower(dragonHash), "")}, "pass", "fail weak-password=app@%!:critical"},
		{"listed-root", [][]string{socketRoot, mariaHash("root", "%", native, dragonHash, "")}, "fail root-anywhere=root@%:medium", "fail weak-password=root@%!:critical"},
		{"listed-anonymous", [][]string{socketRoot, mariaHash("", "%", native, dragonHash, "")}, "fail anonymous=''@%:medium", "fail weak-password=@%!:critical"},
		{"listed-locked", [][]string{socketRoot, mariaHash("app", "%", native, dragonHash, "locked")}, "pass", "pass"},
		{"derived", [][]string{socketRoot, mariaHash("test", "%", "mysql_old_password", oldHash, "")}, "pass", "fail weak-password=test@%!:critical outdated-hash=test@%!:medium"},
		{"old", [][]string{socketRoot, mariaHash("app", "%", native, oldHash, "")}, "pass", "fail outdated-hash=app@%!:medium"},
		{"plugin-as-typed", [][]string{maria("root", "%", "Unix_Socket", true, ""), maria("app", "%", "PAM", false, "")}, "pass", "pass"},
		{"empty-plugin-as-typed", [][]string{socketRoot, maria("app", "localhost", "Unix_Socket", true, "", "", "MYSQL_NATIVE_PASSWORD?")}, "pass", "fail empty-password=app@localhost!:critical"},
		{"pam", [][]string{socketRoot, maria("app", "%", "pam", false, "")}, "pass", "pass"},
		{"strange", [][]string{socketRoot, maria("app", "%", "of_some_vendor", false, "")}, "pass", "unknown unsupported"},
		{"strange-locked", [][]string{socketRoot, maria("app", "%", "of_some_vendor", false, "locked")}, "pass", "pass"},
		{"damaged", [][]string{socketRoot, maria("app", "%", native, false, "invalid")}, "pass", "unknown unsupported"},
		{"strange-and-listed", [][]string{socketRoot, maria("app", "%", "of_some_vendor", false, ""), mariaHash("bpp", "%", native, dragonHash, "")}, "pass", "fail weak-password=bpp@%!:critical gap:unsupported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: tc.rows}}}
			h := running(t, testTree)
			h.Hostname = "db1"
			p := fakeProber(f, 0)
			if got := line(t, sealWith(t, Accounts(), h, p)); got != tc.accounts {
				t.Errorf("mysql.accounts: %q, want %q", got, tc.accounts)
			}
			if got := line(t, sealWith(t, Passwords(), h, p, "123456", "dragon")); got != tc.passwords {
				t.Errorf("mysql.passwords: %q, want %q", got, tc.passwords)
			}
			// All checks of an audit share one connection.
			sealWith(t, RootPassword(), h, p)
			if len(f.dials) != 1 {
				t.Errorf("dialled %q", f.dials)
			}
			f.finish()
		})
	}
}

// Where the table is not open to us both checks say so.
func TestNoAccountTable(t *testing.T) {
	for _, tc := range []struct {
		name string
		ways map[string]script
		want string
	}{
		{"refused", map[string]script{sock: {deny: 1045}}, "unknown no_permission"},
		{"old-server", map[string]script{sock: {user: "root@localhost", version: "5.6.51"}, sockOther: {deny: 1698}}, "unknown no_permission"},
		{"skip-grant-tables", map[string]script{sock: {user: "@"}}, "unknown unsupported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fakes{t: t, ways: tc.ways}
			h, p := running(t, testTree), fakeProber(f, 0)
			for _, c := range []checks.Check{Accounts(), Passwords()} {
				if got := line(t, sealWith(t, c, h, p, "dragon")); got != tc.want {
					t.Errorf("%s: %q, want %q", c.ID, got, tc.want)
				}
			}
			f.finish()
		})
	}
}

// Where there is nothing, not running or not to be asked.
func TestAccountsWithoutServer(t *testing.T) {
	const enabled = "\n-- usr/sbin/mysqld mode=0755 --\n-- etc/systemd/system/multi-user.target.wants/mysql.service -> /lib/systemd/system/mysql.service --\n-- lib/systemd/system/mysql.service --\n[Service]\nExecStart=/usr/sbin/mysqld\n[Install]\nWantedBy=multi-user.target\n"
	mounted := func() (*host.Host, *prober) {
		p := fakeProber(&fakes{t: t}, 0)
		p.dial = nil
		return running(t, testTree), p
	}
	live := func(tree string) func() (*host.Host, *prober) {
		return func() (*host.Host, *prober) {
			return hosttest.Live(hosttest.Load(t, tree), &snapshot.Snapshot{}), fakeProber(&fakes{t: t}, 0)
		}
	}
	for _, tc := range []struct {
		name string
		host func() (*host.Host, *prober)
		want string
	}{
		{"none", live(""), "not_applicable absent"},
		{"not running", live(enabled), "unknown unsupported"},
		{"mounted", mounted, "unknown unsupported"},
	} {
		for _, c := range []checks.Check{Accounts(), Passwords()} {
			h, p := tc.host()
			if got := line(t, sealWith(t, c, h, p, "dragon")); got != tc.want {
				t.Errorf("%s, %s: %q, want %q", tc.name, c.ID, got, tc.want)
			}
		}
	}
}

// Guessing ends with the time granted, and says so.
func TestGuessingIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: [][]string{mariaHash("app", "%", native, someHash, "")}}}}
	h := running(t, testTree)
	p := fakeProber(f, 0)
	take(ctx, h, p)
	cancel()
	rec := checks.NewRecorder(Passwords())
	runPasswords(ctx, &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: [][]byte{[]byte("dragon")}}}, p, rec)
	if got := line(t, rec.Seal()); got != "unknown budget" {
		t.Errorf("got %q", got)
	}
	f.finish()
	if got := line(t, sealWith(t, Passwords(), running(t, testTree), fakeProber(&fakes{t: t, ways: f.ways}, 0))); got != "unknown no_metadata" {
		t.Errorf("without a list: %q", got)
	}
}

// What was tried on a database's accounts is tried no more in the next audit, and an
// audit that time ran out on goes on in the next: until it is through it says so.
func TestGuessingGoesOn(t *testing.T) {
	var blob []byte
	kept := &checks.Keeper{
		Load: func() ([]byte, error) { return blob, nil },
		Save: func(b []byte) error { blob = b; return nil },
	}
	tables := [][]string{mariaHash("app", "%", native, someHash, ""), mariaHash("web", "%", native, dragonHash, "")}
	audit := func(budget time.Duration) checks.Result {
		f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: tables}}}
		h, p := running(t, testTree), fakeProber(f, 0)
		rec := checks.NewRecorder(Passwords())
		runPasswords(t.Context(), &checks.Env{Host: h, Passwords: checks.PasswordSettings{
			Words: [][]byte{[]byte("one"), []byte("dragon"), []byte("two")}, CPUs: 1, Budget: budget, KeptDatabases: kept,
		}}, p, rec)
		f.finish()
		return rec.Seal()
	}
	runs := 0
	for ; runs < 1000; runs++ {
		r := audit(1) // nothing but the one candidate that is always started
		if r.Facts["progress"] == "" && len(r.Gaps) == 0 {
			break
		}
		if r.Status == checks.StatusPass {
			t.Fatal("passed before everything was tried")
		}
	}
	if runs < 10 || runs == 1000 {
		t.Errorf("through after %d audits", runs)
	}
	r := audit(0)
	if got := line(t, r); got != "fail weak-password=web@%!:critical" {
		t.Errorf("got %q", got)
	}
	if r.Facts["candidates_tried"] != "0" || r.Facts["candidates_left"] != "0" || r.Facts["candidates_tried_earlier"] == "0" {
		t.Errorf("facts %v", r.Facts)
	}
	for _, secret := range []string{someHash, dragonHash, "dragon", native, "web"} {
		if bytes.Contains(bytes.ToLower(blob), bytes.ToLower([]byte(secret))) {
			t.Error("the ledger holds a hash, a word or a name")
		}
	}
}

// Many accounts have one password, and it is the name of one of them: whichever that is.
func TestPasswordIsTheNameOfAnyOfMany(t *testing.T) {
	var table [][]string
	for i := range 30 {
		name := fmt.Sprint("app", i)
		for _, from := range []string{"h1", "h2"} {
			table = append(table, mariaHash(name, from, native, "*EA4EFC85F3FECE2634D9DFA2DB3ED879601B8E72", ""))
		}
	}
	f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: table}}}
	rec := checks.NewRecorder(Passwords())
	h, p := running(t, testTree), fakeProber(f, 0)
	runPasswords(t.Context(), &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: [][]byte{[]byte("one")}}}, p, rec)
	f.finish()
	if r := rec.Seal(); len(r.Findings) != len(table) {
		t.Errorf("%d of %d accounts are found: %q", len(r.Findings), len(table), line(t, r))
	}
}

// A table that is longer than what is kept is not judged whole.
func TestLongTable(t *testing.T) {
	rows := [][]string{maria("root", "localhost", "unix_socket", true, "")}
	for n := range maxAccounts {
		rows = append(rows, maria(fmt.Sprintf("u%04d", n), "%", native, false, ""))
	}
	f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: rows}}}
	h, p := running(t, testTree), fakeProber(f, 0)
	p.limit = 5 * serverTime
	if got := line(t, sealWith(t, Passwords(), h, p, "dragon")); got != "unknown too_costly" {
		t.Errorf("got %q", got)
	}
	f.finish()
}

// Whatever prints an account, or what is around it, shows no hash and no candidate.
func TestHashesAreNotPrinted(t *testing.T) {
	acc := account{user: "app", host: "%", logins: []login{newLogin(native, dragonHash)}}
	srv := server{table: &table{accounts: []account{acc}}}
	for _, v := range []any{srv, &srv, *srv.table, srv.table, answer{table: srv.table}, srv.table.accounts, acc, &acc, acc.logins, acc.logins[0], acc.logins[0].stored, &acc.logins[0].stored} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			hash := strings.ToLower(dragonHash)
			if strings.Contains(text, hash) || strings.Contains(text, fmt.Sprintf("%x", hash)) || strings.Contains(text, fmt.Sprintf("%x", dragonHash)) {
				t.Errorf("%s of a %T: %s", verb, v, text)
			}
		}
	}
}

// A second password of MySQL, which is as good as the first, is tested too.
func TestSecondPassword(t *testing.T) {
	row := func(second string) []string {
		return []string{"app", "%", native, someHash, "0", "0", "0", "0", "0", second}
	}
	for second, want := range map[string]string{"": "pass", someHash: "pass", dragonHash: "fail weak-password=app@%!:critical"} {
		f := &fakes{t: t, ways: map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{row(second)}}}}
		if got := line(t, sealWith(t, Passwords(), running(t, testTree), fakeProber(f, 0), "dragon")); got != want {
			t.Errorf("second password %q: %q, want %q", second, got, want)
		}
		f.finish()
	}
}
