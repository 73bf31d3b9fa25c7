package mycnf

import (
	_ "embed"
	"slices"
	"strings"
)

// The names of every option of a server, "=" after one that needs a value: what
// --help --verbose prints, and those it hides (found by offering every word in the
// program with "loose-" in front).
var (
	//go:embed mariadb.names
	mariaDBNames string // MariaDB 10.11
	//go:embed mysql.names
	mySQLNames string // MySQL 9.7
)

// Dialect is how a server reads the names and values of options.
type Dialect struct {
	// Exact: the names are all that this release has. Of another release a name that
	// is not among them may be known, or one that is may be gone.
	Exact bool

	mySQL  bool
	known  []string // sorted
	other  []string // the other server's, which has some that this one had in other releases, and more of those
	needs  map[string]bool
	prefix Tri // an unambiguous beginning of a name stands for it
	folds  Tri // case does not matter
}

// Tri is yes, no or (the zero value) not known.
type Tri int

// Values of Tri.
const (
	Unclear Tri = iota
	No
	Yes
)

// MariaDB is the dialect of a MariaDB release ("10.11"; "" = not known). What was
// established was established with 10.11; that every release takes beginnings of
// names is in the manual.
func MariaDB(release string) *Dialect {
	d := newDialect(mariaDBNames, mySQLNames, mariaDBOthers)
	d.prefix = Yes
	if d.Exact = release == "10.11"; d.Exact {
		d.folds = Yes
	}
	return d
}

// MySQL is the dialect of a MySQL release ("9.7"; "" = not known). 9.7 takes whole
// names only; 5.7's manual has beginnings.
func MySQL(release string) *Dialect {
	d := newDialect(mySQLNames, mariaDBNames, mySQLOthers)
	d.mySQL = true
	if d.Exact = release == "9.7"; d.Exact {
		d.prefix, d.folds = No, No
	}
	if !d.Exact { // gone since 8.4
		i, _ := slices.BinarySearch(d.known, "ssl")
		d.known = slices.Insert(d.known, i, "ssl")
	}
	if strings.HasPrefix(release, "5.") {
		d.prefix = Yes
	}
	return d
}

func newDialect(names, others, releases string) *Dialect {
	d := &Dialect{needs: map[string]bool{}}
	for name := range strings.Lines(names) {
		long, needs := strings.CutSuffix(strings.TrimSuffix(name, "\n"), "=")
		d.known = append(d.known, long)
		d.needs[long] = needs
	}
	for name := range strings.Lines(others) {
		d.other = append(d.other, strings.TrimRight(name, "=\n"))
	}
	d.other = append(d.other, strings.Fields(releases)...)
	slices.Sort(d.known)
	slices.Sort(d.other)
	return d
}

// Name is what the server takes a written name for.
type Name struct {
	Long  string // with "-"; of Missing and Ambiguous what was looked for last
	Form  Form
	Loose bool // "loose-" came before it: a name that is not known is passed over
	Match Match
}

// Match says how a name was found.
type Match int

// Values of Match.
const (
	Missing   Match = iota // no option has that name
	Ambiguous              // it begins the names of several
	Found
	// Doubtful: it is a beginning of a name, or in another case; some releases take
	// that and others refuse it.
	Doubtful
)

// prefixes of names, in the order of the servers (special_opt_prefix of
// mysys/my_getopt.c).
func prefixes() []struct {
	text string
	form Form
} {
	return []struct {
		text string
		form Form
	}{{"skip-", Disabled}, {"disable-", Disabled}, {"enable-", Enabled}, {"maximum-", Maximum}, {"loose-", Plain}}
}

// Resolve finds the option a name stands for: as it is, then without one prefix
// after the other. Only the prefix next to the name does something; "loose-" holds
// wherever it stands.
func (d *Dialect) Resolve(written string) Name {
	n := Name{Long: strings.ReplaceAll(written, "_", "-")}
	folded := false
	if lower := strings.ToLower(n.Long); lower != n.Long && d.folds != No {
		n.Long, folded = lower, d.folds != Yes
	}
	n.Match, n.Long = d.find(n.Long)
	for n.Match == Missing {
		cut := false
		for _, p := range prefixes() {
			rest, ok := strings.CutPrefix(n.Long, p.text)
			if !ok {
				continue
			}
			cut = true
			n.Loose = n.Loose || p.text == "loose-"
			if n.Match, n.Long = d.find(rest); n.Match != Missing {
				n.Form = p.form
			}
			break
		}
		if !cut {
			break
		}
	}
	if n.Match == Found && folded {
		n.Match = Doubtful
	}
	return n
}

// find looks for a name or the one name it begins.
func (d *Dialect) find(name string) (Match, string) {
	i, whole := slices.BinarySearch(d.known, name)
	switch {
	case whole:
		return Found, name
	case name == "", d.prefix == No, i == len(d.known), !strings.HasPrefix(d.known[i], name):
		return Missing, name
	case i+1 < len(d.known) && strings.HasPrefix(d.known[i+1], name):
		// Releases differ in what else begins so.
		return Ambiguous, name
	case d.prefix == Unclear:
		return Doubtful, d.known[i]
	}
	return Found, d.known[i]
}

// pluginNames are the first words of options that plugins bring along which are not
// built in: whether the server knows them depends on what is installed.
const pluginNames = ` server-audit audit-log validate-password simple-password-check cracklib-password-check
 password-reuse-check rocksdb tokudb spider connect mroonga oqgraph s3 columnstore infinidb group-replication
 clone keyring rpl-semi-sync thread-pool version-tokens mysql-firewall authentication auth ddl-rewriter
 query-response-time locales handlersocket sql-error-log file-key-management aws-key-management
 hashicorp-key-management provider gssapi pam ed25519 disks metadata-lock-info wsrep pxc ndb ndbcluster federated
 feedback archive blackhole sphinx cassandra xpand duckdb parsec telemetry innodb-memcached daemon-memcached
 opentelemetry mle `

// Names that neither list has and other releases know. MariaDB's came with 11.0 to 12
// (its mysqld--help.result), MySQL's were gone by 9.7 (its manual's lists of options
// added, deprecated and removed in 8.0 and 8.4).
const (
	mariaDBOthers = `
binlog-directory binlog-gtid-index binlog-gtid-index-page-size binlog-gtid-index-span-min
binlog-large-commit-threshold binlog-legacy-event-pos binlog-row-event-fragment-threshold binlog-space-limit
binlog-storage-engine character-set-collations create-tmp-table-binlog-formats getopt-prefix-matching
innodb-truncate-temporary-tablespace-now log-slow-always-query-time master-connect-retry
master-heartbeat-period master-ssl master-ssl-ca master-ssl-capath master-ssl-cert master-ssl-cipher
master-ssl-crl master-ssl-crlpath master-ssl-key master-ssl-verify-server-cert master-use-gtid
max-binlog-total-size max-open-cursors max-tmp-session-space-usage max-tmp-total-space-usage
metadata-locks-instances mhnsw-default-distance mhnsw-default-m mhnsw-ef-search mhnsw-max-cache-size new-mode
optimizer-disk-read-cost optimizer-disk-read-ratio optimizer-index-block-copy-cost
optimizer-key-compare-cost optimizer-key-copy-cost optimizer-key-lookup-cost optimizer-key-next-find-cost
optimizer-record-context optimizer-row-copy-cost optimizer-row-lookup-cost optimizer-row-next-find-cost
optimizer-rowid-compare-cost optimizer-rowid-copy-cost optimizer-scan-setup-cost optimizer-where-cost
path redirect-url slave-abort-blocking-timeout slave-connections-needed-for-purge
`
	mySQLOthers = `
admin-ssl avoid-temporal-upgrade binlog-transaction-dependency-tracking innodb-checksums
innodb-file-format-max innodb-support-xa internal-tmp-disk-storage-engine
log-builtin-as-identified-by-password log-syslog log-syslog-facility log-syslog-include-pid log-syslog-tag
mysql-native-password no-dd-upgrade show-old-temporals simplified-binlog-gtid-recovery slave-parallel-type
replica-parallel-type transaction-write-set-extraction tx-isolation tx-read-only
`
)

// foreign reports that a name that is Missing may be known all the same: it is of a
// plugin's kind, or of another release.
func (d *Dialect) foreign(name string) bool {
	if strings.Contains(name, ".") { // a component's: component.variable
		return true
	}
	for p := range strings.FieldsSeq(pluginNames) {
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || rest[0] == '-') {
			return true
		}
	}
	if d.Exact {
		return false
	}
	_, found := slices.BinarySearch(d.other, name)
	return found
}
