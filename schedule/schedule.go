// Package schedule decides when named jobs are due on a clock and the exchanges' calendar, runs each due slot once, and
// catches up after downtime.
package schedule
