package limits

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
)

// membership is one line of /proc/self/cgroup, cgroups(7): the process is in the
// group path of a hierarchy.
type membership struct {
	controllers []string // empty for version 2
	path        string
}

func (m membership) v2() bool { return len(m.controllers) == 0 }

// governs reports whether the hierarchy can limit memory or processor time. The
// files say which it does.
func (m membership) governs() bool {
	return m.v2() || slices.Contains(m.controllers, "memory") || slices.Contains(m.controllers, "cpu")
}

// parseMemberships reads "ID:CONTROLLERS:PATH" lines and keeps the hierarchies that
// matter here.
func parseMemberships(text []byte) []membership {
	var out []membership
	for line := range bytes.Lines(text) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		controllers, name, ok := strings.Cut(rest, ":")
		if !ok || !path.IsAbs(name) {
			continue
		}
		m := membership{path: path.Clean(name)}
		switch {
		case controllers != "":
			m.controllers = strings.Split(controllers, ",")
		case id != "0":
			continue
		}
		// A group outside of the namespace begins with "/..", cgroup_namespaces(7),
		// which Clean drops: nothing that is mounted here tells of it.
		if m.governs() && !outside(name) {
			out = append(out, m)
		}
	}
	return out
}

func outside(name string) bool { return strings.HasPrefix(name+"/", "/../") }

// mount is a mounted hierarchy of control groups.
type mount struct {
	root, point string   // the group that is seen at the mount point
	controllers []string // empty for version 2
}

// parseMounts finds the hierarchies in the lines of mountinfo, proc(5): ID, parent,
// device, root, mount point, options, optional fields, "-", type, source, options.
func parseMounts(text []byte) []mount {
	var out []mount
	for line := range bytes.Lines(text) {
		before, after, ok := strings.Cut(string(line), " - ")
		fields, super := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 6 || len(super) < 3 {
			continue
		}
		m := mount{root: unescape(fields[3]), point: unescape(fields[4])}
		if !path.IsAbs(m.root) || !path.IsAbs(m.point) || outside(m.root) {
			continue // beside or above the namespace: it is not known which group that is
		}
		m.root, m.point = path.Clean(m.root), path.Clean(m.point)
		switch super[0] {
		case "cgroup2":
		case "cgroup":
			m.controllers = strings.Split(super[2], ",") // with mount options among them
		default:
			continue
		}
		out = append(out, m)
	}
	return out
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// directories returns where the process's group and all groups above it are seen,
// without the leading slash. If no mount shows the group, the mount points
// themselves are all there is to see: a limit too many leaves a question open, one
// too few ends the program.
func (m membership) directories(mounts []mount) []string {
	var out, points []string
	for _, at := range mounts {
		if !m.seenIn(at) {
			continue
		}
		points = append(points, relative(at.point))
		below, ok := cutRoot(m.path, at.root)
		if !ok {
			continue
		}
		for dir := at.point + below; ; dir = path.Dir(dir) {
			out = append(out, relative(dir))
			if len(dir) <= len(at.point) {
				break
			}
		}
	}
	if out == nil {
		return points
	}
	return out
}

// seenIn reports whether the mount is of the hierarchy.
func (m membership) seenIn(at mount) bool {
	if m.v2() || len(at.controllers) == 0 {
		return m.v2() && len(at.controllers) == 0
	}
	return slices.ContainsFunc(m.controllers, func(c string) bool {
		return (c == "memory" || c == "cpu") && slices.Contains(at.controllers, c)
	})
}

// cutRoot returns what of an absolute path is below root, "" for root itself.
func cutRoot(name, root string) (below string, ok bool) {
	if root == "/" {
		return strings.TrimSuffix(name, "/"), true
	}
	below, ok = strings.CutPrefix(name, root)
	return below, ok && (below == "" || below[0] == '/')
}

// relative is the name of an absolute path in a file system whose root is "/".
func relative(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}
