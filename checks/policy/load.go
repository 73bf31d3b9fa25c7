package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Loaded is a policy and where it came from.
type Loaded struct {
	Policy Policy
	Files  []File
}

// File is one configuration file as it was read.
type File struct {
	Path string
	Text []byte
}

// Digest identifies the texts in their order; "" when there is none.
func (l Loaded) Digest() string {
	if len(l.Files) == 0 {
		return ""
	}
	h := sha256.New()
	for _, f := range l.Files {
		fmt.Fprintf(h, "%d:", len(f.Text))
		h.Write(f.Text)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))[:16]
}

// LoadFile reads one file that was named explicitly.
func LoadFile(path string, uid int, known []string) (Loaded, error) {
	text, err := ReadTrusted(path, uid)
	if err != nil {
		return Loaded{}, err
	}
	return FromFiles([]File{{path, text}}, known)
}

// LoadDir reads hostaudit.toml and conf.d/*.toml below dir (/etc/hostaudit), in
// this order, as far as they exist. That both directories are held to the rules of
// files is for those that are not there: who can write in a directory can also have
// removed the file that asks for more.
func LoadDir(dir string, uid int, known []string) (Loaded, error) {
	for _, d := range []string{dir, filepath.Join(dir, "conf.d")} {
		_, _, err := trusted(d, uid)
		if errors.Is(err, fs.ErrNotExist) {
			// A link that leads nowhere is there: its files were meant to be used.
			if _, gone := os.Lstat(d); errors.Is(gone, fs.ErrNotExist) {
				continue
			}
		}
		if err != nil {
			return Loaded{}, err
		}
	}
	paths := []string{filepath.Join(dir, "hostaudit.toml")}
	entries, err := os.ReadDir(filepath.Join(dir, "conf.d")) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Loaded{}, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".toml") && !strings.HasPrefix(e.Name(), ".") {
			paths = append(paths, filepath.Join(dir, "conf.d", e.Name()))
		}
	}
	var files []File
	for i, path := range paths {
		text, err := ReadTrusted(path, uid)
		if i == 0 && errors.Is(err, fs.ErrNotExist) {
			// Here, too, a link is there.
			if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		if err != nil {
			return Loaded{}, err
		}
		files = append(files, File{path, text})
	}
	return FromFiles(files, known)
}

// FromFiles merges texts already read. With an error it still returns the files, so
// that they can be asked whether they are Newer.
func FromFiles(files []File, known []string) (Loaded, error) {
	l := Loaded{Files: files}
	for _, f := range files {
		if err := l.Policy.Parse(f.Path, f.Text, known); err != nil {
			return Loaded{Files: files}, err
		}
	}
	return l, nil
}
