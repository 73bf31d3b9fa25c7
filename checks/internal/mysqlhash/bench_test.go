package mysqlhash_test

import (
	"testing"
	"time"

	"hostaudit/checks/internal/mysqlhash"
)

// samples holds one stored string of each scheme.
var samples = []struct{ name, plugin, stored string }{
	{"native", "mysql_native_password", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"},
	{"old", "mysql_old_password", "5d2e19393cc5ef67"},
	{"sha256", "sha256_password", "$5$abcdefghijklmnopqrst$" + "0123456789012345678901234567890123456789010"},
	{"caching-sha2", "caching_sha2_password", "$A$005$abcdefghijklmnopqrst" + "0123456789012345678901234567890123456789010"},
	{"ed25519", "ed25519", "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"},
	{"parsec", "parsec", "P0:lhXyNv1cIxpB8EnTxR7ON7S7:1l3rWRW1/jw45yrvYXB8eh02wzk7lcJcz4CMcWw2b+8"},
	{"parsec-most", "parsec", "P3:lhXyNv1cIxpB8EnTxR7ON7S7:1l3rWRW1/jw45yrvYXB8eh02wzk7lcJcz4CMcWw2b+8"},
}

// BenchmarkMatches shows beside the time of one test what Cost says of it.
func BenchmarkMatches(b *testing.B) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			h, err := mysqlhash.Parse(s.plugin, []byte(s.stored))
			if err != nil {
				b.Fatal(err)
			}
			word := []byte("a wrong password")
			b.ReportAllocs()
			for b.Loop() {
				if h.Matches(word) {
					b.Fatal("matches")
				}
			}
			b.ReportMetric(float64(h.Cost())/float64(time.Nanosecond), "cost-ns")
		})
	}
}
