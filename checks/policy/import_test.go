package policy

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImport(t *testing.T) {
	text := "8080\nabove any section\n" +
		"  [PORTS] \r\n443\n 3306\t\n443\n\n# mail\n0443\n70000\n0\n-1\n" +
		"[FILES]\n/etc/my.cnf\n/etc/a\tb\xff\nrelative\n/etc/my.cnf\n" +
		"[PASSWORDS]\npandora\n#1 word\nP4nd0r4\npandora\n[x]\n\xe9t\xe9\n" +
		"[PORTS]\n25\n[passwords]\nhunter2\n4711\n[FILES]\n[Passwords]\n/r00t\n[PORTS]\n26\n"
	got, warnings, err := Import([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var p Policy
	if err := p.Parse("/i.toml", got, known); err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	var ports []Ports
	for _, d := range p.Listeners.Declare {
		ports = append(ports, d.Port)
		if d.Protocol != "tcp" || d.Reason == "" || d.Program != "" {
			t.Errorf("declared %+v", d)
		}
	}
	if diff := cmp.Diff([]Ports{{443, 443}, {3306, 3306}, {25, 25}, {26, 26}}, ports); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if bytes.Contains(got, []byte("r00t")) || bytes.Contains(got, []byte("4711")) {
		t.Errorf("words of a misspelt section are in\n%s", got)
	}
	for _, line := range []string{"#   /etc/my.cnf", `#   /etc/a\tb\xff`, `# list = "/etc/hostaudit/passwords"`, "[passwords]"} {
		if !slices.Contains(strings.Split(string(got), "\n"), line) {
			t.Errorf("%s is not in\n%s", line, got)
		}
	}
	wantWarnings := []string{
		"line 8: is no port from 1 to 65535, and permits nothing",
		"line 9: is no port from 1 to 65535, and permits nothing",
		"line 10: is no port from 1 to 65535, and permits nothing",
		"line 11: is no port from 1 to 65535, and permits nothing",
		"line 12: is no port from 1 to 65535, and permits nothing",
		"line 16: is no absolute path, and is left out",
		"line 27: is no section the plugin knows; what follows, which the plugin still reads as [PORTS], is left out",
		"line 31: is no section the plugin knows; what follows, which the plugin still reads as [FILES], is left out",
		"5 words of [PASSWORDS] belong in a list of their own, readable by root alone: see [passwords] in the result",
		"[FILES] has no setting yet: the files are kept as comments",
		"4 ports are declared for any program that listens there, as the plugin had it: name program or unit",
	}
	if diff := cmp.Diff(wantWarnings, warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("pandora\n#1 word\nP4nd0r4\n[x]\n\xe9t\xe9\n", string(ImportWords([]byte(text)))); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
}

func TestImportOfLittle(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "a-word-list": "123456\npassword\n", "other-case": "[ports]\n22\n"} {
		t.Run(name, func(t *testing.T) {
			got, _, err := Import([]byte(text))
			if !errors.Is(err, ErrNotPlugin) || got != nil || ImportWords([]byte(text)) != nil {
				t.Errorf("error %v and %q, want none of the plugin's", err, got)
			}
		})
	}
	if _, _, err := Import(make([]byte, maxImport+1)); err == nil {
		t.Error("a text without end is read")
	}
	got, warnings, err := Import([]byte("[PASSWORDS]\n" + strings.Repeat("x", maxImportWord+1) + "\n"))
	if err != nil || len(warnings) != 1 || strings.Contains(string(got), "[passwords]") || ImportWords([]byte("[PORTS]\n1\n")) != nil {
		t.Errorf("a word that is too long: %v, %v\n%s", err, warnings, got)
	}
}

// A misspelt section makes ports or files of words, and neither result may show them.
func TestImportShowsNoMisplacedWord(t *testing.T) {
	for _, section := range []string{"PORTS", "FILES"} {
		got, warnings, err := Import([]byte("[" + section + "]\n[PASSWORD]\nsesame\n[sesame]\n"))
		if err != nil {
			t.Fatal(err)
		}
		if all := string(got) + strings.Join(warnings, "\n"); strings.Contains(all, "sesame") {
			t.Errorf("%s: shown:\n%s", section, all)
		}
	}
}

// What is made is understood, has as many declarations as there are ports, and is the
// same whatever the words are.
func FuzzImport(f *testing.F) {
	f.Add([]byte("[PORTS]\n443\n[FILES]\n/etc/x\n[PASSWORDS]\npandora\n"))
	f.Add([]byte("[FILES]\n/a\r\"\"\"\n/\xe2\x80\xae\n[PORTS]\n 1 \n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, warnings, err := Import(text)
		if err != nil {
			if got != nil || warnings != nil {
				t.Error("an error and a result")
			}
			return
		}
		var p Policy
		if err := p.Parse("/i.toml", got, known); err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		if n := strings.Count(string(got), "[[listeners.declare]]\n"); n != len(p.Listeners.Declare) && !bytes.Contains(text, []byte("[[")) {
			t.Errorf("%d declarations of %d", len(p.Listeners.Declare), n)
		}
		if p.Passwords != (Passwords{}) || p.Waive != nil || p.Only != nil || p.FailOn != "" {
			t.Errorf("more than ports was set: %+v", p)
		}
		one, more, err1 := Import(append(slices.Clone(text), "\n[PASSWORDS]\nSwordfish-1\n"...))
		two, others, err2 := Import(append(slices.Clone(text), "\n[PASSWORDS]\nSwordfish-2\n"...))
		if err1 != nil || err2 != nil {
			return // too large
		}
		if !bytes.Equal(one, two) || !slices.Equal(more, others) {
			if !bytes.Contains(text, []byte("Swordfish")) {
				t.Error("the result depends on a word")
			}
		}
	})
}
