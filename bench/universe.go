package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// universeLen is the size that the goals are stated for.
const universeLen = 150_000

// universe makes the search and memory benchmarks' contracts: 200 underlyings with options on three expiries, the rest
// shares. Names are invented; only their shape matters.
func universe(n int) []instrument.Instrument {
	r := rand.New(rand.NewPCG(1, 2))
	shares := n * 6 / 100
	out := make([]instrument.Instrument, 0, n)
	for i := range shares {
		symbol := word(r, 3+r.IntN(8)) + string(rune('A'+i%26))
		out = append(out, instrument.Instrument{
			ID: instrument.ID(len(out) + 1), Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity,
			Symbol: symbol, Name: word(r, 6) + " " + word(r, 8) + " LIMITED", Underlying: symbol,
			ISIN: fmt.Sprintf("INE%06dA010", i), Series: "EQ",
			Terms: instrument.Terms{LotSize: 1, TickSize: 500, Multiplier: 1},
		})
	}
	return append(out, chains(out[:min(200, shares)], shares, n-shares)...)
}

// chains makes n options over the underlyings, with ids after lastID, in the order of a security master: by contract.
func chains(underlyings []instrument.Instrument, lastID, n int) []instrument.Instrument {
	expiries := []calendar.Date{calendar.NewDate(2026, 12, 1), calendar.NewDate(2026, 12, 29), calendar.NewDate(2027, 1, 26)}
	months := []string{"26D01", "26DEC", "27JAN"}
	out := make([]instrument.Instrument, 0, n)
	strikes := n/(len(underlyings)*len(expiries)*2) + 1
	for u := range underlyings {
		for e, expiry := range expiries {
			for k := range strikes {
				for _, right := range []instrument.Right{instrument.Call, instrument.Put} {
					if len(out) == n {
						return out
					}
					strike := int64(1000+u*100) + int64(k)*50
					out = append(out, instrument.Instrument{
						ID: instrument.ID(lastID + len(out) + 1), Exchange: calendar.NSE, Segment: calendar.FNO,
						Kind: instrument.Option, Right: right, Expiry: expiry, Strike: money.Price(strike * 10_000),
						Symbol:     fmt.Sprintf("%s%s%d%s", underlyings[u].Symbol, months[e], strike, right),
						Underlying: underlyings[u].Symbol, UnderlyingID: underlyings[u].ID,
						Terms: instrument.Terms{LotSize: 50, TickSize: 500, FreezeQty: 1800, Multiplier: 1},
					})
				}
			}
		}
	}
	return out
}

func word(r *rand.Rand, n int) string {
	const vowels, others = "AEIOU", "BCDFGHJKLMNPRSTVWYZ"
	var b strings.Builder
	for i := range n {
		if i%2 == 1 {
			b.WriteByte(vowels[r.IntN(len(vowels))])
		} else {
			b.WriteByte(others[r.IntN(len(others))])
		}
	}
	return b.String()
}

// queries are what people type into a search box: every prefix of 1 to 12 letters of a share's symbol, or of "underlying
// strike ce" in words.
func queries(all []instrument.Instrument, n int) []string {
	return prefixes(all, n, func(i *instrument.Instrument) string {
		if i.Kind == instrument.Option {
			return fmt.Sprintf("%s %d %s", i.Underlying, int64(i.Strike)/10_000, i.Right)
		}
		return i.Symbol
	})
}

// gluedQueries are prefixes of contracts' own symbols, longer than the underlying: half-typed "NIFTY26DEC24000CE".
func gluedQueries(all []instrument.Instrument, n int) []string {
	var out []string
	for _, q := range prefixes(all, 4*n, func(i *instrument.Instrument) string { return i.Symbol }) {
		if strings.ContainsAny(q, "0123456789") && len(out) < n {
			out = append(out, q)
		}
	}
	return out
}

func prefixes(all []instrument.Instrument, n int, textOf func(*instrument.Instrument) string) []string {
	r := rand.New(rand.NewPCG(3, 4))
	out := make([]string, 0, n)
	for len(out) < n {
		text := strings.ToLower(textOf(&all[r.IntN(len(all))]))
		for end := 1; end <= min(12, len(text)) && len(out) < n; end++ {
			if q := strings.TrimSpace(text[:end]); q != "" {
				out = append(out, q)
			}
		}
	}
	return out
}
