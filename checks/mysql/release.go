package mysql

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// dialectOf is how the flavour's release reads names of options.
func dialectOf(f flavour, release string) *mycnf.Dialect {
	if f == mySQL {
		return mycnf.MySQL(release)
	}
	return mycnf.MariaDB(release)
}

// groups are those the server reads, and those that only some releases read
// (--help --verbose of MariaDB 10.11 and MySQL 9.7; the groups [mariadbd] came with
// MariaDB 10.4.6, so they are taken for granted of a release that is not known;
// [mysql_cluster] is of builds with NDB).
func (s settings) groups() (sure, unsure []string) {
	sure = []string{"mysqld", "server"}
	bases := []string{"mysqld"}
	if s.flavour == mariaDB {
		sure = append(sure, "mariadb", "client-server")
		bases = append(bases, "mariadb")
		switch {
		case s.release == "" || s.atLeast(10, 5):
			sure = append(sure, "mariadbd", "galera")
			bases = append(bases, "mariadbd")
		default:
			unsure = append(unsure, "mariadbd", "galera")
			bases = append(bases, "mariadbd")
		}
	} else {
		unsure = append(unsure, "mysql_cluster")
	}
	if s.release != "" {
		for _, b := range bases {
			sure = append(sure, b+"-"+s.release)
		}
	}
	if s.suffix != "" {
		for _, g := range slices.Clone(sure) {
			sure = append(sure, g+s.suffix)
		}
		for _, g := range slices.Clone(unsure) {
			unsure = append(unsure, g+s.suffix)
		}
	}
	return sure, unsure
}

// versioned tells the groups of one release: [mysqld-8.0], [mariadb-10.11].
func (s settings) versioned(group string) bool {
	group = strings.TrimSuffix(strings.ToLower(group), strings.ToLower(s.suffix))
	base, release, found := strings.Cut(group, "-")
	if !found || base != "mysqld" && (s.flavour == mySQL || base != "mariadb" && base != "mariadbd") {
		return false
	}
	return release == series(release)
}

// atLeast compares the release; one that is not known is not.
func (s settings) atLeast(major, minor int) bool {
	a, b, found := strings.Cut(s.release, ".")
	x, err := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	return found && err == nil && err2 == nil && (x > major || x == major && y >= minor)
}

// series cuts a version to the two numbers a release series has: "1:10.11.18-0+deb12u1"
// is "10.11"; "" when it begins with none.
func series(version string) string {
	if _, after, found := strings.Cut(version, ":"); found {
		version = after // the epoch
	}
	i := 0
	digits := func() bool {
		start := i
		for i < len(version) && version[i] >= '0' && version[i] <= '9' {
			i++
		}
		return i > start && i-start < 4
	}
	if !digits() || i == len(version) || version[i] != '.' {
		return ""
	}
	i++
	if !digits() {
		return ""
	}
	return version[:i]
}

// releaseIn is the release of the installed server, by the package its program
// belongs to; "" where no package tells.
func releaseIn(t *tree.Tree, f flavour) string {
	return releaseOf(t, packages.Open(t), f, "")
}

// releaseOf is releaseIn for a program that is known.
func releaseOf(t *tree.Tree, db *packages.Database, f flavour, exe string) string {
	if db.Manager() == packages.None {
		return ""
	}
	candidates := []string{exe}
	if exe == "" {
		candidates = append(programs("mariadbd"), programs("mysqld")...)
	}
	found := ""
	for _, file := range candidates {
		if info, err := t.Stat(file); err != nil || !info.Mode.IsRegular() {
			continue
		}
		// A package's link (mysqld -> mariadbd) is of the same package as its program.
		owner := db.Owners(file)[file]
		name := strings.ToLower(owner.Package)
		isMaria := strings.Contains(name, "mariadb")
		if owner.Err != nil || isMaria != (f == mariaDB) || !isMaria && !strings.Contains(name, "mysql") && !strings.Contains(name, "percona") {
			continue
		}
		s := series(owner.Version)
		if path.Base(file) == "mysqld" && isMaria && found != "" {
			continue
		}
		if found != "" && s != found {
			return "" // two servers: which of them starts is not known here
		}
		found = s
	}
	return found
}
