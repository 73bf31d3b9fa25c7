package mysql

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
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

// settings are the options a server starts with: option files, then command line.
type settings struct {
	flavour flavour
	suffix  string // --defaults-group-suffix
	key     string // tells servers with different options apart, in fingerprints
	all     []mycnf.Option
	args    []mycnf.Option

	gaps    []checks.Gap // what of the files could not be read
	refused bool         // the server would not start with them
}

// readSettings reads the option files the way a server of that flavour does that
// was started with the command line (MySQL manual and MariaDB KB, "option files";
// the list of files and groups is what the server's --help --verbose prints). The
// user's own ~/.my.cnf is not looked at: the account of a packaged server has no
// home directory to put one.
func readSettings(t *tree.Tree, f flavour, cmd mycnf.Command) settings {
	s := settings{flavour: f, suffix: cmd.GroupSuffix, key: cmd.File + cmd.GroupSuffix, args: cmd.Options}
	files := []string{"/etc/my.cnf", "/etc/mysql/my.cnf"}
	if f == mySQL {
		files = append(files, "/usr/etc/my.cnf")
	}
	open := opener{t}
	var sets []*mycnf.Set
	named := func(file string) {
		if !path.IsAbs(file) {
			s.gaps = append(s.gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(file),
				Detail: "the option file's path depends on where the server was started",
			})
			return
		}
		sets = append(sets, mycnf.LoadRequired(open, path.Clean(file)))
	}
	switch {
	case cmd.NoDefaults:
	case cmd.File != "":
		named(cmd.File)
	default:
		sets = append(sets, mycnf.Load(open, files))
		if cmd.ExtraFile != "" {
			named(cmd.ExtraFile)
		}
	}
	for _, set := range sets {
		s.all = append(s.all, set.Options...)
		for _, p := range set.Problems {
			s.problem(p)
		}
	}
	return s
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

// versioned is a group that only servers of one release series read.
var versioned = regexp.MustCompile(`(?i)^(mysqld|mariadb|mariadbd)-[0-9]+\.[0-9]+`)

func (s settings) groups() []string {
	list := []string{"mysqld", "server"}
	if s.flavour == mariaDB {
		list = append(list, "mariadb", "mariadbd", "client-server", "galera")
	}
	if s.suffix != "" {
		for _, g := range slices.Clone(list) {
			list = append(list, g+s.suffix)
		}
	}
	return list
}

// last returns the effective value of an option. The gap tells when a group for one
// release series names it too: which release this is, the files do not say.
func (s settings) last(name string) (mycnf.Setting, *checks.Gap) {
	groups := s.groups()
	var opts, special []mycnf.Option
	for _, o := range s.all {
		switch {
		case slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, o.Group) }):
			opts = append(opts, o)
		case versioned.MatchString(o.Group):
			special = append(special, o)
		}
	}
	fromArgs := mycnf.Last(s.args, name)
	if fromArgs.Set {
		return fromArgs, nil
	}
	value := mycnf.Last(opts, name)
	if other := mycnf.Last(special, name); other.Set {
		return value, &checks.Gap{
			Reason: checks.ReasonNoMetadata, Subject: checks.Text(name), Location: checks.At(other.File, other.Line),
			Detail: checks.Text(fmt.Sprintf("%s is set in [%s], which counts for one release of the server only", name, other.Group)),
		}
	}
	return value, nil
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
func command(args []string) mycnf.Command {
	return mycnf.ParseArgs(args, []string{
		"bind-address", "port", "socket", "extra-port", "admin-address", "admin-port",
		"mysqlx-bind-address", "mysqlx-port", "mysqlx-socket", "basedir", "datadir", "user",
	}, map[byte]string{'P': "port", 'S': "socket", 'u': "user", 'b': "basedir", 'h': "datadir"})
}
