package password

import (
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
)

// realTrees are Debian 11 to 14: Linux-PAM 1.4 to 1.7 and libxcrypt 4.4 to 4.5.
func realTrees() []string { return []string{"bookworm", "units-bullseye", "units-trixie", "units-sid"} }

// caller is the account that calls su. It is not root, whom su asks for nothing.
const (
	callerLine = "caller:x:4242:4242::/:/bin/sh\n"
	callerUID  = 4242
)

// suRuns starts su for every line "NAME INPUT BRIEF OPTIONS" of a file, many at a time, each
// with INPUT as its standard input, and prints what each said; names, inputs and what is
// printed are hexadecimal. Root becomes the caller before su starts. One that takes 20 s, or
// a second where BRIEF is 1, is killed.
const suRuns = `use POSIX (); my (%run, %until); my $n = 0;
sub reap { while ((my $pid = waitpid -1, POSIX::WNOHANG) > 0) { delete $run{$pid}; delete $until{$pid} }
	for (keys %until) { if (time > $until{$_}) { open my $f, ">>", "/attempts/$run{$_}"; print $f "\nbusy\n"; kill KILL => -$_; $until{$_} += 60 } }
	select undef, undef, undef, 0.01 }
open my $list, "<", "/attempts/list" or die; my @list = map { chomp; [split / /, $_, -1] } <$list>;
for (@list) { my ($name, $input, $short, @more) = @$_; $_ = pack "H*", $_ for $name, $input;
	reap while keys %run >= 16;
	pipe my $r, my $w or die; syswrite $w, $input; close $w;
	my $pid = fork // die;
	if (!$pid) { POSIX::setsid; open STDIN, "<&", $r; open STDOUT, ">", "/attempts/$n"; open STDERR, ">&", \*STDOUT;
		$( = $) = "CALLER CALLER"; $< = $> = CALLER; $> == CALLER && $< == CALLER or die;
		exec "/bin/su", @more, "-c", 'echo in as $(id -u)', "--", $name; die $! }
	$run{$pid} = $n++; $until{$pid} = time + ($short ? 1 : 20) }
reap while keys %run;
for (0 .. $#list) { open my $f, "<", "/attempts/$_"; local $/; print unpack("H*", <$f> // ""), "\n" }`

// attempt is one call of su.
type attempt struct {
	name, input string
	brief       bool   // one second has to do
	options     string // of su, without quotes
}

// login makes the attempts and returns how each ended: "in as UID", "no shell" where the
// password was right and the shell ends at once, "busy" where it was killed, or "refused".
// said is what su wrote, for messages.
func login(t testing.TB, h *hosttest.RealHost, attempts []attempt) (outcomes, said []string) {
	t.Helper()
	var list strings.Builder
	for _, a := range attempts {
		brief := 0
		if a.brief {
			brief = 1
		}
		fmt.Fprintln(&list, strings.TrimSpace(fmt.Sprintf("%x %x %d %s", a.name, a.input, brief, a.options)))
	}
	h.Replace("/attempts", map[string]string{"list": list.String()})
	out := h.MustRun("/usr/bin/perl", "-e", strings.ReplaceAll(suRuns, "CALLER", fmt.Sprint(callerUID)))
	for line := range strings.Lines(out) {
		text, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, string(text))
		outcomes = append(outcomes, outcome(string(text)))
	}
	if len(outcomes) != len(attempts) {
		t.Fatalf("%d attempts, %d outcomes", len(attempts), len(outcomes))
	}
	return outcomes, said
}

func outcome(said string) string {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		_, in, found := strings.Cut(line, "in as ") // a prompt may stand before it
		switch {
		case found:
			return "in as " + in
		case strings.HasSuffix(line, "This account is currently not available."), strings.HasPrefix(line, "Password: su: failed to execute "),
			strings.HasPrefix(line, "Password: su: using restricted shell "):
			return "no shell"
		case line == "busy":
			return "busy"
		}
	}
	return "refused"
}

// eachLoginTree runs a test on a host of each tree, with Debian's stack of pam_unix but for
// the seconds that pam_unix and su wait before they refuse.
func eachLoginTree(t *testing.T, test func(t *testing.T, h *hosttest.RealHost, tree string)) {
	hosttest.EachTree(t, "/bin/su", realTrees(), func(t *testing.T, h *hosttest.RealHost) {
		h.WriteFile("/etc/login.defs", "FAIL_DELAY 0\n", 0o644)
		for name, content := range commonAuth("nullok") {
			h.WriteFile(name, content, 0o644)
		}
		test(t, h, path.Base(t.Name()))
	})
}

// asksHelper reports a tree with Linux-PAM 1.7. It leaves shadow to the program unix_chkpwd:
// before it asks for a password it has the empty one tried, and with nullok a hash of
// nothing opens the account like an empty field, without nullok it refuses both. Its aging
// is another one too.
func asksHelper(tree string) bool { return tree == "units-trixie" || tree == "units-sid" }

// TestRealHarness: what the tests below rest on. The caller is asked for a password, root's
// own account is not open, and another account's name is another account.
func TestRealHarness(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, _ string) {
		h.WriteFile("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"+callerLine+"alice:x:1000:1000::/:/bin/sh\nbob:x:1001:1000::/:/usr/sbin/nologin\n", 0o644)
		h.WriteFile("/etc/shadow", "root:*:20000:0:99999:7:::\nalice:"+weakHash+":20000:0:99999:7:::\nbob:"+weakHash+":20000:0:99999:7:::\n", 0o640)
		got, said := login(t, h, []attempt{
			{name: "root", input: "password1\n"},
			{name: "root", input: "\n"},
			{name: "alice", input: "password1\n"},
			{name: "alice", input: "password2\n"},
			{name: "bob", input: "password1\n"},
			{name: "bob", input: "\n"},
			{name: "carol", input: "password1\n"},
		})
		want := []string{"refused", "refused", "in as 1000", "refused", "no shell", "refused", "refused"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got\n%s%q", diff, said)
		}
	})
}
