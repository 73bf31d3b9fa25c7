package host_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

// TestPasswords: every field of an account with its place, and whether it is a record's.
func TestPasswords(t *testing.T) {
	const (
		nss    = "-- etc/nsswitch.conf --\npasswd: files systemd\nshadow: files systemd\n"
		alice  = "-- etc/passwd --\nalice:x:60001:1:::\n"
		shadow = "-- etc/shadow --\nalice:h:1::::::\n"
		homed  = "-- var/lib/systemd/home/alice.identity --\n{\"userName\":\"alice\",\"uid\":60001,\n\"privileged\":{\"hashedPassword\":[\"a\",\n\"b\"]},\"signature\":[{}]}\n"
	)
	const place = "/var/lib/systemd/home/alice.identity"
	tests := []struct{ name, host, want string }{
		{"passwd", alice + shadow, "h /etc/shadow:1"},
		{"record", nss + homed, "a " + place + ":2 record, b " + place + ":3 record"},
		{"both", nss + alice + shadow + homed, "h /etc/shadow:1, a " + place + ":2 record, b " + place + ":3 record"},
		{"hash-in-passwd", nss + strings.Replace(alice, ":x:", ":p:", 1) + homed, "p /etc/passwd:1, a " + place + ":2 record, b " + place + ":3 record"},
		{"none", nss + strings.Replace(strings.Replace(homed, `"a",`, "", 1), `"b"`, "", 1), "!* " + place + ":1 record"},
		{"tcb", alice + "-- etc/tcb/alice/shadow --\n#\nalice:t:1::::::\n", "t /etc/tcb/alice/shadow:2"},
		{"tcb-no-permission", alice + "-- etc/tcb/alice/shadow err=permission --\n", " /etc/tcb/alice/shadow:0 denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := hosttest.Load(t, tt.host).Accounts()
			if len(a.List) != 1 {
				t.Fatalf("accounts %+v", a.List)
			}
			var got []string
			for _, p := range a.Passwords(a.List[0]) {
				text := fmt.Sprintf("%s %s:%d", p.Field, p.File, p.Line)
				if p.Record != nil {
					text += " record"
				}
				if errors.Is(p.Err, fs.ErrPermission) {
					text += " denied"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRecordAccounts: what an account of a record is to the checks.
func TestRecordAccounts(t *testing.T) {
	a := hosttest.Load(t, "-- etc/nsswitch.conf --\npasswd: files systemd\n-- etc/passwd --\nroot:x:0:0:::\n"+
		"-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"realName\":\"Eve\",\"uid\":60001,\"lastPasswordChangeUSec\":86400000000,\"notAfterUSec\":172800000001}\n"+
		"-- etc/userdb/60001.user -> eve.user --\n"+
		"-- etc/userdb/d.user --\n{\"userName\":\"d\",\"uid\":500,\"gid\":1,\"homeDirectory\":\"/srv\"}\n"+
		"-- etc/userdb/wrong.user --\n{\"userName\":\"other\",\"uid\":0}\n").Accounts()
	want := []host.Account{
		{Name: "d", UID: 500, GID: 1, Home: "/srv", Shell: "/usr/sbin/nologin", File: "/etc/userdb/d.user", Line: 1, PasswdField: "x"},
		{Name: "eve", UID: 60001, GID: 60001, GECOS: "Eve", Home: "/home/eve", Shell: "/bin/bash", File: "/etc/userdb/eve.user", Line: 1, PasswdField: "x"},
	}
	for i, w := range want {
		got := a.List[i+1]
		if got.Record == nil || got.Shadow != got.Record.Dates || got.Record.Store != "userdb" {
			t.Errorf("record %+v", got)
		}
		got.Record, got.Shadow = nil, nil
		if diff := cmp.Diff(w, got); diff != "" {
			t.Error(diff)
		}
	}
	dates := a.List[2].Shadow
	if dates.LastChange != (host.Days{N: 1, Set: true}) || dates.Expire != (host.Days{N: 3, Set: true}) || dates.Max.Set {
		t.Errorf("dates %+v", dates)
	}
	if len(a.List) != 3 || len(a.Duplicates) != 0 || len(a.Invalid) != 1 || a.Invalid[0].Name != "other" {
		t.Errorf("%d accounts, duplicates %v, invalid %v", len(a.List), a.Duplicates, a.Invalid)
	}
}

// TestManyRecords: more records than are read are said.
func TestManyRecords(t *testing.T) {
	var b strings.Builder
	for i := range 2100 {
		fmt.Fprintf(&b, "-- etc/userdb/u%d.user --\n{\"userName\":\"u%d\",\"uid\":%d}\n", i, i, 5000+i)
	}
	a := hosttest.Load(t, b.String()).Accounts()
	if len(a.List) != 2000 || len(a.Unevaluated) != 1 || a.Unevaluated[0].Problem == "" {
		t.Errorf("%d accounts, %+v", len(a.List), a.Unevaluated)
	}
}
