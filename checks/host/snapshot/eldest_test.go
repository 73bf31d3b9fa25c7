package snapshot

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The number of a socket does not tell when it was made: each CPU hands out numbers of
// its own.
func TestMergedOwnersEldestFirst(t *testing.T) {
	any4 := netip.IPv4Unspecified()
	own := &socketTables{rows: []socketRow{
		{proto: "udp", addr: any4, port: 5353, inode: 10},
		{proto: "udp", addr: any4, port: 5353, inode: 20},
		{proto: "udp", addr: any4, port: 5353, inode: 30},
	}}
	c := &collector{
		processes: []Process{{PID: 5, Start: 300}, {PID: 40, Start: 100}, {PID: 50, Start: 200}, {PID: 60, Start: 200}},
		owners:    map[uint64][]int{10: {60, 5}, 20: {50}, 30: {40, 60}},
	}
	got := c.listeners(own, false)
	if len(got) != 1 {
		t.Fatalf("%d listeners, want 1", len(got))
	}
	if diff := cmp.Diff([]int{40, 50, 60, 5}, got[0].PIDs); diff != "" {
		t.Errorf("owners: want (-), got (+):\n%s", diff)
	}
}
