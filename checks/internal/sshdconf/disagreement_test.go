package sshdconf

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A fixture of testdata/disagreements is a configuration about which this package once
// said something else than sshd: the version, the connection, and what sshd says. A
// content with bytes that do not fit is quoted, and its name ends in ".quoted".

// TestDisagreements replays them without a daemon.
func TestDisagreements(t *testing.T) {
	names, err := filepath.Glob("testdata/disagreements/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f := readFixture(t, archive)
			c := Load(f.source, fixtureDir+"/sshd_config", CommandLine{}, f.build)
			v := judgeAnswer(c, f.conn, f.truth, f.source.Home)
			if v.problem != "" {
				t.Error(v.problem)
			}
			if v.unsure {
				t.Errorf("not established: %+v", c.Problems())
			}
		})
	}
}

const fixtureDir = "/tmp/d"

type fixture struct {
	build  Build
	conn   Conn
	truth  answer
	source Source
}

func readFixture(t *testing.T, archive *txtar.Archive) fixture {
	t.Helper()
	f := fixture{truth: answer{values: map[string][]string{}, only: map[string]bool{}}}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		var err error
		switch key {
		case "#", "":
		case "build":
			version, vendor, _ := strings.Cut(value, " ")
			f.build.Vendor = Vendor(vendor)
			_, err = fmt.Sscanf(version, "%d.%d", &f.build.Version.Major, &f.build.Version.Minor)
		case "user":
			fields := strings.Fields(value)
			f.conn.User, f.conn.Groups = fields[0], fields[1:]
		case "from":
			f.conn.Host, value, _ = strings.Cut(value, " ")
			f.conn.Addr, err = netip.ParseAddr(value)
		case "to":
			var at netip.AddrPort
			at, err = netip.ParseAddrPort(value)
			f.conn.Local, f.conn.LocalPort = at.Addr(), at.Port()
		case "sshd":
			f.truth.refused = value == "refuses"
		case "value":
			word, value, _ := strings.Cut(value, " ")
			f.truth.only[word] = true
			f.truth.values[word] = append(f.truth.values[word], value)
		case "unset":
			f.truth.only[value] = true
		default:
			t.Fatalf("unknown line %q", line)
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	files := memory{fixtureDir + "/conf.d": nil}
	for _, file := range archive.Files {
		content := string(file.Data)
		name, quoted := strings.CutSuffix(file.Name, ".quoted")
		if quoted {
			var err error
			if content, err = strconv.Unquote(strings.TrimSpace(content)); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(content, "-> ") {
			content = "dangling"
		}
		content = strings.ReplaceAll(content, here, fixtureDir)
		files[fixtureDir+"/"+name] = &content
		if dir := filepath.Dir(name); dir != "." {
			files[fixtureDir+"/"+dir] = nil
		}
	}
	f.source = Source{Files: files, Service: knownService, Home: knownHome}
	return f
}

func knownService(name string) (uint16, bool, error) {
	n, ok := map[string]uint16{"ssh": 22, "http": 80}[name]
	return n, ok, nil
}

func knownHome(account string) (string, bool, error) {
	home, ok := map[string]string{"root": "/root", "www-data": "/var/www"}[account]
	return home, ok, nil
}

// keep tells of a disagreement, and writes it as a fixture, without the lines it does
// not need.
func (d *daemon) keep(t *testing.T, seed uint64, files fileSet, conn Conn, v verdict) {
	t.Helper()
	dir := os.Getenv("HOSTAUDIT_DIFFERENTIAL_KEEP")
	if dir != "" {
		files, v = d.minimise(t, files, conn, v)
	}
	t.Errorf("seed %d, %s: %s\n%s", seed, connSpec(conn), v.problem, files)
	if dir == "" {
		return
	}
	var b strings.Builder
	problem, _, _ := strings.Cut(v.problem, "\n")
	fmt.Fprintf(&b, "# %s\nbuild %s %s\nuser %s\nfrom %s %s\nto %s\n", strings.ReplaceAll(problem, d.dir, here), d.build.Version, d.build.Vendor,
		strings.Join(append([]string{conn.User}, conn.Groups...), " "), conn.Host, conn.Addr, netip.AddrPortFrom(conn.Local, conn.LocalPort))
	said, values, _ := strings.Cut(v.sshd, "\n")
	fmt.Fprintf(&b, "sshd %s\n", said)
	for line := range strings.SplitSeq(values, "\n") {
		if word, unset := strings.CutPrefix(line, "no "); unset {
			fmt.Fprintf(&b, "unset %s\n", word)
		} else if line != "" {
			fmt.Fprintf(&b, "value %s\n", line)
		}
	}
	archive := &txtar.Archive{Comment: []byte(b.String())}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if !isPlain(content) || !strings.HasSuffix(content, "\n") || strings.Contains(content, "-- ") {
			name, content = name+".quoted", strconv.Quote(content)+"\n"
		}
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(content)})
	}
	name := fmt.Sprintf("%s-%d.txtar", d.build.Version, seed)
	if err := os.WriteFile(filepath.Join(dir, name), txtar.Format(archive), 0o644); err != nil {
		t.Error(err)
	}
}

// minimise drops files and lines while sshd and this package still disagree in the same
// way.
func (d *daemon) minimise(t *testing.T, files fileSet, conn Conn, v verdict) (fileSet, verdict) {
	kind := strings.SplitN(v.problem, " ", 3)[1]
	try := func(candidate fileSet) bool {
		d.put(t, candidate)
		truth := d.run(t, conn)
		other := judgeAnswer(d.load(), conn, truth, d.files.home)
		if other.problem == "" || strings.SplitN(other.problem, " ", 3)[1] != kind {
			return false
		}
		files, v = candidate, other
		return true
	}
	for changed := true; changed; {
		changed = false
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if name != "sshd_config" {
				candidate := maps.Clone(files)
				delete(candidate, name)
				if try(candidate) {
					changed = true
					continue
				}
			}
			lines := strings.SplitAfter(files[name], "\n")
			for i := len(lines) - 1; i >= 0; i-- {
				shorter := slices.Delete(slices.Clone(lines), i, i+1)
				candidate := maps.Clone(files)
				candidate[name] = strings.Join(shorter, "")
				if lines[i] != "" && try(candidate) {
					lines, changed = shorter, true
				}
			}
		}
	}
	return files, v
}
