package passwd

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGlibc compares the parsers with what glibc 2.36 (fgetpwent, fgetspent,
// fgetgrent) made of each line: kind, line, outcome.
func TestGlibc(t *testing.T) {
	files, err := filepath.Glob("testdata/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
			columns := strings.Split(row, "\t")
			line, err := strconv.Unquote(columns[1])
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			if got := outcome(columns[0], line); got != columns[2] {
				t.Errorf("%s:%d: %s %q\n got %s\nwant %s", file, i+1, columns[0], line, got, columns[2])
			}
		}
	}
}

// outcome writes the one entry of a line the way the vectors do.
func outcome(kind, line string) string {
	switch kind {
	case "passwd":
		users, _ := Users([]byte(line + "\n"))
		if len(users) == 1 {
			u := users[0]
			return strings.Join([]string{quote(u.Name), quote(u.Password), fmt.Sprint(u.UID), fmt.Sprint(u.GID), quote(u.GECOS), quote(u.Home), quote(u.Shell)}, " ")
		}
	case "shadow":
		shadows := Shadows([]byte(line + "\n"))
		if len(shadows) == 1 && shadows[0].Problem == "" {
			s := shadows[0]
			if s.Compat && s.Field == "" && !strings.Contains(line, ":::") {
				return quote(s.Name) + ` "" 0 0 0 -1 -1 -1` // glibc sets what nobody reads
			}
			return fmt.Sprint(quote(s.Name), " ", quote(s.Field), " ", s.LastChange, s.Min, s.Max, s.Warn, s.Inactive, s.Expire)
		}
	case "group":
		groups, _ := Groups([]byte(line + "\n"))
		if len(groups) == 1 {
			words := []string{quote(groups[0].Name), fmt.Sprint(groups[0].GID)}
			for _, m := range groups[0].Members {
				words = append(words, quote(m))
			}
			return strings.Join(words, " ")
		}
	}
	return "invalid"
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < 32 || c > 126 || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

func TestPositions(t *testing.T) {
	users, bad := Users([]byte("# note\n\nroot:x:0:0:r:/root:/bin/sh\nbroken\n+::::::\ntoor:x:0x0:0:::\nx:x:1:y:::\nlast:x:7:8:::"))
	wantUsers := []User{
		{Line: 3, Name: "root", Password: "x", GECOS: "r", Home: "/root", Shell: "/bin/sh"},
		{Line: 5, Name: "+", Compat: true},
		{Line: 8, Name: "last", Password: "x", UID: 7, GID: 8},
	}
	wantBad := []Bad{
		{Line: 4, Name: "broken", Problem: "user ID is not a number"},
		{Line: 6, Name: "toor", ID: "0x0", Problem: "user ID is not a number"},
		{Line: 7, Name: "x", ID: "1", Problem: "group ID is not a number"},
	}
	if diff := cmp.Diff(wantUsers, users); diff != "" {
		t.Error("users:", diff)
	}
	if diff := cmp.Diff(wantBad, bad); diff != "" {
		t.Error("bad lines:", diff)
	}
	groups, bad := Groups([]byte("root:x:0:\n\nsudo:x:z:a\n+\nadm:x:4:a,b"))
	wantGroups := []Group{{Line: 1, Name: "root", Password: "x"}, {Line: 4, Name: "+", Compat: true}, {Line: 5, Name: "adm", Password: "x", GID: 4, Members: []string{"a", "b"}}}
	if diff := cmp.Diff(wantGroups, groups); diff != "" {
		t.Error("groups:", diff)
	}
	if diff := cmp.Diff([]Bad{{Line: 3, Name: "sudo", ID: "z", Problem: "group ID is not a number"}}, bad); diff != "" {
		t.Error("bad groups:", diff)
	}
}

func TestShadowProblems(t *testing.T) {
	tests := []struct {
		line, problem string
		unsure        bool
	}{
		{"a:h:1:0:9:7:::", "", false},
		{"a:h:1:0:9:7:::\r", "the last field is not a number", false},
		{"a:h:1:0:9:7::::", "too many fields", false},
		{"a:h:1:0:9:7::", "too few fields: no expiry date", false},
		{"a:h", "too few fields: no date of last change", false},
		{"a:h:x:0:9:7:::", "date of last change is not a number", false},
		{"a:h:1:0:-1:7:::", "maximum age is out of range", true},
		{"a:h:1:0:99999999999:7:::", "maximum age is out of range", true},
		{"a:h:1:0:9:7:::-1", "reserved field is out of range", true},
		{"a:h:1:0:-1x:7:::", "maximum age is not a number", false},
	}
	for _, tt := range tests {
		got := Shadows([]byte("\n" + tt.line))
		want := []Shadow{{Line: 2, Name: "a", Problem: tt.problem, Unsure: tt.unsure}}
		if len(got) == 1 {
			got[0] = Shadow{Line: got[0].Line, Name: got[0].Name, Problem: got[0].Problem, Unsure: got[0].Unsure}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", tt.line, diff)
		}
	}
}

// TestLongLine: a line of megabytes is an entry like another, and the next one
// is still found.
func TestLongLine(t *testing.T) {
	users, _ := Users([]byte("a:x:1:1:" + strings.Repeat("g", 4<<20) + ":/:/s\nb:x:2:2:::\n"))
	if len(users) != 2 || users[0].Shell != "/s" || users[1].Name != "b" || users[1].Line != 2 {
		t.Errorf("%d users", len(users))
	}
}
