package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// account is one row of the account table as far as the audit asks: the server
// compares the hashes itself, so none ever reaches this program.
type account struct {
	user, host      string
	logins          []login // alternatives: any one lets in
	locked, expired bool
	unread          bool // its authentication has a form that is not evaluated
}

// login is one way an account can prove itself.
type login struct {
	plugin string
	empty  bool // the stored authentication string is empty
}

// strength is what a login asks for.
type strength int

const (
	asksCredential strength = iota
	asksNothing
	asksUnknown // decided by a plugin or a form that is not examined
)

// strength judges one login by its plugin (MariaDB: "Authentication Plugins";
// MySQL: "Authentication Plugins", same name).
func (l login) strength() strength {
	switch l.plugin {
	case "", "mysql_native_password", "mysql_old_password", "caching_sha2_password", "sha256_password":
		if l.empty {
			return asksNothing
		}
		return asksCredential
	case "unix_socket", "auth_socket", "mysql_no_login":
		return asksCredential // being that OS user, or nothing at all
	case "ed25519", "parsec":
		if l.empty {
			return asksUnknown
		}
		return asksCredential
	}
	return asksUnknown
}

// strength of an account is that of its weakest login.
func (a account) strength() strength {
	worst := asksCredential
	for _, l := range a.logins {
		switch l.strength() {
		case asksNothing:
			return asksNothing
		case asksUnknown:
			worst = asksUnknown
		}
	}
	if a.unread {
		return asksUnknown
	}
	return worst
}

// maxAlternatives is how many "OR" parts of an account are looked at.
const maxAlternatives = 6

var errOldServer = errors.New("a server older than MariaDB 10.4 or MySQL 5.7")

// readAccounts reads the rows of root and of the anonymous user.
func readAccounts(ctx context.Context, conn driver.Conn, version string) ([]account, error) {
	major, minor, maria, ok := parseVersion(version)
	switch {
	case !ok:
		return nil, errOldServer
	case maria && (major > 10 || major == 10 && minor >= 4):
		return readGlobalPriv(ctx, conn)
	case !maria && (major > 5 || major == 5 && minor >= 7):
		return readUser(ctx, conn)
	}
	return nil, errOldServer
}

// parseVersion reads VERSION(). MariaDB 10 may say "5.5.5-10.6.1-MariaDB".
func parseVersion(s string) (major, minor int, maria, ok bool) {
	maria = strings.Contains(s, "MariaDB")
	if maria {
		s = strings.TrimPrefix(s, "5.5.5-")
	}
	first, rest, _ := strings.Cut(s, ".")
	second, _, _ := strings.Cut(rest, ".")
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return major, minor, maria, err1 == nil && err2 == nil
}

// readGlobalPriv reads MariaDB's mysql.global_priv (from 10.4). Priv is JSON: the
// top level holds one login; "auth_or", where there is one, lists all, and the
// entry without a plugin stands for that of the top level (User_table_json::get_auth
// in sql/sql_acl.cc).
func readGlobalPriv(ctx context.Context, conn driver.Conn) ([]account, error) {
	const fixed = 8
	var q strings.Builder
	q.WriteString(`SELECT User, Host, JSON_VALID(Priv),
		COALESCE(JSON_VALUE(Priv, '$.account_locked'), '') IN ('1', 'true'),
		COALESCE(JSON_VALUE(Priv, '$.password_last_changed'), '') = '0',
		COALESCE(JSON_LENGTH(Priv, '$.auth_or'), 0),
		COALESCE(JSON_VALUE(Priv, '$.plugin'), ''),
		COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') = ''`)
	for i := range maxAlternatives {
		fmt.Fprintf(&q, `,
		COALESCE(JSON_VALUE(Priv, '$.auth_or[%[1]d].plugin'), ''),
		COALESCE(JSON_VALUE(Priv, '$.auth_or[%[1]d].authentication_string'), '') = ''`, i)
	}
	q.WriteString(`
		FROM mysql.global_priv
		WHERE User IN ('root', '') AND COALESCE(JSON_VALUE(Priv, '$.is_role'), '') NOT IN ('1', 'true')`)
	rows, err := query(ctx, conn, q.String(), fixed+2*maxAlternatives)
	if err != nil {
		return nil, err
	}
	var out []account
	for _, r := range rows {
		a := account{user: r[0], host: r[1], locked: r[3] == "1", expired: r[4] == "1", unread: r[2] != "1"}
		top := login{plugin: r[6], empty: r[7] == "1"}
		count, err := strconv.Atoi(r[5])
		if err != nil {
			a.unread = true
		}
		if count == 0 {
			a.logins = []login{top}
		}
		for i := range count {
			if i == maxAlternatives {
				a.unread = true
				break
			}
			if plugin := r[fixed+2*i]; plugin != "" {
				a.logins = append(a.logins, login{plugin: plugin, empty: r[fixed+2*i+1] == "1"})
			} else {
				a.logins = append(a.logins, top)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// readUser reads MySQL's mysql.user (from 5.7).
func readUser(ctx context.Context, conn driver.Conn) ([]account, error) {
	rows, err := query(ctx, conn, `SELECT User, Host, plugin, COALESCE(authentication_string, '') = '',
		account_locked = 'Y', password_expired = 'Y'
		FROM mysql.user WHERE User IN ('root', '')`, 6)
	if err != nil {
		return nil, err
	}
	var out []account
	for _, r := range rows {
		out = append(out, account{
			user: r[0], host: r[1], locked: r[4] == "1", expired: r[5] == "1",
			logins: []login{{plugin: r[2], empty: r[3] == "1"}},
		})
	}
	return out, nil
}
