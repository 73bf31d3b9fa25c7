package catalogue

import (
	"regexp"
	"testing"
	"unicode"

	"hostaudit/checks"
)

// Reports, policies and the agent's modules rely on these properties.
func TestChecksAreComplete(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range All() {
		if !id.MatchString(c.ID) {
			t.Errorf("%q is no check ID", c.ID)
		}
		if seen[c.ID] {
			t.Errorf("%s is listed twice", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Rationale == "" || c.Remedy == "" || c.Run == nil {
			t.Errorf("%s: title, rationale, remedy or function is missing", c.ID)
		}
		if c.Severity == checks.SeverityNone {
			t.Errorf("%s has no severity", c.ID)
		}
		if c.Since < 1 || c.Since > Number {
			t.Errorf("%s: since %d, the catalogue is %d", c.ID, c.Since, Number)
		}
		// A title and a rationale are sentences; remedy and what it breaks follow
		// "fix:" and "may break:".
		for text, upper := range map[string]bool{c.Title: true, c.Rationale: true, c.Remedy: false} {
			if text != "" && unicode.IsUpper(rune(text[0])) != upper {
				t.Errorf("%s: %q begins with the wrong case", c.ID, text)
			}
		}
		for _, text := range []string{c.Title, c.Rationale, c.Remedy, c.Breaks} {
			if !checks.Text(text).Valid() {
				t.Errorf("%s: %q must be one line of printable text", c.ID, text)
			}
		}
	}
}

// IDs are forever: a check that disappears or is renamed breaks policies.
func TestIDsArePinned(t *testing.T) {
	want := []string{
		"password.dictionary", "password.empty", "password.scheme",
		"ssh.port", "ssh.root-login", "ssh.tcp-forwarding", "ssh.tunnel", "ssh.banner", "ssh.root-keys", "ssh.user-keys",
		"ftp.port",
		"mysql.root-password", "mysql.passwords", "mysql.accounts", "mysql.bind", "mysql.tls",
		"listeners.declared", "listeners.cleartext", "listeners.drift",
		"services.drift",
		"accounts.uid0",
	}
	var got []string
	for _, c := range All() {
		got = append(got, c.ID)
	}
	if len(got) != len(want) {
		t.Fatalf("catalogue %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("check %d is %s, want %s", i, got[i], want[i])
		}
	}
}
