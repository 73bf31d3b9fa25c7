package unitfile

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse: what is kept has a section, a key and its line, lines ascend, and a
// file written anew from it says the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"[Unit]\nA=1\\\n# x\n2\n[Service]\nExecStart=/bin/x \"a b\" %i $A\n", "\ufeff[A]\r\nB=1\r\r\n\x00C=2", "[A\n", "x=1\n[A]\nfoo\n=y\n\\\n", "[A]\nB=\\\\\\\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		if file == nil {
			t.Fatal("no file")
		}
		var b strings.Builder
		last, section := 0, ""
		for _, a := range file.Assignments {
			if a.Section == "" || a.Key == "" || a.Line < last || a.Line == 0 || !utf8.ValidString(a.Value) {
				t.Fatalf("assignment %+v", a)
			}
			last = a.Line
			if a.Section != section {
				section = a.Section
				b.WriteString("[" + section + "]\n")
			}
			b.WriteString(a.Key + "=" + a.Value + "\n")
		}
		// What was joined from continued lines, or ends in a backslash and a blank,
		// cannot be written on one line.
		if err != nil || strings.Contains(string(data), `\`) {
			return
		}
		again, err := Parse("f", []byte(b.String()))
		if err != nil || len(again.Assignments) != len(file.Assignments) {
			t.Fatalf("%d assignments, written anew %d: %v", len(file.Assignments), len(again.Assignments), err)
		}
		for i, a := range again.Assignments {
			a.Line = file.Assignments[i].Line
			if a != file.Assignments[i] {
				t.Fatalf("%+v, written anew %+v", file.Assignments[i], a)
			}
		}
	})
}

// FuzzWords: no word is longer than the value and taking words one by one ends.
func FuzzWords(f *testing.F) {
	for _, seed := range []string{`a 'b c' "d\"e" \x41 \u00e4 \U0001F600`, `\`, `'`, `a\`, `''`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		words, err := Words(value)
		if err != nil {
			if words != nil {
				t.Fatal("words with an error")
			}
			return
		}
		total := 0
		for _, w := range words {
			total += len(w)
		}
		if total > len(value) || len(words) > len(value) {
			t.Fatalf("%d bytes in %d words of %d bytes", total, len(words), len(value))
		}
		if !strings.ContainsAny(value, `'"\`) && strings.Join(words, " ") != strings.Join(Fields(value), " ") {
			t.Fatalf("%q differs from %q", words, Fields(value))
		}
	})
}

// FuzzParseEnv: names are names, values hold no more than the file.
func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=1\nB='x\ny'\nC=\"a\\\"b\"\n", "# x\\\nA=1", "A=\\", "A='", "\ufeffA==\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for _, v := range ParseEnv(data) {
			if !validVariable(v.Name) || !utf8.ValidString(v.Value) {
				t.Fatalf("variable %q", v.Name)
			}
			total += len(v.Name) + len(v.Value) + 1
		}
		if total > len(data) {
			t.Fatalf("%d bytes of %d", total, len(data))
		}
	})
}

// FuzzPreset: every rule has its line, and a pattern without wildcards matches
// its own text alone.
func FuzzPreset(f *testing.F) {
	f.Add([]byte("enable a.service\ndisable [!a-c]*?.socket\nenable t@.service one two\n"), "t@one.service")
	f.Add([]byte("disable [\nenable ]\nenable [a"), "[")
	f.Add([]byte("disable "+strings.Repeat("*a", 50)), strings.Repeat("a", 200))
	f.Fuzz(func(t *testing.T, data []byte, unit string) {
		rules, _ := ParsePreset(data)
		last := 0
		for _, r := range rules {
			if r.Line <= last || r.Pattern == "" {
				t.Fatalf("rule %+v", r)
			}
			last = r.Line
			if !strings.ContainsAny(r.Pattern, "*?[") && fnmatch(r.Pattern, unit) != (r.Pattern == unit) {
				t.Fatalf("%q and %q", r.Pattern, unit)
			}
		}
		enable, instances := Preset(rules, unit)
		if len(rules) == 0 && (!enable || instances != nil) {
			t.Fatal("no rule disables")
		}
	})
}
