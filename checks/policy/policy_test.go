package policy

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

var known = []string{"password.dictionary", "ssh.port", "ssh.root-login"}

func TestParse(t *testing.T) {
	var p Policy
	err := p.Parse("/c.toml", []byte(`
only = ["ssh"]
require = ["ssh.port"]
fail_on = "high"
deadline = "90s"
[passwords]
memory = 32
[agent]
min_interval = "2h"
`), known)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Parse("/d.toml", []byte("only = [\"password.dictionary\"]\nfail_on = \"low\"\n"), known); err != nil {
		t.Fatal(err)
	}
	want := Policy{
		Only: []string{"ssh", "password.dictionary"}, Require: []string{"ssh.port"}, FailOn: "low",
		Deadline: Duration(90 * time.Second), Passwords: Passwords{Memory: 32},
		Agent: Agent{MinInterval: Duration(2 * time.Hour)},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestParseErrorsHavePlaces(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"syntax", "fail_on = \n", "/c.toml:1:"},
		{"unknown key", "\nfailon = \"high\"\n", `/c.toml:2: unknown setting "failon"`},
		{"unknown key in a table", "[agent]\nmodules = \"checks\"\nmodule = 1\n", `/c.toml:3: unknown setting "agent.module"`},
		{"unknown table", "\n[agents]\nx = 1\n", `/c.toml:2: unknown setting "agents"`},
		{"wrong word", "fail_on = \"severe\"\n", `/c.toml:1: fail_on: "severe" is none of`},
		{"empty word", "version = 1\nfail_on = \"\"\n", "/c.toml:2: fail_on: is empty"},
		{"empty path", "[passwords]\nlist = \"\"\n", "/c.toml:2: passwords.list: is empty"},
		{"empty word in a table", "agent = { alarm = '' }\n", "/c.toml:1: agent.alarm: is empty"},
		{"wrong word in a table", "[agent]\n\nmodules = \"all\"\n", `/c.toml:3: agent.modules: "all" is none of`},
		{"bad duration", "deadline = \"soon\"\n", "/c.toml:1:"},
		{"negative duration", "deadline = \"-3s\"\n", "/c.toml:1:"},
		{"unknown check", "skip = [\"ssh.prot\"]\n", `/c.toml:1: skip: no check is named "ssh.prot"`},
		{"family in require", "require = [\"ssh\"]\n", `/c.toml:1: require: no check is named "ssh"`},
		{"relative path", "[passwords]\nlist = \"words\"\n", "/c.toml:2: passwords.list: must be an absolute path"},
		{"type", "cpus = \"two\"\n", "/c.toml:1:"},
		{"range", "cpus = 5000\n", "/c.toml:1: cpus: must be 1 to 1024"},
		{"empty declaration", "[[listeners.declare]]\nport = 1\n\n[[listeners.declare]]\nscope = \"loopback\"\n", "/c.toml:4: listeners.declare: names no program"},
		{"relative program", "[[listeners.declare]]\nport = 1\n[[listeners.declare]]\nprogram = \"bin/x\"\n", "/c.toml:4: listeners.declare.program: must be"},
		{"unit without suffix", "[[listeners.declare]]\nunit = \"ssh\"\n", "/c.toml:2: listeners.declare.unit: "},
		{"wrong protocol", "[[listeners.declare]]\nport = 1\nprotocol = \"TCP\"\n", "/c.toml:3: listeners.declare.protocol: "},
		{"wrong scope", "[[listeners.declare]]\nport = 1\nscope = \"lo\"\n", "/c.toml:3: listeners.declare.scope: "},
		{"port of no number", "[[listeners.declare]]\nport = \"ssh\"\n", "/c.toml:2: "},
		{"port zero", "[[listeners.declare]]\nport = 0\n", "/c.toml:2: "},
		{"port range backwards", "[[listeners.declare]]\nport = \"9-8\"\n", "/c.toml:2: "},
		{"empty program", "[[listeners.declare]]\nport = 22\nprogram = \"\"\n", "/c.toml:3: "},
		{"every port and nothing else", "[[listeners.declare]]\nport = \"1-65535\"\n", "/c.toml:1: listeners.declare: names no program"},
		{"place of the first of two tables", "[[listeners.declare]]\nport = 0\n[[listeners.declare]]\nport = 2\n", "/c.toml:2: listeners.declare.port: "},
		{"header inside a string", "state_dir = \"\"\"/x\n[[listeners.declare]]\n\"\"\"\n[[listeners.declare]]\nport = 0\n", "/c.toml:5: listeners.declare.port: "},
		{"quoted and dotted key", "\n\"agent\" . 'modules' = \"all\"\n", "/c.toml:2: agent.modules: "},
		{"other case", "fail_on = \"low\"\nFail_On = \"never\"\n", "/c.toml:2: unknown setting \"Fail_On\""},
		{"other case of a table", "[AGENT]\nalarm = \"low\"\n", "/c.toml:1: unknown setting \"AGENT"},
		{"other case in a waiver", "[[waive]]\nCheck = \"ssh.port\"\nreason = \"x\"\n", "/c.toml:2: unknown setting \"waive.Check\""},
		{"unknown profile", "profile = \"cis\"\n", "/c.toml:1: profile: \"cis\" is none of default, seed, fleet, pci, ens"},
		{"unknown role", "roles = [\"web\",\n\"ftp\"]\n", "/c.toml:1: roles: \"ftp\" is none of bastion, web, db, k8s-node, mail, monitoring-server"},
		{"negative catalogue", "catalogue = -1\n", "/c.toml:1: catalogue: must be"},
		{"negative version", "version = -1\n", "/c.toml:1: version: must be"},
		{"severity of an unknown check", "[severity]\n\"ssh.port\" = \"low\"\n\"ssh.prot\" = \"low\"\n", "/c.toml:3: severity: no check is named \"ssh.prot\""},
		{"severity of a family", "[severity]\nssh = \"low\"\n", "/c.toml:2: severity: no check is named \"ssh\""},
		{"severity of no kind", "[severity]\n\"ssh.port/\" = \"low\"\n", "/c.toml:2: severity: \"\" is not the kind"},
		{"severity of no level", "severity = { \"ssh.port\" = \"none\" }\n", "/c.toml:1: severity: \"none\" is none of critical"},
		{"severity without quotes", "[severity]\nssh.port = \"low\"\n", "/c.toml:2: an ID with its dot must be in quotes"},
		{"severity of no text", "[severity]\n\"ssh.port\" = 3\n", "/c.toml:2: is no severity"},
		{"waiver of no check", "[[waive]]\nreason = \"x\"\n", "/c.toml:1: waive: names no check"},
		{"waiver of an unknown check", "\n[[waive]]\nreason = \"x\"\ncheck = \"ssh\"\n", "/c.toml:4: waive.check: no check is named \"ssh\""},
		{"waiver without a reason", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\n[[waive]]\ncheck = \"ssh.port\"\n", "/c.toml:4: waive: has no reason"},
		{"waiver with a blank reason", "[[waive]]\ncheck = \"ssh.port\"\nreason = \" \"\n", "/c.toml:1: waive: has no reason"},
		{"waiver of an unknown reason code", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\ngap = \"unread\"\n", "/c.toml:4: waive.gap: \"unread\" is none of no_permission"},
		{"waiver of what is no gap", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\ngap = \"absent\"\n", "/c.toml:4: waive.gap: "},
		{"waiver of an empty gap", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\ngap = \"\"\n", "/c.toml:4: waive.gap: is empty"},
		{"waiver of an empty object", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nobject = \"\"\n", "/c.toml:4: waive.object: is empty"},
		{"waiver of what is never shown", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nobject = \"a\\tb\"\n", "/c.toml:4: waive.object: holds a character"},
		{"waiver of no kind", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nkind = \"A key\"\n", "/c.toml:4: waive.kind: \"A key\" is not the kind"},
		{"waiver of an empty kind", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nkind = \"\"\n", "/c.toml:4: waive.kind: is empty"},
		{"waiver of a gap with a kind", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\ngap = \"unreadable\"\nkind = \"key\"\n", "/c.toml:5: waive.kind: is of findings"},
		{"waiver of no host", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nhosts = []\n", "/c.toml:4: waive.hosts: names no host"},
		{"waiver of an empty host", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nhosts = [\"a\", \"\"]\n", "/c.toml:4: waive.hosts: is empty"},
		{"unknown key of a waiver", "[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nexpire = \"2027-01-01\"\n", "/c.toml:4: unknown setting \"waive.expire\""},
		{"waivers in brackets", "waive = [{check = \"ssh.port\", reason = \"x\"},\n{check = \"ssh.port\"}]\n", "/c.toml:1: waive: has no reason"},
		{"waiver of no table", "waive = [3]\n", "/c.toml:1: "},
		{"owner of no text", "[[waive]]\nowner = 3\n[[waive]]\nowner = \"x\"\n", "/c.toml:2: waive.owner: incompatible types"},
		{"unknown key of a declaration", "[[listeners.declare]]\nports = 1\n", "/c.toml:2: unknown setting \"listeners.declare.ports\""},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			var p Policy
			err := p.Parse("/c.toml", []byte(tc.text), known)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error %v, want %s...", err, tc.want)
			}
		})
	}
}

func TestDeclarations(t *testing.T) {
	var p Policy
	for _, text := range []string{
		"[[listeners.declare]]\nport = 22\nprogram = \"sshd\"\nscope = \"address\"\nreason = \"us\"\n",
		"[[listeners.declare]]\nport = \"8000-8100\"\nprotocol = \"udp\"\n[[listeners.declare]]\nunit = \"a.socket\"\npackage = \"a\"\nscope = \"loopback\"\n",
	} {
		if err := p.Parse("/c.toml", []byte(text), known); err != nil {
			t.Fatal(err)
		}
	}
	want := []checks.Declaration{
		{Program: "sshd", Low: 22, High: 22, Scope: snapshot.ScopeAddress, Reason: "us"},
		{Protocol: "udp", Low: 8000, High: 8100, Scope: snapshot.ScopeEverywhere},
		{Unit: "a.socket", Package: "a", Scope: snapshot.ScopeLoopback},
	}
	if diff := cmp.Diff(want, p.Declarations()); diff != "" {
		t.Errorf("declarations (-want +got):\n%s", diff)
	}
}

// The example is what an administrator starts from: with its comment signs taken
// away every setting must be understood.
func TestExample(t *testing.T) {
	ids := append([]string{"ftp.port"}, known...)
	var asIs Policy
	if err := asIs.Parse("/e.toml", []byte(Example), ids); err != nil {
		t.Errorf("as shipped: %v", err)
	}
	all := regexp.MustCompile(`(?m)^# ("?[\w./-]+"? = |\[\[)`).ReplaceAllString(Example, "$1")
	var p Policy
	if err := p.Parse("/e.toml", []byte(all), ids); err != nil {
		t.Errorf("with every setting on: %v", err)
	}
	if p.Agent.Modules != "checks" || p.Passwords.Memory != 64 || p.StateDir == "" {
		t.Errorf("settings of the example were not read: %+v", p)
	}
	if diff := cmp.Diff(withoutPlaces(p), reread(t, p, ids)); diff != "" {
		t.Errorf("written and read again (-first +second):\n%s", diff)
	}
	// Whatever can be set is shown, in one element at least: nothing is left at its
	// zero value.
	shown := map[string]bool{"agent.min_interval": true} // which is 0 by default
	settings(reflect.ValueOf(p), "", func(name string, v reflect.Value) {
		shown[name] = shown[name] || !v.IsZero()
	})
	unset := slices.DeleteFunc(slices.Sorted(maps.Keys(shown)), func(name string) bool { return shown[name] })
	if len(unset) > 0 {
		t.Errorf("the example does not show %v", unset)
	}
}

// settings calls f for every setting of a policy by its name in TOML.
func settings(v reflect.Value, prefix string, f func(name string, v reflect.Value)) {
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("toml"), ",")
		field, name := v.Field(i), prefix+tag
		switch {
		case tag == "-":
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct && field.Len() > 0:
			for j := range field.Len() {
				settings(field.Index(j), name+".", f)
			}
		case field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[Ports]():
			settings(field, name+".", f)
		default:
			f(name, field)
		}
	}
}

func TestReadTrusted(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to make files of other users")
	}
	base := t.TempDir()
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(rel string, mode os.FileMode, uid, gid int) string {
		path := filepath.Join(base, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir := func(rel string, mode os.FileMode, uid int) {
		path := filepath.Join(base, rel)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, rel string) string {
		path := filepath.Join(base, rel)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.toml", 0o644, 0, 0)
	dir("open", 0o777, 0)
	dir("sticky", 0o777|os.ModeSticky, 0)
	dir("others", 0o755, 12345)
	if err := os.Mkdir(filepath.Join(base, "adir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path string
		uid        int
		ok         bool
	}{
		{"root only", good, 0, true},
		{"link to a good file", link("good.toml", "link.toml"), 0, true},
		{"group root may write", write("grp0.toml", 0o664, 0, 0), 0, true},
		{"other group may write", write("grp.toml", 0o664, 0, 50), 0, false},
		{"all may write", write("all.toml", 0o666, 0, 0), 0, false},
		{"another owner", write("owner.toml", 0o644, 12345, 0), 0, false},
		{"the caller's own", write("mine.toml", 0o644, 12345, 0), 12345, true},
		{"in an open directory", write("open/c.toml", 0o644, 0, 0), 0, false},
		{"in a sticky directory", write("sticky/c.toml", 0o644, 0, 0), 0, true},
		{"in another's directory", write("others/c.toml", 0o644, 0, 0), 0, false},
		{"link through another's directory", link("others/c.toml", "link2.toml"), 0, false},
		{"directory", filepath.Join(base, "adir"), 0, false},
		{"missing", filepath.Join(base, "none"), 0, false},
		{"endless link", link("loop", "loop"), 0, false},
		{"device", "/dev/zero", 0, false},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			b, err := ReadTrusted(tc.path, tc.uid)
			if tc.ok != (err == nil) {
				t.Fatalf("error %v, want ok %v", err, tc.ok)
			}
			if tc.ok && string(b) != "x = 1\n" {
				t.Errorf("read %q", b)
			}
		})
	}
}

// With an access control list the group's bits are the mask: what they grant, others have.
func TestReadTrustedAccessControlList(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to make a file of group root")
	}
	path := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(path, []byte("x = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mask, ok := range map[uint16]bool{6: false, 4: true} {
		// linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry:
		// owner, user 1000, owning group, mask, others.
		list := binary.LittleEndian.AppendUint32(nil, 2)
		for _, entry := range [][2]uint16{{0x01, 6}, {0x02, 6}, {0x04, 4}, {0x10, mask}, {0x20, 0}} {
			list = binary.LittleEndian.AppendUint16(list, entry[0])
			list = binary.LittleEndian.AppendUint16(list, entry[1])
			id := uint32(math.MaxUint32)
			if entry[0] == 0x02 {
				id = 1000
			}
			list = binary.LittleEndian.AppendUint32(list, id)
		}
		if err := unix.Setxattr(path, "system.posix_acl_access", list, 0); err != nil {
			t.Skipf("no access control lists here: %v", err)
		}
		if _, err := ReadTrusted(path, 0); ok != (err == nil) || !ok && !errors.Is(err, ErrUntrusted) {
			t.Errorf("mask %d: error %v, want ok %v", mask, err, ok)
		}
	}
}

func TestLoadDir(t *testing.T) {
	base := t.TempDir()
	if l, err := LoadDir(base, os.Getuid(), known); err != nil || len(l.Files) != 0 || l.Digest() != "" {
		t.Errorf("empty directory: %+v %v", l, err)
	}
	for name, text := range map[string]string{
		"hostaudit.toml":   "fail_on = \"high\"\n",
		"conf.d/20-b.toml": "fail_on = \"low\"\n",
		"conf.d/10-a.toml": "fail_on = \"never\"\n",
		"conf.d/x.bak":     "nonsense",
	} {
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := LoadDir(base, os.Getuid(), known)
	if err != nil {
		t.Fatal(err)
	}
	if l.Policy.FailOn != "low" || len(l.Files) != 3 {
		t.Errorf("fail_on %q from %d files, want low from 3", l.Policy.FailOn, len(l.Files))
	}
}

// A directory in which others can write may have lost the file that was there.
func TestLoadDirRefusesDirectoriesOfOthers(t *testing.T) {
	for _, open := range []string{"", "conf.d"} {
		base := t.TempDir()
		if err := os.Mkdir(filepath.Join(base, "conf.d"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(base, open), 0o777); err != nil {
			t.Fatal(err)
		}
		if l, err := LoadDir(base, os.Getuid(), known); !errors.Is(err, ErrUntrusted) {
			t.Errorf("%q open: %+v, error %v", open, l, err)
		}
	}
	if l, err := LoadDir(filepath.Join(t.TempDir(), "none"), os.Getuid(), known); err != nil || len(l.Files) != 0 {
		t.Errorf("no directory: %+v, error %v", l, err)
	}
}

// Defaults instead of the file somebody meant would be a silent change of policy.
func TestLoadDirRefusesLinkToNothing(t *testing.T) {
	for _, name := range []string{"hostaudit/hostaudit.toml", "hostaudit/conf.d", "hostaudit"} {
		base := t.TempDir()
		if err := os.MkdirAll(filepath.Join(base, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("moved", filepath.Join(base, name)); err != nil {
			t.Fatal(err)
		}
		if l, err := LoadDir(filepath.Join(base, "hostaudit"), os.Getuid(), known); err == nil {
			t.Errorf("%s: accepted, with %d files", name, len(l.Files))
		}
	}
}
