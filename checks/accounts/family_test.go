package accounts

import (
	"fmt"
	"testing"

	"hostaudit/checks"
)

func place(f checks.Finding) string {
	return fmt.Sprintf("%s:%d %s", f.Location.File, f.Location.Line, f.Subject)
}

func TestFamily(t *testing.T) {
	list := Checks()
	if len(list) == 0 {
		t.Fatal("no checks")
	}
	for _, c := range list {
		if c.Family() != "accounts" || c.Title == "" || c.Remedy == "" || c.Rationale == "" || c.Severity == checks.SeverityNone || c.Since == 0 || c.Run == nil {
			t.Errorf("%q is incomplete", c.ID)
		}
	}
}
