package units

import (
	"path"
	"slices"

	"hostaudit/checks/internal/unitfile"
)

// suffixes of the directories whose links pull units in.
var wantSuffixes = []string{".wants", ".requires", ".upholds"}

// index reads every such directory once, and remembers all other directories
// for drop-ins by name.
func (s *store) index() error {
	if s.wantings != nil {
		return nil
	}
	wantings, dirIndex := map[string][]wanting{}, map[string][]int{}
	for i, dir := range s.path {
		l := s.list(dir)
		if l.err != nil {
			return l.err
		}
		for _, sub := range l.order {
			suffix := path.Ext(sub)
			if suffix == ".d" {
				dirIndex[sub] = append(dirIndex[sub], i)
				continue
			}
			if !slices.Contains(wantSuffixes, suffix) || suffix == ".upholds" && !s.since(254) {
				continue
			}
			dirIndex[sub] = append(dirIndex[sub], i)
			links := s.list(dir + "/" + sub)
			if links.err != nil {
				return links.err
			}
			for _, name := range links.order {
				if links.names[name] {
					wantings[name] = append(wantings[name], wanting{i, sub[:len(sub)-len(suffix)], suffix, !l.names[sub]})
				}
			}
		}
	}
	// Instances count for their template, too.
	for _, name := range sortedKeys(wantings) {
		if template := unitfile.TemplateOf(name); template != "" && template != name {
			wantings["*"+template] = append(wantings["*"+template], wantings[name]...)
		}
	}
	s.wantings, s.dirIndex = wantings, dirIndex
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
