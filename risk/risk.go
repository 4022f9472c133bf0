// Package risk holds the checks made before an order is taken and is the only source of denial codes. It decides from
// values handed to it and changes nothing.
//
// Invariant: when several reasons apply, the first in documented order is the answer, always the same one.
package risk
