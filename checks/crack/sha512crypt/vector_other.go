//go:build !amd64

package sha512crypt

import "hostaudit/checks/crack/cpu"

func lanesFor(cpu.Features) int { return 0 }

func (v *vector) run(*byte, int) { panic("sha512crypt: no kernel") }
