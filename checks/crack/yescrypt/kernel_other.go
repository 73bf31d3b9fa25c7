//go:build !amd64

package yescrypt

// hasKernel reports whether there is a kernel for any machine of this kind.
const hasKernel = false

// kernel is for other machines: there is none.
func (c *chunk) kernel(rows, rows, rows, *[Lanes]block, bool) bool { return false }
