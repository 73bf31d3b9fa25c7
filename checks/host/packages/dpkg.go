package packages

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/deb822"
)

// dpkg is /var/lib/dpkg (dpkg(1), deb-md5sums(5)).
type dpkg struct {
	t             *tree.Tree
	status, parts bool // has the file status, the directory status.d

	loaded     bool
	packages   []dpkgPackage // installed, by name
	diversions []diversion
	loadErr    error // the list of packages is not complete
	divertErr  error // the diversions are not known
}

// dpkgPackage is a package whose files are on disk.
type dpkgPackage struct {
	name, arch, version string
	same                bool   // Multi-Arch: same, so that several architectures may be installed
	part                string // of status.d: the file's name; "" = of status
}

// lists returns the names that the package's list of files may have in info.
func (p dpkgPackage) lists() [2]string {
	plain, qualified := p.name+".list", p.name+":"+p.arch+".list"
	if p.same {
		return [2]string{qualified, plain}
	}
	return [2]string{plain, qualified}
}

func (d *dpkg) load() {
	if d.loaded {
		return
	}
	d.loaded = true
	byKey := map[[2]string]dpkgPackage{}
	note := func(err error) {
		if err != nil && d.loadErr == nil {
			d.loadErr = err
		}
	}
	if d.status {
		note(d.readStatus(dpkgDir+"/status", byKey))
		note(d.readUpdates(byKey))
		if len(byKey) == 0 {
			note(notWhole(dpkgDir+"/status", "no package"))
		}
	}
	if d.parts {
		note(d.readParts(byKey))
	}
	for _, p := range byKey {
		if p.name != "" {
			d.packages = append(d.packages, p)
		}
	}
	slices.SortFunc(d.packages, func(a, b dpkgPackage) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.arch, b.arch))
	})
	if len(d.packages) > maxNumber {
		note(fmt.Errorf("%w: %d packages", tree.ErrTooLarge, len(d.packages)))
		d.packages = d.packages[:maxNumber]
	}
	data, err := d.t.ReadFile(dpkgDir + "/diversions")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil:
		d.diversions, err = parseDiversions(data)
		if err != nil {
			err = notWhole(dpkgDir+"/diversions", "%v", err)
		}
	}
	d.divertErr = err
}

// readStatus adds what a file of the form of status says. A package that is not
// installed (any more) is recorded without a name: what an update says replaces
// what status said.
func (d *dpkg) readStatus(name string, byKey map[[2]string]dpkgPackage) error {
	data, err := readWhole(d.t, name)
	if err != nil {
		return missing(name, err)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		err = notWhole(name, "the last line has no end")
	}
	for fields, e := range deb822.Stanzas(data) {
		if e != nil {
			return notWhole(name, "%v", e)
		}
		p, status := stanza(fields)
		if p.name == "" {
			err = notWhole(name, "line %d: a package without a name", fields[0].Line)
			continue
		}
		key := [2]string{p.name, p.arch}
		on, e := onDisk(status)
		if e != nil {
			err = notWhole(name, "package %s: %v", p.name, e)
		}
		if !on {
			p = dpkgPackage{}
		}
		byKey[key] = p
	}
	return err
}

// stanza picks what matters of a package's stanza.
func stanza(fields []deb822.Field) (p dpkgPackage, status []byte) {
	for _, f := range fields {
		switch {
		case f.Is("Package"):
			if name := string(f.Value); name != "" && name[0] != '.' && !strings.ContainsAny(name, "/\n\x00") {
				p.name = name
			}
		case f.Is("Architecture"):
			if arch := string(f.Value); !strings.ContainsAny(arch, "/\n\x00") {
				p.arch = arch
			}
		case f.Is("Version"):
			p.version = string(f.Value)
		case f.Is("Multi-Arch"):
			p.same = string(f.Value) == "same"
		case f.Is("Status"):
			status = f.Value
		}
	}
	return p, status
}

// onDisk reports whether a package's files are on disk by its "want flag state"
// (dpkg(1), "Package states"). A removed package keeps its list as long as its
// configuration files are there (config-files): it owns no program.
func onDisk(status []byte) (bool, error) {
	words := bytes.Fields(status)
	if len(words) != 3 {
		return false, errors.New("not a status")
	}
	switch string(words[2]) {
	case "installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending":
		return true, nil
	case "not-installed", "config-files":
		return false, nil
	}
	return false, errors.New("unknown state")
}

// readUpdates adds what dpkg noted since it last wrote status: files whose names
// are numbers, in their order.
func (d *dpkg) readUpdates(byKey map[[2]string]dpkgPackage) error {
	const dir = dpkgDir + "/updates"
	names, err := d.t.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, n := range names {
		if strings.Trim(n, "0123456789") != "" {
			continue // tmp.i is being written
		}
		if err := d.readStatus(dir+"/"+n, byKey); err != nil {
			return err
		}
	}
	return err
}

// find implements backend.
func (d *dpkg) find(s *search) error {
	d.load()
	s.doubt = d.divertErr
	s.divert(d.diversions)
	err := d.loadErr
	note := func(e error) {
		if err == nil {
			err = e
		}
	}
	if d.parts {
		note(d.findInParts(s))
	}
	if !d.status || s.left == 0 {
		return err
	}
	info, e := d.t.Directory(dpkgDir + "/info")
	if e != nil {
		note(missing(dpkgDir+"/info", e))
		return err
	}
	defer info.Close()
	var buf []byte
	for _, p := range d.packages {
		if s.left == 0 {
			break
		}
		if p.part != "" {
			continue
		}
		names := p.lists()
		data, e := info.ReadFile(names[0], buf)
		if errors.Is(e, fs.ErrNotExist) {
			data, e = info.ReadFile(names[1], buf)
		}
		switch where := dpkgDir + "/info/" + names[0]; {
		case e != nil:
			note(missing(where, e))
			continue
		case len(data) == 0 || data[len(data)-1] != '\n':
			// Even a package without files lists "/.".
			note(notWhole(where, "the last line has no end"))
		}
		buf = data
		if e := s.took(data); e != nil {
			note(e)
			break
		}
		s.absoluteLines(data, 0, p.name, p.version)
	}
	return err
}
