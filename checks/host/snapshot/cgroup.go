package snapshot

// Unit returns the systemd unit a control group belongs to ("ssh.service",
// "session-3.scope", "docker-….scope"), as cg_path_get_unit of systemd's
// src/basic/cgroup-util.c reads a path: the first part that is a unit and no slice.
// Below user@N.service it is that service; a user's own unit is no unit of the
// system. "" = none.
func Unit(cgroup string) string { return "" }

// Container is what a control group tells of the container it belongs to.
type Container struct {
	Engine string // "docker", "podman", "containerd", "cri-o", "kubernetes", "lxc", "systemd-nspawn", …
	ID     string // the engine's identifier (64 hexadecimal digits) or, where it has none, the name
}

// ContainerOf returns the container a control group belongs to, relative to the
// control group of the auditor's own root: ok is false for the host's own groups.
func ContainerOf(cgroup string) (c Container, ok bool) { return Container{}, false }
