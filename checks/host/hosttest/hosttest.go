// Package hosttest builds hosts for tests: from txtar text (Load), and from real
// daemons (realhost.go). It is imported by tests only.
package hosttest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

// Now is what the clock of a loaded host says.
func Now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// Load returns the host whose tree is written as a txtar archive (Mode Root, Kind
// tree, the clock stopped at Now). Text before the first file is comment. The
// header of a file is its name, relative to the root, and attributes:
//
//	-- etc/passwd --
//	-- etc/shadow mode=0640 uid=0 gid=42 --
//	-- etc/localtime -> /usr/share/zoneinfo/UTC --
//	-- var/empty/ mode=0711 --                      a directory
//	-- run/initctl fifo --                          also: socket, device
//	-- etc/shadow err=permission --                 also: err=io, err=remote
//	-- etc/hosts mtime=2025-12-31T00:00:00Z size=9999999 --
//	-- etc/motd nonl --                             without the newline at the end
//	-- etc/issue quoted --                          each line with Go's escapes (\x00, \r, \u202e)
//	-- boot/blob base64 --
//	-- "home/a b/x\n" --                            a name in Go's quotes
//
// Without attributes: root:root, files 0644, directories 0755, modified a day before
// Now. Missing parents are made. err=permission on a directory closes
// everything below it.
func Load(t testing.TB, text string) *host.Host {
	t.Helper()
	src, err := Source(text)
	if err != nil {
		t.Fatalf("hosttest: %v", err)
	}
	h := host.New(host.Root, tree.New(src, tree.Options{}))
	h.Kind, h.KindReason = host.KindTree, "hosttest"
	h.Path = "/target"
	h.Clock = Now
	t.Cleanup(func() { h.Tree.Close() })
	return h
}

// LoadFile is Load of a file.
func LoadFile(t testing.TB, path string) *host.Host {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("hosttest: %v", err)
	}
	return Load(t, string(text))
}

// Live makes h a running host with that snapshot, and returns it. Dial stays nil
// unless the test sets it.
func Live(h *host.Host, snap *snapshot.Snapshot) *host.Host {
	h.Mode, h.Kind, h.Path = host.Live, host.KindHost, ""
	h.Snapshot = snap
	return h
}

// Source is the tree of Load by itself.
func Source(text string) (*tree.MapSource, error) {
	entries := map[string]tree.Entry{}
	for _, f := range txtar.Parse([]byte(text)).Files {
		name, e, err := parseFile(f)
		if err != nil {
			return nil, fmt.Errorf("file %q: %w", f.Name, err)
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("file %q: given twice", f.Name)
		}
		entries[name] = e
	}
	return tree.NewMapSource(entries)
}

// parseFile reads one header and the content below it.
func parseFile(f txtar.File) (name string, e tree.Entry, err error) {
	header := f.Name
	if quoted, err := strconv.QuotedPrefix(header); err == nil && quoted[0] == '"' {
		name, _ = strconv.Unquote(quoted)
		header = header[len(quoted):]
	} else {
		name, header, _ = strings.Cut(header, " ")
	}
	e = tree.Entry{Mode: 0o644, ModTime: Now().AddDate(0, 0, -1), Content: f.Data}
	if strings.HasSuffix(name, "/") {
		e.Mode = fs.ModeDir | 0o755
	}
	if target, found := strings.CutPrefix(strings.TrimSpace(header), "-> "); found {
		e.Target, header, _ = strings.Cut(strings.TrimSpace(target), " ")
		e.Mode = fs.ModeSymlink | 0o777
	}
	for attr := range strings.FieldsSeq(header) {
		if err := setAttribute(&e, attr); err != nil {
			return "", e, fmt.Errorf("attribute %q: %w", attr, err)
		}
	}
	if !e.Mode.IsRegular() && len(e.Content) > 0 {
		return "", e, errors.New("content that is not a file's")
	}
	return name, e, nil
}

func setAttribute(e *tree.Entry, attr string) (err error) {
	key, value, _ := strings.Cut(attr, "=")
	switch key {
	case "mode":
		return setMode(e, value)
	case "uid":
		return setNumber(&e.UID, value)
	case "gid":
		return setNumber(&e.GID, value)
	case "size":
		e.Size, err = strconv.ParseInt(value, 10, 64)
	case "mtime":
		e.ModTime, err = time.Parse(time.RFC3339, value)
	case "fifo":
		e.Mode = e.Mode.Perm() | fs.ModeNamedPipe
	case "socket":
		e.Mode = e.Mode.Perm() | fs.ModeSocket
	case "device":
		e.Mode = e.Mode.Perm() | fs.ModeDevice | fs.ModeCharDevice
	case "err":
		switch value {
		case "permission":
			e.Err = fs.ErrPermission
		case "io":
			e.Err = syscall.EIO
		case "remote":
			e.Err = tree.ErrRemote
		default:
			return errors.New("unknown error")
		}
	case "nonl":
		e.Content = []byte(strings.TrimSuffix(string(e.Content), "\n"))
	case "quoted":
		e.Content, err = unquoteLines(string(e.Content))
	case "base64":
		e.Content, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(e.Content)), ""))
	default:
		return errors.New("unknown")
	}
	return err
}

func setMode(e *tree.Entry, value string) error {
	n, err := strconv.ParseUint(value, 8, 12)
	if err != nil {
		return err
	}
	e.Mode = e.Mode.Type() | fs.FileMode(n&0o777)
	for bit, flag := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			e.Mode |= flag
		}
	}
	return nil
}

func setNumber(dst *uint32, value string) error {
	n, err := strconv.ParseUint(value, 10, 32)
	*dst = uint32(n)
	return err
}

// unquoteLines resolves Go's escapes; newlines and quotes stand for themselves.
func unquoteLines(text string) ([]byte, error) {
	var data []byte
	for text != "" {
		if text[0] == '\n' {
			data, text = append(data, '\n'), text[1:]
			continue
		}
		c, multibyte, rest, err := strconv.UnquoteChar(text, 0)
		if err != nil {
			return nil, fmt.Errorf("escape at %.8q: %w", text, err)
		}
		if multibyte {
			data = utf8.AppendRune(data, c)
		} else {
			data = append(data, byte(c))
		}
		text = rest
	}
	return data, nil
}
