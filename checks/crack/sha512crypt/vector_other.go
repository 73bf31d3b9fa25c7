//go:build !amd64

package sha512crypt

import "hostaudit/checks/crack/cpu"

func choose(cpu.Features) (run kernel, fewest int) { return nil, 0 }
