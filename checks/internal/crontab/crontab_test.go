package crontab

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSystem(t *testing.T) {
	const text = `# /etc/crontab
SHELL=/bin/sh
PATH = /usr/local/sbin:/usr/bin
MAILTO=""

17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
25 6	* * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
@reboot  backup  PW='a b' /opt/backup/run --password=secret
  */5,7 0-23/2 1 JAN-mar sun www-data "/opt/my prog"
0 0 31 12 7 root /bin/date +\%F % input
`
	want := []Entry{
		{6, "17 * * * *", "root", "run-parts"},
		{7, "25 6 * * *", "root", "test"},
		{8, "@reboot", "backup", "/opt/backup/run"},
		{9, "*/5,7 0-23/2 1 JAN-mar sun", "www-data", ""},
		{10, "0 0 31 12 7", "root", "/bin/date"},
	}
	for _, dialect := range []Dialect{Vixie, Cronie} {
		got, bad := Parse([]byte(text), dialect, true)
		if diff := cmp.Diff(want, got); diff != "" || len(bad) > 0 {
			t.Errorf("dialect %d: %s, bad %v", dialect, diff, bad)
		}
	}
}

func TestParseLines(t *testing.T) {
	entry := func(schedule, program string) []Entry { return []Entry{{1, schedule, "", program}} }
	bad := func(problem string) []Bad { return []Bad{{1, problem}} }
	tests := []struct {
		name, text string
		dialect    Dialect
		entries    []Entry
		bad        []Bad
	}{
		{"plain", "0 1 2 3 4 x\n", Vixie, entry("0 1 2 3 4", "x"), nil},
		{"no-newline-vixie", "0 1 2 3 4 x", Vixie, nil, bad("missing newline at the end of the file")},
		{"no-newline-cronie", "0 1 2 3 4 x", Cronie, nil, bad("missing newline at the end of the file")},
		{"no-newline-busybox", "0 1 2 3 4 x", BusyBox, entry("0 1 2 3 4", "x"), nil},
		{"no-newline-comment", "# x", Vixie, nil, nil},
		{"no-newline-assignment-vixie", "A=b", Vixie, nil, bad("missing newline at the end of the file")},
		{"no-newline-assignment-cronie", "A=b", Cronie, nil, nil},
		{"empty-value-vixie", "MAILTO=\n", Vixie, nil, bad("bad minute")},
		{"empty-value-cronie", "MAILTO=\n", Cronie, nil, nil},
		{"quoted-name", "\"A B\" = 'x' \n", Vixie, nil, nil},
		{"quoted-name-with-sign", "\"A=B\" = x\n", Vixie, nil, bad("bad minute")},
		{"value-behind-quotes", "A='x' y\n", Vixie, nil, bad("bad minute")},
		{"open-quote", "A='x\n", Vixie, nil, bad("bad minute")},
		{"signs-in-command", "0 0 * * * a=b\n", Vixie, entry("0 0 * * *", ""), nil},
		{"random", "~ 0~7 * * * x\n", Cronie, entry("~ 0~7 * * *", "x"), nil},
		{"random-step", "0~9/2 * * * * x\n", Cronie, nil, bad("bad minute")},
		{"unlogged-cronie", "-*/5 * * * * x\n", Cronie, entry("*/5 * * * *", "x"), nil},
		{"unlogged-vixie", "-*/5 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"step-of-number", "1/20 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"step-zero", "*/0 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"minute-60", "60 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"hour-24", "0 24 * * * x\n", Vixie, nil, bad("bad hour")},
		{"day-0", "0 0 0 * * x\n", Vixie, nil, bad("bad day of month")},
		{"month-word", "0 0 1 foo * x\n", Vixie, nil, bad("bad month")},
		{"weekday-8", "0 0 1 1 8 x\n", Vixie, nil, bad("bad day of week")},
		{"range-past-end", "5-64/30 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"huge-number", "99999999999999999999 * * * * x\n", Vixie, nil, bad("bad minute")},
		{"unknown-nickname", "@noon x\n", Vixie, nil, bad("unknown @ time")},
		{"nickname-alone", "@daily\n", Vixie, nil, bad("too few fields")},
		{"short-vixie", "0 0 * *\n", Vixie, nil, bad("too few fields")},
		{"short-busybox", "0 0 * *\n", BusyBox, nil, nil},
		{"no-command", "0 0 * * * \n", Vixie, nil, bad("too few fields")},
		{"crlf", "0 0 * * * /bin/x\r\n", Vixie, entry("0 0 * * *", ""), nil},
		{"nul", "0 0 * * * /bin/x\x00y\n", Vixie, entry("0 0 * * *", "/bin/x"), nil},
		{"longest", "0 0 * * * " + strings.Repeat("x", 998) + "\n", Vixie, entry("0 0 * * *", strings.Repeat("x", 998)), nil},
		{"too-long", "0 0 * * * " + strings.Repeat("x", 999) + "\n", Vixie, nil, bad("command too long")},
		{"too-many-lines", strings.Repeat("\n", 10000) + "0 0 * * * x\n", Vixie, nil, []Bad{{10001, "too many lines"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, bad := Parse([]byte(tt.text), tt.dialect, false)
			if diff := cmp.Diff(tt.entries, entries) + cmp.Diff(tt.bad, bad); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTooManyEntries(t *testing.T) {
	text := []byte(strings.Repeat("* * * * * x\n", 10001))
	if entries, bad := Parse(text, Cronie, false); len(entries) != 10000 || len(bad) != 1 || bad[0].Line != 10001 {
		t.Errorf("%d entries, bad %v", len(entries), bad)
	}
	if entries, bad := Parse([]byte(strings.ReplaceAll(string(text), " x", " root x")), Cronie, true); len(entries) != 10001 || len(bad) != 0 {
		t.Errorf("%d entries of a system table, bad %v", len(entries), bad)
	}
}

// TestUserNames: where a user stands a command or a secret may be by mistake.
func TestUserNames(t *testing.T) {
	for line, ok := range map[string]bool{
		"* * * * * root x\n":            true,
		"* * * * * svc-1.a$ x\n":        true,
		"* * * * * DOM\\user x\n":       true,
		"* * * * * user@dom x\n":        true,
		"* * * * * PASSWORD=x y\n":      false,
		"* * * * * /usr/bin/foo -p y\n": false,
		"* * * * * * x\n":               false,
		"* * * * * -p x\n":              false,
	} {
		if entries, bad := Parse([]byte(line), Vixie, true); len(entries) == 1 != ok || len(bad) == 1 == ok {
			t.Errorf("%q: %v, %v", line, entries, bad)
		}
	}
}

func TestProgram(t *testing.T) {
	for command, want := range map[string]string{
		"/usr/bin/x -p secret":                      "/usr/bin/x",
		"A=1 B='x y' C=\"p q\" D=a\\ b prog secret": "prog",
		"PW=\"a b\" prog":                           "prog",
		"PW='it''s' prog":                           "prog",
		"PW=$(cat secret stuff) prog":               "",
		"PW=`cat secret stuff` prog":                "",
		"PW=\"$(cat \"secret stuff\")\" prog":       "",
		"PW=${X:-a b} prog":                         "",
		"PW=$'a\\' b' prog":                         "",
		"PW='a b":                                   "",
		"PW=a;b prog":                               "",
		"PW=secret":                                 "",
		"cd / && run-parts x":                       "run-parts",
		"cd /srv/app; ./manage.py x":                "./manage.py",
		"cd /srv && A=1 go":                         "go",
		"cd \"/a b\" && secret":                     "",
		"cd /a || secret":                           "",
		"cd":                                        "",
		"-n prog":                                   "prog",
		"--password=secret":                         "",
		"-p secret":                                 "",
		"[ -x /a ] && /a":                           "",
		"( x )":                                     "",
		"prog>/dev/null":                            "prog",
		"prog;other":                                "prog",
		"prog%secret":                               "prog",
		"prog\\%x":                                  "",
		"$HOME/bin/x":                               "",
		"~/bin/x":                                   "",
		"curl https://user:pw@host":                 "curl",
		"https://user:pw@host":                      "",
		"caf\xc3\xa9":                               "",
		"":                                          "",
		"g++ x":                                     "g++",
	} {
		if got := Program(command); got != want && !(want == "" && got == "cd") {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}

func TestParseAnacron(t *testing.T) {
	const text = `# anacrontab
SHELL=/bin/sh
START_HOURS_RANGE = 3-22
1	5	cron.daily	nice run-parts --report /etc/cron.daily
@monthly 45 cron.monthly \
  A=b /bin/x secret
7 10 a/b /bin/x
x 1 id /bin/x
1 1 id
`
	entries, bad := ParseAnacron([]byte(text))
	if diff := cmp.Diff([]Entry{{4, "1 cron.daily", "", "nice"}, {5, "@monthly cron.monthly", "", "/bin/x"}}, entries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Bad{{7, "no job of anacron"}, {8, "no job of anacron"}, {9, "no job of anacron"}}, bad); diff != "" {
		t.Error(diff)
	}
}

// TestBadLinesAreBounded: a file of nothing else takes no memory for each.
func TestBadLinesAreBounded(t *testing.T) {
	if _, bad := Parse([]byte(strings.Repeat("a\n", 5000)), Cronie, false); len(bad) != maxBad || bad[0].Line != 1 {
		t.Errorf("%d bad lines", len(bad))
	}
}
