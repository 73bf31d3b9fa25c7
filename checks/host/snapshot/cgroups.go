package snapshot

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kernfsHandle is FILEID_KERNFS of include/linux/exportfs.h: the handle of a
// directory of cgroup2 is the group's 64-bit ID.
const kernfsHandle = 0xfe

// maxCgroups bounds the groups that are looked up.
const maxCgroups = 4096

// findCgroups names the control groups the sockets were made in. It costs a few
// calls for each group. Who may not open a group by its ID compares the IDs with those of the
// processes' groups, which anybody may look at.
func (c *collector) findCgroups(ctx context.Context, processes []Process, spaces []*space) {
	ids := c.cgroupIDs(spaces)
	if len(ids) == 0 || !c.live() || c.cgroup2.point == "" {
		return
	}
	mount, err := unix.Open(c.cgroup2.point, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer unix.Close(mount)
	var fs unix.Statfs_t
	if unix.Fstatfs(mount, &fs) != nil || int64(fs.Type) != unix.CGROUP2_SUPER_MAGIC {
		return
	}
	names := map[uint64]string{}
	for _, id := range ids[:min(len(ids), maxCgroups)] {
		if ctx.Err() != nil {
			return
		}
		name, err := c.cgroupByID(mount, id)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) {
			names = c.cgroupsOf(mount, processes, ids)
			break
		}
		if err == nil && name != "" {
			names[id] = name
		}
	}
	c.mu.Lock()
	c.cgroups = names
	c.mu.Unlock()
}

// cgroupIDs lists the groups of all listeners, by ID.
func (c *collector) cgroupIDs(spaces []*space) (ids []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []*socketTables{c.tables}
	for i := range spaces {
		all = append(all, c.spaces[i].tables)
	}
	for _, t := range all {
		if t == nil {
			continue
		}
		for _, row := range t.rows {
			if row.cgroup != 0 {
				ids = append(ids, row.cgroup)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// cgroupByID opens a group as the kernel numbers it and asks for its path. "" = it
// was removed, or lies outside of what is mounted here.
func (c *collector) cgroupByID(mount int, id uint64) (string, error) {
	handle := unix.NewFileHandle(kernfsHandle, binary.NativeEndian.AppendUint64(nil, id))
	fd, err := unix.OpenByHandleAt(mount, handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	target, err := c.link(unix.AT_FDCWD, DefaultProcDir+"/self/fd/"+strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	return c.cgroup2.cgroup(string(target)), nil
}

// cgroup turns the place of a group in the file system into its path.
func (m mountRow) cgroup(dir string) string {
	rest, found := strings.CutPrefix(dir, m.point)
	switch {
	case !found || strings.HasSuffix(dir, " (deleted)"):
		return ""
	case rest == "":
		return m.root
	case rest[0] != '/':
		return ""
	}
	return strings.TrimSuffix(m.root, "/") + rest
}

// cgroupsOf finds the names of groups among those of the processes.
func (c *collector) cgroupsOf(mount int, processes []Process, ids []uint64) map[uint64]string {
	names, tried := map[uint64]string{}, map[string]bool{}
	for i := range processes {
		group := processes[i].Cgroup
		if tried[group] || len(tried) >= maxCgroups {
			continue
		}
		tried[group] = true
		rest, found := strings.CutPrefix(group, strings.TrimSuffix(c.cgroup2.root, "/")+"/")
		if !found || slices.Contains(strings.Split(rest, "/"), "..") {
			continue // not below the mount
		}
		if rest == "" {
			rest = "."
		}
		var st unix.Stat_t
		if unix.Fstatat(mount, rest, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue
		}
		if _, wanted := slices.BinarySearch(ids, st.Ino); wanted {
			names[st.Ino] = group
		}
	}
	return names
}
