package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// Refused logins count toward locking an account (FAILED_LOGIN_ATTEMPTS,
// max_password_errors) until the server restarts. So a way in that refused us is
// not tried again while the same server process runs: the refusal is remembered,
// by the process's identity and the boot it belongs to. Nothing but refusals is
// remembered.

// bootID tells boots apart, random(4); "" = not known, and nothing is remembered.
func bootID(h *host.Host) string {
	id, err := h.Tree.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// attempt makes the attempt, or gives the answer that was remembered.
func (j *judgement) attempt(ctx context.Context, w way) (a answer, remembered bool) {
	key := refusalKey(j.boot, j.inst.proc, w)
	if key != "" {
		if detail, ok := j.memory.Get(key); ok {
			return answer{verdict: vRefused, detail: detail}, true
		}
	}
	j.attempts++
	a = j.try(ctx, w)
	if key != "" && a.verdict == vRefused {
		j.memory.Put(key, a.detail)
	}
	return a, false
}

const refusalPrefix = "mysql refused root: "

func refusalKey(boot string, p snapshot.Process, w way) string {
	if prefix := serverPrefix(boot, p); prefix != "" {
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

// forgetStopped drops the refusals of servers that no longer run.
func (p *prober) forgetStopped(servers []instance) {
	p.memory.Forget(func(key string) bool {
		return strings.HasPrefix(key, refusalPrefix) && !slices.ContainsFunc(servers, func(inst instance) bool {
			prefix := serverPrefix(p.boot, inst.proc)
			return prefix != "" && strings.HasPrefix(key, prefix)
		})
	})
}
