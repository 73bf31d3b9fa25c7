package apkdb

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "C:Q1xx=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1yy=\nF:usr\nF:usr/bin\nR:ldd\n" +
	"\nP:busybox\nV:1.36\nF:\nR:init\nF:bin/\nR:busybox\n\n"

func read(text string) (list []string, err error) {
	for f, e := range Files([]byte(text)) {
		if e != nil {
			return list, e
		}
		list = append(list, fmt.Sprintf("%d %s %s /%s %s", f.Line, f.Package, f.Version, f.Dir, f.Name))
	}
	return list, nil
}

func TestFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"empty": {"", nil, ""},
		"sample": {sample, []string{
			"6 musl 1.2.5-r0 /lib ld-musl-x86_64.so.1", "11 musl 1.2.5-r0 /usr/bin ldd",
			"16 busybox 1.36 / init", "18 busybox 1.36 /bin busybox",
		}, ""},
		"no-version":       {"P:a\nF:x\nR:y\n", []string{"3 a  /x y"}, ""},
		"truncated":        {"P:a\nF:x\nR:y\nR:z", []string{"3 a  /x y"}, ErrTruncated.Error()},
		"not-a-field":      {"P:a\nnonsense\n", nil, "line 2: not a field"},
		"file-without-dir": {"P:a\nR:y\n", nil, "line 2: a file without a directory or name"},
		"dir-of-another":   {"P:a\nF:x\n\nR:y\n", nil, "line 4: a file without a directory or name"},
		"dir-without-name": {"F:x\n", nil, "line 1: a directory without a package"},
		"two-names":        {"P:a\nP:b\n", nil, "line 2: a second or empty package name"},
		"empty-name":       {"P:\n", nil, "line 1: a second or empty package name"},
		"empty-file":       {"P:a\nF:x\nR:\n", nil, "line 3: a file without a directory or name"},
		"binary":           {"\x00\x01\x02\n", nil, "line 1: not a field"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(c.text)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != c.err {
				t.Errorf("error %q, want %q", text, c.err)
			}
		})
	}
}

func FuzzFiles(f *testing.F) {
	for _, seed := range []string{sample, "P:a\nF:x\nR:y", "R:\n", "F:\n", ":\n", "P:a\n\n\nR:b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		last, ended := 0, false
		for file, err := range Files(data) {
			if ended {
				t.Fatal("something after an error")
			}
			if err != nil {
				ended = true
				if e, ok := errors.AsType[*SyntaxError](err); ok && (e.Line <= last || e.Line > len(lines)) {
					t.Fatalf("error %v after line %d of %d", err, last, len(lines))
				}
				continue
			}
			if file.Line <= last || !bytes.Equal(lines[file.Line-1], append([]byte("R:"), file.Name...)) {
				t.Fatalf("file %+v after line %d", file, last)
			}
			if len(file.Package) == 0 || len(file.Name) == 0 {
				t.Fatalf("file %+v", file)
			}
			last = file.Line
		}
		if !ended && len(data) > 0 && data[len(data)-1] != '\n' {
			t.Fatal("the missing end was not noticed")
		}
	})
}
