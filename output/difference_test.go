package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// change is a difference with one of everything.
func change() *Difference {
	finding := func(subject, detail string, s checks.Severity) checks.Finding {
		return checks.Finding{
			Kind: "undeclared", Subject: checks.Clean(subject), Detail: checks.Clean(detail), Severity: s, Evidence: checks.Running,
			Location:    checks.At("/etc/services", 7),
			Fingerprint: checks.Fingerprint("listeners.declared", checks.Running, "undeclared", checks.Text(subject), ""),
		}
	}
	waived := finding("tcp/9100", "undeclared", checks.SeverityMedium)
	waived.Waiver = &checks.WaiverNote{Reason: "monitoring", Owner: "the web team", Expires: "2027-01-31"}
	ended := finding("tcp/9200", "undeclared", checks.SeverityMedium)
	ended.Expired = waived.Waiver
	pass, fail, unknown := checks.StatusPass, checks.StatusFail, checks.StatusUnknown
	r := cleanHost()
	r.Run.Started = r.Run.Started.Truncate(time.Second) // as reports tell it
	d := &Difference{
		Old: Compared{Target: r.Target, Started: &r.Run.Started}, New: Compared{Target: imageReport().Target},
		Added: []OneSided{
			{Check: "listeners.declared", Finding: finding("tcp/8080", "python3 listens on every address", checks.SeverityMedium)},
			{Check: "ssh.root-login", Finding: finding("PermitRootLogin yes", "root can log in with a password", checks.SeverityHigh)},
		},
		Removed: []OneSided{
			{Check: "listeners.declared", Finding: finding("tcp/80", "nginx listens on every address", checks.SeverityLow)},
			{Check: "mysql.bind", Finding: finding("mariadbd on [::]:3306", "listens on every address", checks.SeverityLow), Unsettled: true},
		},
		Changed: []Recounted{
			{Check: "listeners.declared", Old: finding("tcp/9100", "undeclared", checks.SeverityLow), New: waived},
			{Check: "listeners.declared", Old: waived, New: ended},
			{Check: "listeners.declared", Old: waived, New: finding("tcp/9300", "undeclared", checks.SeverityMedium)},
		},
		Gaps: []GapChange{
			{Check: "mysql.bind", Gap: checks.Gap{Reason: checks.ReasonUnreadable, Subject: "/etc/mysql/conf.d", Detail: "the directory cannot be read", Location: checks.At("/etc/mysql/conf.d", 0)}},
			{Check: "password.empty", Gap: checks.Gap{Reason: checks.ReasonTooCostly, Subject: "bob", Expired: ended.Expired}},
			{Check: "ssh.port", Gap: checks.Gap{Reason: checks.ReasonNoPermission}, Closed: true},
		},
		Verdicts: []VerdictChange{{"mysql.bind", &fail, &unknown}, {"ssh.banner", nil, &pass}, {"ssh.root-login", &pass, nil}},
		Counted:  true,
	}
	for _, s := range hostile {
		d.Gaps = append(d.Gaps, GapChange{Check: "ssh.port", Gap: checks.Gap{Reason: checks.ReasonInternal, Subject: checks.Clean(s), Detail: checks.Clean("detail " + s)}})
		d.Added = append(d.Added, OneSided{Check: "listeners.declared", Finding: finding(s+"@user | # x", "detail "+s, checks.SeverityMedium)})
	}
	return d
}

func TestDifference(t *testing.T) {
	for format, extension := range map[string]string{"text": "txt", "json": "json", "markdown": "md"} {
		t.Run(format, func(t *testing.T) {
			print := func(d *Difference) []byte {
				return rendered(t, func(w io.Writer) error { return PrintDifference(w, d, format, TextOptions{}) })
			}
			golden(t, "difference/all."+extension, print(change()))
			golden(t, "difference/none."+extension, print(&Difference{Old: change().Old, New: change().New}))
			if err := PrintDifference(&pieces{short: true}, change(), format, TextOptions{}); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("error %v for a short write", err)
			}
		})
	}
	if err := PrintDifference(io.Discard, change(), "yaml", TextOptions{}); err == nil {
		t.Error("printed in a format there is not")
	}
}

// A summary that would be dropped for its length is cut and says so; all rows are there
// or counted.
func TestDifferenceMarkdownLimit(t *testing.T) {
	for _, n := range []int{2000, 20_000} {
		d := change()
		for range n - len(d.Added) {
			d.Added = append(d.Added, d.Added[0])
		}
		got := string(rendered(t, func(w io.Writer) error { return PrintDifference(w, d, "markdown", TextOptions{}) }))
		rows := strings.Count(got, "\n| ") - 2 - strings.Count(got, "\n### ") - 1 // without heads
		want := len(d.Added) + len(d.Removed) + len(d.Changed) + len(d.Gaps) + len(d.Verdicts)
		if _, tail, cut := strings.Cut(got, "**Cut here.**"); cut {
			var left int
			if _, err := fmt.Sscanf(tail, " A summary may have 1 MB and this one needs more: %d rows left out", &left); err != nil {
				t.Fatal(err)
			}
			rows += left
		}
		if len(got) > maxMarkdown || rows != want || !strings.Contains(got, fmt.Sprint(n)+" findings added") {
			t.Errorf("%d: %d bytes, %d of %d rows shown or counted", n, len(got), rows, want)
		}
	}
}

func TestDifferenceJSONHasNoNull(t *testing.T) {
	text := rendered(t, func(w io.Writer) error { return PrintDifference(w, &Difference{}, "json", TextOptions{}) })
	if strings.Contains(string(text), "null") {
		t.Errorf("null:\n%s", text)
	}
	var head struct{ Schema string }
	if err := json.Unmarshal(text, &head); err != nil || head.Schema != DifferenceSchema {
		t.Errorf("schema %q, %v", head.Schema, err)
	}
}

// The published schema holds for what is printed, names the properties of the types,
// and says of a finding what that of the report says.
func TestDifferenceSchema(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "testdata", "schema", "hostaudit-diff-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s.root); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"all", "none"} {
		document, err := os.ReadFile(filepath.Join("..", "testdata", "golden", "difference", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	defs := s.root["$defs"].(map[string]any)
	whole := loadSchema(t)
	for _, name := range []string{"text", "severity", "location", "finding", "waiver", "gap"} {
		if diff := cmp.Diff(whole.root["$defs"].(map[string]any)[name], defs[name]); diff != "" {
			t.Errorf("%s is not that of the report (-report +diff):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(whole.root["properties"].(map[string]any)["target"], defs["target"]); diff != "" {
		t.Errorf("target is not that of the report (-report +diff):\n%s", diff)
	}
	for name, value := range map[string]any{
		"": Difference{}, "compared": Compared{}, "onesided": OneSided{}, "recounted": Recounted{}, "verdict": VerdictChange{}, "gapchange": GapChange{},
	} {
		node := s.root
		if name != "" {
			node = defs[name].(map[string]any)
		}
		var want, got []string
		for field := range reflect.TypeOf(value).Fields() {
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want = append(want, tag)
		}
		for property := range node["properties"].(map[string]any) {
			got = append(got, property)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%T: schema has %v, the type %v", value, got, want)
		}
	}
}

// What a host calls things is text in a cell and nothing else, in every table.
func TestDifferenceMarkdownIsRead(t *testing.T) {
	for i, raw := range nasty() {
		d := change()
		s := checks.Clean(raw)
		d.New.Target.Hostname, d.New.Target.Path = s, s
		one := d.Added[0]
		one.Finding.Subject, one.Finding.Detail, one.Finding.Location.File = s, s, s
		d.Added, d.Removed = append(d.Added, one), append(d.Removed, one)
		document := string(rendered(t, func(w io.Writer) error { return PrintDifference(w, d, "markdown", TextOptions{}) }))
		if err := forged(document); err != nil {
			t.Errorf("%d, %q: %v", i, s, err)
		}
		if want := said(s, s); !strings.Contains(renderedText(t, document), strings.TrimSpace(want)) {
			t.Errorf("%d: %q is not there", i, want)
		}
	}
}
