package audit

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
)

// secret stands for a guessed password held by a check when it fails.
const secret = "hunter2-secret"

func check(id string, run func(context.Context, *checks.Env, *checks.Recorder)) checks.Check {
	return checks.Check{ID: id, Title: "t", Severity: checks.SeverityHigh, Run: run}
}

func run(t *testing.T, r *Runner, ctx context.Context) []checks.Result {
	t.Helper()
	return r.Run(ctx, &checks.Env{Host: &host.Host{Mode: host.Root}})
}

// within is a context with a soft deadline.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestRunKeepsOrder(t *testing.T) {
	var list []checks.Check
	for _, id := range []string{"b.one", "a.two", "c.three"} {
		list = append(list, check(id, func(_ context.Context, _ *checks.Env, rec *checks.Recorder) { rec.Pass("fine") }))
	}
	res := run(t, &Runner{Checks: list}, t.Context())
	for i, c := range list {
		if res[i].ID != c.ID || res[i].Status != checks.StatusPass {
			t.Errorf("result %d: %s %v, want %s pass", i, res[i].ID, res[i].Status, c.ID)
		}
	}
}

// A panic's value can hold what the check was working on. Only the place shows.
func TestPanicTellsPlaceNotValue(t *testing.T) {
	for name, value := range map[string]any{"string": secret, "error": context.Cause(cancelledWith(secret)), "runtime": nil} {
		t.Run(name, func(t *testing.T) {
			res := run(t, &Runner{Checks: []checks.Check{check("x.panics", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) {
				rec.Pass("too early")
				if value == nil {
					var empty []string
					empty[len(secret)] = secret
				}
				panic(value)
			})}}, t.Context())[0]
			if res.Status != checks.StatusUnknown || res.Reason != checks.ReasonInternal {
				t.Errorf("status %v reason %q, want unknown internal", res.Status, res.Reason)
			}
			all, err := json.Marshal(res)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(all), secret) {
				t.Errorf("the panic's value is in the result: %s", all)
			}
			if !strings.Contains(string(all), "audit/audit_test.go:") {
				t.Errorf("the place of the panic is not in the result: %s", all)
			}
		})
	}
}

func cancelledWith(text string) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errorText(text))
	return ctx
}

type errorText string

func (e errorText) Error() string { return string(e) }

// A check that hangs is abandoned at the hard deadline: what it found counts,
// the rest is a gap, and what it records later is lost.
func TestHangingCheckIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var late *checks.Recorder
		list := []checks.Check{
			check("x.hangs", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) {
				late = rec
				rec.Finding(checks.Finding{Kind: "k", Subject: "early", Detail: "early", Evidence: checks.Running})
				<-release
				rec.Finding(checks.Finding{Kind: "k", Subject: "late", Detail: "late", Evidence: checks.Running})
			}),
			check("x.silent", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) { <-release; rec.Pass("late") }),
			check("x.quick", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) { rec.Pass("fine") }),
		}
		started := time.Now()
		res := run(t, &Runner{Checks: list, Grace: 3 * time.Second}, within(t, 20*time.Second))
		if took := time.Since(started); took != 23*time.Second {
			t.Errorf("run took %v, want soft 20s + grace 3s", took)
		}
		close(release)
		synctest.Wait()
		if res[0].Status != checks.StatusFail || len(res[0].Findings) != 1 || len(res[0].Gaps) != 1 || res[0].Gaps[0].Reason != checks.ReasonDeadline {
			t.Errorf("hanging check: %+v, want fail with the early finding and a deadline gap", res[0])
		}
		if res[1].Status != checks.StatusUnknown || res[1].Reason != checks.ReasonDeadline {
			t.Errorf("silent check: %v %q, want unknown deadline", res[1].Status, res[1].Reason)
		}
		if res[2].Status != checks.StatusPass {
			t.Errorf("quick check: %v, want pass", res[2].Status)
		}
		if again := late.Seal(); len(again.Findings) != 1 {
			t.Errorf("a sealed recorder took %d findings, want 1", len(again.Findings))
		}
	})
}

// At the soft deadline the context ends, and a check that winds up by itself is
// not called abandoned.
func TestSoftDeadlineLetsChecksWindUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		res := run(t, &Runner{Checks: []checks.Check{check("x.winds", func(ctx context.Context, _ *checks.Env, rec *checks.Recorder) {
			<-ctx.Done()
			time.Sleep(time.Second)
			rec.Gap(checks.Gap{Reason: checks.ReasonBudget, Detail: "3 accounts not tried"})
		})}}, within(t, 10*time.Second))
		if res[0].Reason != checks.ReasonBudget || len(res[0].Gaps) != 1 {
			t.Errorf("got %v %+v, want one budget gap", res[0].Reason, res[0].Gaps)
		}
	})
}

// A signal cancels the context without any soft deadline set; the grace counts
// from there.
func TestCancelBoundsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		time.AfterFunc(7*time.Second, cancel)
		started := time.Now()
		res := run(t, &Runner{Grace: 2 * time.Second, Checks: []checks.Check{check("x.deaf", func(context.Context, *checks.Env, *checks.Recorder) { <-release })}}, ctx)
		if took := time.Since(started); took != 9*time.Second {
			t.Errorf("run took %v, want 9s", took)
		}
		if res[0].Status != checks.StatusUnknown {
			t.Errorf("status %v, want unknown", res[0].Status)
		}
		close(release)
		synctest.Wait()
	})
}

func TestForgottenStatusIsUnknown(t *testing.T) {
	res := run(t, &Runner{Checks: []checks.Check{check("x.forgets", func(context.Context, *checks.Env, *checks.Recorder) {})}}, t.Context())[0]
	if res.Status != checks.StatusUnknown || res.Reason != checks.ReasonInternal {
		t.Errorf("got %v %q, want unknown internal", res.Status, res.Reason)
	}
}

func TestNeedsLive(t *testing.T) {
	c := check("x.live", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) { rec.Pass("asked") })
	c.Needs.Live = true
	r := &Runner{Checks: []checks.Check{c}}
	if res := run(t, r, t.Context())[0]; res.Status != checks.StatusNotApplicable || res.Reason != checks.ReasonNotObservable {
		t.Errorf("on a tree: %v %q, want not_applicable not_observable", res.Status, res.Reason)
	}
	live := r.Run(t.Context(), &checks.Env{Host: &host.Host{Mode: host.Live}})[0]
	if live.Status != checks.StatusPass {
		t.Errorf("live: %v, want pass", live.Status)
	}
}

func TestCompare(t *testing.T) {
	finding := func(print string, line int) checks.Finding {
		return checks.Finding{Fingerprint: print, Location: checks.At("/f", line)}
	}
	before := &checks.Report{Checks: []checks.Result{
		{ID: "a.x", Status: checks.StatusFail, Findings: []checks.Finding{finding("v1:1", 3), finding("v1:1", 4), finding("v1:2", 1)}},
		{ID: "b.y", Status: checks.StatusPass},
		{ID: "c.z", Status: checks.StatusPass},
	}}
	after := &checks.Report{Checks: []checks.Result{
		{ID: "a.x", Status: checks.StatusFail, Findings: []checks.Finding{finding("v1:1", 9), finding("v1:3", 1)}},
		{ID: "b.y", Status: checks.StatusUnknown},
		{ID: "d.w", Status: checks.StatusFail},
	}}
	d := Compare(before, after)
	if len(d.Added) != 1 || d.Added[0].Finding.Fingerprint != "v1:3" {
		t.Errorf("added %+v, want only v1:3", d.Added)
	}
	if len(d.Removed) != 2 || d.Removed[0].Finding.Fingerprint != "v1:1" || d.Removed[1].Finding.Fingerprint != "v1:2" {
		t.Errorf("removed %+v, want one v1:1 (two became one) and v1:2", d.Removed)
	}
	want := []StatusChange{
		{"b.y", checks.StatusPass, checks.StatusUnknown},
		{"c.z", checks.StatusPass, checks.StatusNotApplicable},
		{"d.w", checks.StatusNotApplicable, checks.StatusFail},
	}
	if len(d.Statuses) != len(want) {
		t.Fatalf("statuses %+v, want %+v", d.Statuses, want)
	}
	for i := range want {
		if d.Statuses[i] != want[i] {
			t.Errorf("status change %d: %+v, want %+v", i, d.Statuses[i], want[i])
		}
	}
}

// The report's remedy is that of the target's distribution.
func TestRemedyIsOfTheDistribution(t *testing.T) {
	list := []checks.Check{check("x.fails", func(_ context.Context, _ *checks.Env, rec *checks.Recorder) {
		rec.Finding(checks.Finding{Kind: "k", Subject: "s", Evidence: checks.Configured})
	})}
	list[0].Remedy = "anywhere"
	list[0].Remedies = []checks.Remedy{{Families: []string{"debian"}, Text: "on Debian"}, {Families: []string{"redhat"}, Text: "on Red Hat"}}
	for name, c := range map[string]struct {
		os   host.OSRelease
		want string
	}{
		"id":      {host.OSRelease{ID: "debian"}, "on Debian"},
		"like":    {host.OSRelease{ID: "rocky", IDLike: "rhel centos fedora"}, "on Red Hat"},
		"ubuntu":  {host.OSRelease{ID: "ubuntu", IDLike: "debian"}, "on Debian"},
		"other":   {host.OSRelease{ID: "void"}, "anywhere"},
		"unknown": {host.OSRelease{}, "anywhere"},
	} {
		t.Run(name, func(t *testing.T) {
			res := (&Runner{Checks: list}).Run(t.Context(), &checks.Env{Host: &host.Host{Mode: host.Root, OS: c.os}})
			if res[0].Remedy != c.want {
				t.Errorf("remedy %q, want %q", res[0].Remedy, c.want)
			}
			if list[0].Remedy != "anywhere" {
				t.Errorf("the caller's check was changed: %q", list[0].Remedy)
			}
		})
	}
}
