package accounts

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// seen is what a test compares of a result.
type seen struct {
	Status   checks.Status
	Reason   checks.Reason
	Findings []string // "file:line subject"
	Gaps     []checks.Reason
	Notes    int
}

func run(t *testing.T, check checks.Check, text string) checks.Result {
	t.Helper()
	rec := checks.NewRecorder(check)
	check.Run(context.Background(), &checks.Env{Host: hosttest.Load(t, text)}, rec)
	return rec.Seal()
}

func TestUID0(t *testing.T) {
	const root = "-- etc/passwd --\nroot:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n"
	finding := func(places ...string) seen { return seen{Status: checks.StatusFail, Findings: places} }
	unknown := func(reasons ...checks.Reason) seen {
		return seen{Status: checks.StatusUnknown, Reason: reasons[0], Gaps: reasons}
	}
	pass := seen{Status: checks.StatusPass}
	tests := []struct {
		name, host string
		want       seen
	}{
		{"only-root", root, pass},
		{"second", root + "toor:*:0:0::/:/bin/sh\n", finding("/etc/passwd:3 toor")},
		{"root-renamed", "-- etc/passwd --\nadmin:x:0:0::/:\n", finding("/etc/passwd:1 admin")},
		{
			"zeros-of-strtoul", root + "a:x:00:9:::\nb:x:+0:9:::\nc:x:-0:9:::\nd:x: 0:9:::\n",
			finding("/etc/passwd:3 a", "/etc/passwd:4 b", "/etc/passwd:5 c", "/etc/passwd:6 d"),
		},
		{"root-twice", root + "root:x:0:0::/:\n", finding("/etc/passwd:3 root")},
		{"root-repeated-with-another-id", root + "root:x:7:7::/:\n", pass},
		{"indented", root + " \ttoor:x:0:0::/:\n", finding("/etc/passwd:3 toor")},
		{"comment", root + "#toor:x:0:0::/:\n", pass},
		{"for-nis", root + "+::0:0:::\n", pass},
		{"invalid-zero", root + "a:x:0x0:9:::\nb:x::9:::\nc:x:4294967296:9:::\nd:x:0\n", seen{Status: checks.StatusPass, Notes: 4}},
		{"invalid-other", root + "a:x:12x:9:::\nb:x:abc:9:::\njunk\n", seen{Status: checks.StatusPass, Notes: 1}},
		{"invalid-zero-on-musl", "-- lib/ld-musl-x86_64.so.1 --\n" + root + "b:x::9:::\n", unknown(checks.ReasonUnsupported)},
		{"hostile-name", "-- etc/passwd quoted --\nroot:x:0:0:::\nr\\x1b[31mt:x:0:0:::\n", finding(`/etc/passwd:2 r\x1b[31mt`)},
		{"no-passwd", "-- etc/motd --\n", seen{Status: checks.StatusNotApplicable, Reason: checks.ReasonAbsent}},
		{"no-permission", "-- etc/passwd err=permission --\n", unknown(checks.ReasonNoPermission)},
		{"read-error", "-- etc/passwd err=io --\n", unknown(checks.ReasonUnreadable)},
		{"no-regular-file", "-- etc/passwd fifo --\n", unknown(checks.ReasonUnreadable)},
		{"too-large", "-- etc/passwd size=99999999 --\n", unknown(checks.ReasonUnreadable)},
		{"remote", "-- etc/passwd err=remote --\n", unknown(checks.ReasonRemoteFileSystem)},
		{"other-store", root + "-- etc/nsswitch.conf --\npasswd: files altfiles\n-- usr/lib/passwd --\nroot:x:0:0:::\nx:x:0:0:::\n", finding("/usr/lib/passwd:2 x")},
		{"other-store-unreadable", root + "-- etc/nsswitch.conf --\npasswd: files altfiles\n-- usr/lib/passwd err=io --\n", unknown(checks.ReasonUnreadable)},
		{"user-record", root + "-- etc/nsswitch.conf --\npasswd: files systemd\n-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\n\"uid\":0}\n", finding("/etc/userdb/eve.user:2 eve")},
		{"user-record-of-root", root + "-- etc/userdb/root.user --\n{\"userName\":\"root\",\"uid\":0}\n", pass},
		{"user-record-other-id", root + "-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"uid\":1000}\n", pass},
		{"user-record-uid-not-understood", root + "-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"uid\":\"0\"}\n", unknown(checks.ReasonUnsupported)},
		{"user-record-not-in-use", root + "-- etc/nsswitch.conf --\npasswd: files\n-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"uid\":0}\n", pass},
		{"user-record-alone", "-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"uid\":0}\n", finding("/etc/userdb/eve.user:1 eve")},
		{"user-record-of-a-name-in-passwd", "-- etc/passwd --\nroot:x:0:0:::\neve:x:1:1:::\n-- etc/userdb/eve.user --\n{\"userName\":\"eve\",\"uid\":0}\n", finding("/etc/userdb/eve.user:1 eve")},
		{"identity-broken", root + "-- var/lib/systemd/home/eve.identity --\n{\n", pass},
		{"other-store-unsupported", root + "-- etc/userdb/x.user --\n{}\n", unknown(checks.ReasonUnsupported)},
		{"other-store-not-in-use", root + "-- etc/nsswitch.conf --\npasswd: files\n-- usr/lib/passwd --\nx:x:0:0:::\n", pass},
		{
			"finding-beats-gap", root + "toor:x:0:0:::\n-- etc/userdb/x.user --\n{}\n",
			seen{Status: checks.StatusFail, Findings: []string{"/etc/passwd:3 toor"}, Gaps: []checks.Reason{checks.ReasonUnsupported}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := run(t, UID0(), tt.host)
			got := seen{Status: res.Status, Reason: res.Reason, Notes: len(res.Notes)}
			for _, f := range res.Findings {
				if f.Severity != checks.SeverityCritical || f.Evidence != checks.Configured {
					t.Errorf("finding graded %v, evidence %q", f.Severity, f.Evidence)
				}
				got.Findings = append(got.Findings, place(f))
			}
			for _, g := range res.Gaps {
				got.Gaps = append(got.Gaps, g.Reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUID0Directory: accounts out of scope are named, and change nothing.
func TestUID0Directory(t *testing.T) {
	res := run(t, UID0(), "-- etc/passwd --\nroot:x:0:0:::\n-- etc/nsswitch.conf --\npasswd: files systemd sss\n")
	if res.Status != checks.StatusPass || res.Facts["not_examined"] != "[sss]" {
		t.Errorf("status %v, facts %v", res.Status, res.Facts)
	}
}
