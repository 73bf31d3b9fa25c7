// Package cpu tells which of the machine's vector instructions the password kernels may
// use. Package golang.org/x/sys/cpu asks the processor, and the operating system
// whether it keeps the registers (XGETBV).
package cpu

import (
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// Features are the groups of instructions that kernels are written for. The zero value
// is none: plain Go.
type Features struct {
	// AVX2 is AVX2 with BMI1 and BMI2.
	AVX2 bool
	// AVX512 is AVX2 and AVX-512 F, BW, DQ and VL.
	AVX512 bool
	// SHA is SHA-NI with SSSE3 and SSE4.1.
	SHA bool
}

// Detect returns what this machine has.
func Detect() Features {
	x := cpuid.CPU
	return Features{
		AVX2: x.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2),
		AVX512: x.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2,
			cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL),
		SHA: x.Supports(cpuid.SHA, cpuid.SSSE3, cpuid.SSE4),
	}
}

// Lower takes features away, which is for tests. The level is a list of words with commas
// between: "none", "avx2" or "avx512" is the most there may be, "nosha" takes SHA-NI.
// Nothing adds what the machine lacks, and words that are not known count as nothing.
func (f Features) Lower(level string) Features {
	for word := range strings.SplitSeq(level, ",") {
		switch word {
		case "none":
			f = Features{}
		case "avx2":
			f.AVX512 = false
		case "nosha":
			f.SHA = false
		}
	}
	return f
}

// String names the features, the best first.
func (f Features) String() string {
	var words []string
	switch {
	case f.AVX512:
		words = append(words, "avx512")
	case f.AVX2:
		words = append(words, "avx2")
	}
	if f.SHA {
		words = append(words, "sha")
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ",")
}
