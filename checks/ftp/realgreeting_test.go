package ftp

import (
	"strings"
	"testing"
)

// TestRealGreetings: FTP servers whose programs bear another name are told by what they
// say.
func TestRealGreetings(t *testing.T) {
	for _, tc := range []struct{ name, tree, program, args, file, conf string }{
		{"vsftpd", "bookworm", "/usr/sbin/vsftpd", "/etc/v.conf", "/etc/v.conf", "listen=YES\n"},
		{"vsftpd-banner", "bookworm", "/usr/sbin/vsftpd", "/etc/v.conf", "/etc/v.conf", "listen=YES\nftpd_banner=Welcome\n"},
		{"vsftpd-tls-only", "bookworm", "/usr/sbin/vsftpd", "/etc/v.conf", "/etc/v.conf", "listen=YES\nftpd_banner=Welcome\ncmds_allowed=USER,PASS,QUIT\n"},
		{"ProFTPD", "units-bookworm", "/usr/sbin/proftpd", "-n", "/etc/proftpd/proftpd.conf", "Port 21\nUser nobody\nGroup nogroup\n"},
		{"ProFTPD-without-identity", "units-bookworm", "/usr/sbin/proftpd", "-n", "/etc/proftpd/proftpd.conf", "Port 21\nUser nobody\nGroup nogroup\nServerIdent off\n"},
		{"ProFTPD-another-identity", "units-bookworm", "/usr/sbin/proftpd", "-n", "/etc/proftpd/proftpd.conf", "Port 21\nUser nobody\nGroup nogroup\nServerIdent on \"Welcome\"\n"},
		{"Pure-FTPd", "bookworm+pure-ftpd", "/usr/sbin/pure-ftpd", "", "/etc/x", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting
			h := superHost(t, tc.tree)
			h.MustRun("mkdir", "-p", "/run/proftpd", "/var/log/proftpd", "/run/pure-ftpd")
			h.MustRun("/bin/bash", "-c", "mkdir /srv/x; cp "+tc.program+" /srv/x/server")
			h.WriteFile(tc.file, tc.conf, 0o644)
			h.Start(append([]string{"/srv/x/server"}, strings.Fields(tc.args)...)...)
			h.WaitListening(21)
			got := inside(t, h, ":", "")
			if got.status != "fail" || len(got.gaps) > 0 {
				t.Errorf("%s", got.text)
			}
			for _, f := range got.findings {
				if !strings.HasPrefix(f, "running ") || !strings.Contains(f, ": an FTP server listens on port 21 of ") {
					t.Errorf("%s", f)
				}
			}
		})
	}
	t.Run("vsftpd-that-cannot-go-on", func(t *testing.T) {
		t.Parallel()
		h := superHost(t, "units-bookworm+vsftpd")
		h.MustRun("/bin/bash", "-c", "mkdir /srv/x; cp /usr/sbin/vsftpd /srv/x/server")
		h.WriteFile("/etc/bad.conf", "nokey=1\n", 0o644)
		h.WriteFile("/etc/xinetd.conf", "service files\n{\ntype = UNLISTED\nport = 21\nsocket_type = stream\nprotocol = tcp\nwait = no\nuser = root\nserver = /srv/x/server\nserver_args = /etc/bad.conf\n}\n", 0o644)
		h.Start("/usr/sbin/xinetd", "-dontfork")
		h.WaitListening(21)
		if got := inside(t, h, ":", ""); got.status != "fail" || len(got.gaps) > 0 {
			t.Errorf("%s", got.text)
		}
	})
}
