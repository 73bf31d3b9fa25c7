// Package des computes the password hashes of crypt(5) that rest on DES:
// descrypt, bigcrypt and bsdicrypt, as crypt(3) of libxcrypt 4.4.33 does
// (its crypt-des.c and alg-des.c say what crypt(5) leaves open).
//
// A Crypter has three ways to the same digests: one word at a time with tables; 64 words
// at a time with one bit of each word in every machine word (Eli Biham, "A Fast New DES
// Implementation in Software", 1997), which is about six times as fast and pays from
// some 12 words of one salt on; and the same in vectors, 512 words with AVX-512 and 256
// with AVX2, which pays from ten words on, whatever their salts.
//
// Sources of the numbers: FIPS PUB 46-3. Of the salt and of long passwords:
// libxcrypt, and crypt(3) itself, which the tests ask.
package des
