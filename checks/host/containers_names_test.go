package host

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"hostaudit/checks/host/tree"
)

// engineFiles are the files of the engines on one host. ID and OTHER stand for
// identifiers.
const engineFiles = `
-- var/lib/docker/containers/ID/config.v2.json --
{"ID":"ID","Name":"/web","State":{"Running":true},"Config":{"Env":["PASSWORD=hidden"]},
"NetworkSettings":{"Ports":{
  "22/tcp":[{"HostIp":"0.0.0.0","HostPort":"2222"},{"HostIp":"::","HostPort":"2222"}],
  "53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],
  "80/tcp":null,
  "81/tcp":[{"HostIp":"not an address","HostPort":"81"}],
  "99999/tcp":[{"HostIp":"","HostPort":"1"}]}}}
-- var/lib/docker/containers/ID/hostconfig.json --
{"PortBindings":{"22/tcp":[{"HostIp":"","HostPort":"9"}]}}
-- srv/docker/containers/OTHER/config.v2.json --
{"Name":"/k8s_app_web-0_shop_8d2f0f2c-1a2b-4c3d-9e8f-001122334455_0","NetworkSettings":{"Ports":{}}}
-- srv/docker/containers/OTHER/hostconfig.json --
{"NetworkMode":"bridge","PortBindings":{"22/tcp":[{"HostIp":"","HostPort":"22"},{"HostIp":"","HostPort":"8000-8010"},{"HostIp":"","HostPort":""}]}}
-- etc/docker/daemon.json --
{"data-root":"/srv/docker","log-driver":"journald"}
-- var/lib/docker/containers/aaaaaaaaaaaa/config.v2.json --
{"Name": 3}
-- var/lib/docker/containers/bbbbbbbbbbbb/config.v2.json --
{"Name": "/host-network"}
-- var/lib/docker/containers/bbbbbbbbbbbb/hostconfig.json --
{"NetworkMode":"host","PortBindings":{"22/tcp":[{"HostIp":"","HostPort":"22"}]}}
-- var/lib/docker/containers/cccccccccccc/config.v2.json err=permission --
-- var/lib/containers/storage/overlay-containers/containers.json --
[{"id":"OTHER","names":["db","alias"],"layer":"x"},{"id":"dddddddddddd"}]
-- var/lib/containers/storage/overlay-containers/volatile-containers.json --
[{"id":"ID","names":["temporary"]}]
-- run/containers/storage/overlay-containers/eeeeeeeeeeee/userdata/config.json --
{"annotations":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop"}}
-- run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json --
{"process":{"env":["PASSWORD=hidden"]},"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"api-1","io.kubernetes.cri.sandbox-namespace":"shop"}}
-- run/containerd/io.containerd.runtime.v2.task/k8s.io/OTHER/config.json --
{"annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"api-1","io.kubernetes.cri.sandbox-namespace":"shop"}}
-- run/containerd/io.containerd.runtime.v2.task/default/ffffffffffff/config.json --
{"annotations":{"nerdctl/name":"cache"}}
-- var/log/pods/shop_queue-0_11112222-1a2b-4c3d-9e8f-001122334455/app/0.log --
-- var/lib/cni/results/cbr0-OTHER-eth0 --
{"kind":"cniCacheV1","containerId":"OTHER","capabilityArgs":{"portMappings":[{"hostPort":22,"containerPort":2022,"protocol":"TCP","hostIP":""}]}}
-- var/lib/cni/results/cbr0-xOTHER-eth0 --
{"containerId":"xOTHER","capabilityArgs":{"portMappings":[{"hostPort":1,"containerPort":1}]}}
`

// engineTree makes a tree of the text. "err=permission" behind a name closes it.
func engineTree(t *testing.T, text string) *tree.Tree {
	t.Helper()
	text = strings.NewReplacer("OTHER", other64, "ID", id64).Replace(strings.ReplaceAll(text, `"ID":`, `"Id":`))
	entries := map[string]tree.Entry{}
	for _, f := range txtar.Parse([]byte(text)).Files {
		name, closed := strings.CutSuffix(f.Name, " err=permission")
		e := tree.Entry{Mode: 0o644, Content: f.Data}
		if closed {
			e.Err = fs.ErrPermission
		}
		entries[name] = e
	}
	src, err := tree.NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(src, tree.Options{})
}

func TestContainerNames(t *testing.T) {
	tr := engineTree(t, engineFiles)
	pod := func(uid string) string { return "/kubepods/burstable/pod" + uid + "/" + strings.Repeat("1", 64) }
	for _, test := range []struct {
		engine, id, cgroup string
		want               string // name, engine, ports
	}{
		{engine: "docker", id: id64, want: "web docker udp 127.0.0.1:53>53 tcp 0.0.0.0:2222>22 tcp [::]:2222>22"},
		{engine: "docker", id: other64, want: "shop/web-0/app docker tcp 0.0.0.0:22>22 tcp 0.0.0.0:22>2022"},
		{engine: "", id: id64, want: "web docker udp 127.0.0.1:53>53 tcp 0.0.0.0:2222>22 tcp [::]:2222>22"},
		{engine: "docker", id: "aaaaaaaaaaaa", want: " docker"},
		{engine: "docker", id: "bbbbbbbbbbbb", want: "host-network docker"},
		{engine: "docker", id: "cccccccccccc", want: " docker"},
		{engine: "docker", id: "../../../../etc", want: " docker"},
		{engine: "podman", id: other64, want: "db podman tcp 0.0.0.0:22>2022"},
		{engine: "podman", id: id64, want: "temporary podman"},
		{engine: "podman", id: "dddddddddddd", want: " podman"},
		{engine: "cri-o", id: "eeeeeeeeeeee", want: "shop/web-0/app cri-o"},
		{engine: "containerd", id: id64, want: "shop/api-1/app containerd"},
		{engine: "containerd", id: other64, want: "shop/api-1 containerd tcp 0.0.0.0:22>2022"},
		{engine: "containerd", id: "ffffffffffff", want: "cache containerd"},
		{engine: "kubernetes", id: strings.Repeat("1", 64), cgroup: pod("11112222-1a2b-4c3d-9e8f-001122334455"), want: "shop/queue-0 kubernetes"},
		{engine: "kubernetes", id: strings.Repeat("1", 64), cgroup: pod("99992222-1a2b-4c3d-9e8f-001122334455"), want: " kubernetes"},
		{engine: "lxc", id: "a/b\n", want: "a/b\n lxc"},
		{engine: "systemd-nspawn", id: "web", want: "web systemd-nspawn"},
	} {
		t.Run(fmt.Sprintf("%s-%.12s", test.engine, strings.ReplaceAll(test.id, "/", "_")), func(t *testing.T) {
			c := &Container{Engine: test.engine, ID: test.id}
			(&engines{t: tr}).describe(c, test.cgroup)
			words := []string{c.Name, c.Engine}
			if known := c.PortsKnown; known != (len(c.Published) > 0 || c.Name == "host-network") {
				t.Errorf("ports known: %v", known)
			}
			for _, p := range c.Published {
				at := p.Addr.String()
				if p.Addr.Is6() {
					at = "[" + at + "]"
				}
				words = append(words, p.Proto, fmt.Sprintf("%s:%d>%d", at, p.Port, p.Inner))
			}
			if got := strings.Join(words, " "); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// FuzzEngineFiles: whatever an engine's files hold, names and ports come out whole
// or not at all.
func FuzzEngineFiles(f *testing.F) {
	f.Add(`{"Name":"/web","NetworkSettings":{"Ports":{"22/tcp":[{"HostIp":"0.0.0.0","HostPort":"2222"}]}}}`)
	f.Add(`[{"id":"` + id64 + `","names":["db"]}]`)
	f.Add(`{"annotations":{"nerdctl/name":"cache"}}`)
	f.Add(`{"containerId":"` + id64 + `","capabilityArgs":{"portMappings":[{"hostPort":22,"containerPort":2022}]}}`)
	f.Add(`{"Name":"/k8s_a_b_c_d_e"}`)
	f.Fuzz(func(t *testing.T, content string) {
		entries := map[string]tree.Entry{}
		for _, name := range []string{
			"var/lib/docker/containers/" + id64 + "/config.v2.json", "var/lib/docker/containers/" + id64 + "/hostconfig.json",
			"etc/docker/daemon.json", "var/lib/containers/storage/overlay-containers/containers.json",
			"run/containerd/io.containerd.runtime.v2.task/default/" + id64 + "/config.json", "var/lib/cni/results/a-" + id64 + "-eth0",
		} {
			entries[name] = tree.Entry{Mode: 0o644, Content: []byte(content)}
		}
		src, err := tree.NewMapSource(entries)
		if err != nil {
			t.Fatal(err)
		}
		for _, engine := range []string{"docker", "podman", "containerd", ""} {
			c := &Container{Engine: engine, ID: id64}
			(&engines{t: tree.New(src, tree.Options{})}).describe(c, "")
			for i, p := range c.Published {
				if p.Port == 0 || !p.Addr.IsValid() || p.Proto == "" || i > 0 && p == c.Published[i-1] {
					t.Errorf("%s: %+v", engine, c.Published)
				}
			}
		}
	})
}
