package mysql

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// persisted reads what SET PERSIST stored: mysqld-auto.cnf in MySQL's data
// directory, which wins over option files and command line. It is not read with
// --no-defaults and with persisted_globals_load off; a damaged file keeps the server
// from starting (all established with 9.7).
func (s *settings) persisted(t *tree.Tree, cmd mycnf.Command) {
	if s.flavour != mySQL || cmd.NoDefaults || s.refused {
		return
	}
	load, gap := s.last("persisted-globals-load")
	if gap != nil {
		s.gaps = append(s.gaps, *gap)
	}
	dir, gap := s.dataDir()
	if gap != nil {
		s.gaps = append(s.gaps, *gap)
		return
	}
	file := path.Join(dir, "mysqld-auto.cnf")
	data, err := t.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		s.gap(checks.ReasonOf(err), checks.At(file, 0), "variables stored by SET PERSIST could not be read")
		return
	}
	stored, problem := parsePersisted(file, data)
	switch {
	case problem == damaged: // even where it counts for nothing
		s.refused = true
		s.gap(checks.ReasonRefused, checks.At(file, 0), "the file of variables stored by SET PERSIST is damaged, so the server refuses to start")
	case load.Set && !load.On():
	case problem == "":
		s.stored = stored
	default:
		s.gap(checks.ReasonUnsupported, checks.At(file, 0), "variables stored by SET PERSIST, which override the option files, are not evaluated: "+problem)
	}
}

// dataDir is the data directory. A relative one lies below the program's directory.
func (s settings) dataDir() (string, *checks.Gap) {
	dir, gap := s.last("datadir")
	if gap != nil {
		return "", gap
	}
	if !dir.Set {
		return "/var/lib/mysql", nil
	}
	if !path.IsAbs(dir.Value) {
		return "", &checks.Gap{Reason: checks.ReasonUnsupported, Subject: "datadir", Location: at(dir), Detail: "the data directory depends on where the server is installed"}
	}
	return path.Clean(dir.Value), nil
}

// damaged is the problem of a file with which the server does not start.
const damaged = "damaged"

// parsePersisted reads the JSON of mysqld-auto.cnf, version 1 (MySQL 8.0.3 on) and
// 2 (8.0.29 on): variables in objects by the time they are set, each with its value
// and who stored it when. The server passes over what it did not write itself.
func parsePersisted(file string, data []byte) (list []mycnf.Option, problem string) {
	var version struct{ Version int }
	decoder := json.NewDecoder(bytes.NewReader(data))
	var all map[string]json.RawMessage
	if err := decoder.Decode(&all); err != nil || json.Unmarshal(data, &version) != nil {
		return nil, damaged
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || version.Version < 1 || version.Version > 2 {
		return nil, damaged
	}
	for _, section := range sorted(all) {
		if section == "Version" {
			continue
		}
		found, problem := persistedSection(file, all[section], true)
		if problem != "" {
			return nil, problem
		}
		list = append(list, found...)
	}
	return list, ""
}

// persistedSection reads one object of variables; version 1 has another in it.
func persistedSection(file string, raw json.RawMessage, outer bool) (list []mycnf.Option, problem string) {
	var variables map[string]json.RawMessage
	if err := json.Unmarshal(raw, &variables); err != nil {
		return nil, "a section that is none"
	}
	for _, name := range sorted(variables) {
		if outer && name == "mysql_server_static_options" {
			found, problem := persistedSection(file, variables[name], false)
			if problem != "" {
				return nil, problem
			}
			list = append(list, found...)
			continue
		}
		var v struct {
			Value    *string
			Metadata struct {
				Host, User *string
				Timestamp  int64
			}
		}
		// The server keeps microseconds.
		if json.Unmarshal(variables[name], &v) != nil || v.Value == nil || v.Metadata.Host == nil || v.Metadata.User == nil ||
			v.Metadata.Timestamp < 1e15 || name != strings.ToLower(name) || strings.Contains(name, "-") {
			return nil, "a variable in a form the server did not write"
		}
		list = append(list, mycnf.Option{Name: name, Value: *v.Value, HasValue: true, Group: "mysqld", File: file})
	}
	return list, ""
}

// sorted lists the keys of an object.
func sorted(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
