package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// diagAvailable reports whether the kernel can be asked for a table over netlink
// without loading a module: sock_diag asks for a missing handler with
// request_module (net/core/sock_diag.c, net/ipv4/inet_diag.c), and loading a
// module would change the host. So the module must be there already, be built in,
// or the kernel be unable to load any.
func (c *collector) diagAvailable(module string) bool {
	if c.filesOnly || c.proc != DefaultProcDir {
		return false // netlink would answer for the auditor's kernel and namespace
	}
	var st unix.Stat_t
	if unix.Stat("/sys/module/"+module, &st) == nil {
		return true
	}
	switch modules, err := c.readAll("/proc/modules"); {
	case errors.Is(err, fs.ErrNotExist):
		return true // a kernel without loadable modules has no such file
	case err != nil:
		return false
	case listsModule(modules, module):
		return true
	}
	if disabled, err := c.readAll("/proc/sys/kernel/modules_disabled"); err == nil && string(disabled) == "1\n" {
		return true
	}
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	builtin, err := c.readAll("/lib/modules/" + unix.ByteSliceToString(name.Release[:]) + "/modules.builtin")
	return err == nil && bytes.Contains(builtin, []byte("/"+module+".ko"))
}

// listsModule looks a loaded module up in /proc/modules: its name is the first
// word of a line.
func listsModule(modules []byte, module string) bool {
	for len(modules) > 0 {
		var line []byte
		line, modules = cutLine(modules)
		if name, _ := cutBlank(line); string(name) == module {
			return true
		}
	}
	return false
}

// Bounds of one dump.
const (
	diagBuffer  = 32 << 10 // the kernel fills at most this much per datagram
	diagTries   = 3        // after a table that changed meanwhile
	diagTimeout = 2 * time.Second
)

// readDiag reads one table over netlink.
func (c *collector) readDiag(ctx context.Context, t table) (rows []socketRow, err error) {
	for try := range diagTries {
		rows, err = c.dump(ctx, t, uint32(try)+1)
		if !errors.Is(err, errInterrupted) {
			break
		}
	}
	return rows, err
}

// dump asks once. The socket belongs to the network namespace of the thread.
func (c *collector) dump(ctx context.Context, t table, seq uint32) ([]socketRow, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	timeout := unix.NsecToTimeval(int64(diagTimeout))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		return nil, err
	}
	kernel := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	if err := unix.Sendto(fd, diagRequest(t, seq), 0, kernel); err != nil {
		return nil, err
	}
	var rows []socketRow
	overflow := false
	buf := c.buffer(diagBuffer)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, _, flags, from, err := unix.Recvmsg(fd, buf, nil, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, err
		case flags&unix.MSG_TRUNC != 0, n == 0:
			return nil, errNetlink
		}
		if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
			continue // not from the kernel
		}
		done, err := parseDiag(buf[:n], t, seq, func(row socketRow) {
			if len(rows) < c.opts.MaxSockets {
				rows = append(rows, row)
			} else {
				overflow = true
			}
		})
		switch {
		case err != nil:
			return nil, err
		case done && overflow:
			return rows, errTooMany
		case done:
			return rows, nil
		}
	}
}
