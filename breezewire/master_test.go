package breezewire

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

const realMaster = "../../shared/data/security-master/SecurityMaster-2026-07-30.zip"

// mustRealMember opens a member of the real master, or skips.
func mustRealMember(t *testing.T, member MasterMember) io.Reader {
	t.Helper()
	z, err := zip.OpenReader(realMaster)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../../shared/data beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { z.Close() })
	for _, f := range z.File {
		if own, ok := MasterMemberOf(f.Name); ok && own == member {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	t.Fatalf("the real master has no %s", member)
	return nil
}

func mustPrice(t *testing.T, s string) money.Price {
	t.Helper()
	p, err := money.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRealMaster counts the rows of all seven members and looks at one row of each whose traps are known (4.3).
func TestRealMaster(t *testing.T) {
	day := func(month time.Month, d int) calendar.Date { return calendar.NewDate(2026, month, d) }
	for _, tc := range []struct {
		member MasterMember
		rows   int
		find   func(*MasterRow) bool
		want   MasterRow
	}{
		{MasterNSE, 5687, func(r *MasterRow) bool { return r.Token == "2885" }, MasterRow{
			StockCode: "RELIND", Symbol: "RELIANCE", Series: "EQ", CompanyName: "RELIANCE INDUSTRIES", ISIN: "INE002A01018", LotSize: 1,
			LowerCircuit: mustPrice(t, "1148.4"), UpperCircuit: mustPrice(t, "1403.4")}},
		{MasterBSE, 13357, func(r *MasterRow) bool { return r.Token == "500325" }, MasterRow{
			StockCode: "RELIND", Symbol: "RELIANCE", Series: "DR", CompanyName: "RELIANCE INDUSTRIES", ISIN: "INE002A01018", LotSize: 1,
			LowerCircuit: mustPrice(t, "1148.4"), UpperCircuit: mustPrice(t, "1403.6")}},
		{MasterNFO, 70950, func(r *MasterRow) bool { return r.Token == "58072" }, MasterRow{
			StockCode: "NIFTY", Symbol: "NIFTY 50", InstrumentName: "FUTIDX", Series: "FUTURE", CompanyName: "NIFTY 50", Expiry: day(8, 25),
			LotSize: 65, TickSize: mustPrice(t, "0.10"), LowerCircuit: mustPrice(t, "21880.4"), UpperCircuit: mustPrice(t, "26742.6"),
			BasePrice: mustPrice(t, "24311.50"), Bucket: "1-Mon"}},
		{MasterBFO, 4439, func(r *MasterRow) bool { return r.Token == "825622" }, MasterRow{
			StockCode: "BSESEN", Symbol: "SENSEX", InstrumentName: "FUTIND", Series: "FUTURE", CompanyName: "BSE SENSEX", Expiry: day(8, 27),
			LotSize: 20, TickSize: mustPrice(t, "0.05"), LowerCircuit: mustPrice(t, "69526.65"), UpperCircuit: mustPrice(t, "84977"),
			BasePrice: mustPrice(t, "77944.80"), Bucket: "0-XXX"}},
		{MasterNDX, 4, func(r *MasterRow) bool { return r.StockCode == "JPYINR" }, MasterRow{
			Token: "27", StockCode: "JPYINR", Symbol: "JPYINR", InstrumentName: "UNDCUR", Series: "SPOT", CompanyName: "JPYINR",
			Expiry: calendar.NewDate(1980, 1, 1), LotSize: 1000, TickSize: mustPrice(t, "0.0025"), LowerCircuit: mustPrice(t, "45.325"),
			UpperCircuit: mustPrice(t, "55.3975"), BasePrice: mustPrice(t, "50.36")}},
		{MasterMCX, 37408, func(r *MasterRow) bool { return r.Token == "568835" }, MasterRow{
			StockCode: "ZINCMI", Symbol: "ZINCMINI", InstrumentName: "FUTSTK", Series: "FUTURE", CompanyName: "ZINCMINI", Expiry: day(8, 31),
			LotSize: 1, TickSize: mustPrice(t, "0.05"), LowerCircuit: mustPrice(t, "361.85"), UpperCircuit: mustPrice(t, "391.95"),
			QuantityUnit: "MT", PriceUnit: "RS/1KGS"}},
		{MasterMF, 7014, nil, MasterRow{}},
	} {
		t.Run(tc.member.String(), func(t *testing.T) {
			var got MasterRow
			count, err := ReadMasterMember(tc.member, mustRealMember(t, tc.member), func(r *MasterRow) error {
				if tc.find(r) {
					got = *r
				}
				return nil
			})
			if err != nil || count != (MasterCount{Rows: tc.rows}) {
				t.Fatalf("%+v, %v; want %d rows, none broken", count, err, tc.rows)
			}
			if tc.find == nil {
				return
			}
			tc.want.Member = tc.member
			if tc.want.Token == "" {
				tc.want.Token = got.Token
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func sampleRows() []MasterRow {
	expiry := calendar.NewDate(2026, time.December, 29)
	return []MasterRow{
		{Member: MasterNSE, Token: "2885", StockCode: "RELIND", Symbol: "RELIANCE", Series: "EQ", CompanyName: "RELIANCE INDUSTRIES",
			ISIN: "INE002A01018", LotSize: 1, LowerCircuit: 11484000, UpperCircuit: 14034000},
		{Member: MasterNSE, Token: "NIFTY 50", StockCode: "NIFTY", Symbol: "NIFTY 50", Series: "0", CompanyName: "NIFTY 50", LotSize: 1},
		{Member: MasterBSE, Token: "500325", StockCode: "RELIND", Symbol: "RELIANCE", Series: "DR", CompanyName: "RELIANCE INDUSTRIES",
			ISIN: "INE002A01018", LotSize: 1, LowerCircuit: 11484000, UpperCircuit: 14036000},
		{Member: MasterNFO, Token: "10057262", StockCode: "NIFTY", Symbol: "NIFTY 50", InstrumentName: "OPTIDX", Series: "OPTION",
			CompanyName: "NIFTY 50", Expiry: expiry, Strike: 240000000, Right: instrument.Call, LotSize: 65, TickSize: 500,
			LowerCircuit: 500, UpperCircuit: 9000500, BasePrice: 241549000, Bucket: "2-Mon"},
		{Member: MasterNFO, Token: "100", StockCode: "ITC", Symbol: "ITC", InstrumentName: "OPTSTK", Series: "OPTION", CompanyName: "ITC, LIMITED",
			Expiry: expiry, Strike: 1675000, Right: instrument.Put, LotSize: 1600, TickSize: 100, BasePrice: 2991500, Bucket: "1-Mon"},
		{Member: MasterBFO, Token: "825622", StockCode: "BSESEN", Symbol: "SENSEX", InstrumentName: "FUTIND", Series: "FUTURE",
			CompanyName: "BSE SENSEX", Expiry: expiry, LotSize: 20, TickSize: 500, BasePrice: 779448000, Bucket: "0-XXX"},
	}
}

// TestMasterRoundTrip: what WriteMasterZip writes reads back the same, member by member, and re-writes to the same bytes.
func TestMasterRoundTrip(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 37, 0, 0, time.UTC)
	var first bytes.Buffer
	if err := WriteMasterZip(&first, Master{At: at, Rows: sampleRows()}); err != nil {
		t.Fatal(err)
	}
	got := mustReadZip(t, first.Bytes())
	if diff := cmp.Diff(sampleRows(), got); diff != "" {
		t.Fatalf("(-written +read):\n%s", diff)
	}
	var second bytes.Buffer
	if err := WriteMasterZip(&second, Master{At: at, Rows: got}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the rows read back write another file")
	}
}

func mustReadZip(t *testing.T, b []byte) []MasterRow {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var rows []MasterRow
	for _, member := range []MasterMember{MasterNSE, MasterBSE, MasterNFO, MasterBFO} {
		f, err := z.Open(member.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMasterMember(member, f, func(r *MasterRow) error { rows = append(rows, *r); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// TestRealRowsRoundTrip writes every row of the real NSE, BSE and F&O members and reads them back.
func TestRealRowsRoundTrip(t *testing.T) {
	var rows []MasterRow
	for _, member := range []MasterMember{MasterNSE, MasterBSE, MasterNFO, MasterBFO} {
		if _, err := ReadMasterMember(member, mustRealMember(t, member), func(r *MasterRow) error { rows = append(rows, *r); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := WriteMasterZip(&b, Master{Rows: rows}); err != nil {
		t.Fatal(err)
	}
	got := mustReadZip(t, b.Bytes())
	if len(got) != len(rows) {
		t.Fatalf("%d rows written, %d read", len(rows), len(got))
	}
	for i := range rows {
		if rows[i] != got[i] {
			t.Fatalf("row %d (-written +read):\n%s", i, cmp.Diff(rows[i], got[i]))
		}
	}
}

// TestWrittenHeaders: the header lines are those of the real files, byte for byte.
func TestWrittenHeaders(t *testing.T) {
	var b bytes.Buffer
	if err := WriteMasterZip(&b, Master{}); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []MasterMember{MasterNSE, MasterBSE, MasterNFO, MasterBFO} {
		f, err := z.Open(member.String())
		if err != nil {
			t.Fatal(err)
		}
		ours, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		theirs := make([]byte, len(ours))
		if _, err := io.ReadFull(mustRealMember(t, member), theirs); err != nil || string(theirs) != string(ours) {
			t.Errorf("%s: header\n%q, the real one\n%q (%v)", member, ours, theirs, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, row := range map[string]MasterRow{
		"an MCX row":       {Member: MasterMCX},
		"a quote in text":  {Member: MasterNSE, CompanyName: `A "B" C`},
		"a line in text":   {Member: MasterNFO, StockCode: "A\nB"},
		"no member at all": {},
	} {
		if err := WriteMasterZip(io.Discard, Master{Rows: []MasterRow{row}}); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestMasterMemberOf(t *testing.T) {
	for name, want := range map[string]MasterMember{
		"FONSEScripMaster.txt": MasterNFO, "FOBSEScripMaster.txt": MasterBFO, "CDNSEScripMaster.txt": MasterNDX, "NSEScripMaster.txt": MasterNSE,
		"BSEScripMaster.txt": MasterBSE, "MCXScripMaster.txt": MasterMCX, "MFScripMaster.txt": MasterMF, "nsescripmaster.TXT": MasterNSE,
		"readme.txt": 0, "": 0,
	} {
		if got, _ := MasterMemberOf(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

const nseHeader = `"Token", "ShortName", "Series", "CompanyName", "Lotsize", "ISINCode", "WarningPercent", "FreezePercent", "ExchangeCode"` + "\r\n"

// TestBrokenRows: a row that cannot be read is counted and left out; a file of them is refused.
func TestBrokenRows(t *testing.T) {
	const good = `"1","A","EQ","A LTD",1,"INE0",12.5,10,"A"` + "\r\n"
	for name, tc := range map[string]struct {
		text         string
		rows, broken int
		isRefused    bool
	}{
		"two good rows":              {nseHeader + good + good, 2, 0, false},
		"no line end at the end":     {nseHeader + strings.TrimSpace(good), 1, 0, false},
		"blank lines":                {nseHeader + "\r\n" + good + "\n\n", 1, 0, false},
		"byte order mark":            {"\xef\xbb\xbf" + nseHeader + good, 1, 0, false},
		"a column missing":           {nseHeader + good + `"1","A"` + "\n", 2, 1, false},
		"an open quote":              {nseHeader + good + `"1","A,EQ,x,1,2,3,4,5` + "\n", 2, 1, false},
		"text after a quote":         {nseHeader + `"1"x,"A","EQ","A",1,"",1,1,"A"` + "\n", 1, 1, false},
		"a price that is no number":  {nseHeader + `"1","A","EQ","A",1,"",abc,1,"A"` + "\n", 1, 1, false},
		"a negative price":           {nseHeader + `"1","A","EQ","A",1,"",-1,1,"A"` + "\n", 1, 1, false},
		"an exponent":                {nseHeader + `"1","A","EQ","A",1,"",1e9,1,"A"` + "\n", 1, 1, false},
		"a price beyond all numbers": {nseHeader + `"1","A","EQ","A",1,"",99999999999999999999,1,"A"` + "\n", 1, 1, false},
		"a lot that is no number":    {nseHeader + `"1","A","EQ","A",x,"",1,1,"A"` + "\n", 1, 1, false},
		"only a header":              {nseHeader, 0, 0, false},
		"nothing":                    {"", 0, 0, true},
		"another file":               {"a,b,c\n1,2,3\n", 0, 0, true},
		"a zip in it":                {"PK\x03\x04\x14\x00\x00\x00\x08\x00", 0, 0, true},
		"a page":                     {"<html><body>Access denied</body></html>", 0, 0, true},
		"a line without end":         {nseHeader + strings.Repeat("x", 1<<17), 0, 0, true},
		"one in fifty broken":        {nseHeader + strings.Repeat(strings.Repeat(good, 49)+"x\n", 20), 1000, 20, true},
	} {
		count, err := ReadMasterMember(MasterNSE, strings.NewReader(tc.text), func(*MasterRow) error { return nil })
		if (err != nil) != tc.isRefused || (!tc.isRefused && count != MasterCount{tc.rows, tc.broken}) {
			t.Errorf("%s: %+v, %v; want %d rows, %d broken, refused %t", name, count, err, tc.rows, tc.broken, tc.isRefused)
		}
	}
}

// TestHostileText: what reaches a screen is short printable ASCII (T14).
func TestHostileText(t *testing.T) {
	text := nseHeader + `"1","A","EQ","<b>` + "\x1b[31m\u202e\x00" + strings.Repeat("z", 2000) + `",1,"",2,1,"A""B"` + "\n"
	_, err := ReadMasterMember(MasterNSE, strings.NewReader(text), func(r *MasterRow) error {
		if len(r.CompanyName) > masterTextMax || CleanText(r.CompanyName[:50]) != r.CompanyName[:50] || r.Symbol != `A"B` {
			t.Errorf("name %q, symbol %q", r.CompanyName, r.Symbol)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadStopsOnError(t *testing.T) {
	stop := errors.New("stop")
	row := `"1","A","EQ","A LTD",1,"INE0",12.5,10,"A"` + "\n"
	count, err := ReadMasterMember(MasterNSE, strings.NewReader(nseHeader+row+row), func(*MasterRow) error { return stop })
	if !errors.Is(err, stop) || count.Rows != 1 {
		t.Errorf("%d rows, %v", count.Rows, err)
	}
}

// FuzzReadMasterMember: no input panics, and every row that is read can be written and read again.
func FuzzReadMasterMember(f *testing.F) {
	var b bytes.Buffer
	if err := WriteMasterZip(&b, Master{Rows: sampleRows()}); err != nil {
		f.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			f.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		member, _ := MasterMemberOf(file.Name)
		f.Add(uint8(member), text)
	}
	f.Add(uint8(MasterMF), []byte("CompanyCode,SchemeCode,AmfiCd,NAV,SchemeName\n1,2,3,4,5\n"))
	f.Fuzz(func(t *testing.T, member uint8, text []byte) {
		m := MasterMember(member)%MasterMF + 1
		count, err := ReadMasterMember(m, bytes.NewReader(text), func(r *MasterRow) error {
			if r.Member != m || r.LotSize < 0 || r.Strike < 0 || r.TickSize < 0 || r.UpperCircuit < 0 {
				return fmt.Errorf("row %+v", r)
			}
			again := *r
			if strings.ContainsAny(fmt.Sprint(again), "\"\r\n") {
				return nil
			}
			switch m {
			case MasterNSE, MasterBSE, MasterNFO, MasterBFO:
				if err := writeMember(io.Discard, m, []MasterRow{again}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrMaster) && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if count.Broken > count.Rows {
			t.Fatalf("%+v", count)
		}
	})
}
