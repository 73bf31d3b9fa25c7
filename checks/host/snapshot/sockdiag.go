package snapshot

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// diagAllowed is diagAvailable, asked once for each module.
func (c *collector) diagAllowed(module string) bool {
	known, asked := c.modules[module]
	if !asked {
		known = c.diagAvailable(module)
		c.modules[module] = known
	}
	return known
}

// diagAvailable reports whether the kernel can be asked for a table over netlink
// without loading a module: sock_diag asks for a missing handler with
// request_module (net/core/sock_diag.c, net/ipv4/inet_diag.c), and loading a
// module would change the host. So the module must be there already, be built in,
// or the kernel be unable to load any.
func (c *collector) diagAvailable(module string) bool {
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

// diagSocket asks one network namespace: that of the thread that opened it.
type diagSocket struct {
	fd  int // -1 = not open
	seq uint32
	buf []byte
}

// open makes the socket if there is none.
func (d *diagSocket) open() error {
	if d.fd >= 0 {
		return nil
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return err
	}
	timeout := unix.NsecToTimeval(int64(diagTimeout))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		unix.Close(fd)
		return err
	}
	d.fd = fd
	return nil
}

func (d *diagSocket) close() {
	if d.fd >= 0 {
		unix.Close(d.fd)
	}
	d.fd = -1
}

// dump asks for one table. begin is called before each try, and read with every
// datagram of the answer until it says that the dump has ended.
func (d *diagSocket) dump(ctx context.Context, begin func(seq uint32) (request []byte), read func(b []byte, seq uint32) (done bool, err error)) (err error) {
	for range diagTries {
		if err = d.dumpOnce(ctx, begin, read); err == nil {
			return nil
		}
		d.close() // the rest of the dump may still come, and the kernel runs one at a time
		if !errors.Is(err, errInterrupted) {
			break
		}
	}
	return err
}

func (d *diagSocket) dumpOnce(ctx context.Context, begin func(uint32) []byte, read func([]byte, uint32) (bool, error)) error {
	if err := d.open(); err != nil {
		return err
	}
	d.seq++
	kernel := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	if err := unix.Sendto(d.fd, begin(d.seq), 0, kernel); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, _, flags, from, err := unix.Recvmsg(d.fd, d.buf, nil, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case flags&unix.MSG_TRUNC != 0, n == 0:
			return errNetlink
		}
		if sender, ok := from.(*unix.SockaddrNetlink); !ok || sender.Pid != 0 {
			continue // not from the kernel
		}
		if done, err := read(d.buf[:n], d.seq); done || err != nil {
			return err
		}
	}
}

// deviceName returns the name of a device of the namespace, netdevice(7). Any socket
// can be asked. A device that went leaves its number.
func (d *diagSocket) deviceName(index uint32) string {
	unnamed := "if " + strconv.FormatUint(uint64(index), 10)
	ifr, err := unix.NewIfreq("x")
	if err != nil || d.open() != nil {
		return unnamed
	}
	ifr.SetUint32(index)
	if err := unix.IoctlIfreq(d.fd, unix.SIOCGIFNAME, ifr); err != nil || ifr.Name() == "" {
		return unnamed
	}
	return ifr.Name()
}
