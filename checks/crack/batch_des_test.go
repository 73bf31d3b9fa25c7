package crack

import (
	"fmt"
	"testing"

	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/crack/des"
)

// TestDESLevels runs the DES schemes with hashes of many salts, of one salt and of one
// account, with each level of vectors: every hash but the last is of a word somewhere in the
// list, which fills batches and leaves a rest.
func TestDESLevels(t *testing.T) {
	var list []string
	for i := range 1100 {
		list = append(list, fmt.Sprintf("word %d with some length", i*i))
	}
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	c := des.New()
	hashed := func(setting string, i, other int) string {
		word := list[(i*97+other+1099)%len(list)]
		if i == 20 {
			word = "none of these"
		}
		hash, err := c.Crypt([]byte(word), fmt.Sprintf(setting, digits[i], digits[63-i]))
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	for _, level := range []string{"none", "avx2", "avx512"} {
		f := cpu.Detect().Lower(level)
		for name, setting := range map[string]string{
			"descrypt": "%c%c", "bigcrypt": "%c%c............", "bsdicrypt": "_/...a%c%cb",
		} {
			for _, accounts := range []int{1, 21} {
				t.Run(fmt.Sprintf("%s/%s/%d", level, name, accounts), func(t *testing.T) {
					if level == "avx2" && !f.AVX2 || level == "avx512" && !f.AVX512 {
						t.Skipf("this machine has %v: cannot run %s", f, level)
					}
					var jobs []Job
					for i := 21 - accounts; i < 21; i++ {
						jobs = append(jobs, Job{Form: Identify(hashed(setting, i, 0))})
					}
					if accounts > 1 { // two with a salt that there is already
						jobs = append(jobs, Job{Form: Identify(hashed(setting, 3, 1))}, Job{Form: Identify(hashed(setting, 4, 500))})
					}
					for i, v := range Run(t.Context(), jobs, Options{CPUs: 2, Words: words(list...), Level: level}) {
						want := Weak
						if i == accounts-1 {
							want = Survived
						}
						if v.State != want || v.Tried+v.Known > v.Total || want == Survived && v.Tried != v.Total {
							t.Errorf("job %d: %+v, want %v", i, v, want)
						}
					}
				})
			}
		}
	}
}
