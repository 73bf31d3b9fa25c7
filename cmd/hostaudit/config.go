package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"hostaudit/checks/catalogue"
	"hostaudit/checks/policy"
)

// config checks, shows, exemplifies or imports the configuration.
func (p *program) config(args []string) error {
	if len(args) == 0 {
		return usageError{"config takes check, show, example or import"}
	}
	action, args := args[0], args[1:]
	switch action {
	case "check", "show":
		return p.showConfig(action, args)
	case "example":
		if err := noArguments("config example", args); err != nil {
			return err
		}
		_, err := fmt.Fprint(p.stdout, policy.Example)
		return err
	case "import":
		return p.importConfig(args)
	}
	return usageError{fmt.Sprintf("unknown config action %q", action)}
}

// showConfig says whether the configuration would be accepted, and what it says:
// with --effective what it comes to.
func (p *program) showConfig(action string, args []string) error {
	var f flags
	effective := false
	set := newFlagSet("config")
	set.StringVar(&f.config, "config", "", "")
	if action == "show" {
		set.BoolVar(&effective, "effective", false, "")
	}
	if err := set.Parse(args); err != nil {
		return flagError(err)
	}
	if set.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q", set.Arg(0))}
	}
	loaded, err := loadPolicy(&f, ids(catalogue.All()))
	if err != nil {
		return err
	}
	s, err := resolve(&f, loaded, false, catalogue.All())
	if err == nil {
		err = s.loadWords()
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, read := range loaded.Files {
		fmt.Fprintf(&b, "# %s: ok\n", read.Path)
	}
	if len(loaded.Files) == 0 {
		fmt.Fprintf(&b, "# no configuration file in %s\n", configDir)
	}
	if action == "show" {
		shown := loaded.Policy
		if effective {
			shown = shown.Effective()
			fmt.Fprintln(&b, "# with profile, roles and defaults; what is not named here differs between the agent, a terminal and a tree")
		} else {
			fmt.Fprintln(&b, "# what is not named here has its default (see hostaudit config example)")
		}
		text, err := shown.TOML()
		if err != nil {
			return err
		}
		b.Write(text)
	}
	_, err = fmt.Fprint(p.stdout, b.String())
	return err
}

// importConfig prints the configuration of the Pandora security plugin as one of
// ours. Its words are passwords of the organisation: they go to the file that --words
// names, which root alone can read, and nowhere else.
func (p *program) importConfig(args []string) error {
	var file, words string
	if len(args) > 0 && (args[0] == "-" || !strings.HasPrefix(args[0], "-")) {
		file, args = args[0], args[1:]
	}
	set := newFlagSet("config import")
	set.StringVar(&words, "words", "", "")
	if err := set.Parse(args); err != nil {
		return flagError(err)
	}
	rest := set.Args()
	if file == "" && len(rest) > 0 {
		file, rest = rest[0], rest[1:]
	}
	if file == "" || len(rest) > 0 {
		return usageError{"config import takes one file, the configuration of the plugin"}
	}
	text, err := p.pluginFile(file)
	if err != nil {
		return err
	}
	made, warnings, err := policy.Import(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	list := policy.ImportWords(text)
	if words != "" && len(list) > 0 {
		if err := newPrivateFile(words, list); err != nil {
			return fmt.Errorf("--words: %w", err)
		}
	}
	for _, w := range warnings {
		fmt.Fprintf(p.stderr, "hostaudit: %s: %s\n", oneLine(errors.New(file)), oneLine(errors.New(w)))
	}
	switch n := bytes.Count(list, []byte("\n")); {
	case n > 0 && words == "":
		fmt.Fprintf(p.stderr, "hostaudit: %d words were left out (--words PATH writes them to a file of mode 0600)\n", n)
	case n > 0:
		fmt.Fprintf(p.stderr, "hostaudit: %d words were written to %s\n", n, oneLine(errors.New(words)))
	case words != "":
		fmt.Fprintf(p.stderr, "hostaudit: there are no words to write to %s\n", oneLine(errors.New(words)))
	}
	_, err = p.stdout.Write(made)
	return err
}

// pluginFile reads at most a mebibyte and a byte of it; Import refuses that much.
func (p *program) pluginFile(file string) ([]byte, error) {
	in := p.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, 1<<20+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return text, nil
}

// newPrivateFile makes a file that is not there yet, whole or not at all, for its owner
// alone. What is there stays: it could be another list, or readable by others.
func newPrivateFile(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".hostaudit-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	switch err := os.Link(temp.Name(), path); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already", path)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP): // a file system without hard links
		return unix.Renameat2(unix.AT_FDCWD, temp.Name(), unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	default:
		return err
	}
}
