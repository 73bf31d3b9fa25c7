package streebog

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The messages of RFC 6986, section 10, in the order of their bytes in memory;
// the second is a verse of the Tale of Igor's Campaign in Windows-1251.
var messages = []struct {
	name, hex, long, short string
}{
	{
		"m1",
		hex.EncodeToString([]byte("012345678901234567890123456789012345678901234567890123456789012")),
		"1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa" +
			"00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
		"9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
	},
	{
		"m2",
		"d1e520e2e5f2f0e82c20d1f2f0e8e1eee6e820e2edf3f6e82c20e2e5fef2fa20f120eceef0ff20f1f2f0e5ebe0ece820" +
			"ede020f5f0e0e1f0fbff20efebfaeafb20c8e3eef0e5e2fb",
		"1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376" +
			"035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
		"9dd2fe4e90409e5da87f53976d7405b0c0cac628fc669a741d50063c557e8f50",
	},
}

func TestVectors(t *testing.T) {
	for _, tt := range messages {
		t.Run(tt.name, func(t *testing.T) {
			message, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			h := New()
			for range 2 { // the second after a Reset
				got := h.Digest(message)
				if diff := cmp.Diff(tt.short, hex.EncodeToString(got[:])); diff != "" {
					t.Error(diff)
				}
			}
			// 512 bits of output differ by the first state alone.
			h.fill = 0
			h.Reset()
			h.Write(message)
			h.finish()
			var long [64]byte
			for i, w := range h.h {
				binary.LittleEndian.PutUint64(long[8*i:], w)
			}
			if diff := cmp.Diff(tt.long, hex.EncodeToString(long[:])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// RFC 7836, appendix A, example 1 of HMAC_GOSTR3411_2012_256.
func TestMAC(t *testing.T) {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	message, err := hex.DecodeString("0126bdb87800af214341456563780100")
	if err != nil {
		t.Fatal(err)
	}
	h := New()
	got := h.MAC(key, message)
	if diff := cmp.Diff("a1aa5f7de402d7b3d323f2991c8d4534013137010a83754fd0af6d7cd4922ed9", hex.EncodeToString(got[:])); diff != "" {
		t.Error(diff)
	}
	long := bytes.Repeat([]byte{7}, BlockSize+1)
	digest := h.Digest(long)
	if a, b := h.MAC(long, message), h.MAC(digest[:], message); a != b {
		t.Error("a key longer than a block does not stand for its digest")
	}
	if a, b := h.MAC(long[:BlockSize], message), h.MAC(long[:BlockSize-1], message); a == b {
		t.Error("the last byte of a block-long key is ignored")
	}
}

// The digest must not depend on how the message is cut into writes.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("message"), uint(3))
	f.Add(bytes.Repeat([]byte{0xff}, 200), uint(64))
	f.Fuzz(func(t *testing.T, message []byte, cut uint) {
		h, cut := New(), cut%uint(len(message)+1)
		want := h.Digest(message)
		h.Reset()
		h.Write(message[:cut])
		h.Write(message[cut:])
		if h.Sum() != want {
			t.Errorf("cut at %d of %d bytes: another digest", cut, len(message))
		}
		if h.Digest(append(message[:len(message):len(message)], 0)) == want {
			t.Error("a zero byte more gives the same digest")
		}
	})
}

func BenchmarkMAC(b *testing.B) {
	h, key := New(), make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		h.MAC(key, key)
	}
}
