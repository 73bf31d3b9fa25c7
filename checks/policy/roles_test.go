package policy

import (
	"slices"
	"strings"
	"testing"
)

// The rules that the comment on role promises.
func TestRolesAreSound(t *testing.T) {
	// Ports on which something is asked for in clear, or for nothing at all.
	forbidden := []uint16{
		20, 21, 23, 69, 79, 110, 111, 143, 161, 162, 177, 389, 512, 513, 514, 587, 873, 1883, 2049, 2375, 2379, 2380, 3000, 5432 - 1,
		5666, 5667, 5900, 6000, 6379, 6443, 8080, 9090, 9100, 9200, 10255, 11211, 27017, 33062,
	}
	for _, r := range roles() {
		if len(r.declare) == 0 {
			t.Errorf("%s: empty", r.name)
		}
		if !strings.Contains(Example, "#   \""+r.name+"\"") {
			t.Errorf("%s: the example does not mention it", r.name)
		}
		seen := map[Declare]bool{}
		for _, d := range r.declare {
			where := r.name + ": " + string(d.Program) + string(d.Unit) + " " + d.Reason
			if key, msg := d.invalid(); msg != "" {
				t.Errorf("%s: %s: %s", where, key, msg)
			}
			if d.Port.Low == 0 || d.Port.Low != d.Port.High || d.Protocol == "" || d.Reason == "" {
				t.Errorf("%s: not one port of one protocol, for a reason", where)
			}
			if (d.Unit == "") == (d.Program == "") || d.Program != "" && d.Program[0] != '/' && d.Program != "kube-proxy" {
				t.Errorf("%s: neither a whole path nor a unit", where)
			}
			if slices.Contains(forbidden, d.Port.Low) {
				t.Errorf("%s: port %d gives access in clear or without a credential", where, d.Port.Low)
			}
			if seen[d] {
				t.Errorf("%s: twice", where)
			}
			seen[d] = true
		}
	}
}

func TestRolesAddToDeclarations(t *testing.T) {
	p := Policy{Roles: []string{"web", "bastion", "web"}, Listeners: Listeners{Declare: []Declare{
		{Program: "x"}, {Program: "/usr/sbin/nginx", Port: Ports{443, 443}, Protocol: "tcp", Reason: "role web: HTTPS"},
	}}}
	list := p.Declarations()
	if list[0].Program != "x" {
		t.Errorf("the first is %+v, want the file's own", list[0])
	}
	count := map[string]int{}
	for _, d := range list {
		count[d.Program+d.Unit+" "+d.Reason]++
	}
	for name, want := range map[string]int{
		"/usr/sbin/nginx role web: HTTPS": 1, "/usr/sbin/sshd role bastion: SSH": 1, "ssh.socket role bastion: SSH, started on demand": 1,
		"/usr/sbin/nginx role web: HTTP/3": 1, "/usr/sbin/mysqld role db: MySQL or MariaDB": 0,
	} {
		if count[name] != want {
			t.Errorf("%s: %d times, want %d", name, count[name], want)
		}
	}
}
