package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

func TestParseBoot(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     uint64
	}{
		{"plain", "cpu  1 2 3\nintr 5 0 0\nctxt 9\nbtime 1700000000\nprocesses 7\n", 1700000000},
		{"none", "cpu  1 2 3\n", 0},
		{"no-number", "btime x\n", 0},
		{"part-of-a-word", "xbtime 5\nbtimes 6\n", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parseBoot([]byte(tc.in)); got != tc.want {
				t.Errorf("parseBoot = %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParsePorts(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     PortRange
	}{
		{"plain", "32768\t60999\n", PortRange{32768, 60999}},
		{"one", "5000 5000", PortRange{5000, 5000}},
		{"reversed", "60999 32768\n", PortRange{}},
		{"too-large", "1024 65536\n", PortRange{}},
		{"half", "1024\n", PortRange{}},
		{"more", "1 2 3\n", PortRange{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := parsePorts([]byte(tc.in)); got != tc.want {
				t.Errorf("parsePorts = %v, want %v", got, tc.want)
			}
		})
	}
}

// dirent is one entry as getdents64(2) writes it.
func dirent(name string) []byte {
	b := make([]byte, (direntName+len(name)+1+7)&^7)
	binary.NativeEndian.PutUint16(b[16:], uint16(len(b)))
	copy(b[direntName:], name)
	return b
}

func TestParseDirents(t *testing.T) {
	whole := join(dirent("."), dirent(".."), dirent("0"), dirent("a longer name"))
	var got []string
	err := parseDirents(whole, func(name []byte) error {
		got = append(got, string(name))
		return nil
	})
	if want := []string{"0", "a longer name"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("names %q, error %v; want %q", got, err, want)
	}
	stop := errors.New("stop")
	if err := parseDirents(whole, func([]byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the visitor's error is lost: %v", err)
	}
	endless := dirent("0")
	for i := direntName; i < len(endless); i++ {
		endless[i] = 'x'
	}
	for name, bad := range map[string][]byte{"short": whole[:10], "cut": whole[:30], "no-end": endless, "no-name": dirent("")} {
		if err := parseDirents(bad, func([]byte) error { return nil }); !errors.Is(err, errDirent) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzParseDirents(f *testing.F) {
	f.Add(join(dirent("."), dirent("12"), dirent("13")))
	f.Add(dirent(""))
	f.Fuzz(func(t *testing.T, b []byte) {
		seen := 0
		_ = parseDirents(b, func(name []byte) error {
			seen++
			if len(name) == 0 || bytes.IndexByte(name, 0) >= 0 {
				t.Errorf("name %q", name)
			}
			return nil
		})
		if seen*(direntName+2) > len(b) {
			t.Errorf("%d names from %d bytes", seen, len(b))
		}
	})
}

func FuzzSystemFiles(f *testing.F) {
	f.Add([]byte("btime 1700000000\n"))
	f.Add([]byte("32768\t60999\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if parseBoot(b) != 0 && !bytes.Contains(b, []byte("btime")) {
			t.Errorf("a boot time without its line in %q", b)
		}
		if r := parsePorts(b); r.Low > r.High {
			t.Errorf("range %v", r)
		}
	})
}
