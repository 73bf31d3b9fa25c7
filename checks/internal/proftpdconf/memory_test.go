package proftpdconf_test

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"hostaudit/checks/internal/proftpdconf"
)

// memory is a tree of files; a name that ends in @ is a symbolic link to its content, one
// that ends in / a directory. What it does not have is looked up below root.
type memory struct {
	files map[string]string
	root  fs.FS
}

// archive reads a txtar archive of files below /etc/proftpd; what stands before the first
// file is proftpd.conf.
func archive(text string) memory {
	a := txtar.Parse([]byte(text))
	m := memory{files: map[string]string{"/etc/services": "ftp\t\t21/tcp\n"}}
	if len(a.Comment) > 0 {
		m.files["/etc/proftpd/proftpd.conf"] = string(a.Comment)
	}
	for _, f := range a.Files {
		m.files[path.Join("/etc/proftpd", f.Name)+strings.Repeat("/", strings.Count(f.Name[len(f.Name)-1:], "/"))] = string(f.Data)
	}
	return m
}

func (m memory) Lstat(name string) (proftpdconf.FileType, error) {
	if _, ok := m.files[name]; ok {
		return proftpdconf.Regular, nil
	}
	if _, ok := m.files[name+"@"]; ok {
		return proftpdconf.Symlink, nil
	}
	for file := range m.files {
		if strings.HasPrefix(file, strings.TrimSuffix(name, "/")+"/") {
			return proftpdconf.Directory, nil
		}
	}
	if m.root == nil || strings.HasPrefix(name, "/etc/proftpd/") {
		return 0, fs.ErrNotExist
	}
	info, err := fs.Stat(m.root, strings.TrimPrefix(name, "/"))
	switch {
	case err != nil:
		return 0, err
	case info.IsDir():
		return proftpdconf.Directory, nil
	}
	return proftpdconf.Regular, nil
}

func (m memory) Stat(name string) (proftpdconf.FileType, error) {
	return m.Lstat(m.resolve(name))
}

// resolve follows the links of a name, of its directory too.
func (m memory) resolve(name string) string {
	for range 8 {
		if target, ok := m.files[name+"@"]; ok {
			name = path.Join(path.Dir(name), strings.TrimSpace(target))
		}
		dir := path.Dir(name)
		if target, ok := m.files[dir+"@"]; ok {
			name = path.Join(path.Dir(dir), strings.TrimSpace(target), path.Base(name))
		}
	}
	return name
}

func (m memory) ReadFile(name string) ([]byte, error) {
	if text, ok := m.files[m.resolve(name)]; ok {
		return []byte(text), nil
	}
	if m.root == nil || strings.HasPrefix(name, "/etc/proftpd/") {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(m.root, strings.TrimPrefix(name, "/"))
}

func (m memory) ReadDir(name string) ([]string, error) {
	name = m.resolve(name)
	names := map[string]bool{}
	for file := range m.files {
		if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(name, "/")+"/"); ok && rest != "" {
			first, _, _ := strings.Cut(rest, "/")
			names[strings.TrimSuffix(first, "@")] = true
		}
	}
	if len(names) == 0 {
		if kind, err := m.Stat(name); err != nil || kind != proftpdconf.Directory {
			return nil, fs.ErrNotExist
		}
	}
	return slices.Collect(maps.Keys(names)), nil
}
