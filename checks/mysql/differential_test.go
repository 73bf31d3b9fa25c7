package mysql

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// TestDifferential asks the real servers what generated sets of option files and
// arguments mean: the value of every option evaluated here (--help --verbose), or that
// they refuse to start. This package must say the same.
//
// HOSTAUDIT_DIFFERENTIAL is ten times the number of sets for each server (160 and 80 unless
// set, and no fewer), HOSTAUDIT_DIFFERENTIAL_SEED the first seed.
func TestDifferential(t *testing.T) {
	hosttest.RequireReal(t)
	wanted := numberFrom(t, "HOSTAUDIT_DIFFERENTIAL", 0) / 10
	seed := numberFrom(t, "HOSTAUDIT_DIFFERENTIAL_SEED", 1)
	for _, server := range []struct {
		name, tree, release string
		flavour             flavour
		count               int
	}{
		{"mariadb", "", "10.11", mariaDB, max(wanted, 160)},
		{"mysql", "units-sid+mysql", "9.7", mySQL, max(wanted, 80)},
	} {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			var h *hosttest.RealHost
			if server.tree == "" {
				h = hosttest.NewRealHost(t)
			} else {
				h = hosttest.NewRealHostOf(t, server.tree)
			}
			count := server.count
			var sets []generated
			for i := range count {
				sets = append(sets, generate(uint64(seed+i), server.flavour))
			}
			said := map[int]map[string]string{}
			const part = 40
			for from := 0; from < count; from += part { // a command has two minutes
				for i, answer := range ask(h, server.flavour, sets[from:min(from+part, count)]) {
					said[from+i] = answer
				}
			}
			compared, refused, open := 0, 0, 0
			for i, g := range sets {
				s := g.read(t, server.flavour, server.release)
				theirs, ok := said[i]
				switch {
				case !ok:
					t.Fatalf("seed %d: the server was not asked", seed+i)
				case s.refused != (theirs == nil):
					t.Errorf("seed %d: refused %v, the server %v\n%s\ngaps %v", seed+i, s.refused, theirs == nil, g.text(), s.gaps)
					continue
				case s.refused:
					refused++
					if loc := s.gaps[len(s.gaps)-1].Location; len(g.args) == 0 && loc.File == "" {
						t.Errorf("seed %d: refused without a place\n%s", seed+i, g.text())
					}
					continue
				}
				for _, name := range compareNames(server.flavour) {
					ours, known := printedAs(s, name)
					if !known {
						open++
						continue
					}
					compared++
					if ours != theirs[name] {
						t.Errorf("seed %d: %s is %q, the server says %q\n%s", seed+i, name, ours, theirs[name], g.text())
					}
				}
			}
			t.Logf("%d sets: %d values compared, %d left open, %d sets refused by both", count, compared, open, refused)
			if compared < 4*count || refused < count/20 || open > compared/20 {
				t.Errorf("the sets are not worth much")
			}
		})
	}
}

func numberFrom(t *testing.T, variable string, fallback int) int {
	text := os.Getenv(variable)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func compareNames(f flavour) []string {
	list := []string{"bind-address", "port", "socket", "skip-networking", "require-secure-transport", "datadir", "skip-grant-tables"}
	if f == mariaDB {
		return append(list, "extra-port")
	}
	return append(list, "admin-address", "admin-port", "mysqlx-port", "mysqlx-bind-address")
}

// printedAs is a value as --help --verbose prints it.
func printedAs(s settings, name string) (text string, known bool) {
	v, gap := s.last(name)
	if gap != nil || s.hidden() {
		return "", false
	}
	truth := map[bool]string{true: "TRUE", false: "FALSE"}
	switch name {
	case "skip-networking", "require-secure-transport", "skip-grant-tables":
		return truth[v.On()], true
	case "port", "extra-port":
		if off, _ := s.last("skip-networking"); off.On() {
			return "0", true
		}
		if name == "extra-port" {
			return fmt.Sprint(v.Number()), true
		}
		return fmt.Sprint(portNumber(v, 3306, 0)), true
	case "admin-port":
		if !v.Set {
			return "33062", true
		}
		return fmt.Sprint(v.Number()), true
	case "mysqlx-port":
		return fmt.Sprint(portNumber(v, 33060, 1)), true
	case "datadir":
		switch {
		case !v.Set:
			return "/var/lib/mysql/", true
		case !path.IsAbs(v.Value):
			return "/usr/" + v.Value + slash(v.Value), true
		}
		return v.Value + slash(v.Value), true
	}
	if s.flavour == mySQL && v.Form == mycnf.Enabled {
		v.Set = false
	}
	if !v.Set {
		return map[string]string{
			"bind-address": map[flavour]string{mariaDB: "(No default value)", mySQL: "*"}[s.flavour], "mysqlx-bind-address": "*",
			"admin-address": "(No default value)",
			"socket":        map[flavour]string{mariaDB: "/run/mysqld/mysqld.sock", mySQL: "/var/run/mysqld/mysqld.sock"}[s.flavour],
		}[name], true
	}
	return strings.TrimRight(v.Value, " \t\n\r"), true // columns are padded
}

func slash(dir string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return ""
	}
	return "/"
}

// generated is a set of option files and arguments.
type generated struct {
	files [][2]string // path, content
	modes map[string]string
	args  []string
}

func (g generated) text() string {
	var b strings.Builder
	for _, f := range g.files {
		fmt.Fprintf(&b, "-- %s %s --\n%q\n", f[0], g.modes[f[0]], f[1])
	}
	fmt.Fprintf(&b, "args %q", g.args)
	return b.String()
}

// read evaluates the set.
func (g generated) read(t *testing.T, f flavour, release string) settings {
	var b strings.Builder
	for _, file := range g.files {
		fmt.Fprintf(&b, "-- %s base64%s --\n%s\n", strings.TrimPrefix(file[0], "/"), g.modes[file[0]], base64.StdEncoding.EncodeToString([]byte(file[1])))
	}
	src, err := hosttest.Source(b.String())
	if err != nil {
		t.Fatal(err)
	}
	tr := tree.New(src, tree.Options{})
	defer tr.Close()
	return readOrigin(tr, origin{flavour: f, release: release, command: dialectOf(f, release).ParseArgs(g.args), home: "/home/db"})
}

// generate makes the set of a seed.
func generate(seed uint64, f flavour) generated {
	r := rand.New(rand.NewPCG(seed, uint64(f)))
	g := generated{modes: map[string]string{}}
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	chance := func(percent int) bool { return r.IntN(100) < percent }
	names := append(compareNames(f), "bind-address", "port", "skip-networking")
	option := func() string {
		if chance(3) {
			return one("bind-adress=1", "loose-nonsense=1", "nonsense", "skip-n", "port", "max_connections=20",
				"skip_name_resolve", "# comment", "loose-nonsense", "skip-external-locking", "innodb_buffer_pool_size=8M")
		}
		name := one(names...)
		value := ""
		switch name {
		case "skip-networking", "require-secure-transport", "skip-grant-tables":
			value = one("", "", "=1", "=0", "=on", "=OFF", "=true", "=False", "=yes", "=2", "=")
		case "port", "extra-port", "admin-port", "mysqlx-port":
			value = "=" + one("3307", "3308", "0", "13306", "70000", "3K", "007", "+5", " 3309 ", "'3310'", "3311 # x", "65535")
			if chance(6) {
				value = "=" + one("", "-1", "x", "0x10", "3306x", "99999999999999999999", "33 06", "1.5", "''")
			}
		case "datadir":
			value = "=" + one("/srv/db", "/srv/db/", "/srv/db2", "/var/lib/mysql")
		case "socket":
			value = "=" + one("/run/a.sock", "/run/b.sock", "\"/run/c.sock\"", "/run/a b.sock")
		case "admin-address":
			value = "=" + one("127.0.0.1", "::1", "10.9.9.1")
		default:
			value = "=" + one("127.0.0.1", "::1", "0.0.0.0", "*", "::", "10.9.9.1", "127.0.0.1,10.9.9.1", "localhost", " 127.0.0.2 ", "'a b'", "\"10.0.0.1\" # x", "it\\'s", "a\\sb", "", "x#y")
		}
		if chance(25) {
			name = strings.ReplaceAll(name, "-", "_")
		}
		if chance(4) {
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		if chance(5) {
			name = name[:len(name)-1-r.IntN(4)]
		}
		if chance(12) {
			name = one("loose-", "skip-", "enable-", "disable_", "loose_", "maximum-") + name
		}
		if chance(8) {
			value = strings.Replace(value, "=", " = ", 1)
		}
		return name + value
	}
	groups := []string{
		"mysqld", "mysqld", "mysqld", "server", "mariadb", "mariadbd", "client", "client-server", "mysqld-10.11", "mariadb-10.11", "mariadbd-10.11",
		"mysqld-9.7", "mysqld-9", "mysqld-10", "mariadb-11", "galera", "MYSQLD", "mysqld.two", "server.two", "mysqld-9.7.two", "mysqld_safe", "mysqld ",
	}
	body := func(includes ...string) string {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			fmt.Fprintf(&b, "[%s]\n", one(groups...))
			for range r.IntN(3) {
				b.WriteString(one("", "", "  ", "\t") + option() + one("", "", "", " ", "\r") + "\n")
			}
			if len(includes) > 0 && chance(30) {
				b.WriteString(one(includes...) + "\n")
			}
		}
		return b.String()
	}
	add := func(percent int, name string, includes ...string) {
		if !chance(percent) {
			return
		}
		g.files = append(g.files, [2]string{name, body(includes...)})
		if chance(5) {
			g.modes[name] = " mode=0666"
		}
	}
	include := []string{"!includedir /etc/my.cnf.d", "!include /etc/extra.cnf", "!includedir /etc/my.cnf.d/", "!include /etc/none.cnf"}
	g.files = append(g.files, [2]string{"/etc/my.cnf", body(include...)})
	g.files = append(g.files, [2]string{"/etc/my.cnf.d/50-a.cnf", body()}) // an absent directory is another matter
	add(60, "/etc/mysql/my.cnf", include...)
	add(40, "/etc/my.cnf.d/60-b.cnf", "!include /etc/extra.cnf")
	add(30, "/etc/my.cnf.d/b.txt")
	add(40, "/etc/extra.cnf")
	add(30, "/home/db/.my.cnf")
	if chance(15) {
		g.args = append(g.args, one("--defaults-file=/etc/extra.cnf", "--defaults-file=/etc/my.cnf", "--no-defaults"))
	} else if chance(15) {
		g.args = append(g.args, "--defaults-extra-file=/etc/my.cnf.d/b.txt")
	}
	if chance(20) && !slices.Contains(g.args, "--no-defaults") {
		g.args = append(g.args, one("--defaults-group-suffix=.two", "--defaults_group_suffix=.two"))
	}
	for range r.IntN(3) {
		if chance(40) {
			g.args = append(g.args, one("--port=4000", "-P4001", "--bind-address=127.0.0.3", "--skip-networking", "--skip-networking=0", "--skip-grant-tables=0", "--datadir=/srv/db", "--port"))
			if g.args[len(g.args)-1] == "--port" {
				g.args = append(g.args, "4002")
			}
		}
	}
	return g
}

// ask runs the server on every set in one go and returns what it printed, nil where it
// refused.
func ask(h *hosttest.RealHost, f flavour, sets []generated) map[int]map[string]string {
	names := strings.Join(compareNames(f), "|")
	var b strings.Builder
	fmt.Fprintf(&b, "export HOME=/home/db\nmkdir -p /srv/db /srv/db2 /home/db /etc/mysql /var/lib/mysql /var/lib/mysql-files /run/mysqld\nrm -rf /etc/mysql/*\n")
	for i, g := range sets {
		fmt.Fprintf(&b, "rm -rf /etc/my.cnf /etc/my.cnf.d /etc/mysql/my.cnf /etc/extra.cnf /home/db/.my.cnf\n")
		for n, file := range g.files {
			name := fmt.Sprintf("/gen/%d/%d", i, n)
			mode := 0o644
			if g.modes[file[0]] != "" {
				mode = 0o666
			}
			h.WriteFile(name, file[1], os.FileMode(mode))
			fmt.Fprintf(&b, "mkdir -p %s; cp -p %s %s\n", path.Dir(file[0]), name, file[0])
		}
		args := strings.Join(g.args, " ")
		program := "/usr/sbin/mariadbd"
		check := ""
		if f == mySQL {
			program = "/usr/sbin/mysqld"
			check = program + " " + args + " --user=root --secure-file-priv= --validate-config >/dev/null 2>&1 && "
		}
		fmt.Fprintf(&b, "echo 'set %d'\nif %s%s %s --verbose --help >/out 2>/dev/null; then grep -E '^(%s) ' /out; else echo refused; fi\n", i, check, program, args, names)
	}
	h.WriteFile("/ask.sh", b.String(), 0o755)
	said := map[int]map[string]string{}
	current := -1
	for line := range strings.Lines(h.MustRun("bash", "/ask.sh")) {
		line = strings.TrimRight(line, "\n")
		if n, ok := strings.CutPrefix(line, "set "); ok {
			current, _ = strconv.Atoi(n)
			said[current] = map[string]string{}
			continue
		}
		if line == "refused" {
			said[current] = nil
			continue
		}
		name, value, _ := strings.Cut(line, " ")
		if said[current] != nil {
			said[current][name] = strings.TrimRight(strings.TrimLeft(value, " "), " \t\r")
		}
	}
	return said
}
