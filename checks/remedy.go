package checks

import (
	"slices"
	"strings"
)

// Remedy is what to do on some families of distributions, complete in itself.
// Commands stand in backquotes, settings and files do not.
type Remedy struct {
	Families []string // names of Distributions
	Text     string
}

// Distribution is a family of distributions that have commands, services and
// files by the same names.
type Distribution struct {
	Name  string // as in Remedy.Families
	Title string // for people
	IDs   []string
}

// Distributions returns the families remedies are written for. Their IDs are
// those that members have in ID or ID_LIKE of os-release(5); what derives from
// Ubuntu is of Debian too.
func Distributions() []Distribution {
	return []Distribution{
		{"debian", "Debian", []string{"debian"}},
		{"ubuntu", "Ubuntu", []string{"ubuntu"}},
		{"redhat", "Red Hat and Fedora", []string{"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"}},
		{"suse", "SUSE", []string{"suse", "opensuse", "sles", "sled", "sle-micro", "opensuse-leap", "opensuse-tumbleweed", "opensuse-microos"}},
		{"arch", "Arch Linux", []string{"arch"}},
		{"alpine", "Alpine Linux", []string{"alpine"}},
		{"openwrt", "OpenWrt", []string{"openwrt"}},
	}
}

// DistributionsOf returns the families of a system by ID and ID_LIKE of its
// os-release(5), the closest first; none where it is of no known family.
func DistributionsOf(id, idLike string) []string {
	var names []string
	for word := range strings.FieldsSeq(id + " " + idLike) {
		for _, d := range Distributions() {
			if slices.Contains(d.IDs, word) && !slices.Contains(names, d.Name) {
				names = append(names, d.Name)
			}
		}
	}
	if slices.Contains(names, "ubuntu") && !slices.Contains(names, "debian") {
		names = append(names, "debian")
	}
	return names
}

// RemedyFor returns what to do on a system of these families, the closest first:
// the general remedy where there is none for any of them.
func (c Check) RemedyFor(distributions []string) string {
	for _, name := range distributions {
		for _, r := range c.Remedies {
			if slices.Contains(r.Families, name) {
				return r.Text
			}
		}
	}
	return c.Remedy
}
