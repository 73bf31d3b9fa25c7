package mysql

import (
	"errors"
	"io/fs"
	"path"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// tlsAnswer is what options say about one question of TLS.
type tlsAnswer struct {
	is  mycnf.Tri       // Unclear: gap says why
	at  checks.Location // what decides it; zero = a default or an argument
	gap *checks.Gap
}

// tls returns what the options make of TLS: whether the server offers it, and whether
// it requires it of those who come over TCP. Both were established with MariaDB 10.11
// and MySQL 9.7:
//   - require_secure_transport requires it; SET PERSIST may have stored it.
//   - MySQL makes itself a certificate in its data directory unless
//     auto_generate_certs is off or a certificate is named; one it cannot load, and an
//     empty tls_version, leave it without TLS, and it starts all the same.
//   - MariaDB offers it where ssl is on, which each of ssl_ca, ssl_cert, ssl_key ...
//     switches on, the last of them and ssl counting; from 11.4 on (its release notes)
//     by default, with a certificate made in memory. Before, one that is missing keeps it
//     from starting.
//
// That a certificate can be loaded is not looked at, only that its file is there.
// Settings that are refused or not read whole have gaps of their own and are Unclear.
func (s settings) tls(t *tree.Tree) (offered, required tlsAnswer) {
	if s.refused || s.hidden() {
		var gap *checks.Gap
		if len(s.gaps) > 0 {
			gap = &s.gaps[0]
		}
		return tlsAnswer{gap: gap}, tlsAnswer{gap: gap}
	}
	value, gap := s.last("require-secure-transport")
	required = tlsAnswer{is: yesOrNo(value.On()), at: at(value), gap: gap}
	switch {
	case gap != nil:
		required.is = mycnf.Unclear
	case value.Set && s.release != "" && (s.flavour == mariaDB && !s.atLeast(10, 5) || s.flavour == mySQL && !s.atLeast(5, 7)):
		required = unclear(checks.ReasonRefused, value, "require-secure-transport", "the server's release does not know require_secure_transport, so it refuses to start or passes it over")
	}
	if s.flavour == mariaDB {
		return s.offersMariaDB(t), required
	}
	return s.offersMySQL(t), required
}

func yesOrNo(b bool) mycnf.Tri {
	if b {
		return mycnf.Yes
	}
	return mycnf.No
}

func unclear(reason checks.Reason, s mycnf.Setting, subject, detail string) tlsAnswer {
	return tlsAnswer{at: at(s), gap: &checks.Gap{Reason: reason, Subject: checks.Text(subject), Location: at(s), Detail: checks.Text(detail)}}
}

func (s settings) offersMySQL(t *tree.Tree) tlsAnswer {
	values := map[string]mycnf.Setting{}
	for _, name := range []string{"tls-version", "ssl", "ssl-ca", "ssl-cert", "ssl-key", "auto-generate-certs"} {
		value, gap := s.last(name)
		if gap != nil {
			return tlsAnswer{at: gap.Location, gap: gap}
		}
		values[name] = value
	}
	if v := values["tls-version"]; v.Set && v.Value == "" {
		return tlsAnswer{is: mycnf.No, at: at(v)}
	}
	if v := s.dialect.LastOf(s.sequence(), "ssl"); v.Set && !v.On() { // gone since 8.4
		return tlsAnswer{is: mycnf.No, at: at(v)}
	}
	dir, gap := s.dataDir()
	if gap != nil {
		return tlsAnswer{gap: gap}
	}
	file := func(name, fallback string) (mycnf.Setting, string) {
		v := values[name]
		if v.Value == "" {
			return v, path.Join(dir, fallback)
		}
		if !path.IsAbs(v.Value) {
			return v, path.Join(dir, v.Value)
		}
		return v, path.Clean(v.Value)
	}
	cert, certFile := file("ssl-cert", "server-cert.pem")
	key, keyFile := file("ssl-key", "server-key.pem")
	own := cert.Value != "" || key.Value != "" || values["ssl-ca"].Value != ""
	switch {
	case cert.Value != "" && key.Value == "":
		return tlsAnswer{is: mycnf.No, at: at(cert)} // the two belong together
	case key.Value != "" && cert.Value == "":
		return tlsAnswer{is: mycnf.No, at: at(key)}
	case own && cert.Value == "":
		return tlsAnswer{is: mycnf.No, at: at(values["ssl-ca"])}
	}
	missing, a := absent(t, cert, certFile, key, keyFile)
	auto := values["auto-generate-certs"]
	switch {
	case a != nil:
		return *a
	case missing == 0:
		return tlsAnswer{is: mycnf.Yes, at: at(cert)}
	case own:
		return tlsAnswer{is: mycnf.No, at: at(cert)}
	case auto.Set && !auto.On():
		return tlsAnswer{is: mycnf.No, at: at(auto)}
	case missing == 1:
		return tlsAnswer{is: mycnf.No} // it does not make one of the files
	}
	return tlsAnswer{is: mycnf.Yes}
}

func (s settings) offersMariaDB(t *tree.Tree) tlsAnswer {
	for _, name := range []string{"ssl", "ssl-cert", "ssl-key", "tls-version"} {
		if _, gap := s.last(name); gap != nil {
			return tlsAnswer{at: gap.Location, gap: gap}
		}
	}
	switched := s.dialect.LastOf(s.sequence(), "ssl", "ssl-ca", "ssl-capath", "ssl-cert", "ssl-cipher", "ssl-crl", "ssl-crlpath", "ssl-key")
	if switched.Set && switched.Long == "ssl" && !switched.On() {
		return tlsAnswer{is: mycnf.No, at: at(switched)}
	}
	cert, _ := s.last("ssl-cert")
	key, _ := s.last("ssl-key")
	if v, _ := s.last("tls-version"); v.Set && v.Value == "" {
		return unclear(checks.ReasonUnsupported, v, "tls-version", "an empty list of versions of TLS is not evaluated")
	}
	inMemory := s.atLeast(11, 4) && cert.Value == "" && key.Value == ""
	switch {
	case inMemory:
		return tlsAnswer{is: mycnf.Yes, at: at(switched)}
	case !switched.Set && s.release == "":
		return unclear(checks.ReasonNoMetadata, switched, "ssl", "whether the server makes itself a certificate depends on its release, which is not known")
	case !switched.Set:
		return tlsAnswer{is: mycnf.No}
	case cert.Value == "" || key.Value == "":
		return unclear(checks.ReasonRefused, switched, "ssl", "TLS is on and a certificate or its key is not named, with which the server refuses to start")
	case !path.IsAbs(cert.Value) || !path.IsAbs(key.Value):
		return unclear(checks.ReasonUnsupported, cert, "ssl-cert", "the certificate's path depends on the data directory")
	}
	missing, a := absent(t, cert, path.Clean(cert.Value), key, path.Clean(key.Value))
	switch {
	case a != nil:
		return *a
	case missing > 0:
		return unclear(checks.ReasonRefused, cert, "ssl-cert", "the certificate or its key is not there, with which the server refuses to start")
	}
	return tlsAnswer{is: mycnf.Yes, at: at(switched)}
}

// absent counts which of certificate and key are not there; the answer says that this
// could not be seen.
func absent(t *tree.Tree, cert mycnf.Setting, certFile string, key mycnf.Setting, keyFile string) (missing int, a *tlsAnswer) {
	for _, f := range []struct {
		value mycnf.Setting
		file  string
	}{{cert, certFile}, {key, keyFile}} {
		_, err := t.Stat(f.file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing++
		case err != nil:
			u := unclear(checks.ReasonOf(err), f.value, f.file, "whether the certificate is there could not be seen")
			return 0, &u
		}
	}
	return missing, nil
}

// sequence are the options in the order in which the server takes them.
func (s settings) sequence() []mycnf.Option {
	sure, _ := s.split()
	return append(append(sure, s.args...), s.stored...)
}
