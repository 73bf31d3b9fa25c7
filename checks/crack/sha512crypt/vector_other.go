//go:build !amd64

package sha512crypt

import "hostaudit/checks/crack/cpu"

func choose(cpu.Features) kernel { return kernel{} }
