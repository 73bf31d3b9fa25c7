package sshdconf

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestDifferential asks the real sshd of every root tree what generated configurations
// mean: whether it starts, and what holds for some connections. This package must say
// the same.
//
// HOSTAUDIT_TEST_TREE is the tree, beside it are those of other releases.
// HOSTAUDIT_DIFFERENTIAL is the number of configurations of the first (2,000 unless
// set; the others get a fifth, or 300), HOSTAUDIT_DIFFERENTIAL_SEED the first seed. Below
// HOSTAUDIT_DIFFERENTIAL_KEEP every disagreement is written as a fixture.
func TestDifferential(t *testing.T) {
	tree := os.Getenv("HOSTAUDIT_TEST_TREE")
	if testing.Short() {
		t.Skip("-short: real daemons are asked once, by the long run")
	}
	if tree == "" {
		t.Skip("HOSTAUDIT_TEST_TREE is not set: no real sshd to compare with")
	}
	if os.Geteuid() != 0 {
		t.Skip("chroot into the tree needs root")
	}
	count := envInt(t, "HOSTAUDIT_DIFFERENTIAL", 2000)
	for i, name := range []string{filepath.Base(tree), "units-bullseye", "units-trixie", "units-sid"} {
		n := count
		if i > 0 {
			n = max(count/5, min(count, 300))
			if os.Getenv("HOSTAUDIT_DIFFERENTIAL") == "" {
				n = 300
			}
		}
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(filepath.Dir(tree), name)
			if _, err := os.Stat(filepath.Join(root, "usr/sbin/sshd")); err != nil {
				t.Skipf("no sshd in the tree of the release: %v", err)
			}
			differential(t, root, n)
		})
	}
}

const workers = 2

func differential(t *testing.T, root string, count int) {
	firstSeed := envInt(t, "HOSTAUDIT_DIFFERENTIAL_SEED", 1)
	var all tally
	var group sync.WaitGroup
	for worker := range workers {
		d := newDaemon(t, root)
		all.build = d.build
		group.Go(func() {
			for i := worker; i < count; i += workers {
				all.add(t, d, uint64(firstSeed+i))
			}
		})
	}
	group.Wait()
	all.report(t, count)
}

// tally counts the configurations of one sshd.
type tally struct {
	sync.Mutex
	build                                              Build
	refuses, accepts, crashed, unsure, asked, compared int
	why                                                map[string]int
}

func (c *tally) add(t *testing.T, d *daemon, seed uint64) {
	files := generate(seed, d.shipped, d.build.Version)
	r := rand.New(rand.NewPCG(seed, 7))
	d.put(t, files)
	ours := d.load()
	kind := ours.outcome()
	var v verdict
	for i, conn := range conns {
		if i > 0 && r.IntN(3) > 0 {
			continue // a third of the others is asked about
		}
		conn.Groups = d.groups[conn.User]
		truth := d.run(t, conn)
		v = judgeAnswer(ours, conn, truth, d.files.home)
		c.Lock()
		c.asked++
		if v.compared {
			c.compared++
		}
		c.Unlock()
		if v.problem != "" {
			d.keep(t, seed, files, conn, v)
		}
		if truth.refused || truth.crashed || v.problem != "" {
			break
		}
	}
	c.Lock()
	defer c.Unlock()
	switch {
	case v.crashed:
		c.crashed++
	case v.refused:
		c.refuses++
	default:
		c.accepts++
	}
	if v.unsure && !v.crashed {
		c.unsure++
		if c.why == nil {
			c.why = map[string]int{}
		}
		c.why[kind.Why]++
	}
}

func (c *tally) report(t *testing.T, count int) {
	t.Logf("OpenSSH %s: %d configurations, %d connections: sshd refuses %d (%d %%), accepts %d; values compared %d; unsure %d %v; sshd crashes %d",
		c.build.Version, count, c.asked, c.refuses, 100*c.refuses/count, c.accepts, c.compared, c.unsure, c.why, c.crashed)
	if share := 100 * c.refuses / count; share < 20 || share > 60 {
		t.Errorf("the share of refused configurations is %d %%, outside 20 to 60: the generator tests one side only", share)
	}
	if c.unsure*25 > count {
		t.Errorf("%d of %d configurations were not established", c.unsure, count)
	}
}

// verdict is what came out of one comparison.
type verdict struct {
	refused, crashed, unsure, compared bool
	problem                            string // the disagreement
	sshd                               string // what sshd said, for the fixture
}

func judgeAnswer(ours *Config, conn Conn, truth answer, home func(string) (string, bool, error)) verdict {
	v := verdict{refused: truth.refused, crashed: truth.crashed}
	if truth.crashed {
		return v
	}
	o := ours.outcome()
	var e evaluation
	if o.Kind == Accepted {
		if e = evaluate(ours, conn); e.outcome.Kind != Accepted {
			o = e.outcome
		} else if _, listens := ours.Listens(); listens.Kind == Unsure {
			o = listens // a name that only the resolver knows
		}
	}
	switch {
	case o.Kind == Unsure:
		v.unsure = true
	case truth.refused && o.Kind == Accepted:
		v.sshd, v.problem = "refuses", fmt.Sprintf("sshd refuses (%s), we accept", truth.message)
	case !truth.refused && o.Kind == Refused:
		v.sshd, v.problem = "accepts", fmt.Sprintf("sshd accepts, we refuse: %s", o.Why)
	case truth.refused:
	default:
		v.compared = true
		if differences := compare(e, truth, home); len(differences) > 0 {
			v.problem = strings.Join(differences, "; ")
			v.sshd = "accepts"
			for _, d := range differences {
				keyword, _, _ := strings.Cut(d, ":")
				if keyword == "listens" {
					keyword = "listenaddress"
				}
				for _, value := range truth.values[keyword] {
					v.sshd += "\n" + keyword + " " + value
				}
				if len(truth.values[keyword]) == 0 {
					v.sshd += "\nno " + keyword
				}
			}
		}
	}
	return v
}

func envInt(t *testing.T, name string, fallback int) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(fallback)))
	if err != nil || n < 1 {
		t.Fatalf("%s is no number above 0", name)
	}
	return n
}
