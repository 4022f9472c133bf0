package sim

// The random walk is a sum of octaves. Octave o is a straight line between random heights in [-1, 1) at the whole
// multiples of its period, scaled by the square root of the period: at every time scale the path looks like a random
// walk, any instant costs the same, and far apart instants stay within bounds.

// slowPeriods (seconds) are multiples of a minute, so their sum is a straight line within any minute; fastPeriods are shorter and divide it; fast.at knows them.
var (
	slowPeriods = [...]int64{60, 240, 960, 3840, 15_360, 61_440, 245_760, 983_040, 3_932_160, 15_728_640, 62_914_560}
	fastPeriods = [...]int64{1, 4, 15}
)

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

// fast evaluates the fast octaves within one minute, at seconds that mostly follow each other: it keeps the lattice points
// in use. Every fast period divides a minute.
type fast struct {
	seed  uint64
	start int64 // of the minute
	point [len(fastPeriods)]uint32
	a, b  [len(fastPeriods)]float64
	isSet bool
}

// at returns the sum at the given second of the minute, 0 to 59.
func (f *fast) at(second int64) float64 {
	s := uint32(second)
	sum := float64(fastAmps[0]*f.octave(0, s, 0)) + float64(fastAmps[1]*f.octave(1, s/4, float64(s%4)/4))
	sum += float64(fastAmps[2] * f.octave(2, s/15, float64(s%15)/15))
	f.isSet = true
	return sum
}

// octave returns the line of octave o at a part of the way from lattice point i of the minute to the next.
func (f *fast) octave(o int, i uint32, part float64) float64 {
	if !f.isSet || i != f.point[o] {
		f.move(o, i)
	}
	return f.a[o] + float64((f.b[o]-f.a[o])*part)
}

// move fetches the heights around lattice point i of the minute.
func (f *fast) move(o int, i uint32) {
	first := f.start/fastPeriods[o] + int64(i)
	if f.isSet && i == f.point[o]+1 {
		f.a[o] = f.b[o]
	} else {
		f.a[o] = height(f.seed, 100+o, first)
	}
	f.b[o] = height(f.seed, 100+o, first+1)
	f.point[o] = i
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
