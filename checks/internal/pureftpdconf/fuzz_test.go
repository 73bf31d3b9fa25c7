package pureftpdconf_test

import (
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/internal/pureftpdconf"
)

// checkOptions: what is refused says nothing, what is accepted binds something, and no
// sentence repeats what the host's files say.
func checkOptions(t *testing.T, o pureftpdconf.Options, out pureftpdconf.Outcome, told string) {
	t.Helper()
	switch {
	case out.Kind == pureftpdconf.Refused && (o.Listens != nil || o.TLS || o.Daemonize):
		t.Fatalf("options of what is refused: %+v", o)
	case out.Kind == pureftpdconf.Accepted && len(o.Listens) == 0, len(o.Listens) > 2:
		t.Fatalf("binds %+v", o.Listens)
	case (out.Kind == pureftpdconf.Accepted) != (out.Why == ""):
		t.Fatalf("outcome %+v", out)
	}
	lines := strings.Count(told, "\n") + 1
	if out.At.Line < 0 || out.At.Line > lines {
		t.Fatalf("outcome %+v of %d lines", out, lines)
	}
	for i, l := range o.Listens {
		switch {
		case !strings.Contains(told, l.Host), l.At.Line < 0, l.At.Line > lines:
			t.Fatalf("listen %+v is not told", l)
		case l.Addr.IsValid() && (l.Addr.Is6() != l.IPv6 || l.Addr.Is4In6()):
			t.Fatalf("listen %+v of the wrong family", l)
		case l.Host == "" && !l.Addr.IsUnspecified(), !l.Addr.IsValid() && out.Kind != pureftpdconf.Unsure:
			t.Fatalf("listen %+v", l)
		case i > 0 && (!l.IPv6 || o.Listens[0].IPv6):
			t.Fatalf("listens %+v", o.Listens)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, c := range cases() {
		if c.conf == nil && c.single == nil {
			f.Add(strings.Join(c.args, "\n"), 50)
		}
	}
	f.Add("-8\nx\ny", 47)
	f.Fuzz(func(t *testing.T, joined string, patch int) {
		args := strings.Split(joined, "\n")
		p := pureftpdconf.Program{Patch: max(patch, 0) % 60, Backend: "none"}
		o, out := pureftpdconf.ParseArgsOf(p, args)
		checkOptions(t, o, out, joined)
		if out.At.Line != 0 || out.At.File != "" {
			t.Fatal("a line in a command line")
		}
		if _, single := pureftpdconf.SingleFile(args); single {
			return
		}
		// What is said of a program of which nothing is known holds for this one.
		if _, any := pureftpdconf.ParseArgs(args); any.Kind != pureftpdconf.Unsure && p.Patch > 0 && out.Kind != any.Kind && out.Kind != pureftpdconf.Unsure {
			t.Fatalf("any program: %+v, %+v: %+v", any, p, out)
		}
		// -4 first takes IPv6 away and nothing else.
		if out.Kind == pureftpdconf.Accepted {
			narrow, same := pureftpdconf.ParseArgsOf(p, slices.Insert(slices.Clone(args), 0, "-4"))
			for _, l := range narrow.Listens {
				if l.IPv6 || !slices.Contains(o.Listens, l) {
					t.Fatalf("with -4: %+v, without: %+v", narrow, o)
				}
			}
			if same.Kind == pureftpdconf.Refused && !o.Listens[0].IPv6 && out.Kind == pureftpdconf.Accepted {
				t.Fatalf("with -4: %+v, without: %+v", same, o)
			}
		}
	})
}

func FuzzParseSingle(f *testing.F) {
	for _, c := range cases() {
		if c.single != nil && len(*c.single) < 1000 {
			f.Add([]byte(*c.single), 50)
		}
	}
	f.Add([]byte("Bind \"22\"\nInclude self\n"), 53)
	f.Fuzz(func(t *testing.T, data []byte, patch int) {
		p := pureftpdconf.Program{Patch: max(patch, 0) % 60, Backend: "none"}
		o, out := pureftpdconf.ParseSingle(p, "f", data, nil)
		checkOptions(t, o, out, string(data))
		if out.At.File != "" && out.At.File != "f" {
			t.Fatalf("outcome %+v", out)
		}
		// A file that includes itself ends, one way or the other.
		self := append(slices.Clone(data), "\nInclude self\nInclude self\n"...)
		_, again := pureftpdconf.ParseSingle(p, "self", self, func(string) ([]byte, bool, error) { return self, true, nil })
		if again.Kind == pureftpdconf.Accepted {
			t.Fatalf("a file that includes itself: %+v", again)
		}
		// A comment and a blank line change nothing but positions.
		same, sameOut := pureftpdconf.ParseSingle(p, "f", append([]byte("# c\n\n"), data...), nil)
		if sameOut.Kind != out.Kind || len(same.Listens) != len(o.Listens) || out.At.Line > 0 && sameOut.At.Line != out.At.Line+2 {
			t.Fatalf("%+v became %+v", out, sameOut)
		}
	})
}

func FuzzParseDebian(f *testing.F) {
	for _, c := range cases() {
		for name, content := range c.conf {
			f.Add(name, []byte(content), "50x", "../conf/PureDB")
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte, link, target string) {
		p := pureftpdconf.Program{Patch: 50, Backend: "none"}
		file := pureftpdconf.DebianFile{Name: name, Data: data}
		d := pureftpdconf.Debian{Conf: []pureftpdconf.DebianFile{file}}
		o, out := pureftpdconf.ParseDebian(p, d)
		checkOptions(t, o, out, string(data))
		if out.At.File != "" && out.At.File != pureftpdconf.DebianConf+"/"+name {
			t.Fatalf("outcome %+v", out)
		}
		// One file that is not read makes nothing sure that was not, and hides no end.
		d.Conf = append(d.Conf, pureftpdconf.DebianFile{Name: "VerboseLog", Unread: true})
		if _, other := pureftpdconf.ParseDebian(p, d); name != "VerboseLog" && (other.Kind == pureftpdconf.Accepted || out.Kind == pureftpdconf.Refused && other.Kind != pureftpdconf.Refused) {
			t.Fatalf("%+v became %+v", out, other)
		}
		// A link of auth that leads nowhere is passed over.
		d.Conf = d.Conf[:1]
		d.Auth = []pureftpdconf.DebianFile{{Name: link, Target: target, Missing: true}}
		if _, same := pureftpdconf.ParseDebian(p, d); same != out {
			t.Fatalf("%+v became %+v", out, same)
		}
		d.Auth[0].Missing, d.Auth[0].Data = false, data
		o, out = pureftpdconf.ParseDebian(p, d)
		checkOptions(t, o, out, string(data))
	})
}
