package output

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hostaudit/checks"
)

// storedReport is a report file that uses every field.
func storedReport(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "report", "full.json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadJSONGivesSameBytes(t *testing.T) {
	read, err := ReadJSON(bytes.NewReader(storedReport(t)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(storedReport(t)), string(printed(t, "json", read))); diff != "" {
		t.Errorf("-file +printed:\n%s", diff)
	}
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			for _, r := range []*checks.Report{f.report(), Redact(f.report())} {
				first := printed(t, "json", r)
				read, err := ReadJSON(bytes.NewReader(first))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(first), string(printed(t, "json", read))); diff != "" {
					t.Errorf("-first +second:\n%s", diff)
				}
				// The other formats see no difference either.
				for _, format := range []string{"text", "pandora"} {
					if diff := cmp.Diff(printed(t, format, r), printed(t, format, read)); diff != "" {
						t.Errorf("%s differs after reading:\n%s", format, diff)
					}
				}
				ignored := cmp.Options{cmpopts.IgnoreFields(checks.Result{}, "Elapsed"), cmpopts.IgnoreFields(checks.RunInfo{}, "Started")}
				if diff := cmp.Diff(clone(r), read, ignored, cmpopts.IgnoreFields(checks.Finding{}, "Key")); diff != "" {
					t.Errorf("-report +read:\n%s", diff)
				}
			}
		})
	}
}

// set returns the stored report with one value replaced, or removed for nil; path
// is like "checks.0.id".
func set(t *testing.T, path string, value any) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(storedReport(t), &root); err != nil {
		t.Fatal(err)
	}
	at := root
	names := strings.Split(path, ".")
	for i, name := range names {
		last := i == len(names)-1
		switch node := at.(type) {
		case map[string]any:
			if last && value == nil {
				if _, ok := node[name]; !ok {
					t.Fatalf("%s is not there", path)
				}
				delete(node, name)
			} else if last {
				node[name] = value
			}
			at = node[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil {
				t.Fatal(err)
			}
			if last {
				node[n] = value
			}
			at = node[n]
		default:
			t.Fatalf("%s leads into a value", path)
		}
	}
	data, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// broken are single changes that no report has. The reader refuses all of them,
// the schema those it can express.
var broken = []struct {
	path   string
	value  any
	schema bool // the schema refuses it as well
	why    string
}{
	{"schema", "hostaudit/2", true, "schema"},
	{"schema", 1, true, "schema"},
	{"tool.name", "a\nb", true, "escaped"},
	{"tool.version", 7, true, "version"},
	{"tool.extra", "x", true, "unknown field"},
	{"extra", "x", true, "unknown field"},
	{"target.mode", "dead", true, "mode"},
	{"target.kind", "boat", true, "kind"},
	{"target.hostname", "a\u202eb", false, "escaped"},
	{"target.path", "\x1b[31m", true, "escaped"},
	{"target.os.id", "a\ufffe", false, "escaped"},
	{"target.os.name", "x", true, "unknown field"},
	{"target.kind_reason", "\u0085", false, "escaped"},
	{"run.started", "yesterday", true, "time"},
	{"run.catalogue", "one", true, "catalogue"},
	{"run.selection.0", "a\x00", true, "escaped"},
	{"run.confinement.0", "a\tb", true, "escaped"},
	{"run.wordlist", "a\x7f", true, "escaped"},
	{"summary.pass", 5, false, "summary"},
	{"summary.worst", "low", false, "summary"},
	{"summary.worst", "terrible", true, "severity"},
	{"summary.fail", -1, false, "summary"},
	{"checks", "none", true, "checks"},
	{"checks.0", "none", true, "checks"},
	{"checks.0.id", "SSH.root", true, "not an ID"},
	{"checks.0.id", "ssh", true, "not an ID"},
	{"checks.0.id", "ssh.root\nlogin", true, "not an ID"},
	{"checks.0.id", "ssh.root<", true, "not an ID"},
	{"checks.0.id", "ssh." + strings.Repeat("a", 100), false, "not an ID"},
	{"checks.0.id", "ssh.port", false, "twice"},
	{"checks.0.family", "ftp", false, "family"},
	{"checks.0.title", "a\u2028b", false, "escaped"},
	{"checks.0.title", strings.Repeat("a", maxString+1), false, "longer"},
	{"checks.0.severity", "huge", true, "severity"},
	{"checks.0.status", "good", true, "status"},
	{"checks.0.status", 1, true, "status"},
	{"checks.0.reason", "absent", false, "has a reason"},
	{"checks.1.reason", "tired", true, "unknown reason"},
	{"checks.0.summary", "\x07", true, "escaped"},
	{"checks.0.remedy", "rm\r", true, "escaped"},
	{"checks.0.breaks", "\x1b", true, "escaped"},
	{"checks.0.waived", "no", true, "waived"},
	{"checks.0.elapsed", 1, true, "unknown field"},
	{"checks.0.facts.a b", "x", false, "name of a fact"},
	{"checks.0.facts.server", "\n", true, "escaped"},
	{"checks.0.facts.server", 7, true, "facts"},
	{"checks.0.references.<", []string{}, false, "name of a reference"},
	{"checks.0.references.cis_debian12", []string{"\n"}, true, "escaped"},
	{"checks.0.findings.0", nil, true, "kind"},
	{"checks.0.findings.0.kind", "Two Words", true, "kind"},
	{"checks.0.findings.0.kind", nil, true, "kind"},
	{"checks.0.findings.0.subject", "\u2069", false, "escaped"},
	{"checks.0.findings.0.detail", "\x80", false, ""},
	{"checks.0.findings.0.severity", "worst", true, "severity"},
	{"checks.0.findings.0.evidence", "rumour", true, "evidence"},
	{"checks.0.findings.0.evidence", nil, true, "evidence"},
	{"checks.0.findings.0.location.line", -4, false, "negative"},
	{"checks.0.findings.0.location.line", 1.5, true, "line"},
	{"checks.0.findings.0.location.file", "/etc/\n", true, "escaped"},
	{"checks.0.findings.0.fingerprint", "v1:zz", true, "fingerprint"},
	{"checks.0.findings.0.fingerprint", nil, true, "fingerprint"},
	{"checks.0.findings.0.Key", "x", true, "unknown field"},
	{"checks.0.findings.1.waiver.expires", "31.1.2027", true, "not a date"},
	{"checks.0.findings.1.waiver.expires", "2027-02-31", false, "not a date"},
	{"checks.0.findings.1.waiver.reason", "\n", true, "escaped"},
	{"checks.0.gaps.0.reason", "bored", true, "unknown reason"},
	{"checks.0.gaps.0.reason", nil, true, "unknown reason"},
	{"checks.0.gaps.0.subject", "\x01", true, "escaped"},
	{"checks.0.gaps.0.detail", "\x01", true, "escaped"},
	{"checks.0.gaps.0.location.line", -1, false, "negative"},
	{"checks.0.gaps.0.location.file", "\x01", true, "escaped"},
	{"checks.0.notes.0.subject", "\x01", true, "escaped"},
	{"checks.0.notes.0.detail", "\x01", true, "escaped"},
}

func TestBrokenReports(t *testing.T) {
	s := loadSchema(t)
	for _, b := range broken {
		if b.why == "" {
			continue // json.Marshal repaired it
		}
		t.Run(strings.ReplaceAll(b.path, " ", "_")+"-"+strings.ReplaceAll(b.why, " ", "_"), func(t *testing.T) {
			data := set(t, b.path, b.value)
			_, err := ReadJSON(bytes.NewReader(data))
			if err == nil || !strings.Contains(err.Error(), b.why) {
				t.Errorf("ReadJSON: %v, want an error about %q", err, b.why)
			}
			if err != nil && !checks.Text(err.Error()).Valid() {
				t.Errorf("message %q holds characters of the file", err)
			}
			if err := s.validate(data); b.schema != (err != nil) {
				t.Errorf("schema says %v, should refuse: %t", err, b.schema)
			}
		})
	}
}

// What a required list is for: the schema misses each property that must be there.
func TestSchemaRequires(t *testing.T) {
	s := loadSchema(t)
	for _, path := range []string{
		"schema", "tool", "target", "summary", "checks", "tool.name", "target.mode", "run.started", "run.selection",
		"summary.worst", "checks.0.id", "checks.0.status", "checks.0.findings", "checks.0.gaps", "checks.0.notes",
		"checks.0.facts", "checks.0.references", "checks.0.findings.0.subject", "checks.0.findings.0.evidence",
		"checks.0.findings.1.waiver.reason", "checks.0.gaps.0.reason", "checks.0.notes.0.detail",
	} {
		t.Run(path, func(t *testing.T) {
			if err := s.validate(set(t, path, nil)); err == nil {
				t.Error("the schema does not miss it")
			}
		})
	}
}

func TestReadJSONRefusesForms(t *testing.T) {
	whole := string(storedReport(t))
	many := func(piece string, n int) string { return strings.TrimSuffix(strings.Repeat(piece+",", n), ",") }
	for _, c := range []struct{ name, data, why string }{
		{"empty", "", "unexpected end"},
		{"not-json", "<xml/>", "invalid character"},
		{"array", "[]", "cannot unmarshal"},
		{"null", "null", "schema"},
		{"truncated", whole[:len(whole)/2], "unexpected end"},
		{"two-documents", whole + whole, "after top-level"},
		{"text-behind", whole + "x", "after top-level"},
		{"null-checks-entry", `{"schema":"hostaudit/1","target":{"mode":"live","kind":"host"},"checks":[null]}`, "not an ID"},
		{"deep", `{"schema":` + strings.Repeat("[", 20000), "depth"},
		{"many-objects", `{"schema":"hostaudit/1","checks":[` + many("{}", maxObjects+1) + `]}`, "more than"},
		{"many-values", `{"schema":"hostaudit/1","run":{"selection":[` + many(`""`, maxValues+2) + `]}}`, "more than"},
		{"year", strings.Replace(whole, "2026-11-22T20:03:11Z", "0000-01-01T00:00:00+23:59", 1), "year"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadJSON(strings.NewReader(c.data))
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %v, want one about %q", err, c.why)
			}
		})
	}
	t.Run("too-large", func(t *testing.T) {
		endless := io.MultiReader(strings.NewReader(`{"schema":"`), zeros{})
		if _, err := ReadJSON(endless); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
			t.Errorf("error %v", err)
		}
	})
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}

// Absent and null lists become empty ones; a time in another zone becomes UTC.
func TestReadJSONCompletes(t *testing.T) {
	data := `{"schema":"hostaudit/1","target":{"mode":"live","kind":"host"},"run":{"started":"2026-01-01T01:00:00.5+01:00"},
		"summary":{"unknown":1},"checks":[{"id":"a.b","family":"a","findings":null,"references":{"x":null}}]}`
	r, err := ReadJSON(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got := printed(t, "json", r)
	if bytes.Contains(got, []byte("null")) || !bytes.Contains(got, []byte(`"started": "2026-01-01T00:00:00Z"`)) {
		t.Errorf("printed:\n%s", got)
	}
	if err := loadSchema(t).validate(got); err != nil {
		t.Error(err)
	}
}

// What the reader takes is a fixed point, follows the schema, and breaks no
// printer.
func FuzzReadJSON(f *testing.F) {
	f.Add(storedReport(f))
	files, err := filepath.Glob(filepath.Join("..", "testdata", "golden", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"hostaudit/1","target":{"mode":"live","kind":"host"},"checks":[]}`))
	s := loadSchema(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			if !checks.Text(err.Error()).Valid() {
				t.Errorf("message %q holds characters of the file", err)
			}
			return
		}
		first := printed(t, "json", r)
		if err := s.validate(first); err != nil {
			t.Errorf("not after the schema: %v", err)
		}
		again, err := ReadJSON(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("does not read what it printed: %v\n%s", err, first)
		}
		if second := printed(t, "json", again); !bytes.Equal(first, second) {
			t.Errorf("printing again gives other bytes:\n%s", cmp.Diff(string(first), string(second)))
		}
		checkPandora(t, r, PandoraOptions{})
		checkText(t, r, TextOptions{})
	})
}
