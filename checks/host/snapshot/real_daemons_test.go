package snapshot_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// daemons are the servers of a host with Debian's programs and what each opens. Rows
// name their owner by its program.
func daemons(mysql uint32) (a arrangement, commands [][]string) {
	a.name = "daemons"
	add := func(unit, command string, want ...row) {
		commands = append(commands, []string{
			"/bin/sh", "-c", `for h in $1; do mkdir -p "$h/$2" && echo 0 > "$h/$2/cgroup.procs"; done; eval "exec $3"`, "sh",
			"", unit, command,
		})
		name := path.Base(firstWord(command))
		a.actors = append(a.actors, actor{name: name, unit: unit})
		for _, w := range want {
			if w.Owners == "" {
				w.Owners = name
			}
			a.want = append(a.want, w)
		}
	}
	add("system.slice/ssh.service", "/usr/sbin/sshd -D -p 2222 -o ListenAddress=0.0.0.0 -o ListenAddress=::",
		row{Proto: "tcp", Addr: "0.0.0.0", Port: 2222, Scope: everywhere},
		row{Proto: "tcp", Addr: "::", Port: 2222, Scope: everywhere, V6: only}) // sshd sets IPV6_V6ONLY
	add("system.slice/vsftpd.service", "/usr/sbin/vsftpd -olisten=NO -olisten_ipv6=YES",
		row{Proto: "tcp", Addr: "::", Port: 21, Scope: everywhere, V6: dual})
	add("system.slice/rsync.service", "/usr/bin/rsync --daemon --no-detach --address=10.9.9.1 --config=/dev/null",
		row{Proto: "tcp", Addr: "10.9.9.1", Port: 873, Scope: address})
	add("system.slice/system-relay.slice/relay@1.service", "/usr/bin/socat TCP6-LISTEN:7000,ipv6only=1,bind=[::1],fork /dev/null",
		row{Proto: "tcp", Addr: "::1", Port: 7000, Scope: loopback, V6: only})
	// Debian's server runs as mysql, with dozens of threads.
	add("system.slice/mariadb.service", "/usr/sbin/mariadbd --user=mysql --skip-log-error --bind-address=127.0.0.1",
		row{Proto: "tcp", Addr: "127.0.0.1", Port: 3306, Scope: loopback, UID: mysql})
	add("system.slice/prefork.service", `/usr/bin/perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "0.0.0.0:8080", Listen => 5) or die; `+
		`$u = IO::Socket::INET->new(LocalAddr => "127.0.0.1:5140", Proto => "udp") or die; for (1..3) { fork or last } sleep 600'`,
		row{Proto: "tcp", Addr: "0.0.0.0", Port: 8080, Scope: everywhere, Owners: "perl perl perl perl"},
		row{Proto: "udp", Addr: "127.0.0.1", Port: 5140, Scope: loopback, Owners: "perl perl perl perl"})
	return a, commands
}

func firstWord(command string) string {
	for i := range len(command) {
		if command[i] == ' ' {
			return command[:i]
		}
	}
	return command
}

// TestRealDaemons is the comparison on a host with real daemons.
func TestRealDaemons(t *testing.T) {
	hosttest.RequireReal(t)
	groups := newGroups(t, "") // removed when the host has ended
	h := hosttest.NewRealHost(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const observer = "/usr/local/sbin/observe"
	h.Install(self, observer)
	var branches strings.Builder
	if groups != nil {
		h.MustRun("mount", "-t", "tmpfs", "cgroup", "/sys/fs/cgroup")
		for dir, mount := range map[string][]string{
			"/sys/fs/cgroup/unified": {"-t", "cgroup2", "cgroup2"},
			"/sys/fs/cgroup/systemd": {"-t", "cgroup", "-o", "none,name=systemd", "cgroup"},
		} {
			h.MustRun("mkdir", dir)
			if got := h.Run(append(append([]string{"mount"}, mount...), dir)...); got.Exit == 0 {
				branches.WriteString(" " + filepath.Join(dir, groups.top))
			}
		}
	}
	var mysql uint32
	if _, err := fmt.Sscan(h.MustRun("id", "-u", "mysql"), &mysql); err != nil {
		t.Fatal(err)
	}
	a, commands := daemons(mysql)
	h.MustRun("mkdir", "-p", "/run/sshd", "/run/vsftpd/empty")
	h.MustRun("install", "-d", "-o", "mysql", "-g", "mysql", "/run/mysqld")
	for _, command := range commands {
		command[4] = branches.String()
		h.Start(command...)
	}
	for _, w := range a.want {
		if w.Proto == "tcp" {
			h.WaitListening(w.Port)
		}
	}
	h.WaitFor("the database server", func() bool { return h.Run("mariadb-admin", "ping").Exit == 0 })

	h.WaitFor("the forks", func() bool { return strings.Count(h.MustRun("ss", "-Hltnp", "sport = 8080"), "pid=") == 4 })

	got := h.Run("env", roleVariable+"="+observerName, observer)
	seen := new(observation)
	if err := json.Unmarshal([]byte(got.Stdout), seen); err != nil {
		t.Fatalf("%v\n%s", err, got.Stderr)
	}
	out := outcome{Seen: seen, SS: map[string]string{"": h.MustRun("ss", "-H", "-O", "-tulnpe")}}
	for _, p := range seen.Processes {
		out.Reports = append(out.Reports, report{Name: path.Base(p.Exe), PID: p.PID})
	}
	compareRows(t, a, out, groups != nil)
	for _, p := range seen.Processes {
		if p.SameRoot != snapshot.Yes {
			t.Errorf("%s: not in the host's own root: %v", fmt.Sprint(p.PID, " ", p.Exe), p.SameRoot)
		}
	}
}
