package dropbear

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseShell(t *testing.T) {
	const text = `# DROPBEAR_PORT=1
DROPBEAR_PORT=22
export A='x y' B="a\"b\$c\d" # C=1
  D=a"b c"'d'\ e; E=
F=$(hostname) G="$HOME/x" H=${X:-y}
LINES="one
two"
I=~/x
J=a#b
CONT=\
next
export ONLY
K=1 command
if true; then L=1; fi
M=a|b
N=${X:=1}
P Q=1
. /etc/other
2X=1
"R"=1
S=1;T=2
U='unclosed`
	want := []Assignment{
		{"DROPBEAR_PORT", "22", 2, true},
		{"A", "x y", 3, true},
		{"B", `a"b$c\d`, 3, true},
		{"D", "ab cd e", 4, true},
		{"E", "", 4, true},
		{"F", "", 5, false},
		{"G", "", 5, false},
		{"H", "", 5, false},
		{"LINES", "one\ntwo", 6, true},
		{"I", "", 8, false},
		{"J", "a#b", 9, true},
		{"CONT", "next", 10, true},
		{"S", "1", 21, true},
		{"T", "2", 21, true},
	}
	got, others := ParseShell([]byte(text))
	if diff := cmp.Diff(want, got) + cmp.Diff([]int{13, 14, 14, 14, 15, 16, 17, 18, 19, 20, 22}, others); diff != "" {
		t.Error(diff)
	}
}

// What init scripts of bullseye name, in short.
const bullseye = `test -n "$DROPBEAR_RECEIVE_WINDOW" || DROPBEAR_RECEIVE_WINDOW="65536"
[ ! "$DROPBEAR_BANNER" ] || test "$NO_START" = "0" || cancel`

func TestParseDebianDefault(t *testing.T) {
	words := func(line int, texts ...string) (words []Word) {
		for _, text := range texts {
			words = append(words, Word{text, line})
		}
		return words
	}
	join := func(all ...[]Word) (words []Word) {
		for _, some := range all {
			words = append(words, some...)
		}
		return words
	}
	plain := join(words(0, "-p", "22"), words(0, "-W", "65536"))
	tests := []struct {
		name, data, script string
		want               Service
	}{
		{"empty", "", "", Service{true, plain, Outcome{}}},
		{"commented", "#DROPBEAR_PORT=2222\n", "", Service{true, plain, Outcome{}}},
		{
			"all", "DROPBEAR_PORT=127.0.0.1:2222\nDROPBEAR_RECEIVE_WINDOW=1000\nDROPBEAR_EXTRA_ARGS=\"-w -s\t-j\"\n", "",
			Service{true, join(words(1, "-p", "127.0.0.1:2222"), words(2, "-W", "1000"), words(3, "-w", "-s", "-j")), Outcome{}},
		},
		{
			"last-counts", "DROPBEAR_EXTRA_ARGS=-w\nDROPBEAR_EXTRA_ARGS=-s\n", "",
			Service{true, join(plain, words(2, "-s")), Outcome{}},
		},
		{
			"expansion", "DROPBEAR_EXTRA_ARGS=-w\nDROPBEAR_EXTRA_ARGS=\"$DROPBEAR_EXTRA_ARGS -s\"\n", "",
			Service{true, plain, Outcome{Unsure, 2, "a shell expansion that is not evaluated"}},
		},
		{"other-expansion", "X=$(date)\n", "", Service{true, plain, Outcome{}}},
		{"statement", "\n[ -f /x ] && DROPBEAR_PORT=23\n", "", Service{true, plain, Outcome{Unsure, 2, "a shell statement that is not evaluated"}}},
		{"ifs", "IFS=,\n", "", Service{true, plain, Outcome{Unsure, 1, "a variable that changes what the script does"}}},
		{"pattern", "DROPBEAR_EXTRA_ARGS='-r /k*'\n", "", Service{true, join(plain, words(1, "-r", "/k*")), Outcome{Unsure, 1, "a shell pattern that is not evaluated"}}},
		{"no-start-now", "NO_START=1\nDROPBEAR_BANNER=/etc/issue\n", "", Service{true, plain, Outcome{}}},
		{
			"bullseye", "NO_START=1\nDROPBEAR_BANNER=/etc/issue.net\nDROPBEAR_RECEIVE_WINDOW=\n", bullseye,
			Service{false, join(words(0, "-p", "22"), words(3, "-W", "65536"), words(2, "-b", "/etc/issue.net")), Outcome{}},
		},
		{"bullseye-starts", "NO_START=0\n", bullseye, Service{true, plain, Outcome{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ParseDebianDefault([]byte(test.data), []byte(test.script))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestServiceOptions(t *testing.T) {
	s := ParseDebianDefault([]byte("\nDROPBEAR_PORT=2222\nDROPBEAR_EXTRA_ARGS=\"-p 10.0.0.1:23 -w\"\n"), nil)
	got, out := s.Options(Version{2022, 83})
	second := at("10.0.0.1", 23)
	second.Line = 3
	want := Options{Listens: []Listen{{Port: 2222, Line: 2}, second}, NoRoot: true}
	if diff := cmp.Diff(want, got, compareAddrs) + cmp.Diff(Outcome{}, out); diff != "" {
		t.Error(diff)
	}
	tests := []struct {
		name, data string
		want       Outcome
	}{
		{"option", "\nDROPBEAR_EXTRA_ARGS=-y\n", Outcome{Refused, 2, "an option that does not exist"}},
		{"carriage-return", "DROPBEAR_PORT=22\r\n", Outcome{Refused, 1, "no address that can be listened on"}},
		{"empty-port", "\n\nDROPBEAR_PORT=\n", Outcome{Refused, 3, "an empty port"}},
		{"not-evaluated", "DROPBEAR_EXTRA_ARGS=`x`\nDROPBEAR_PORT=\n", Outcome{Unsure, 1, "a shell expansion that is not evaluated"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, out := ParseDebianDefault([]byte(test.data), nil).Options(Version{2022, 83})
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseConfD(t *testing.T) {
	got := ParseConfD([]byte("# see dropbear -h\nDROPBEAR_OPTS=\"-w -p 127.0.0.1:22\"\n"))
	want := Service{true, []Word{{"-w", 2}, {"-p", 2}, {"127.0.0.1:22", 2}}, Outcome{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if o, _ := ParseConfD(nil).Options(Version{}); !cmp.Equal(o.Listens, []Listen{all(22)}, compareAddrs) {
		t.Error("a file without options:", o.Listens)
	}
}
