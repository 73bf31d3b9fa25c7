package password

import (
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// TestEmptyByPAM: how bad an empty field is depends on what PAM accepts.
func TestEmptyByPAM(t *testing.T) {
	const accounts = "-- etc/passwd --\nalice:x:1000:1000:::/bin/bash\n-- etc/shadow --\nalice::20000::::::\n"
	tests := []struct {
		name, pam string
		want      checks.Severity
	}{
		{"nullok", pamNullok, checks.SeverityCritical},
		{"strict", pamStrict, checks.SeverityHigh},
		{"no-pam", "", checks.SeverityCritical},
		{"empty-directory", "-- etc/pam.d/ --\n", checks.SeverityCritical},
		{"unreadable", pamStrict + "-- etc/pam.d/su err=permission --\n", checks.SeverityCritical},
		{"broken-line", pamStrict + "-- etc/pam.d/su --\nauth required\n", checks.SeverityCritical},
		{"nullok-secure", "-- etc/pam.d/login --\nauth required pam_unix.so nullok_secure\n", checks.SeverityCritical},
		{"substack", "-- etc/pam.d/login --\nauth substack system-auth\n-- etc/pam.d/system-auth --\nauth sufficient pam_unix.so try_first_pass nullok\n", checks.SeverityCritical},
		{"include-strict", "-- etc/pam.d/su --\nauth include system-auth\n-- etc/pam.d/system-auth --\nauth sufficient pam_unix.so\n", checks.SeverityHigh},
		{"include-missing", "-- etc/pam.d/su --\nauth include elsewhere\nauth required pam_unix.so\n", checks.SeverityCritical},
		{"include-absolute", "-- etc/pam.d/su --\nauth include /etc/mine\n-- etc/mine --\nauth required pam_unix.so nullok\n", checks.SeverityCritical},
		{"include-loop", "-- etc/pam.d/su --\nauth include su\nauth required pam_unix.so\n", checks.SeverityHigh},
		{"other-type", pamStrict + "-- etc/pam.d/su --\npassword required pam_unix.so nullok\nsession required pam_unix.so nullok\n", checks.SeverityHigh},
		{"not-an-entrance", pamStrict + "-- etc/pam.d/atd --\nauth required pam_unix.so nullok\n", checks.SeverityHigh},
		{"commented", pamStrict + "-- etc/pam.d/su --\nauth required pam_unix.so # nullok\n", checks.SeverityHigh},
		{"vendor-directory", "-- usr/lib/pam.d/login --\nauth required pam_unix.so nullok\n", checks.SeverityCritical},
		{"vendor-overridden", "-- usr/lib/pam.d/login --\nauth required pam_unix.so nullok\n-- etc/pam.d/login --\nauth required pam_unix.so\n", checks.SeverityHigh},
		{"no-pam-unix", "-- etc/pam.d/login --\nauth required pam_sss.so\n", checks.SeverityCritical},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := audit(Empty(), hosttest.Load(t, accounts+tt.pam))
			if r.Status != checks.StatusFail || r.Worst() != tt.want {
				t.Errorf("got %v %v, want fail %v", r.Status, r.Worst(), tt.want)
			}
		})
	}
}

// TestEmptyByReset: nullresetok opens an empty field where a new password is due.
func TestEmptyByReset(t *testing.T) {
	const stack = "-- etc/pam.d/login --\nauth required pam_unix.so nullresetok\n"
	tests := []struct {
		name, dates, pam string
		want             checks.Severity
	}{
		{"due", "0:0:99999:7:::", stack, checks.SeverityCritical},
		{"too-old", "20000:0:90:7:::", stack, checks.SeverityCritical},
		{"not-due", "20400:0:99999:7:::", stack, checks.SeverityHigh},
		{"no-dates", "::::::", stack, checks.SeverityHigh},
		{"strict", "0:0:99999:7:::", pamStrict, checks.SeverityHigh},
		{"nullok-elsewhere", "20400:0:99999:7:::", stack + "-- etc/pam.d/su --\nauth required pam_unix.so nullok\n", checks.SeverityCritical},
		{"unreadable-elsewhere", "20400:0:99999:7:::", stack + "-- etc/pam.d/su err=permission --\n", checks.SeverityCritical},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := audit(Empty(), hosttest.Load(t, "-- etc/passwd --\nalice:x:1000:1000:::/bin/bash\n-- etc/shadow --\nalice::"+tt.dates+"\n"+tt.pam))
			if r.Status != checks.StatusFail || r.Worst() != tt.want {
				t.Errorf("got %v %v, want fail %v", r.Status, r.Worst(), tt.want)
			}
		})
	}
}

// TestEmpty: where a password is missing, and who tells it.
func TestEmpty(t *testing.T) {
	tests := []struct{ name, host, want string }{
		{"field-in-shadow", "-- etc/passwd --\nalice:x:1:1:::\n-- etc/shadow --\nalice::20000::::::\n", "pass fail:critical pass"},
		{"field-in-passwd", "-- etc/passwd --\nalice::1:1:::\n-- etc/shadow --\nalice:!:20000::::::\n", "pass fail:critical pass"},
		{"hash-of-nothing", "-- etc/passwd --\nalice:x:1:1:::\n-- etc/shadow --\nalice:EMPTY:20000::::::\n", "pass fail:critical pass"},
		{"nologin", "-- etc/passwd --\nalice::1:1:::/sbin/nologin\n", "pass fail:medium pass"},
		{"hash-of-nothing-locked", "-- etc/passwd --\nalice:x:1:1:::\n-- etc/shadow --\nalice:!EMPTY:20000::::::\n", "pass pass pass"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := verdicts(hosttest.Load(t, strings.ReplaceAll(tt.host, "EMPTY", emptyHash))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
