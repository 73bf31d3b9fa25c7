package proftpdconf

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// walker reads a configuration the way ProFTPD does, keeping what ProFTPD keeps.
type walker struct {
	c     *Config
	files Files
	build Build
	cmd   CommandLine

	sources []*source // the last one is read from, whoever asks
	depth   int       // files that are being parsed
	read    int       // bytes
	opened  int       // files and directories

	addresses int // resolved

	servers []*server // the first one is the main server
	open    []*server // main, and the <VirtualHost> that is open
	blocks  []*block
	inClass bool // the main server's context is <Class>
	events  []event

	defines     map[string]bool
	env         map[string]*string // set or (nil) unset by the configuration
	modules     modules
	includeOpts map[string]bool
	ipv6, tight bool
	halted      bool     // no use in reading on
	fault       *Problem // why the file that was parsed last is given up
}

// setting is a value and where it was set first.
type setting struct {
	set   bool
	value int
	file  string
	line  int
}

func (s *setting) first(value int, file string, line int) {
	if !s.set {
		*s = setting{true, value, file, line}
	}
}

// scope is the part of a server's or a <Global>'s configuration that counts here.
type scope struct{ port, sftp, tls, implicit setting }

// server is the main server or a <VirtualHost>.
type server struct {
	name      string // ServerName
	addr      address
	binds     []address // the further addresses
	own       scope
	globals   []*scope // of the <Global> blocks in it, in the order written
	port      setting  // the last Port in server context
	aliases   []string
	isDefault bool
	dirs      map[string]bool
	dead      bool // its address does not resolve: dropped at the end
}

// block is an open section that is kept on ProFTPD's stack of contexts.
type block struct {
	context byte // letter of the directives' table
	scope   *scope
}

// event is what the check for equal addresses depends on, in the order of reading.
type event struct {
	server int
	port   int  // the server's port is now this one
	closed bool // the <VirtualHost> ends
}

// at is where a directive stands.
type at struct {
	file string
	line int
}

func newWalker(c *Config, files Files, cmd CommandLine, build Build) *walker {
	w := &walker{
		c: c, files: files, build: build, cmd: cmd,
		defines: map[string]bool{}, env: map[string]*string{}, includeOpts: map[string]bool{},
		modules: newModules(build), ipv6: !cmd.IPv4,
	}
	for _, d := range cmd.Defines {
		w.defines[d] = true
	}
	w.addServer(&server{})
	w.open = w.servers[:1:1]
	return w
}

func (w *walker) addServer(s *server) {
	s.dirs = map[string]bool{}
	w.servers = append(w.servers, s)
}

// context is the letter of the context that check_context() sees.
func (w *walker) context() byte {
	switch {
	case len(w.blocks) > 0:
		return w.blocks[len(w.blocks)-1].context
	case len(w.open) > 1:
		return 'V'
	case w.inClass:
		return 'C'
	}
	return 'R'
}

func (w *walker) server() *server { return w.open[len(w.open)-1] }

// scope is where a directive is kept.
func (w *walker) scope() *scope {
	if len(w.blocks) > 0 {
		return w.blocks[len(w.blocks)-1].scope
	}
	return &w.server().own
}

// problem keeps a problem.
func (w *walker) problem(p Problem) {
	if len(w.c.problems) < maxNotes || p.Kind == Refused {
		w.c.problems = append(w.c.problems, p)
	}
}

func (w *walker) unsure(a at, why string) {
	w.problem(Problem{File: a.file, Line: a.line, Outcome: Outcome{Unsure, why}})
}

// stop ends the reading with an answer that is not known.
func (w *walker) stop(a at, why string, err error) {
	if !w.halted {
		w.problem(Problem{File: a.file, Line: a.line, Outcome: Outcome{Unsure, why}, Err: err})
	}
	w.halted = true
}

func (w *walker) refuse(p Problem) {
	if !w.halted {
		p.Kind = Refused
		w.problem(p)
	}
	w.halted = true
}

// result of parsing a file or a path, by the errno that ProFTPD looks at.
type result int

const (
	parsed  result = iota
	given          // EPERM: a fault, or a file that cannot be read
	invalid        // EINVAL, which ends ProFTPD where an Include meets it
	missing        // ENOENT, EISDIR, ENOTDIR and the like
)

// parse is pr_parser_parse_file(). A file with a fault stays on the stack of sources: its
// remaining lines are read by the file that includes it, which then ends too early.
func (w *walker) parse(name string, from at) result {
	if w.depth >= maxDepth {
		w.stop(from, "files that include each other", nil)
		return given
	}
	data, res := w.load(name, from)
	if res != parsed || w.halted {
		return res
	}
	w.depth++
	defer func() { w.depth-- }()
	if !slices.Contains(w.c.files, name) {
		w.c.files = append(w.c.files, name)
	}
	own := &source{file: name, data: data, line: 1}
	w.sources = append(w.sources, own)
	for {
		src := w.sources[len(w.sources)-1]
		if src.closed {
			w.stop(from, "what ProFTPD reads of a file that it has closed", nil)
			return given
		}
		l, ok := src.next()
		if !ok {
			break
		}
		here := at{src.file, l.line}
		if l.long {
			w.stop(here, "a line that is too long, or holds a zero byte", nil)
			return given
		}
		if why := w.line(here, l.text); why != "" && !w.halted {
			w.fault = &Problem{File: here.file, Line: here.line, Outcome: Outcome{Kind: Warned, Why: why}}
			if w.build.Version.before(6) {
				w.refuse(*w.fault)
			}
			return given
		}
		if w.halted {
			return given
		}
	}
	w.sources = w.sources[:len(w.sources)-1]
	own.closed = true // but on the stack still, where another file was taken off it
	return parsed
}

func (w *walker) load(name string, from at) ([]byte, result) {
	w.fault = nil
	w.opened++
	if w.opened > maxFiles {
		w.stop(from, "more files than are read", nil)
		return nil, given
	}
	kind, err := w.files.Stat(name)
	switch {
	case absent(err):
		return nil, missing
	case err != nil:
		w.stop(from, "a file that cannot be read", err)
		return nil, given
	case kind == Directory:
		return nil, missing
	case kind != Regular:
		w.stop(from, "a file that is no regular one", nil)
		return nil, given
	}
	data, err := w.files.ReadFile(name)
	if err != nil {
		w.stop(from, "a file that cannot be read", err)
		return nil, given
	}
	if w.read += len(data); w.read > maxBytes {
		w.stop(from, "more text than is read", nil)
		return nil, given
	}
	return data, parsed
}

// absent reports an error that tells that there is no such file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}
