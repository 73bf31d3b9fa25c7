package main_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// TestRealLoginStorm audits a host on which robots try to log in all the time: processes
// of sshd begin and end while they are looked at, and the verdicts do not waver.
func TestRealLoginStorm(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, tree := range []string{bookworm, "units-sid"} {
		t.Run(tree, func(t *testing.T) {
			h := newLoginHost(t, program, tree)
			h.prepare(loginRow{})
			h.serve(t, loginRow{config: rootNo}.whole(h.global))
			ctx, stop := context.WithCancel(t.Context())
			var wait sync.WaitGroup
			tried := make([]int, 5) // below the ten from which sshd drops connections
			for i := range tried {
				wait.Go(func() {
					for ; ctx.Err() == nil; tried[i]++ {
						if client, _, err := h.login("root", otherClient, h.methods("wrong")["password"]); client != nil || err != nil {
							t.Errorf("robot: in %t, %v", client != nil, err)
							return
						}
					}
				})
			}
			unlike := map[string]int{}
			for range 40 {
				report := auditLive(t, h.RealHost, "--only", "ssh")
				for _, id := range []string{"ssh.port", "ssh.root-login"} {
					if r := result(t, report, id); r.Status != pass {
						unlike[fmt.Sprintf("%s: %s\n%s", id, r.Status, explained(r))]++
					}
				}
			}
			stop()
			wait.Wait()
			for what, n := range unlike {
				t.Errorf("%d of 40 times %s", n, what)
			}
			if tried[0] == 0 {
				t.Error("nobody tried to log in")
			}
		})
	}
}
