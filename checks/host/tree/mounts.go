package tree

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What "remote" means: reading may have to wait for another machine or for a
// process of this one. Network and cluster file systems, everything in user
// space, and automount points, which fetch such a file system when touched. Only
// the mount table tells without touching: stat, open or statfs of a mount whose
// server is gone hang for ever. A file system mounted after the table was read is
// recognised by statfs on an open descriptor, the second line.
//
// The file system the root itself lies on is never remote: whoever named the
// root asked for it (containers and virtual machines live on overlays in user
// space, on 9p and on virtiofs). For the last two, which a hypervisor may
// split into several mounts, the type of the root's own is enough.

// remoteTypes are names of file system types in /proc/self/mountinfo.
func remoteType(name string) bool {
	name, _, _ = strings.Cut(name, ".") // "fuse.sshfs"
	switch name {
	case "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "coda", "ncpfs", "ncp",
		"9p", "virtiofs", "fuse", "fuseblk", "gfs2", "ocfs2", "lustre", "beegfs", "gpfs",
		"orangefs", "pvfs2", "vboxsf", "vmhgfs", "prl_fs", "autofs":
		return true
	}
	return false
}

// remoteMagic tells the same by f_type of statfs(2): include/uapi/linux/magic.h
// and the file systems' own sources.
func remoteMagic(magic uint32) bool {
	switch magic {
	case 0x6969, // NFS
		0x517B, 0xFF534D42, 0xFE534D42, // SMB, CIFS, SMB2
		0x65735546,             // FUSE, virtiofs
		0x5346414F, 0x6B414653, // AFS of OpenAFS and of Linux
		0x00C36400,             // Ceph
		0x73757245,             // Coda
		0x564C,                 // NCP
		0x01021997,             // 9p
		0x01161970, 0x7461636F, // GFS2, OCFS2
		0x0BD00BD0, 0x19830326, // Lustre, BeeGFS
		0x47504653, 0x20030528, // GPFS, OrangeFS
		0x786F4256, 0xBACBACBC, // vboxsf, vmhgfs
		0x0187: // autofs
		return true
	}
	return false
}

// sameFamily reports whether a mount of type name on a root of type root counts
// as part of the root.
func sameFamily(name, root string) bool {
	return name == root && (name == "9p" || name == "virtiofs")
}

// mounts is what the mount table says about a tree.
type mounts struct {
	remote     map[string]bool // mount points below the root, names as a Source's
	fsType     map[uint64]string
	rootRemote bool // the root itself lies on a remote file system
}

// readMounts reads the auditor's mount table for the tree at root, an absolute
// path free of links. Without a table it is empty and statfs alone decides.
func readMounts(root string) mounts {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return mounts{}
	}
	return parseMounts(string(table), root)
}

// parseMounts reads proc_pid_mountinfo(5). Of several mounts on one point the
// last one is what a path leads to.
func parseMounts(table, root string) mounts {
	m := mounts{remote: map[string]bool{}, fsType: map[uint64]string{}}
	type point struct{ name, fsType string }
	var below []point
	rootType, rootLen := "", -1
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		sep := 0
		for i, f := range fields {
			if i >= 6 && f == "-" {
				sep = i
				break
			}
		}
		if sep == 0 || sep+1 >= len(fields) {
			continue
		}
		at, fsType := unescapeMount(fields[4]), fields[sep+1]
		if dev, ok := parseDev(fields[2]); ok {
			m.fsType[dev] = fsType
		}
		if within(root, at) && len(at) >= rootLen {
			rootType, rootLen = fsType, len(at)
		}
		if at != root && within(at, root) {
			below = append(below, point{strings.TrimPrefix(strings.TrimPrefix(at, root), "/"), fsType})
		}
	}
	for _, p := range below {
		m.remote[p.name] = remoteType(p.fsType) && !sameFamily(p.fsType, rootType)
	}
	m.rootRemote = remoteType(rootType)
	for name, remote := range m.remote {
		if !remote {
			delete(m.remote, name)
		}
	}
	return m
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// unescapeMount takes off the octal escapes of blanks and backslashes.
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseDev reads "major:minor".
func parseDev(s string) (uint64, bool) {
	major, minor, ok := strings.Cut(s, ":")
	maj, err1 := strconv.ParseUint(major, 10, 32)
	mnr, err2 := strconv.ParseUint(minor, 10, 32)
	return unix.Mkdev(uint32(maj), uint32(mnr)), ok && err1 == nil && err2 == nil
}

// pointOnWay returns the remote mount point that name lies on or below, if any.
func (m mounts) pointOnWay(name string) (string, bool) {
	if len(m.remote) == 0 {
		return "", false
	}
	for i := 0; i <= len(name); i++ {
		if (i == len(name) || name[i] == '/') && m.remote[name[:i]] {
			return name[:i], true
		}
	}
	return "", false
}

// localDevice reports whether a device is known to be of this machine: a disk, or
// one the table has with a type that waits for nobody. Each subvolume of btrfs has
// a device without number in the table.
func (m mounts) localDevice(dev uint64) bool {
	if name, known := m.fsType[dev]; known {
		return !remoteType(name)
	}
	if unix.Major(dev) != 0 {
		return true
	}
	for _, name := range m.fsType {
		if name == "btrfs" {
			return true
		}
	}
	return false
}

// descriptorRemote judges an open descriptor of device dev in a tree whose root
// is on rootDev.
func (m mounts) descriptorRemote(fd int, dev, rootDev uint64) (bool, error) {
	if dev == rootDev {
		return false, nil
	}
	if name, known := m.fsType[dev]; known {
		return remoteType(name) && !sameFamily(name, m.fsType[rootDev]), nil
	}
	var st unix.Statfs_t
	if err := ignoringEINTR(func() error { return unix.Fstatfs(fd, &st) }); err != nil {
		return false, fmt.Errorf("statfs: %w", err)
	}
	return remoteMagic(uint32(st.Type)), nil
}
