package engine

import (
	"time"

	"paperport/charges"
)

// Options are what an engine is made with. They are part of what a journal depends on: replay with the same ones.
type Options struct {
	// Seed mixes with order numbers to draw send latencies. Use the venue's stored seed.
	Seed uint64
	// Tables are the charge rates; nil means the embedded ones.
	Tables *charges.Tables
	// IsLatencyOff makes orders active at acceptance: for tests and harnesses that count, not for people.
	IsLatencyOff bool
	// WorkingOrdersMax is the most working orders of one account; 0 means 1000.
	WorkingOrdersMax int
}

const (
	bookAgeMax       = 60 * time.Second
	workingOrdersMax = 1000
)

func (o Options) withDefaults() Options {
	if o.WorkingOrdersMax == 0 {
		o.WorkingOrdersMax = workingOrdersMax
	}
	return o
}
