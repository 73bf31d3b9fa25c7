package snapshot

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// busyHost starts processes that hold descriptors each: TCP listeners, connections
// and the null device, as servers do. It runs in a network namespace of its own.
func busyHost(processes, descriptors, listeners, connections int) (stop func(), err error) {
	var running []*exec.Cmd
	stop = func() {
		for _, c := range running {
			_ = c.Process.Kill()
		}
		for _, c := range running {
			_ = c.Wait()
		}
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		return stop, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return stop, err
	}
	defer null.Close()
	door, err := open(unix.SOCK_STREAM, "127.0.0.1", 9999, false, false)
	if err != nil {
		return stop, err
	}
	defer unix.Close(door)
	if err := unix.Listen(door, 512); err != nil {
		return stop, err
	}
	port, pairs := 10000, 0
	for i := range processes {
		var files []*os.File
		for len(files) < descriptors-3 && port-10000 < listeners*(i+1)/processes {
			fd, err := open(unix.SOCK_STREAM, "127.0.0.1", port, false, false)
			if err != nil {
				return stop, err
			}
			files = append(files, os.NewFile(uintptr(fd), "listener"))
			port++
		}
		for len(files) < descriptors-4 && 2*pairs < connections*(i+1)/processes {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err == nil {
				err = unix.Connect(fd, &unix.SockaddrInet4{Port: 9999, Addr: [4]byte{127, 0, 0, 1}})
			}
			if err != nil {
				return stop, err
			}
			other, _, err := unix.Accept4(door, unix.SOCK_CLOEXEC)
			if err != nil {
				return stop, err
			}
			files = append(files, os.NewFile(uintptr(fd), "client"), os.NewFile(uintptr(other), "server"))
			pairs++
		}
		own := len(files)
		for len(files) < descriptors-3 {
			files = append(files, null)
		}
		c := exec.Command(sleep, "600")
		c.ExtraFiles = files
		err := c.Start()
		for _, f := range files[:own] {
			f.Close()
		}
		if err != nil {
			return stop, err
		}
		running = append(running, c)
	}
	return stop, nil
}

// BenchmarkBusyHost takes the picture of a busy host. The large one is that of the
// acceptance test and takes a gigabyte: it is made when HOSTAUDIT_BENCH_LARGE is set.
func BenchmarkBusyHost(b *testing.B) {
	sizes := []struct{ processes, descriptors, listeners, connections int }{
		{200, 4, 0, 0},
		{200, 50, 300, 1000},
	}
	if os.Getenv("HOSTAUDIT_BENCH_LARGE") != "" {
		sizes = append(sizes, struct{ processes, descriptors, listeners, connections int }{2000, 50, 3000, 10000})
	}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("processes-%d-descriptors-%d", size.processes, size.processes*size.descriptors), func(b *testing.B) {
			inNamespace(b, func() {
				stop, err := busyHost(size.processes, size.descriptors, size.listeners, size.connections)
				defer stop()
				if err != nil {
					b.Error(err)
					return
				}
				b.ReportAllocs()
				var before, after unix.Rusage
				_ = unix.Getrusage(unix.RUSAGE_SELF, &before)
				n := 0
				for b.Loop() {
					n++
					if s := collectHere(b, false); len(s.Listeners) != size.listeners || len(s.Processes) < size.processes {
						b.Errorf("%d listeners and %d processes", len(s.Listeners), len(s.Processes))
						return
					}
				}
				_ = unix.Getrusage(unix.RUSAGE_SELF, &after)
				cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
				b.ReportMetric(float64(cpu)/float64(n)/1e6, "cpu-ms/op")
				b.ReportMetric(float64(cpu)/float64(n)/1e3/float64(size.processes), "cpu-us/process")
			})
		})
	}
}
