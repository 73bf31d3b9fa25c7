// Command des writes the bitslice of package des for amd64: 512 words side by side with
// AVX-512, 256 with AVX2. Run it in checks/crack/des with go generate.
//
// Both kernels have the same face, which the package's wide.go describes, and the circuits
// of the S-boxes are those of its circuits.go: AVX2 takes them gate by gate; for AVX-512 they
// are put together to gates of three inputs.
package main

import (
	"fmt"
	"log"
	"maps"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	boxes, err := circuits("../des/circuits.go")
	must(err)
	inverted, err := numbers("../des/circuits.go", "inverted")
	must(err)
	permutation, err := numbers("../des/tables.go", "permutation")
	must(err)
	expansion, err := numbers("../des/tables.go", "expansion")
	must(err)
	var fused [8][]node
	for i, box := range boxes {
		upright(i, box, inverted, permutation)
		fused[i] = fuse(box)
		if !maps.Equal(values(box), values(fused[i])) {
			log.Fatalf("box %d is another function now", i+1)
		}
	}
	ConstraintExpr("amd64")
	for _, mixed := range []bool{false, true} {
		kernel("512", mixed, &writer{size: 64, expansion: expansion, registers: []VecPhysical{
			Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
			Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
		}}, fused)
		kernel("256", mixed, &writer{size: 32, expansion: expansion, registers: []VecPhysical{
			Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15,
		}}, boxes)
	}
	Generate()
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// kernel writes one function, for vectors of the writer's size and one salt or many.
func kernel(lanes string, mixed bool, w *writer, boxes [8][]node) {
	name, salts, of := "encrypt"+lanes, "from *[48]uint16", "one salt"
	if mixed {
		name, salts, of = "encryptSalts"+lanes, "masks *[192]uint64", "a salt of its own for each lane"
	}
	TEXT(name, NOSPLIT, "func(keys *[1024]uint64, state *[1024]uint64, "+salts+", order *[768]uint16, count uint64)")
	Doc(name + " encrypts the state count times with 16 rounds each, with " + of + ": see kernel.")
	w.keys = Load(Param("keys"), GP64())
	w.left = Load(Param("state"), GP64())
	if mixed {
		w.masks = Load(Param("masks"), GP64())
	} else {
		w.from = Load(Param("from"), GP64())
	}
	order := Load(Param("order"), GP64())
	count := Load(Param("count"), GP64())
	w.right, w.spill = GP64(), GP64()
	LEAQ(Mem{Base: w.left, Disp: 32 * w.size}, w.right)
	LEAQ(Mem{Base: w.left, Disp: 64 * w.size}, w.spill)
	w.order = GP64()
	rounds := GP64()

	Label("encryption")
	MOVQ(order, w.order)
	MOVQ(U32(16), rounds)
	Label("round")
	for i, box := range boxes {
		Comment(fmt.Sprintf("S%d", i+1))
		w.box(box)
	}
	XCHGQ(w.left, w.right)
	ADDQ(U32(2*48), w.order)
	DECQ(rounds)
	JNZ(LabelRef("round"))
	XCHGQ(w.left, w.right)
	DECQ(count)
	JNZ(LabelRef("encryption"))
	VZEROUPPER()
	RET()
}
