package listeners

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// configurations reads what settles whether a daemon listens.
type configurations struct {
	t     *tree.Tree
	files int // read for the daemon
	names int // and those that lines include
	bytes int
}

// maxConfigFiles bounds what one daemon may include.
const maxConfigFiles = 128

// maxConfigBytes bounds what is looked through for one daemon.
const maxConfigBytes = 4 << 20

// settle answers for an entry whose daemon is one of the settled. known is false
// for another daemon, and nature unknownNature where its configuration does not
// tell.
func settle(list []settled, t *tree.Tree, e units.Entry) (n nature, at units.Place, known bool) {
	name, base, script := entryNames(e)
	for _, d := range list {
		mine := slices.Contains(d.programs, base) || name == "openntpd" && base == "ntpd" && d.programs[0] == name
		if d.numbered {
			mine = slices.Contains(d.programs, strings.TrimRight(base, "0123456789."))
		}
		if script {
			mine = slices.Contains(d.scripts, name)
		}
		if !mine {
			continue
		}
		c := &configurations{t: t}
		args, ok := c.arguments(d, e, name, script)
		if !ok {
			return unknownNature, units.Place{}, true
		}
		n, at = c.daemon(d, args)
		return n, at, true
	}
	return unknownNature, units.Place{}, false
}

// scriptOptions is a line of the file that carries the options of a script.
var scriptOptions = regexp.MustCompile(`(?m)^\s*(?:export\s+)?\w*(?:OPTS|ARGS|OPTIONS|args)\w*=(.*)$`)

// scriptConfig is one that names another configuration.
var scriptConfig = regexp.MustCompile(`(?m)^\s*(?:export\s+)?\w*(?:CONF|CFG|conf|cfg)\w*=(.*)$`)

// arguments are those the daemon is started with: of a unit its own, of a script
// what the file beside it says.
func (c *configurations) arguments(d settled, e units.Entry, name string, script bool) (args []string, ok bool) {
	if e.Kind == units.KindInittab {
		return nil, false // the line's arguments are not told
	}
	if !script {
		if e.Unit == nil || len(e.Unit.Exec) != 1 {
			return nil, e.Unit == nil
		}
		return e.Unit.Exec[0].Args, !e.Unit.Exec[0].Incomplete
	}
	for _, dir := range []string{"/etc/default/", "/etc/conf.d/", "/etc/sysconfig/"} {
		data, err := c.t.ReadFile(dir + name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false
		}
		for _, m := range scriptOptions.FindAllSubmatch(data, -1) {
			args = append(args, strings.Fields(strings.Trim(strings.TrimSpace(string(m[1])), `"'`))...)
		}
		for _, m := range scriptConfig.FindAllSubmatch(data, -1) {
			for file := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(string(m[1])), `"'`)) {
				if strings.HasPrefix(file, "/") && !slices.Contains(d.files, file) {
					return nil, false
				}
			}
		}
	}
	return args, true
}

func (c *configurations) daemon(d settled, args []string) (nature, units.Place) {
	start := ""
	var list []string
	args, known := shortened(args, d)
	rest, values, ok := getopt(args, d.options)
	if !ok || !known {
		return unknownNature, units.Place{}
	}
	if file := values[d.config]; d.config != 0 && file != "" {
		start = file
	}
	for _, word := range rest {
		switch {
		case d.word != "" && word == d.word:
		case d.named && strings.HasPrefix(word, "/"):
			list = append(list, word)
		case d.words && !d.opens(word) && !strings.Contains(strings.ToLower(word), "include") && !strings.Contains(strings.ToLower(word), "dir"):
		default:
			return unknownNature, units.Place{}
		}
	}
	if start == "" && len(list) == 0 {
		for _, file := range d.files {
			if _, err := c.t.Stat(file); !errors.Is(err, fs.ErrNotExist) {
				start = file
				break
			}
		}
	}
	switch {
	case start != "":
		list = append(list, start)
	case !d.optional && len(list) == 0:
		return unknownNature, units.Place{}
	}
	for _, pattern := range d.extra {
		more, err := c.t.Glob(pattern)
		if err != nil {
			return unknownNature, units.Place{}
		}
		list = append(list, more...)
	}
	for _, file := range list {
		if n, at := c.file(d, file, 0); n != silent {
			return n, at
		}
	}
	return silent, units.Place{}
}

// file reads one file and what it includes. A line may go on in the next one; the
// words that matter are never split.
func (c *configurations) file(d settled, file string, depth int) (nature, units.Place) {
	c.files++
	if depth > 8 || c.files > maxConfigFiles || !path.IsAbs(file) {
		return unknownNature, units.Place{}
	}
	data, err := c.t.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && (depth > 0 || d.optional):
		return silent, units.Place{}
	case err != nil:
		return unknownNature, units.Place{}
	}
	if c.bytes += len(data); c.bytes > maxConfigBytes {
		return unknownNature, units.Place{}
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		text := strings.TrimSpace(line)
		if text == "" || strings.ContainsRune(d.comment, rune(text[0])) {
			continue
		}
		if d.opens(text) {
			return server, units.Place{File: file, Line: number}
		}
		if d.include == nil {
			continue
		}
		for _, m := range d.include.FindAllStringSubmatch(text, -1) {
			if n, at := c.included(d, file, strings.Join(m[1:], " "), depth); n != silent {
				return n, at
			}
		}
	}
	return silent, units.Place{}
}

// included reads what a line names: a file, a directory or a pattern, chrony's
// several of them.
func (c *configurations) included(d settled, from, value string, depth int) (nature, units.Place) {
	for _, name := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t,\"'", r) }) {
		c.names++
		if c.names > maxConfigFiles || strings.ContainsAny(name, "`$") {
			return unknownNature, units.Place{} // too many, or a name that the daemon makes up when it starts
		}
		switch {
		case path.IsAbs(name):
		case d.absolute:
			return unknownNature, units.Place{}
		default:
			name = path.Join(path.Dir(from), name)
		}
		if info, err := c.t.Stat(name); err == nil && info.Mode.IsDir() {
			name += "/*"
		}
		files := []string{name}
		if strings.ContainsAny(name, "*?[") {
			var err error
			if files, err = c.t.Glob(name); err != nil {
				return unknownNature, units.Place{}
			}
		}
		for _, file := range files {
			if info, err := c.t.Stat(file); err == nil && info.Mode.IsDir() {
				continue
			}
			if n, at := c.file(d, file, depth+1); n != silent {
				return n, at
			}
		}
	}
	return silent, units.Place{}
}

// shortened writes the long options of a daemon as the short ones they are. known is
// false where there is one that it is not known to have.
func shortened(args []string, d settled) (short []string, known bool) {
	if d.long == "" {
		return args, true
	}
	for _, arg := range args {
		name, isLong := strings.CutPrefix(arg, "--")
		if !isLong {
			short = append(short, arg)
			continue
		}
		name, value, hasValue := strings.Cut(name, "=")
		found := false
		for pair := range strings.FieldsSeq(d.long) {
			if long, option, _ := strings.Cut(pair, "="); long == name {
				short, found = append(short, "-"+option), true
			}
		}
		if !found {
			return nil, false
		}
		if hasValue {
			short = append(short, value)
		}
	}
	return short, true
}

// getopt splits arguments into options and the rest, by the short options given.
// What is not among them is not understood.
func getopt(args []string, options string) (rest []string, values map[byte]string, ok bool) {
	values = map[byte]string{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		for j := 1; j < len(arg); j++ {
			at := strings.IndexByte(options, arg[j])
			if at < 0 || arg[j] == ':' {
				return nil, nil, false
			}
			if at+1 == len(options) || options[at+1] != ':' {
				continue
			}
			value := arg[j+1:]
			if value == "" {
				if i++; i == len(args) {
					return nil, nil, false
				}
				value = args[i]
			}
			values[arg[j]] = value
			break
		}
	}
	return rest, values, true
}

// rsyncIdle reports an rsync daemon that ends at once, for want of its configuration
// (rsync's clientserver.c). Debian's unit has that for its condition, and bullseye
// enables it.
func rsyncIdle(t *tree.Tree, e units.Entry) bool {
	if t == nil || e.Unit == nil || len(e.Unit.Exec) != 1 || e.Unit.Exec[0].Incomplete {
		return false
	}
	for _, arg := range e.Unit.Exec[0].Args {
		if arg != "--daemon" && arg != "--no-detach" {
			return false
		}
	}
	_, err := t.Stat("/etc/rsyncd.conf")
	return errors.Is(err, fs.ErrNotExist)
}

// dockerStarts reports a container that the engine may start by itself and that has
// ports published, or the host's network: hostconfig.json beside each.
func dockerStarts(t *tree.Tree) bool {
	list, err := t.Glob("/var/lib/docker/containers/*/hostconfig.json")
	if err != nil || len(list) > maxConfigFiles {
		return true
	}
	for _, file := range list {
		data, err := t.ReadFile(file)
		var c struct {
			NetworkMode     string
			PortBindings    map[string]json.RawMessage
			PublishAllPorts bool
			RestartPolicy   struct{ Name string }
		}
		if err != nil || len(data) > maxConfigBytes || json.Unmarshal(data, &c) != nil {
			return true
		}
		if c.RestartPolicy.Name != "" && c.RestartPolicy.Name != "no" && (len(c.PortBindings) > 0 || c.PublishAllPorts || c.NetworkMode == "host") {
			return true
		}
	}
	return false
}

// dockerSocket reports an engine whose API is on unix sockets alone, that is told
// of no metrics, that is in no swarm and starts no container with ports (dockerd(8)).
func dockerSocket(t *tree.Tree, e units.Entry) bool {
	if e.Unit == nil || len(e.Unit.Exec) != 1 || e.Unit.Exec[0].Incomplete {
		return false
	}
	args := e.Unit.Exec[0].Args
	for i := 0; i < len(args); i++ {
		name, value, split := strings.Cut(args[i], "=")
		if !split && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "-H", "--host":
			if !strings.HasPrefix(value, "fd://") && !strings.HasPrefix(value, "unix://") {
				return false
			}
		case "--containerd", "--log-level", "--exec-opt", "--storage-driver", "--cgroup-parent":
		default:
			return false
		}
		if !split {
			i++
		}
	}
	data, err := t.ReadFile("/etc/docker/daemon.json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) || strings.Contains(string(data), "hosts") || strings.Contains(string(data), "metrics") || strings.Contains(string(data), `\u`) ||
		strings.Contains(string(data), "data-root") || strings.Contains(string(data), "graph") || dockerStarts(t) {
		return false
	}
	_, err = t.Lstat("/var/lib/docker/swarm/docker-state.json")
	return errors.Is(err, fs.ErrNotExist)
}
