//go:build !amd64

package yescrypt

// hasKernel reports whether there are kernels for any machine of this kind.
const hasKernel = false

func (c *chunk) mixKernel(rows, rows, rows, *[Lanes]block, bool) bool { return false }

func (c *chunk) salsaKernel(rows, rows, rows, rows, *[Lanes]block) bool { return false }
