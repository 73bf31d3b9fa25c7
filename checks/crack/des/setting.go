package des

import "errors"

// Errors of Crypt. They quote neither the word nor the setting.
var (
	ErrSetting = errors.New("setting that crypt(3) refuses")
	ErrStopped = errors.New("stopped")
)

// Crypt returns what crypt(3) of libxcrypt returns for a setting without a
// prefix or with the prefix "_"; a whole hash is a setting too. Bigcrypt differs
// from descrypt for words of more than eight characters only, and it is meant
// where the setting is longer than a hash of descrypt (crypt_bigcrypt_rn in
// libxcrypt's crypt-des.c). The errors are ErrSetting and ErrStopped.
func (c *Crypter) Crypt(word []byte, setting string) (string, error) {
	if !accepted(setting) {
		return "", ErrSetting
	}
	if setting[0] == '_' {
		return c.bsdi(word, setting)
	}
	salt, ok := Number(setting[:2])
	if !ok {
		return "", ErrSetting
	}
	out := append(make([]byte, 0, 2+11*16), setting[:2]...)
	if word = cString(word); len(word) > 8 && len(setting) <= 13 {
		word = word[:8]
	}
	return string(c.Big(out, word, salt)), nil
}

func (c *Crypter) bsdi(word []byte, setting string) (string, error) {
	if len(setting) < 9 {
		return "", ErrSetting
	}
	count, ok := Number(setting[1:5])
	salt, ok2 := Number(setting[5:9])
	if !ok || !ok2 {
		return "", ErrSetting
	}
	d, ok := c.BSDi(word, count, salt)
	if !ok {
		return "", ErrStopped
	}
	return setting[:9] + string(d[:]), nil
}

// accepted reports whether libxcrypt takes the setting at all
// (check_badsalt_chars in its crypt.c), and it is long enough for a salt.
func accepted(setting string) bool {
	for i := range len(setting) {
		switch c := setting[i]; {
		case c <= ' ', c >= 0x7f, c == '!', c == '*', c == ':', c == ';', c == '\\':
			return false
		}
	}
	return len(setting) >= 2
}
