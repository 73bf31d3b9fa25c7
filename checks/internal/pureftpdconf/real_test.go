package pureftpdconf_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/pureftpdconf"
)

// eachPureFTPd runs a test against the Pure-FTPd of every tree that has one: 1.0.49 and
// 1.0.50 at the time of writing.
func eachPureFTPd(t *testing.T, test func(*testing.T, *hosttest.RealHost, pureftpdconf.Program)) {
	t.Helper()
	hosttest.RequireReal(t)
	for _, name := range []string{"units-bullseye+pure-ftpd", filepath.Base(os.Getenv(hosttest.TreeVariable)) + "+pure-ftpd", "units-trixie+pure-ftpd", "units-sid+pure-ftpd"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for daemons
			h := hosttest.NewRealHostOf(t, name)
			if h.Run("test", "-x", "/usr/sbin/pure-ftpd").Exit != 0 {
				t.Skipf("the tree %s has no Pure-FTPd (packages pure-ftpd and pure-ftpd-common)", name)
			}
			h.MustRun("mkdir", "-p", "/run/pure-ftpd", "/var/log/pure-ftpd")
			_, number, _ := strings.Cut(h.Run("pure-ftpd", "-h").Stdout, " v1.0.")
			number, _, _ = strings.Cut(number, " ")
			patch, err := strconv.Atoi(number)
			if err != nil {
				t.Fatalf("no version: %v", err)
			}
			test(t, h, pureftpdconf.Program{Patch: patch, Backend: "none"})
		})
	}
}

// tryAll starts the server once for each directory below /t from the number $1 to $2: with
// the arguments of its file "args", one a line; or as Debian does, with its directories
// "conf" and "auth". It shows the sockets of the host.
const tryAll = `for ((n = $1; n <= $2; n++)); do
	cd /t/$n || exit
	if [[ -e args ]]; then
		mapfile -t args <args
		command=(pure-ftpd "${args[@]}")
	else
		rm -rf /etc/pure-ftpd/conf /etc/pure-ftpd/auth
		cp -a conf auth /etc/pure-ftpd/
		command=(pure-ftpd-wrapper)
	fi
	"${command[@]}" >/dev/null 2>&1 </dev/null & pid=$!
	for i in {1..60}; do
		if ! kill -0 $pid; then
			[[ ${command[*]} != *-B* ]] || sleep 0.2
			break
		fi
		grep -qs ' 0A ' /proc/net/tcp /proc/net/tcp6 && break
		sleep 0.01
	done
	sleep 0.01 # for the socket of the other family
	echo "== $n"
	cat /proc/net/tcp /proc/net/tcp6
	kill -9 $pid
	wait $pid
	grep -qs ' 0A ' /proc/net/tcp /proc/net/tcp6 || continue
	for p in /proc/[0-9]*; do # it went to the background
		[[ $(readlink $p/exe) != */pure-ftpd ]] || kill -9 ${p:6}
	done
	sleep 0.05
done 2>/dev/null
exit 0`

// What each Pure-FTPd binds and refuses is what its arguments, its one file and Debian's
// directory are read as.
func TestRealPureFTPd(t *testing.T) {
	all := cases()
	eachPureFTPd(t, func(t *testing.T, h *hosttest.RealHost, p pureftpdconf.Program) {
		h.WriteFile("/etc/pure-ftpd/there", "", 0o644)
		h.WriteFile("/etc/included", "Bind 127.0.0.1,2150\n", 0o644)
		h.WriteFile("/etc/loop", "Include /etc/loop\n", 0o644)
		h.WriteFile("/etc/bad", "x\n", 0o644)
		for n, c := range all {
			dir := fmt.Sprintf("/t/%d/", n)
			switch {
			case c.conf != nil:
				h.MustRun("mkdir", "-p", dir+"conf", dir+"auth")
				for name, content := range c.conf {
					h.WriteFile(dir+"conf/"+name, content, 0o644)
				}
				for name, target := range c.auth {
					h.MustRun("ln", "-s", target, dir+"auth/"+name)
				}
			case c.single != nil:
				h.WriteFile(dir+"args", dir+"single\n", 0o644)
				h.WriteFile(dir+"single", *c.single, 0o644)
			default:
				args := strings.Join(c.args, "\n")
				if len(c.args) > 0 {
					args += "\n"
				}
				h.WriteFile(dir+"args", args, 0o644)
			}
		}
		results := map[string]string{}
		const atOnce = 50 // in the time that a command may take
		for first := 0; first < len(all); first += atOnce {
			said := h.MustRun("/bin/bash", "-c", tryAll, "bash", fmt.Sprint(first), fmt.Sprint(min(first+atOnce, len(all))-1))
			for part := range strings.SplitSeq(said, "== ") {
				n, sockets, _ := strings.Cut(part, "\n")
				results[n] = strings.Join(listening(t, sockets), " ")
				if results[n] == "" {
					results[n] = "refused"
				}
			}
		}
		settled := 0
		for n, c := range all {
			t.Run(c.name, func(t *testing.T) {
				want, done := results[strconv.Itoa(n)]
				if !done {
					t.Fatal("not tried")
				}
				o, out := c.parse(p)
				got := describe(o, out)
				if out.Kind == pureftpdconf.Unsure {
					return // counted below
				}
				settled++
				foreign := func(l pureftpdconf.Listen) bool { return !l.Addr.IsLoopback() && !l.Addr.IsUnspecified() }
				if o.UploadScript || o.TLS || slices.ContainsFunc(o.Listens, foreign) {
					got = "refused" // nothing reads the pipe, no certificate is there, the host has no such address
				}
				if strings.HasSuffix(got, ":0") {
					var fixed []string
					for l := range strings.FieldsSeq(want) {
						fixed = append(fixed, l[:strings.LastIndexByte(l, ':')]+":0")
					}
					want = strings.Join(fixed, " ")
				}
				if got != want {
					t.Errorf("read as %s (%+v), the program: %s\n%+v", got, out, want, c)
				}
			})
		}
		if settled < len(all)*9/10 {
			t.Errorf("%d of %d settled", settled, len(all))
		}
	})
}

// listening returns the listening sockets of /proc/net/tcp and tcp6.
func listening(t *testing.T, text string) []string {
	t.Helper()
	var bound []string
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "0A" {
			continue
		}
		host, port, _ := strings.Cut(fields[1], ":")
		raw, err := hex.DecodeString(host)
		number, err2 := strconv.ParseUint(port, 16, 16)
		if err != nil || err2 != nil {
			t.Fatalf("%q: %v %v", line, err, err2)
		}
		for i := 0; i < len(raw); i += 4 { // words of the machine's order
			slices.Reverse(raw[i : i+4])
		}
		addr, _ := netip.AddrFromSlice(raw)
		bound = append(bound, netip.AddrPortFrom(addr, uint16(number)).String())
	}
	slices.Sort(bound)
	return bound
}
