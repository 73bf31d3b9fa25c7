package mysql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/internal/guard"
	"hostaudit/checks/internal/mysqlhash"
)

// guesses are what the list and the accounts' names come to on a table of accounts.
type guesses struct {
	weak, outdated []bool       // by account
	gaps           []checks.Gap // subjects are relative to the server
}

// target is one hash and the accounts that have it.
type target struct {
	hash     mysqlhash.Hash
	accounts []int
	derived  [][]byte // what the accounts' names make
	weak     bool
}

// guess tests the hashes of accounts word by word, cheap ones first: equal hashes once,
// and every hash meets the likeliest words before any meets the last.
func guess(ctx context.Context, env *checks.Env, accounts []account) *guesses {
	g := &guesses{weak: make([]bool, len(accounts)), outdated: make([]bool, len(accounts))}
	targets := g.targets(accounts, env.Host.Hostname, env.Host.Clock())
	if len(targets) > 0 && len(env.Passwords.Words) == 0 {
		g.gap(checks.ReasonNoMetadata, "accounts", "there is no list of common passwords to try")
	}
	if env.Passwords.Budget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, env.Passwords.Budget)
		defer cancel()
	}
	workers := env.Passwords.CPUs
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	// Each hash belongs to one worker, the costly ones spread over all.
	var group guard.Group
	var late atomic.Bool
	for w := range min(workers, len(targets)) {
		var mine []*target
		for i := w; i < len(targets); i += workers {
			mine = append(mine, targets[i])
		}
		group.Go(func() {
			// A hash that takes milliseconds must not keep waiting those that take none.
			costly := slices.IndexFunc(mine, func(t *target) bool { return t.hash.Cost() > cheap })
			if costly < 0 {
				costly = len(mine)
			}
			if !tryWords(ctx, mine[:costly], env.Passwords.Words) || !tryWords(ctx, mine[costly:], env.Passwords.Words) {
				late.Store(true)
			}
		})
	}
	if err := group.Wait(); err != nil {
		g.gap(checks.ReasonInternal, "accounts", "testing a hash failed: "+err.Error())
	}
	if late.Load() {
		g.gap(checks.ReasonBudget, "accounts", "the time granted ran out before every candidate was tried")
	}
	for _, t := range targets {
		for _, i := range t.accounts {
			g.weak[i] = g.weak[i] || t.weak
		}
	}
	return g
}

// cheap is the time of one candidate up to which a whole list is tried in a moment.
const cheap = 50 * time.Microsecond

// tryWords tries the candidates on the targets and reports whether it came to the end.
func tryWords(ctx context.Context, targets []*target, words [][]byte) bool {
	longest := 0
	for _, t := range targets {
		longest = max(longest, len(t.derived))
	}
	for n := range longest + len(words) {
		for _, t := range targets {
			var word []byte
			switch {
			case t.weak:
				continue
			case n < longest && n < len(t.derived):
				word = t.derived[n]
			case n >= longest:
				word = words[n-longest]
			default:
				continue
			}
			if ctx.Err() != nil {
				return false
			}
			t.weak = t.hash.Matches(word)
		}
	}
	return true
}

// targets collects the hashes that can be tested, and says what cannot.
func (g *guesses) targets(accounts []account, hostname string, now time.Time) []*target {
	byHash := map[string]*target{}
	var list []*target
	strange := map[string]int{} // plugin
	unread, costly := 0, 0
	for i, acc := range accounts {
		if acc.unread && !acc.locked {
			unread++
		}
		for _, l := range acc.logins {
			if l.stored.empty() && l.strength() != asksUnknown || l.plugin == "unix_socket" || l.plugin == "auth_socket" || l.plugin == "mysql_no_login" || keptElsewhere(l.plugin) {
				continue
			}
			hash, err := mysqlhash.Parse(l.hashing(), l.stored.bytes())
			switch {
			case errors.Is(err, mysqlhash.ErrMalformed):
				continue // no password matches
			case errors.Is(err, mysqlhash.ErrTooCostly):
				costly++
				continue
			case err != nil:
				if !acc.locked {
					strange[l.plugin]++
				}
				continue
			}
			g.outdated[i] = g.outdated[i] || hash.Outdated()
			key := l.hashing() + "\x00" + string(l.stored.bytes())
			t := byHash[key]
			if t == nil {
				t = &target{hash: hash}
				switch hash.Scheme() {
				case mysqlhash.Ed25519, mysqlhash.Parsec:
					t.derived = [][]byte{{}} // stored like any other, and lets in without a password
				}
				byHash[key] = t
				list = append(list, t)
			}
			t.accounts = append(t.accounts, i)
			if len(t.accounts) <= maxNamesOfHash {
				t.derived = append(t.derived, crack.Derive(acc.user, "", hostname, now)...)
			}
		}
	}
	for _, plugin := range slices.Sorted(maps.Keys(strange)) {
		g.gap(checks.ReasonUnsupported, "accounts", fmt.Sprintf("accounts log in by a plugin that is not examined: %s", plugin))
	}
	if unread > 0 {
		g.gap(checks.ReasonUnsupported, "accounts", "the entry of an account has a form that is not evaluated")
	}
	if costly > 0 {
		g.gap(checks.ReasonTooCostly, "accounts", "testing one candidate would cost too much time")
	}
	slices.SortStableFunc(list, func(a, b *target) int { return cmp.Compare(a.hash.Cost(), b.hash.Cost()) })
	return list
}

// maxNamesOfHash is of how many accounts with one hash the names are tried on it.
const maxNamesOfHash = 8

func (g *guesses) gap(reason checks.Reason, subject, detail string) {
	g.gaps = append(g.gaps, checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail)})
}
