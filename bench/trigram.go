package main

import (
	"slices"
	"strings"
)

// trigrams is the floor of search: postings of every three letters, the rarest list scanned and checked, the first
// twenty taken. It ranks nothing and knows no words, which is the least that a substring search can do.
type trigrams struct {
	texts    []string
	postings map[[3]byte][]int32
	// short are the postings of one and two letters, padded with zero; only the first matches are kept, for the floor
	// stops at twenty anyway.
	short map[[3]byte][]int32
}

const (
	searchLimit = 20
	shortMax    = 4 * searchLimit
)

func newTrigrams(texts []string) *trigrams {
	t := &trigrams{texts: texts, postings: map[[3]byte][]int32{}, short: map[[3]byte][]int32{}}
	for i, text := range texts {
		id := int32(i)
		for j := range len(text) {
			t.addShort([3]byte{text[j]}, id)
			if j+2 <= len(text) {
				t.addShort([3]byte{text[j], text[j+1]}, id)
			}
			if j+3 <= len(text) {
				key := [3]byte{text[j], text[j+1], text[j+2]}
				if list := t.postings[key]; len(list) == 0 || list[len(list)-1] != id {
					t.postings[key] = append(list, id)
				}
			}
		}
	}
	return t
}

func (t *trigrams) addShort(key [3]byte, id int32) {
	if list := t.short[key]; len(list) < shortMax && (len(list) == 0 || list[len(list)-1] != id) {
		t.short[key] = append(list, id)
	}
}

// search returns up to twenty texts that contain every word of q; out is reused.
func (t *trigrams) search(q string, out []int32) []int32 {
	out = out[:0]
	var best []int32
	isSet := false
	words := strings.Fields(q)
	for _, w := range words {
		for j := 0; j+3 <= len(w); j++ {
			if list := t.postings[[3]byte{w[j], w[j+1], w[j+2]}]; !isSet || len(list) < len(best) {
				best, isSet = list, true
			}
		}
	}
	if !isSet {
		// Only words of one or two letters.
		var key [3]byte
		copy(key[:], words[0])
		best = t.short[key]
	}
	for _, id := range best {
		if containsAll(t.texts[id], words) {
			if out = append(out, id); len(out) == searchLimit {
				break
			}
		}
	}
	return out
}

func containsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}
