package snapshot

import (
	"strings"
	"testing"
)

func TestUnit(t *testing.T) {
	for cgroup, want := range map[string]string{
		"":                                "",
		"/":                               "",
		"/system.slice/ssh.service":       "ssh.service",
		"/system.slice/ssh.service/child": "ssh.service",
		"/init.scope":                     "init.scope",
		"/system.slice":                   "",
		"/user.slice/user-1000.slice/session-3.scope":                       "session-3.scope",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/x.service": "user@1000.service",
		"/system.slice/system-getty.slice/getty@tty1.service":               "getty@tty1.service",
		"/system.slice/docker-" + id64 + ".scope":                           "docker-" + id64 + ".scope",
		"/docker/" + id64:                  "",
		"/docker/x.service":                "",
		"/../ssh.service":                  "ssh.service",
		"/../../system.slice/ssh.service":  "ssh.service",
		"/_cgroup.service":                 "cgroup.service",
		"/system.slice/_x.slice/y.service": "y.service",
		"/system.slice/mysql@.service":     "",
		"/system.slice/@a.service":         "",
		"/system.slice/a b.service":        "",
		"/system.slice/.service":           "",
		"/system.slice/a.conf":             "",
		"/machine.slice/systemd-nspawn@web.service/payload/system.slice/a.service": "systemd-nspawn@web.service",
		"/machine.slice/machine-a\\x2db.scope":                                     "machine-a\\x2db.scope",
		"/system.slice/" + strings.Repeat("a", 248) + ".service":                   "",
		"/system.slice/" + strings.Repeat("a", 247) + ".service":                   strings.Repeat("a", 247) + ".service",
		"/lxc.payload.web/system.slice/ssh.service":                                "",
	} {
		if got := Unit(cgroup); got != want {
			t.Errorf("Unit(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

const (
	id64    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	other64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
	uid     = "8d2f0f2c-1a2b-4c3d-9e8f-001122334455"
	uidUnit = "8d2f0f2c_1a2b_4c3d_9e8f_001122334455"
)

func TestContainerOf(t *testing.T) {
	none := Container{}
	for cgroup, want := range map[string]Container{
		"/":                                  none,
		"/system.slice/ssh.service":          none,
		"/system.slice/docker.service":       none,
		"/system.slice/docker-compose.scope": none,
		"/user.slice/user-1000.slice/session-1.scope": none,
		"/docker":                   none,
		"/docker/" + id64:           {"docker", id64},
		"/docker/" + id64 + "/init": {"docker", id64},
		"/system.slice/docker-" + id64 + ".scope":                                                      {"docker", id64},
		"/../docker-" + id64 + ".scope":                                                                {"docker", id64},
		"/system.slice/docker-" + id64 + ".scope/docker/" + other64:                                    {"docker", other64},
		"/docker/" + id64 + "/docker/" + other64:                                                       {"docker", other64},
		"/machine.slice/libpod-" + id64 + ".scope":                                                     {"podman", id64},
		"/machine.slice/libpod-" + id64 + ".scope/container":                                           {"podman", id64},
		"/machine.slice/libpod-conmon-" + id64 + ".scope":                                              none,
		"/libpod_parent/libpod-" + id64:                                                                {"podman", id64},
		"/libpod_parent/" + id64:                                                                       {"podman", id64},
		"/system.slice/web.service/libpod-payload-" + id64:                                             {"podman", id64},
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id64 + ".scope/container": {"podman", id64},
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uidUnit + ".slice/cri-containerd-" + id64 + ".scope": {"containerd", id64},
		"/kubepods.slice/kubepods-pod" + uidUnit + ".slice/crio-" + id64 + ".scope/container":                                      {"cri-o", id64},
		"/kubepods.slice/kubepods-pod" + uidUnit + ".slice/crio-conmon-" + id64 + ".scope":                                         none,
		"/kubepods.slice/kubepods-pod" + uidUnit + ".slice/docker-" + id64 + ".scope":                                              {"docker", id64},
		"/kubepods/burstable/pod" + uid + "/" + id64:                                                                               {"kubernetes", id64},
		"/kubelet/kubepods/besteffort/pod" + uid + "/" + id64:                                                                      {"kubernetes", id64},
		"/system.slice/containerd.service/kubepods-burstable-pod" + uidUnit + ".slice:cri-containerd:" + id64:                      {"containerd", id64},
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uidUnit + ".slice":                                   none,

		"/lxc/web":               {"lxc", "web"},
		"/lxc/101/ns/init.scope": {"lxc", "101"},

		"/lxc.payload.web/system.slice/ssh.service": {"lxc", "web"},
		"/lxc.payload/web":                          {"lxc", "web"},
		"/lxc.monitor.web":                          none,
		"/lxc.monitor/web":                          none,

		"/lxc.payload.web/system.slice/docker-" + id64 + ".scope": {"docker", id64},

		"/machine.slice/systemd-nspawn@web.service/payload":                            {"systemd-nspawn", "web"},
		"/machine.slice/systemd-nspawn@a\\x2db.service/payload/system.slice/x.service": {"systemd-nspawn", "a-b"},
		"/machine.slice/systemd-nspawn@web.service/supervisor":                         none,
		"/machine.slice/machine-a\\x2db.scope/payload":                                 {"systemd-nspawn", "a-b"},
		"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator":              none,
		"/machine.slice/machine-lxc\\x2d4321\\x2dweb.scope":                            {"lxc", "web"},
		"/docker/" + id64 + "/buildkit/abcdefghijkl":                                   {"buildkit", "abcdefghijkl"},
		"/system.slice/garden.service/garden/0e1c5a2e-9f":                              {"garden", "0e1c5a2e-9f"},

		"/ecs/task-1/" + id64: {"ecs", id64},
		"/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-42": {"ecs", "0123456789abcdef0123456789abcdef-42"},
		"/actions_job/" + id64:                     {"", id64},
		"/system.slice/nerdctl-" + id64 + ".scope": {"containerd", id64},
		"/lxc.payload.\x1b[31m\n":                  {"lxc", "\x1b[31m\n"},
		"/lxc/..":                                  none,
		"/lxc/":                                    none,
		"/machine.slice/machine-.scope":            none,
		"/system.slice/systemd-nspawn@.service":    none,
	} {
		got, ok := ContainerOf(cgroup)
		if got != want || ok != (want != none) {
			t.Errorf("ContainerOf(%q) = %+v, %v, want %+v", cgroup, got, ok, want)
		}
	}
}

func TestPodUID(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/kubepods/burstable/pod" + uid + "/" + id64: uid,
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + uidUnit + ".slice/cri-containerd-" + id64 + ".scope": uid,
		"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + uidUnit + ".slice/x.scope":                                  uid,
		"/system.slice/containerd.service/kubepods-burstable-pod" + uidUnit + ".slice:cri-containerd:" + id64:                      uid,
		"/kubepods/pod" + id64[:32] + "/" + id64: id64[:32],
		"/kubepods/podium/x":                     "",
		"/user.slice/pod" + uid:                  "",
		"/docker/" + id64:                        "",
	} {
		if got := PodUID(cgroup); got != want {
			t.Errorf("PodUID(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

func FuzzCgroup(f *testing.F) {
	for _, seed := range []string{
		"", "/", "/../x.service", "/system.slice/ssh.service", "/docker/" + id64, "/lxc.payload.a\\x2db",
		"/machine.slice/machine-lxc\\x2d1\\x2da.scope/payload", "/kubepods/pod" + uid + "/" + id64,
		"/a.slice:cri-containerd:" + id64, "/machine.slice/machine-\\x2", "/ecs/a/b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cgroup string) {
		unit := Unit(cgroup)
		switch {
		case unit == "":
		case !isUnit(unit), strings.HasSuffix(unit, ".slice"), !strings.Contains(cgroup, unit):
			t.Errorf("Unit(%q) = %q", cgroup, unit)
		}
		c, ok := ContainerOf(cgroup)
		switch {
		case !ok && c != Container{}:
			t.Errorf("ContainerOf(%q) = %+v and no container", cgroup, c)
		case ok && (c.ID == "" || strings.Contains(c.ID, "/") && !strings.Contains(cgroup, `\x2f`) && !strings.Contains(cgroup, `\x2F`)):
			t.Errorf("ContainerOf(%q) = %+v", cgroup, c)
		}
		// What lies in a container's group is that container's, unless it is one itself.
		if again, _ := ContainerOf(cgroup + "/init.scope"); ok && again != c {
			t.Errorf("ContainerOf(%q): %+v, below it %+v", cgroup, c, again)
		}
		if uid := PodUID(cgroup); uid != "" && (len(uid) < 32 || len(uid) > 36) {
			t.Errorf("PodUID(%q) = %q", cgroup, uid)
		}
	})
}
