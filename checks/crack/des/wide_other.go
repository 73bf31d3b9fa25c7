//go:build !amd64

package des

import "hostaudit/checks/crack/cpu"

func kernelOf(cpu.Features) kernel { return kernel{} }
