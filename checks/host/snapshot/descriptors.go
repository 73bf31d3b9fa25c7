package snapshot

import (
	"errors"
	"math"
	"strconv"

	"golang.org/x/sys/unix"
)

// process looks at the descriptors of one process. When its first thread has
// ended, that one's table is empty and another thread shows the descriptors.
func (w *walk) process(c *collector, pid int, start uint64) error {
	dir, done, err := c.again(pid, start)
	if err != nil {
		return err
	}
	defer done()
	seen, err := w.descriptors(c, dir, pid)
	if err != nil || seen > 0 {
		return err
	}
	thread, err := c.liveThread(dir, pid)
	if err != nil {
		return err
	}
	defer unix.Close(thread)
	_, err = w.descriptors(c, thread, pid)
	return err
}

// descriptors looks at the fd directory below dir and counts its entries.
func (w *walk) descriptors(c *collector, dir, pid int) (seen int, err error) {
	fd, err := unix.Openat(dir, "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	next := 0
	if !w.thorough && c.live() {
		if next, seen, err = w.byNumber(c, fd, pid); err != nil {
			return seen, err
		}
		if seekPast(fd, next) != nil {
			next, seen = 0, 0
		}
	}
	err = c.eachName(fd, func(name []byte) error {
		n, err := decimal(name, math.MaxInt32)
		if err != nil || int(n) < next {
			return nil // no descriptor, or looked at
		}
		seen++
		// The directory may be listed by root without CAP_SYS_PTRACE (or against a
		// security module) while its links may not be read.
		_, err = w.look(c, fd, int(n), pid)
		return err
	})
	return seen, err
}

// byNumber looks at descriptors 0, 1, 2 … until as many are found as the directory
// says there are: its size, since Linux 6.2 (proc_fd_getattr in fs/proc/fd.c). Listing
// the directory first would cost about a third more. What lies from next on is still
// to be listed: the directory may not tell its size, the numbers may have gaps, and
// while the counting goes on one looked at may be closed and a gap be filled, so that
// the sum is right and the last ones were never looked at.
func (w *walk) byNumber(c *collector, fd, pid int) (next, seen int, err error) {
	want := openCount(fd)
	for gaps := want/8 + 4; seen < want; next++ {
		found, err := w.look(c, fd, next, pid)
		switch {
		case err != nil:
			return next, seen + 1, err
		case found:
			seen++
		case gaps == 0:
			return next, seen, nil
		default:
			gaps--
		}
	}
	return next, seen, nil
}

// seekPast makes a listing of a descriptor directory begin at a number: its positions
// are the numbers after "." and ".." (proc_readfd_common in fs/proc/fd.c).
func seekPast(fd, next int) error {
	if next == 0 {
		return nil
	}
	_, err := unix.Seek(fd, int64(next)+2, unix.SEEK_SET)
	return err
}

// openCount returns how many descriptors a process has open, 0 = not told.
func openCount(fd int) int {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Size < 0 || st.Size > math.MaxInt32 {
		return 0
	}
	return int(st.Size)
}

// look reads where one descriptor leads and notes a socket that is looked for.
func (w *walk) look(c *collector, fd, number, pid int) (found bool, err error) {
	buf := c.buffer(8 << 10)
	n, err := unix.Readlinkat(fd, w.name(number), buf[:64])
	switch {
	case err == nil:
		w.see(pid, parseBracketed(buf[:n], "socket"))
		return true, nil
	case gone(err):
		return false, nil
	}
	return false, err
}

// name writes a descriptor's number; the common ones are written once only.
func (w *walk) name(number int) string {
	if number >= 1024 {
		return strconv.Itoa(number)
	}
	for len(w.numbers) <= number {
		w.numbers = append(w.numbers, strconv.Itoa(len(w.numbers)))
	}
	return w.numbers[number]
}

// handles are open directories of processes. One stays that of its process even
// when the PID is used again, and spares finding the process by its number thrice.
type handles struct {
	dirs map[int]int // PID -> descriptor
	room int         // how many more may be kept
}

// maxHandles bounds the directories kept open, next to a share of the limit of
// open files, which other parts of the program need too.
const maxHandles = 4096

func newHandles() handles {
	h := handles{dirs: map[int]int{}, room: maxHandles}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		h.room = 0
	} else if share := limit.Cur / 4; share < maxHandles {
		h.room = int(share)
	}
	return h
}

// keep takes the directory over, if there is room.
func (c *collector) keep(pid, dir int) bool {
	if c.handles.room == 0 {
		return false
	}
	if old, found := c.handles.dirs[pid]; found {
		unix.Close(old)
		c.handles.room++
	}
	c.handles.dirs[pid] = dir
	c.handles.room--
	return true
}

// release closes what was kept.
func (c *collector) release() {
	for _, dir := range c.handles.dirs {
		unix.Close(dir)
	}
	c.handles = handles{}
}

// again returns the directory of a process seen before. done gives it back.
func (c *collector) again(pid int, start uint64) (dir int, done func(), err error) {
	if dir, kept := c.handles.dirs[pid]; kept {
		return dir, func() {}, nil
	}
	dir, stat, err := c.enter(pid)
	if err != nil {
		return -1, nil, err
	}
	if stat.start != start {
		unix.Close(dir)
		return -1, nil, errReplaced
	}
	return dir, func() { unix.Close(dir) }, nil
}

// errReplaced: the PID was given to another process.
var errReplaced = errors.New("another process has this PID by now")
