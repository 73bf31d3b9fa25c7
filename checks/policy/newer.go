package policy

import (
	"fmt"

	"github.com/BurntSushi/toml"
)

// FormatVersion is the layout of configuration files this program reads. It rises when
// a setting is added without which a file means something else: an older program then
// says that the file is newer, and not that a word in it is misspelt.
const FormatVersion = 1

// number reads one setting of a file as far as it can be read; what is wrong with the
// rest is told elsewhere. The decoder compares names without regard to case in
// structures, and exactly in maps.
func number(text []byte, key string) int64 {
	var all map[string]any
	if _, err := toml.Decode(string(text), &all); err != nil {
		return 0
	}
	n, _ := all[key].(int64)
	return n
}

func newerFormat(file string, text []byte) error {
	if n := number(text, "version"); n > FormatVersion {
		return &Error{
			File: file, Line: places(statements(text)).line("version"), Newer: true,
			Msg: fmt.Sprintf("made for a newer version of hostaudit: version %d of the configuration, this program reads %d", n, FormatVersion),
		}
	}
	return nil
}

// Newer says whether a file was made for a newer program than one whose catalogue has
// this number: an *Error with Newer set, or nil. It is asked first, also where loading
// failed: a check that is not known here is no typing error then.
func (l Loaded) Newer(catalogue int) error {
	for _, f := range l.Files {
		if err := newerFormat(f.Path, f.Text); err != nil {
			return err
		}
		if n := number(f.Text, "catalogue"); n > int64(catalogue) {
			return &Error{
				File: f.Path, Line: places(statements(f.Text)).line("catalogue"), Newer: true,
				Msg: fmt.Sprintf("made for a newer version of hostaudit: catalogue %d, this program's is %d", n, catalogue),
			}
		}
	}
	return nil
}
