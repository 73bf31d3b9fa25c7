package yescrypt

import (
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newRegion maps n lanes of zeroes. The region stays outside of Go's heap: it
// is given back at once and not some collections later, want of memory is an
// error and not the end of the program, and the collector's pace does not
// depend on it. This is the only place where the type of memory is asserted;
// pages are aligned for every type.
func newRegion(n uint64) ([]lane, error) {
	if n > math.MaxInt/laneBytes {
		return nil, ErrMemory
	}
	pages, err := unix.Mmap(-1, 0, int(n)*laneBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, ErrMemory
	}
	// Far fewer page faults, where the kernel has huge pages to give; all of the region is
	// used, so that it takes no more memory.
	_ = unix.Madvise(pages, unix.MADV_HUGEPAGE)
	return unsafe.Slice((*lane)(unsafe.Pointer(unsafe.SliceData(pages))), int(n)), nil
}

// freeRegion gives back what newRegion returned.
func freeRegion(region []lane) {
	pages := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(region))), len(region)*laneBytes)
	_ = unix.Munmap(pages)
}
