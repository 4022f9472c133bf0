package engine

import (
	"encoding/binary"
	"errors"
)

// codec writes or reads values in one fixed binary form: integers as zig-zag varints, texts and lists with their length
// first. One function per type does both ways, so that the two cannot differ. The form is private to one Version.
type codec struct {
	buf       []byte
	isReading bool
	err       error
}

var errSnapshot = errors.New("engine: snapshot is damaged or of another version")

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func num[T integer](c *codec, v *T) {
	if !c.isReading {
		c.buf = binary.AppendVarint(c.buf, int64(*v))
		return
	}
	n, size := binary.Varint(c.buf)
	if size <= 0 || int64(T(n)) != n {
		c.bad()
		return
	}
	*v = T(n)
	c.buf = c.buf[size:]
}

func text[T ~string](c *codec, v *T) {
	n := len(*v)
	num(c, &n)
	if !c.isReading {
		c.buf = append(c.buf, *v...)
		return
	}
	if n < 0 || n > len(c.buf) {
		c.bad()
		return
	}
	*v = T(c.buf[:n])
	c.buf = c.buf[n:]
}

func (c *codec) flag(v *bool) {
	var n uint8
	if *v {
		n = 1
	}
	num(c, &n)
	*v = n == 1
}

func (c *codec) bytes32(v *[32]byte) {
	if !c.isReading {
		c.buf = append(c.buf, v[:]...)
		return
	}
	if len(c.buf) < len(v) {
		c.bad()
		return
	}
	c.buf = c.buf[copy(v[:], c.buf):]
}

// list codes a slice; an empty one reads back as nil.
func list[T any](c *codec, v *[]T, each func(*codec, *T)) {
	n := len(*v)
	num(c, &n)
	if c.isReading {
		*v = nil
		if n < 0 || n > len(c.buf) { // every element takes at least a byte
			c.bad()
			return
		}
		if n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		if c.err != nil {
			return
		}
		each(c, &(*v)[i])
	}
}

// option codes a pointer that may be nil.
func option[T any](c *codec, v **T, each func(*codec, *T)) {
	isThere := *v != nil
	c.flag(&isThere)
	if !isThere || c.err != nil {
		return
	}
	if c.isReading {
		*v = new(T)
	}
	each(c, *v)
}

func (c *codec) bad() {
	if c.err == nil {
		c.err = errSnapshot
	}
	c.buf = nil
}
