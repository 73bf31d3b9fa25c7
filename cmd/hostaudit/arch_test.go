package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The house has rooms and arrows between them; this file holds them. A package
// belongs to the room with the longest matching prefix. A package without a room,
// an import without an arrow, and what is forbidden below checks fail the test.

const module = "hostaudit"

// sourceFile is one parsed file; name is relative to the top of the module.
type sourceFile struct {
	name string
	ast  *ast.File
	fset *token.FileSet
}

// pkg is the import path of the file's directory.
func (f sourceFile) pkg() string { return path.Join(module, path.Dir(f.name)) }

func (f sourceFile) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// isHarness reports whether the file belongs to the harness that starts real
// daemons for tests. Nothing but tests imports it; a rule below holds that.
func (f sourceFile) isHarness() bool {
	return path.Dir(f.name) == "checks/host/hosttest" && strings.HasPrefix(path.Base(f.name), "realhost") ||
		path.Dir(f.name) == "checks/crack/crypttest"
}

// families are the packages of checks: the first part of the IDs.
var families = []string{
	"password", "ssh", "ftp", "mysql", "listeners", "services", "accounts", "apache", "nginx", "php",
	"timesync", "logging", "updates", "mac", "files", "pandora",
}

// room returns what kind of room a package is; "" means it is not in the plan.
func room(pkg string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/")
	for _, family := range families {
		if below(rel, "checks/"+family) {
			return "family " + family
		}
	}
	switch {
	case rel == "checks":
		return "checks"
	case rel == "checks/host":
		return "host"
	}
	rooms := []struct{ prefix, room string }{
		{"cmd", "cmd"},
		{"output", "output"},
		{"wordlists", "wordlists"},
		{"checks/audit", "audit"},
		{"checks/catalogue", "catalogue"},
		{"checks/policy", "policy"},
		{"checks/state", "state"},
		{"checks/crack/crypttest", "crypttest"},
		{"checks/crack", "crack"},
		{"checks/internal/guard", "guard"},
		{"checks/internal", "internal"},
		{"checks/host/tree", "tree"},
		{"checks/host/snapshot", "snapshot"},
		{"checks/host/units", "units"},
		{"checks/host/packages", "packages"},
		{"checks/host/sshd", "sshd"},
		{"checks/host/image", "image"},
		{"checks/host/hosttest", "hosttest"},
	}
	for _, r := range rooms {
		if below(rel, r.prefix) {
			return r.room
		}
	}
	return ""
}

func below(rel, prefix string) bool { return rel == prefix || strings.HasPrefix(rel, prefix+"/") }

// arrows say which rooms a room may use besides itself. Rooms that are not named
// use libraries only.
var arrows = map[string][]string{
	"output":    {"checks"},
	"policy":    {"checks", "snapshot"}, // snapshot for the word of a scope
	"audit":     {"checks", "host", "guard"},
	"catalogue": {"checks", "family"},
	"family":    {"checks", "host", "tree", "snapshot", "units", "packages", "sshd", "internal", "guard"},
	"checks":    {"host", "snapshot", "tree"}, // host types, of which tree has the errors
	"host":      {"tree", "snapshot", "units", "packages", "internal", "guard"},
	"units":     {"tree", "internal", "guard"},
	"packages":  {"tree", "internal", "guard"},
	"sshd":      {"host", "tree", "snapshot", "units", "packages", "internal", "guard"}, // a survey several families share
	"image":     {"tree", "internal", "guard"},
	"hosttest":  {"host", "tree", "units", "packages", "snapshot", "internal", "guard"},
	"tree":      {"guard"},
	"snapshot":  {"guard"},
	"state":     {"guard"},
	"crack":     {"guard"},
	"internal":  {"guard"},
}

// allowed reports whether package from may import package to.
func allowed(from, to string) bool {
	a, b := room(from), room(to)
	switch {
	case a == "cmd":
		return b != "hosttest"
	case a == "internal":
		return from == to || b == "guard" || below(to, from) // grammars do not know each other
	case a == b:
		return true // two packages of one room; two families are two rooms
	case (a == "family password" || a == "family mysql") && b == "crack": // both test stored passwords
		return true
	}
	kind, _, _ := strings.Cut(a, " ")
	target, _, _ := strings.Cut(b, " ")
	return slices.Contains(arrows[kind], target)
}

// forbiddenImports may not appear below checks: no program is started, no name
// of the auditor's system is looked up, and flags are the command's.
var forbiddenImports = map[string]string{
	"os/exec": "starts programs",
	"os/user": "asks the auditor's own system, not the target",
	"flag":    "belongs to the command",
	"plugin":  "loads code",
	"C":       "needs cgo",
}

// forbiddenCalls may not appear below checks, by import path and name; a "*" at
// the end stands for any rest.
var forbiddenCalls = map[string][]string{
	"net":                    {"Lookup*", "Resolve*", "Resolver", "DefaultResolver", "Dial*"},
	"net/http":               {"*"},
	"os":                     {"StartProcess"},
	"syscall":                {"Exec", "ForkExec", "StartProcess"},
	"golang.org/x/sys/unix":  {"Exec"},
	"golang.org/x/net/proxy": {"*"},
}

// check applies every rule and returns what breaks one, sorted.
func check(files []sourceFile) []string {
	var broken []string
	complain := func(f sourceFile, pos token.Pos, format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s:%d: %s", f.name, f.fset.Position(pos).Line, fmt.Sprintf(format, args...)))
	}
	for _, f := range files {
		if room(f.pkg()) == "" {
			complain(f, f.ast.Package, "package %s has no room in the plan", f.pkg())
		}
		checkImports(f, complain)
		if !f.isTest() && below(f.name, "checks") {
			checkBody(f, complain)
		}
	}
	slices.Sort(broken)
	return broken
}

type complaint func(f sourceFile, pos token.Pos, format string, args ...any)

func checkImports(f sourceFile, complain complaint) {
	for _, spec := range f.ast.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		own := below(imported, module)
		switch {
		case own && room(imported) == "":
			complain(f, spec.Pos(), "imports %s, which has no room in the plan", imported)
		case own && !f.isTest() && !allowed(f.pkg(), imported):
			complain(f, spec.Pos(), "no arrow from %s to %s", f.pkg(), imported)
		case own && f.isTest() && strings.HasPrefix(room(f.pkg()), "family ") &&
			strings.HasPrefix(room(imported), "family ") && room(f.pkg()) != room(imported):
			complain(f, spec.Pos(), "no arrow from %s to %s, in tests neither", f.pkg(), imported)
		}
		if why, bad := forbiddenImports[imported]; bad && below(f.name, "checks") && !f.isTest() &&
			!(imported == "os/exec" && f.isHarness()) {
			complain(f, spec.Pos(), "imports %s, which %s", imported, why)
		}
	}
}

// checkBody looks at what a file of checks does.
func checkBody(f sourceFile, complain complaint) {
	names := map[string]string{} // name in the file -> import path
	for _, spec := range f.ast.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if _, watched := forbiddenCalls[imported]; !watched {
			continue
		}
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			complain(f, spec.Pos(), "imports %s with a dot, which hides its calls", imported)
		}
		names[name] = imported
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if room(f.pkg()) != "guard" && !f.isHarness() {
				complain(f, n.Pos(), "go statement outside checks/internal/guard")
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				complain(f, n.Pos(), "init function")
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			imported := names[x.Name]
			dialer := imported == "net" && strings.HasPrefix(n.Sel.Name, "Dial") && f.name == "checks/host/dial.go"
			if forbiddenCall(imported, n.Sel.Name) && !dialer && !f.isHarness() {
				complain(f, n.Pos(), "uses %s.%s", imported, n.Sel.Name)
			}
		}
		return true
	})
}

func forbiddenCall(imported, name string) bool {
	for _, pattern := range forbiddenCalls[imported] {
		prefix, open := strings.CutSuffix(pattern, "*")
		if name == pattern || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// parseModule parses every Go file of the module; directories that are modules
// of their own, hidden, or hold test data are left out.
func parseModule(t *testing.T, top string) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != top {
			_, err := os.Lstat(filepath.Join(name, "go.mod"))
			if err == nil || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
				return filepath.SkipDir
			}
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, parse(t, filepath.ToSlash(rel), string(text)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func parse(t *testing.T, name, text string) sourceFile {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return sourceFile{name, f, fset}
}

// importGraph lists the module's packages, each with those it imports; files of
// tests left out.
func importGraph(files []sourceFile) []string {
	edges := map[string]map[string]bool{}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		from := strings.TrimPrefix(f.pkg(), module+"/")
		if edges[from] == nil {
			edges[from] = map[string]bool{}
		}
		for _, spec := range f.ast.Imports {
			if imported, _ := strconv.Unquote(spec.Path.Value); below(imported, module) {
				edges[from][strings.TrimPrefix(imported, module+"/")] = true
			}
		}
	}
	var lines []string
	for _, from := range slices.Sorted(maps.Keys(edges)) {
		lines = append(lines, strings.TrimSpace(from+" -> "+strings.Join(slices.Sorted(maps.Keys(edges[from])), ", ")))
	}
	return lines
}

func TestArchitecture(t *testing.T) {
	files := parseModule(t, filepath.Join("..", ".."))
	if len(files) < 20 {
		t.Fatalf("only %d files found: this is not the module", len(files))
	}
	for _, line := range importGraph(files) {
		t.Log(line)
	}
	for _, broken := range check(files) {
		t.Error(broken)
	}
}

// TestArchitectureRulesHold breaks each rule on purpose.
func TestArchitectureRulesHold(t *testing.T) {
	imports := func(paths ...string) string {
		var b strings.Builder
		for _, p := range paths {
			fmt.Fprintf(&b, "import _ %q\n", p)
		}
		return b.String()
	}
	tests := []struct {
		name, file, text, want string // want: a part of the one complaint; "" = none
	}{
		{"cmd-uses-all", "cmd/hostaudit/main.go", imports("hostaudit/output", "hostaudit/checks/ssh", "hostaudit/checks/crack", "os/exec"), ""},
		{"cmd-not-hosttest", "cmd/hostaudit/main.go", imports("hostaudit/checks/host/hosttest"), "no arrow"},
		{"output-checks", "output/text.go", imports("hostaudit/checks"), ""},
		{"output-host", "output/text.go", imports("hostaudit/checks/host"), "no arrow"},
		{"output-family", "output/text.go", imports("hostaudit/checks/ssh"), "no arrow"},
		{"policy-checks", "checks/policy/policy.go", imports("hostaudit/checks"), ""},
		{"policy-host", "checks/policy/policy.go", imports("hostaudit/checks/host"), "no arrow"},
		{"audit-checks-host", "checks/audit/run.go", imports("hostaudit/checks", "hostaudit/checks/host", "hostaudit/checks/internal/guard"), ""},
		{"audit-family", "checks/audit/run.go", imports("hostaudit/checks/ssh"), "no arrow"},
		{"audit-catalogue", "checks/audit/run.go", imports("hostaudit/checks/catalogue"), "no arrow"},
		{"catalogue-families", "checks/catalogue/all.go", imports("hostaudit/checks", "hostaudit/checks/ssh", "hostaudit/checks/pandora"), ""},
		{"catalogue-host", "checks/catalogue/all.go", imports("hostaudit/checks/host"), "no arrow"},
		{"family", "checks/ssh/port.go", imports("hostaudit/checks", "hostaudit/checks/host", "hostaudit/checks/host/tree", "hostaudit/checks/host/snapshot", "hostaudit/checks/host/units", "hostaudit/checks/internal/sshdconf"), ""},
		{"family-other-family", "checks/ssh/port.go", imports("hostaudit/checks/accounts"), "no arrow"},
		{"family-other-family-in-tests", "checks/ssh/port_test.go", imports("hostaudit/checks/accounts"), "in tests neither"},
		{"family-own-part", "checks/ssh/port.go", imports("hostaudit/checks/ssh/keys"), ""},
		{"family-hosttest", "checks/ssh/port.go", imports("hostaudit/checks/host/hosttest"), "no arrow"},
		{"family-hosttest-in-tests", "checks/ssh/port_test.go", imports("hostaudit/checks/host/hosttest"), ""},
		{"family-crack", "checks/ssh/port.go", imports("hostaudit/checks/crack"), "no arrow"},
		{"password-crack", "checks/password/run.go", imports("hostaudit/checks/crack", "hostaudit/checks/crack/sha512crypt"), ""},
		{"mysql-crack", "checks/mysql/guess.go", imports("hostaudit/checks/crack"), ""},
		{"family-wordlists", "checks/password/run.go", imports("hostaudit/wordlists"), "no arrow"},
		{"family-state", "checks/password/run.go", imports("hostaudit/checks/state"), "no arrow"},
		{"family-output", "checks/ssh/port.go", imports("hostaudit/output"), "no arrow"},
		{"checks-host", "checks/check.go", imports("hostaudit/checks/host"), ""},
		{"checks-tree", "checks/check.go", imports("hostaudit/checks/host/tree"), ""},
		{"checks-audit", "checks/check.go", imports("hostaudit/checks/audit"), "no arrow"},
		{"host", "checks/host/open.go", imports("hostaudit/checks/host/tree", "hostaudit/checks/host/snapshot", "hostaudit/checks/internal/osrelease"), ""},
		{"host-checks", "checks/host/open.go", imports("hostaudit/checks"), "no arrow"},
		{"host-units", "checks/host/open.go", imports("hostaudit/checks/host/units"), ""},
		{"units-tree", "checks/host/units/u.go", imports("hostaudit/checks/host/tree", "hostaudit/checks/internal/ini"), ""},
		{"units-host", "checks/host/units/u.go", imports("hostaudit/checks/host"), "no arrow"},
		{"sshd-host", "checks/host/sshd/s.go", imports("hostaudit/checks/host", "hostaudit/checks/host/tree", "hostaudit/checks/host/snapshot", "hostaudit/checks/host/units", "hostaudit/checks/host/packages", "hostaudit/checks/internal/sshdconf", "hostaudit/checks/internal/guard"), ""},
		{"sshd-checks", "checks/host/sshd/s.go", imports("hostaudit/checks"), "no arrow"},
		{"sshd-family", "checks/host/sshd/s.go", imports("hostaudit/checks/ssh"), "no arrow"},
		{"sshd-hosttest", "checks/host/sshd/s.go", imports("hostaudit/checks/host/hosttest"), "no arrow"},
		{"family-sshd", "checks/password/p.go", imports("hostaudit/checks/host/sshd"), ""},
		{"host-sshd", "checks/host/open.go", imports("hostaudit/checks/host/sshd"), "no arrow"},
		{"units-sshd", "checks/host/units/u.go", imports("hostaudit/checks/host/sshd"), "no arrow"},
		{"audit-sshd", "checks/audit/run.go", imports("hostaudit/checks/host/sshd"), "no arrow"},
		{"image-tree", "checks/host/image/i.go", imports("hostaudit/checks/host/tree"), ""},
		{"image-snapshot", "checks/host/image/i.go", imports("hostaudit/checks/host/snapshot"), "no arrow"},
		{"tree-library", "checks/host/tree/t.go", imports("golang.org/x/sys/unix", "hostaudit/checks/internal/guard"), ""},
		{"tree-snapshot", "checks/host/tree/t.go", imports("hostaudit/checks/host/snapshot"), "no arrow"},
		{"snapshot-tree", "checks/host/snapshot/s.go", imports("hostaudit/checks/host/tree"), "no arrow"},
		{"state-checks", "checks/state/s.go", imports("hostaudit/checks"), "no arrow"},
		{"crack-checks", "checks/crack/c.go", imports("hostaudit/checks"), "no arrow"},
		{"crack-kernel", "checks/crack/c.go", imports("hostaudit/checks/crack/sha512crypt", "hostaudit/checks/internal/guard"), ""},
		{"wordlists-checks", "wordlists/w.go", imports("hostaudit/checks"), "no arrow"},
		{"internal-host", "checks/internal/ini/i.go", imports("hostaudit/checks/host/tree"), "no arrow"},
		{"internal-other-grammar", "checks/internal/ini/i.go", imports("hostaudit/checks/internal/units"), "no arrow"},
		{"internal-guard", "checks/internal/ini/i.go", imports("hostaudit/checks/internal/guard"), ""},
		{"guard-grammar", "checks/internal/guard/g.go", imports("hostaudit/checks/internal/ini"), "no arrow"},
		{"nobody-uses-cmd", "output/text.go", imports("hostaudit/cmd/hostaudit"), "no arrow"},
		{"room-not-planned", "checks/misc/m.go", "", "has no room"},
		{"top-not-planned", "tools/m.go", "", "has no room"},
		{"import-not-planned", "cmd/hostaudit/main.go", imports("hostaudit/checks/misc"), "no room"},

		{"exec", "checks/ssh/port.go", imports("os/exec"), "os/exec"},
		{"exec-in-tests", "checks/ssh/port_test.go", imports("os/exec"), ""},
		{"exec-in-the-harness", "checks/host/hosttest/realhost.go", imports("os/exec"), ""},
		{"exec-in-crypttest", "checks/crack/crypttest/libcrypt.go", imports("os/exec"), ""},
		{"crack-crypttest", "checks/crack/engine.go", imports("hostaudit/checks/crack/crypttest"), "no arrow"},
		{"exec-in-hosttest-elsewhere", "checks/host/hosttest/hosttest.go", imports("os/exec"), "os/exec"},
		{"exec-named-like-the-harness", "checks/ssh/realhost.go", imports("os/exec"), "os/exec"},
		{"user", "checks/accounts/a.go", imports("os/user"), "os/user"},
		{"user-in-the-harness", "checks/host/hosttest/realhost.go", imports("os/user"), "os/user"},
		{"flag", "checks/audit/a.go", imports("flag"), "flag"},
		{"plugin", "checks/audit/a.go", imports("plugin"), "plugin"},
		{"cgo", "checks/crack/a.go", imports("C"), "cgo"},
		{"lookup", "checks/mysql/m.go", `import "net"; var _, _ = net.LookupHost("x")`, "net.LookupHost"},
		{"lookup-as-value", "checks/mysql/m.go", `import "net"; var _ = net.LookupAddr`, "net.LookupAddr"},
		{"lookup-renamed", "checks/mysql/m.go", `import n "net"; var _, _ = n.LookupIP("x")`, "net.LookupIP"},
		{"lookup-hidden-by-a-dot", "checks/mysql/m.go", `import . "net"; var _, _ = LookupIP("x")`, "with a dot"},
		{"resolve", "checks/mysql/m.go", `import "net"; var _, _ = net.ResolveTCPAddr("tcp", "x:1")`, "net.ResolveTCPAddr"},
		{"resolver", "checks/mysql/m.go", `import "net"; var _ net.Resolver`, "net.Resolver"},
		{"default-resolver", "checks/mysql/m.go", `import "net"; var _ = net.DefaultResolver`, "net.DefaultResolver"},
		{"dial", "checks/mysql/m.go", `import "net"; var _, _ = net.Dial("tcp", "x:1")`, "net.Dial"},
		{"dialer", "checks/mysql/m.go", `import "net"; var _ net.Dialer`, "net.Dialer"},
		{"dialer-at-home", "checks/host/dial.go", `import "net"; var _ net.Dialer`, ""},
		{"lookup-in-the-dialers-home", "checks/host/dial.go", `import "net"; var _, _ = net.LookupHost("x")`, "net.LookupHost"},
		{"dial-in-another-dial-file", "checks/mysql/dial.go", `import "net"; var _ net.Dialer`, "net.Dialer"},
		{"dial-in-tests", "checks/mysql/m_test.go", `import "net"; var _ net.Dialer`, ""},
		{"dial-outside-checks", "cmd/hostaudit/m.go", `import "net"; var _ net.Dialer`, ""},
		{"net-types", "checks/mysql/m.go", `import "net"; var _ net.Conn; var _ = net.JoinHostPort`, ""},
		{"http", "checks/mysql/m.go", `import "net/http"; var _, _ = http.Get("http://x")`, "net/http.Get"},
		{"start-process", "checks/ssh/p.go", `import "os"; var _ = os.StartProcess`, "os.StartProcess"},
		{"fork-exec", "checks/ssh/p.go", `import "syscall"; var _ = syscall.ForkExec`, "syscall.ForkExec"},
		{"exec-by-unix", "checks/ssh/p.go", `import "golang.org/x/sys/unix"; var _ = unix.Exec`, "unix.Exec"},
		{"go-statement", "checks/ssh/p.go", `func f() { go f() }`, "go statement"},
		{"go-statement-in-a-literal", "checks/audit/p.go", `var _ = func() { if true { go func() {}() } }`, "go statement"},
		{"go-statement-in-guard", "checks/internal/guard/g.go", `func f() { go f() }`, ""},
		{"go-statement-beside-guard", "checks/internal/guardian/g.go", `func f() { go f() }`, "go statement"},
		{"go-statement-in-tests", "checks/ssh/p_test.go", `func f() { go f() }`, ""},
		{"go-statement-in-the-harness", "checks/host/hosttest/realhost.go", `func f() { go f() }`, ""},
		{"go-statement-outside-checks", "cmd/hostaudit/p.go", `func f() { go f() }`, ""},
		{"init", "checks/ssh/p.go", `func init() {}`, "init function"},
		{"method-named-init", "checks/ssh/p.go", `type t int; func (t) init() {}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := check([]sourceFile{parse(t, tt.file, "package p\n"+tt.text)})
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("sound, but: %q", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want) || !strings.HasPrefix(got[0], tt.file+":")):
				t.Errorf("broken (%s), but: %q", tt.want, got)
			}
		})
	}
}
