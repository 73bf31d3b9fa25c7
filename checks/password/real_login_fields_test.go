package password

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks/crack"
	"hostaudit/checks/host/hosttest"
)

// Hashes of password1 in the forms of crypt(5), made with libxcrypt.
const (
	sixHash    = "$6$rounds=1000$saltsalt$feZmm8z/E1fjlBx97.mIeOr/Xez9yKySeh0vuHIoC654nLqV9O6yRnqDuoNShKmXbRy4ZkJxnMfr2GAyYXsZT."
	sixPlain   = "$6$saltsalt$rGHbrrsOT1WLTt4dcfZKq1FiG//1B7ZAMkD.MeAC8/d9MOtB5EzYEffFnBarQhF6MiLywY/KggaYjrNNrzAnj/"
	sixSixteen = "$6$0123456789abcdef$GPIKeb4AGw5VsNIYAqy.QUmbPcx7xRbHy489IGnRSsAeYhDc0ZwWCdAA42lXLUWONBln5ANbczgcQ.diBrkwG1"
	sixNoSalt  = "$6$$IisoVtiaRatcmN3wl06576uhrkdJRS3z9bzyWWRlN52AB7ygIUzcD0b4W7p4OFoopQDvLUUjXJPnkEQSWI48A/"
	oneHash    = "$1$saltsalt$kE9ognc0TODG6GInX.9au/"
	bcryptTail = "04$abcdefghijklmnopqrstuuG0dn23TmsW2CgnJryKiUOtvqgeAPA.2"
	desHash    = "abJnggxhB/yWI"
	ntHash     = "$3$$5835048ce94ad0564e29a924a03510ef"
	sixTooMuch = "$6$rounds=999999999$saltsalt$rGHbrrsOT1WLTt4dcfZKq1FiG//1B7ZAMkD.MeAC8/d9MOtB5EzYEffFnBarQhF6MiLywY/KggaYjrNNrzAnj/"
)

// anyone: no password is asked for.
const anyone = "nothing enter right wrong"

// byEnter: the password that is asked for is empty.
const byEnter = "enter"

// fieldRow is a form of the password field, who gets in by it and what the checks say.
type fieldRow struct {
	name, field string
	right       string // "" = password1
	in, say     string
	also        []string
	brief       bool
	costly      bool // to try: on bookworm only
}

// fieldRows are the forms of the password field: su through pam_unix with nullok.
func fieldRows() []fieldRow {
	return []fieldRow{
		{name: "empty", field: "", in: anyone, say: "empty"},

		{name: "star", field: "*", say: "closed"},
		{name: "bang", field: "!", say: "closed"},
		{name: "bangBang", field: "!!", say: "closed"},
		{name: "bangStar", field: "!*", say: "closed"},
		{name: "x", field: "x", say: "closed"},
		{name: "NP", field: "NP", say: "closed"},
		{name: "starNP", field: "*NP*", say: "closed"},
		{name: "LK", field: "*LK*", say: "closed"},
		{name: "blank", field: " ", say: "closed"},
		{name: "bangHash", field: "!" + sixHash, say: "locked"},
		{name: "bangBangHash", field: "!!" + sixHash, say: "locked"},
		{name: "starHash", field: "*" + sixHash, say: "locked"},
		{name: "LKHash", field: "*LK*" + sixHash, say: "locked"},
		{name: "bangOutdated", field: "!" + oneHash, say: "locked"},
		{name: "bangDES", field: "!" + desHash, say: "locked"},
		{name: "bangHashOfNothing", field: "!" + emptyHash, say: "locked"},

		{name: "sha512", field: sixPlain, in: "right", say: "weak"},
		{name: "sha512Rounds", field: sixHash, in: "right", say: "weak"},
		{name: "sha512Unlisted", field: goodHash, right: goodWord, in: "right", say: "sound"},
		{name: "sha512Derived", field: "$6$rounds=1000$saltsalt$9EfzBAongja/5ex6vr.WGOaOK5.Vijnn7QrOJKlkOKl4H45zZLuJvYrOLwwdA0pgEyZWD4brRm0BYLc4tWZuO0", right: "alice", in: "right", say: "weak"},
		{name: "sha512RoundsTooFew", field: strings.Replace(sixPlain, "$saltsalt", "$rounds=999$saltsalt", 1), say: "unsupported"},
		{name: "sha512RoundsZeroFirst", field: strings.Replace(sixHash, "=1000", "=01000", 1), say: "unsupported"},
		{name: "sha512TooCostly", field: sixTooMuch, in: "busy", say: "too_costly", brief: true},
		{name: "sha512EmptySalt", field: sixNoSalt, in: "right", say: "weak"},
		{name: "sha512LongSalt", field: sixSixteen, in: "right", say: "weak"},
		{name: "sha512SaltTooLong", field: strings.Replace(sixSixteen, "cdef$", "cdefg$", 1), say: "unsupported"},
		{name: "sha512EightBit", field: "$6$rounds=1000$saltsalt$nOacyM0Lg.9CLbzN8EXtjxcPSCtUeOkrsFz/J8wF9rqYtcnJMjBgbKcX1Rt1GvXoWg0u277YaS4q3KN7GXGA2/", right: "p\xe4ssw\xf6rd", also: []string{"pässwörd"}, in: "right", say: "weak"},
		{name: "sha512BlankAtTheEnd", field: "$6$rounds=1000$saltsalt$JIxlsKoC4Ol6PjfWcOpmTaim5YIFc9Q74LtQ6f6LEt/SOjXqTcpqj10os4pNhhDYomL8SouobDmisFcHM.dy1/", right: blankWord, also: []string{"pass word"}, in: "right", say: "weak"},
		{name: "sha256", field: "$5$rounds=1000$saltsalt$ewUEF20IEFAY4XLVbdfPGC7B8o9voqDCrzPb/YkSweD", in: "right", say: "weak"},
		{name: "sha256EmptySalt", field: "$5$$NJNcFkvVH9kmss86MbL.AqraliKJFBG.ylq3o79gPn2", in: "right", say: "weak"},
		{name: "md5crypt", field: oneHash, in: "right", say: "weak, outdated"},
		{name: "md5cryptEmptySalt", field: "$1$$qRY8xKlXT1hpwSbHLHz1F1", in: "right", say: "weak, outdated"},
		{name: "md5cryptSaltTooLong", field: "$1$saltsalt9$kE9ognc0TODG6GInX.9au/", say: "unsupported"},
		{name: "md5cryptUnlisted", field: "$1$saltsalt$fV4uoErohEu3zfatP2Fnt0", right: goodWord, in: "right", say: "outdated"},
		{name: "apr1", field: "$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J.", say: "no login on Linux accepts the scheme " + crack.Apr1.String()},
		{name: "bcrypt2a", field: "$2a$" + bcryptTail, in: "right", say: "weak"},
		{name: "bcrypt2b", field: "$2b$" + bcryptTail, in: "right", say: "weak"},
		{name: "bcrypt2y", field: "$2y$" + bcryptTail, in: "right", say: "weak"},
		{name: "bcrypt2x", field: "$2x$" + bcryptTail, in: "right", say: "weak, outdated"},
		{name: "bcrypt2", field: "$2$" + bcryptTail, say: "unsupported"},
		{name: "bcryptCostTooLow", field: "$2b$03" + bcryptTail[2:], say: "unsupported"},
		{name: "bcrypt72Bytes", field: "$2b$04$abcdefghijklmnopqrstuuWTSHkTgWdsWag7rtSY2APXG6jxP2cuq", right: longWord, also: []string{longWord[:72], longWord[:71]}, in: "right also", say: "weak"},
		{name: "bcrypt2aEightBit", field: "$2a$04$abcdefghijklmnopqrstuuTru6m8o24QpaQBdEztYCWOCkQjrN8za", right: "p\xe4ssw\xf6rd", in: "right", say: "weak"},
		{name: "bcrypt2xEightBit", field: "$2x$04$abcdefghijklmnopqrstuuRtQGVMV6ll0W6UOqN/aLuPoBM2nosh.", right: "p\xe4ssw\xf6rd", in: "right", say: "weak, outdated"},
		{name: "yescrypt", field: "$y$j75$abcd$UwXkpeHdTrNo81uzkObZa.2aam1qxWv/M.fMheztRM8", in: "right", say: "weak"},
		{name: "yescryptEmptySalt", field: "$y$j75$$gAwTwvrsMlA6NrV.Y2/mYyN4SAQVBv.Rds/2PPZZdiD", in: "right", say: "weak"},
		{name: "yescryptUsualCost", field: "$y$j9T$abcdefgh$FAyyao2nDRuCojBiRcKyhilKlxaGQiYAh9ZWByX.4GB", in: "right", say: "weak", costly: true},
		{name: "gostYescrypt", field: "$gy$j75$abcd$n8piagtKzfev6no/ddSHSoElMF6h7iI2O32tn9UORA1", in: "right", say: "weak"},
		{name: "scrypt", field: "$7$26..../....abcdefgh$MsYKMvN9FL0F6XtveDuJkz7Xrq.2tNhReSKOTabRfT9", in: "right", say: "weak"},
		{name: "sha1crypt", field: "$sha1$100$abcdefgh$V3IxmgTCvRFVRo0M64ORGa0TpbA6", in: "right", say: "weak, outdated"},
		{name: "sunMD5Rounds", field: "$md5,rounds=10$abcdefgh$$DtXq63LQ.6AmAlwKiO7lM0", in: "right", say: "weak, outdated", costly: true},
		{name: "sunMD5", field: "$md5$abcdefgh$$xX0xtauw/NZlGLMDb7qdE/", in: "right", say: "weak, outdated", costly: true},
		{name: "nt", field: ntHash, in: "right", say: "weak, outdated"},
		{name: "descrypt", field: desHash, also: []string{"password2", "password", "passwor"}, in: "right also also", say: "weak, outdated"},
		{name: "descryptAging", field: desHash + ",ab", in: "right", say: "weak, outdated"},
		{name: "descryptTrailingBlank", field: desHash + " ", in: "right", say: "weak, outdated"},
		{name: "bigcrypt", field: "abJnggxhB/yWI5Oupr.oYP.AlMInKHliJF.", right: "password1234567890", also: []string{"password1234567891"}, in: "right", say: "weak, outdated"},
		{name: "bigcryptTwoParts", field: "abJnggxhB/yWIhAyA1wNll32", in: "right", say: "weak, outdated"},
		{name: "bsdicrypt", field: "_J9..abcdMaXT6Q4y6Lw", say: "weak(medium), outdated"},

		{name: "nothingSHA512", field: emptyHash, in: byEnter, say: "hash of nothing"},
		{name: "nothingSHA256", field: "$5$saltsalt$09agN5RZ2meWdEdnEusqsq5G7RwwghB8jCKoWWADxW/", in: byEnter, say: "hash of nothing"},
		{name: "nothingMD5", field: "$1$saltsalt$5Jhcit4zN9UlGiA0txPkO0", in: byEnter, say: "hash of nothing, outdated"},
		{name: "nothingBcrypt", field: "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq", in: byEnter, say: "hash of nothing"},
		{name: "nothingYescrypt", field: "$y$j75$abcd$eCNABnCYh9Yg4ibb.2WZzfD1Qm8EmjGIsb4F81qkaL2", in: byEnter, say: "hash of nothing"},
		{name: "nothingScrypt", field: "$7$26..../....abcdefgh$58PAr8KP17PAVmQ5qpdbXN2wkSrspJYqeUoZ3OXXeM6", in: byEnter, say: "hash of nothing"},
		{name: "nothingSHA1", field: "$sha1$100$abcdefgh$fRYDM1wuw79TCh48fLtOapJ5yYq2", in: byEnter, say: "hash of nothing, outdated"},
		{name: "nothingSunMD5", field: "$md5,rounds=10$abcdefgh$$AFoQmnreqR3pFmtmjWzpN0", in: byEnter, say: "hash of nothing, outdated"},
		{name: "nothingNT", field: "$3$$31d6cfe0d16ae931b73c59d7e0c089c0", in: byEnter, say: "hash of nothing, outdated"},
		{name: "nothingDES", field: "abmF1QH4PEr.E", in: byEnter, say: "hash of nothing, outdated"},

		{name: "truncated", field: sixPlain[:len(sixPlain)-1], say: "unsupported"},
		{name: "oneTooLong", field: sixPlain + "a", say: "unsupported"},
		{name: "trailingBlank", field: sixPlain + " ", say: "unsupported"},
		{name: "trailingCR", field: sixPlain + "\r", say: "unsupported"},
		{name: "leadingBlank", field: " " + sixPlain, say: "unsupported"},
		{name: "saltOnly", field: "$6$salt", say: "unsupported"},
		{name: "saltDollar", field: "$6$salt$", say: "unsupported"},
		{name: "prefixOnly", field: "$6$", say: "unsupported"},
		{name: "plain", field: "password1", say: "unsupported"},
		{name: "plain13", field: "passwordsword", right: "passwordsword", say: "unsupported"},
		{name: "notUTF8", field: "\xff\xfe", say: "unsupported"},
		{name: "md5Truncated", field: oneHash[:len(oneHash)-1], say: "unsupported"},
		{name: "yescryptTruncated", field: "$y$j75$abcd$UwXkpeHdTrNo81uzkObZa.2aam1qxWv/M.fMheztRM", say: "unsupported"},
		{name: "ldapSHA512", field: "{SHA512}AAAA", say: "unsupported"},
		{name: "ldapCrypt", field: "{CRYPT}" + sixPlain, say: "unsupported"},
		{name: "cisco", field: "$9$abc$def", say: "unsupported"},
		{name: "zero", field: "$0$password1", say: "unsupported"},
	}
}

// TestRealFields: who gets in by each form of the password field, in shadow and in passwd
// itself, and what the checks say of it.
func TestRealFields(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, tree string) {
		if n := len(fieldRows()) + len(entryRows()); n < 150 {
			t.Errorf("only %d forms", n)
		}
		for _, inPasswd := range []bool{false, true} {
			if inPasswd && tree != "bookworm" {
				continue // one release is enough: it is the same code
			}
			passwd, shadow := "root:*:0:0::/root:/bin/sh\n"+callerLine, ""
			var trials []trial
			for i, row := range fieldRows() {
				if inPasswd && (row.field == "x" || row.field == "*NP*") {
					continue // these send to shadow
				}
				if row.costly && (inPasswd || tree != "bookworm") {
					continue
				}
				tr := trial{
					name: row.name, uid: 1000 + i, right: row.right, also: row.also, in: row.in, say: row.say, brief: row.brief, elsewhere: row.name == "bsdicrypt",
				}
				if asksHelper(tree) && row.in == byEnter && !inPasswd {
					tr.in = anyone
				}
				if tr.right == "" {
					tr.right = "password1"
				}
				field, hidden := "x", row.field
				if inPasswd {
					field, hidden = row.field, "!"
				}
				passwd += fmt.Sprintf("%s:%s:%d:100:Alice:/:/bin/sh\n", row.name, field, tr.uid)
				shadow += fmt.Sprintf("%s:%s:20000:0:99999:7:::\n", row.name, hidden)
				trials = append(trials, tr)
			}
			h.WriteFile("/etc/passwd", passwd, 0o644)
			h.WriteFile("/etc/shadow", shadow, 0o640)
			try(t, h, trials)
		}
	})
}
