package snapshot

import (
	"strings"
	"testing"
)

func TestParseMountRow(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     mountRow
		netNS    uint64
		ok       bool
	}{
		{
			"ip-netns", "412 25 0:4 net:[4026532450] /run/netns/blue rw shared:230 - nsfs nsfs rw",
			mountRow{"net:[4026532450]", "/run/netns/blue", "nsfs"},
			4026532450, true,
		},
		{
			"old-kernel", "72 61 0:3 net:[4026532189] /run/netns/x rw,nosuid - proc proc rw",
			mountRow{"net:[4026532189]", "/run/netns/x", "proc"},
			4026532189, true,
		},
		{
			"many-optional-fields", "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 unbindable - ext3 /dev/root rw,errors=continue",
			mountRow{"/mnt1", "/mnt2", "ext3"},
			0, true,
		},
		{
			"escaped", `36 35 98:0 /a\040b /mnt\134x\011\012\043 rw - ext3 /dev/root rw`,
			mountRow{"/a b", "/mnt\\x\t\n#", "ext3"},
			0, true,
		},
		{
			"mount-namespace", "500 25 0:4 mnt:[4026532600] /run/snapd/ns/lxd.mnt rw - nsfs nsfs rw",
			mountRow{"mnt:[4026532600]", "/run/snapd/ns/lxd.mnt", "nsfs"},
			0, true,
		},
		{
			"a-directory-named-so", "36 35 98:0 /net:[4026532450] /x rw - ext4 /dev/sda rw",
			mountRow{"/net:[4026532450]", "/x", "ext4"},
			0, true,
		},
		{name: "no-separator", in: "36 35 98:0 / / rw shared:1"},
		{name: "no-type", in: "36 35 98:0 / / rw -"},
		{name: "short", in: "36 35 98:0 /"},
		{name: "empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := parseMountRow([]byte(tc.in))
			if got != tc.want || ok != tc.ok || got.netNS() != tc.netNS {
				t.Errorf("parseMountRow = %+v, %v, namespace %d; want %+v, %v, %d", got, ok, got.netNS(), tc.want, tc.ok, tc.netNS)
			}
		})
	}
}

func TestCgroupOfMount(t *testing.T) {
	for _, tc := range []struct {
		name  string
		mount mountRow
		dir   string
		want  string
	}{
		{"below", mountRow{"/", "/sys/fs/cgroup", ""}, "/sys/fs/cgroup/system.slice/ssh.service", "/system.slice/ssh.service"},
		{"the-root", mountRow{"/", "/sys/fs/cgroup", ""}, "/sys/fs/cgroup", "/"},
		{"of-a-part", mountRow{"/docker/1", "/sys/fs/cgroup", ""}, "/sys/fs/cgroup/x", "/docker/1/x"},
		{"outside", mountRow{"/", "/sys/fs/cgroup", ""}, "/system.slice", ""},
		{"a-longer-name", mountRow{"/", "/sys/fs/cgroup", ""}, "/sys/fs/cgroups/x", ""},
		{"removed", mountRow{"/", "/sys/fs/cgroup", ""}, "/sys/fs/cgroup/x (deleted)", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.mount.cgroup(tc.dir); got != tc.want {
				t.Errorf("cgroup(%q) = %q, want %q", tc.dir, got, tc.want)
			}
		})
	}
}

func FuzzParseMountRow(f *testing.F) {
	f.Add("412 25 0:4 net:[4026532450] /run/netns/blue rw shared:230 - nsfs nsfs rw")
	f.Add(`36 35 98:0 /a\040b /mnt\134x rw master:1 - ext3 /dev/root rw`)
	f.Fuzz(func(t *testing.T, line string) {
		row, ok := parseMountRow([]byte(line))
		if !ok && row != (mountRow{}) {
			t.Errorf("no row, and %+v", row)
		}
		if ok && (row.kind == "" || row.point == "" || !strings.Contains(line, " - "+row.kind)) {
			t.Errorf("row %+v of %q", row, line)
		}
		if row.netNS() != 0 && !strings.Contains(line, " net:[") && !strings.Contains(line, `\`) {
			t.Errorf("namespace %d of %q", row.netNS(), line)
		}
	})
}
