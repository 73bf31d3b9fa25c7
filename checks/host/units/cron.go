package units

import (
	"path"
	"slices"
	"strings"

	"hostaudit/checks/internal/crontab"
)

// cron finds the jobs of cron and anacron: the system's tables, the users', and
// the directories whose programs the distributions' tables run. Jobs of at(1) run
// once and are left out. A table counts whether or not a cron daemon is enabled:
// it is armed the moment one starts.
func (g *gatherer) cron() {
	c := cronReader{g, crontab.Cronie, false, false}
	dpkg := g.isThere("/var/lib/dpkg/status", "/var/lib/dpkg/status.d")
	c.debianParts = dpkg
	switch {
	// Debian has cronie, too; cronnext comes with nothing else.
	case dpkg && !g.isThere("/usr/bin/cronnext"):
		c.dialect = crontab.Vixie
		c.lsb = g.lsbNames()
	case g.busyboxCron():
		c.dialect = crontab.BusyBox
	}
	c.table("/etc/crontab", "")
	for _, name := range g.names("/etc/cron.d") {
		if c.tableName(name) {
			c.table("/etc/cron.d/"+name, "")
		}
	}
	c.anacron("/etc/anacrontab")
	for _, dir := range []string{
		"/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/cron.yearly",
		"/etc/periodic/15min", "/etc/periodic/hourly", "/etc/periodic/daily", "/etc/periodic/weekly", "/etc/periodic/monthly",
	} {
		c.directory(dir)
	}
	c.spools()
}

// busyboxCron reports whether BusyBox is the cron daemon, as Alpine has it.
func (g *gatherer) busyboxCron() bool {
	for _, file := range []string{"/usr/sbin/crond", "/sbin/crond", "/bin/crond"} {
		if target, err := g.t.Resolve(file); err == nil {
			return strings.HasPrefix(path.Base(target), "busybox") || path.Base(target) == "bbsuid"
		}
	}
	return false
}

// lsbNames reports whether Debian's cron is told to take the names of the Linux
// Standard Base, which may have dots (cron(8), -l).
func (g *gatherer) lsbNames() bool {
	data, _ := g.read("/etc/default/cron")
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "EXTRA_OPTS="); ok && strings.Contains(value, "-l") {
			return true
		}
	}
	return false
}

// cronReader reads tables the way the host's cron does.
type cronReader struct {
	*gatherer
	dialect     crontab.Dialect
	lsb         bool
	debianParts bool // run-parts(8) is Debian's
}

// tableName reports whether cron reads a file of that name in /etc/cron.d.
func (c *cronReader) tableName(name string) bool {
	if c.dialect == crontab.Vixie {
		return classicName(name) || c.lsb && name[0] != '.' && !strings.HasSuffix(name, ".dpkg-old") && !strings.HasSuffix(name, ".dpkg-dist")
	}
	return cronieName(name)
}

// classicName: cron(8) and run-parts(8) of Debian take letters, digits, hyphens
// and underscores.
func classicName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
}

// cronieName: cronie (database.c) and its run-parts pass over leftovers only.
func cronieName(name string) bool {
	leftover := slices.ContainsFunc([]string{"~", ",", ".rpmsave", ".rpmorig", ".rpmnew", ".swp", ".cfsaved", ",v"}, func(suffix string) bool {
		return strings.HasSuffix(name, suffix)
	})
	return name[0] != '.' && name[0] != '#' && !leftover
}

// table reads one table, a user's or (user "") the system's.
func (c *cronReader) table(file, user string) {
	if info, ok := c.stat(file); !ok || info.Mode.IsDir() {
		return
	}
	data, ok := c.read(file)
	if !ok {
		return
	}
	entries, bad := crontab.Parse(data, c.dialect, user == "")
	for _, e := range entries {
		if e.User == "" {
			e.User = user
		}
		c.add(Entry{
			Kind: KindCron, Name: file + " " + e.User + " " + e.Schedule, User: e.User,
			Program: e.Program, Place: Place{file, e.Line},
		})
	}
	for _, b := range bad {
		c.refused(file, b.Line, b.Problem)
	}
}

// anacron reads anacrontab(5); its jobs run as root.
func (c *cronReader) anacron(file string) {
	data, ok := c.read(file)
	if !ok {
		return
	}
	entries, bad := crontab.ParseAnacron(data)
	for _, e := range entries {
		c.add(Entry{Kind: KindCron, Name: file + " root " + e.Schedule, User: "root", Program: e.Program, Place: Place{file, e.Line}})
	}
	for _, b := range bad {
		c.refused(file, b.Line, b.Problem)
	}
}

// directory finds the programs that run-parts(8) starts, as root.
func (c *cronReader) directory(dir string) {
	for _, name := range c.names(dir) {
		if c.debianParts && !classicName(name) || !cronieName(name) {
			continue
		}
		if file := dir + "/" + name; c.runs(file) {
			c.add(Entry{Kind: KindCron, Name: file + " root", User: "root", Program: file, Place: Place{file, 0}})
		}
	}
}

// spools reads the users' tables, each file named after its user. Alpine's spool
// is a link to /etc/crontabs; a directory inside Red Hat's is another
// distribution's.
func (c *cronReader) spools() {
	seen := map[string]bool{}
	for _, dir := range []string{"/etc/crontabs", "/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron"} {
		if resolved, err := c.t.Resolve(dir); err == nil {
			if seen[resolved] {
				continue
			}
			seen[resolved] = true
		}
		for _, user := range c.names(dir) {
			if cronieName(user) && !strings.HasPrefix(user, "tmp.") && user != "cron.update" {
				c.table(dir+"/"+user, user)
			}
		}
	}
}
