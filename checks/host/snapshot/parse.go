package snapshot

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

// flagKthread is PF_KTHREAD in the flags field of /proc/PID/stat
// (include/linux/sched.h).
const flagKthread = 0x00200000

var (
	errStat   = errors.New("not the form of /proc/PID/stat")
	errStatus = errors.New("no Uid line in /proc/PID/status")
)

// statFields is what the audit takes from /proc/PID/stat, proc(5).
type statFields struct {
	comm    string
	state   byte
	ppid    int
	threads uint64
	start   uint64
	kernel  bool
}

// ended reports a zombie: of a process with one thread, nothing is left to see.
func (s statFields) ended() bool { return s.state == 'Z' || s.state == 'X' }

// parseStat reads /proc/PID/stat. The name stands in parentheses and is set by
// the process: it may hold parentheses, blanks and newlines, so everything after
// the last ')' is what the kernel wrote.
func parseStat(b []byte) (statFields, error) {
	open := bytes.IndexByte(b, '(')
	end := bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return statFields{}, errStat
	}
	s := statFields{comm: string(b[open+1 : end])}
	// Fields are counted as proc(5) does: state is the third.
	field := 2
	for rest := b[end+1:]; len(rest) > 0; {
		var word []byte
		word, rest = cutBlank(rest)
		if len(word) == 0 {
			break
		}
		field++
		var err error
		switch field {
		case 3:
			if len(word) != 1 {
				return statFields{}, errStat
			}
			s.state = word[0]
		case 4:
			s.ppid, err = atoi(word)
		case 9:
			var flags uint64
			flags, err = decimal(word, math.MaxUint64)
			s.kernel = flags&flagKthread != 0
		case 20:
			s.threads, err = decimal(word, math.MaxUint64)
		case 22:
			if s.start, err = decimal(word, math.MaxUint64); err == nil {
				return s, nil
			}
		}
		if err != nil {
			return statFields{}, errStat
		}
	}
	return statFields{}, errStat
}

// parseStatusUIDs returns the real and effective user from /proc/PID/status. The
// kernel escapes newlines in the Name line, so no process can forge a Uid line.
func parseStatusUIDs(b []byte) (uid, euid uint32, err error) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		rest, found := bytes.CutPrefix(line, []byte("Uid:"))
		if !found {
			continue
		}
		first, rest := cutBlank(rest)
		second, _ := cutBlank(rest)
		u, err1 := decimal(first, math.MaxUint32)
		e, err2 := decimal(second, math.MaxUint32)
		if err1 != nil || err2 != nil {
			return 0, 0, errStatus
		}
		return uint32(u), uint32(e), nil
	}
	return 0, 0, errStatus
}

// parseCgroup returns the path in systemd's own hierarchy, or in the unified one,
// from /proc/PID/cgroup, cgroups(7). Where both are mounted systemd uses one or the
// other (in a container not always that of the host's): in the one it does not use
// everything is in the root, which tells nothing. Empty = in neither.
func parseCgroup(b []byte) string {
	named, unified := "", ""
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		id, rest, _ := bytes.Cut(line, []byte(":"))
		controllers, path, found := bytes.Cut(rest, []byte(":"))
		switch {
		case !found:
		case string(controllers) == "name=systemd":
			named = string(path)
		case string(id) == "0" && len(controllers) == 0:
			unified = string(path)
		}
	}
	if named == "" || named == "/" && unified != "" {
		return unified
	}
	return named
}

// parseBracketed reads the number of a link like "net:[4026531840]" or
// "socket:[1597]", 0 if it has not that form.
func parseBracketed(link []byte, prefix string) uint64 {
	if len(link) < len(prefix)+3 || string(link[:len(prefix)]) != prefix {
		return 0
	}
	rest := link[len(prefix):]
	if rest[0] != ':' || rest[1] != '[' || rest[len(rest)-1] != ']' {
		return 0
	}
	n, err := decimal(rest[2:len(rest)-1], math.MaxUint64)
	if err != nil {
		return 0
	}
	return n
}

// parseExe splits the mark off that the kernel adds to the name of an executable
// that is no longer at its path.
func parseExe(link string) (path string, deleted bool) {
	return strings.CutSuffix(link, " (deleted)")
}

// below takes the mount point root off a path that lies below it.
func below(root, path string) string {
	if rest, ok := strings.CutPrefix(path, strings.TrimRight(root, "/")+"/"); ok {
		return "/" + rest
	}
	return path
}

// splitArgs splits /proc/PID/cmdline at its NUL bytes. A process that rewrote its
// title may have left out the last one.
func splitArgs(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
}

// cutLine returns the first line without its newline, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if before, after, ok := bytes.Cut(b, []byte{'\n'}); ok {
		return before, after
	}
	return b, nil
}

// cutBlank returns the first word and what follows it. Words are parted by
// blanks, tabs and newlines.
func cutBlank(b []byte) (word, rest []byte) {
	i := 0
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	j := i
	for j < len(b) && !isBlank(b[j]) {
		j++
	}
	return b[i:j], b[j:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// decimal reads an unsigned number up to limit without allocating.
func decimal(b []byte, limit uint64) (uint64, error) {
	if len(b) == 0 {
		return 0, strconv.ErrSyntax
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, strconv.ErrSyntax
		}
		digit := uint64(c - '0')
		if n > (limit-digit)/10 {
			return 0, strconv.ErrRange
		}
		n = n*10 + digit
	}
	return n, nil
}

// hexadecimal reads an unsigned hexadecimal number of at most 16 digits.
func hexadecimal(b []byte) (uint64, error) {
	if len(b) == 0 || len(b) > 16 {
		return 0, strconv.ErrSyntax
	}
	var n uint64
	for _, c := range b {
		var digit byte
		switch {
		case c >= '0' && c <= '9':
			digit = c - '0'
		case c >= 'a' && c <= 'f':
			digit = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			digit = c - 'A' + 10
		default:
			return 0, strconv.ErrSyntax
		}
		n = n<<4 | uint64(digit)
	}
	return n, nil
}

// atoi reads a number that fits a PID.
func atoi(b []byte) (int, error) {
	n, err := decimal(b, math.MaxInt32)
	return int(n), err
}
