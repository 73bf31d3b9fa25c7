package units

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/tree"
)

// counting counts what is asked of a tree.
type counting struct {
	tree.Source
	mu    sync.Mutex
	asked int
}

func (c *counting) Lstat(name string) (tree.Info, error) {
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	return c.Source.Lstat(name)
}

// TestToldOnce: several checks ask the same; the tree is looked at for the first,
// and what one does to its answer does not reach the others.
func TestToldOnce(t *testing.T) {
	src, err := tree.NewMapSource(map[string]tree.Entry{
		"usr/lib/systemd/system/a.service":                    {Content: []byte(installable)},
		"usr/lib/systemd/system/b.service":                    {Content: []byte(installable)},
		"usr/lib/systemd/system/c.socket":                     {Content: []byte("[Socket]\nListenStream=1\n")},
		"usr/lib/systemd/system/d.socket":                     {Content: []byte("[Socket]\nListenStream=2\n")},
		"usr/lib/systemd/system/default.target":               {Content: []byte("[Unit]\n")},
		"etc/systemd/system/default.target.wants/a.service":   {Target: "/usr/lib/systemd/system/a.service"},
		"etc/systemd/system/default.target.wants/b.service":   {Target: "/usr/lib/systemd/system/b.service"},
		"etc/systemd/system/default.target.wants/bad.service": {Target: "/usr/lib/systemd/system/bad.service"},
		"usr/lib/systemd/system/bad.service":                  {Err: errors.New("unreadable")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Source: src}
	s := Load(tree.New(c, tree.Options{}))
	ask := func() (names []string, problems int) {
		entries, bad := s.Enabled()
		for _, e := range entries {
			names = append(names, e.Name)
		}
		problems = len(bad)
		slices.Reverse(entries)
		clear(bad)
		sockets, bad := s.Sockets()
		for _, u := range sockets {
			names = append(names, u.Name)
		}
		clear(sockets)
		names = append(names, s.State("a.service").String(), s.State("none.service", "c.socket").String())
		return names, problems + len(bad)
	}
	first, problems := ask()
	if want := []string{"a.service", "b.service", "c.socket", "d.socket", "enabled", "disabled"}; !slices.Equal(first, want) || problems == 0 {
		t.Errorf("first: %v and %d problems, want %v", first, problems, want)
	}
	asked := c.asked
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			again, n := ask()
			if diff := cmp.Diff(first, again); diff != "" || n != problems {
				t.Errorf("again: %d problems, %s", n, diff)
			}
		})
	}
	group.Wait()
	if c.asked != asked {
		t.Errorf("the tree was asked %d times more", c.asked-asked)
	}
}
