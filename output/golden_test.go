package output

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing")

// golden compares got with testdata/golden/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test ./output -update)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// rendered is the output of one printer.
func rendered(t *testing.T, print func(io.Writer) error) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := print(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// print renders r in a format with its zero options.
func printed(t *testing.T, format string, r *checks.Report) []byte {
	t.Helper()
	f, err := Lookup(format)
	if err != nil {
		t.Fatal(err)
	}
	return rendered(t, func(w io.Writer) error { return f.Print(w, r, Options{}) })
}

func TestGolden(t *testing.T) {
	for _, f := range fixtures {
		for _, format := range Formats() {
			t.Run(f.name+"-"+format.Name, func(t *testing.T) {
				golden(t, f.name+"."+format.Extension, printed(t, format.Name, f.report()))
			})
		}
	}
	variants := []struct {
		file, fixture string
		print         func(io.Writer, *checks.Report) error
	}{
		{"bad.verbose.txt", "bad", func(w io.Writer, r *checks.Report) error {
			return Text(w, r, TextOptions{Width: 100, Verbose: true, Timings: true})
		}},
		{"clean.verbose.txt", "clean", func(w io.Writer, r *checks.Report) error {
			return Text(w, r, TextOptions{Verbose: true})
		}},
		{"bad.narrow.txt", "bad", func(w io.Writer, r *checks.Report) error { return Text(w, r, TextOptions{Width: 1}) }},
		{"bad.color.txt", "bad", func(w io.Writer, r *checks.Report) error { return Text(w, r, TextOptions{Color: true}) }},
		{"bad.count.json", "bad", func(w io.Writer, r *checks.Report) error { return JSON(w, Redact(r)) }},
		{"bad.count.txt", "bad", func(w io.Writer, r *checks.Report) error { return Text(w, Redact(r), TextOptions{}) }},
		{"waived.count.json", "waived", func(w io.Writer, r *checks.Report) error { return JSON(w, Redact(r)) }},
		{"bad.families.xml", "bad", func(w io.Writer, r *checks.Report) error {
			return Pandora(w, r, PandoraOptions{Modules: "families", ModuleInterval: 72, AlarmLow: true})
		}},
		{"bad.summary.xml", "bad", func(w io.Writer, r *checks.Report) error {
			return Pandora(w, r, PandoraOptions{Modules: "summary", Policy: "sha256:0011223344556677"})
		}},
		{"bad.legacy.xml", "bad", func(w io.Writer, r *checks.Report) error {
			return Pandora(w, r, PandoraOptions{Names: "legacy", Full: true})
		}},
	}
	for _, v := range variants {
		t.Run(v.file, func(t *testing.T) {
			golden(t, v.file, rendered(t, func(w io.Writer) error { return v.print(w, fixtureNamed(t, v.fixture)) }))
		})
	}
}

// pieces counts the calls of Write.
type pieces struct {
	bytes.Buffer
	calls int
	fail  error
	short bool
}

func (p *pieces) Write(b []byte) (int, error) {
	p.calls++
	if p.short {
		return len(b) / 2, nil
	}
	n, _ := p.Buffer.Write(b)
	return n, p.fail
}

// A printer writes once, does not change what it prints, says the same twice, and
// does not hide that writing failed.
func TestPrintersWriteOnce(t *testing.T) {
	broken := errors.New("pipe is gone")
	for _, f := range fixtures {
		for _, format := range Formats() {
			t.Run(f.name+"-"+format.Name, func(t *testing.T) {
				r, untouched := f.report(), f.report()
				var first, second pieces
				if err := format.Print(&first, r, Options{}); err != nil {
					t.Fatal(err)
				}
				if err := format.Print(&second, r, Options{}); err != nil {
					t.Fatal(err)
				}
				if first.calls != 1 {
					t.Errorf("%d calls of Write", first.calls)
				}
				if !bytes.Equal(first.Bytes(), second.Bytes()) {
					t.Error("the second output differs from the first")
				}
				if !bytes.HasSuffix(first.Bytes(), []byte("\n")) {
					t.Error("the output does not end a line")
				}
				if diff := cmp.Diff(untouched, r); diff != "" {
					t.Errorf("the printer changed the report:\n%s", diff)
				}
				if err := format.Print(&pieces{fail: broken}, r, Options{}); !errors.Is(err, broken) {
					t.Errorf("error %v", err)
				}
				if err := format.Print(&pieces{short: true}, r, Options{}); !errors.Is(err, io.ErrShortWrite) {
					t.Errorf("error %v for a short write", err)
				}
			})
		}
	}
}

func TestFormats(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Formats() {
		if f.Name == "" || f.Help == "" || f.Extension == "" || f.Print == nil || seen[f.Name] {
			t.Errorf("format %+v is incomplete or there twice", f.Name)
		}
		seen[f.Name] = true
	}
	for _, name := range []string{"text", "json", "pandora"} {
		if f, err := Lookup(name); err != nil || f.Name != name {
			t.Errorf("Lookup(%q) = %q, %v", name, f.Name, err)
		}
	}
	if _, err := Lookup("xml"); err == nil {
		t.Error(`Lookup("xml") finds something`)
	}
}
