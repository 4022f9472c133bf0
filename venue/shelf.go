package venue

import (
	"slices"

	"paperport/order"
)

// shelfRow is how many orders are copied when one of them changes.
const shelfRow = 128

// shelf holds a day's orders by ascending id in rows that versions share: a version copies only the rows it changes,
// so a commit costs what it changed and not what the day holds. seal ends a version; only then may others read it.
type shelf struct {
	rows  [][]*order.Order
	owned map[int]bool // rows copied since the last seal
	count int
}

// put replaces the order of the same id or adds it. o must not change afterwards.
func (s *shelf) put(o *order.Order) {
	row, at, isThere := s.place(o.ID)
	if isThere {
		s.own(row)
		s.rows[row][at] = o
		return
	}
	s.count++
	if row == len(s.rows) {
		s.grow()
		s.rows = append(s.rows, append(make([]*order.Order, 0, shelfRow), o))
		s.owned[row] = true
		return
	}
	s.own(row)
	s.rows[row] = slices.Insert(s.rows[row], at, o)
}

// place finds where an id is or belongs. Rows are filled from the left; an id beyond a full last row opens a new one.
func (s *shelf) place(id order.ID) (row, at int, isThere bool) {
	row, _ = slices.BinarySearchFunc(s.rows, id, func(r []*order.Order, id order.ID) int {
		if r[len(r)-1].ID < id {
			return -1
		}
		return 1
	})
	if row == len(s.rows) {
		if row == 0 || len(s.rows[row-1]) >= shelfRow {
			return row, 0, false
		}
		row--
	}
	at, isThere = slices.BinarySearchFunc(s.rows[row], id, func(o *order.Order, id order.ID) int {
		if o.ID < id {
			return -1
		}
		if o.ID > id {
			return 1
		}
		return 0
	})
	return row, at, isThere
}

// own copies a row that an older version may be reading.
func (s *shelf) own(row int) {
	if s.owned[row] {
		return
	}
	s.grow()
	s.rows[row] = slices.Clone(s.rows[row])
	s.owned[row] = true
}

// grow copies the list of rows once in a version.
func (s *shelf) grow() {
	if s.owned == nil {
		s.rows = slices.Clone(s.rows)
		s.owned = map[int]bool{}
	}
}

func (s *shelf) seal() { s.owned = nil }

func (s *shelf) find(id order.ID) (*order.Order, bool) {
	row, at, isThere := s.place(id)
	if !isThere {
		return nil, false
	}
	return s.rows[row][at], true
}

func (s *shelf) newestFirst() []*order.Order {
	all := make([]*order.Order, 0, s.count)
	for _, row := range slices.Backward(s.rows) {
		for _, o := range slices.Backward(row) {
			all = append(all, o)
		}
	}
	return all
}
