package host

import (
	"errors"
	"testing"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

// TestLocalDevice: nothing waits for a root directory that some account serves.
func TestLocalDevice(t *testing.T) {
	const overlay = "36 35 0:50 / / rw - overlay overlay rw\n"
	const fuse = "37 36 0:51 / /data rw shared:1 - fuse.x x rw\n"
	for _, test := range []struct {
		name         string
		table        string
		major, minor uint32
		remote       bool
	}{
		{"disk", "", 8, 1, false},
		{"overlay", overlay + fuse, 0, 50, false},
		{"user-space", "36 35 0:50 / / rw - fuse x rw\n", 0, 50, true},
		{"chrooted-into-user-space", overlay + fuse, 0, 51, true},
		{"below-what-was-put-over-it", "36 35 0:51 / / rw - fuse x rw\n" + overlay, 0, 51, true},
		{"chrooted-below-a-mount", "", 0, 51, true},
		{"unknown-kind", "36 35 0:50 / / rw - newfs x rw\n", 0, 50, true},
		{"subvolume", "36 35 0:30 /@ / rw - btrfs /dev/sda rw\n", 0, 50, false},
		{"subvolume-beside-user-space", fuse + "36 35 0:30 /@ / rw - btrfs /dev/sda rw\n", 0, 52, false},
		{"malformed", "x\n", 0, 50, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := localDevice(test.table, test.major, test.minor); errors.Is(err, tree.ErrRemote) != test.remote {
				t.Error(err)
			}
		})
	}
}

// TestForgedNames: a control group that some account or container made is not shown
// by the name of the container it is called after, nor joined with it.
func TestForgedNames(t *testing.T) {
	name := func(cgroup string) string {
		p := away(20, 5, func(p *snapshot.Process) { p.MntNS, p.Cgroup = 7, cgroup })
		o := &opener{h: &Host{Mode: Live, Snapshot: &snapshot.Snapshot{NetNS: 1, Processes: []snapshot.Process{hostProcess(1), p}}}, proc: "/nowhere"}
		src, err := tree.NewMapSource(nil)
		if err != nil {
			t.Fatal(err)
		}
		tr := tree.New(src, tree.Options{})
		return o.container(o.groups()[0], tr, &engines{t: tr}).Name
	}
	for cgroup, want := range map[string]string{
		"/lxc.payload.web": "web",
		"/user.slice/user-1000.slice/user@1000.service/lxc.payload.web":          "web of a user",
		"/docker/" + other64 + "/docker-" + id64 + ".scope":                      "0123456789ab inside fedcba987654",
		"/lxc.payload.a/lxc.payload.web":                                         "web inside a",
		"/kubepods/pod00000000-0000-0000-0000-000000000000/" + id64:              "0123456789ab",
		"/machine.slice/libpod-" + id64 + ".scope/container/app.slice/x.service": "0123456789ab",
	} {
		if got := name(cgroup); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
	t.Run("not-joined", func(t *testing.T) {
		in := func(cgroup string) func(*snapshot.Process) {
			return func(p *snapshot.Process) { p.MntNS, p.Cgroup = 10+uint64(p.PID), cgroup }
		}
		got := groupsOf(&snapshot.Snapshot{NetNS: 1, Processes: []snapshot.Process{
			hostProcess(1), away(20, 5, in("/user.slice/docker-"+id64+".scope")), away(30, 6, in("/docker-"+id64+".scope")),
		}})
		if want := "container 0123456789ab: 30\ncontainer 0123456789ab: 20\n"; got != want {
			t.Errorf("%q", got)
		}
	})
	t.Run("given-the-host's-files", func(t *testing.T) {
		in := func(p *snapshot.Process) { p.MntNS, p.Cgroup = 7, "/docker-"+id64+".scope" }
		odd := hostProcess(31)
		in(&odd)
		got := groupsOf(&snapshot.Snapshot{NetNS: 1, Processes: []snapshot.Process{hostProcess(1), away(30, 6, in), odd}})
		if want := "container 0123456789ab: 30\n"; got != want {
			t.Errorf("%q", got)
		}
	})
}
