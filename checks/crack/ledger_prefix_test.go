package crack

import (
	"fmt"
	"testing"
	"time"
)

// A run that has no time for a hash with more derived candidates than are remembered one
// by one leaves it where it was.
func TestPrefixIsKeptWhereNothingIsTried(t *testing.T) {
	d := newDisk()
	var own []string
	for i := range maxOwnEach + 100 {
		own = append(own, fmt.Sprint("d", i))
	}
	big := fakeJob("big", own...)
	d.run(t, []Job{big}, nil, only(maxOwnEach+50))
	for range 3 {
		d.now = d.now.Add(time.Minute)
		nothing := func(_ *fakeHasher, o *Options) { o.Idle, o.Budget, o.Now = true, 1, stepping() }
		d.run(t, []Job{big}, nil, nothing)
	}
	calls, _ := d.run(t, []Job{big}, nil, nil)
	if len(calls) > 100 {
		t.Errorf("%d candidates were tried again", len(calls)-51)
	}
}
