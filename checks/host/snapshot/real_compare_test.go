package snapshot_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/snapshot"
)

// compareRows compares the listeners of every network namespace of an arrangement.
func compareRows(t *testing.T, a arrangement, out outcome, units bool) {
	t.Helper()
	nets := []string{""}
	for _, w := range a.want {
		if !slices.Contains(nets, w.Net) {
			nets = append(nets, w.Net)
		}
	}
	for _, net := range nets {
		want := expected(a, out, net)
		if !units {
			want = without(want, func(r *row) { r.Group, r.Unit = "", "" })
		}
		told, err := told(out.SS[net], net, out)
		if err != nil {
			t.Errorf("namespace %q: %v", net, err)
		}
		if len(told) == len(want) {
			for i := range want {
				if want[i].UID == mixed {
					want[i].UID = told[i].UID
				}
			}
		}
		ours, err := collected(out.Seen, out, net)
		if err != nil {
			t.Errorf("namespace %q: %v", net, err)
		}
		if !units {
			ours = without(ours, func(r *row) { r.Group, r.Unit = "", "" })
		}
		if diff := cmp.Diff(want, ours); diff != "" {
			t.Errorf("namespace %q: expected (-), Collect (+):\n%s", net, diff)
		}
		if net == "" && out.ByFiles != nil {
			files, err := collected(out.ByFiles, out, net)
			if err != nil {
				t.Error(err)
			}
			if !units {
				files = without(files, func(r *row) { r.Unit = "" })
			}
			if diff := cmp.Diff(degraded(want), files); diff != "" {
				t.Errorf("expected (-), Collect from files (+):\n%s", diff)
			}
		}
		// What ss does not tell: the control group of a process, and udplite at all.
		want = without(want, func(r *row) { r.Unit = "" })
		want = slices.DeleteFunc(want, func(r row) bool { return r.Proto == "udplite" })
		if a.ss != nil {
			want = without(want, a.ss)
		}
		if !units {
			told = without(told, func(r *row) { r.Group = "" })
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("namespace %q: expected (-), ss (+):\n%s\n%s", net, diff, out.SS[net])
		}
	}
	for _, m := range slices.Concat(out.Seen.Missing, out.Seen.NetsMissing) {
		t.Errorf("Collect as root missed %s", m)
	}
	compareNamespaces(t, nets, out)
	for i, w := range a.want {
		if port := expected(a, out, w.Net); w.Port == 0 && w.Net == "" && !out.Seen.Ephemeral.Contains(uint16(port[0].Port)) {
			t.Errorf("row %d: port %d is not one of those that the kernel gives, %v", i, port[0].Port, out.Seen.Ephemeral)
		}
	}
	if out.ByFiles != nil && out.ByFiles.Source != "proc" {
		t.Errorf("files were read by %q", out.ByFiles.Source)
	}
}

// compareNamespaces compares how the other network namespaces are described.
func compareNamespaces(t *testing.T, nets []string, out outcome) {
	t.Helper()
	type namespace struct {
		Names []string
		First int // the eldest process in it
	}
	for _, net := range nets {
		i := slices.IndexFunc(out.Seen.Namespaces, func(n snapshot.Namespace) bool { return n.Inode == out.Nets[net] })
		if net == "" {
			if i >= 0 || out.Nets != nil && out.Seen.NetNS != out.Nets[net] {
				t.Errorf("own network namespace %d, want %d, not among the others", out.Seen.NetNS, out.Nets[net])
			}
			continue
		}
		var want, got namespace
		if r, found := out.report(net); found {
			want.First = r.PID
		} else {
			want.Names = []string{net}
		}
		if i >= 0 {
			got.Names = out.Seen.Namespaces[i].Names
			if pids := out.Seen.Namespaces[i].PIDs; len(pids) > 0 {
				got.First = pids[0]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("namespace %q: expected (-), Collect (+):\n%s", net, diff)
		}
	}
}

// without returns the rows with some columns changed.
func without(rows []row, change func(*row)) []row {
	rows = slices.Clone(rows)
	for i := range rows {
		change(&rows[i])
	}
	return rows
}

// compareProcesses compares what is told of the owners with what the actors are.
func compareProcesses(t *testing.T, a arrangement, out outcome, dir string, units bool) {
	t.Helper()
	type process struct {
		Name, Exe string
		Deleted   bool
		UID       uint32
		SameRoot  snapshot.Tri
		Unit      string
		Zombie    bool
	}
	var want, got []process
	for _, actor := range a.actors {
		report, found := out.report(actor.name)
		if !found || actor.gone {
			continue
		}
		w := process{
			Name: actor.name, Exe: filepath.Join(dir, actor.name), Deleted: actor.deleted, UID: actor.runsAs(),
			SameRoot: snapshot.Yes, Unit: snapshotUnit(actor.group()),
		}
		if actor.chroot {
			w.SameRoot = snapshot.No
		}
		p, found := out.Seen.Process(report.PID)
		if !found {
			t.Errorf("%s (%d) is not in the list of processes", actor.name, report.PID)
			continue
		}
		g := process{actor.name, p.Exe, p.ExeDeleted, p.UID, p.SameRoot, snapshot.Unit(p.Cgroup), p.Zombie}
		if !units {
			w.Unit, g.Unit = "", ""
		}
		want, got = append(want, w), append(got, g)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("processes: expected (-), Collect (+):\n%s", diff)
	}
}
