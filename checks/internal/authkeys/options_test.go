package authkeys

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestRefusing(t *testing.T) {
	const (
		forwarding = "no-port-forwarding,no-agent-forwarding,no-X11-forwarding,"
		message    = `echo 'Please login as the user \"ubuntu\" rather than the user \"root\".'`
		tail       = ";echo;sleep 10;exit 142"
	)
	tests := []struct {
		name, options string
		want          bool
	}{
		{"cloud_init", forwarding + `command="` + message + tail + `"`, true},
		{"cloud_init_old", forwarding + `command="` + message + `;echo;sleep 10"`, true},
		{"ibm", forwarding + `command="` + message + `;echo;sleep 5; exit 142"`, true},
		{"debian", forwarding + `command="` + strings.Replace(message, "ubuntu", "debian", 1) + tail + `"`, true},
		{"ec2", forwarding + `command="` + strings.Replace(message, "ubuntu", "ec2-user", 1) + tail + `"`, true},
		{"template", forwarding + `command="echo 'Please login as the user \"$USER\" rather than the user \"$DISABLE_USER\".'` + tail + `"`, true},
		{"none", forwarding + `command="` + strings.Replace(message, "ubuntu", "NONE", 1) + tail + `"`, true},
		{"restrict", `restrict,command="` + message + tail + `"`, true},
		{"first_wording", forwarding + `command="echo 'Please login as the ubuntu user rather than root user.';echo;sleep 10"`, true},
		{"first_images", `command="echo 'Please login as the ec2-user user rather than root user.';echo;sleep 10"`, false},
		{"forwarding", `command="` + message + tail + `"`, false},
		{"forwarding_again", forwarding + `port-forwarding,command="` + message + tail + `"`, false},
		{"tunnel", forwarding + `tunnel="0",command="` + message + tail + `"`, false},
		{"environment", forwarding + `environment="A=B",command="` + message + tail + `"`, false},
		{"appended", forwarding + `command="` + message + tail + `;sh"`, false},
		{"appended_ampersand", forwarding + `command="` + message + tail + ` && sh"`, false},
		{"appended_line", forwarding + `command="` + message + tail + ` "`, false},
		{"inserted", forwarding + `command="` + message + `;sh;echo;sleep 10;exit 142"`, false},
		{"before", forwarding + `command="sh;` + message + tail + `"`, false},
		{"sleep_command", forwarding + `command="` + message + `;echo;sleep 10 & sh"`, false},
		{"sleep_substitution", forwarding + `command="` + message + `;echo;sleep $(sh)"`, false},
		{"sleep_long", forwarding + `command="` + message + `;echo;sleep 100000;exit 142"`, false},
		{"exit_0", forwarding + `command="` + message + `;echo;sleep 10;exit 0"`, false},
		{"quote_in_name", forwarding + `command="echo 'Please login as the user \"a';sh;'\" rather than the user \"root\".'` + tail + `"`, false},
		{"no_name", forwarding + `command="echo 'Please login as the user \"\" rather than the user \"root\".'` + tail + `"`, false},
		{"other_command", forwarding + `command="echo 'Please login as the user'"`, false},
		{"no_command", "no-port-forwarding", false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			entries, problems := Parse([]byte(tc.options+" "+edKey), ParseOptions{Major: 10})
			if len(entries) != 1 {
				t.Fatalf("no entry: %v", problems)
			}
			if got := entries[0].Options.Refusing; got != tc.want {
				t.Errorf("Refusing = %v for %s", got, what(entries[0]))
			}
		})
	}
}

func TestAdmits(t *testing.T) {
	tests := []struct {
		from, host, addr string
		want             bool
	}{
		{"*", "", "192.0.2.1", true},
		{"192.0.2.0/24", "", "192.0.2.1", true},
		{"192.0.2.0/24", "", "::ffff:192.0.2.1", true},
		{"::ffff:192.0.2.0/120", "", "192.0.2.1", false},
		{"192.0.2.0/24,!192.0.2.1", "", "192.0.2.1", false},
		{"!192.0.2.1,192.0.2.0/24", "", "192.0.2.1", false},
		{"!192.0.2.1", "", "192.0.2.2", false},
		{"192.0.2", "", "192.0.0.2", true},
		{"0x0a.012.1", "", "10.10.0.1", true},
		{"09.0.0.1", "", "9.0.0.1", false},
		{"*.example.org", "A.EXAMPLE.org", "192.0.2.1", true},
		{"*.EXAMPLE.org", "a.example.org", "192.0.2.1", true},
		{"*.example.org", "", "192.0.2.1", false},
		{"*,!*.example.org", "a.example.org", "192.0.2.1", false},
		{"*,!a.example.org", "b.example.org", "192.0.2.1", true},
		{"2001:db8::/32", "", "2001:db8:1::2", true},
		{"2001:db8::/32", "", "192.0.2.1", false},
		{"2001:DB8::1", "", "2001:db8::1", true},
		{"fe80::/10", "", "fe80::1%eth0", false},
		{"fe80::1%eth0", "", "fe80::1%eth0", true},
		{"fe80::*", "", "fe80::1%eth0", true},
		{"192.0.2.?", "", "192.0.2.10", false},
		{"19*.2.1*", "", "192.0.2.10", true},
		{"0.0.0.0/0", "", "192.0.2.1", true},
		{"::/0", "", "192.0.2.1", false},
		{"192.0.2.0/+24", "", "192.0.2.1", true},
		{"192.0.2.0/2x", "", "192.0.2.1", false},
	}
	for _, tc := range tests {
		t.Run(strings.NewReplacer(" ", "_", "/", "|").Replace(tc.from+" "+tc.addr), func(t *testing.T) {
			entries, problems := Parse([]byte(`from="`+tc.from+`" `+edKey), ParseOptions{Major: 10})
			if len(entries) != 1 {
				t.Fatalf("no entry: %v", problems)
			}
			if got := entries[0].Options.Admits(tc.host, netip.MustParseAddr(tc.addr)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestExpires(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("no time zones here: %v", err)
	}
	tests := []struct {
		value string
		zone  *time.Location
		want  time.Time
	}{
		{"20300704", nil, time.Date(2030, 7, 4, 0, 0, 0, 0, time.UTC)},
		{"203007041205", nil, time.Date(2030, 7, 4, 12, 5, 0, 0, time.UTC)},
		{"20300704120507", nil, time.Date(2030, 7, 4, 12, 5, 7, 0, time.UTC)},
		{"20300104", berlin, time.Date(2030, 1, 3, 23, 0, 0, 0, time.UTC)},
		{"20300704", berlin, time.Date(2030, 7, 3, 23, 0, 0, 0, time.UTC)}, // as if there were no summer time
		{"20300704Z", berlin, time.Date(2030, 7, 4, 0, 0, 0, 0, time.UTC)},
		{"20300704utc", berlin, time.Date(2030, 7, 4, 0, 0, 0, 0, time.UTC)},
		{"20300231", nil, time.Date(2030, 3, 3, 0, 0, 0, 0, time.UTC)},
	}
	for _, tc := range tests {
		t.Run(tc.value, func(t *testing.T) {
			line := `expiry-time="20990101",expiry-time="` + tc.value + `" ` + edKey
			entries, problems := Parse([]byte(line), ParseOptions{Major: 10, Location: tc.zone})
			if len(entries) != 1 {
				t.Fatalf("no entry: %v", problems)
			}
			if got := entries[0].Options.Expires; !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got.UTC(), tc.want)
			}
		})
	}
}
