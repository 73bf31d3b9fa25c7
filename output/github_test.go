package output

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// runnerCommand is a workflow command as the runner understands it.
type runnerCommand struct {
	name, data string
	properties map[string]string
}

// runner reads a log as the runner of GitHub Actions does (ActionCommand.cs): a line
// that begins with "::" is a command if it knows the name; in any other it looks for
// "##[" anywhere.
func runner(t testing.TB, log string) []runnerCommand {
	t.Helper()
	var out []runnerCommand
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "\r") {
			t.Errorf("a carriage return in %q", line)
		}
		if strings.Contains(line, "##[") {
			t.Errorf("a command of the old form in %q", line)
		}
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "::")
		if !ok {
			t.Errorf("%q is no command", line)
			continue
		}
		info, data, ok := strings.Cut(rest, "::")
		if !ok {
			t.Errorf("%q has no end of its properties", line)
			continue
		}
		name, list, _ := strings.Cut(info, " ")
		c := runnerCommand{name: name, data: runnerUnescape(data, "%0D", "\r", "%0A", "\n", "%25", "%"), properties: map[string]string{}}
		for pair := range strings.SplitSeq(strings.TrimSpace(list), ",") {
			key, value, _ := strings.Cut(pair, "=")
			if value = strings.TrimLeft(value, "="); key != "" && value != "" {
				c.properties[key] = runnerUnescape(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
			}
		}
		out = append(out, c)
	}
	return out
}

// runnerUnescape replaces one after the other, as the runner does.
func runnerUnescape(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

func TestGitHubLimits(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			commands := runner(t, string(printed(t, "github", r)))
			counts := map[string]int{}
			for i, c := range commands {
				counts[c.name]++
				if !slices.Contains(githubLevels, c.name) || counts[c.name] > 10 || c.data == "" || c.properties["title"] == "" {
					t.Errorf("command %d: %+v", i, c)
				}
			}
			if last := commands[len(commands)-1]; last.name != "notice" || !strings.HasPrefix(last.data, count(r.Checks).sentence()) {
				t.Errorf("the last command is %+v", last)
			}
			if !slices.IsSortedFunc(commands, func(a, b runnerCommand) int {
				return slices.Index(githubLevels, a.name) - slices.Index(githubLevels, b.name)
			}) {
				t.Error("not the worst first")
			}
		})
	}
}

// Of many findings the worst are shown, of every check some, and the rest is counted.
func TestGitHubChoice(t *testing.T) {
	commands := runner(t, string(printed(t, "github", badHost())))
	var titles []string
	for _, c := range commands {
		titles = append(titles, c.name+" "+c.properties["title"])
	}
	for _, want := range []string{
		"error mysql.root-password (critical)", "error ssh.root-login (high)", "warning ssh.root-login (medium)", "warning ssh.port (medium)",
		"warning accounts.uid0 (not checked)", "notice mysql.bind (low)", "notice password.dictionary (not all of it checked)",
	} {
		if !slices.Contains(titles, want) {
			t.Errorf("%s is not shown", want)
		}
	}
	if last := commands[len(commands)-1].data; !strings.Contains(last, "Not shown here: 39 warnings;") {
		t.Errorf("the last line is %q", last)
	}
	r := report(result("ssh.root-login", func(rec *checks.Recorder) {
		for s := checks.SeverityLow; s <= checks.SeverityCritical; s++ {
			for i := range 12 {
				rec.Finding(checks.Finding{Kind: "key", Subject: checks.Text(fmt.Sprint("account", i)), Severity: s, Evidence: checks.Configured})
			}
		}
	}))
	commands = runner(t, string(printed(t, "github", r)))
	if got := len(commands); got != 30 {
		t.Errorf("%d commands", got)
	}
	for i, c := range commands[:10] {
		if c.properties["title"] != "ssh.root-login (critical)" {
			t.Errorf("error %d is %v", i, c.properties)
		}
	}
	if last := commands[29].data; !strings.Contains(last, "Not shown here: 14 errors, 2 warnings, 3 notices;") {
		t.Errorf("the last line is %q", last)
	}
}

// What decides nothing is no error and no warning; what is waived is not shown.
func TestGitHubPolicy(t *testing.T) {
	commands := runner(t, string(printed(t, "github", policyHost())))
	about := func(text string) string {
		at := slices.IndexFunc(commands, func(c runnerCommand) bool { return strings.Contains(c.data, text) })
		if at < 0 {
			return ""
		}
		return commands[at].name
	}
	got := map[string]string{}
	for _, text := range []string{"sshd on 0.0.0.0:22", "mysqld_multi", "tcp/9100: undeclared.\nKnown", "mariadbd on [::]:3306", "tcp/8080: undeclared.\nThe waiver for it expired on 2026-10-31", "A waiver covers nothing: ftp.port"} {
		got[text] = about(text)
	}
	want := map[string]string{
		"sshd on 0.0.0.0:22": "", "mysqld_multi": "", "tcp/9100: undeclared.\nKnown": "notice", "mariadbd on [::]:3306": "notice",
		"tcp/8080: undeclared.\nThe waiver for it expired on 2026-10-31": "warning", "A waiver covers nothing: ftp.port": "notice",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A gap warns beside findings that are all known, as it does alone.
func TestGitHubGapBesideKnown(t *testing.T) {
	res := result("ssh.root-login", func(rec *checks.Recorder) {
		rec.Finding(checks.Finding{Kind: "x", Subject: "s", Detail: "d", Evidence: checks.Configured})
		rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: "/etc/ssh", Detail: "it cannot be read"})
	})
	res.Findings[0].Known = true
	var titles []string
	for _, c := range runner(t, string(printed(t, "github", report(res)))) {
		titles = append(titles, c.name+" "+c.properties["title"])
	}
	if !slices.Contains(titles, "warning ssh.root-login (not all of it checked)") {
		t.Errorf("no warning in %q", titles)
	}
}

func TestGitHubWhole(t *testing.T) {
	for name, want := range map[string]string{"unknown": "The audit was interrupted", "empty": "Nothing was established"} {
		commands := runner(t, string(printed(t, "github", fixtureNamed(t, name))))
		if commands[0].name != "warning" || !strings.HasPrefix(commands[0].data, want) {
			t.Errorf("%s begins with %+v", name, commands[0])
		}
	}
	for mode, want := range map[string]string{"live": "/tree/etc/ssh/sshd_config", "root": "/tree/etc/ssh/sshd_config", "image": "/etc/ssh/sshd_config"} {
		r := imageReport()
		r.Target.Mode, r.Target.Path = mode, "/tree"
		commands := runner(t, string(printed(t, "github", r)))
		if got := commands[0].properties; got["file"] != want || got["line"] != "" {
			t.Errorf("%s: properties %v", mode, got)
		}
	}
}

func TestGitHubHostile(t *testing.T) {
	r := hostileHost()
	commands := runner(t, string(printed(t, "github", r)))
	var said []string
	for _, f := range ciFindings(r) {
		said = append(said, f.says())
	}
	for i, c := range commands[:10] {
		text, _, _ := strings.Cut(c.data, "\n")
		if !slices.Contains(said, text) || !strings.HasPrefix(c.properties["file"], path.Join("/", string(r.Target.Path), "etc")) || c.properties["line"] != "7" || len(c.properties) != 3 {
			t.Errorf("command %d: %+v", i, c)
		}
	}
}

// No text of a host, and none of a report that was not escaped, makes a command, a
// property or a line of its own, and none is changed but for what githubOld says.
func FuzzGitHub(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "/etc/"+s, s, 3)
	}
	f.Add("::error::x", "/a,line=7,title=x::y", "%0A::set-env name=x::y", 0)
	f.Add("##[add-path]/x", "###[x]", "\n::stop-commands::x\n", -1)
	f.Add("%25%0A%3A%2C", "/=x", " x ", 1)
	f.Fuzz(func(t *testing.T, subject, file, root string, line int) {
		for _, clean := range []func(string) checks.Text{checks.Clean, func(s string) checks.Text { return checks.Text(s) }} {
			r := report(passing("ssh.port", "x"))
			r.Target.Mode, r.Target.Path = "root", clean(root)
			r.Checks[0].Status = checks.StatusFail
			r.Checks[0].Findings = []checks.Finding{{
				Kind: "x", Subject: clean(subject), Detail: clean(subject), Severity: checks.SeverityHigh, Location: checks.Location{File: clean(file), Line: line},
			}}
			commands := runner(t, string(printed(t, "github", r)))
			if len(commands) != 2 || commands[0].name != "error" || commands[1].name != "notice" {
				t.Fatalf("commands %+v", commands)
			}
			want := map[string]string{"title": "ssh.port (high)"}
			if below := ciPath(shown(clean(file))); below != "" {
				want["file"] = githubOld(path.Join("/", shown(clean(root)), below))
				if line > 0 {
					want["line"] = fmt.Sprint(line)
				}
			}
			if diff := cmp.Diff(want, commands[0].properties); diff != "" {
				t.Error(diff)
			}
			if text := ciFindings(r)[0].says() + "\nExpected: "; !strings.HasPrefix(commands[0].data, githubOld(text)) {
				t.Errorf("%q is not the beginning of %q", text, commands[0].data)
			}
		}
	})
}
