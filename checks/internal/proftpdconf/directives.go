package proftpdconf

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// directivesText lists per module the directives of ProFTPD's own modules, taken from the
// configuration tables and the checks at the head of the handlers of 1.3.5a, 1.3.6,
// 1.3.7a, 1.3.8 and 1.3.9d:
//
//	name arguments contexts [bool] [first..last]
//
// Arguments are "2" (exactly), "1-" (at least) or "1-2". Contexts are letters: R server
// config, V <VirtualHost>, G <Global>, A <Anonymous>, D <Directory>, L <Limit>, C <Class>,
// * any. bool: the first argument must be Boolean. first and last are patch numbers of 1.3.
//
//go:embed directives.txt
var directivesText string

// directive is one row: how one module takes a directive.
type directive struct {
	name     string
	module   string
	min, max int    // arguments; max < 0 = any number
	contexts string // "*" = any
	boolean  bool
	lo, hi   int // patch numbers of 1.3
}

// directives returns the rows by name in lower case.
var directives = sync.OnceValue(func() map[string][]directive {
	table := map[string][]directive{}
	module := ""
	for line := range strings.SplitSeq(directivesText, "\n") {
		if strings.HasPrefix(line, "[") {
			module = strings.Trim(line, "[]")
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		d := directive{name: fields[0], module: module, max: -1, contexts: fields[2], hi: 1 << 15}
		lo, hi, open := strings.Cut(fields[1], "-")
		d.min = number(lo, 0)
		switch {
		case !open:
			d.max = d.min
		case hi != "":
			d.max = number(hi, 0)
		}
		for _, field := range fields[3:] {
			if first, last, found := strings.Cut(field, ".."); found {
				d.lo, d.hi = number(first, 0), number(last, 1<<15)
			} else {
				d.boolean = true
			}
		}
		key := strings.ToLower(d.name)
		table[key] = append(table[key], d)
	}
	return table
})

func number(s string, fallback int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return fallback
	}
	return n
}

// rows returns how the modules of a version take a directive.
func rows(name string, v Version) []directive {
	var list []directive
	rank := v.rank()
	for _, d := range directives()[strings.ToLower(name)] {
		if d.lo <= rank && rank <= d.hi {
			list = append(list, d)
		}
	}
	return list
}

// knownModule reports whether the directives of a module are in the table.
func knownModule(name string) bool {
	return strings.Contains(directivesText, "["+name+"]") || quiet(name)
}

// quiet reports a module of ProFTPD's own that has no directive.
func quiet(name string) bool {
	switch name {
	case "mod_quotatab_radius.c", "mod_quotatab_file.c", "mod_quotatab_sql.c", "mod_quotatab_ldap.c",
		"mod_wrap2_redis.c", "mod_sql_odbc.c", "mod_sql_postgres.c", "mod_sql_mysql.c", "mod_sql_sqlite.c",
		"mod_tls_fscache.c", "mod_tls_redis.c", "mod_tls_memcache.c", "mod_sftp_sql.c", "mod_auth.c",
		"mod_auth_unix.c", "mod_site.c", "mod_site_misc.c", "mod_wrap2_file.c", "mod_wrap2_sql.c":
		return true
	}
	return false
}

// parseBool is pr_str_is_boolean().
func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "on", "yes", "true", "1":
		return true, true
	case "off", "no", "false", "0":
		return false, true
	}
	return false, false
}
