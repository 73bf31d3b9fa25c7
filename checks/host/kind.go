package host

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"

	"hostaudit/checks/host/tree"
)

// Kinds returns every kind, for the word an administrator overrides the decision
// with.
func Kinds() []Kind {
	return []Kind{KindHost, KindContainer, KindContainerImage, KindVMImage, KindTree}
}

// engineMarks are files that container engines leave in the root of what they
// start: podman, docker, and systemd's container interface.
var engineMarks = [...]string{"/run/.containerenv", "/.dockerenv", "/run/systemd/container"}

// engineCgroups are parts of a cgroup path that only container engines make:
// docker, podman and buildah, containerd, cri-o, Kubernetes, LXC, systemd-nspawn.
var engineCgroups = [...]string{
	"/docker/", "/docker-", "/libpod-", "/libpod_parent/", "/cri-containerd-", "/crio-",
	"/kubepods", "/lxc/", "/lxc.payload", "/machine.slice/",
}

// Inode numbers of the first PID and mount namespaces, fixed by the kernel
// (PID_NS_INIT_INO, since 3.8, and MNT_NS_INIT_INO, since 6.18, in
// include/uapi/linux/nsfs.h). Older kernels number the first mount namespace as
// they please, above all of these.
const (
	firstPIDNamespace   = "pid:[4026531836]"
	firstMountNamespace = "mnt:[4026531832]"
)

// liveKind decides whether a running system is a container. The first rule that
// holds decides:
//
//  1. container= in the environment of process 1 (needs root): container
//  2. process 1 in a cgroup of a container engine: container
//  3. process 1, or where that may not be read the auditor, in a PID namespace that
//     is not the first: container, also of engines that leave no mark (Kubernetes')
//  4. a mark of a container engine in the root: container, unless the auditor is
//     in the mount namespace of process 1 or in the kernel's first. Root file
//     systems of virtual machines made from container images keep the mark, and a
//     container of --pid=host has a mount namespace of its own.
//
// Otherwise it is a host. A virtual machine is one. own tells that proc is the
// auditor's own /proc, whose "self" is on the target.
func liveKind(root, proc *tree.Tree, own bool) (Kind, string) {
	if env, err := proc.ReadFile("1/environ"); err == nil {
		for entry := range bytes.SplitSeq(env, []byte{0}) {
			if value, found := bytes.CutPrefix(entry, []byte("container=")); found && len(value) > 0 {
				return KindContainer, "process 1 has container= in its environment"
			}
		}
	}
	if cgroup, err := proc.ReadFile("1/cgroup"); err == nil {
		for _, part := range engineCgroups {
			if bytes.Contains(cgroup, []byte(part)) {
				return KindContainer, "process 1 is in a control group of a container engine (" + strings.Trim(part, "/-") + ")"
			}
		}
	}
	who, pidNS := "process 1", namespace(proc, "1/ns/pid")
	if pidNS == "" && own {
		who, pidNS = "the auditor", namespace(proc, "self/ns/pid")
	}
	if pidNS != "" && pidNS != firstPIDNamespace {
		return KindContainer, who + " is not in the first PID namespace"
	}
	for _, mark := range engineMarks {
		switch _, err := root.Lstat(mark); {
		case err != nil:
			continue
		case pidNS != "" && sharesMounts(proc, own):
			return KindHost, mark + " exists, but this is the first PID namespace and the mounts are those of process 1"
		default:
			return KindContainer, mark + " exists"
		}
	}
	if pidNS == "" {
		return KindHost, "no mark of a container"
	}
	return KindHost, "no mark of a container, and " + who + " is in the first PID namespace"
}

// namespace reads a link like /proc/1/ns/pid; "" = not readable.
func namespace(proc *tree.Tree, link string) string {
	target, err := proc.ReadLink(link)
	if err != nil {
		return ""
	}
	return target
}

// sharesMounts reports whether the auditor is known to see the mounts of process 1.
func sharesMounts(proc *tree.Tree, own bool) bool {
	if !own {
		return false
	}
	self := namespace(proc, "self/ns/mnt")
	return self != "" && (self == firstMountNamespace || self == namespace(proc, "1/ns/mnt"))
}

// treeKind decides what a tree of files is. The first rule that holds decides:
//
//  1. a boot loader or a kernel: image of a (virtual) machine, also with the
//     mark of a container engine, for machines are made from container images
//  2. a mark of a container engine in the root: container image
//  3. no init, no kernel modules, but the directories of a system: container image
//  4. otherwise: tree. That is also the answer where the evidence could not be read,
//     because of a tree nothing is taken to be unobservable.
func treeKind(t *tree.Tree) (Kind, string) {
	boot, bootErr := firstMatch(t, bootFiles[:])
	if boot != "" {
		return KindVMImage, "there is a boot loader or kernel (" + boot + ")"
	}
	for _, mark := range engineMarks {
		if _, err := t.Lstat(mark); err == nil {
			return KindContainerImage, mark + " exists"
		}
	}
	modules, modulesErr := firstMatch(t, []string{"/usr/lib/modules/*/modules.*", "/lib/modules/*/modules.*"})
	initProgram, initErr := findInit(t)
	system, systemErr := firstMatch(t, []string{"/etc/os-release", "/usr/lib/os-release", "/etc/passwd", "/bin", "/usr/bin"})
	switch {
	case errors.Join(bootErr, modulesErr, initErr, systemErr) != nil:
		return KindTree, "not everything that would tell could be read"
	case initProgram != "":
		return KindTree, "there is an init (" + initProgram + ") but no boot loader or kernel"
	case modules != "":
		return KindTree, "there are kernel modules but no init"
	case system == "":
		return KindTree, "there is no operating system"
	}
	return KindContainerImage, "there is no init, no kernel and no kernel module"
}

// bootFiles are what only a system that boots by itself has: the kernels of all
// distributions, GRUB, systemd-boot and boot loader entries, U-Boot's extlinux,
// an EFI system partition, the Raspberry Pi's firmware.
var bootFiles = [...]string{
	"/boot/vmlinu[xz]*", "/boot/[Ii]mage*", "/boot/kernel*", "/usr/lib/modules/*/vmlinuz", "/lib/modules/*/vmlinuz",
	"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/loader/entries", "/boot/extlinux/extlinux.conf",
	"/boot/EFI", "/boot/efi/EFI", "/efi/EFI", "/boot/firmware/config.txt", "/ostree/deploy",
}

// findInit returns the init program of the tree. busybox alone is none: container
// images have its /sbin/init link too; it is one where its first script is.
func findInit(t *tree.Tree) (string, error) {
	found, err := firstMatch(t, []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/openrc", "/sbin/openrc-init"})
	if found != "" || err != nil {
		return found, err
	}
	program, err := t.Resolve("/sbin/init")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !strings.HasSuffix(program, "/busybox"):
		return program, nil
	}
	return firstMatch(t, []string{"/etc/init.d/rcS"})
}

// firstMatch returns the first file any of the patterns matches, else what kept
// it from looking everywhere.
func firstMatch(t *tree.Tree, patterns []string) (string, error) {
	var all error
	for _, pattern := range patterns {
		matches, err := t.Glob(pattern)
		if len(matches) > 0 {
			return matches[0], nil
		}
		all = errors.Join(all, err)
	}
	return "", all
}
