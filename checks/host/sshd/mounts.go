package sshd

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/snapshot"
)

// filesOfAServer are files and directories, with what is below, that decide about logins
// besides the configuration.
var filesOfAServer = []string{
	"/etc/ssh", "/usr/etc/ssh", "/etc/dropbear", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/services", "/etc/nsswitch.conf", "/root",
}

// mounts notices a process whose mount namespace shows it other files than the tree has:
// ip-netns(8) puts some over /etc, unshare(1) and units whatever they are told to. A
// sandbox that only mounts the same files again, read-only, is none.
func (l *looker) mounts(p snapshot.Process, r *found) {
	first, seen := l.h.Snapshot.Process(initProcess(l.h.Snapshot))
	if l.container != nil || p.MntNS == 0 || !seen {
		return // the processes of a container are put together by their root directory
	}
	// The tree is what process 1 sees, or else the auditor, as in a chroot.
	host := "self"
	if first.SameRoot == snapshot.Yes {
		if p.MntNS == first.MntNS {
			return
		}
		host = strconv.Itoa(first.PID)
	}
	own, err := l.mountTable(strconv.Itoa(p.PID))
	if err == nil {
		var whole mountTable
		if whole, err = l.mountTable(host); err == nil && own.sameFiles(whole, r.File) {
			return
		}
	}
	r.Conf, r.Dropbear, r.known = nil, nil, false
	problem := Problem{Err: ErrUnsupported, Detail: "it sees other files than the host, which are not evaluated"}
	if err != nil {
		problem.Detail = "whether it sees the files of the host could not be established"
		if !errors.Is(err, fs.ErrNotExist) {
			problem.Err = err
		}
	}
	r.Problems = append(r.Problems, problem)
}

// mountTable is what is mounted where, the covered left out.
type mountTable []mountRow

type mountRow struct{ device, root, point string }

// mountTable reads proc_pid_mountinfo(5): id parent major:minor root point …
func (l *looker) mountTable(process string) (t mountTable, err error) {
	data, err := l.h.Tree.ReadFile("/proc/" + process + "/mountinfo")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) < 6 {
			continue
		}
		row := mountRow{words[2], words[3], words[4]}
		// A mount comes after the one it is on; what is below it now cannot be seen.
		t = append(slices.DeleteFunc(t, func(old mountRow) bool { return below(old.point, row.point) }), row)
	}
	if len(t) == 0 {
		return nil, fs.ErrNotExist // it ended
	}
	return t, nil
}

// below reports that a path is a directory or lies below it.
func below(name, dir string) bool {
	return name == dir || dir == "/" || strings.HasPrefix(name, dir+"/")
}

// sameFiles reports that two tables have the same behind every name that a server reads.
func (t mountTable) sameFiles(u mountTable, config string) bool {
	names := slices.Clone(filesOfAServer)
	if path.IsAbs(config) {
		names = append(names, path.Clean(config))
	}
	for _, row := range slices.Concat(t, u) {
		if slices.ContainsFunc(filesOfAServer, func(dir string) bool { return below(row.point, dir) }) {
			names = append(names, row.point)
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool { return t.place(name) != u.place(name) })
}

// place is where in which file system a name lies.
func (t mountTable) place(name string) (at struct{ device, name string }) {
	longest := -1
	for _, row := range t {
		if below(name, row.point) && len(row.point) > longest {
			longest = len(row.point)
			at.device, at.name = row.device, path.Join(row.root, strings.TrimPrefix(name, row.point))
		}
	}
	return at
}
