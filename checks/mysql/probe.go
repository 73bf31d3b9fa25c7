package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	sqldriver "github.com/go-sql-driver/mysql"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/guard"
	"hostaudit/checks/internal/mycnf"
)

// serverTime is what all ways into one server get together: dialling, logins and
// queries.
const serverTime = 3 * time.Second

// maxRows bounds a result: that of the account table is the longest.
const maxRows = maxAccounts + 1

// verdict is what one login attempt as root with an empty password tells.
type verdict int

const (
	vNothing     verdict = iota // answer.reason and detail say why
	vRoot                       // logged in as root
	vSkipGrants                 // logged in, and the server checks nobody
	vAnonymous                  // logged in, as the anonymous account
	vRefused                    // root needs a credential on this way in
	vNotAdmitted                // the server lets nobody in from this address
	vLocked                     // the right (empty) password of a locked account
	vExpired                    // the right (empty) password of an account whose password expired
	vBusy                       // too many connections or our address is blocked: no more dialling
)

// way is a way into a server.
type way struct {
	network, address string
	place            string // one of the places
	another          bool   // as another user of the host than its root
	quiet            bool   // see wire
}

// answer is the outcome of one attempt.
type answer struct {
	verdict verdict
	sent    bool   // our login left this program, and was not accepted as far as we know
	account string // user@host of a login, as CURRENT_USER() says
	version string

	table    *table // with tableErr nil, after vRoot
	tableErr error

	tls mycnf.Tri // whether the greeting offered TLS

	reason checks.Reason // of vNothing and vBusy
	detail string
}

// prober makes the attempts.
type prober struct {
	dial  host.Dialer // nil where the host is only mounted
	other host.Dialer // dials as another user of the host than its root
	euid  int
	own   func() ([]net.Addr, error) // addresses of the host's interfaces
	limit time.Duration              // what all ways into one server get together

	tables int // bytes that the account tables of all servers may take; 0 = maxTables

	memory *checks.Memory   // of refusals, nil = none
	boot   string           // identity of this boot, "" = not known
	tree   *tree.Tree       // set with boot
	now    func() time.Time // set with boot
}

func newProber(h *host.Host) *prober {
	return &prober{dial: h.Dial, other: asAnother(h.Dial), euid: os.Geteuid(), own: net.InterfaceAddrs, limit: serverTime}
}

// silent is a logger that keeps the driver from writing to stderr.
type silent struct{}

func (silent) Print(...any) {}

// try makes one connection and logs in as root with an empty password. It uses
// the driver's Connector itself: database/sql would retry, and every try that is
// refused brings an account nearer to being locked.
func (p *prober) try(ctx context.Context, w way) (a answer) {
	var link *wire
	defer func() {
		if link != nil {
			_ = link.Close()
		}
	}()
	cfg := sqldriver.NewConfig()
	cfg.User, cfg.Passwd = "root", ""
	cfg.Net, cfg.Addr = w.network, w.address
	cfg.Logger = silent{}
	cfg.MaxAllowedPacket = maxPacket // else the driver asks the server with a query
	cfg.ConnectionAttributes = "program_name:hostaudit"
	cfg.AllowAllFiles, cfg.AllowCleartextPasswords, cfg.AllowOldPasswords, cfg.MultiStatements = false, false, false, false
	dials := 0
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > 1 {
			return nil, errors.New("second dial of one attempt")
		}
		dial := p.dial
		if w.another {
			dial = p.other
		}
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		link = newWire(ctx, c)
		link.quiet = w.quiet
		return link, nil
	}
	err := guard.Call(func() { a = p.converse(ctx, cfg) })
	if err != nil { // the driver met what it did not expect
		a = answer{reason: checks.ReasonUnreadable, detail: "the answer makes no sense"}
	}
	a.sent = link != nil && link.phase == phaseLogin
	if link != nil && link.greeted {
		a.tls = yesOrNo(link.secure)
	}
	if a.verdict == vNothing && link != nil && link.err != nil {
		switch {
		case errors.Is(link.err, errTLS):
			a.reason, a.detail = checks.ReasonUnsupported, "the server offers TLS but none could be agreed on"
		case errors.Is(link.err, errTooMuch), errors.Is(link.err, errProtocol), errors.Is(link.err, errInfile):
			a.reason, a.detail = checks.ReasonUnreadable, link.err.Error()
		}
	}
	return a
}

func (p *prober) converse(ctx context.Context, cfg *sqldriver.Config) answer {
	connector, err := sqldriver.NewConnector(cfg)
	if err != nil {
		return answer{reason: checks.ReasonInternal, detail: "the driver refuses its configuration"}
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return classify(ctx, err)
	}
	defer func() { _ = conn.Close() }() // says goodbye, so that the server counts no aborted client
	rows, err := query(ctx, conn, "SELECT CURRENT_USER(), VERSION()", 2)
	if err != nil {
		return classify(ctx, err)
	}
	if len(rows) != 1 {
		return answer{reason: checks.ReasonUnreadable, detail: "the server does not say who is logged in"}
	}
	a := answer{account: rows[0][0], version: rows[0][1]}
	at := strings.LastIndexByte(a.account, '@')
	if at < 0 {
		return answer{reason: checks.ReasonUnreadable, detail: "the server does not say who is logged in"}
	}
	switch user, from := a.account[:at], a.account[at+1:]; {
	case user == "" && from == "", user == "skip-grants user":
		a.verdict = vSkipGrants
	case user == "":
		a.verdict = vAnonymous
	case user == "root":
		a.verdict = vRoot
		a.table, a.tableErr = readTable(ctx, conn, a.version)
	default:
		a.detail, a.reason = "root was logged in as another account", checks.ReasonUnsupported
	}
	return a
}

// query returns the rows of a read-only statement as text; NULL is "".
func query(ctx context.Context, conn driver.Conn, statement string, columns int) ([][]string, error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return nil, errors.New("the driver cannot query")
	}
	rows, err := q.QueryContext(ctx, statement, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	if len(rows.Columns()) != columns {
		return nil, errProtocol
	}
	var out [][]string
	dest := make([]driver.Value, columns)
	for {
		err := rows.Next(dest)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(out) == maxRows {
			return nil, errTooMuch
		}
		row := make([]string, columns)
		for i, v := range dest {
			row[i] = text(v)
		}
		out = append(out, row)
	}
}

// classify turns the error of a login, or of the first query after it, into an
// answer. No text of the server is passed on.
func classify(ctx context.Context, err error) answer {
	nothing := func(reason checks.Reason, detail string) answer {
		return answer{reason: reason, detail: detail}
	}
	var refusal *sqldriver.MySQLError
	var netErr net.Error
	switch {
	case errors.As(err, &refusal):
		return byNumber(refusal.Number)
	case errors.Is(err, sqldriver.ErrUnknownPlugin), errors.Is(err, sqldriver.ErrCleartextPassword):
		return nothing(checks.ReasonUnsupported, "root's login is checked by a plugin that is not examined (PAM, LDAP, Kerberos or the like)")
	case errors.Is(err, sqldriver.ErrOldPassword):
		return nothing(checks.ReasonUnsupported, "root's login uses the authentication from before 4.1")
	case errors.Is(err, errIdentity):
		return nothing(checks.ReasonNoPermission, "the socket could not be tried as another user of the host")
	case errors.Is(err, fs.ErrPermission):
		return nothing(checks.ReasonNoPermission, "no permission to connect")
	case ctx.Err() != nil, errors.As(err, &netErr) && netErr.Timeout():
		return nothing(checks.ReasonUnreadable, "no whole answer in the time one server gets")
	case errors.Is(err, sqldriver.ErrInvalidConn), errors.Is(err, sqldriver.ErrMalformPkt), errors.Is(err, sqldriver.ErrPktSync), errors.Is(err, errProtocol):
		return nothing(checks.ReasonUnreadable, "the answer is not that of a database server")
	}
	return nothing(checks.ReasonUnreadable, "the connection failed")
}

// byNumber reads the server's error number (mysqld_error.h of both servers).
func byNumber(number uint16) answer {
	switch number {
	case 1045, 1698: // ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR
		return answer{verdict: vRefused}
	case 1275: // ER_SERVER_IS_IN_SECURE_AUTH_MODE: the account holds an old hash, so a password
		return answer{verdict: vRefused, detail: "root's password is stored in the format from before 4.1"}
	case 4151, 3118: // ER_ACCOUNT_HAS_BEEN_LOCKED of MariaDB and MySQL, said after the password was right
		return answer{verdict: vLocked}
	case 1820, 1862: // ER_MUST_CHANGE_PASSWORD and its login form
		return answer{verdict: vExpired}
	case 1130: // ER_HOST_NOT_PRIVILEGED
		return answer{verdict: vNotAdmitted}
	case 3955, 4150: // ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK, ER_USER_IS_BLOCKED
		return answer{verdict: vBusy, reason: checks.ReasonUnreadable, detail: "the server has locked root after refused logins"}
	case 1040, 1203: // ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS
		return answer{verdict: vBusy, reason: checks.ReasonUnreadable, detail: "the server has too many connections"}
	case 1129: // ER_HOST_IS_BLOCKED
		return answer{verdict: vBusy, reason: checks.ReasonUnreadable, detail: "the server blocks this address after connection errors"}
	case 3159: // ER_SECURE_TRANSPORT_REQUIRED
		return answer{reason: checks.ReasonUnsupported, detail: "the server demands TLS and offers none"}
	case 1251: // ER_NOT_SUPPORTED_AUTH_MODE
		return answer{reason: checks.ReasonUnsupported, detail: "root's login is checked in a way the client does not know"}
	}
	return answer{reason: checks.ReasonUnreadable, detail: "the server answered the login with an error that says nothing about the password"}
}

// text is a value of a result as text; the text protocol gives nothing but
// strings, numbers and NULL.
func text(v driver.Value) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return ""
}
