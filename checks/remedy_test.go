package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The values are those of the distributions' own os-release files.
func TestDistributionsOf(t *testing.T) {
	for name, c := range map[string]struct {
		id, like string
		want     []string
	}{
		"debian":       {"debian", "", []string{"debian"}},
		"ubuntu":       {"ubuntu", "debian", []string{"ubuntu", "debian"}},
		"mint":         {"linuxmint", "ubuntu debian", []string{"ubuntu", "debian"}},
		"ubuntu-alone": {"ubuntu", "", []string{"ubuntu", "debian"}},
		"raspbian":     {"raspbian", "debian", []string{"debian"}},
		"rhel":         {"rhel", "fedora", []string{"redhat"}},
		"rocky":        {"rocky", "rhel centos fedora", []string{"redhat"}},
		"oracle":       {"ol", "fedora", []string{"redhat"}},
		"tumbleweed":   {"opensuse-tumbleweed", "opensuse suse", []string{"suse"}},
		"sles":         {"sles", "", []string{"suse"}},
		"manjaro":      {"manjaro", "arch", []string{"arch"}},
		"alpine":       {"alpine", "", []string{"alpine"}},
		"openwrt":      {"openwrt", "lede openwrt", []string{"openwrt"}},
		"gentoo":       {"gentoo", "", nil},
		"default":      {"linux", "", nil},
		"nothing":      {"", "", nil},
		"case":         {"Debian", "", nil},
		"blanks":       {"x", "  debian\t ", []string{"debian"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, DistributionsOf(c.id, c.like)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRemedyForTheClosest(t *testing.T) {
	c := Check{Remedy: "any", Remedies: []Remedy{
		{[]string{"debian", "suse"}, "of debian"},
		{[]string{"ubuntu"}, "of ubuntu"},
	}}
	for name, like := range map[string]struct {
		distributions []string
		want          string
	}{
		"ubuntu":  {[]string{"ubuntu", "debian"}, "of ubuntu"},
		"debian":  {[]string{"debian"}, "of debian"},
		"suse":    {[]string{"suse"}, "of debian"},
		"without": {[]string{"alpine"}, "any"},
		"second":  {[]string{"alpine", "debian"}, "of debian"},
		"unknown": {nil, "any"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.RemedyFor(like.distributions); got != like.want {
				t.Errorf("%q, want %q", got, like.want)
			}
		})
	}
}
