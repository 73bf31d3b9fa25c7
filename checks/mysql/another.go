package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"

	"golang.org/x/sys/unix"

	"hostaudit/checks/host"
	"hostaudit/checks/internal/guard"
)

// anotherUID is the user and group ID whose login tells an empty password from socket
// authentication. No account has it as a rule, so no AS of a socket plugin names it; where
// one has, the answer is at worst that of another account.
const anotherUID = 65533

var errIdentity = errors.New("the identity of another user could not be taken")

// asAnother returns a Dialer that connects with the identity of another user, as the
// server's end of a unix socket sees it (SO_PEERCRED, unix(7): taken at connect). In
// Linux identities belong to threads (setresuid(2), "C library/kernel differences"): the
// connection is made on a thread of its own, which ends with the dial; no other thread is
// touched.
func asAnother(dial host.Dialer) host.Dialer {
	if dial == nil {
		return nil
	}
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		var group guard.Group
		group.Go(func() {
			runtime.LockOSThread() // and never unlocked: the thread ends here
			if err = takeIdentity(anotherUID); err == nil {
				conn, err = dial(ctx, network, address)
			}
		})
		if failed := group.Wait(); failed != nil {
			return nil, failed
		}
		return conn, err
	}
}

// takeIdentity gives the calling thread the user and group ID and no other groups.
func takeIdentity(id uintptr) error {
	calls := []struct{ number, a, b, c uintptr }{
		{unix.SYS_SETGROUPS, 0, 0, 0},
		{unix.SYS_SETRESGID, id, id, id},
		{unix.SYS_SETRESUID, id, id, id},
	}
	for _, c := range calls {
		if _, _, errno := unix.RawSyscall(c.number, c.a, c.b, c.c); errno != 0 {
			return fmt.Errorf("%w: %w", errIdentity, errno)
		}
	}
	return nil
}
