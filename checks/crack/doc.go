// Package crack is the password engine: hash strings and candidate words in,
// verdicts out. It classifies every form a password field can take (Identify),
// derives the likeliest passwords of an account from its names (Derive), and
// tests candidates against many hashes under a deadline, a time budget and a
// memory limit (Run).
//
// It knows no file, no account and no policy, starts no program and prints
// nothing. A verdict never holds the word that matched, and a Form never
// prints the hash it was made from.
//
// What a field means follows crypt(5) and crypt(3) of libxcrypt 4.4.33 and the
// way pam_unix of Linux-PAM 1.5.2 compares; both were asked for every row of
// the tests' tables.
package crack
