package breezesim

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"paperport/calendar"
)

// issued is one login: an API session and the token that customerdetails makes of it.
type issued struct {
	api, token string
	key, user  string // tags: whose app, whose login
	day        calendar.Date
	age        age
	// at is when it was issued; 0 when that was before this process began, or when isLasting.
	at        calendar.Instant
	isLasting bool // the demo market's own: no end of its own
	exchanges int
}

// age counts the kills before a login was issued: of all keys, and of its own.
type age struct{ all, own int }

// name finds an issued pair by either half.
type name struct{ key, user, text string }

// logins knows the logins in force. An API session is a function of (key, user, IST day, a small number), so that one
// given before a restart is still known after it, although nothing is stored.
type logins struct {
	book *book

	mu      sync.Mutex // guards the rest
	byAPI   map[name]*issued
	byToken map[name]*issued
	next    map[string]int
	killed  map[string]int // kills by key tag; "" counts for all
}

// loginsMax is how many logins of one key and user in one day have API sessions of their own; then they come again.
const loginsMax = 64

func newLogins(b *book) *logins {
	return &logins{book: b, byAPI: map[name]*issued{}, byToken: map[name]*issued{}, next: map[string]int{}, killed: map[string]int{}}
}

// issue makes a new pair. Earlier ones stay in force.
func (t *logins) issue(i issued) *issued {
	t.mu.Lock()
	defer t.mu.Unlock()
	i.age = t.age(i.key)
	series := fmt.Sprint(i.key, ":", i.user, ":", i.day, ":", i.age)
	n, ok := t.next[series]
	if !ok {
		n = randomBelow(loginsMax)
	}
	t.next[series] = (n + 1) % loginsMax
	i.api, i.token = t.digits("api", i, n), t.digits("token", i, n)
	t.keep(&i)
	return &i
}

// keep remembers a pair and forgets those of days long over.
func (t *logins) keep(i *issued) {
	for at, old := range t.byToken {
		if old.day < i.day-2 && !old.isLasting {
			delete(t.byToken, at)
			delete(t.byAPI, name{key: old.key, text: old.api})
		}
	}
	t.byAPI[name{key: i.key, text: i.api}] = i
	t.byToken[name{i.key, i.user, i.token}] = i
}

func (t *logins) age(key string) age { return age{t.killed[""], t.killed[key]} }

// digits are the eight digits of login n, the first not 0.
func (t *logins) digits(what string, i issued, n int) string {
	sum := t.book.draw(what, fmt.Sprint(i.key, ":", i.user, ":", i.day, ":", i.age.all, ":", i.age.own, ":", n))
	return fmt.Sprint(binary.BigEndian.Uint64(sum)%90_000_000 + 10_000_000)
}

// exchange finds the login of an API session given through a key, in force or not, and how often it was exchanged before.
func (t *logins) exchange(key, api string, today calendar.Date) (found issued, before int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.byAPI[name{key: key, text: api}]
	if i == nil {
		i = t.recall(key, key, "api", api, today)
	}
	if i == nil {
		return issued{}, 0, false
	}
	before = i.exchanges
	i.exchanges++
	return *i, before, true
}

// find returns the login behind a token of a user, in force or not.
func (t *logins) find(key, user, token string, today calendar.Date) (issued, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := t.byToken[name{key, user, token}]
	if i == nil {
		i = t.recall(key, user, "token", token, today)
	}
	if i == nil {
		return issued{}, false
	}
	return *i, true
}

// keysOf lists the keys through which a user may have logged in, his own first.
func (t *logins) keysOf(user string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := []string{user}
	for at := range t.byToken {
		if at.user == user && !slices.Contains(keys, at.key) {
			keys = append(keys, at.key)
		}
	}
	return keys
}

// recall computes what an earlier process may have issued in the last days.
func (t *logins) recall(key, user, what, text string, today calendar.Date) *issued {
	if len(text) != len("12345678") {
		return nil
	}
	for day := today; day > today-3; day-- {
		for n := range loginsMax {
			i := issued{key: key, user: user, day: day, exchanges: 1}
			if t.digits(what, i, n) == text {
				i.api, i.token = t.digits("api", i, n), t.digits("token", i, n)
				t.keep(&i)
				return &i
			}
		}
	}
	return nil
}

// isInForce reports whether a login still counts at an instant.
func (t *logins) isInForce(i issued, now calendar.Instant, life Life) bool {
	t.mu.Lock()
	age := t.age(i.key)
	t.mu.Unlock()
	switch {
	case i.isLasting:
		return i.age.own == age.own
	case i.age != age:
		return false
	case life == LifeDay && i.at != 0:
		return now < i.at.Add(24*time.Hour)
	default:
		return i.day == now.Date()
	}
}

// kill ends every login through a key, or through all keys but the demo market's own when key is "".
func (t *logins) kill(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.killed[key]++
}

func randomBelow(n int64) int {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		panic("breezesim: no randomness: " + err.Error())
	}
	return int(v.Int64())
}
