package passwd

import (
	"bytes"
	"strings"
	"testing"
)

// lines is the number of lines that could hold an entry.
func lines(data []byte) int {
	n := 0
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line, _, _ = bytes.Cut(line, []byte{0})
		line = bytes.TrimLeft(line, blanks)
		if len(line) > 0 && line[0] != '#' {
			n++
		}
	}
	return n
}

func FuzzUsers(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash\n#c\n+::::::\nbad:x:\n"))
	f.Add([]byte("a::-0:+0\r\n\xff:x:4294967296:1:::\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		users, bad := Users(data)
		if len(users)+len(bad) != lines(data) {
			t.Fatalf("%d users and %d bad lines of %d lines: some line was lost", len(users), len(bad), lines(data))
		}
		last := 0
		for _, u := range users {
			if u.Line <= last {
				t.Fatalf("line %d after %d", u.Line, last)
			}
			last = u.Line
			if strings.ContainsAny(u.Name+u.Password+u.GECOS+u.Home, ":\n\x00") {
				t.Fatalf("separator inside a field: %+v", u)
			}
		}
		for _, b := range bad {
			if b.Problem == "" || b.Line < 1 {
				t.Fatalf("bad line without problem or place: %+v", b)
			}
		}
	})
}

func FuzzShadows(f *testing.F) {
	f.Add([]byte("root:$y$j9T$a$b:19000:0:99999:7:::\nx:!:1:0:9:7::0:\n"))
	f.Add([]byte("a:h:1:0:9:\r\nb:h:-1::::::\n+\n#\n c:h:1:2:3:4:5:6:7:8"))
	f.Fuzz(func(t *testing.T, data []byte) {
		shadows := Shadows(data)
		if len(shadows) != lines(data) {
			t.Fatalf("%d entries of %d lines", len(shadows), lines(data))
		}
		for _, s := range shadows {
			if s.Unsure && s.Problem == "" {
				t.Fatal("unsure about nothing")
			}
			if strings.ContainsAny(s.Name+s.Field, ":\n\x00") {
				t.Fatal("separator inside a field")
			}
		}
	})
}

func FuzzGroups(f *testing.F) {
	f.Add([]byte("sudo:x:27:a, b,,c\n+:::\nbad\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, bad := Groups(data)
		if len(groups)+len(bad) != lines(data) {
			t.Fatalf("%d groups and %d bad lines of %d lines", len(groups), len(bad), lines(data))
		}
		for _, g := range groups {
			for _, m := range g.Members {
				if m == "" || strings.ContainsAny(m, ",\n\x00") {
					t.Fatalf("member %q", m)
				}
			}
		}
	})
}
