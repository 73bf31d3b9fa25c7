package mysql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/mysqlhash"
)

// guesses are what the list and the accounts' names come to on a table of accounts.
type guesses struct {
	weak, outdated []bool       // by account
	gaps           []checks.Gap // subjects are relative to the server
	notes          []string
	// What became of the candidates of hashes that none matched: of others the numbers
	// would tell the word's place.
	tried, known, left int
	unfinished         bool // time ran out on a hash,
	late               bool // and on one that will not be finished by and by
	deferred           bool // heavy work waits for the host's slot
}

// guess tests the hashes of accounts: with the empty word, with what the accounts' names
// make, and with the list. What the ledger knows is not tried again.
func guess(ctx context.Context, env *checks.Env, accounts []account) *guesses {
	g := &guesses{weak: make([]bool, len(accounts)), outdated: make([]bool, len(accounts))}
	targets := g.targets(accounts, env.Host.Hostname, env.Host.Clock())
	if len(targets) > 0 && len(env.Passwords.Words) == 0 {
		g.gap(checks.ReasonNoMetadata, "accounts", "there is no list of common passwords to try")
	}
	jobs := make([]crack.Job, len(targets))
	for i, t := range targets {
		jobs[i] = t.job
	}
	b := openBook(env)
	b.turn.Lock()
	defer b.turn.Unlock()
	if b.damaged {
		g.notes = append(g.notes, "what earlier audits tried could not be read: everything is tried again")
	}
	options := crack.Options{Words: env.Passwords.Words, CPUs: env.Passwords.CPUs, Budget: env.Passwords.Budget, Ledger: b.ledger}
	var verdicts []crack.Verdict
	verdicts, g.deferred = crack.Paced(options, env.Passwords.Slot, func(o crack.Options) []crack.Verdict { return crack.Run(ctx, jobs, o) })
	failed := ""
	for i, v := range verdicts {
		switch v.State {
		case crack.Weak:
			g.weak[targets[i].account] = true
		case crack.Survived:
			g.count(v)
		case crack.Partial:
			g.count(v)
			g.unfinished = true
			g.late = g.late || !v.Remembered || v.Waiting >= patience
		default:
			failed = cmp.Or(failed, v.Where, v.State.String())
		}
	}
	if g.unfinished {
		g.gap(checks.ReasonBudget, "accounts", "the time granted ran out before every candidate was tried")
	}
	if failed != "" {
		g.gap(checks.ReasonInternal, "accounts", "testing a hash failed: "+failed)
	}
	return g
}

// patience is how long an audit that needs several runs counts as in progress.
const patience = 48 * time.Hour

func (g *guesses) count(v crack.Verdict) {
	g.tried += v.Tried
	g.known += v.Known
	g.left += v.Total - v.Known - v.Tried
}

// book is the ledger of what was tried on the databases' accounts.
type book struct {
	ledger  *crack.Ledger
	turn    sync.Mutex // held while a server's hashes are tested
	damaged bool
}

type bookKey struct{ kept *checks.Keeper }

// openBook returns the ledger of earlier runs, or an empty one that ends with this one.
func openBook(env *checks.Env) *book {
	kept, clock := env.Passwords.KeptDatabases, env.Host.Clock
	return host.Once(env.Host, bookKey{kept}, func() *book {
		b := &book{}
		if kept == nil {
			b.ledger = crack.NewLedger(clock)
		} else {
			b.ledger, b.damaged = crack.KeptLedger(kept.Load, kept.Save, clock)
		}
		return b
	})
}

// target is one stored hash of one account.
type target struct {
	account int
	job     crack.Job
}

// targets collects the hashes that can be tested, and says what cannot.
func (g *guesses) targets(accounts []account, hostname string, now time.Time) []target {
	var list []target
	named := map[string]bool{}  // name of an account and hash
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
			id := l.hashing() + "\x00" + string(l.stored.bytes())
			job := crack.Job{Form: crack.ExternalForm("mysql\x00"+id, hash.Cost(), func(word []byte) (bool, error) {
				return hash.Matches(word), nil
			})}
			// An account of many hosts has one name.
			if who := acc.user + "\x00" + id; !named[who] {
				named[who] = true
				job.Names = crack.Names{Login: acc.user, Hostname: hostname, Now: now}
			}
			list = append(list, target{i, job})
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
	return list
}

func (g *guesses) gap(reason checks.Reason, subject, detail string) {
	g.gaps = append(g.gaps, checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail)})
}
