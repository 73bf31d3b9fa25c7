package mysql

import (
	"fmt"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/mycnf"
)

// TestTLSOptions has what MariaDB 10.11 and MySQL 9.7 did with each setting, by their logs:
// offered, required.
func TestTLSOptions(t *testing.T) {
	const (
		files = "-- c.pem --\n-- k.pem --\n"
		own   = "ssl-cert=/c.pem\nssl-key=/k.pem\n"
	)
	for _, tc := range []struct {
		name, options, tree string
		release             string // "" = both 10.11 and 9.7
		maria, mysql        string // "" = not asked
	}{
		{"nothing", "", "", "", "no no", "yes no"},
		{"own", own, files, "", "yes:3 no", "yes:2 no"},
		{"own-missing", own, "", "", "unclear refused:2 no", "no:2 no"},
		{"cert-only", "ssl-cert=/c.pem\n", files, "", "unclear refused:2 no", "no:2 no"},
		{"key-only", "ssl-key=/k.pem\n", files, "", "unclear refused:2 no", "no:2 no"},
		{"ca-only", "ssl-ca=/c.pem\n", files, "", "unclear refused:2 no", "no:2 no"},
		{"empty", "ssl-cert=\nssl-key=\n", "", "", "unclear refused:3 no", "yes no"},
		{"off-after", own + "skip-ssl\n", files, "", "no:4 no", ""},
		{"off-before", "skip-ssl\n" + own, files, "", "yes:4 no", ""},
		{"on-without", "ssl\n", "", "", "unclear refused:2 no", ""},
		{"versions-empty", own + "tls-version=\n", files, "", "unclear unsupported:4 no", "no:4 no"},
		{"not-generated", "auto-generate-certs=0\n", "", "", "", "no:2 no"},
		{"not-generated-there", "auto-generate-certs=0\n", "-- var/lib/mysql/server-cert.pem --\n-- var/lib/mysql/server-key.pem --\n", "", "", "yes no"},
		{"half-there", "", "-- var/lib/mysql/server-cert.pem --\n", "", "", "no no"},
		{"directory-closed", "", "-- var/lib/mysql/ err=permission --\n", "", "no no", "unclear no_permission unclear no_permission"},
		{"required", "require_secure_transport=ON\n" + own, files, "", "yes:4 yes:2", "yes:3 yes:2"},
		{"required-invalid", "require_secure_transport=yes\n", "", "", "no no:2", "yes no:2"},
		{"required-stored", "", "-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_dynamic_variables", "require_secure_transport", "ON"), "", "no no", "yes yes"},
		{"relative", "ssl-cert=c.pem\nssl-key=k.pem\n", "-- var/lib/mysql/c.pem --\n-- var/lib/mysql/k.pem --\n", "", "", "yes:2 no"},
		{"11.4", "", "", "11.4", "yes no", ""},
		{"11.8-off", "ssl=0\n", "", "11.8", "no:2 no", ""},
		{"5.7-off", "skip-ssl\n", "", "5.7", "", "no:2 no"},
		{"broken", "x\n[y\n", "", "", "unclear refused:3 unclear refused:3", "unclear refused:3 unclear refused:3"},
		{"unreadable", "!include /i.cnf\n", "-- i.cnf err=permission --\n", "", "unclear no_permission unclear no_permission", "unclear no_permission unclear no_permission"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, "-- etc/my.cnf --\n[mysqld]\n"+tc.options+tc.tree)
			for _, server := range []struct {
				f             flavour
				release, want string
			}{{mariaDB, "10.11", tc.maria}, {mySQL, "9.7", tc.mysql}} {
				if server.want == "" {
					continue
				}
				if tc.release != "" {
					server.release = tc.release
				}
				offered, required := readOrigin(h.Tree, origin{flavour: server.f, release: server.release}).tls(h.Tree)
				if got := offered.String() + " " + required.String(); got != server.want {
					t.Errorf("%s: %q, want %q", server.release, got, server.want)
				}
			}
		})
	}
	t.Run("release-not-known", func(t *testing.T) {
		h := hosttest.Load(t, "-- etc/my.cnf --\n[mysqld]\nrequire-secure-transport\n")
		offered, required := readSettings(h.Tree, mariaDB, mycnf.Command{}).tls(h.Tree)
		if got := offered.String() + " " + required.String(); got != "unclear no_metadata yes:2" {
			t.Error(got)
		}
	})
}

// String is the answer for tests.
func (a tlsAnswer) String() string {
	text, where := map[mycnf.Tri]string{mycnf.Yes: "yes", mycnf.No: "no", mycnf.Unclear: "unclear"}[a.is], a.at
	if a.gap != nil {
		text += " " + string(a.gap.Reason)
		where = a.gap.Location
	}
	if where.Line > 0 {
		text += fmt.Sprintf(":%d", where.Line)
	}
	return text
}
