//go:build !amd64

package sha256crypt

import "hostaudit/checks/crack/cpu"

// kernels: there are none for this processor.
func kernels(cpu.Features) []kernel { return nil }
