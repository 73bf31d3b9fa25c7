package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
)

// oracle is a program that reads an agent's data file as the Pandora server does
// (XML::Simple over XML::Parser, the server's rules for modules) and says what it refuses.
const oracle = "../../testdata/oracle/oracle.pl"

// agentConfig is the configuration of Debian's agent for one cycle that leaves its data
// file in /srv/agent/in, with our program as the only module and no flag.
const agentConfig = `server_ip 127.0.0.1
server_path /srv/agent/in
temporal /srv/agent/tmp
logfile /srv/agent/log/agent.log
interval 300
debug 0
cron_mode 1
agent_name hardtest
address 127.0.0.1
transfer_mode local
remote_config 0
xml_buffer 0
encoding UTF-8
pandora_exec /usr/share/pandorafms/agent/pandora_agent_exec
module_plugin ` + installed + "\n"

// agentDataFile runs the real agent once and returns its data file.
func agentDataFile(t *testing.T, h *hosttest.RealHost) string {
	t.Helper()
	h.MustRun("sh", "-c", "cd /srv && mkdir -p agent/home/plugins agent/home/collections agent/home/ref agent/tmp agent/in agent/log")
	h.MustRun("sh", "-c", "rm -f /srv/agent/in/*")
	h.WriteFile("/srv/agent/home/pandora_agent.conf", agentConfig, 0o644)
	h.MustRun("perl", "/usr/sbin/pandora_agent", "/srv/agent/home")
	file := strings.TrimSpace(h.MustRun("sh", "-c", "ls /srv/agent/in/*.data"))
	data := h.ReadFile(file)
	if !strings.Contains(data, "<module>") {
		t.Fatalf("the agent dropped the output; its log:\n%s\ndata file:\n%s", h.ReadFile("/srv/agent/log/agent.log"), data)
	}
	return data
}

// serverAccepts asks the oracle about a data file. The oracle runs inside the host, which
// has the Perl modules of the server.
func serverAccepts(t *testing.T, h *hosttest.RealHost, data string) {
	t.Helper()
	h.Install(oracle, "/srv/oracle.pl")
	h.WriteFile("/srv/checked.data", data, 0o644)
	if res := h.Run("perl", "/srv/oracle.pl", "/srv/checked.data"); res.Exit != 0 {
		t.Errorf("the server would refuse the file:\n%s%s\n%s", res.Stdout, res.Stderr, data)
	}
}

var moduleName = regexp.MustCompile(`<name>([^<]*)</name>`)

func moduleNames(data string) []string {
	var names []string
	for _, m := range moduleName.FindAllStringSubmatch(data, -1) {
		names = append(names, m[1])
	}
	return names
}

// weakAccounts adds accounts with a listed password; crypt(3) of the tree makes the hash.
func weakAccount(h *hosttest.RealHost, name, gecos, setting, password string) {
	hash := h.MustRun("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, setting)
	h.WriteFile("/etc/passwd", h.ReadFile("/etc/passwd")+name+":x:2001:2001:"+gecos+":/home/x:/bin/bash\n", 0o644)
	h.WriteFile("/etc/shadow", h.ReadFile("/etc/shadow")+name+":"+hash+":20000:0:99999:7:::\n", 0o600)
}

// hostile is what an account name, a title or a file may hold: markup, quotes, escapes,
// control characters, bytes that are no UTF-8, a noncharacter, a character of four bytes.
const hostile = "]]><module>&amp;'\"\x1b[31m\x01\t\r\\\xff\xc3\xef\xbf\xbe\U0001F4A3\u202e--<!--"

// TestAgent runs the real agent on an ordinary and on a hostile host. Whatever the host
// holds, the server accepts the file, the modules are the same, and no secret leaves.
func TestAgent(t *testing.T) {
	hosttest.RequireReal(t)
	if _, err := os.Stat(oracle); err != nil {
		t.Fatal(err)
	}
	program := builtProgram(t)
	var plain []string

	t.Run("plain", func(t *testing.T) {
		h := realHost(t, program)
		weakAccount(h, "zweakling", "", "$6$rounds=1000$saltsalt$", "password1")
		h.SSHD(22)
		data := agentDataFile(t, h)
		serverAccepts(t, h, data)
		if plain = moduleNames(data); len(plain) < 3 || len(plain) > 60 {
			t.Errorf("modules: %q", plain)
		}
		for _, secret := range []string{"zweakling", "password1", "saltsalt"} {
			if strings.Contains(data, secret) {
				t.Errorf("%q left the host:\n%s", secret, data)
			}
		}
	})

	t.Run("hostile", func(t *testing.T) {
		h := realHost(t, program)
		prepareHostile(h)
		data := agentDataFile(t, h)
		serverAccepts(t, h, data)
		if diff := cmp.Diff(plain, moduleNames(data)); diff != "" {
			t.Errorf("the set of modules depends on the host (-plain +hostile):\n%s", diff)
		}
		if i := strings.IndexFunc(data, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }); i >= 0 {
			t.Errorf("not plain ASCII at byte %d: %q", i, data[i:min(i+40, len(data))])
		}
	})

	// A configuration that cannot be used must not cost the host its whole cycle.
	t.Run("badConfiguration", func(t *testing.T) {
		h := realHost(t, program)
		h.WriteFile("/etc/hostaudit/hostaudit.toml", "modules = \n<&]]>\n", 0o600)
		serverAccepts(t, h, agentDataFile(t, h))
	})
}

// prepareHostile makes everything the checks quote from a host hostile.
func prepareHostile(h *hosttest.RealHost) {
	flat := strings.NewReplacer("\n", "", ":", "").Replace(hostile)
	// Names that no tool would allow, but a line of the file can hold; three are root's.
	passwd, shadow := h.ReadFile("/etc/passwd"), h.ReadFile("/etc/shadow")
	for _, prefix := range []string{"a", "b", "c"} {
		passwd += prefix + flat + ":x:0:0:" + flat + ",,,:/" + flat + ":/bin/" + flat + "\n"
		shadow += prefix + flat + "::20000:0:99999:7:::\n"
	}
	passwd += "d" + flat + ":" + flat + ":1:1::/:\n"
	shadow += "d" + flat + ":$6$" + flat + ":20000:0:99999:7:::\n"
	h.WriteFile("/etc/passwd", passwd, 0o644)
	h.WriteFile("/etc/shadow", shadow, 0o600)
	h.WriteFile("/etc/group", h.ReadFile("/etc/group")+"g"+flat+":x:0:"+flat+"\n", 0o644)

	file := strings.ReplaceAll(flat, "/", "")
	h.WriteFile("/etc/ssh/sshd_config.d/"+file+".conf", "PermitRootLogin yes\nBanner "+flat+"\n"+flat+" "+flat+"\n", 0o644)
	h.WriteFile("/etc/vsftpd.conf", "listen=YES\nlisten_port=21\n"+flat+"="+flat+"\n", 0o644)
	h.WriteFile("/etc/mysql/mariadb.conf.d/"+file+".cnf", "[mysqld]\nbind-address="+flat+"\n"+flat+"\nskip-grant-tables\n", 0o644)
	h.WriteFile("/etc/os-release", "ID=\""+flat+"\"\nVERSION_ID='"+flat+"'\nPRETTY_NAME="+flat+"\n", 0o644)
	h.WriteFile("/etc/hostname", flat+"\n", 0o644)
	h.WriteFile("/etc/systemd/system/"+file+".service", "[Service]\nExecStart=/usr/sbin/sshd -p 22 -o "+flat+"\n", 0o644)

	// A program whose path, argument vector and name (prctl) are hostile, listening on the
	// ports the checks look at.
	h.Install(filepath.Join(os.Getenv(hosttest.TreeVariable), "usr/bin/perl"), "/srv/"+file)
	listener := `use IO::Socket::INET; $0 = $ARGV[0]; my @keep;
		for my $port (21, 22, 3306) {
			push @keep, IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $port, Listen => 5, ReuseAddr => 1) or die $!;
		}
		while (1) {
			my $ready = ''; vec($ready, fileno($_), 1) = 1 for @keep;
			select(my $can = $ready, undef, undef, undef);
			for my $s (@keep) {
				next unless vec($can, fileno($s), 1);
				my $c = $s->accept or next;
				print $c "220 $ARGV[0]\r\n"; close $c;
			}
		}`
	h.Start("/srv/"+file, "-e", listener, flat)
	h.WaitListening(3306)
}
