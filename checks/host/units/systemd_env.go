package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// maxArgument is the kernel's bound of one argument.
const maxArgument = 128 << 10

// environment is what variables of a command line stand for. It can hold
// secrets: nothing of it is ever told.
type environment struct {
	values  map[string]string
	partial bool            // a file that may set more was not read
	unknown map[string]bool // set, but not to what files tell
}

// ownVariables are set by systemd itself, to what only the running system knows.
const ownVariables = ` PATH LANG USER LOGNAME HOME SHELL INVOCATION_ID MAINPID MANAGERPID LISTEN_FDS LISTEN_PID
 LISTEN_FDNAMES NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC JOURNAL_STREAM RUNTIME_DIRECTORY STATE_DIRECTORY
 CACHE_DIRECTORY LOGS_DIRECTORY CONFIGURATION_DIRECTORY CREDENTIALS_DIRECTORY REMOTE_ADDR REMOTE_PORT TERM
 SYSTEMD_EXEC_PID MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE FDSTORE PIDFILE `

// environment evaluates Environment=, then EnvironmentFile=, whose files rule,
// then UnsetEnvironment=. PassEnvironment= takes from the manager what files do
// not tell.
func (e *evaluator) environment() *environment {
	const section = "Service"
	env := &environment{values: map[string]string{}, unknown: map[string]bool{}}
	for _, a := range reset(e.l.settings(section, "PassEnvironment")) {
		for _, name := range unitfile.Fields(a.value) {
			env.unknown[name] = true
		}
	}
	for _, a := range reset(e.l.settings(section, "Environment")) {
		words, err := unitfile.Words(a.value)
		if err != nil {
			e.ignored(a.Place, "%w", err)
			continue
		}
		for _, word := range words {
			word, complete := e.expand(word)
			if name, value, ok := strings.Cut(word, "="); ok {
				env.values[name] = value
				env.unknown[name] = !complete
			}
		}
	}
	for _, a := range reset(e.l.settings(section, "EnvironmentFile")) {
		e.environmentFile(a, env)
	}
	for _, a := range reset(e.l.settings(section, "UnsetEnvironment")) {
		for _, word := range unitfile.Fields(a.value) {
			name, value, exact := strings.Cut(word, "=")
			if !exact || env.values[name] == value {
				delete(env.values, name)
				delete(env.unknown, name)
			}
		}
	}
	return env
}

// environmentFile reads the files of one EnvironmentFile=.
func (e *evaluator) environmentFile(a setting, env *environment) {
	pattern, optional := strings.CutPrefix(a.value, "-")
	pattern, complete := e.expand(pattern)
	if !complete || !strings.HasPrefix(pattern, "/") {
		if complete {
			e.ignored(a.Place, "EnvironmentFile= is not absolute")
		} else {
			env.partial = true
		}
		return
	}
	files := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if files, err = e.s.glob(pattern); err != nil {
			env.partial = true
			e.problem(a.Place, err)
		}
	}
	if len(files) == 0 && runtime(pattern) {
		env.partial = true
	}
	for _, file := range files {
		data, _, err := e.s.content(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			// What lies in /run may be made before the service starts; a file that
			// must be there and is not keeps the service from starting.
			env.partial = env.partial || runtime(file) || !optional
		case err != nil:
			env.partial = true
			e.problem(Place{file, 0}, err)
		}
		for _, v := range unitfile.ParseEnv(data) {
			env.values[v.Name] = v.Value
			delete(env.unknown, v.Name)
		}
	}
}

// globWork is what one pattern is charged; one that goes through many directories
// may look at a thousand times as much as one that lists a directory.
const globWork = 512 << 10

// glob is Tree.Glob within the work that may be done, each pattern once.
func (s *store) glob(pattern string) ([]string, error) {
	if found, ok := s.globs[pattern]; ok {
		return found.files, found.err
	}
	work := globWork
	if strings.ContainsAny(path.Dir(pattern), "*?[") {
		work *= 8
	}
	if !s.charge(work) {
		return nil, errTooMany
	}
	var found globbed
	found.files, found.err = s.t.Glob(pattern)
	s.globs[pattern] = found
	return found.files, found.err
}

// lookup returns the value of a variable; one that is not set is empty.
func (env *environment) lookup(name string) (value string, complete bool) {
	value, set := env.values[name]
	switch {
	case env.unknown[name]:
		return value, false
	case set:
		return value, true
	case env.partial, strings.HasPrefix(name, "LC_"), strings.Contains(ownVariables, " "+name+" "),
		strings.Contains(ownVariables, "\n"+name+" "):
		return "", false
	}
	return "", true
}

// substitute replaces the variables of one argument: a word "$NAME" becomes the
// words of the value, "${NAME}" anywhere in a word its text, "$$" a dollar.
func (env *environment) substitute(arg string) (words []string, complete bool) {
	if len(arg) > 1 && arg[0] == '$' && arg[1] != '{' && arg[1] != '$' {
		value, complete := env.lookup(arg[1:])
		words, err := unitfile.Words(value)
		if err != nil {
			return unitfile.Fields(value), false
		}
		return words, complete
	}
	var b strings.Builder
	complete = true
	for i := 0; i < len(arg); i++ {
		switch {
		case arg[i] != '$' || i+1 == len(arg):
			b.WriteByte(arg[i])
		case arg[i+1] == '$':
			b.WriteByte('$')
			i++
		case arg[i+1] == '{':
			end := strings.IndexByte(arg[i:], '}')
			if end < 0 {
				b.WriteString(arg[i:])
				return []string{b.String()}, complete
			}
			name := arg[i+2 : i+end]
			value, ok := env.lookup(name)
			// No argument is longer, execve(2).
			if b.Len()+len(value) > maxArgument {
				return []string{b.String()}, false
			}
			complete = complete && ok
			b.WriteString(value)
			i += end
		default:
			b.WriteByte('$')
		}
	}
	return []string{b.String()}, complete
}
