package listeners

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// maxClusters bounds the clusters of PostgreSQL that are looked at.
const maxClusters = 128

// clustersOf counts the clusters of PostgreSQL and those of them that the boot starts, as
// postgresql-generator of Debian's postgresql-common decides it: each has a
// postgresql.conf, and a start.conf that says auto or is not there.
func clustersOf(t *tree.Tree) (all, started int, err error) {
	if t == nil {
		return 0, 0, errors.New("no files")
	}
	files, err := t.Glob("/etc/postgresql/*/*/postgresql.conf")
	if err != nil {
		return 0, 0, err
	}
	if len(files) > maxClusters {
		return 0, 0, errors.New("too many clusters")
	}
	for _, file := range files {
		text, err := t.ReadFile(path.Join(path.Dir(file), "start.conf"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, 0, err
		}
		if err != nil || startConf(string(text)) == "auto" {
			started++
		}
	}
	return len(files), started, nil
}

// startConf is what is left of the file without comments and blank lines.
func startConf(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			words = append(words, line)
		}
	}
	return strings.Join(words, "\n")
}

// withoutClusters drops the problem of Debian's postgresql.service where what its
// generator will make can be told: instances of postgresql@.service, for all of which
// the service is judged (kindOf).
func withoutClusters(t *tree.Tree, problems []units.Problem) []units.Problem {
	made := func(p units.Problem) bool {
		return p.Unit == clusters && path.Base(p.File) == "postgresql-generator" && errors.Is(p.Err, units.ErrGenerator)
	}
	if !slices.ContainsFunc(problems, made) {
		return problems
	}
	if _, _, err := clustersOf(t); err != nil {
		return problems
	}
	return slices.DeleteFunc(slices.Clone(problems), made)
}

// clusters is the unit that stands for all clusters.
const clusters = "postgresql.service"
