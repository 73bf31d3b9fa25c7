package limits

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// The unit of the numbers of a file.
const (
	bytesEach = 1
	kilobytes = 1024
)

// parseNumber reads a number of bytes as the control groups' files have them. "max"
// and what is too large for 64 bits are Unlimited; ok is false for all else.
func parseNumber(text []byte) (n int64, ok bool) {
	s := string(bytes.TrimSpace(text))
	if s == "max" {
		return Unlimited, true
	}
	u, err := strconv.ParseUint(s, 10, 64)
	if err != nil && (u != math.MaxUint64 || s[0] == '+') {
		return 0, false
	}
	return int64(min(u, Unlimited)), true
}

// parseFields reads "name: number kB" lines of proc(5) and "name number" ones of
// memory.stat. Lines without a number are left out.
func parseFields(text []byte, unit int64) map[string]int64 {
	out := map[string]int64{}
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 {
			continue
		}
		if n, ok := parseNumber([]byte(fields[1])); ok && fields[1] != "max" {
			if n > Unlimited/unit {
				n = Unlimited / unit
			}
			out[strings.TrimSuffix(fields[0], ":")] = n * unit
		}
	}
	return out
}

// parseLimits reads the soft limits that are set of /proc/self/limits: a name of
// several words, then the soft and the hard limit.
func parseLimits(text []byte) map[string]int64 {
	out := map[string]int64{}
	for line := range bytes.Lines(text) {
		for _, name := range []string{"Max address space", "Max data size"} {
			rest, found := strings.CutPrefix(string(line), name+" ")
			if !found {
				continue
			}
			if fields := strings.Fields(rest); len(fields) > 0 {
				if n, ok := parseNumber([]byte(fields[0])); ok {
					out[name] = n
				}
			}
		}
	}
	return out
}

// parseBandwidth reads "QUOTA PERIOD" in microseconds and returns the processors it
// comes to, rounded up; 0 means no bound ("max", or -1 in version 1) or nonsense.
func parseBandwidth(text []byte) int {
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 0
	}
	quota, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || quota <= 0 {
		return 0
	}
	period, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || period <= 0 {
		return 0
	}
	return int(min((quota-1)/period+1, math.MaxInt32))
}
