package snapshot

import (
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSeekPast: what counting through the descriptors did not reach is listed. A
// process that closes a low descriptor and fills a gap meanwhile makes the count
// right before the last one was looked at.
func TestSeekPast(t *testing.T) {
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	const low, high = 300, 400
	for _, fd := range []int{low, high} {
		if err := unix.Dup3(null, fd, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
	}
	c := newCollector(Options{})
	for next, want := range map[int][2]bool{
		0: {true, true}, low: {true, true}, low + 1: {false, true}, high: {false, true}, high + 1: {false, false},
	} {
		dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := seekPast(dir, next); err != nil {
			t.Fatal(err)
		}
		var got [2]bool
		err = c.eachName(dir, func(name []byte) error {
			switch string(name) {
			case strconv.Itoa(low):
				got[0] = true
			case strconv.Itoa(high):
				got[1] = true
			}
			return nil
		})
		unix.Close(dir)
		if err != nil || got != want {
			t.Errorf("from %d: %v, %v", next, got, err)
		}
	}
}
