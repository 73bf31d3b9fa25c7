package packages

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"

	"hostaudit/checks/internal/deb822"
)

const partsDir = dpkgDir + "/status.d"

// isStanzaFile: in status.d, the database of images that were put together
// without dpkg (distroless), each package has a file with its stanza and beside it
// one of the checksums of its files, NAME.md5sums.
func isStanzaFile(name string) bool {
	return !strings.HasSuffix(name, ".md5sums") && !strings.HasSuffix(name, ".list") && name[0] != '.'
}

// readParts adds the packages of status.d. All are installed; a Status is rare.
func (d *dpkg) readParts(byKey map[[2]string]dpkgPackage) (err error) {
	names, err := d.t.ReadDir(partsDir)
	if err != nil {
		return err
	}
	dir, err := d.t.Directory(partsDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, n := range names {
		if !isStanzaFile(n) {
			continue
		}
		data, e := dir.ReadFile(n, nil)
		if e != nil {
			err = e
			continue
		}
		count := 0
		for fields, e := range deb822.Stanzas(data) {
			count++
			p, status := stanza(fields)
			switch {
			case e != nil:
				err = notWhole(partsDir+"/"+n, "%v", e)
				continue
			case p.name == "":
				err = notWhole(partsDir+"/"+n, "a package without a name")
				continue
			}
			if status != nil {
				on, e := onDisk(status)
				if e != nil {
					err = notWhole(partsDir+"/"+n, "%v", e)
				}
				if !on {
					continue
				}
			}
			p.part = n
			byKey[[2]string{p.name, p.arch}] = p
		}
		if count == 0 {
			err = notWhole(partsDir+"/"+n, "no package")
		}
	}
	return err
}

// findInParts looks through the checksums of the packages of status.d. They tell
// of regular files only, and not of configuration files.
func (d *dpkg) findInParts(s *search) error {
	for _, t := range s.targets {
		if strings.HasPrefix(t.path, "/etc/") {
			t.doubt = notWhole(partsDir, "configuration files are not listed")
		}
	}
	dir, err := d.t.Directory(partsDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, p := range d.packages {
		if p.part == "" {
			continue
		}
		data, e := dir.ReadFile(p.part+".md5sums", nil)
		if e == nil {
			if e = s.took(data); e == nil {
				e = s.checksumLines(data, p)
			}
		} else if errors.Is(e, fs.ErrNotExist) {
			if data, e = dir.ReadFile(p.part+".list", nil); e == nil {
				s.absoluteLines(data, 0, p.name, p.version)
			}
		}
		if e != nil {
			err = missing(partsDir+"/"+p.part+".md5sums", e)
		}
	}
	return err
}

// checksumLines looks at a text of deb-md5sums(5): 32 digits, two spaces, a path
// relative to the root.
func (s *search) checksumLines(data []byte, p dpkgPackage) (err error) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line, ended := bytes.CutSuffix(line, []byte("\n"))
		if !ended || len(line) < 35 || line[32] != ' ' || (line[33] != ' ' && line[33] != '*') {
			err = notWhole(partsDir+"/"+p.part+".md5sums", "line %d: not a checksum", number)
			continue
		}
		name := bytes.TrimPrefix(line[34:], []byte("./"))
		s.look(bytes.TrimPrefix(name, []byte("/")), p.name, p.version)
	}
	return err
}
