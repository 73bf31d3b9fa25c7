package limits

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const mb = 1_000_000

// The hierarchies as they are mounted.
const (
	mountV2     = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	mountHybrid = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
		"38 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
)

// host is a file system of these files; "unreadable" as content is a file that
// cannot be opened, for which a directory stands.
func host(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		if text == "unreadable" {
			out[name] = &fstest.MapFile{Mode: fs.ModeDir}
			continue
		}
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestRead(t *testing.T) {
	const status = "VmSize:\t 1000 kB\nVmData:\t 500 kB\nRssAnon:\t    1000 kB\n" // 1.024 MB of our own
	const own = 1_024_000
	for _, c := range []struct {
		name  string
		files map[string]string
		want  Limits
	}{
		{"nothing-there", nil, Limits{Memory: Unlimited}},
		{"free-memory-only", map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:    2000 kB\n"}, Limits{Memory: 2_048_000, Cause: "free memory"}},
		{"free-memory-and-own", map[string]string{"proc/meminfo": "MemAvailable: 2000 kB\n", "proc/self/status": status}, Limits{Memory: 2_048_000 + own, Cause: "free memory"}},
		{"before-3.14", map[string]string{"proc/meminfo": "MemFree: 1000 kB\nCached: 500 kB\n"}, Limits{Memory: 1_536_000, Cause: "free memory"}},
		{"address-space", map[string]string{"proc/self/status": status, "proc/self/limits": "Limit                     Soft Limit           Hard Limit           Units\nMax data size             unlimited            unlimited            bytes\nMax address space         5024000              unlimited            bytes\n"}, Limits{Memory: 4_000_000 + own, Cause: "address space limit"}},
		{"address-space-used-up", map[string]string{"proc/self/status": "VmSize: 9000 kB\n", "proc/self/limits": "Max address space 5000 5000 bytes\n"}, Limits{Memory: 0, Cause: "address space limit"}},
		{"data-size", map[string]string{"proc/self/status": status, "proc/self/limits": "Max data size             1512000            unlimited            bytes\n"}, Limits{Memory: 1_000_000 + own, Cause: "data size limit"}},
		{"v2-of-one's-own", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2, "proc/self/status": status,
			"sys/fs/cgroup/a/memory.max": "100000000\n", "sys/fs/cgroup/a/memory.high": "max\n",
			"sys/fs/cgroup/a/memory.current": "1024000\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n",
		}, Limits{Memory: 100 * mb, Cause: "control group", CPUs: 2}},
		{"v2-nested", map[string]string{
			"proc/self/cgroup": "0::/a/b/c\n", "proc/self/mountinfo": mountV2, "proc/self/status": status,
			"sys/fs/cgroup/a/memory.max": "90000000\n", "sys/fs/cgroup/a/memory.current": "50000000\n",
			"sys/fs/cgroup/a/memory.stat":  "anon 1\nfile 40000000\ninactive_file 10000000\nactive_file 5000000\nslab_reclaimable 1000000\n",
			"sys/fs/cgroup/a/b/memory.max": "100000000\n", "sys/fs/cgroup/a/b/memory.current": "30000000\n",
			"sys/fs/cgroup/a/b/c/memory.max": "max\n", "sys/fs/cgroup/a/b/c/cpu.max": "max 100000\n",
			"sys/fs/cgroup/a/b/cpu.max": "100000 100000\n", "sys/fs/cgroup/a/cpu.max": "400000 100000\n",
		}, Limits{Memory: 56*mb + own, Cause: "control group", CPUs: 1}},
		{"v2-high-is-lower", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/memory.max": "100000000\n", "sys/fs/cgroup/a/memory.high": "80000000\n",
		}, Limits{Memory: 80 * mb, Cause: "control group"}},
		{"v2-full", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/memory.max": "50000000\n", "sys/fs/cgroup/a/memory.current": "60000000\n",
		}, Limits{Memory: 0, Cause: "control group"}},
		{"v2-max-everywhere", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.high": "max\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n",
		}, Limits{Memory: Unlimited}},
		{"v2-namespace-root", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/memory.max": "70000000\n", "sys/fs/cgroup/cpu.max": "50000 100000\n",
		}, Limits{Memory: 70 * mb, Cause: "control group", CPUs: 1}},
		{"v2-container-of-the-host's-namespace", map[string]string{
			"proc/self/cgroup":         "0::/docker/abc/x\n",
			"proc/self/mountinfo":      "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/memory.max": "70000000\n", "sys/fs/cgroup/x/memory.max": "60000000\n",
		}, Limits{Memory: 60 * mb, Cause: "control group"}},
		{"v2-group-no-mount-shows", map[string]string{
			"proc/self/cgroup":         "0::/docker/abcd\n",
			"proc/self/mountinfo":      "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/memory.max": "70000000\n", "sys/fs/cgroup/d/memory.max": "1\n",
		}, Limits{Memory: 70 * mb, Cause: "control group"}},
		{"outside-of-the-namespace", map[string]string{
			"proc/self/cgroup": "0::/../other\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/memory.max": "1\n",
		}, Limits{Memory: Unlimited}},
		{"mounted-from-above-the-namespace", map[string]string{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": "31 23 0:28 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "sys/fs/cgroup/memory.max": "1\n",
		}, Limits{Memory: Unlimited}},
		{"group-with-dots", map[string]string{
			"proc/self/cgroup": "0::/..a\n", "proc/self/mountinfo": mountV2, "sys/fs/cgroup/..a/memory.max": "40000000\n",
		}, Limits{Memory: 40 * mb, Cause: "control group"}},
		{"mount-point-with-a-blank", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": `31 23 0:28 / /mnt/my\040groups rw - cgroup2 x rw` + "\n", "mnt/my groups/a/memory.max": "40000000\n",
		}, Limits{Memory: 40 * mb, Cause: "control group"}},
		{"mounted-at-the-root", map[string]string{
			"proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": "31 23 0:28 / / rw - cgroup2 x rw\n", "a/memory.max": "40000000\n",
		}, Limits{Memory: 40 * mb, Cause: "control group"}},
		{"v1", map[string]string{
			"proc/self/cgroup": "4:memory:/a/b\n2:cpu,cpuacct:/c\n1:name=systemd:/d\n", "proc/self/mountinfo": mountHybrid, "proc/self/status": status,
			"sys/fs/cgroup/memory/a/b/memory.limit_in_bytes":     "9223372036854771712\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":       "99999744\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes":       "20000000\n",
			"sys/fs/cgroup/memory/a/memory.stat":                 "inactive_file 0\ntotal_inactive_file 9000000\ntotal_active_file 1000000\n",
			"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us":       "250000\n",
			"sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us":      "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":         "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":        "100000\n",
			"sys/fs/cgroup/unified/memory.max":                   "1\n", // not where the process is
			"sys/fs/cgroup/memory/a/memory.soft_limit_in_bytes":  "1\n",
			"sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes": "99999744\n",
		}, Limits{Memory: 99_999_744 - 10*mb + own, Cause: "control group", CPUs: 3}},
		{"v1-group-above-that-is-not-seen", map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": mountHybrid,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.stat":           "hierarchical_memory_limit 45000000\n",
		}, Limits{Memory: 45 * mb, Cause: "control group"}},
		{"hybrid", map[string]string{
			"proc/self/cgroup": "4:memory:/\n0::/a\n", "proc/self/mountinfo": mountHybrid,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "60000000\n", "sys/fs/cgroup/unified/a/cpu.max": "10000 100000\n",
		}, Limits{Memory: 60 * mb, Cause: "control group", CPUs: 1}},
		{"the-least-of-all", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2, "proc/meminfo": "MemAvailable: 30000 kB\n",
			"sys/fs/cgroup/a/memory.max": "60000000\n",
		}, Limits{Memory: 30_720_000, Cause: "free memory"}},
		{"unreadable", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2, "proc/meminfo": "unreadable",
			"sys/fs/cgroup/a/memory.max": "unreadable", "sys/fs/cgroup/a/cpu.max": "unreadable",
		}, Limits{Memory: Unlimited}},
		{"usage-unreadable", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2,
			"sys/fs/cgroup/a/memory.max": "60000000", "sys/fs/cgroup/a/memory.current": "unreadable",
		}, Limits{Memory: 60 * mb, Cause: "control group"}},
		{"nonsense", map[string]string{
			"proc/self/cgroup": "0::/a\nx\n:::\n0::a\n", "proc/self/mountinfo": mountV2 + "x - cgroup2\n - \n",
			"proc/meminfo": "MemAvailable: many kB\nMemAvailable\n", "proc/self/status": "RssAnon: -1 kB\n",
			"proc/self/limits":           "Max address space\nMax data size x y z\n",
			"sys/fs/cgroup/a/memory.max": "-5\n", "sys/fs/cgroup/a/memory.high": "6e7\n", "sys/fs/cgroup/a/cpu.max": "0 100000\n",
		}, Limits{Memory: Unlimited}},
		{"huge", map[string]string{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": mountV2, "proc/meminfo": "MemAvailable: 99999999999999999999999 kB\n",
			"proc/self/status":           "RssAnon: 18446744073709551615 kB\nVmSize: 18446744073709551615 kB\n",
			"sys/fs/cgroup/a/memory.max": "18446744073709551616\n", "sys/fs/cgroup/a/cpu.max": "9223372036854775807 1\n",
		}, Limits{Memory: Unlimited, CPUs: 1<<31 - 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Read(host(c.files))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShare(t *testing.T) {
	const region = 16<<20 + 1<<14 // of the yescrypt of today's distributions, and its small change
	for _, c := range []struct {
		name           string
		memory, wanted int64
		fit            int64 // regions
	}{
		{"unlimited", Unlimited, 64 << 20, 3},
		{"100-MB", 100 * mb, 64 << 20, 3},
		{"100-MB-and-two-workers", 100 * mb, 2 * 17 << 20, 2},
		{"100-MB-and-too-much-asked", 100 * mb, 1 << 40, 3},
		{"64-MB", 64 * mb, 64 << 20, 1},
		{"40-MB", 40 * mb, 64 << 20, 1},
		{"24-MB", 24 * mb, 64 << 20, 0},
		{"nothing", 0, 64 << 20, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			regions, heap := Limits{Memory: c.memory}.Share(c.wanted)
			if regions > c.wanted || regions < 0 || regions/region != c.fit {
				t.Errorf("%d bytes of regions, want %d regions", regions, c.fit)
			}
			if heap < smallReserve || heap > most {
				t.Errorf("a heap of %d bytes", heap)
			}
			if c.memory > 2*smallReserve && c.memory-regions-slack < heap {
				t.Errorf("regions %d and heap %d are more than %d", regions, heap, c.memory)
			}
		})
	}
	for memory := int64(0); memory < 300*mb; memory += 99_991 {
		regions, heap := Limits{Memory: memory}.Share(64 << 20)
		if regions > 0 && regions+slack+heap > memory || memory >= 2*reserve && memory-regions-slack < reserve {
			t.Fatalf("of %d bytes: regions %d, heap %d", memory, regions, heap)
		}
	}
}

// The limits of the process that runs the test.
func TestReadHere(t *testing.T) {
	l := Read(os.DirFS("/"))
	if _, err := os.Stat("/proc/meminfo"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no /proc here")
	}
	if l.Memory == Unlimited || l.Memory < 1<<20 || l.Cause == "" {
		t.Errorf("%+v: not even the memory of the machine is a limit", l)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("0::/a/b\n", mountV2, "100\n", "1\n", "inactive_file 3\n", "100 20\n", "MemAvailable: 7 kB\n")
	f.Add("4:memory:/a\n2:cpu,cpuacct:/\n", mountHybrid, "9223372036854771712\n", "x", "total_active_file 1\n", "-1\n", "")
	f.Add("0::/a/../../b\n", "1 1 0:1 /a/../.. /m\\040\\134 rw - cgroup2 x rw\n", "max", "max", "", "max 1", "MemFree: 1 kB\n")
	f.Fuzz(func(t *testing.T, cgroup, mounts, limit, used, stat, cpu, meminfo string) {
		at := parseMounts([]byte(mounts))
		for _, m := range parseMemberships([]byte(cgroup)) {
			for _, dir := range m.directories(at) {
				below := false
				for _, p := range at {
					point := relative(p.point)
					below = below || point == "." || dir == point || strings.HasPrefix(dir, point+"/")
				}
				if !below || strings.HasPrefix(dir, "..") && strings.HasPrefix(dir+"/", "../") {
					t.Fatalf("%q is below no mount point of %+v", dir, at)
				}
			}
		}
		files := fstest.MapFS{}
		for name, text := range map[string]string{
			"proc/self/cgroup": cgroup, "proc/self/mountinfo": mounts, "proc/meminfo": meminfo,
			"sys/fs/cgroup/a/memory.max": limit, "sys/fs/cgroup/a/memory.current": used, "sys/fs/cgroup/a/memory.stat": stat,
			"sys/fs/cgroup/a/cpu.max": cpu, "sys/fs/cgroup/memory/a/memory.limit_in_bytes": limit, "sys/fs/cgroup/memory/a/memory.stat": stat,
		} {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		l := Read(files)
		if l.Memory < 0 || l.CPUs < 0 || (l.Memory == Unlimited) != (l.Cause == "") {
			t.Fatalf("%+v", l)
		}
		if regions, heap := l.Share(64 << 20); regions < 0 || regions > 64<<20 || heap <= 0 {
			t.Fatalf("%+v: regions %d, heap %d", l, regions, heap)
		}
	})
}
