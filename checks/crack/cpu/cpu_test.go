package cpu

import "testing"

func TestLower(t *testing.T) {
	all := Features{AVX2: true, AVX512: true, SHA: true}
	for _, tt := range []struct {
		from  Features
		level string
		want  string
	}{
		{all, "", "avx512,sha"},
		{all, "avx512", "avx512,sha"},
		{all, "avx2", "avx2,sha"},
		{all, "avx2,nosha", "avx2"},
		{all, "nosha", "avx512"},
		{all, "none", "none"},
		{all, "what", "avx512,sha"},
		{Features{AVX2: true}, "avx512", "avx2"},
		{Features{}, "avx512", "none"},
		{Features{SHA: true}, "avx2", "sha"},
	} {
		if got := tt.from.Lower(tt.level).String(); got != tt.want {
			t.Errorf("%v lowered to %q: %s, want %s", tt.from, tt.level, got, tt.want)
		}
	}
}

func TestDetect(t *testing.T) {
	f := Detect()
	t.Logf("this machine: %v", f)
	if f.AVX512 && !f.AVX2 {
		t.Error("AVX-512 without AVX2")
	}
	if got := f.Lower("none"); got != (Features{}) {
		t.Errorf("%v is left of nothing", got)
	}
}
