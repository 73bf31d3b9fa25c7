package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// table is what a server that let us in says about its accounts and itself.
type table struct {
	accounts  []account // root's and the anonymous ones first
	cut       bool      // there are more
	variables map[string]string
}

// size estimates the bytes that the table, and what is said about it, takes.
func (t *table) size() (n int) {
	const each = 256
	for _, a := range t.accounts {
		n += each + len(a.user) + len(a.host)
		for _, l := range a.logins {
			n += len(l.plugin) + len(l.stored.bytes())
		}
	}
	return n
}

// account is one row of the account table.
type account struct {
	user, host      string
	logins          []login // alternatives: any one lets in
	locked, expired bool
	tls             bool // REQUIRE SSL, X509 or more
	certificate     bool // REQUIRE X509, ISSUER or SUBJECT: a client's certificate is a credential
	factors         int  // further ones that are asked for, all of them (MySQL from 8.0.27)
	unread          bool // its authentication has a form that is not evaluated
}

// name is how the servers write an account: user@host.
func (a account) name() string { return a.user + "@" + a.host }

// login is one way an account can prove itself.
type login struct {
	plugin string
	stored stored
}

// stored is an authentication string: a hash, as a rule. It is compared in this process
// and never printed: of fields that are not exported fmt calls no methods, and behind a
// pointer it shows the address only. The zero value is empty.
type stored struct{ text *string }

func (s stored) bytes() []byte {
	if s.text == nil {
		return nil
	}
	return []byte(*s.text)
}

func (s stored) empty() bool { return s.text == nil }

// newLogin is a login as a server keeps it. Servers take a plugin's name in any case and
// keep it as it was typed (tried with MariaDB 10.11).
func newLogin(plugin, text string) login {
	l := login{plugin: strings.ToLower(plugin)}
	if text != "" {
		l.stored.text = &text
	}
	return l
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
		if l.stored.empty() {
			return asksNothing
		}
		return asksCredential
	case "unix_socket", "auth_socket", "mysql_no_login":
		return asksCredential // being that OS user, or nothing at all
	case "ed25519":
		return asksCredential // with nothing stored it lets nobody in (tried with MariaDB 10.11)
	case "parsec":
		if l.stored.empty() {
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
			switch {
			case a.certificate:
				continue
			case a.factors > 0:
				return asksUnknown
			}
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

const (
	maxAlternatives = 6    // "OR" parts of an account that are looked at
	maxAccounts     = 4000 // of one server
)

var errOldServer = errors.New("a server older than MariaDB 10.4 or MySQL 5.7")

// readTable reads the accounts and what variables decide about them.
func readTable(ctx context.Context, conn driver.Conn, version string) (*table, error) {
	v, maria, ok := parseVersion(version)
	var accounts []account
	var err error
	switch {
	case ok && maria && v.atLeast(10, 4, 0):
		accounts, err = readGlobalPriv(ctx, conn)
	case ok && !maria && v.atLeast(5, 7, 0):
		accounts, err = readUser(ctx, conn, v)
	default:
		return nil, errOldServer
	}
	if err != nil {
		return nil, err
	}
	t := &table{accounts: accounts, variables: map[string]string{}}
	if len(accounts) > maxAccounts {
		t.accounts, t.cut = accounts[:maxAccounts], true
	}
	// Not every server has every variable: this way that is no error. Without an answer
	// they are not known, and the accounts are.
	rows, err := query(ctx, conn, `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('require_secure_transport', 'have_ssl')`, 2)
	if err == nil {
		for _, r := range rows {
			t.variables[strings.ToLower(r[0])] = r[1]
		}
	}
	return t, nil
}

// serverVersion is major, minor and patch.
type serverVersion [3]int

func (v serverVersion) atLeast(major, minor, patch int) bool {
	return slices.Compare(v[:], []int{major, minor, patch}) >= 0
}

// parseVersion reads VERSION(). MariaDB 10 may say "5.5.5-10.6.1-MariaDB".
func parseVersion(s string) (v serverVersion, maria, ok bool) {
	maria = strings.Contains(s, "MariaDB")
	if maria {
		s = strings.TrimPrefix(s, "5.5.5-")
	}
	s, _, _ = strings.Cut(s, "-")
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, maria, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return v, maria, false
		}
		v[i] = n
	}
	return v, maria, true
}

// ofAccounts ends a query: the accounts every check asks about come first, and what is
// not kept is not sent.
func ofAccounts() string {
	return fmt.Sprintf(` ORDER BY User NOT IN ('root', ''), User, Host LIMIT %d`, maxAccounts+1)
}

// readGlobalPriv reads MariaDB's mysql.global_priv (from 10.4). Priv is JSON: the
// top level holds one login; "auth_or", where there is one, lists all, and the
// entry without a plugin stands for that of the top level (User_table_json::get_auth
// in sql/sql_acl.cc). ssl_type counts from 0: none, any, X509, specified (SSL_type in
// sql/sql_acl.h).
func readGlobalPriv(ctx context.Context, conn driver.Conn) ([]account, error) {
	const fixed = 10
	var q strings.Builder
	q.WriteString(`SELECT User, Host, JSON_VALID(Priv),
		COALESCE(JSON_VALUE(Priv, '$.account_locked'), '') IN ('1', 'true'),
		COALESCE(JSON_VALUE(Priv, '$.password_last_changed'), '') = '0',
		COALESCE(JSON_LENGTH(Priv, '$.auth_or'), 0),
		COALESCE(JSON_VALUE(Priv, '$.ssl_type'), '0') > 0,
		COALESCE(JSON_VALUE(Priv, '$.ssl_type'), '0') = 2 OR
			COALESCE(JSON_VALUE(Priv, '$.x509_issuer'), '') <> '' OR COALESCE(JSON_VALUE(Priv, '$.x509_subject'), '') <> '',
		COALESCE(JSON_VALUE(Priv, '$.plugin'), ''),
		COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '')`)
	for i := range maxAlternatives {
		fmt.Fprintf(&q, `,
		COALESCE(JSON_VALUE(Priv, '$.auth_or[%[1]d].plugin'), ''),
		COALESCE(JSON_VALUE(Priv, '$.auth_or[%[1]d].authentication_string'), '')`, i)
	}
	q.WriteString(`
		FROM mysql.global_priv
		WHERE COALESCE(JSON_VALUE(Priv, '$.is_role'), '') NOT IN ('1', 'true')` + ofAccounts())
	rows, err := query(ctx, conn, q.String(), fixed+2*maxAlternatives)
	if err != nil {
		return nil, err
	}
	var out []account
	for _, r := range rows {
		a := account{user: r[0], host: r[1], locked: r[3] == "1", expired: r[4] == "1", unread: r[2] != "1", tls: r[6] == "1", certificate: r[7] == "1"}
		top := newLogin(r[8], r[9])
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
				a.logins = append(a.logins, newLogin(plugin, r[fixed+2*i+1]))
			} else {
				a.logins = append(a.logins, top)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// readUser reads MySQL's mysql.user (from 5.7). Releases from 8.0.14 on know a second
// password, which counts as the first does (RETAIN CURRENT PASSWORD; "additional_password"
// in sql/auth/sql_user_table.cc), and from 8.0.27 on accounts with several factors, which
// are all asked for.
func readUser(ctx context.Context, conn driver.Conn, release serverVersion) ([]account, error) {
	factors, second := "0", "''"
	if release.atLeast(8, 0, 14) {
		second = "COALESCE(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password')), '')"
	}
	if release.atLeast(8, 0, 27) {
		factors = "COALESCE(JSON_LENGTH(User_attributes, '$.multi_factor_authentication'), 0)"
	}
	rows, err := query(ctx, conn, `SELECT User, Host, plugin, COALESCE(authentication_string, ''),
		account_locked = 'Y', password_expired = 'Y', ssl_type <> '',
		ssl_type = 'X509' OR LENGTH(x509_issuer) > 0 OR LENGTH(x509_subject) > 0, `+factors+`, `+second+`
		FROM mysql.user`+ofAccounts(), 10)
	if err != nil {
		return nil, err
	}
	var out []account
	for _, r := range rows {
		a := account{
			user: r[0], host: r[1], locked: r[4] == "1", expired: r[5] == "1", tls: r[6] == "1", certificate: r[7] == "1",
			logins: []login{newLogin(r[2], r[3])},
		}
		if a.factors, err = strconv.Atoi(r[8]); err != nil {
			a.unread = true
		}
		if r[9] != "" {
			a.logins = append(a.logins, newLogin(r[2], r[9]))
		}
		out = append(out, a)
	}
	return out, nil
}
