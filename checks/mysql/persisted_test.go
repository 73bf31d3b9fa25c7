package mysql

import (
	"net/netip"
	"testing"
)

func FuzzPersisted(f *testing.F) {
	f.Add([]byte(auto("mysql_static_variables", "bind_address", "::1")))
	f.Add([]byte(`{"Version":1,"mysql_server":{"mysql_server_static_options":{"a":{"Value":"1","Metadata":{"Timestamp":1529002441902220,"User":"r","Host":"l"}}}}}`))
	f.Add([]byte(`{"Version":3}`))
	f.Add([]byte(`{"Version":2,"x":[]} `))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, problem := parsePersisted("/f", data)
		if problem != "" && list != nil {
			t.Fatalf("variables %v beside the problem %q", list, problem)
		}
		for _, o := range list {
			if o.File != "/f" || !o.HasValue || o.Group != "mysqld" {
				t.Fatalf("variable %+v", o)
			}
		}
		if again, other := parsePersisted("/f", data); other != problem || len(again) != len(list) {
			t.Fatalf("read again: %d variables, %q, at first %d, %q", len(again), other, len(list), problem)
		}
	})
}

func FuzzInetAton(f *testing.F) {
	for _, seed := range []string{"127.1", "0x7f000001", "1.2.3.4", "010.1", "1.2.3.4.5", "256.1", "4294967296", "1_0", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := inetAton(s)
		if ok && !a.Is4() {
			t.Fatalf("%q is %v", s, a)
		}
		if plain, err := netip.ParseAddr(s); err == nil && plain.Is4() && (!ok || a != plain) {
			t.Fatalf("%q is %v, %v, plainly %v", s, a, ok, plain)
		}
	})
}

func TestInetAton(t *testing.T) {
	for value, want := range map[string]string{
		"127.1": "127.0.0.1", "0": "0.0.0.0", "0x7f000001": "127.0.0.1", "2130706433": "127.0.0.1", "10.1.2": "10.1.0.2", "010.0.0.1": "8.0.0.1",
		"1.2.3.4": "1.2.3.4", "256.1": "", "1.2.3.256": "", "4294967296": "", "1.2.3.4.5": "", "1..2": "", "a": "", "0b1": "", "0o7": "", "1_0": "", "+1": "", "1.16777216": "",
	} {
		a, ok := inetAton(value)
		if ok != (want != "") || ok && a.String() != want {
			t.Errorf("%q is %v (%v), want %q", value, a, ok, want)
		}
	}
}
