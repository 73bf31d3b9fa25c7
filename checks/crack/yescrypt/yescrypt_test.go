package yescrypt

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Published values: RFC 7914, section 12, of which a digest here is the first
// half; and those that come with yescrypt.
func TestVectors(t *testing.T) {
	for _, tt := range []struct {
		name, word, salt string
		params           Params
		want             string
	}{
		{"rfc7914-1", "", "", Params{LogN: 4, R: 1, P: 1}, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"},
		{"rfc7914-2", "password", "NaCl", Params{LogN: 10, R: 8, P: 16}, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"},
		{"rfc7914-3", "pleaseletmein", "SodiumChloride", Params{LogN: 14, R: 8, P: 1}, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"},
		{"yescrypt-1", "p", "s", Params{Flags: RW, LogN: 4, R: 8, P: 1}, "c8c7ff1122b0b291c3f2608948782cd689cc45579017aaa5ff8baa74a632ec99"},
		{"yescrypt-2", "", "", Params{Flags: RW, LogN: 2, R: 1, P: 1}, "0cd5af76eb241df8119a9a122ae36920bcc7f414b9c0d58f45008060dade46b0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			levels(t, func(t *testing.T, h *Hasher) {
				got, err := h.Yescrypt([]byte(tt.word), []byte(tt.salt), tt.params)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, hex.EncodeToString(got[:])); diff != "" {
					t.Error(diff)
				}
				for at := range Lanes {
					var tries [Lanes]Try
					tries[at] = Try{Word: []byte(tt.word), Salt: []byte(tt.salt)}
					tries[1-at] = Try{Word: []byte("another"), Salt: []byte("of its own")}
					if err := h.Hash(Yescrypt, tries[:], tt.params); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(tt.want, hex.EncodeToString(tries[at].Digest[:])); diff != "" {
						t.Errorf("as number %d of two: %s", at, diff)
					}
				}
			})
		})
	}
}

// hashes are crypt(3)'s of libxcrypt 4.4.33 for "password1", for machines
// without it: every mode, with parallelism, additional time and a first pass.
const hashes = `
$7$4/..../....abcd$eVFr/.YDjVGC6Y0wY29S6v9FpQ0/7iVz.UxSYoiK5t8
$7$36..../0...a$nyUFSu4LarE5x7J6Bk28k491yEat8IoUzZKH2CQHnC7
$7$2/..../....$J8eX0L8d.51cMUb.ufFdSIDYWvr5XbIYzWw44Wi.T//
$y$.75$abcd$zEUezcUoztTJ4z5/nomD1y57e76sN/czzNZITGcAyN0
$y$/75$abcd$RKlIH581iVfYKq/KuuSwLUCz/6q0gV5L2vSjRxxN9Z2
$y$/75/.$abcd$LOPQo/BfMLjmYvMskAcEl/l.q0cJeNbZQcAEWkaBnF0
$y$/75//$abcd$M122SFI1FaNVSflU81eovai/PCbhTRjbx/rfPrTjIp5
$y$/75/2$abcd$w2b/cdjzO0CSYtUUecyzetlhbCtJNpLEsE/9uEUhrF4
$y$/75..$abcd$TQw83T9nsYMj8ZkMg97qHzAdu9gbsqZK.ET4w.lFf06
$y$.75.2$abcd$UgrFgEf13KixLqebD9NxDp1vt.LEtdBeA1vEOn7uxZ5
$y$j75$abcd$UwXkpeHdTrNo81uzkObZa.2aam1qxWv/M.fMheztRM8
$y$j/.$$sOwhkoOWThD3KmhQY/l9OnS9h097YFV4/eWNuDNLjx3
$y$j5/./$abcd$ZNvPoxYiEkzgrfU6FwWxEkerWknexHpZ387.710jBN/
$y$j5/.0$abcd$7vNDsrujSskCusfjTtNdiDSuFjGUxsXiureAtIXDY93
$y$j5//.$$MIPM9ZyuK8N2yrFRz8rnBrphufWdY4n9Q5YEGj6mlMA
$y$j85/.$abcd$1IgLw2WE.ERPNM0s4FBjVZL99nVkO10zPuhd.UXo.Y1
$y$j75/.$abcd$QdnKdXVj9drXnft7nMHML7bqllPjYLYwor71bWxLD90
$y$j75//$abcd$ulSRA/XZ.3mCs.70tkYx.Z4K6ETRv62Vt/0UiiyxaID
$y$j75/1$abcd$kWmklocqugvOc9Pse1JHVVLhnXN.xyItpd1vdJCmKl7
$y$j5../$abcd$8aVtI3mv4sc5eHTp/h.5nNrsg6ZSlzE1pBVhmEnAVAC
$y$j5..0$abcd$zTGqMbI.8IXkXdbnZuemRUhEL0X/9TRSlwPrvm.G8O9
$y$.75..$abcd$O6hX8Ki6QAR2vAYD2VdJUQAvwa/2eTd/cyoA2ap0sl1
$y$/75..$abcd$TQw83T9nsYMj8ZkMg97qHzAdu9gbsqZK.ET4w.lFf06
$y$j750.2$abcd$CS3h/7.HQoVvPSHbhmRQqeHBs8qRm8Q0/Z9qxdoY0c3
$gy$/4/001$abcdefgh$oJyOIN19WWrRHQ5FJv9Uud2OKm6Fh4.pkU0s9CS/VQB
$y$j9T.1$F5Jx5fExrKuPp53xLKQ..1$LqFhKWNa2oIqdEHDk2fdveIINzDgcqd4K/6xb07MT64
$y$j9T$abcd$b4V4U85Six9bHgehiqn5UnqnG.fJTpxOvnXxZ7WLkC/
$gy$j75$abcd$n8piagtKzfev6no/ddSHSoElMF6h7iI2O32tn9UORA1
$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$cC1OczI9M0HX8CGlhC9Kt8TSCMz46XjPIh5LvU3av57
$gy$.75$$6yWEs53403S/dnZcdTIduDIDq.5Uef5oR3IVDF6ptnB
`

func TestHashes(t *testing.T) {
	levels(t, func(t *testing.T, h *Hasher) {
		for want := range strings.FieldsSeq(hashes) {
			if diff := cmp.Diff(want, hashOf(t, h, "password1", want)); diff != "" {
				t.Error(diff)
			}
			if s, err := Parse(want); err != nil || dear(s.Params) {
				continue // what depends on the word is the same at every cost
			}
			if got := hashOf(t, h, "password2", want); got == want {
				t.Errorf("%s: the word does not matter", want)
			}
		}
		if want := "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D"; hashOf(t, h, "pleaseletmein", want) != want {
			t.Errorf("%s: not found again", want)
		}
	})
}

func TestParse(t *testing.T) {
	type result struct {
		Params     Params
		Salt, Text string
	}
	for _, tt := range []struct {
		name, setting string
		want          *result // nil: refused
	}{
		{"default", "$y$j9T$abcd$x", &result{Params{Flags: RW, LogN: 12, R: 32, P: 1}, "\xe6\x89\xa6", "$y$j9T$abcd"}},
		{"all", "$gy$j750.0$abcd", &result{Params{Flags: RW, LogN: 10, R: 8, P: 2, T: 3}, "\xe6\x89\xa6", "$gy$j750.0$abcd"}},
		{"classic", "$y$.75$$", &result{Params{LogN: 10, R: 8, P: 1}, "", "$y$.75$"}},
		{"no-salt", "$y$/75$", &result{Params{Flags: WORM, LogN: 10, R: 8, P: 1}, "", "$y$/75$"}},
		{"scrypt", "$7$C6..../....a$b$c", &result{Params{LogN: 14, R: 8, P: 1}, "a$b", "$7$C6..../....a$b"}},
		{"longest-salt", "$y$j75$" + strings.Repeat("z", 84) + "z/", &result{
			Params{Flags: RW, LogN: 10, R: 8, P: 1},
			strings.Repeat("\xff", 63) + "\x7f", "$y$j75$" + strings.Repeat("z", 84) + "z/",
		}},
		{"longer-salt", "$y$j75$" + strings.Repeat("z", 88), nil},
		{"spare-bits", "$y$j75$abcdzz$", nil},
		{"half-a-byte", "$y$j75$abcdz$", nil},
		{"two-dollars", "$y$j75$abcd$$x", nil},
		{"no-dollar", "$y$j75", nil},
		{"cut", "$y$j7", nil},
		{"other-flavour", "$y$i75$abcd$", nil},
		{"upgraded", "$y$j753.$abcd$", nil},
		{"rom", "$y$j757.$abcd$", nil},
		{"classic-with-time", "$y$.75/.$abcd$", nil},
		{"too-parallel", "$y$j/..0$abcd$", nil},
		{"two-rows", "$y$j.5$abcd$", nil},
		{"scrypt-zero", "$7$4........../abcd$", nil},
		{"scrypt-huge", "$7$V6..../....abcd$", nil},
		{"scrypt-other-characters", "$7$C6..../....a-b$", nil},
		{"scrypt-other-characters-behind", "$7$C6..../....a$b-", nil},
		{"scrypt-not-checked", "$7$C6..../....a$b$-~$x", &result{Params{LogN: 14, R: 8, P: 1}, "a$b$-~", "$7$C6..../....a$b$-~"}},
		{"other-characters-behind", "$y$j9T$abcd$-~", &result{Params{Flags: RW, LogN: 12, R: 32, P: 1}, "\xe6\x89\xa6", "$y$j9T$abcd"}},
		{"blank", "$y$j75$abcd$ ", nil},
		{"eighth-bit", "$y$j75$abcd$\x80", nil},
		{"prefix", "$8$j75$abcd$", nil},
		{"empty", "", nil},
		{"longest", "$7$C6..../...." + strings.Repeat("a", 325), &result{
			Params{LogN: 14, R: 8, P: 1},
			strings.Repeat("a", 325), "$7$C6..../...." + strings.Repeat("a", 325),
		}},
		{"longer", "$7$C6..../...." + strings.Repeat("a", 326), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse(tt.setting)
			if (err == nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(*tt.want, result{s.Params, string(s.Salt), s.Text}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What Parse reads is what the setting says, and hashing it depends on nothing
// that was hashed before.
func FuzzParse(f *testing.F) {
	for s := range strings.FieldsSeq(hashes) {
		f.Add(s, "password1")
	}
	f.Add("$7$C6..../....SodiumChloride$", "pleaseletmein")
	f.Add("$y$j75", "")
	f.Add("$y$zzzzzzzzzzzzzzz$", "")
	var used Hasher
	f.Fuzz(func(t *testing.T, setting, word string) {
		s, err := Parse(setting)
		if err != nil {
			return
		}
		if !s.Params.Valid() || s.Params.Memory() <= 0 {
			t.Fatalf("parameters %+v", s.Params)
		}
		if !strings.HasPrefix(setting, s.Text) {
			t.Fatalf("text %q", s.Text)
		}
		if s.Method != Scrypt && !strings.HasSuffix(s.Text, "$"+string(AppendEncode(nil, s.Salt))) {
			t.Errorf("salt %x of %q", s.Salt, s.Text)
		}
		if again, err := Parse(s.Text + "$"); len(s.Text) < maxSetting && (err != nil || !cmp.Equal(again, s)) {
			t.Errorf("%q: %+v, %v, want %+v", s.Text+"$", again, err, s)
		}
		if dear(s.Params) {
			return
		}
		var fresh Hasher
		defer fresh.Release()
		first := hashOf(t, &fresh, word, setting)
		if second := hashOf(t, &used, word, first); second != first && len(first) <= maxSetting {
			t.Errorf("%q, then %q", first, second)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "abcd", "z", "zz", "z/", "zz1", "zzz", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := AppendDecode([]byte("x"), s)
		if !ok {
			if string(p) != "x" {
				t.Errorf("refused, and appended %q", p)
			}
			return
		}
		if got := string(AppendEncode(nil, p[1:])); got != s {
			t.Errorf("%q is decoded and encoded to %q", s, got)
		}
	})
}
