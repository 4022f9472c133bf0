package sim

// The random walk is a sum of octaves. Octave o is a straight line between random heights in [-1, 1) at the whole
// multiples of its period, scaled by the square root of the period: at every time scale the path looks like a random
// walk, any instant costs the same, and far apart instants stay within bounds.

// slowPeriods (seconds) are multiples of a minute, so their sum is a straight line within any minute. The fast periods are
// 1, 4 and 15 seconds and divide it.
var slowPeriods = [...]int64{60, 240, 960, 3840, 15_360, 61_440, 245_760, 983_040, 3_932_160, 15_728_640, 62_914_560}

// walkScale makes the change over 86,400 s have a standard deviation near 1; a test measures it.
const walkScale = 1.17

// mix is splitmix64's finaliser over a keyed sum: a hash good enough that neighbours look unrelated.
func mix(seed, key uint64) uint64 {
	z := seed + key*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// unit turns a hash into [0, 1).
func unit(h uint64) float64 { return float64(int64(h>>11)) / (1 << 53) }

// height is the value of a lattice point of an octave, in [-1, 1).
func height(seed uint64, octave int, point int64) float64 {
	return 2*unit(mix(seed^(uint64(octave+1)*0xd6e8feb86659fd93), uint64(point))) - 1
}

// slow is the sum of the first octaves slow octaves at a whole minute.
func slow(seed uint64, second int64, octaves int) float64 {
	sum := 0.0
	for o, period := range slowPeriods[:octaves] {
		i := floorDiv(second, period)
		part := float64(second-i*period) / float64(period)
		a, b := height(seed, o, i), height(seed, o, i+1)
		sum += float64(slowAmps[o] * (a + float64((b-a)*part)))
	}
	return sum
}

// minuteSeconds is the length of a minute; every fast period divides it.
const minuteSeconds = 60

// fastAt is the sum of the fast octaves at the given second, 0 to 59, of the minute that begins at start.
func fastAt(seed uint64, start, second int64) float64 {
	i4, i15 := (start+second)/4, (start+second)/15
	return blend(height(seed, 100, start+second),
		line{height(seed, 101, i4), height(seed, 101, i4+1)}, second,
		line{height(seed, 102, i15), height(seed, 102, i15+1)})
}

// fastMinute fills in fastAt for every second of a minute, fetching each lattice point once.
func fastMinute(seed uint64, start int64, out *[minuteSeconds]float64) {
	var at4 [minuteSeconds/4 + 1]float64
	var at15 [minuteSeconds/15 + 1]float64
	for i := range at4 {
		at4[i] = height(seed, 101, start/4+int64(i))
	}
	for i := range at15 {
		at15[i] = height(seed, 102, start/15+int64(i))
	}
	for s := range out {
		out[s] = blend(height(seed, 100, start+int64(s)), line{at4[s/4], at4[s/4+1]}, int64(s), line{at15[s/15], at15[s/15+1]})
	}
}

// line is the heights at both ends of a stretch.
type line struct{ a, b float64 }

// blend is the one place where the fast octaves are added up, so that a tick and a candle see the same bits.
func blend(one float64, four line, second int64, fifteen line) float64 {
	part4, part15 := float64(second%4)/4, float64(second%15)*(1.0/15)
	v := float64(fastAmps[0]*one) + float64(fastAmps[1]*(four.a+float64((four.b-four.a)*part4)))
	return v + float64(fastAmps[2]*(fifteen.a+float64((fifteen.b-fifteen.a)*part15)))
}

// Amplitudes: walkScale x sqrt(period / 86,400).
var (
	slowAmps = [...]float64{
		0.0308322, 0.0616644, 0.1233288, 0.2466577, 0.4933153, 0.9866306, 1.9732613, 3.9465225, 7.893045, 15.7860901, 31.5721802,
	}
	fastAmps = [...]float64{0.0039804, 0.0079608, 0.0154161}
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
