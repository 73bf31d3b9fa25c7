// Package inetdconf reads inetd.conf(5) as OpenBSD's inetd (Debian's
// openbsd-inetd), GNU inetutils' and BusyBox's take it: one service a line,
//
//	[address,...:]service type protocol[,buffer=size] wait[.max] user[.group] program args
//
// where a line "address:" alone sets the address of the lines below it. Arguments
// are never returned.
package inetdconf

import (
	"bytes"
	"path"
	"strings"
)

// Service is one line.
type Service struct {
	Line    int
	Hosts   []string // addresses or names it listens on, "*" = every address; never empty
	Name    string   // a name of services(5), a port, a path, "rpcservice/1-2" or "tcpmux/[+]name"
	Type    string   // "stream", "dgram", …
	Proto   string   // "tcp", "tcp6", "udp", "rpc/udp", "unix", … without buffer sizes
	Wait    bool
	User    string // without group
	Program string // a path or "internal"
	// Wrapped is the program that tcpd starts (its first argument); "" where the
	// program is no tcpd.
	Wrapped string
}

// Bad is a line the daemons refuse, or do not read alike. Problem quotes nothing.
type Bad struct {
	Line    int
	Problem string
}

// required is the number of fields up to the program.
const required = 6

// maxBad bounds the lines that are told.
const maxBad = 1000

// Parse reads a file. Lines in either result come in order.
func Parse(data []byte) (services []Service, bad []Bad) {
	hosts := []string{"*"}
	follows := false // the line before was a service: OpenBSD's takes an indented line for its arguments
	number := 0
	for len(data) > 0 {
		raw, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		number++
		line, _, _ := strings.Cut(string(raw), "\x00")
		words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
		indented := line != "" && strings.IndexByte(" \t", line[0]) >= 0
		switch {
		case len(words) == 0 || words[0][0] == '#':
			follows = false
			continue
		case indented && follows:
			// GNU inetd takes it for a service of its own.
			if len(words) >= required {
				bad = tell(bad, Bad{number, "an indented line, which may be a service or go on with the one above"})
			}
			continue
		}
		follows = false
		if host, ok := strings.CutSuffix(words[0], ":"); ok && len(words) == 1 {
			hosts = addresses(host)
			continue
		}
		if len(words) < required {
			bad = tell(bad, Bad{number, "too few fields"})
			continue
		}
		s, problem := service(words, hosts)
		s.Line = number
		if problem != "" {
			bad = tell(bad, Bad{number, problem})
			continue
		}
		services = append(services, s)
		follows = true
	}
	return services, bad
}

func service(words, hosts []string) (s Service, problem string) {
	s = Service{Hosts: hosts, Name: words[0], Type: words[1], Program: words[5]}
	if i := strings.LastIndexByte(words[0], ':'); i >= 0 {
		s.Hosts, s.Name = addresses(words[0][:i]), words[0][i+1:]
	}
	s.Proto, _, _ = strings.Cut(words[2], ",")
	wait, _, _ := strings.Cut(words[3], ".")
	s.Wait = wait == "wait"
	s.User = words[4]
	if i := strings.IndexAny(s.User, ".:"); i >= 0 {
		s.User = s.User[:i]
	}
	switch {
	case s.Name == "" || s.Proto == "" || s.User == "":
		return Service{}, "an empty field"
	case !s.Wait && wait != "nowait":
		return Service{}, "neither wait nor nowait"
	case s.Program != "internal" && s.Program[0] != '/':
		return Service{}, "the program is no absolute path"
	}
	if path.Base(s.Program) == "tcpd" && len(words) > required {
		s.Wrapped = words[required]
	}
	return s, ""
}

// addresses splits a list; brackets around an address of IPv6 go.
func addresses(list string) (hosts []string) {
	for host := range strings.SplitSeq(list, ",") {
		if host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); host == "" {
			host = "*"
		}
		hosts = append(hosts, host)
	}
	return hosts
}

// tell keeps the first maxBad of the bad lines: one is enough to know that the
// file was not understood as a whole.
func tell(bad []Bad, b Bad) []Bad {
	if len(bad) == maxBad {
		return bad
	}
	return append(bad, b)
}
