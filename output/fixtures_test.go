package output

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
)

// The checks the fixtures pretend to have run.
func check(id string) checks.Check {
	for _, c := range []checks.Check{
		{
			ID: "password.dictionary", Title: "no account's password is on the list or derived from the account", Severity: checks.SeverityCritical,
			Remedy: "Set a new password for each account named (passwd ACCOUNT), or lock it (passwd -l ACCOUNT).",
		},
		{
			ID: "password.empty", Title: "no account logs in without a password", Severity: checks.SeverityCritical,
			Remedy: "Set a password (passwd ACCOUNT) or lock the account (passwd -l ACCOUNT).",
		},
		{
			ID: "ssh.port", Title: "no SSH server on port 22", Severity: checks.SeverityMedium,
			Remedy: "Set Port to another number in sshd_config and restart sshd.",
			Breaks: "clients, firewalls and scripts that expect port 22; SELinux needs the new port labelled ssh_port_t",
		},
		{
			ID: "ssh.root-login", Title: "root cannot log in over SSH", Severity: checks.SeverityHigh,
			Rationale:  "Every attacker knows that root exists, and a login as root cannot be told from another's.",
			Remedy:     "Set PermitRootLogin no, after making sure another account can become root.",
			Breaks:     "backups and configuration management that log in as root",
			References: map[string][]string{"cis_debian12": {"5.1.20"}, "ens_rd311_2022": {"op.acc.5", "op.acc.6"}},
		},
		{
			ID: "ftp.port", Title: "no FTP server on port 21", Severity: checks.SeverityMedium,
			Remedy: "Remove the FTP server, or move it with listen_port.",
		},
		{
			ID: "mysql.root-password", Title: "root of every MySQL or MariaDB instance needs a credential", Severity: checks.SeverityCritical,
			Remedy: "Set a password or use socket authentication: ALTER USER root@localhost IDENTIFIED VIA unix_socket.",
		},
		{
			ID: "mysql.bind", Title: "instances listen on loopback only", Severity: checks.SeverityLow,
			Remedy: "Set bind-address = 127.0.0.1 in the section [mysqld].",
		},
		{
			ID: "accounts.uid0", Title: "only root has UID 0", Severity: checks.SeverityCritical,
			Remedy: "Give each account named a UID of its own, or remove it.",
		},
		{
			ID: "listeners.declared", Title: "every listener reachable from outside is declared", Severity: checks.SeverityMedium,
			Remedy: "Declare the listener or stop its service.",
		},
	} {
		if c.ID == id {
			return c
		}
	}
	panic("no such check: " + id)
}

// result seals what record did.
func result(id string, record func(*checks.Recorder)) checks.Result {
	rec := checks.NewRecorder(check(id))
	record(rec)
	return rec.Seal()
}

func passing(id, summary string) checks.Result {
	return result(id, func(r *checks.Recorder) { r.Pass(summary) })
}

func absent(id, summary string) checks.Result {
	return result(id, func(r *checks.Recorder) { r.NotApplicable(checks.ReasonAbsent, summary) })
}

func report(results ...checks.Result) *checks.Report {
	r := &checks.Report{
		Schema: checks.Schema,
		Tool:   checks.Tool{Name: "hostaudit", Version: "0.1.0"},
		Target: checks.Target{Mode: "live", Kind: "host", Hostname: "web01", OS: checks.OS{ID: "debian", VersionID: "12"}},
		Run: &checks.RunInfo{
			Started:     time.Date(2026, 11, 22, 20, 3, 11, 5000, time.UTC),
			Catalogue:   1,
			WordList:    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			Selection:   []string{},
			Confinement: []string{"nice", "no_new_privs", "landlock 3"},
		},
		Checks: results,
	}
	for _, res := range results {
		r.Run.Selection = append(r.Run.Selection, res.ID)
	}
	r.Summary = checks.Summarize(results)
	return r
}

// hostile is what a name on a hostile host can be.
var hostile = []string{
	"]]>", "&amp;&", "</description></module>", `"'`, "\x1b[31mred\x1b[0m", "line\nbreak\r\n\ttab", "\xff\xfe\xc3(", "\ufffe\uffff\u0085",
	"\U0001f600\U00020000", "\u202egnirts\u2069", "back\\slash \\n", "<![CDATA[x]]>", "<!-- -- -->", "&#1;", "<?xml version='1.0'?>",
	"nul\x00byte", "e\u0301 combining", "日本語の名前", "  outer  blanks  ", "%s%n", "",
}

// accounts with weak passwords of the fixtures: what must not leave a host.
var privateNames = []string{"oracle", "jean-rené", "zoë<&>\u202e\U0001f600]]>"}

func weak(name, kind string) checks.Finding {
	return checks.Finding{
		Kind: kind, Subject: checks.Text(name), Detail: checks.Text("the password of " + name + " is on the list or derived from the account"),
		Evidence: checks.Configured, Location: checks.At("/etc/shadow.d/"+name, 7), Private: true,
	}
}

type fixture struct {
	name   string
	report func() *checks.Report
}

var fixtures = []fixture{
	{"clean", cleanHost},
	{"bad", badHost},
	{"hostile", hostileHost},
	{"unknown", unknownHost},
	{"image", imageReport},
	{"waived", waivedHost},
	{"policy", policyHost},
	{"empty", func() *checks.Report { return report() }},
}

func cleanHost() *checks.Report {
	return report(
		passing("password.dictionary", "3 of 3 passwords tested against every word"),
		passing("password.empty", "every account that can log in has a password"),
		passing("ssh.port", "sshd listens on port 2222 only"),
		passing("ssh.root-login", "PermitRootLogin no (/etc/ssh/sshd_config.d/10-root.conf:1)"),
		absent("ftp.port", "no FTP server is installed or listens"),
		absent("mysql.root-password", "no MySQL or MariaDB server is installed"),
		absent("mysql.bind", "no MySQL or MariaDB server is installed"),
		result("accounts.uid0", func(r *checks.Recorder) {
			r.Pass("root is the only account with UID 0")
			r.Note("sssd", "accounts of a directory are not examined")
			r.Fact("accounts", 31)
		}),
	)
}

func badHost() *checks.Report {
	r := report(
		result("password.dictionary", func(r *checks.Recorder) {
			for _, name := range privateNames {
				r.Finding(weak(name, "listed"))
			}
			r.Finding(weak("backup", "derived"))
			r.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Subject: "git", Detail: "yescrypt with 1 GiB of memory", Location: checks.At("/etc/shadow", 30)})
			r.Fact("tested", 14)
		}),
		passing("password.empty", "every account that can log in has a password"),
		result("ssh.port", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd on 0.0.0.0:22", Detail: "the SSH server listens on its default port", Evidence: checks.Running})
			r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Detail: "no Port line, so the default 22 is used", Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config", 0)})
		}),
		result("ssh.root-login", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "password", Subject: "PermitRootLogin yes", Detail: "root can log in with a password", Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config.d/50-cloud-init-of-the-provider.conf", 12)})
			r.Finding(checks.Finding{Kind: "key", Subject: "Match Address 10.0.0.0/8", Detail: "root can log in with a key", Severity: checks.SeverityMedium, Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config", 122)})
			r.Note("sshd_config", "UsePAM no: the account's expiry is not looked at")
			r.Fact("server", "OpenSSH_9.2p1")
		}),
		absent("ftp.port", "no FTP server is installed or listens"),
		result("mysql.root-password", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "no-credential", Subject: "root@localhost on /run/mysqld/mysqld.sock", Detail: "logs in without any credential from an ordinary account", Evidence: checks.Running})
		}),
		result("mysql.bind", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "outside", Subject: "mariadbd on [::]:3306", Detail: "listens on every address", Evidence: checks.Running})
		}),
		result("accounts.uid0", func(r *checks.Recorder) {
			r.Gap(checks.Gap{Reason: checks.ReasonChangedMeanwhile, Detail: "/etc/passwd was replaced while it was read", Location: checks.At("/etc/passwd", 0)})
		}),
		result("listeners.declared", func(r *checks.Recorder) {
			for i := range 45 {
				r.Finding(checks.Finding{Kind: "undeclared", Subject: checks.Text(fmt.Sprintf("tcp/%d", 30000+i)), Detail: "python3 of the account deploy listens on every address", Evidence: checks.Running})
			}
		}),
	)
	for i := range r.Checks {
		r.Checks[i].Elapsed = time.Duration(i*i) * 1234567
	}
	return r
}

func hostileHost() *checks.Report {
	r := report(
		result("password.dictionary", func(r *checks.Recorder) {
			for _, s := range hostile {
				r.Finding(weak(s+"-secret", "listed"))
			}
		}),
		result("ssh.root-login", func(r *checks.Recorder) {
			for i, s := range hostile {
				r.Finding(checks.Finding{Kind: "password", Subject: checks.Text(s), Detail: checks.Text("detail " + s), Evidence: checks.Configured, Location: checks.At("/etc/"+s, i)})
				r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: checks.Text(s), Detail: checks.Text(s), Location: checks.At(s, i)})
				r.Note(s, s)
				r.Fact("fact", s)
			}
			r.Summary(strings.Join(hostile, " "))
		}),
		result("accounts.uid0", func(r *checks.Recorder) {
			for _, s := range hostile {
				r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(s), Detail: checks.Text(s)})
			}
		}),
		result("ssh.port", func(r *checks.Recorder) { r.Pass(strings.Join(hostile, "")) }),
		result("ftp.port", func(r *checks.Recorder) { r.NotApplicable(checks.ReasonNotAsked, strings.Join(hostile, "")) }),
		result("listeners.declared", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "undeclared", Subject: checks.Text(strings.Repeat("<", 3000)), Detail: checks.Text(strings.Repeat("é&", 3000)), Evidence: checks.Running})
			r.Finding(checks.Finding{Kind: "undeclared", Subject: "x", Detail: checks.Text(strings.Repeat("長", 3000)), Evidence: checks.Running})
		}),
	)
	r.Target.Hostname = checks.Clean(hostile[0] + hostile[4])
	r.Target.Path = checks.Clean(strings.Join(hostile, ""))
	r.Target.KindReason = checks.Clean(hostile[5])
	r.Target.OS = checks.OS{ID: checks.Clean(hostile[9]), VersionID: checks.Clean(hostile[2])}
	return r
}

func unknownHost() *checks.Report {
	var results []checks.Result
	ids := []string{"password.empty", "ssh.port", "ssh.root-login", "ftp.port", "mysql.root-password", "mysql.bind", "accounts.uid0", "listeners.declared"}
	reasons := checks.Reasons()[3:]
	for i, id := range ids {
		results = append(results, result(id, func(r *checks.Recorder) {
			r.Gap(checks.Gap{Reason: reasons[i], Detail: "the reason is of the kind " + checks.Text(strings.ReplaceAll(string(reasons[i]), "_", " ")), Location: checks.At("/etc/something", i)})
			if i == 0 {
				r.Gap(checks.Gap{Reason: checks.ReasonNoPermission, Subject: "shadow", Detail: "permission denied", Location: checks.At("/etc/shadow", 0)})
			}
		}))
	}
	results = append(results, result("password.dictionary", func(*checks.Recorder) {}))
	r := report(results...)
	r.Run.Interrupted = true
	return r
}

func imageReport() *checks.Report {
	r := report(
		passing("password.empty", "every account that can log in has a password"),
		result("ssh.port", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Detail: "no Port line, so the default 22 is used", Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config", 0)})
		}),
		result("mysql.root-password", func(r *checks.Recorder) {
			r.NotApplicable(checks.ReasonNotObservable, "nothing runs in an image")
		}),
		absent("ftp.port", "no FTP server is installed"),
		result("accounts.uid0", func(r *checks.Recorder) { r.NotApplicable(checks.ReasonNotAsked, "left out") }),
	)
	r.Target = checks.Target{Mode: "image", Kind: "vm-image", KindReason: "has a kernel below /boot", Path: "golden-2026.11.qcow2", OS: checks.OS{ID: "ubuntu", VersionID: "24.04"}}
	r.Run = nil
	return r
}

func waivedHost() *checks.Report {
	waive := func(res checks.Result, only string, w checks.WaiverNote) checks.Result {
		for i := range res.Findings {
			if only == "" || string(res.Findings[i].Subject) == only {
				res.Findings[i].Waiver = &w
			}
		}
		res.Waived = res.Worst() == checks.SeverityNone
		return res
	}
	port := result("ssh.port", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd on 0.0.0.0:22", Detail: "the SSH server listens on its default port", Evidence: checks.Running})
	})
	declared := result("listeners.declared", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/8080", Detail: "undeclared", Evidence: checks.Running})
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/9100", Detail: "undeclared", Severity: checks.SeverityLow, Evidence: checks.Running})
	})
	words := result("password.dictionary", func(r *checks.Recorder) {
		r.Gap(checks.Gap{Reason: checks.ReasonBudget, Detail: "11 accounts have words left to try"})
		r.Fact("progress", "in_progress")
	})
	empty := result("password.empty", func(r *checks.Recorder) {
		for _, name := range privateNames {
			r.Finding(weak(name, "nullok"))
		}
	})
	return report(
		words,
		waive(empty, privateNames[0], checks.WaiverNote{Reason: checks.Clean("the account " + privateNames[0] + " is a honeypot")}),
		waive(port, "", checks.WaiverNote{Reason: "the firewall lets only the bastion in", Expires: "2027-01-31"}),
		waive(declared, "tcp/8080", checks.WaiverNote{Reason: "moved in spring", Expires: "2027-04-01"}),
	)
}

// fixtureNamed returns one fixture's report.
func fixtureNamed(t *testing.T, name string) *checks.Report {
	t.Helper()
	for _, f := range fixtures {
		if f.name == name {
			return f.report()
		}
	}
	t.Fatalf("no fixture %q", name)
	return nil
}

// policyHost is a host whose configuration has every effect it can have.
func policyHost() *checks.Report {
	firewall := &checks.WaiverNote{Reason: "the firewall lets only the bastion in", Owner: "network team", Expires: "2027-01-31"}
	over := &checks.WaiverNote{Reason: "until the new web server is there", Owner: "web team", Expires: "2026-10-31"}
	port := result("ssh.port", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd on 0.0.0.0:22", Detail: "the SSH server listens on its default port", Evidence: checks.Running})
	})
	port.Findings[0].Waiver, port.Waived = firewall, true
	declared := result("listeners.declared", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/8080", Detail: "undeclared", Evidence: checks.Running})
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/9100", Detail: "undeclared", Evidence: checks.Running})
	})
	declared.Findings[0].Expired, declared.Findings[1].Known = over, true
	root := result("mysql.root-password", func(r *checks.Recorder) {
		r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "mysqld_multi", Detail: "its options are not evaluated", Location: checks.At("/etc/mysql/my.cnf", 3)})
	})
	root.Gaps[0].Waiver, root.Waived = firewall, true
	bind := result("mysql.bind", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "outside", Subject: "mariadbd on [::]:3306", Detail: "listens on every address", Evidence: checks.Running})
	})
	bind.Ungated = true
	weakOnes := result("password.dictionary", func(r *checks.Recorder) {
		r.Finding(weak(privateNames[0], "listed"))
		r.Finding(weak(privateNames[1], "listed"))
	})
	weakOnes.Findings[0].Expired = &checks.WaiverNote{Reason: checks.Clean(privateNames[0] + " is a honeypot"), Owner: checks.Text(privateNames[0]), Expires: "2026-11-01"}
	r := report(weakOnes, port, root, bind, declared, passing("accounts.uid0", "root is the only account with UID 0"))
	r.Policy = &checks.PolicyInfo{
		Digest: "sha256:0011223344556677", Profile: "fleet", Roles: []string{"db", "web"}, Catalogue: 3, Baseline: true,
		Notes: []checks.PolicyNote{
			{Kind: "check-not-gated", Check: "mysql.bind", Detail: "is younger than catalogue 3"},
			{Kind: "waiver-expired", Check: "listeners.declared", Detail: "expired on 2026-10-31", Location: checks.At("/etc/hostaudit/hostaudit.toml", 12)},
			{Kind: "waiver-expiring", Check: "ssh.port", Detail: "expires on 2026-11-30", Location: checks.At("/etc/hostaudit/conf.d/10-web.toml", 3)},
			{Kind: "waiver-unused", Check: "ftp.port", Detail: "covers nothing", Location: checks.At("/etc/hostaudit/conf.d/10-web.toml", 9)},
			{Kind: "waivers-on-one-day", Detail: "21 waivers expire on 2027-01-31"},
		},
	}
	return r
}
