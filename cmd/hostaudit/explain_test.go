package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
)

// printed is what a command that cannot fail prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, nil, strings.NewReader(""), &stdout, &stderr); code != exitClean || stderr.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, stderr.String())
	}
	return stdout.String()
}

// What people read of the catalogue, byte by byte; -update writes it.
func TestExplainGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"ssh.port.txt":        {"explain", "ssh.port"},
		"ssh.root-login.txt":  {"explain", "ssh.root-login"},
		"mysql.accounts.md":   {"explain", "--format", "markdown", "mysql.accounts"},
		"services.drift.json": {"explain", "services.drift", "--format=json"},
		"reasons.txt":         append([]string{"explain"}, allReasons()...),
		"reasons.md":          {"explain", "too_costly", "--format", "markdown", "absent"},
		"list.json":           {"list", "--format", "json"},
		"list.txt":            {"list"},
	} {
		t.Run(name, func(t *testing.T) {
			got := printed(t, args...)
			file := filepath.Join("testdata", "explain", name)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got; go test ./cmd/hostaudit -run Golden -update)\n%s", diff)
			}
		})
	}
}

func allReasons() []string {
	var words []string
	for _, r := range checks.Reasons() {
		words = append(words, string(r))
	}
	return words
}

// Every check prints in every format, in lines a terminal has room for, with all its
// texts and references.
func TestExplainTellsEverything(t *testing.T) {
	for _, c := range catalogue.All() {
		t.Run(c.ID, func(t *testing.T) {
			text := printed(t, "explain", c.ID)
			for line := range strings.Lines(text) {
				if len(strings.TrimSuffix(line, "\n")) > textWidth && !strings.Contains(line, "`") {
					t.Errorf("%d columns: %q", len(line), line)
				}
			}
			var doc struct {
				Schema string `json:"schema"`
				Checks []struct {
					ID         string          `json:"id"`
					Verdict    string          `json:"verdict"`
					Remedies   []remedyJSON    `json:"remedies"`
					References []referenceJSON `json:"references"`
				} `json:"checks"`
				Reasons []reasonJSON `json:"reasons"`
			}
			if err := json.Unmarshal([]byte(printed(t, "explain", "--format", "json", c.ID)), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Schema != explainSchema || doc.Reasons == nil || len(doc.Checks) != 1 || doc.Checks[0].ID != c.ID || doc.Checks[0].Verdict != c.Verdict ||
				len(doc.Checks[0].Remedies) != len(c.Remedies) || len(doc.Checks[0].References) != len(c.References) {
				t.Errorf("the document does not hold the check: %+v", doc)
			}
			flat := strings.Join(strings.Fields(text), " ")
			for name, part := range map[string]string{"title": c.Title, "rationale": c.Rationale, "verdict": c.Verdict, "remedy": c.Remedy, "breaks": c.Breaks} {
				if !strings.Contains(flat, strings.Join(strings.Fields(part), " ")) {
					t.Errorf("the text lacks the %s", name)
				}
			}
			for _, r := range c.Remedies {
				if families := familiesOf(c, r); families == "" || !strings.Contains(flat, "On "+families+": "+r.Text) {
					t.Errorf("the text lacks the remedy of %v (%q)", r.Families, families)
				}
			}
			for _, b := range checks.Benchmarks() {
				if _, has := c.References[b.Key]; has != strings.Contains(flat, b.Title) {
					t.Errorf("%s: named %v, referred to %v", b.Key, !has, has)
				}
			}
		})
	}
}

// A family stands for its checks, each check is told once, and families and reasons
// share no name.
func TestExplainFamiliesAndReasons(t *testing.T) {
	list, reasons, err := explained([]string{"ssh.tunnel", "ssh", "budget", "ssh.port", "budget"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ssh.tunnel", "ssh.port", "ssh.root-login", "ssh.tcp-forwarding", "ssh.banner", "ssh.root-keys", "ssh.user-keys"}
	if diff := cmp.Diff(want, ids(list)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]checks.Reason{checks.ReasonBudget}, reasons); diff != "" {
		t.Error(diff)
	}
	for _, c := range catalogue.All() {
		for _, r := range checks.Reasons() {
			if c.Family() == string(r) {
				t.Errorf("%s is a family and a reason", r)
			}
		}
	}
}

// The status a reason is told to be of is the one a check ends with for it.
func TestExplainReasonsAreOfTheirStatus(t *testing.T) {
	for _, r := range checks.Reasons() {
		t.Run(string(r), func(t *testing.T) {
			rec := checks.NewRecorder(checks.Check{ID: "x.y"})
			rec.NotApplicable(r, "s")
			res := rec.Seal()
			want := checks.StatusUnknown.String()
			if res.Status == checks.StatusNotApplicable {
				want = checks.StatusNotApplicable.String()
			}
			e := explainReason(r)
			if e.Status != want {
				t.Errorf("status %s, want %s", e.Status, want)
			}
			if e.Meaning == "" || e.Advice == "" || e.Words == "" || e.Words == explainReason("").Words {
				t.Errorf("words are missing: %+v", e)
			}
		})
	}
}

// What stands in a cell or a paragraph stays there, and commands stay as they are typed.
func TestMarkdownEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                `plain`,
		"[[listeners.declare]": `\[\[listeners.declare\]`,
		"a|b `c|d_e`":          "a\\|b `c\\|d_e`",
		"/etc/my_file *x* <b>": `/etc/my\_file \*x\* \<b\>`,
		"`uci set a[0]=b` a_b": "`uci set a[0]=b` a\\_b",
		`back\slash`:           `back\\slash`,
	} {
		if got := markdown(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
