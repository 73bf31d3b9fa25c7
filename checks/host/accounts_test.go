package host_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/tree"
)

func TestAccountsJoin(t *testing.T) {
	a := hosttest.Load(t, `
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
# comment
alice:x:1000:100:Alice,,,:/home/alice:
alice::1001:100:second::
+nis::::::
bad:x:z:1:::
-- etc/shadow --
ghost:*:1::::::
alice:!:1:0
alice:$6$a$b:20000:0:90:7:30:21000:
alice:later:20000:0:90:7:::
root:*:20000:0:99999:7:::
-- etc/group --
root:x:0:
sudo:x:27:alice,bob
odd:x:y:
-- etc/gshadow --
root:*::
root:second::
gone:!::
`).Accounts()
	want := &host.Accounts{
		List: []host.Account{
			{Name: "root", GECOS: "root", Home: "/root", Shell: "/bin/bash", File: "/etc/passwd", Line: 1, PasswdField: "x", Shadow: &host.ShadowEntry{
				Name: "root", Field: "*", File: "/etc/shadow", Line: 5, LastChange: host.Days{N: 20000, Set: true},
				Min: host.Days{Set: true}, Max: host.Days{N: 99999, Set: true}, Warn: host.Days{N: 7, Set: true},
			}},
			{Name: "alice", UID: 1000, GID: 100, GECOS: "Alice,,,", Home: "/home/alice", File: "/etc/passwd", Line: 3, PasswdField: "x", Shadow: &host.ShadowEntry{
				Name: "alice", Field: "$6$a$b", File: "/etc/shadow", Line: 3, LastChange: host.Days{N: 20000, Set: true},
				Min: host.Days{Set: true}, Max: host.Days{N: 90, Set: true}, Warn: host.Days{N: 7, Set: true},
				Inactive: host.Days{N: 30, Set: true}, Expire: host.Days{N: 21000, Set: true},
			}},
		},
		Duplicates: []host.Account{{Name: "alice", UID: 1001, GID: 100, GECOS: "second", File: "/etc/passwd", Line: 4}},
		Orphans:    []host.ShadowEntry{{Name: "ghost", Field: "*", File: "/etc/shadow", Line: 1, LastChange: host.Days{N: 1, Set: true}}},
		Invalid: []host.BadLine{
			{File: "/etc/passwd", Name: "bad", ID: "z", Line: 6, Problem: "user ID is not a number"},
			{File: "/etc/group", Name: "odd", ID: "y", Line: 3, Problem: "group ID is not a number"},
		},
		Compat: []host.BadLine{{File: "/etc/passwd", Name: "+nis", Line: 5, Problem: "for NIS"}},
		Groups: []host.Group{
			{Name: "root", Line: 1, Field: "x", Shadow: &host.GroupShadow{Field: "*", Line: 1}},
			{Name: "sudo", GID: 27, Members: []string{"alice", "bob"}, Line: 2, Field: "x"},
		},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsPassword(t *testing.T) {
	type result struct {
		Field, Place string
		Err          error
	}
	const passwd = "-- etc/passwd --\nalice:FIELD:1:1:::\n"
	tests := []struct {
		name, field, shadow string
		want                result
	}{
		{"shadow", "x", "-- etc/shadow --\n\nalice:h:1::::::\n", result{"h", "/etc/shadow:2", nil}},
		{"nis-plus", "*NP*", "-- etc/shadow --\nalice:h:1::::::\n", result{"h", "/etc/shadow:1", nil}},
		{"own-name", "##alice", "-- etc/shadow --\nalice:h:1::::::\n", result{"h", "/etc/shadow:1", nil}},
		{"other-name", "##bob", "-- etc/shadow --\nalice:h:1::::::\n", result{"##bob", "/etc/passwd:1", nil}},
		{"passwd-rules", "h1", "-- etc/shadow --\nalice:h:1::::::\n", result{"h1", "/etc/passwd:1", nil}},
		{"passwd-empty", "", "-- etc/shadow --\nalice:!:1::::::\n", result{"", "/etc/passwd:1", nil}},
		{"no-line", "x", "-- etc/shadow --\nbob:h:1::::::\n", result{"", "/etc/shadow:0", fs.ErrNotExist}},
		{"no-shadow", "x", "", result{"", "/etc/shadow:0", fs.ErrNotExist}},
		{"no-permission", "x", "-- etc/shadow err=permission --\n", result{"", "/etc/shadow:0", fs.ErrPermission}},
		{"not-needed", "*", "-- etc/shadow err=permission --\n", result{"*", "/etc/passwd:1", nil}},
		{"invalid", "x", "-- etc/shadow --\nalice:h:1\n", result{"h", "/etc/shadow:1", host.ErrInvalidEntry}},
		{"unsure", "x", "-- etc/shadow --\nalice:h:-1::::::\n", result{"h", "/etc/shadow:1", host.ErrUnsureEntry}},
		{"unsure-before-valid", "x", "-- etc/shadow --\nalice:h:-1::::::\nalice:i:1::::::\n", result{"h", "/etc/shadow:1", host.ErrUnsureEntry}},
		{"invalid-before-unsure", "x", "-- etc/shadow --\nalice:h\nalice:i:-1::::::\n", result{"i", "/etc/shadow:2", host.ErrUnsureEntry}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := hosttest.Load(t, strings.ReplaceAll(passwd, "FIELD", tt.field)+tt.shadow).Accounts()
			if len(a.List) != 1 {
				t.Fatalf("accounts %+v", a.List)
			}
			field, file, line, err := a.Password(a.List[0])
			if got := fmt.Sprintf("%s:%d", file, line); field != tt.want.Field || got != tt.want.Place {
				t.Errorf("got %q at %s, want %+v", field, got, tt.want)
			}
			if tt.want.Err == nil && err != nil || !errors.Is(err, tt.want.Err) {
				t.Errorf("error %v, want %v", err, tt.want.Err)
			}
		})
	}
}

func TestAccountsErrors(t *testing.T) {
	a := hosttest.Load(t, "-- etc/passwd err=permission --\n-- etc/shadow --\na:h:1::::::\n-- etc/group/ --\n").Accounts()
	if !errors.Is(a.PasswdErr, fs.ErrPermission) || a.ShadowErr != nil || a.GroupErr == nil || len(a.Orphans) != 0 {
		t.Errorf("passwd %v, shadow %v, group %v, orphans %v", a.PasswdErr, a.ShadowErr, a.GroupErr, a.Orphans)
	}
	none := hosttest.Load(t, "-- etc/motd --\n").Accounts()
	for _, err := range []error{none.PasswdErr, none.ShadowErr, none.GroupErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v for a file that is not there", err)
		}
	}
}

func TestAccountsSources(t *testing.T) {
	const nss = "-- etc/passwd --\n-- etc/nsswitch.conf --\n"
	tests := []struct {
		name, host  string
		notExamined string
		stores      string // "name file", in order, with "!" where looking failed
	}{
		{"none", "-- etc/passwd --\n", "", ""},
		{"debian", nss + "passwd: files systemd\nshadow: files systemd\n", "", ""},
		{"directory", nss + "passwd: files sss ldap\nshadow: files sss\n", "ldap sss", ""},
		{"compat-without-lines", nss + "passwd: compat\n", "", ""},
		{"compat-with-lines", "-- etc/nsswitch.conf --\npasswd: compat\n-- etc/passwd --\n+::::::\n", "nis", ""},
		{"altfiles", nss + "passwd: files altfiles\n-- usr/lib/passwd --\nx\n", "", ""},
		{"altfiles-unreadable", nss + "passwd: files altfiles\n-- usr/lib/passwd err=io --\n", "", "!altfiles /usr/lib/passwd"},
		{"altfiles-empty", nss + "passwd: files altfiles\n-- usr/lib/passwd --\n", "", ""},
		{"altfiles-not-named", nss + "passwd: files\n-- usr/lib/passwd --\nx\n", "", ""},
		{"no-passwd", "-- usr/etc/passwd --\nx\n", "", "usrfiles /usr/etc/passwd"},
		{"nsswitch-unreadable", "-- etc/nsswitch.conf err=io --\n-- usr/lib/passwd --\nx\n", "", "altfiles /usr/lib/passwd"},
		{"extrausers", nss + "passwd: files extrausers\n-- var/lib/extrausers/passwd --\nx\n-- var/lib/extrausers/shadow err=permission --\nx\n", "", "!extrausers /var/lib/extrausers/shadow"},
		{"db", nss + "passwd: db files\n-- var/lib/misc/passwd.db --\nx\n", "", "db /var/lib/misc/passwd.db"},
		{"tcb-is-read", nss + "shadow: tcb\n-- etc/shadow --\n-- etc/tcb/ --\n", "", ""},
		{"tcb-and-nsswitch-unreadable", "-- etc/nsswitch.conf err=io --\n-- etc/shadow --\n-- etc/tcb/ --\n", "", "tcb /etc/tcb"},
		{"records-broken", "-- var/lib/systemd/home/bob.identity --\n{\n-- etc/userdb/eve.user --\n[]\n", "", "homed /var/lib/systemd/home/bob.identity, userdb /etc/userdb/eve.user"},
		{"records-not-in-use", nss + "passwd: files\n-- etc/userdb/eve.user --\n[]\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := hosttest.Load(t, tt.host).Accounts()
			var stores []string
			for _, s := range a.Unevaluated {
				mark := ""
				if s.Err != nil {
					mark = "!"
				}
				stores = append(stores, mark+s.Name+" "+s.File)
			}
			if got := strings.Join(a.NotExamined, " "); got != tt.notExamined {
				t.Errorf("not examined %q, want %q", got, tt.notExamined)
			}
			if got := strings.Join(stores, ", "); got != tt.stores {
				t.Errorf("stores %q, want %q", got, tt.stores)
			}
		})
	}
	denied := hosttest.Load(t, "-- var/lib/systemd/home/ err=permission --\n").Accounts().Unevaluated
	if len(denied) != 1 || !errors.Is(denied[0].Err, fs.ErrPermission) {
		t.Errorf("a directory that may not be read: %+v", denied)
	}
}

// TestAccountsMany: the accounts of a large host stay within a few megabytes.
func TestAccountsMany(t *testing.T) {
	var passwd, shadow strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&passwd, "user%d:x:%d:100:User %d:/home/user%d:/bin/bash\n", i, i+1000, i, i)
		fmt.Fprintf(&shadow, "user%d:$y$j9T$abcdefgh$FAyyao2nDRuCojBiRcKyhilKlxaGQiYAh9ZWByX.4GB:20000:0:99999:7:::\n", i)
	}
	h := hosttest.Load(t, "-- etc/passwd --\n"+passwd.String()+"-- etc/shadow --\n"+shadow.String())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	a := h.Accounts()
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if len(a.List) != 10_000 || held > 12<<20 {
		t.Errorf("%d accounts hold %d KiB", len(a.List), held>>10)
	}
	t.Logf("10,000 accounts hold %d KiB, %d KiB were allocated", held>>10, (after.TotalAlloc-before.TotalAlloc)>>10)
	runtime.KeepAlive(a)
}

// TestAccountsFurtherFiles: the vendor's accounts of image-based distributions
// and the users of Ubuntu Core are joined like those of /etc.
func TestAccountsFurtherFiles(t *testing.T) {
	const etc = "-- etc/passwd --\nroot:x:0:0:::\nalice:x:1000:1000:::\n-- etc/shadow --\nroot:!:1::::::\nbin:b:1::::::\n"
	tests := []struct{ name, host, want string }{
		{
			"altfiles", "-- etc/nsswitch.conf --\npasswd: files altfiles systemd\n-- usr/lib/passwd --\nroot:x:0:0:::\nbin:x:1:1:::\n",
			"root /etc/passwd ! /etc/shadow, alice /etc/passwd, bin /usr/lib/passwd b /etc/shadow",
		},
		{
			"altfiles-first", "-- etc/nsswitch.conf --\npasswd: altfiles files\n-- usr/lib/passwd --\nalice::7:7:::\n",
			"alice /usr/lib/passwd, root /etc/passwd ! /etc/shadow, second alice /etc/passwd",
		},
		{
			"usrfiles", "-- etc/nsswitch.conf --\npasswd: files usrfiles\nshadow: files usrfiles\n-- usr/share/baselayout/passwd --\ncore:x:500:500:::\n-- usr/share/baselayout/shadow --\ncore:h:1::::::\n",
			"root /etc/passwd ! /etc/shadow, alice /etc/passwd, core /usr/share/baselayout/passwd h /usr/share/baselayout/shadow",
		},
		{
			"extrausers", "-- etc/nsswitch.conf --\npasswd: compat extrausers\n-- var/lib/extrausers/passwd --\neve:x:500:500:::\n-- var/lib/extrausers/shadow --\neve:h:1::::::\n",
			"root /etc/passwd ! /etc/shadow, alice /etc/passwd, eve /var/lib/extrausers/passwd h /var/lib/extrausers/shadow",
		},
		{
			"second-with-another-id", "-- etc/nsswitch.conf --\npasswd: files altfiles\n-- usr/lib/passwd --\nalice:x:0:0:::\n",
			"root /etc/passwd ! /etc/shadow, alice /etc/passwd, second alice /usr/lib/passwd",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := hosttest.Load(t, etc+tt.host).Accounts()
			var got []string
			for _, acc := range a.List {
				text := acc.Name + " " + acc.File
				if acc.Shadow != nil {
					text += " " + acc.Shadow.Field + " " + acc.Shadow.File
				}
				got = append(got, text)
			}
			for _, acc := range a.Duplicates {
				got = append(got, "second "+acc.Name+" "+acc.File)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAccountsHostileSize: files whose lines or members would fill the memory
// are not read, and said so.
func TestAccountsHostileSize(t *testing.T) {
	a := hosttest.Load(t, "-- etc/passwd --\n"+strings.Repeat("a::1:1\n", 100_001)+"-- etc/shadow --\n"+strings.Repeat("a:\n", 100_001)+
		"-- etc/group --\na:x:1:"+strings.Repeat("a,", 100_001)+"\n").Accounts()
	for _, err := range []error{a.PasswdErr, a.ShadowErr, a.GroupErr} {
		if !errors.Is(err, tree.ErrTooLarge) {
			t.Errorf("error %v, want too large", err)
		}
	}
	long := hosttest.Load(t, "-- etc/passwd --\nroot:x:0:0:::\n-- etc/nsswitch.conf --\npasswd: files"+strings.Repeat(" x", 40_000)+"\n-- usr/lib/passwd --\nx\n").Accounts()
	if len(long.NotExamined) != 0 || len(long.Unevaluated) != 1 {
		t.Errorf("nsswitch.conf too long to be read: %v, %v", long.NotExamined, long.Unevaluated)
	}
}
