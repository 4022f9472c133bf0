package vault

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"paperport/secret"
)

// TestTiming is test 68 at its root: the time of a refusal does not tell a damaged padding from a damaged tag, because
// nothing is decrypted before the tag is found right. Welch's t over the two classes must stay below 4.5; a busy machine
// gets three tries, a leak shows in all of them.
func TestTiming(t *testing.T) {
	if !soak {
		t.Skip("make soak: needs a million opens")
	}
	var found []float64
	for range 3 {
		got := welch(timeRefusals(t, 1_000_000))
		found = append(found, got)
		if math.Abs(got) < 4.5 {
			t.Logf("t = %.2f", found)
			return
		}
	}
	t.Errorf("t = %.2f, want less than 4.5 either way", found)
}

func timeRefusals(t *testing.T, n int) (tag, padding []float64) {
	t.Helper()
	v := New(newSalt(), mustKey(t))
	at := placeOf("password")
	plain := secret.New(strings.Repeat("x", 400))
	blobs := [2][]byte{v.Seal(plain, at), v.Seal(plain, at)}
	blobs[0][len(blobs[0])-1] ^= 1         // the tag: decrypted, the padding would be right
	blobs[1][len(blobs[1])-tagLen-20] ^= 1 // the block before the last: decrypted, the padding would be wrong
	times := [2][]float64{make([]float64, 0, n), make([]float64, 0, n)}
	blob := make([]byte, len(blobs[0])) // one place in memory for both: alignment shows in a few nanoseconds
	for range n {
		class := rand.IntN(2)
		copy(blob, blobs[class])
		began := time.Now()
		_, err := v.Open(blob, at)
		took := time.Since(began)
		if !isErrSealed(err) {
			t.Fatal("a damaged blob opens")
		}
		times[class] = append(times[class], float64(took))
	}
	return quiet(times[0]), quiet(times[1])
}

// quiet leaves out the slow tenth, in which other programs ran.
func quiet(times []float64) []float64 {
	slices.Sort(times)
	return times[:len(times)*9/10]
}

func welch(a, b []float64) float64 {
	meanA, varA := moments(a)
	meanB, varB := moments(b)
	return (meanA - meanB) / math.Sqrt(varA/float64(len(a))+varB/float64(len(b)))
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(x)-1)
}
