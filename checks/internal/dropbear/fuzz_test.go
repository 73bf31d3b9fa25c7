package dropbear

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// checkOptions: what is refused says nothing, what is not binds something, and no
// sentence repeats what the host's files say.
func checkOptions(t *testing.T, o Options, out Outcome, told string) {
	t.Helper()
	switch {
	case out.Kind == Refused && (o.Listens != nil || o.NoRoot || o.Since.Known()):
		t.Fatalf("options of a refused line: %+v", o)
	case out.Kind != Refused && (len(o.Listens) == 0) != (o.Inetd || o.Child):
		t.Fatalf("binds %v with %+v", o.Listens, o)
	case (out.Kind == Accepted) != (out.Why == ""):
		t.Fatalf("outcome %+v", out)
	case len(o.Listens) > 10:
		t.Fatalf("%d addresses", len(o.Listens))
	}
	for _, l := range o.Listens {
		if l.Addr.IsValid() && (l.Host == "" || l.Addr.Is4In6()) {
			t.Fatalf("listen %+v", l)
		}
		if !strings.Contains(told, l.Host) || !strings.Contains(told, l.Interface) {
			t.Fatalf("listen %+v is not told", l)
		}
	}
	if o.RootPassword() && (o.NoRoot || o.NoPasswords) || o.RootKey() && o.NoRoot || o.RootBoth() && o.RootKey() {
		t.Fatalf("root gets in with %+v", o)
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("-F\n-p\n22\n-wgs", uint16(2022), uint8(83))
	f.Add("-EFp[::1]:22\n-l\neth0", uint16(0), uint8(0))
	f.Add("-p2222\n-Fw\nx", uint16(2014), uint8(65))
	f.Add("-T\n0\n-D\n~/.ssh\n-i\n-2\n9", uint16(2026), uint8(94))
	f.Add("-p\n0x7f.1:65558\n-p\n[::ffff:1.2.3.4]:1", uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, joined string, year uint16, release uint8) {
		args := strings.Split(joined, "\n")
		v := Version{int(year), int(release)}
		o, out := ParseArgsOf(v, args)
		checkOptions(t, o, out, joined)
		if v.Before(o.Since) {
			t.Fatalf("%v takes options of %v", v, o.Since)
		}
		if out.Line != 0 {
			t.Fatal("a line in a command line")
		}
		// A flag that only narrows, put first, narrows and changes nothing else.
		if out.Kind == Accepted {
			narrow, same := ParseArgsOf(v, slices.Insert(slices.Clone(args), 0, "-w"))
			if same != out || !narrow.NoRoot || narrow.RootKey() || len(narrow.Listens) != len(o.Listens) {
				t.Fatalf("with -w: %+v %+v", narrow, same)
			}
		}
	})
}

func FuzzDebianDefault(f *testing.F) {
	f.Add([]byte("DROPBEAR_PORT=22\nDROPBEAR_EXTRA_ARGS=\"-w -s\"\nexport X='a b'; Y=$(z) # c\nif x; then\n"), true)
	f.Add([]byte("NO_START=1\nDROPBEAR_BANNER=/x\nA=\"b\\\nc\" D=`e` F=${G:=h}\\"), true)
	f.Add([]byte("DROPBEAR_OPTS='-p 1:2'\nA=\"$(x 'y')\" B=~/c"), false)
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		lines := bytes.Count(data, []byte("\n")) + 1
		assignments, others := ParseShell(data)
		last := 1
		for _, a := range assignments {
			if a.Line < last || a.Line > lines || !validName(a.Name) || !a.Plain && a.Value != "" || len(a.Value) > len(data) {
				t.Fatalf("assignment %+v after line %d of %d", a, last, lines)
			}
			last = a.Line
		}
		if !slices.IsSorted(others) || len(others) > 0 && (others[0] < 1 || others[len(others)-1] > lines) {
			t.Fatalf("other statements at %v of %d", others, lines)
		}
		var script []byte
		if old {
			script = []byte(bullseye)
		}
		for _, s := range []Service{ParseDebianDefault(data, script), ParseConfD(data)} {
			if len(others) > 0 && s.Outcome.Kind != Unsure || s.Outcome.Kind == Refused || s.Outcome.Line > lines {
				t.Fatalf("outcome %+v with other statements at %v", s.Outcome, others)
			}
			o, out := s.Options(Version{2022, 83})
			for _, l := range o.Listens {
				if l.Line > lines {
					t.Fatalf("listen %+v of %d lines", l, lines)
				}
			}
			if s.Outcome.Kind == Accepted {
				var told []string
				for _, w := range s.Args {
					told = append(told, w.Text)
				}
				checkOptions(t, o, out, strings.Join(told, "\n"))
			} else if out.Kind != Unsure {
				t.Fatalf("%+v of a file with %+v", out, s.Outcome)
			}
		}
	})
}

func FuzzParseUCI(f *testing.F) {
	f.Add([]byte("config dropbear main\n\toption Port '22'\n\tlist keyfile \"/a\\\"\"\n\toption Interface lan\n"), true)
	f.Add([]byte("c dropbear\no enable OFF;\nl Port 1\nl Port 2\npackage x\n#\noption a 'b\nc' d"), false)
	f.Add([]byte("config dropbear a\nconfig dropbear a\n option RootLogin 0\n option RootLogin ''\nbad\\\n x"), true)
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		lines := bytes.Count(data, []byte("\n")) + 1
		sections, bad := ParseUCI(data)
		last := 0
		dropbears := 0
		for _, s := range sections {
			if s.Line <= last || s.Line > lines || s.Type == "" {
				t.Fatalf("section %+v after line %d of %d", s, last, lines)
			}
			last = s.Line
			if s.Type == "dropbear" {
				dropbears++
			}
			names := map[string]bool{}
			for _, o := range s.Options {
				if names[o.Name] || !uciName(o.Name) || len(o.Values) == 0 || slices.Contains(o.Values, "") || o.Line <= s.Line || o.Line > lines {
					t.Fatalf("option %+v of line %d", o, s.Line)
				}
				names[o.Name] = true
			}
		}
		last = 0
		for _, b := range bad {
			if b.Line <= last || b.Line > lines || b.Problem == "" {
				t.Fatalf("bad line %+v after %d of %d", b, last, lines)
			}
			last = b.Line
		}
		var script []byte
		if old {
			script = []byte(openWrt19)
		}
		instances := ParseOpenWrt(data, script)
		if len(instances) != dropbears {
			t.Fatalf("%d instances of %d sections", len(instances), dropbears)
		}
		for _, i := range instances {
			if i.Name == "" || len(bad) > 0 && i.Outcome.Kind != Unsure || old && (i.Options.NoLocalForward || i.Options.ForcedCommand) {
				t.Fatalf("instance %+v", i)
			}
			if i.Outcome.Kind == Accepted && len(i.Options.Listens) == 0 {
				t.Fatalf("instance %+v binds nothing", i)
			}
			for _, l := range i.Options.Listens {
				if l.Host != "" || l.Addr.IsValid() || l.Line > lines {
					t.Fatalf("listen %+v", l)
				}
			}
		}
	})
}
