package packages

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/apkdb"
	"hostaudit/checks/internal/deb822"
)

// apk is the database of apk-tools: one file.
type apk struct {
	t    *tree.Tree
	name string
}

// find implements backend.
func (a apk) find(s *search) error {
	data, err := readWhole(a.t, a.name)
	if err != nil {
		return missing(a.name, err)
	}
	var full []byte
	for f, err := range apkdb.Files(data) {
		switch {
		case err != nil:
			return notWhole(a.name, "%v", err)
		case s.left == 0:
			return nil
		}
		full = full[:0]
		if len(f.Dir) > 0 {
			full = append(append(full, f.Dir...), '/')
		}
		full = append(full, f.Name...)
		if _, is := s.needles[string(full)]; is {
			s.look(full, string(f.Package), string(f.Version))
		}
	}
	return nil
}

// pacman is the local database of pacman(8): a directory NAME-VERSION-RELEASE for
// each package.
type pacman struct{ t *tree.Tree }

// find implements backend.
func (p pacman) find(s *search) error {
	names, err := p.t.ReadDir(pacmanDir)
	if err != nil {
		return err
	}
	dir, err := p.t.Directory(pacmanDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	var buf []byte
	for _, n := range names {
		if s.left == 0 {
			break
		}
		if n == "ALPM_DB_VERSION" {
			continue
		}
		name, version, ok := splitPacman(n)
		if !ok {
			err = notWhole(pacmanDir, "%q is no package", n)
			continue
		}
		data, e := dir.ReadFile(n+"/files", buf)
		if e == nil {
			buf = data
			if e = s.took(data); e != nil {
				return e
			}
			e = s.pacmanFiles(data, name, version)
		}
		if e != nil {
			err = missing(pacmanDir+"/"+n+"/files", e)
		}
	}
	return err
}

// splitPacman splits "name-version-release"; neither version nor release has a
// hyphen (PKGBUILD(5)).
func splitPacman(dir string) (name, version string, ok bool) {
	release := strings.LastIndexByte(dir, '-')
	if release <= 0 {
		return "", "", false
	}
	at := strings.LastIndexByte(dir[:release], '-')
	if at <= 0 {
		return "", "", false
	}
	return dir[:at], dir[at+1:], true
}

// pacmanFiles looks at a file "files": sections of lines, each with a title like
// %FILES% and an empty line at the end. A package without files has an empty one.
func (s *search) pacmanFiles(data []byte, name, version string) error {
	inFiles := false
	for line := range bytes.Lines(data) {
		line, ended := bytes.CutSuffix(line, []byte("\n"))
		switch {
		case !ended:
			return notWhole(pacmanDir+"/"+name+"-"+version+"/files", "the last line has no end")
		case len(line) == 0:
			inFiles = false
		case line[0] == '%' && line[len(line)-1] == '%':
			inFiles = string(line) == "%FILES%"
		case inFiles:
			s.look(bytes.TrimSuffix(line, []byte("/")), name, version)
		}
	}
	return nil
}

// opkg is the database of opkg: dpkg's in small.
type opkg struct {
	t   *tree.Tree
	dir string
}

// find implements backend.
func (o opkg) find(s *search) error {
	status, err := readWhole(o.t, o.dir+"/status")
	if err != nil {
		return missing(o.dir+"/status", err)
	}
	dir, err := o.t.Directory(o.dir + "/info")
	if err != nil {
		return missing(o.dir+"/info", err)
	}
	defer dir.Close()
	var (
		count int
		buf   []byte
	)
	for fields, e := range deb822.Stanzas(status) {
		if e != nil {
			return notWhole(o.dir+"/status", "%v", e)
		}
		if count++; count > maxNumber {
			return fmt.Errorf("%w: more than %d packages", tree.ErrTooLarge, maxNumber)
		}
		if s.left == 0 {
			break
		}
		p, state := stanza(fields)
		on, e := onDisk(state)
		switch {
		case p.name == "":
			err = notWhole(o.dir+"/status", "line %d: a package without a name", fields[0].Line)
			continue
		case e != nil:
			err = notWhole(o.dir+"/status", "package %s: %v", p.name, e)
			continue
		case !on:
			continue
		}
		data, e := dir.ReadFile(p.name+".list", buf)
		if e != nil {
			// A package without files has an empty list, not none.
			if err = e; errors.Is(e, fs.ErrNotExist) {
				err = notWhole(o.dir+"/info/"+p.name+".list", "not there")
			}
			continue
		}
		buf = data
		if e := s.took(data); e != nil {
			return e
		}
		s.absoluteLines(data, '\t', p.name, p.version)
	}
	if count == 0 {
		err = notWhole(o.dir+"/status", "no package")
	}
	return err
}
