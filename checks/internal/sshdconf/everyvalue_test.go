package sshdconf

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestDifferentialValues asks every real sshd about every value of the grammar alone,
// outside and inside Match blocks: among other lines one odd value hides another.
func TestDifferentialValues(t *testing.T) {
	tree := os.Getenv("HOSTAUDIT_TEST_TREE")
	switch {
	case os.Getenv("HOSTAUDIT_DIFFERENTIAL") == "":
		t.Skip("HOSTAUDIT_DIFFERENTIAL is not set: `make differential` runs it, it takes about a minute")
	case tree == "":
		t.Skip("HOSTAUDIT_TEST_TREE is not set: no real sshd to compare with")
	case os.Geteuid() != 0:
		t.Skip("chroot into the tree needs root")
	}
	for _, name := range []string{filepath.Base(tree), "units-bullseye", "units-trixie", "units-sid"} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(filepath.Dir(tree), name)
			if _, err := os.Stat(filepath.Join(root, "usr/sbin/sshd")); err != nil {
				t.Skipf("no sshd in the tree of the release: %v", err)
			}
			var texts []string
			everyValue(uint64(envInt(t, "HOSTAUDIT_DIFFERENTIAL_SEED", 1)), func(text string) { texts = append(texts, text) })
			n := len(texts)
			var all tally
			var group sync.WaitGroup
			for worker := range workers {
				d := newDaemon(t, root)
				all.build = d.build
				group.Go(func() {
					for i := worker; i < n; i += workers {
						all.addText(t, d, texts[i])
					}
				})
			}
			group.Wait()
			t.Logf("OpenSSH %s: %d configurations of one value, sshd refuses %d, accepts %d; unsure %d %v; sshd crashes %d",
				all.build.Version, n, all.refuses, all.accepts, all.unsure, all.why, all.crashed)
			if all.refuses*5 < n || all.accepts*5 < n {
				t.Errorf("of %d configurations sshd refuses %d: the values test one side only", n, all.refuses)
			}
		})
	}
}

// everyValue yields the configurations.
func everyValue(seed uint64, yield func(string)) {
	g := generator{rand.New(rand.NewPCG(seed, 3)), newest, 1}
	for _, s := range settings {
		for i, value := range append(s.good[:len(s.good):len(s.good)], s.odd...) {
			times := 1
			if strings.Contains(value, "{") {
				times = 12
			}
			for range times {
				line := s.keyword + " " + g.fill(value) + "\n"
				switch {
				case times == 1 && i >= len(s.good):
					yield("Match User root\n" + line)
					yield("Match Group nosuch\n" + line)
					yield(line + "AuthorizedKeysCommandUser nobody\n")
				case g.IntN(3) == 0:
					yield("Match " + g.pick("User root", "Group nosuch", "all") + "\n" + line)
				default:
					yield(line)
				}
			}
		}
	}
	for _, condition := range append(matches1[:len(matches1):len(matches1)], oddMatches...) {
		yield("Match " + condition + "\nPermitRootLogin no\n")
	}
	for range 300 {
		g.odds = 1
		yield(g.match() + "\nPermitRootLogin no\n")
	}
	for _, line := range includes {
		yield(line + "\n")
	}
}

func (c *tally) addText(t *testing.T, d *daemon, text string) {
	files := fileSet{"sshd_config": text, "conf.d/a.conf": "PermitRootLogin no\n", "conf.d/9.conf": "Match User root\nPermitRootLogin yes\n"}
	conn := conns[0]
	conn.Groups = d.groups[conn.User]
	d.put(t, files)
	ours := d.load()
	v := judgeAnswer(ours, conn, d.run(t, conn), d.files.home)
	if v.problem != "" {
		seed := uint64(0)
		for _, c := range []byte(text) {
			seed = seed*31 + uint64(c)
		}
		d.keep(t, seed%1_000_000, files, conn, v)
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
	if v.unsure {
		if c.why == nil {
			c.why = map[string]int{}
		}
		c.unsure++
		c.why[ours.outcome().Why]++
	}
}
