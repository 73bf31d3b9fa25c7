package output

import (
	"strings"
	"testing"

	"hostaudit/checks"
)

// A stored report can call a check passed, or not applicable, that has a gap under no
// waiver. The exit code counts the gap, and no format shows the check as settled.
func TestOpenGapIsNeverSettled(t *testing.T) {
	gap := checks.Gap{Reason: checks.ReasonUnsupported, Subject: "sshd_config", Detail: "a Match block"}
	for name, c := range map[string]checks.Result{
		"passed":         passing("ssh.port", "port 2222"),
		"not-applicable": absent("ssh.port", "no sshd"),
	} {
		t.Run(name, func(t *testing.T) {
			c.Gaps = []checks.Gap{gap}
			r := report(c)
			if !c.Open() || judge(&c) != notChecked {
				t.Fatalf("open %t, verdict %d", c.Open(), judge(&c))
			}
			for format, want := range map[string]string{
				"text":       "COULD NOT BE CHECKED",
				"html":       "1 not checked, 0 passed",
				"pandora":    "NOT CHECKED: sshd_config: a Match block",
				"nagios":     "HOSTAUDIT UNKNOWN - 1 unknown: ssh.port",
				"prometheus": `severity="medium",status="unknown"} 1`,
				"github":     "::warning title=ssh.port (not checked)::",
				"junit":      `errors="1" skipped="0"`,
				"markdown":   "### Not checked",
				"ocsf":       `"status":"Warning"`,
			} {
				if got := string(printed(t, format, r)); !strings.Contains(got, want) {
					t.Errorf("%s lacks %q:\n%s", format, want, got)
				}
			}
		})
	}
}
