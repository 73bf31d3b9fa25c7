// Package proftpdconf reads what a ProFTPD is told, its command line and its
// configuration with all it includes, and says what it binds with that. It reads as
// versions 1.3.5 to 1.3.9 do (src/parser.c, src/dirtree.c, src/bindings.c and
// modules/mod_core.c of their sources), quirks included: a fault in an included file
// does not end a ProFTPD, it makes it forget the rest of the file that includes.
//
// What is not looked at: whether accounts named by User and Group exist, whether log and
// scoreboard files can be written, whether the host's own name resolves, and the values
// of directives that have no part in what is bound. Any of them can end a ProFTPD.
package proftpdconf

import (
	"net/netip"
	"slices"
)

// Kind of an Outcome; the zero value is: it starts.
type Kind int

// Kinds.
const (
	Accepted Kind = iota
	Refused       // ProFTPD ends at once
	// Unsure is something that is not evaluated, or that depends on what is not in the
	// files. Listens says what can be said.
	Unsure
	// Warned is a fault that ProFTPD logs and goes on after: an Include that finds
	// nothing, a fault in an included file.
	Warned
)

// Outcome says whether ProFTPD starts.
type Outcome struct {
	Kind Kind
	Why  string // one clause without trailing full stop; no value of the host is in it
}

// Problem is a reason why the configuration is not what it says.
type Problem struct {
	File string // "" = the command line
	Line int
	Outcome
	Err error // of the tree, if one is why
}

// Listen is one address and port that a server of the configuration is bound to.
// Servers that share a socket have one each.
type Listen struct {
	// Addr is the address. 0.0.0.0 is every IPv4 address; [::] is every address of both
	// families, as ProFTPD clears IPV6_V6ONLY. It is not valid where Host stands.
	Addr netip.Addr
	Host string // a name that only the resolver knows; "" with no valid Addr is the name of the host itself
	Port uint16
	// File and Line are where the port is set; Line is 0 for the default of /etc/services.
	File string
	Line int
	// FTP is false where the server speaks SSH (SFTPEngine of mod_sftp).
	FTP bool
	// ImplicitTLS is set where an FTP server expects TLS before anything else
	// (TLSOptions UseImplicitSSL); it greets only after that.
	ImplicitTLS bool
	Server      string // ServerName, else the first address of the <VirtualHost>; "" for the main server without a name
}

// Item is a directive that ProFTPD reads. Args are kept of those alone that have a part
// in what is bound, as others hold secrets.
type Item struct {
	File string
	Line int // the first of its lines
	Name string
	Args []string
}

// Config is a whole configuration.
type Config struct {
	items    []Item
	problems []Problem
	listens  []Listen
	files    []string
	inetd    bool
}

// Items returns the directives in the order ProFTPD reads them; those of blocks it skips
// are not among them.
func (c *Config) Items() []Item { return slices.Clone(c.items) }

// Files returns the files that were read, in that order, without duplicates.
func (c *Config) Files() []string { return slices.Clone(c.files) }

// Inetd reports whether it serves the one connection it is given and binds nothing
// (ServerType inetd).
func (c *Config) Inetd() bool { return c.inetd }

// Listens returns what ProFTPD binds, sorted by port and address. It is empty where it
// refuses to start.
func (c *Config) Listens() []Listen { return slices.Clone(c.listens) }

// Problems returns what stands in the way of believing the configuration: a refusal
// first, then what is unsure, then what ProFTPD itself warns of.
func (c *Config) Problems() []Problem { return slices.Clone(c.problems) }

// Outcome is the gravest of Problems; of a configuration that is only warned of it is
// Accepted.
func (c *Config) Outcome() Outcome {
	if len(c.problems) > 0 && c.problems[0].Kind != Warned {
		return c.problems[0].Outcome
	}
	return Outcome{}
}

// Limits of what one configuration may hold; beyond them the answer is Unsure.
const (
	maxBytes   = 8 << 20 // of all files together, counting a file as often as it is read
	maxFiles   = 1024    // read
	maxDepth   = 64      // of Include
	maxItems   = 50_000  // directives
	maxServers = 200
	maxNotes   = 100  // problems kept
	maxLine    = 1000 // bytes: PR_TUNABLE_BUFFER_SIZE of the loops that skip, with room
	maxNames   = 4096 // entries of a directory looked at
)
