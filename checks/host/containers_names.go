package host

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

// engines reads what container engines keep about their containers in the host's
// files. Everything read is bounded by the tree; what cannot be read names nothing.
type engines struct {
	t      *tree.Tree
	docker []string          // data directories, read once
	podman map[string]string // identifier -> name, read once
}

// describe fills in the name and published ports. IDs of engines are hexadecimal
// digits, so they lead nowhere else as parts of a path.
func (e *engines) describe(c *Container, cgroup string) {
	switch c.Engine {
	case "lxc", "systemd-nspawn", "garden":
		c.Name = c.ID
		return
	case "podman", "buildah":
		c.Name = cmp.Or(e.podmanName(c.ID), e.annotated(c.ID))
	case "cri-o":
		c.Name = cmp.Or(e.annotated(c.ID), e.podmanName(c.ID))
	case "containerd":
		c.Name = e.annotated(c.ID)
	default:
		e.dockerFiles(c)
		c.Name = cmp.Or(c.Name, e.annotated(c.ID))
	}
	c.Name = cmp.Or(c.Name, e.podName(cgroup))
	ports, known := e.cniPorts(c.ID)
	c.Published, c.PortsKnown = append(c.Published, ports...), c.PortsKnown || known
	sortPublished(c)
}

// readJSON decodes a file, or reports false.
func (e *engines) readJSON(name string, into any) bool {
	data, err := e.t.ReadFile(name)
	return err == nil && json.Unmarshal(data, into) == nil
}

// dockerBinding is one entry of a port map of Docker (go-connections, nat.PortMap).
type dockerBinding struct{ HostIP, HostPort string }

// dockerFiles reads config.v2.json and hostconfig.json of moby's daemon/container.
// The first has the ports as they were bound when the container started, the
// second what was asked for.
func (e *engines) dockerFiles(c *Container) {
	if !hexadecimal(c.ID) {
		return
	}
	var config struct {
		Name            string
		NetworkSettings struct {
			Ports map[string][]dockerBinding
		}
	}
	for _, dir := range e.dockerDirs() {
		dir = path.Join(dir, "containers", c.ID)
		if !e.readJSON(dir+"/config.v2.json", &config) {
			continue
		}
		c.Engine = cmp.Or(c.Engine, "docker")
		c.Name = dockerName(config.Name)
		ports := config.NetworkSettings.Ports
		if !bound(ports) {
			var asked struct {
				NetworkMode  string
				PortBindings map[string][]dockerBinding
			}
			// With the host's network, or another container's, the map does nothing.
			if e.readJSON(dir+"/hostconfig.json", &asked) && asked.NetworkMode != "host" &&
				!strings.HasPrefix(asked.NetworkMode, "container:") {
				ports = asked.PortBindings
			}
		}
		c.Published, c.PortsKnown = published(ports), true
		return
	}
}

func bound(ports map[string][]dockerBinding) bool {
	for _, list := range ports {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// dockerDirs are the places of Docker's data: that of daemon.json, the default, and
// that of the snap.
func (e *engines) dockerDirs() []string {
	if e.docker == nil {
		var daemon struct {
			DataRoot string `json:"data-root"`
		}
		if e.readJSON("/etc/docker/daemon.json", &daemon) && path.IsAbs(daemon.DataRoot) {
			e.docker = append(e.docker, daemon.DataRoot)
		}
		e.docker = append(e.docker, "/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
	}
	return e.docker
}

// dockerName takes the slash off, and reads the names that containers of the
// kubelet have in Docker and CRI-O: k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT.
func dockerName(name string) string {
	name = strings.TrimPrefix(name, "/")
	if parts := strings.Split(name, "_"); len(parts) == 6 && parts[0] == "k8s" {
		return podContainer(parts[3], parts[2], parts[1])
	}
	return name
}

// podContainer names a container of a pod; the one that holds the pod's
// namespaces is the pod's.
func podContainer(namespace, pod, container string) string {
	name := namespace + "/" + pod
	if namespace == "" || pod == "" {
		return container
	}
	if container == "" || container == "POD" {
		return name
	}
	return name + "/" + container
}

// published reads a port map: "22/tcp" to addresses and ports of the host. Ranges
// and ports the kernel is to choose are not in it once a container runs.
func published(ports map[string][]dockerBinding) (list []Published) {
	for inner, bindings := range ports {
		number, proto, _ := strings.Cut(inner, "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			continue
		}
		for _, b := range bindings {
			if p, ok := binding(b.HostIP, b.HostPort, proto, uint16(port)); ok {
				list = append(list, p)
			}
		}
	}
	return list
}

func binding(hostIP, hostPort, proto string, inner uint16) (Published, bool) {
	addr := netip.IPv4Unspecified()
	if hostIP != "" {
		var err error
		if addr, err = netip.ParseAddr(hostIP); err != nil {
			return Published{}, false
		}
	}
	port, err := strconv.ParseUint(hostPort, 10, 16)
	if err != nil || port == 0 {
		return Published{}, false
	}
	return Published{Proto: cmp.Or(strings.ToLower(proto), "tcp"), Addr: addr, Port: uint16(port), Inner: inner}, true
}

func sortPublished(c *Container) {
	slices.SortFunc(c.Published, func(a, b Published) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto), a.Addr.Compare(b.Addr), cmp.Compare(a.Inner, b.Inner))
	})
	c.Published = slices.Compact(c.Published)
}

// annotations are what runtimes write about a container into the specification of
// the Open Container Initiative, by the keys of containerd's CRI plugin, CRI-O
// and nerdctl.
type annotations struct {
	Annotations map[string]string
}

func (a annotations) name() string {
	get := func(key string) string { return a.Annotations[key] }
	if pod := get("io.kubernetes.cri.sandbox-name"); pod != "" {
		return podContainer(get("io.kubernetes.cri.sandbox-namespace"), pod, get("io.kubernetes.cri.container-name"))
	}
	if pod := get("io.kubernetes.pod.name"); pod != "" {
		return podContainer(get("io.kubernetes.pod.namespace"), pod, get("io.kubernetes.container.name"))
	}
	return get("nerdctl/name")
}

// annotated looks for the specification of a container.
func (e *engines) annotated(id string) string {
	if !hexadecimal(id) {
		return ""
	}
	for _, pattern := range []string{
		"/run/containerd/io.containerd.runtime.v2.task/*/" + id + "/config.json",
		"/run/k3s/containerd/io.containerd.runtime.v2.task/*/" + id + "/config.json",
		"/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/*/" + id + "/config.json",
		"/run/containers/storage/*-containers/" + id + "/userdata/config.json",
		"/var/lib/containers/storage/*-containers/" + id + "/userdata/config.json",
	} {
		files, _ := e.t.Glob(pattern)
		for _, file := range files {
			var spec annotations
			if e.readJSON(file, &spec) && spec.name() != "" {
				return spec.name()
			}
		}
	}
	return ""
}

// podmanName looks the container up in the list of containers/storage, which
// podman, buildah and CRI-O share.
func (e *engines) podmanName(id string) string {
	if e.podman == nil {
		e.podman = map[string]string{}
		files, _ := e.t.Glob("/var/lib/containers/storage/*-containers/*containers.json")
		for _, file := range files {
			var list []struct {
				ID    string   `json:"id"`
				Names []string `json:"names"`
			}
			e.readJSON(file, &list)
			for _, c := range list {
				if len(c.Names) > 0 {
					e.podman[c.ID] = dockerName(c.Names[0])
				}
			}
		}
	}
	return e.podman[id]
}

// podName names the pod a control group belongs to by the directory that the
// kubelet makes for its logs: NAMESPACE_POD_UID.
func (e *engines) podName(cgroup string) string {
	uid := snapshot.PodUID(cgroup)
	if uid == "" {
		return ""
	}
	dirs, _ := e.t.Glob("/var/log/pods/*_" + uid)
	if len(dirs) != 1 {
		return ""
	}
	parts := strings.Split(path.Base(dirs[0]), "_")
	if len(parts) != 3 {
		return ""
	}
	return podContainer(parts[0], parts[1], "")
}

// cniPorts reads the port mappings that the plugin "portmap" was given for a
// container, from the results that libcni keeps (podman up to 3, nerdctl, the pods
// of CRI runtimes, by the container that holds the pod's network).
func (e *engines) cniPorts(id string) (list []Published, known bool) {
	if !hexadecimal(id) {
		return nil, false
	}
	files, _ := e.t.Glob("/var/lib/cni/results/*-" + id + "-*")
	for _, file := range files {
		var result struct {
			ContainerID    string `json:"containerId"`
			CapabilityArgs struct {
				PortMappings []struct {
					HostIP        string `json:"hostIP"`
					HostPort      uint16 `json:"hostPort"`
					ContainerPort uint16 `json:"containerPort"`
					Protocol      string `json:"protocol"`
				} `json:"portMappings"`
			} `json:"capabilityArgs"`
		}
		if !e.readJSON(file, &result) || result.ContainerID != id {
			continue
		}
		known = true
		for _, m := range result.CapabilityArgs.PortMappings {
			if p, ok := binding(m.HostIP, strconv.Itoa(int(m.HostPort)), m.Protocol, m.ContainerPort); ok {
				list = append(list, p)
			}
		}
	}
	return list, known
}

// hexadecimal reports an identifier that may become part of a path or a pattern.
func hexadecimal(id string) bool { return id != "" && strings.Trim(id, "0123456789abcdef") == "" }
