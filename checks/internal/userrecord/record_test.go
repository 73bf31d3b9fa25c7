package userrecord

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const machineID = "0123456789abcdef0123456789abcdef"

func TestParse(t *testing.T) {
	on := Machine{ID: machineID, Hostname: "web1"}
	text := `{
  "userName" : "alice",
  "realName" : "Alice A.",
  "disposition" : "regular",
  "uid" : 1000,
  "notAfterUSec" : "1800000000000000",
  "lastPasswordChangeUSec" : 1700000000000000,
  "passwordChangeMaxUSec" : 18446744073709551615,
  "aliases" : ["al"],
  "perMachine" : [
    { "matchHostname" : "web2", "locked" : true },
    { "matchMachineId" : ["` + machineID + `"], "shell" : "/bin/zsh" },
    { "matchNotHostname" : "web1", "uid" : 7 }
  ],
  "binding" : {
    "` + machineID + `" : { "uid" : 60100, "gid" : 60100 },
    "ffffffffffffffffffffffffffffffff" : { "uid" : 0 }
  },
  "privileged" : {
    "hashedPassword" : [ "h1",
      "h2" ],
    "fido2HmacSalt" : [ { "salt" : "x" } ]
  },
  "signature" : [ { "data" : "x", "key" : "y" } ],
  "secret" : { "password" : [ "clear" ] }
}
`
	want := &Record{
		Name: "alice", Line: 16, Aliases: []string{"al"}, RealName: "Alice A.", Shell: "/bin/zsh", Disposition: "regular",
		UID: ID{60100, true}, GID: ID{60100, true}, NotAfter: Time{1800000000000000, true}, LastChange: Time{1700000000000000, true},
		Hashes: []Hash{{Text: "h1", Line: 20}, {Text: "h2", Line: 21}}, Token: true, Signed: true, ClearText: true,
	}
	got, err := Parse([]byte(text), nil, on)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPrivileged: the second text's members replace those of the first.
func TestPrivileged(t *testing.T) {
	got, err := Parse([]byte(`{"userName":"a","uid":0.0,"privileged":{"hashedPassword":["old"]}}`), []byte("{\n\"privileged\":{\"hashedPassword\":\"new\"}}"), Machine{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Record{Name: "a", Line: 1, UID: ID{0, true}, Hashes: []Hash{{Text: "new", Line: 2, Second: true}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	const secret = "$6$secret"
	tests := []struct{ name, text, privileged, want string }{
		{"nothing", "", "", "after line 1"},
		{"cut-off", "{\n\"userName\":\"a\",\n\"privileged\":{\"hashedPassword\":[\"" + secret + "\"", "", "after line 3"},
		{"array", "[]", "", "no object"},
		{"trailing", `{"userName":"a"} x`, "", "more than one value"},
		{"no-name", `{"uid":1}`, "", "no user name"},
		{"twice", `{"userName":"a","uid":1,"uid":0}`, "", "line 1: a name stands twice"},
		{"uid-text", `{"userName":"a","uid":"0"}`, "", "uid"},
		{"uid-negative", `{"userName":"a","uid":-1}`, "", "uid"},
		{"uid-half", `{"userName":"a","uid":0.5}`, "", "uid"},
		{"uid-large", `{"userName":"a","uid":4294967295}`, "", "uid"},
		{"uid-16-bit", `{"userName":"a","uid":65535}`, "", "uid"},
		{"locked-word", `{"userName":"a","locked":"yes"}`, "", "locked"},
		{"disposition", `{"userName":"a","disposition":"robot"}`, "", "line 1: disposition: not understood (an unknown word)"},
		{"hash-number", `{"userName":"a","privileged":{"hashedPassword":[1]}}`, "", "hashedPassword"},
		{"hash-null", `{"userName":"a","privileged":{"hashedPassword":[null]}}`, "", "hashedPassword"},
		{"privileged-list", `{"userName":"a","privileged":["` + secret + `"]}`, "", "privileged"},
		{"privileged-broken", `{"userName":"a"}`, `{"` + secret, "privileged part"},
		{"not-utf8", "{\"userName\":\"\xff\"}", "", "not UTF-8"},
		{"machine-not-known", `{"userName":"a","perMachine":[{"matchMachineId":"x","locked":true}]}`, "", "not known"},
		{"binding-not-known", `{"userName":"a","binding":{"x":{"uid":1},"y":{"uid":2}}}`, "", "not known"},
		{"deep", `{"userName":"a","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", "", "nested too deeply"},
		{"large", `{"userName":"a","x":"` + strings.Repeat("x", maxBytes) + `"}`, "", "too large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var privileged []byte
			if tt.privileged != "" {
				privileged = []byte(tt.privileged)
			}
			_, err := Parse([]byte(tt.text), privileged, Machine{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes the text: %v", err)
			}
		})
	}
	if _, err := Parse([]byte(`{"userName":"a","uid":-1}`), nil, Machine{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}

// TestOneBinding: of an image, whose machine has no ID yet, the only binding counts.
func TestOneBinding(t *testing.T) {
	got, err := Parse([]byte(`{"userName":"a","binding":{"x":{"uid":5}}}`), nil, Machine{})
	if err != nil || got.UID != (ID{5, true}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"userName":"a","uid":0,"privileged":{"hashedPassword":["x","y"]}}`), []byte(`{"privileged":{}}`))
	f.Add([]byte(`{"userName":"a","perMachine":[{"matchHostname":"h","locked":true}],"binding":{"m":{"uid":1e3}}}`), []byte(nil))
	f.Add([]byte("{\"groupName\":\"g\",\"secret\":{\"password\":\"x\"}}\n"), []byte("{"))
	f.Fuzz(func(t *testing.T, data, privileged []byte) {
		r, err := Parse(data, privileged, Machine{ID: "m", Hostname: "h"})
		if (r == nil) == (err == nil) {
			t.Fatalf("record %v with error %v", r, err)
		}
		if err != nil {
			return
		}
		if r.Name == "" {
			t.Fatal("a record without a name")
		}
		first, second := strings.Count(string(data), "\n")+1, strings.Count(string(privileged), "\n")+1
		for _, h := range r.Hashes {
			if last := map[bool]int{false: first, true: second}[h.Second]; h.Line < 1 || h.Line > last {
				t.Fatalf("line %d of %d", h.Line, last)
			}
		}
		if again, err := Parse(data, privileged, Machine{ID: "m", Hostname: "h"}); err != nil || !cmp.Equal(r, again) {
			t.Fatal("read twice, two records")
		}
	})
}
