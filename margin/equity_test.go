package margin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/money"
)

func TestEquityDefaults(t *testing.T) {
	for _, c := range []struct {
		class                     EquityClass
		applicable, intraday, mtf money.Rate
	}{
		{WithDerivatives, 125_000_000, 200_000_000, 195_000_000},
		{OtherShare, 250_000_000, 250_000_000, 390_000_000},
		{TradeToTrade, money.RateScale, money.RateScale, money.RateScale},
		{Surveillance, money.RateScale, money.RateScale, money.RateScale},
	} {
		r, err := mustTables(t).EquityDefault(c.class, calendar.NewDate(2026, 11, 24))
		if err != nil || r.Applicable() != c.applicable || r.Intraday() != c.intraday || r.MTF(c.class) != c.mtf || r.Label != Approximate {
			t.Errorf("%s: %+v (%v): applicable %d, intraday %d, MTF %d", c.class, r, err, r.Applicable(), r.Intraday(), r.MTF(c.class))
		}
	}
	if _, err := mustTables(t).EquityDefault(OtherShare, calendar.NewDate(2020, 1, 1)); !errors.Is(err, ErrNoRate) {
		t.Errorf("before the table: %v, want ErrNoRate", err)
	}
}

// smallVaR has the columns that ReadVaR names; its rates are made up.
const smallVaR = `10,24112026,9.00,3
20,AAA       ,EQ,INE000A01010,12.31,9.00,12.31,3.50,0.00,15.81
20,BBB,BE,INE000B01018,44.00,9.00,44.00,3.50,0.00,100.00
20,CCC,EQ,INE000C01016,9.00,9.00,9.00,3.50,2.25,14.75
`

func TestReadVaR(t *testing.T) {
	got, err := ReadVaR(strings.NewReader(smallVaR), 200_000_000)
	if err != nil {
		t.Fatal(err)
	}
	rates := func(vaR, adHoc money.Rate) EquityRates {
		return EquityRates{VaR: vaR, ELM: 35_000_000, AdHoc: adHoc, Least: 200_000_000, Label: ExchangeFile}
	}
	want := &VaRFile{Date: calendar.NewDate(2026, 11, 24), Rows: []VaRRow{
		{"AAA", "EQ", "INE000A01010", rates(123_100_000, 0)},
		{"BBB", "BE", "INE000B01018", rates(440_000_000, 525_000_000)},
		{"CCC", "EQ", "INE000C01016", rates(90_000_000, 22_500_000)},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := want.Rows[1].Rates.Applicable(); got != money.RateScale {
		t.Errorf("BBB holds %d, want its whole value", got)
	}
	for name, text := range map[string]string{
		"empty":                "",
		"no control record":    strings.Replace(smallVaR, "10,", "30,", 1),
		"another count":        strings.Replace(smallVaR, "9.00,3\n", "9.00,4\n", 1),
		"a row cut short":      strings.Replace(smallVaR, ",3.50,2.25,14.75", "", 1),
		"a rate that is text":  strings.Replace(smallVaR, "12.31,3.50", "high,3.50", 1),
		"a negative rate":      strings.Replace(smallVaR, "12.31,3.50", "-12.31,3.50", 1),
		"a date that is not":   strings.Replace(smallVaR, "24112026", "31112026", 1),
		"a web page":           "<html>\n<body>Not found</body>\n</html>",
		"a symbol left out":    strings.Replace(smallVaR, "AAA       ", "  ", 1),
		"another record type":  strings.Replace(smallVaR, "20,CCC", "21,CCC", 1),
		"a rate beyond reason": strings.Replace(smallVaR, "12.31,3.50", "12310000,3.50", 1),
	} {
		if _, err := ReadVaR(strings.NewReader(text), 0); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v, want ErrFile", name, err)
		}
	}
}

const smallELM = `Sr No.,Symbol,Instrument Type,Normal ELM Margin%,Additional ELM% for Trade Date 20-Aug-2025,Total applicable ELM%
1,AAA,OTH,3.5,0,3.5
2,AAA,OTM,5.25,0,5.25
3,BBB,OTM,5.25,15.75,21
`

func TestReadELM(t *testing.T) {
	got, err := ReadELM(strings.NewReader(smallELM))
	want := []ELMRow{{"AAA", 35_000_000, 52_500_000}, {"BBB", 0, 210_000_000}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for name, text := range map[string]string{
		"empty":              "",
		"another heading":    strings.Replace(smallELM, "Total applicable ELM%", "Remarks", 1),
		"another type":       strings.Replace(smallELM, "OTH", "XXX", 1),
		"a rate of nothing":  strings.Replace(smallELM, "0,3.5\n", "0,0\n", 1),
		"a rate over whole":  strings.Replace(smallELM, "0,3.5\n", "0,101\n", 1),
		"a row cut short":    strings.Replace(smallELM, ",0,3.5", "", 1),
		"a symbol left out":  strings.Replace(smallELM, "1,AAA", "1,", 1),
		"a rate that is not": strings.Replace(smallELM, "0,3.5\n", "0,x\n", 1),
	} {
		if _, err := ReadELM(strings.NewReader(text)); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v, want ErrFile", name, err)
		}
	}
}

// TestReadRealELM reads NSE's file of 2025-08-20 where it is kept beside the repository.
func TestReadRealELM(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", "charges_margin", "ael_20082025.csv"))
	if err != nil {
		t.Skip("no ../../shared/data beside the repository")
	}
	defer f.Close()
	rows, err := ReadELM(f)
	if err != nil || len(rows) != 216 {
		t.Fatalf("%d underlyings, %v; want 216", len(rows), err)
	}
	for _, r := range rows {
		if r.Symbol == "RELIANCE" && (r.Exposure != 35_000_000 || r.Deep != 52_500_000) || r.Exposure < 35_000_000 || r.Deep < 52_500_000 {
			t.Errorf("%+v", r)
		}
	}
}
