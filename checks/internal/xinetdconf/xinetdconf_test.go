package xinetdconf

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const text = `# comment
defaults
{
	log_type = SYSLOG daemon info
	disabled = time echo
	disabled += x
}

includedir /etc/xinetd.d
service time
  # a comment between
{
	disable		= yes
	disable = no
	type= INTERNAL
}
service after
{
	id = after-stream
	env = PASSWORD=x
	server_args = --first secret
	flags	+= IPv6 REUSE
}
include /etc/more.conf
nonsense
service swallowed
{
}
service alone
service
{
}
service open
{
	port = 1
`
	want := []Item{
		{Defaults, 2, "", []Attribute{{5, "disabled", "=", []string{"time", "echo"}}, {6, "disabled", "+=", []string{"x"}}}},
		{IncludeDir, 9, "/etc/xinetd.d", nil},
		{Service, 17, "after", []Attribute{
			{19, "id", "=", []string{"after-stream"}},
			{21, "server_args", "=", []string{"--first"}},
			{22, "flags", "+=", []string{"IPv6", "REUSE"}},
		}},
		{Include, 24, "/etc/more.conf", nil},
	}
	wantBad := []Bad{
		{15, "no attribute (NAME = VALUE, with a blank before the sign)"},
		{25, "neither service, defaults, include nor includedir"},
		{29, "no { below the name"},
		{35, "no } at the end of the entry"},
	}
	got, bad := Parse([]byte(text))
	if diff := cmp.Diff(want, got) + cmp.Diff(wantBad, bad); diff != "" {
		t.Error(diff)
	}
}

func TestGet(t *testing.T) {
	items, bad := Parse([]byte("service a\n{\nport = 1\nport = 2\n}\n"))
	if len(items) != 1 || len(bad) != 0 {
		t.Fatalf("%v, %v", items, bad)
	}
	if a, ok := items[0].Get("port"); !ok || a.Values[0] != "1" || a.Line != 3 {
		t.Errorf("%+v", a)
	}
	if _, ok := items[0].Get("user"); ok {
		t.Error("an attribute that is not there")
	}
}

// TestTaken: what xinetd passes over changes nothing, and a value it does not know
// turns the entry off.
func TestTaken(t *testing.T) {
	for text, want := range map[string]struct {
		off   bool
		flags []string
		bind  string
	}{
		"disable = yes":                              {off: true},
		"disable = yes # for now":                    {},
		"disable += yes":                             {},
		"disable =":                                  {},
		"disable = no\ndisable = yes":                {},
		"disable = YES":                              {off: true},
		"disable = YES\ndisable = no":                {off: true},
		"wait = nowait":                              {off: true},
		"wait = no\nwait = nowait":                   {},
		"port = ftp":                                 {off: true},
		"flags = REUSE IPv6\nflags = SENSOR":         {flags: []string{"REUSE", "IPv6"}},
		"flags += SENSOR":                            {},
		"interface = 127.0.0.1\nbind = 10.9.9.1":     {bind: "127.0.0.1"},
		"bind = 127.0.0.1 10.9.9.1\nbind = 10.9.9.1": {bind: "10.9.9.1"},
	} {
		items, bad := Parse([]byte("service ftp\n{\n" + text + "\n}\n"))
		if len(items) != 1 || len(bad) != 0 {
			t.Fatalf("%q: %v, %v", text, items, bad)
		}
		flags, _ := items[0].Get("flags")
		bind, _ := items[0].Get("bind")
		if off := items[0].Off(); off != want.off {
			t.Errorf("%q: off is %v", text, off)
		}
		if diff := cmp.Diff(want.flags, flags.Values) + cmp.Diff(want.bind, strings.Join(bind.Values, " ")); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("defaults\n{\nenabled = a\n}\nincludedir /x\nservice a\n{\nport = 1\nserver_args = a b\n}\n"))
	f.Add([]byte("service\n}\nx\x00\n\v\n{\r\n a -= b\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, bad := Parse(data)
		lines := bytes.Count(data, []byte("\n")) + 1
		last := 0
		for _, item := range items {
			if item.Line <= last || item.Line > lines {
				t.Fatalf("line %d after %d of %d", item.Line, last, lines)
			}
			last = item.Line
			if (item.Name == "") != (item.Kind == Defaults) {
				t.Fatalf("name of %+v", item)
			}
			for _, a := range item.Attributes {
				if a.Line <= last || a.Op == "" || strings.ContainsAny(a.Name, blanks+"=") {
					t.Fatalf("attribute %+v", a)
				}
				last = a.Line
				if a.Name == "env" || a.Name == "server_args" && len(a.Values) > 1 {
					t.Fatalf("arguments kept: %+v", a)
				}
			}
		}
		for _, b := range bad {
			if b.Line < 1 || b.Line > lines || b.Problem == "" {
				t.Fatalf("%+v", b)
			}
		}
	})
}

// TestBadLinesAreBounded: a file of nothing else takes no memory for each.
func TestBadLinesAreBounded(t *testing.T) {
	if _, bad := Parse([]byte(strings.Repeat("a\n}\n", 5000))); len(bad) != maxBad || bad[0].Line != 1 {
		t.Errorf("%d bad lines", len(bad))
	}
}
