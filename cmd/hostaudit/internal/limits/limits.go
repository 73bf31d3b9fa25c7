// Package limits tells how much memory and processor time this process may use
// before the kernel stops or kills it: the control groups it is in, its resource
// limits and what the machine has left. A program that counts its memory against
// them ends with an answer where it would have ended with a kill.
//
// It reads a few files of /proc and /sys and starts nothing. What cannot be read
// sets no limit: there is always MemAvailable.
package limits

import (
	"io"
	"io/fs"
	"math"
)

// Unlimited is a limit that nothing sets.
const Unlimited = math.MaxInt64

// Limits are those of this process. The zero value allows nothing.
type Limits struct {
	// Memory is what the process may hold in bytes, with what it holds already.
	Memory int64
	// Cause names what sets Memory; it is empty if nothing does.
	Cause string
	// CPUs is the bandwidth the control groups grant, in processors and rounded up;
	// 0 = no control group sets it.
	CPUs int
}

// Read reads the limits of the process that root's proc/self stands for; root is
// os.DirFS("/") but in tests. Sources: proc(5), getrlimit(2), the kernel's
// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
func Read(root fs.FS) Limits {
	l := Limits{Memory: Unlimited}
	status := parseFields(readFile(root, "proc/self/status"), kilobytes)
	own := status["RssAnon"] // file pages are dropped and read again, these are not
	lower := func(limit int64, cause string) {
		if limit = max(limit, 0); limit < l.Memory {
			l.Memory, l.Cause = limit, cause
		}
	}
	if available, ok := available(root); ok {
		lower(add(available, own), "free memory")
	}
	caps := parseLimits(readFile(root, "proc/self/limits"))
	if limit, set := caps["Max address space"]; set {
		lower(add(limit-status["VmSize"], own), "address space limit")
	}
	if limit, set := caps["Max data size"]; set {
		lower(add(limit-status["VmData"], own), "data size limit")
	}
	mounts := parseMounts(readFile(root, "proc/self/mountinfo"))
	for _, m := range parseMemberships(readFile(root, "proc/self/cgroup")) {
		for _, dir := range m.directories(mounts) {
			if limit, ok := groupMemory(root, dir, m.v2(), own); ok {
				lower(limit, "control group")
			}
			if cpus := groupCPUs(root, dir, m.v2()); cpus > 0 && (l.CPUs == 0 || cpus < l.CPUs) {
				l.CPUs = cpus
			}
		}
	}
	return l
}

// The shares of the memory: what the program takes for itself beside regions, and
// that it gets along with where there is little.
const (
	reserve      = 32 << 20
	smallReserve = 16 << 20
	// most is the heap at which the collector works harder where nothing is scarce.
	most = 192 << 20
	// slack is what the password engine grants beyond its limit: checks/crack.
	slack = 1 << 20
)

// Share divides the memory between regions, of which wanted bytes are asked for,
// and the program's own heap. Regions may be 0: then none may be taken. Both
// together never exceed Memory unless that is below what the program needs to run
// at all.
func (l Limits) Share(wanted int64) (regions, heap int64) {
	kept := int64(reserve)
	if l.Memory < 2*reserve {
		kept = max(l.Memory/2, smallReserve)
	}
	regions = min(wanted, max(l.Memory-kept-slack, 0))
	return regions, max(min(l.Memory-regions-slack, most), smallReserve)
}

// available is the machine's MemAvailable, or what comes near it before Linux 3.14.
func available(root fs.FS) (bytes int64, ok bool) {
	info := parseFields(readFile(root, "proc/meminfo"), kilobytes)
	if n, ok := info["MemAvailable"]; ok {
		return n, true
	}
	free, ok := info["MemFree"]
	return add(free, info["Cached"]), ok
}

// groupMemory is what one control group leaves this process: its limit without
// what others in it hold and cannot be taken from them. Swap does not count.
func groupMemory(root fs.FS, dir string, v2 bool, own int64) (bytes int64, ok bool) {
	limits, used := []string{"memory.limit_in_bytes"}, "memory.usage_in_bytes"
	cache := []string{"total_inactive_file", "total_active_file"}
	if v2 {
		// Beyond "high" a process is not killed but slowed down until it stands still.
		limits, used = []string{"memory.max", "memory.high"}, "memory.current"
		cache = []string{"inactive_file", "active_file", "slab_reclaimable"}
	}
	limit := int64(Unlimited)
	for _, name := range limits {
		if n, ok := parseNumber(readFile(root, dir+"/"+name)); ok {
			limit = min(limit, n)
		}
	}
	stat := parseFields(readFile(root, dir+"/memory.stat"), bytesEach)
	if n, ok := stat["hierarchical_memory_limit"]; ok && !v2 {
		limit = min(limit, n) // of groups above, also of those that cannot be seen from here
	}
	if limit == Unlimited {
		return 0, false
	}
	others, _ := parseNumber(readFile(root, dir+"/"+used))
	for _, name := range cache {
		others = max(others-stat[name], 0)
	}
	return limit - max(others-own, 0), true
}

// groupCPUs is the bandwidth of one control group in processors; 0 = unlimited.
func groupCPUs(root fs.FS, dir string, v2 bool) int {
	if v2 {
		return parseBandwidth(readFile(root, dir+"/cpu.max"))
	}
	quota, period := readFile(root, dir+"/cpu.cfs_quota_us"), readFile(root, dir+"/cpu.cfs_period_us")
	return parseBandwidth(append(append(quota, ' '), period...))
}

// maxFile bounds what is read of a file: mountinfo of a host of many containers
// has a megabyte.
const maxFile = 8 << 20

// readFile returns a file's content, nothing if it cannot be read.
func readFile(root fs.FS, name string) []byte {
	if !fs.ValidPath(name) {
		return nil
	}
	f, err := root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil
	}
	return text
}

// add adds what cannot be negative, up to Unlimited.
func add(a, b int64) int64 {
	if a > Unlimited-b {
		return Unlimited
	}
	return a + b
}
