package mysql

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// flavour tells the two servers apart: their groups and defaults differ.
type flavour int

const (
	mariaDB flavour = iota
	mySQL
)

// settings are the options a server starts with: option files, command line and
// what SET PERSIST stored.
type settings struct {
	flavour flavour
	release string // "10.11", "9.7"; "" = not known
	suffix  string // --defaults-group-suffix
	key     string // tells servers with different options apart, in fingerprints
	all     []mycnf.Option
	args    []mycnf.Option
	stored  []mycnf.Option // by SET PERSIST
	safe    bool           // mysqld_safe starts it and hands some of its options on

	dialect  *mycnf.Dialect
	doubtful map[string]string // option files that may not be read, and why

	// What split returns, by name: a file can have half a million lines.
	sure, perhaps map[string][]mycnf.Option

	gaps    []checks.Gap // what of the files could not be read
	aside   int          // how many of the gaps hide no option
	refused bool         // the server would not start with them
}

// hidden says that something that was not read may have other values.
func (s settings) hidden() bool { return len(s.gaps) > s.aside }

// origin is how a server is or would be started.
type origin struct {
	flavour flavour
	release string // "" = not known
	command mycnf.Command
	home    string   // whose .my.cnf is read last; "" = none
	homes   []string // directories whose .my.cnf may be read last
	safe    bool
}

// readSettings reads the option files the way a server of that flavour does that
// was started with the command line (MySQL manual and MariaDB KB, "option files";
// the list of files and groups is what the server's --help --verbose prints). Its
// release is the package's.
func readSettings(t *tree.Tree, f flavour, cmd mycnf.Command) settings {
	return readOrigin(t, origin{flavour: f, release: releaseIn(t, f), command: cmd})
}

func readOrigin(t *tree.Tree, o origin) settings {
	cmd := o.command
	s := settings{
		flavour: o.flavour, release: o.release, suffix: cmd.GroupSuffix, key: cmd.File + cmd.GroupSuffix,
		args: cmd.Options, safe: o.safe, dialect: dialectOf(o.flavour, o.release), doubtful: map[string]string{},
	}
	open := opener{t}
	var sets []*mycnf.Set
	named := func(file string) {
		if !path.IsAbs(file) {
			s.gap(checks.ReasonUnsupported, checks.Location{}, "the option file's path depends on where the server was started")
			return
		}
		sets = append(sets, mycnf.LoadRequired(open, path.Clean(file)))
	}
	switch {
	case cmd.NoDefaults:
	case cmd.File != "":
		named(cmd.File)
	default:
		sets = append(sets, mycnf.Load(open, s.files(t, o)))
		if cmd.ExtraFile != "" {
			named(cmd.ExtraFile)
		}
		if o.home != "" {
			sets = append(sets, mycnf.Load(open, []string{path.Join(o.home, ".my.cnf")}))
		}
		for _, home := range o.homes {
			file := path.Join(home, ".my.cnf")
			s.doubtful[file] = "counts only where the server is started with that home directory"
			sets = append(sets, mycnf.Load(open, []string{file}))
		}
	}
	for _, set := range sets {
		s.all = append(s.all, set.Options...)
		for _, p := range set.Problems {
			s.problem(p)
		}
	}
	sure, perhaps := s.split()
	s.sure, s.perhaps = s.byName(sure), s.byName(perhaps)
	s.check(cmd, sure)
	s.persisted(t, cmd)
	return s
}

// files are the option files every program of the flavour reads.
func (s *settings) files(t *tree.Tree, o origin) []string {
	files := []string{"/etc/my.cnf", "/etc/mysql/my.cnf"}
	rpm := false
	for _, dir := range []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"} {
		_, err := t.Stat(dir)
		rpm = rpm || err == nil
	}
	if rpm && s.flavour == mariaDB {
		s.doubtful["/etc/mysql/my.cnf"] = "is read by some builds of the server only"
	}
	if s.flavour == mySQL {
		files = append(files, "/usr/etc/my.cnf")
		s.doubtful["/usr/etc/my.cnf"] = "is read by some builds of the server only"
	}
	for _, file := range []string{"/usr/local/etc/my.cnf", "/usr/local/mysql/etc/my.cnf"} { // SYSCONFDIR of tarballs and own builds
		files = append(files, file)
		s.doubtful[file] = "is read by some builds of the server only"
	}
	if o.safe { // mysqld_safe exports MYSQL_HOME
		for _, home := range []string{"/usr", "/usr/local/mysql"} {
			file := home + "/my.cnf"
			files = append(files, file)
			s.doubtful[file] = "is read where mysqld_safe takes " + home + " for the server's home"
		}
	}
	return files
}

func (s *settings) gap(reason checks.Reason, where checks.Location, detail string) {
	s.gaps = append(s.gaps, checks.Gap{Reason: reason, Subject: where.File, Location: where, Detail: checks.Text(detail)})
}

func (s *settings) problem(p mycnf.Problem) {
	if p.Known {
		return
	}
	g := checks.Gap{Location: checks.At(p.File, p.Line), Subject: checks.Text(p.File)}
	switch {
	case p.Fatal:
		s.refused = true
		g.Reason, g.Detail = checks.ReasonRefused, "the server would refuse to start with this option file"
	case errors.Is(p.Err, fs.ErrPermission):
		g.Reason, g.Detail = checks.ReasonNoPermission, "no permission to read the option file"
	case errors.Is(p.Err, tree.ErrRemote):
		g.Reason, g.Detail = checks.ReasonRemoteFileSystem, "the option file is on a network or FUSE file system"
	case errors.Is(p.Err, mycnf.ErrRelative), errors.Is(p.Err, mycnf.ErrTooMany):
		g.Reason, g.Detail = checks.ReasonUnsupported, checks.Text(p.Err.Error())
	default:
		g.Reason, g.Detail = checks.ReasonUnreadable, "the option file could not be read"
	}
	s.gaps = append(s.gaps, g)
}

// check looks for options with which the server does not start.
func (s *settings) check(cmd mycnf.Command, sure []mycnf.Option) {
	r := s.dialect.Check(append(sure, s.args...))
	if r == nil {
		if cmd.Stray {
			s.aside++
			s.gap(checks.ReasonUnsupported, checks.Location{}, "the server's command line has words that are no options, which it may refuse")
		}
		return
	}
	where := checks.Location{}
	if r.Option.File != "" {
		where = checks.At(r.Option.File, r.Option.Line)
	}
	name := r.Option.Name
	switch {
	case r.Option.File == "":
		name = "an argument" // no command line is told
	case len(name) > 64:
		name = "an option"
	}
	if r.Unsure {
		s.aside++
		s.gap(checks.ReasonUnsupported, where, name+": "+r.Why+", so some releases of the server refuse to start")
		return
	}
	s.refused = true
	s.gap(checks.ReasonRefused, where, name+": "+r.Why+", so the server refuses to start")
}

// last returns the effective value of an option. The gap tells when it is named
// where only some servers read it, or in a form that only some take.
func (s settings) last(name string) (mycnf.Setting, *checks.Gap) {
	if value := s.dialect.Last(s.stored, name); value.Set {
		return value, nil
	}
	sure, perhaps := slices.Clip(s.sure[name]), s.perhaps[name]
	switch name {
	case "port", "socket", "datadir", "basedir":
		if s.safe {
			// mysqld_safe passes them on the command line, its own groups' last.
			sure = append(sure, s.in(safeGroups()...)...)
		}
	}
	value := s.dialect.Last(append(sure, s.args...), name)
	if s.dialect.Last(s.args, name).Set {
		perhaps = nil
	}
	if other := s.dialect.Last(perhaps, name); other.Set {
		why := fmt.Sprintf("%s is set in [%s], which counts for some releases of the server only", name, other.Group)
		if said := s.doubtful[other.File]; said != "" {
			why = fmt.Sprintf("%s is set in a file that %s", name, said)
		}
		return value, &checks.Gap{
			Reason: checks.ReasonNoMetadata, Subject: checks.Text(name), Location: checks.At(other.File, other.Line), Detail: checks.Text(why),
		}
	}
	if value.Doubtful {
		return value, &checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(name), Location: at(value),
			Detail: checks.Text(name + " is written in a form that only some releases of the server take"),
		}
	}
	return value, nil
}

// byName sorts options by the one they stand for.
func (s settings) byName(list []mycnf.Option) map[string][]mycnf.Option {
	m := map[string][]mycnf.Option{}
	for _, o := range list {
		if n := s.dialect.Resolve(o.Name); n.Match == mycnf.Found || n.Match == mycnf.Doubtful {
			m[n.Long] = append(m[n.Long], o)
		}
	}
	return m
}

// split returns the options the server reads, and those it may read.
func (s settings) split() (sure, perhaps []mycnf.Option) {
	certain, unsure := s.groups()
	for _, o := range s.all {
		is := func(g string) bool { return strings.EqualFold(g, o.Group) }
		switch {
		case slices.ContainsFunc(certain, is) && s.doubtful[o.File] == "":
			sure = append(sure, o)
		case slices.ContainsFunc(certain, is), slices.ContainsFunc(unsure, is), s.release == "" && s.versioned(o.Group):
			perhaps = append(perhaps, o)
		}
	}
	return sure, perhaps
}

// in returns the options of the groups in files that are read.
func (s settings) in(groups ...string) (list []mycnf.Option) {
	for _, o := range s.all {
		if s.doubtful[o.File] == "" && slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, o.Group) }) {
			list = append(list, o)
		}
	}
	return list
}

// safeGroups are those of mysqld_safe.
func safeGroups() []string {
	return []string{"mysqld_safe", "safe_mysqld", "mariadb_safe", "mariadbd-safe"}
}

// at is where a setting stands; the zero Location when it is an argument or unset.
func at(s mycnf.Setting) checks.Location {
	if s.File == "" {
		return checks.Location{}
	}
	return checks.At(s.File, s.Line)
}

// opener reads option files from the target's tree.
type opener struct{ t *tree.Tree }

func (o opener) ReadFile(name string) ([]byte, fs.FileMode, error) {
	info, err := o.t.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	data, err := o.t.ReadFile(name)
	return data, info.Mode, err
}

func (o opener) ReadDir(name string) ([]string, error) { return o.t.ReadDir(name) }

// command reads a server's command line (without its name).
func command(args []string) mycnf.Command { return mycnf.MariaDB("10.11").ParseArgs(args) }
