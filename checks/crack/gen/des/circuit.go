package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"strconv"
)

// node is a value of a circuit: an input, a gate of up to three values, or an output, which
// is the last of its values added to a bit of the left half.
type node struct {
	kind  kind
	bit   int   // of an input: which of the 48; of an output: which of the left half
	in    []int // the nodes that it is made of
	table uint8 // of a gate: its value for the inputs abc, in bit a<<2|b<<1|c
	not   bool  // of an output of one value: its inverse is added
}

type kind int

const (
	input kind = iota
	gate
	output
)

// Truth tables of the gates of one input a or of two, whatever the others are.
const (
	tableNOT = 0x0f
	tableAND = 0xc0
	tableOR  = 0xfc
	tableXOR = 0x3c
)

var tables = map[token.Token]uint8{token.AND: tableAND, token.OR: tableOR, token.XOR: tableXOR}

// circuits reads the eight boxes from the Go file that has them, the one description there
// is of them. It knows the kinds of statements that these functions consist of.
func circuits(name string) (boxes [8][]node, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return boxes, err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(f.Name.Name[len("box"):])
		if err != nil || n < 1 || n > len(boxes) {
			return boxes, fmt.Errorf("function %s is no box", f.Name.Name)
		}
		names := map[string]int{}
		for _, s := range f.Body.List {
			v, name, err := statement(s, names)
			if err != nil {
				return boxes, fmt.Errorf("%s: %w", f.Name.Name, err)
			}
			if name != "" {
				names[name] = len(boxes[n-1])
			}
			boxes[n-1] = append(boxes[n-1], v)
		}
	}
	return boxes, nil
}

// statement reads one of
//
//	a := r[from[0]&31] ^ key[0]
//	x1 := a & b
//	x2 := ^x1
//	l[22] ^= x1
func statement(s ast.Stmt, names map[string]int) (node, string, error) {
	a, ok := s.(*ast.AssignStmt)
	if !ok || len(a.Lhs) != 1 {
		return node{}, "", fmt.Errorf("unknown statement %T", s)
	}
	if at, ok := a.Lhs[0].(*ast.IndexExpr); ok {
		bit, err := number(at)
		from, ok := a.Rhs[0].(*ast.Ident)
		if err != nil || !ok || a.Tok != token.XOR_ASSIGN {
			return node{}, "", fmt.Errorf("unknown output: %w", err)
		}
		return node{kind: output, bit: bit, in: []int{names[from.Name]}}, "", nil
	}
	name := a.Lhs[0].(*ast.Ident).Name
	if not, ok := a.Rhs[0].(*ast.UnaryExpr); ok && not.Op == token.XOR {
		of, ok := not.X.(*ast.Ident)
		if !ok {
			return node{}, "", fmt.Errorf("unknown gate %s", name)
		}
		return node{kind: gate, in: []int{names[of.Name]}, table: tableNOT}, name, nil
	}
	e, ok := a.Rhs[0].(*ast.BinaryExpr)
	if !ok || a.Tok != token.DEFINE {
		return node{}, "", fmt.Errorf("unknown value of %s", name)
	}
	if key, ok := e.Y.(*ast.IndexExpr); ok {
		bit, err := number(key)
		return node{kind: input, bit: bit}, name, err
	}
	x, ok := e.X.(*ast.Ident)
	y, ok2 := e.Y.(*ast.Ident)
	table, ok3 := tables[e.Op]
	if !ok || !ok2 || !ok3 {
		return node{}, "", fmt.Errorf("unknown gate %s", name)
	}
	i, ok := names[x.Name]
	j, ok2 := names[y.Name]
	if !ok || !ok2 {
		return node{}, "", fmt.Errorf("%s has an unknown input", name)
	}
	return node{kind: gate, in: []int{i, j}, table: table}, name, nil
}

// number is the index of an element.
func number(e *ast.IndexExpr) (int, error) {
	n, ok := e.Index.(*ast.BasicLit)
	if !ok {
		return 0, fmt.Errorf("unknown index %T", e.Index)
	}
	return strconv.Atoi(n.Value)
}

// numbers reads the numbers of a variable, an array or one of structures.
func numbers(name, variable string) (out []int, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != variable {
			return true
		}
		ast.Inspect(v.Values[0].(*ast.CompositeLit), func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok {
				for _, e := range c.Elts {
					if n, ok := e.(*ast.BasicLit); ok {
						i, _ := strconv.Atoi(n.Value)
						out = append(out, i)
					}
				}
			}
			return true
		})
		return false
	})
	if out == nil {
		err = fmt.Errorf("%s has no numbers of %s", name, variable)
	}
	return out, err
}

// upright inverts the outputs that a circuit inverts. The package's own code has the subkeys
// make up for it, but which inputs of the next round an output gets to depends on the salt.
func upright(box int, nodes []node, inverted, permutation []int) {
	for i, n := range nodes {
		if n.kind != output {
			continue
		}
		from := permutation[n.bit] - 1
		if from/4 != box {
			log.Fatalf("box %d has no output for bit %d", box+1, n.bit)
		}
		nodes[i].not = inverted[2*box+1]>>(3-from%4)&1 != 0
	}
}

// values computes a circuit for all 64 inputs at once, those of the box in its order: input
// i has bit i of the number. It returns what is added to the left half.
func values(nodes []node) map[int]uint64 {
	patterns := [6]uint64{
		0xaaaaaaaaaaaaaaaa, 0xcccccccccccccccc, 0xf0f0f0f0f0f0f0f0, 0xff00ff00ff00ff00, 0xffff0000ffff0000, 0xffffffff00000000,
	}
	out := map[int]uint64{}
	v := make([]uint64, len(nodes))
	for i, n := range nodes {
		switch n.kind {
		case input:
			v[i] = patterns[n.bit%6]
		case gate:
			v[i] = lookup(n.table, n.in, v)
		case output:
			// With a table, the last of its three inputs is the bit of the left half.
			if n.table != 0 {
				out[n.bit] ^= lookup(n.table, append(n.in[:len(n.in):len(n.in)], len(v)), append(v, 0))
			} else {
				out[n.bit] ^= v[n.in[0]]
			}
			if n.not {
				out[n.bit] ^= ^uint64(0)
			}
		}
	}
	return out
}

// lookup computes a gate.
func lookup(table uint8, in []int, v []uint64) (out uint64) {
	var x [3]uint64
	for i, n := range in {
		x[i] = v[n]
	}
	for at := range 8 {
		if table>>at&1 == 0 {
			continue
		}
		term := ^uint64(0)
		for i := range 3 {
			if at>>(2-i)&1 != 0 {
				term &= x[i]
			} else {
				term &= ^x[i]
			}
		}
		out |= term
	}
	return out
}
