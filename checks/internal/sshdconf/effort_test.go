package sshdconf

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestEffort: what depends on groups counts for each of them.
func TestEffort(t *testing.T) {
	c := Load(Source{Files: mem("/c", "AllowGroups abc\nMatch Group de\nX11Forwarding no\n")}, "/c", CommandLine{}, bookworm)
	one, two := c.Effort(Account{User: "x", Groups: []string{"g"}}), c.Effort(Account{User: "x", Groups: []string{"g", "h"}})
	if two-one != len("abc ")+len("de ") {
		t.Errorf("a group more costs %d", two-one)
	}
	if _, _, cases := c.CasesAndEffort(Account{User: "x", Groups: []string{"g"}}); cases < one {
		t.Errorf("the cases cost %d, one evaluation %d", cases, one)
	}
}

// TestManyLists: lines that add up cost what they are long, not the square of it.
func TestManyLists(t *testing.T) {
	var text strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&text, "AllowUsers nobody%d*x\n", i)
	}
	c := Load(Source{Files: mem("/c", text.String())}, "/c", CommandLine{}, bookworm)
	start := time.Now()
	if a := c.Effective(Conn{Account: Account{User: "root"}}).Admission(); !a.Refused {
		t.Errorf("not refused: %+v", a)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

// TestIncludeDirs: the directories whose files can come and go.
func TestIncludeDirs(t *testing.T) {
	files := mem("/c", "Include sshd_config.d/*.conf /d/x /e/*/y /f/[ab]\n")
	got := Load(Source{Files: files}, "/c", CommandLine{}, bookworm).IncludeDirs()
	if want := "/etc/ssh/sshd_config.d /f"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
