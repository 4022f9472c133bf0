package sim

import "sync"

// cache keeps at most two generations of size entries; asking for an entry of the older one moves it up. Values are pure
// functions of their keys, so losing one costs time only.
type cache[K comparable, V any] struct {
	mu       sync.Mutex // guards both generations
	size     int
	now, old map[K]V
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{size: size, now: map[K]V{}}
}

// get returns the entry of key, made by build when it is not there; build runs outside the lock and may run twice.
func (c *cache[K, V]) get(key K, build func() V) V {
	if v, ok := c.look(key); ok {
		return v
	}
	v := build()
	c.put(key, v)
	return v
}

func (c *cache[K, V]) look(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.now[key]; ok {
		return v, true
	}
	v, ok := c.old[key]
	if ok {
		c.store(key, v)
	}
	return v, ok
}

func (c *cache[K, V]) put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(key, v)
}

func (c *cache[K, V]) store(key K, v V) {
	if len(c.now) >= c.size {
		c.old, c.now = c.now, map[K]V{}
	}
	c.now[key] = v
}
