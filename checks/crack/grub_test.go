package crack

import (
	"context"
	"strings"
	"testing"
	"time"
)

// Hashes made with PBKDF2 of Python's hashlib, as grub-mkpasswd-pbkdf2 writes them.
const (
	grubWeak  = "grub.pbkdf2.sha512.10.0A0B0C0D.C6F56789EF9FF7C1847C98E213F6E86B1B0EA49D19CD6612C8EEEB5945A11C33796D42BD3DEA59D69CFBF4D95D07722D2F139CE0B9EB24359CE395FEF8C459BA" // password1
	grubLong  = grubWeak + "B2C32C36232381F666993FB18DC50C626207875E5F4BA84D7ED8A9CD3E9EE085BD3BE7113D66AA5763BAEC4E1925F70736DC0D76E858B6D29E3F12F37369A462"                     // two blocks
	grubShort = "grub.pbkdf2.sha512.10.0A0B0C0D.C6F56789EF9FF7C1847C98E213F6E86B1B0EA49D"
	grubEmpty = "grub.pbkdf2.sha512.10.0A0B0C0D.875495FF80FB534B84F3DD418FB025FEF4C77357DFDF1857DA9021C371AFD05E2B89A31821F79C11E850F97EB0C3E5976E347597ABAB85799D67DAEE3369C2C3"
	grubName  = "grub.pbkdf2.sha512.10.0A0B0C0D.64BA05AA8B7A6CFBB8FDD345657EAEF5AB237F35D6AA664E352DE53F8B5EA62DF87D25407371BB35A9CB0664C1F1A49DD37B9EDB3D7DD9FEB277749F47E76EF3" // root123
	grubGood  = "grub.pbkdf2.sha512.10.0A0B0C0D.5050A2066877A7F9BFA137B734B0CF665A6FA4FD09FEDF9F66DC06F0E7609A9BA9707B090F2DB9A37282D5C1E2F28F52ED91329FD06E1CAF05FFDAD454DAA173"
)

func TestGRUB(t *testing.T) {
	tests := []struct {
		name, text string
		want       State
	}{
		{"listed", grubWeak, Weak},
		{"lower-case", strings.ToLower(grubWeak), Weak},
		{"octal", strings.Replace(grubWeak, ".10.", ".012.", 1), Weak},
		{"hexadecimal", strings.Replace(grubWeak, ".10.", ".0xa.", 1), Weak},
		{"two-blocks", grubLong, Weak},
		{"part-of-a-block", grubShort, Weak},
		{"derived", grubName, Weak},
		{"empty", grubEmpty, Weak},
		{"sound", grubGood, Survived},
		{"absurd", strings.Replace(grubWeak, ".10.", ".2000000000.", 1), TooCostly},
		{"no-rounds", strings.Replace(grubWeak, ".10.", ".0.", 1), NotTestable},
		{"rounds-too-large", strings.Replace(grubWeak, ".10.", ".4294967296.", 1), NotTestable},
		{"binary-rounds", strings.Replace(grubWeak, ".10.", ".0b11.", 1), NotTestable},
		{"underscores", strings.Replace(grubWeak, ".10.", ".1_0.", 1), NotTestable},
		{"odd-digits", grubWeak + "A", NotTestable},
		{"no-hash", "grub.pbkdf2.sha512.10.0A0B0C0D.", NotTestable},
		{"other-scheme", strings.Replace(grubWeak, "sha512", "sha256", 1), NotTestable},
		{"more-parts", grubWeak + ".AA", NotTestable},
		{"crypt", "$6$saltsalt$x", NotTestable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := IdentifyGRUB(tt.text)
			if (f.Class == Hash) == (tt.want == NotTestable) || f.Class == Malformed && f.Why == "" {
				t.Fatalf("class %v (%s)", f.Class, f.Why)
			}
			jobs := []Job{{Form: f, Names: Names{Login: "root", Now: time.Unix(0, 0)}}}
			v := Run(context.Background(), jobs, Options{Words: [][]byte{[]byte("123456"), []byte("password1")}, CPUs: 1})[0]
			if v.State != tt.want || v.Empty != (tt.name == "empty") {
				t.Errorf("got %v %v, want %v", v.State, v.Empty, tt.want)
			}
		})
	}
}

// TestGRUBLedger: what was tried on a hash of GRUB is not tried again, and a run for
// crypt(3) leaves it alone.
func TestGRUBLedger(t *testing.T) {
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	ledger := NewLedger(now)
	var blob []byte
	ledger.KeepBy(func(b []byte) error { blob = b; return nil })
	words := [][]byte{[]byte("123456"), []byte("letmein")}
	jobs := []Job{{Form: IdentifyGRUB(grubGood)}}
	first := Run(context.Background(), jobs, Options{Words: words, CPUs: 1, Ledger: ledger})[0]
	if first.State != Survived || first.Tried != 3 {
		t.Fatalf("first run: %+v", first)
	}
	ledger, err := OpenLedger(blob, now)
	if err != nil {
		t.Fatal(err)
	}
	Run(context.Background(), []Job{{Form: Identify("$1$salt$kE9ognc0TODG6GInX.9au/")}}, Options{Words: words, CPUs: 1, Ledger: ledger})
	second := Run(context.Background(), jobs, Options{Words: append(words, []byte("password1")), CPUs: 1, Ledger: ledger})[0]
	if second.State != Survived || second.Tried != 1 || second.Known != 3 {
		t.Errorf("second run: %+v", second)
	}
}

func FuzzIdentifyGRUB(f *testing.F) {
	f.Add(grubWeak)
	f.Add("grub.pbkdf2.sha512.0x10.AA.BB")
	f.Fuzz(func(t *testing.T, text string) {
		form := IdentifyGRUB(text)
		switch form.Class {
		case Malformed:
			if form.Why == "" || form.Hash() != "" {
				t.Fatalf("malformed without a reason, or with a hash")
			}
		case Hash:
			if form.Hash() != text || form.Estimate() < grubRound {
				t.Fatalf("cost %d", form.Cost.Rounds)
			}
			if form.Estimate() > 10_000*grubRound {
				return
			}
			if _, err := Check(form, []byte("x")); err != nil {
				t.Fatalf("a hash that cannot be tried: %v", err)
			}
		default:
			t.Fatalf("class %v", form.Class)
		}
	})
}

func BenchmarkGRUB(b *testing.B) {
	form := IdentifyGRUB(strings.Replace(grubGood, ".10.", ".10000.", 1)) // what grub-mkpasswd-pbkdf2 writes
	for b.Loop() {
		if _, err := Check(form, []byte("x")); err != nil {
			b.Fatal(err)
		}
	}
}
