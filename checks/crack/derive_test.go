package crack

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var someTime = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func derive(login, gecos, host string) []string {
	var out []string
	for _, w := range Derive(login, gecos, host, someTime) {
		out = append(out, string(w))
	}
	return out
}

func TestDeriveOrder(t *testing.T) {
	want := strings.Fields(`oracle oracle123 oracle1 oracle1234 Oracle Oracle123 elcaro oracle12 oracle12345
		oracle123456 oracleoracle oracle! oracle@123 Oracle1 Oracle@123 Oracle1! Oracle123! Oracle! ORACLE
		oracle2026 Oracle2026 Oracle2026! oracle2025 Oracle2025 oracle#1 oracle01 Oracle1234 oracle@2026`)
	if diff := cmp.Diff(want, derive("oracle", "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestDeriveNames(t *testing.T) {
	got := derive("amv", "Ada M. von Example,Room 12,555-0100,", "db1.example.org")
	for w := range strings.FieldsSeq("amv ada Ada ada1 Ada123 example Example123 adaexample ada.example aexample ave ave123 555-0100 db1 db1123 Db1123 db12026") {
		found := false
		for _, g := range got {
			found = found || g == w
		}
		if !found {
			t.Errorf("%s is missing", w)
		}
	}
	if n := len(got); n > maxDerived || n < 50 {
		t.Errorf("%d words", n)
	}
}

func TestDeriveBytes(t *testing.T) {
	tests := []struct {
		name, login string
		want        []string
	}{
		{"utf8", "émile", []string{"Émile", "elimé", "ÉMILE"}},
		{"latin1", "\xe9mile", []string{"elim\xe9", "\xe9MILE"}},
		{"upper", "ROOT", []string{"root", "TOOR"}},
		{"digits", "42", []string{"24", "4242"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := derive(tt.login, "", "")
			for _, w := range tt.want {
				found := false
				for _, g := range got {
					found = found || g == w
				}
				if !found {
					t.Errorf("%q is missing from %q", w, got)
				}
			}
		})
	}
}

func TestDeriveNothing(t *testing.T) {
	if got := Derive("", "", "", someTime); len(got) != 0 {
		t.Errorf("%q from no names", got)
	}
	if got := Derive(strings.Repeat("x", 65), ",,,", ".", someTime); len(got) != 0 {
		t.Errorf("%q from names that are none", got)
	}
}

func FuzzDerive(f *testing.F) {
	f.Add("root", "root", "localhost")
	f.Add("a", "Ada Lovelace,1,+44 1234,x", "h.example.org")
	f.Add("\xff\x00", "\xe9\xe9 ,\x00", "é")
	f.Fuzz(func(t *testing.T, login, gecos, host string) {
		got := Derive(login, gecos, host, someTime)
		if len(got) > maxDerived {
			t.Fatalf("%d words", len(got))
		}
		seen := map[string]bool{}
		for _, w := range got {
			if len(w) == 0 || len(w) > 4*maxNameBytes+16 || seen[string(w)] {
				t.Fatalf("%q is empty, too long or repeated", w)
			}
			seen[string(w)] = true
		}
		if login != "" && len(login) <= maxNameBytes && !bytes.Equal(got[0], []byte(login)) {
			t.Fatalf("the login name is not first: %q", got[0])
		}
		if !cmp.Equal(got, Derive(login, gecos, host, someTime)) {
			t.Fatal("not deterministic")
		}
	})
}

// TestDeriveLongGECOS: what a hostile field holds is not all laid out.
func TestDeriveLongGECOS(t *testing.T) {
	for name, gecos := range map[string]string{"commas": strings.Repeat(",", 4<<20), "words": strings.Repeat("ab ", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			words := Derive("alice", gecos, "", time.Unix(0, 0))
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 || len(words) == 0 {
				t.Errorf("%d words, %d KiB allocated", len(words), used>>10)
			}
		})
	}
}
