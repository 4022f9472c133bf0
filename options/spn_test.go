package options

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/money"
)

// sixteen writes an array whose first loss is first and whose others are count up from it.
func sixteen(first float64, delta string) string {
	var b strings.Builder
	b.WriteString("<ra><r>1</r>")
	for j := range ScanPoints {
		fmt.Fprintf(&b, "<a>%.2f</a>", first+float64(j))
	}
	return b.String() + "<d>" + delta + "</d></ra>"
}

// smallSPN is a risk file of one underlying with two futures and two options, in the shape of india-rules 4.5.
func smallSPN() string {
	return strings.ReplaceAll(`<?xml version="1.0" encoding="ISO-8859-1"?>
<spanFile>
<fileFormat>4.00</fileFormat>
<created>202606242149</created>
<definitions><currencyDef><currency>INR</currency><name>Rupee `+"\xe9"+`</name></currencyDef></definitions>
<pointInTime>
<date>20260625</date>
<isSetl>0</isSetl>
<clearingOrg>
<ec>NSCCL</ec>
<ccDef>
<cc>M&amp;M</cc>
<adjRate><r>1</r><val>1.00000</val></adjRate>
<scanTiers><tier><tn>1</tn><sPe>20260630</sPe><ePe>20260630</ePe></tier><tier><tn>2</tn><sPe>20260728</sPe><ePe>20260825</ePe></tier></scanTiers>
<interTiers><tier><tn>1</tn><sPe>20260630</sPe><ePe>20260825</ePe></tier></interTiers>
<somTiers><tier><tn>0</tn><rate><r>1</r><val>0.000000</val></rate></tier></somTiers>
<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>69.500000</val></rate>
<pLeg><cc>M&amp;M</cc><pe>20260728</pe><rs>A</rs><i>1.000000</i></pLeg><pLeg><cc>M&amp;M</cc><pe>20260825</pe><rs>B</rs><i>1.000000</i></pLeg></dSpread>
</ccDef>
<exchange><exch>NSE</exch>
<phyPf><pfId>1</pfId><pfCode>M&amp;M</pfCode><cvf>1.00</cvf><phy><cId>1</cId><pe>00000000</pe><p>3050.35</p><scanRate><r>1</r><priceScan>433.15</priceScan><volScan>0.1</volScan></scanRate>`+sixteen(0, "1.00000")+`</phy></phyPf>
<futPf><pfId>2</pfId><pfCode>M&amp;M</pfCode><cvf>1.00</cvf><undPf><pfId>1</pfId><pfCode>OTHER</pfCode></undPf>
<fut><cId>1</cId><pe>20260630</pe><p>3052.10</p><d>1.0</d><scanRate><priceScan>1</priceScan></scanRate>`+sixteen(8.72, "1.00000")+`</fut>
<fut><cId>2</cId><pe>20260728</pe><p>3060.00</p><d>1.0</d>`+sixteen(-433.15, "1.00000")+`</fut></futPf>
<oopPf><pfId>3</pfId><pfCode>M&amp;M</pfCode><cvf>1.00</cvf><series><pe>20260728</pe><cvf>1.00</cvf>
<opt><cId>1</cId><o>C</o><k>3100.00</k><p>82.15</p><d>0.5</d><v>0.31</v>`+sixteen(-12.5, "0.4321")+`</opt>
<opt><cId>2</cId><o>P</o><k>2950.00</k><p>41.00</p><d>-0.3</d><v>0.33</v>`+sixteen(3, "-0.2710")+`</opt>
</series></oopPf>
</exchange></clearingOrg></pointInTime>
</spanFile>
`, "\n", "\r\n")
}

func TestReadSPN(t *testing.T) {
	var got []SPNContract
	f, err := ReadSPN(strings.NewReader(smallSPN()), func(c SPNContract) error {
		got = append(got, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	june, july, august := calendar.NewDate(2026, 6, 30), calendar.NewDate(2026, 7, 28), calendar.NewDate(2026, 8, 25)
	want := &SPNFile{Format: "4.00", Created: "202606242149", Date: calendar.NewDate(2026, 6, 25), Underlyings: []*SPNUnderlying{{
		Code: "M&M", Spot: 30_503_500, PriceScan: 4_331_500, VolScan: 1_000,
		Spreads: []SPNSpread{{Priority: 1, Method: "F", Charge: 695_000, Legs: []SPNLeg{
			{Code: "M&M", Side: "A", Expiry: july, Ratio: 10_000}, {Code: "M&M", Side: "B", Expiry: august, Ratio: 10_000},
		}}},
		Tiers: []SPNTier{{From: june, To: june}, {From: july, To: august}},
	}}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	contracts := []SPNContract{
		{Code: "M&M", IsFuture: true, Expiry: june, ContractValue: 10_000, Array: countUp(30_521_000, 87_200, 1_000_000_000)},
		{Code: "M&M", IsFuture: true, Expiry: july, ContractValue: 10_000, Array: countUp(30_600_000, -4_331_500, 1_000_000_000)},
		{Code: "M&M", Expiry: july, Strike: 31_000_000, ContractValue: 10_000, Array: countUp(821_500, -125_000, 432_100_000)},
		{Code: "M&M", IsPut: true, Expiry: july, Strike: 29_500_000, ContractValue: 10_000, Array: countUp(410_000, 30_000, -271_000_000)},
	}
	if diff := cmp.Diff(contracts, got); diff != "" {
		t.Errorf("contracts (-want +got):\n%s", diff)
	}
}

// countUp is the array that sixteen writes.
func countUp(price, first money.Price, delta money.Rate) ScanArray {
	a := ScanArray{Price: price, Delta: delta}
	for j := range a.Losses {
		a.Losses[j] = first + money.Price(j)*money.PriceScale
	}
	return a
}

func TestReadSPNRefuses(t *testing.T) {
	whole := smallSPN()
	for name, text := range map[string]string{
		"nothing":              "",
		"another file":         "<html><body>Not found</body></html>",
		"an end half way":      whole[:len(whole)/2],
		"its last tag missing": strings.TrimSuffix(strings.TrimSpace(whole), "</spanFile>"),
		"entity declarations":  strings.Replace(whole, "<spanFile>", `<!DOCTYPE spanFile [<!ENTITY a "aaaa">]><spanFile>`, 1),
		"an unknown entity":    strings.Replace(whole, "3052.10", "&a;", 1),
		"another charset":      strings.Replace(whole, "ISO-8859-1", "UTF-16", 1),
		"bytes not declared":   strings.Replace(whole, ` encoding="ISO-8859-1"`, "", 1),
		"tags that cross":      strings.Replace(whole, "</pfCode></undPf>", "</undPf></pfCode>", 1),
		"fifteen scenarios":    strings.Replace(whole, "<a>-12.50</a>", "", 1),
		"seventeen scenarios":  strings.Replace(whole, "<a>-12.50</a>", "<a>1</a><a>2</a>", 1),
		"a loss that is text":  strings.Replace(whole, "<a>-12.50</a>", "<a>NaN</a>", 1),
		"a loss beyond money":  strings.Replace(whole, "<a>-12.50</a>", "<a>1e300</a>", 1),
		"no composite delta":   strings.Replace(whole, "<d>0.4321</d>", "", 1),
		"no strike":            strings.Replace(whole, "<k>3100.00</k>", "", 1),
		"a right of X":         strings.Replace(whole, "<o>C</o>", "<o>X</o>", 1),
		"a date of the 31st":   strings.Replace(whole, "20260625", "20260631", 1),
		"no date":              strings.Replace(whole, "<date>20260625</date>", "", 1),
		"an endless text":      strings.Replace(whole, "Rupee", strings.Repeat("Rupee", 100), 1),
		"endless nesting":      strings.Replace(whole, "<ec>", strings.Repeat("<x>", 40)+"<ec>", 1),
		"an underlying unsaid": strings.Replace(whole, "<cc>M&amp;M</cc>", "", 1),
	} {
		if _, err := ReadSPN(strings.NewReader(text), func(SPNContract) error { return nil }); !errors.Is(err, ErrSPN) {
			t.Errorf("%s: %v, want ErrSPN", name, err)
		}
	}
}

func TestReadSPNStopsWithItsCaller(t *testing.T) {
	full := errors.New("full")
	n := 0
	if _, err := ReadSPN(strings.NewReader(smallSPN()), func(SPNContract) error { n++; return full }); !errors.Is(err, full) || n != 1 {
		t.Errorf("%v after %d contracts, want the caller's error after one", err, n)
	}
}

func TestReadSPNStopsAtItsCap(t *testing.T) {
	capped := &capReader{r: strings.NewReader(strings.Repeat("x", 100)), left: 10}
	b, err := io.ReadAll(capped)
	if len(b) != 10 || !errors.Is(err, ErrSPN) {
		t.Errorf("%d bytes, %v; want 10 and ErrSPN", len(b), err)
	}
}

func FuzzReadSPN(f *testing.F) {
	f.Add(smallSPN())
	f.Add("<spanFile><pLeg><pe>1</pe></pLeg></spanFile>")
	f.Add("<ccDef></ccDef><dSpread><spread>")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ReadSPN(strings.NewReader(text), func(c SPNContract) error {
			if c.Code == "" || c.Expiry == 0 {
				t.Errorf("a contract without code or expiry: %+v", c)
			}
			return nil
		})
		if (file == nil) != (err != nil) {
			t.Errorf("file %v, error %v", file, err)
		}
	})
}

// TestReadRealSPN reads an original file where one is kept beside the repository.
func TestReadRealSPN(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", "charges_margin", "*.spn"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skip("no original .spn file beside the repository")
	}
	r, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	file, err := ReadSPN(r, func(SPNContract) error { n++; return nil })
	if err != nil || n < 1000 || len(file.Underlyings) < 100 {
		t.Errorf("%d contracts, %v", n, err)
	}
}

// BenchmarkReadSPN reads a file of 10,000 options. An original has about 159,000.
func BenchmarkReadSPN(b *testing.B) {
	whole := smallSPN()
	start := strings.Index(whole, "<opt>")
	end := strings.Index(whole, "</opt>") + len("</opt>")
	text := whole[:start] + strings.Repeat(whole[start:end], 10_000) + whole[end:]
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadSPN(strings.NewReader(text), func(SPNContract) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
