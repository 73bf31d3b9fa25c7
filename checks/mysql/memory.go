package mysql

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/mycnf"
)

// Refused logins count toward locking an account (FAILED_LOGIN_ATTEMPTS,
// max_password_errors) until the server restarts. So a way in that refused us is
// not tried again while the same server process runs, and all attempts at that
// process that were not let in are counted, whatever way they took: an address of
// this host may change between two audits and an answer may get lost, and the
// account has counted the attempt all the same. Both are remembered by the
// process's identity and the boot it belongs to. A refusal is old news when accounts were
// changed since.

// bootID tells boots apart, random(4); "" = not known, and nothing is remembered.
func bootID(h *host.Host) string {
	id, err := h.Tree.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// unansweredPrefix begins what is kept of an attempt that the server may have counted
// and whose answer told nothing; the reason and the detail follow.
const unansweredPrefix = "no answer: "

// remembered returns what the server answered on a way in where it may have counted
// an attempt as refused.
func (j *judgement) remembered(w way) (answer, bool) {
	key := refusalKey(j.boot, j.server.inst.proc, w)
	if key == "" {
		return answer{}, false
	}
	kept, ok := j.memory.Get(key)
	if !ok {
		return answer{}, false
	}
	if text, told := strings.CutPrefix(kept, unansweredPrefix); told {
		reason, detail, _ := strings.Cut(text, " ")
		if checks.Reason(reason) == checks.ReasonUnreadable && j.spent < maxRefusals {
			return answer{}, false // the server was slow or the audit ended: once more, and no more
		}
		return answer{reason: checks.Reason(reason), detail: detail}, true
	}
	when, detail, _ := strings.Cut(kept, " ")
	seconds, err := strconv.ParseInt(when, 10, 64)
	if err != nil || !j.accountsChanged(time.Unix(seconds, 0)) {
		return answer{verdict: vRefused, detail: detail}, true
	}
	if j.spent < maxRefusals {
		return answer{}, false // what was refused may be open now
	}
	return answer{
		reason: checks.ReasonChangedMeanwhile,
		detail: "accounts were changed after the server refused us; it is not asked again before it restarts, so that no account is locked",
	}, true
}

// lateWrite is how long after a change, or after its start, MariaDB may still write the
// file of its account table (aria_checkpoint_interval is half a minute).
const lateWrite = time.Minute

// accountsChanged reports whether the accounts of a MariaDB server were changed after a
// time, as far as the file of its account table shows; a change in the minute after is
// not told from an earlier one. MySQL keeps the table in one file with others that change
// every day: of it nothing is said.
func (j *judgement) accountsChanged(since time.Time) bool {
	if j.server.inst.settings.flavour != mariaDB || j.server.in != nil {
		return false
	}
	dir := "/var/lib/mysql"
	if d, _ := j.server.inst.settings.last("datadir"); path.IsAbs(d.Value) {
		dir = d.Value
	}
	info, err := j.tree.Stat(path.Join(dir, "mysql/global_priv.MAD"))
	return err == nil && info.ModTime.After(since.Add(lateWrite))
}

// attempt makes the attempt. It is booked before, so that one which is abandoned
// half-way counts too.
func (j *judgement) attempt(ctx context.Context, w way) answer {
	before := j.spent
	w.quiet = before > 0 || j.memory.Fleeting()
	j.book(before + 1)
	j.attempts++
	a := j.try(ctx, w)
	if !a.spends() {
		j.book(before)
	}
	if key := refusalKey(j.boot, j.server.inst.proc, w); key != "" && a.spends() {
		if a.tls != mycnf.Unclear {
			j.memory.Put(serverPrefix(j.boot, j.server.inst.proc)+tlsSuffix, strconv.FormatBool(a.tls == mycnf.Yes))
		}
		if a.verdict == vRefused {
			j.memory.Put(key, fmt.Sprint(j.now().Unix(), " ", a.detail))
		} else {
			j.memory.Put(key, unansweredPrefix+string(a.reason)+" "+a.detail)
		}
	}
	return a
}

// spends reports whether the server may have counted the attempt as refused: our
// login left, and no answer says that it was right.
func (a answer) spends() bool {
	return a.verdict == vRefused || a.verdict == vNothing && a.sent
}

// tlsSuffix ends the key of what a server's greeting said about TLS: one that is not
// asked again greets us no more, and the verdict is to stay.
const tlsSuffix = "offers TLS"

// spentKey is where the number of attempts at one server is kept.
func (j *judgement) spentKey() string {
	if prefix := serverPrefix(j.boot, j.server.inst.proc); prefix != "" {
		return prefix + "attempts"
	}
	return ""
}

// recall reads how many attempts at the server earlier audits have spent, and whether it
// offered TLS.
func (j *judgement) recall() {
	if key := j.spentKey(); key != "" {
		if text, ok := j.memory.Get(serverPrefix(j.boot, j.server.inst.proc) + tlsSuffix); ok {
			j.server.tls = yesOrNo(text == strconv.FormatBool(true))
		}
		if text, ok := j.memory.Get(key); ok {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				n = maxRefusals // not ours: be careful
			}
			j.spent = n
		}
	}
}

// book sets how many attempts are spent.
func (j *judgement) book(n int) {
	j.spent = n
	switch key := j.spentKey(); {
	case key == "":
	case n == 0:
		j.memory.Forget(func(k string) bool { return k == key })
	default:
		j.memory.Put(key, strconv.Itoa(n))
	}
}

const refusalPrefix = "mysql refused root: "

func refusalKey(boot string, p snapshot.Process, w way) string {
	if prefix := serverPrefix(boot, p); prefix != "" {
		if w.another {
			return prefix + w.network + " " + w.address + " as another user"
		}
		return prefix + w.network + " " + w.address
	}
	return ""
}

// serverPrefix begins the keys of one server process; "" = it has no identity.
func serverPrefix(boot string, p snapshot.Process) string {
	if boot == "" || p.PID == 0 || p.Start == 0 {
		return ""
	}
	return fmt.Sprintf("%sboot %s process %d start %d: ", refusalPrefix, boot, p.PID, p.Start)
}

// forgetStopped drops the refusals of processes that no longer run, those that are not
// examined this time included. Without the identity of the boot, or with a list that is
// not whole, it cannot tell which those are.
func (p *prober) forgetStopped(snap *snapshot.Snapshot) {
	if p.boot == "" || snap == nil {
		return
	}
	if _, missing := snap.MissingPart(snapshot.PartProcesses); missing || snap.Abandoned {
		return
	}
	p.memory.Forget(func(key string) bool {
		return strings.HasPrefix(key, refusalPrefix) && !slices.ContainsFunc(snap.Processes, func(proc snapshot.Process) bool {
			prefix := serverPrefix(p.boot, proc)
			return prefix != "" && strings.HasPrefix(key, prefix)
		})
	})
}
