package snapshot

import (
	"bytes"
	"math"

	"golang.org/x/sys/unix"
)

// readBoot returns when the kernel booted, 0 if not told.
func (c *collector) readBoot() uint64 {
	b, err := c.readAll(c.proc + "/stat")
	if err != nil {
		return 0
	}
	return parseBoot(b)
}

// parseBoot reads the btime line of /proc/stat, proc(5).
func parseBoot(b []byte) uint64 {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		if word, rest := cutBlank(line); string(word) == "btime" {
			word, _ = cutBlank(rest)
			n, err := decimal(word, math.MaxInt64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// readPorts returns the ephemeral ports of the calling thread's network namespace:
// /proc/sys/net shows those of whoever reads it.
func (c *collector) readPorts() PortRange {
	b, err := c.readAll(c.proc + "/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return PortRange{}
	}
	return parsePorts(b)
}

// parsePorts reads "32768\t60999\n", ip(7).
func parsePorts(b []byte) PortRange {
	first, rest := cutBlank(b)
	second, rest := cutBlank(rest)
	low, err1 := decimal(first, math.MaxUint16)
	high, err2 := decimal(second, math.MaxUint16)
	if err1 != nil || err2 != nil || low > high || len(bytes.TrimSpace(rest)) > 0 {
		return PortRange{}
	}
	return PortRange{Low: uint16(low), High: uint16(high)}
}

// ownPorts reports whether /proc/sys/net tells of the namespace looked at. A procfs
// of another namespace's processes still shows the reader's settings.
func (c *collector) ownPorts(netNS uint64) bool {
	var fs unix.Statfs_t
	if c.proc == DefaultProcDir || unix.Statfs(c.proc, &fs) != nil || int64(fs.Type) != unix.PROC_SUPER_MAGIC {
		return true
	}
	own, err := c.link(unix.AT_FDCWD, DefaultProcDir+"/self/ns/net")
	return err == nil && netNS != 0 && parseBracketed(own, "net") == netNS
}
