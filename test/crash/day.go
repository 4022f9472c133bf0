// Package crash holds the harness that kills the real program with SIGKILL at random instants under load and checks that
// nothing acknowledged was lost or doubled, that all books balance and that the journal leads to what is stored.
package crash

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
)

// writeDay scripts a day of 50 contracts from 09:15 to 15:30, their prices walking by the seed, in the layout of a
// recorded day.
func writeDay(path string, random *rand.Rand) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	w := bufio.NewWriter(z)
	fmt.Fprintln(w, "timestamp,symbol,expiry,strike,option_type,spot,ltp,volume,oi,oi_chg,iv,delta,gamma,theta,vega,rho")
	const strikes, open, end = 25, 9*60 + 15, 15*60 + 30
	var price [2 * strikes]int // in ticks of 0.05
	var volume [2 * strikes]int
	for i := range price {
		price[i] = 1000 + random.IntN(3000)
	}
	spot := 2_420_000
	for minute := open; minute < end; minute++ {
		spot += random.IntN(1001) - 500
		for i := range price {
			price[i] = max(20, price[i]+random.IntN(41)-20)
			volume[i] += random.IntN(4000)
			right := "CE"
			if i%2 == 1 {
				right = "PE"
			}
			fmt.Fprintf(w, "20260818%02d%02d,NIFTY50,18-Aug-2026,%d,%s,%d.%02d,%d.%02d,%d,%d,0,0,0,0,0,0,0\n", minute/60, minute%60,
				23_600+50*(i/2), right, spot/100, spot%100, price[i]/20, price[i]%20*5, volume[i], 1000+i)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
