package host

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"hostaudit/checks/host/tree"
)

// maxMountTable bounds the mount table of a container.
const maxMountTable = 4 << 20

// localRoot reports an error unless the root directory of a process is known to lie
// on a file system of the machine itself, without asking that file system: the wait
// for one in user space cannot be ended, not even by the end of this program. The
// mount table shows what is mounted on the root; a root that lies deeper in another
// mount, or below one that was put over it, is told by its device only.
func localRoot(process int) error {
	var st unix.Statx_t
	if err := unix.Statx(process, "root", unix.AT_STATX_DONT_SYNC|unix.AT_NO_AUTOMOUNT, unix.STATX_INO, &st); err != nil {
		return err
	}
	fd, err := unix.Openat(process, "mountinfo", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "mountinfo")
	defer f.Close()
	table, err := io.ReadAll(io.LimitReader(f, maxMountTable))
	if err != nil {
		return err
	}
	return localDevice(string(table), st.Dev_major, st.Dev_minor)
}

// localDevice looks a device up in a mount table, proc_pid_mountinfo(5). Real disks
// need no row; nor do the subvolumes of btrfs, which have devices of their own.
func localDevice(table string, major, minor uint32) error {
	if major != 0 {
		return nil
	}
	device, root := fmt.Sprintf("0:%d", minor), ""
	for line := range strings.Lines(table) {
		front, back, _ := strings.Cut(line, " - ")
		fields, kinds := strings.Fields(front), strings.Fields(back)
		if len(fields) < 6 || len(kinds) == 0 {
			continue
		}
		if fields[2] == device {
			if localKind(kinds[0]) {
				return nil
			}
			return fmt.Errorf("its root directory: %w", tree.ErrRemote)
		}
		if fields[4] == "/" && (root == "" || root == "btrfs") {
			root = kinds[0]
		}
	}
	if root == "btrfs" {
		return nil
	}
	return fmt.Errorf("its root directory lies on no file system of its mount table: %w", tree.ErrRemote)
}

// localKind reports types of file systems without a device that wait for nobody.
func localKind(kind string) bool {
	switch kind {
	case "overlay", "tmpfs", "ramfs", "rootfs", "devtmpfs", "btrfs", "zfs", "bcachefs", "aufs", "shiftfs", "ubifs":
		return true
	}
	return false
}
