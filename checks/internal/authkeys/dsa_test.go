package authkeys

import "testing"

// TestParseDSA: a DSA key is told from rubbish also where sshd does not take it.
func TestParseDSA(t *testing.T) {
	const line = "ssh-dss AAAAB3NzaC1kc3MAAAABBQAAAAEDAAAAAQIAAAABAw== me\n"
	for _, test := range []struct {
		name, text    string
		major, minor  int
		entry, unsure bool
		dsa           bool
	}{
		{name: "9.7", text: line, major: 9, minor: 7, entry: true},
		{name: "9.9", text: line, major: 9, minor: 9, unsure: true, dsa: true},
		{name: "10.0", text: line, major: 10, dsa: true},
		{name: "options", text: "restrict " + line, major: 10, dsa: true},
		{name: "unknown", text: line, unsure: true, dsa: true},
		{name: "damaged", text: "ssh-dss AAAAB3NzaC1kc3MAAAABBQ==\n", major: 10},
		{name: "name-only", text: "ssh-dss AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n", major: 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			entries, found := Parse([]byte(test.text), ParseOptions{Major: test.major, Minor: test.minor})
			if test.entry {
				if len(entries) != 1 || len(found) != 0 {
					t.Errorf("got %v and %v, want one key", entries, found)
				}
				return
			}
			if len(entries) != 0 || len(found) != 1 || found[0].DSA != test.dsa || found[0].Unsure != test.unsure {
				t.Errorf("got %v and %v", entries, found)
			}
		})
	}
}
