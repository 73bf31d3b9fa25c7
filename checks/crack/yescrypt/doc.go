// Package yescrypt computes the three memory-hard hashes of crypt(3): yescrypt
// ($y$), gost-yescrypt ($gy$) and scrypt ($7$), with every parameter that
// libxcrypt accepts, in portable Go. There are kernels for amd64 with AVX2: of pwxform
// (the modes $y$j and $gy$j), and of Salsa20/8 for two hashes side by side, since one
// waits for itself most of the time. gen/yescrypt writes them.
//
// A Hasher keeps its memory from one hash to the next: half of the time of
// crypt(3) goes into mapping and clearing 16 MiB for each word.
//
// Sources: "yescrypt - password hashing scalable beyond bcrypt and scrypt" and
// the algorithm's description in its version 1.1; RFC 7914 (scrypt); crypt(5);
// for gost-yescrypt RFC 6986 and RFC 7836.
package yescrypt
