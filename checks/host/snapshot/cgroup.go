package snapshot

import (
	"slices"
	"strings"
)

// Unit returns the systemd unit a control group belongs to ("ssh.service",
// "session-3.scope", "docker-….scope"), as cg_path_get_unit of systemd's
// src/basic/cgroup-util.c reads a path: slices are passed over, and the first part
// that is none has to be the name of a unit. Below user@N.service it is that
// service; a user's own unit is no unit of the system. Parts ".." at the beginning,
// by which the kernel leads out of a cgroup namespace (cgroup_namespaces(7)), are
// passed over too. "" = none.
func Unit(cgroup string) string {
	for part := range strings.SplitSeq(cgroup, "/") {
		// The kernel escapes nothing here; systemd puts "_" before a name that would
		// collide with a file of the kernel (cg_escape).
		name := strings.TrimPrefix(part, "_")
		switch {
		case part == "" || part == "..":
		case !isUnit(name):
			return ""
		case !strings.HasSuffix(name, ".slice"):
			return name
		}
	}
	return ""
}

// maxUnitName is UNIT_NAME_MAX of systemd, the final NUL counted.
const maxUnitName = 256

// isUnit reports whether name is that of a unit which can run, templates left
// out: unit_name_is_valid of systemd's src/basic/unit-name.c.
func isUnit(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || len(name) >= maxUnitName {
		return false
	}
	switch name[dot+1:] {
	case "service", "scope", "slice", "socket", "mount", "automount", "swap", "target", "device", "timer", "path":
	default:
		return false
	}
	prefix := name[:dot]
	for i := range len(prefix) {
		if !unitByte(prefix[i]) {
			return false
		}
	}
	at := strings.IndexByte(prefix, '@')
	return at < 0 || at > 0 && at < len(prefix)-1
}

func unitByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(`:-_.\@`, c) >= 0
}

// Container is what a control group tells of the container it belongs to.
type Container struct {
	Engine string // "docker", "podman", "containerd", "cri-o", "kubernetes", "lxc", "systemd-nspawn", …; "" = some engine
	ID     string // the engine's identifier (64 hexadecimal digits) or, where it has none, the name; raw
}

// ContainerOf returns the container a control group belongs to, relative to the
// control group of the auditor's own root: ok is false for the host's own groups.
// Of containers in one another it is the innermost. What belongs to an engine and
// not to the container (conmon, lxc-monitor, the supervisor of systemd-nspawn) and
// virtual machines are the host's. Names are whatever made the group, and a user
// may make groups below user@N.service: they prove nothing.
func ContainerOf(cgroup string) (c Container, ok bool) {
	parts := strings.Split(cgroup, "/")
	for i, part := range slices.Backward(parts) {
		switch {
		case part == "":
			continue
		case monitor(parts, i):
			return Container{}, false
		}
		if c, ok := containerPart(parts, i); ok {
			return c, true
		}
	}
	return Container{}, false
}

// monitor reports that a part holds what looks after a container from outside.
func monitor(parts []string, i int) bool {
	part := parts[i]
	switch {
	case strings.HasPrefix(part, "libpod-conmon-"), strings.HasPrefix(part, "crio-conmon-"),
		strings.HasPrefix(part, "lxc.monitor"):
		return true
	case part == "supervisor" && i > 0: // systemd-nspawn(1), and podman's split groups
		unit := Unit(parts[i-1])
		return strings.HasPrefix(unit, "systemd-nspawn@") || strings.HasPrefix(unit, "machine-")
	}
	return false
}

// unitPrefixes are the beginnings of scopes that engines name after an identifier.
var unitPrefixes = [...]struct{ prefix, engine string }{
	{"docker-", "docker"},
	{"libpod-", "podman"},
	{"cri-containerd-", "containerd"},
	{"crio-", "cri-o"},
	{"nerdctl-", "containerd"},
	{"buildah-", "buildah"},
}

// parents are directories below which an engine, left to cgroupfs, names its
// groups after identifiers; with named, after names that are no identifiers too.
var parents = [...]struct {
	name, engine string
	named        bool
}{
	{"docker", "docker", false},
	{"libpod_parent", "podman", false},
	{"nerdctl", "containerd", false},
	{"buildkit", "buildkit", true},
	{"garden", "garden", true},
	{"lxc", "lxc", true},
	{"lxc.payload", "lxc", true},
}

// containerPart judges one part of a path by itself and by what it lies below.
func containerPart(parts []string, i int) (Container, bool) {
	part := parts[i]
	above := ""
	if i > 0 {
		above = parts[i-1]
	}
	scope, isScope := strings.CutSuffix(part, ".scope")
	for _, p := range unitPrefixes {
		if id, found := strings.CutPrefix(scope, p.prefix); found && isScope && identifier(id) {
			return Container{p.engine, id}, true
		}
	}
	if id, found := strings.CutPrefix(part, "libpod-"); found {
		id = strings.TrimPrefix(id, "payload-") // podman-run(1), --cgroups=split
		if identifier(id) {
			return Container{"podman", id}, true
		}
	}
	if c, ok := machine(part, scope, isScope); ok {
		return c, true
	}
	if name, found := strings.CutPrefix(part, "lxc.payload."); found && name != "" {
		return Container{"lxc", name}, true
	}
	// A runtime told a systemd path and left to cgroupfs takes it for a name:
	// "kubepods-pod….slice:cri-containerd:ID".
	if fields := strings.Split(part, ":"); len(fields) == 3 && identifier(fields[2]) {
		for _, p := range unitPrefixes {
			if p.prefix == fields[1]+"-" {
				return Container{p.engine, fields[2]}, true
			}
		}
		return Container{"", fields[2]}, true
	}
	for _, p := range parents {
		switch {
		case above != p.name:
		case p.named && part != ".." && !isUnit(part), identifier(part):
			return Container{p.engine, part}, true
		}
	}
	// /ecs/TASK/CONTAINER of Amazon's agent; the second is TASK-NUMBER on Fargate.
	if head, _, _ := strings.Cut(part, "-"); i == 3 && parts[0] == "" && parts[1] == "ecs" && identifier(head) {
		return Container{"ecs", part}, true
	}
	if len(part) == 64 && identifier(part) {
		// Below a parent somebody chose (docker run --cgroup-parent), or a pod.
		if PodUID(strings.Join(parts[:i], "/")) != "" {
			return Container{"kubernetes", part}, true
		}
		return Container{"", part}, true
	}
	return Container{}, false
}

// machine judges the units of machine.slice: systemd-nspawn@NAME.service, and
// what is registered with systemd-machined (machine-NAME.scope). Virtual machines
// of libvirt are no containers; its containers are named after a process too.
func machine(part, scope string, isScope bool) (Container, bool) {
	if service, found := strings.CutSuffix(part, ".service"); found {
		name, found := strings.CutPrefix(service, "systemd-nspawn@")
		name = unitUnescape(name)
		return Container{"systemd-nspawn", name}, found && name != ""
	}
	name, found := strings.CutPrefix(scope, "machine-")
	name = unitUnescape(name)
	switch {
	case !found || !isScope || name == "":
		return Container{}, false
	case strings.HasPrefix(name, "qemu-"):
		return Container{}, false
	case strings.HasPrefix(name, "lxc-"):
		number, rest, both := strings.Cut(strings.TrimPrefix(name, "lxc-"), "-")
		if both && rest != "" && strings.Trim(number, "0123456789") == "" {
			name = rest
		}
		return Container{"lxc", name}, true
	}
	return Container{"systemd-nspawn", name}, true
}

// PodUID returns the identifier of the Kubernetes pod that a control group belongs
// to, with dashes, or "": the kubelet makes a group "podUID" below "kubepods", or
// a slice "kubepods-…-podUID.slice" with underscores for the dashes.
func PodUID(cgroup string) string {
	below := false
	for part := range strings.SplitSeq(cgroup, "/") {
		slice, _, _ := strings.Cut(part, ":")
		slice, isSlice := strings.CutSuffix(slice, ".slice")
		if isSlice && strings.Contains(slice, "kubepods") {
			if _, uid, found := strings.Cut(slice, "-pod"); found && podUID(uid) {
				return strings.ReplaceAll(uid, "_", "-")
			}
		}
		if uid, found := strings.CutPrefix(part, "pod"); found && below && podUID(uid) {
			return uid
		}
		below = below || part == "kubepods"
	}
	return ""
}

// podUID reports the form of a pod's identifier: a UUID, or of a static pod a hash.
func podUID(s string) bool {
	return len(s) >= 32 && len(s) <= 36 && strings.Trim(s, "0123456789abcdef-_") == ""
}

// identifier reports the form of an engine's identifier.
func identifier(s string) bool {
	return len(s) >= 12 && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// unitUnescape takes off what systemd-escape(1) puts on: \xHH for a byte, "-" for
// a slash. No machine has a slash in its name, so a dash stays one.
func unitUnescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := hexadecimal([]byte(s[i+2 : i+4])); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
