package breeze

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

var masterDay = calendar.NewDate(2026, time.July, 30)

// mustRealMaster returns the real master of 2026-07-30, or skips.
func mustRealMaster(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../shared/data/security-master/SecurityMaster-2026-07-30.zip")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no ../../shared/data beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func importBytes(b []byte, in MasterImport) (*Codes, *MasterReport, error) {
	return ImportMaster(bytes.NewReader(b), int64(len(b)), in)
}

func mustImport(t testing.TB, b []byte, in MasterImport) (*Codes, *MasterReport) {
	t.Helper()
	codes, report, err := importBytes(b, in)
	if err != nil {
		t.Fatal(err)
	}
	return codes, report
}

func mustParse(t *testing.T, s string) money.Price {
	t.Helper()
	p, err := money.ParsePrice(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestImportRealMaster imports the real file once and looks at it from all sides.
func TestImportRealMaster(t *testing.T) {
	master := mustRealMaster(t)
	before, began := heap(), time.Now()
	registry := instrument.NewRegistry()
	codes, report := mustImport(t, master, MasterImport{On: masterDay, Registry: registry.View(instrument.FromDemo)})
	took := time.Since(began)
	registry.MarkSaved(registry.Len())
	t.Logf("%d instruments in %s, %.1f bytes each with codes", report.Instruments, took, float64(heap()-before)/float64(registry.Len()))
	t.Run("counts", func(t *testing.T) {
		want := &MasterReport{
			On: masterDay, Instruments: 123055, GuessedTicks: report.GuessedTicks,
			Members: []MemberReport{
				{"NSEScripMaster.txt", 5687, 0}, {"BSEScripMaster.txt", 13357, 0}, {"FONSEScripMaster.txt", 70950, 0},
				{"FOBSEScripMaster.txt", 4439, 0}, {"CDNSEScripMaster.txt", 4, 0}, {"MCXScripMaster.txt", 37408, 0}, {"MFScripMaster.txt", 7014, 0},
			},
			Skipped: []Skip{
				{"NSEScripMaster.txt", SkipToken, 130}, {"NSEScripMaster.txt", SkipDebt, 1574}, {"NSEScripMaster.txt", SkipSME, 562},
				{"NSEScripMaster.txt", SkipBand, 1}, {"BSEScripMaster.txt", SkipToken, 12}, {"BSEScripMaster.txt", SkipSymbol, 930},
				{"BSEScripMaster.txt", SkipOffer, 249}, {"BSEScripMaster.txt", SkipDebt, 5278}, {"BSEScripMaster.txt", SkipBand, 50},
				{"CDNSEScripMaster.txt", SkipSpot, 4},
			},
		}
		if diff := cmp.Diff(want, report); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		rows, skipped := 0, 0
		for _, m := range report.Members[:6] {
			rows += m.Rows
		}
		for _, s := range report.Skipped {
			skipped += s.Rows
		}
		if rows != report.Instruments+skipped || registry.Len() != report.Instruments {
			t.Errorf("%d rows, %d instruments, %d skipped, %d in the registry", rows, report.Instruments, skipped, registry.Len())
		}
	})
	t.Run("instruments", func(t *testing.T) { checkInstruments(t, registry, codes) })
	t.Run("codes lead back", func(t *testing.T) { checkCodes(t, registry, codes) })
	t.Run("stock futures follow the ladder", func(t *testing.T) { checkFutureTicks(t, registry) })
	t.Run("indices have their exchange symbols", func(t *testing.T) { checkIndices(t, registry) })
	t.Run("search", func(t *testing.T) { checkSearch(t, registry, codes) })
	t.Run("the same file the next day", func(t *testing.T) { checkSecondImport(t, registry, report) })
}

func checkInstruments(t *testing.T, registry *instrument.Registry, codes *Codes) {
	for _, tc := range []struct {
		key, symbol, tick, code, room string
		lot, freeze                   money.Qty
	}{
		{"NSE:INE002A01018:EQ", "RELIANCE", "0.10", "RELIND", "4.1!2885", 1, 0},
		{"BSE:INE002A01018:", "RELIANCE", "0.10", "RELIND", "1.1!500325", 1, 0},
		{"NSE:INE040A01034:EQ", "HDFCBANK", "0.05", "HDFBAN", "4.1!1333", 1, 0},
		{"NSE:INF204KB14I2:EQ", "NIFTYBEES", "0.01", "NIFBEE", "4.1!10576", 1, 0},
		{"NSE:index:NIFTY", "NIFTY", "0.01", "NIFTY", "4.1!NIFTY 50", 1, 0},
		{"NSE:index:BANKNIFTY", "BANKNIFTY", "0.01", "CNXBAN", "4.1!NIFTY BANK", 1, 0},
		{"BSE:index:SENSEX", "SENSEX", "0.01", "BSESEN", "1.1!SENSEX", 1, 0},
		{"BSE:index:BANKEX", "BANKEX", "0.01", "BANKEX", "1.1!999911", 1, 0},
		{"NSE:NIFTY:2026-08-25:FUT", "NIFTY26AUGFUT", "0.10", "NIFTY", "4.1!58072", 65, 1800},
		{"NSE:NIFTY:2026-08-25:24000.00:CE", "NIFTY26AUG24000CE", "0.05", "NIFTY", "4.1!61593", 65, 1800},
		{"NSE:NIFTY:2026-08-04:24000.00:CE", "NIFTY2680424000CE", "0.05", "NIFTY", "4.1!65693", 65, 1800},
		{"NSE:BANKNIFTY:2026-08-25:FUT", "BANKNIFTY26AUGFUT", "0.20", "CNXBAN", "", 30, 600},
		{"NSE:MIDCPNIFTY:2026-08-25:FUT", "MIDCPNIFTY26AUGFUT", "0.05", "NIFSEL", "", 120, 2800},
		{"NSE:RELIANCE:2026-08-25:FUT", "RELIANCE26AUGFUT", "0.10", "RELIND", "", 500, 0},
		{"BSE:SENSEX:2026-08-27:FUT", "SENSEX26AUGFUT", "0.05", "BSESEN", "8.1!825622", 20, 1000},
		{"MCX:GOLD:2026-10-05:FUT", "GOLD26OCTFUT", "1.00", "GOLD", "6.1!483079", 100, 0},
		{"MCX:ZINC:2026-08-31:FUT", "ZINC26AUGFUT", "0.05", "ZINC", "", 5000, 0},
	} {
		id, ok := registry.ByKey(tc.key)
		if !ok {
			t.Errorf("%s is not in the registry", tc.key)
			continue
		}
		in, _ := registry.ByID(id)
		code, _ := codes.Code(id)
		if in.Symbol != tc.symbol || in.Terms.TickSize != mustParse(t, tc.tick) || in.Terms.LotSize != tc.lot || in.Terms.FreezeQty != tc.freeze || code.StockCode != tc.code {
			t.Errorf("%s: %s, code %s, %+v; want %+v", tc.key, in.Symbol, code.StockCode, in.Terms, tc)
		}
		if tc.room == "" {
			continue
		}
		room, err := breezewire.ParseRoom(tc.room)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := codes.ByRoom(room); !ok || got != id {
			t.Errorf("%s leads to %d, want %s (%d)", tc.room, got, tc.key, id)
		}
	}
	reliance, _ := registry.ByKey("NSE:INE002A01018:EQ")
	future, _ := registry.ByKey("NSE:RELIANCE:2026-08-25:FUT")
	if in, _ := registry.ByID(future); in.UnderlyingID != reliance || in.Terms.UnderlyingIsIndex {
		t.Errorf("the future's underlying is %d, want %d", in.UnderlyingID, reliance)
	}
	bse, _ := registry.ByKey("BSE:INE002A01018:")
	for _, id := range []instrument.ID{reliance, bse} {
		if in, _ := registry.ByID(id); !in.Board().Auction {
			t.Errorf("%s on %s takes no part in the closing auction", in.Symbol, in.Exchange)
		}
	}
}

// checkCodes: every instrument's code and room lead back to it, and no two share a symbol on their exchange and segment.
func checkCodes(t *testing.T, registry *instrument.Registry, codes *Codes) {
	type place struct {
		exchange calendar.Exchange
		segment  calendar.Segment
		symbol   string
	}
	symbols := map[place]instrument.ID{}
	twice := 0
	for in := range registry.All() {
		code, ok := codes.Code(in.ID)
		if !ok {
			t.Fatalf("%s has no code", in.Key())
		}
		if id, ok := codes.ByCode(code); !ok || id != in.ID {
			t.Fatalf("code %+v of %s leads to %d, want %d", code, in.Key(), id, in.ID)
		}
		room := breezewire.Room{Prefix: roomPrefix(&in), Level: breezewire.Quotes, Token: code.Token}
		if id, ok := codes.ByRoom(room); !ok || id != in.ID {
			t.Fatalf("room %s of %s leads to %d, want %d", room, in.Key(), id, in.ID)
		}
		p := place{in.Exchange, in.Segment, in.Symbol}
		if _, taken := symbols[p]; taken {
			twice++
		}
		symbols[p] = in.ID
	}
	if twice > 0 {
		t.Errorf("%d symbols are those of two instruments", twice)
	}
	for _, code := range []breezewire.Code{{}, {StockCode: "NOPE", ExchangeCode: "NSE"}, {StockCode: "NIFTY", ExchangeCode: "BFO", Product: breezewire.Futures},
		{StockCode: "NIFTY", ExchangeCode: "NFO", Product: breezewire.Options, Expiry: masterDay, Strike: 1, Right: instrument.Call}} {
		if id, ok := codes.ByCode(code); ok {
			t.Errorf("%+v leads to %d", code, id)
		}
	}
	if id, ok := codes.ByRoom(breezewire.Room{Prefix: 4, Token: "False"}); ok {
		t.Errorf("4.1!False leads to %d", id)
	}
	if _, ok := codes.Code(0); ok {
		t.Error("id 0 has a code")
	}
}

// checkFutureTicks: the F&O ticks come from the master, and agree with the ladder at the future's own price limits except
// where the price has left its tier since the month began. The share has the future's tick.
func checkFutureTicks(t *testing.T, registry *instrument.Registry) {
	ladder := instrument.NewLadder()
	futures, agree := 0, 0
	for in := range registry.All() {
		if in.Kind != instrument.Future || in.Exchange != calendar.NSE || in.Terms.UnderlyingIsIndex {
			continue
		}
		under, ok := registry.ByID(in.UnderlyingID)
		if !ok {
			t.Errorf("%s has no underlying", in.Symbol)
			continue
		}
		if under.Terms.TickSize == in.Terms.TickSize {
			agree++
		}
		if !under.Terms.HasDerivatives || !onLadder(ladder, in.Terms.TickSize) {
			t.Errorf("%s has tick %s, its share %+v", in.Symbol, in.Terms.TickSize, under.Terms)
		}
		futures++
	}
	if futures != 622 || agree < 620 {
		t.Errorf("%d stock futures, %d of them with the tick of their share", futures, agree)
	}
}

func onLadder(l *instrument.Ladder, tick money.Price) bool {
	for _, price := range []money.Price{100, 500, 2000, 7000, 15000, 30000} {
		if got, ok := l.TickSize(instrument.ShareTick, price*money.PriceScale, masterDay); ok && got == tick {
			return true
		}
	}
	return false
}

func checkIndices(t *testing.T, registry *instrument.Registry) {
	chains := map[string]int{}
	for in := range registry.All() {
		if in.Terms.UnderlyingIsIndex && in.Segment == calendar.FNO {
			chains[in.Underlying]++
		}
	}
	want := map[string]int{"NIFTY": 3242, "BANKNIFTY": 2155, "NIFTYNXT50": 2027, "MIDCPNIFTY": 1483, "FINNIFTY": 1051, "SENSEX": 2797, "BANKEX": 1125, "FOCIT": 517}
	if diff := cmp.Diff(want, chains); diff != "" {
		t.Errorf("contracts by index (-want +got):\n%s", diff)
	}
}

// finderOf indexes a registry with its ISEC codes.
func finderOf(registry *instrument.Registry, codes *Codes) *instrument.Finder {
	return instrument.NewFinder(func(yield func(instrument.Entry) bool) {
		for in := range registry.All() {
			if !yield(instrument.Entry{Instrument: in, Aliases: []string{codes.StockCode(in.ID)}}) {
				return
			}
		}
	})
}

// checkSearch types what Indian traders type and looks at the first answers.
func checkSearch(t *testing.T, registry *instrument.Registry, codes *Codes) {
	began := time.Now()
	f := finderOf(registry, codes)
	t.Logf("index built in %s", time.Since(began))
	for query, want := range map[string]string{
		"nifty":                 "NSE:NIFTY NFO:NIFTY26AUGFUT NFO:NIFTY26SEPFUT NFO:NIFTY26OCTFUT",
		"nifty 24000 ce":        "NFO:NIFTY2680424000CE NFO:NIFTY2681124000CE NFO:NIFTY2681824000CE NFO:NIFTY26AUG24000CE",
		"24000ce nifty":         "NFO:NIFTY2680424000CE NFO:NIFTY2681124000CE NFO:NIFTY2681824000CE NFO:NIFTY26AUG24000CE",
		"ce 24000 nifty 25 aug": "NFO:NIFTY26AUG24000CE",
		"nifty26aug24000ce":     "NFO:NIFTY26AUG24000CE",
		"nifty2680424000ce":     "NFO:NIFTY2680424000CE",
		"banknifty fut":         "NFO:BANKNIFTY26AUGFUT NFO:BANKNIFTY26SEPFUT NFO:BANKNIFTY26OCTFUT",
		"fut bank nifty aug":    "NFO:BANKNIFTY26AUGFUT",
		"rel":                   "NSE:RELIANCE",
		"reliance":              "NSE:RELIANCE BSE:RELIANCE NFO:RELIANCE26AUGFUT",
		"relind":                "NSE:RELIANCE BSE:RELIANCE",
		"INE002A01018":          "NSE:RELIANCE BSE:RELIANCE",
		"cnxban":                "NSE:BANKNIFTY NFO:BANKNIFTY26AUGFUT",
		"hdfc bank":             "NSE:HDFCBANK",
		"tata motors":           "NSE:TMPV",
		"m&m":                   "NSE:M&M BSE:M&M NFO:M&M26AUGFUT",
		"sensex":                "BSE:SENSEX BFO:SENSEX26JULFUT BFO:SENSEX26AUGFUT",
		"india vix":             "NSE:INDIAVIX",
		"gold":                  "MCX:GOLD26AUGFUT MCX:GOLD26OCTFUT",
		"limitad":               "",
	} {
		var got []string
		for _, h := range f.Search(query, 20) {
			in, _ := registry.ByID(h.ID)
			got = append(got, in.ExchangeCode()+":"+in.Symbol)
		}
		if first := strings.Join(got[:min(len(got), len(strings.Fields(want)))], " "); first != want || (want == "" && len(got) > 0) {
			t.Errorf("%q finds %v, want first %s", query, got, want)
		}
	}
}

// BenchmarkSearch types 10,000 beginnings, of 1 to 12 characters, of labels, names and symbols of the real master.
func BenchmarkSearch(b *testing.B) {
	registry := instrument.NewRegistry()
	codes, _ := mustImport(b, mustRealMaster(b), MasterImport{On: masterDay, Registry: registry.View(instrument.FromDemo)})
	began := time.Now()
	f := finderOf(registry, codes)
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "build-ms")
	var queries []string
	for id := instrument.ID(7); len(queries) < 10_000; id = (id*7919+13)%instrument.ID(registry.Len()) + 1 {
		in, _ := registry.AsOf(id, masterDay)
		text := []string{in.Label(masterDay), in.Name, in.Symbol}[id%3]
		for n := 1; n <= min(12, len(text)); n++ {
			queries = append(queries, text[:n])
		}
	}
	took := make([]time.Duration, len(queries))
	for b.Loop() {
		for i, q := range queries {
			start := time.Now()
			f.Search(q, 20)
			if d := time.Since(start); took[i] == 0 || d < took[i] {
				took[i] = d // the least of all rounds: the others measure our neighbours
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

// checkSecondImport: the same file the next day changes nothing; contracts that expired are left out.
func checkSecondImport(t *testing.T, registry *instrument.Registry, first *MasterReport) {
	ids := registry.Len()
	_, second := mustImport(t, mustRealMaster(t), MasterImport{On: masterDay + 1, Registry: registry.View(instrument.FromDemo), Previous: first})
	if registry.Len() != ids || len(registry.Unsaved(10)) != 0 || second.GuessedTicks != 0 {
		t.Errorf("%d ids, had %d; %d rows changed; %d ticks guessed", registry.Len(), ids, len(registry.Unsaved(10)), second.GuessedTicks)
	}
	expired := 0
	for _, s := range second.Skipped {
		if s.Reason == SkipExpired {
			expired += s.Rows
		}
	}
	if expired == 0 || second.Instruments != first.Instruments-expired {
		t.Errorf("%d expired, %d instruments after %d", expired, second.Instruments, first.Instruments)
	}
}

// share and future make small masters.
func share(token, code, symbol string, low, high money.Price) breezewire.MasterRow {
	return breezewire.MasterRow{Member: breezewire.MasterNSE, Token: token, StockCode: code, Symbol: symbol, Series: "EQ", CompanyName: symbol + " LIMITED",
		ISIN: fmt.Sprintf("INE%04s01010", token), LotSize: 1, LowerCircuit: low * money.PriceScale, UpperCircuit: high * money.PriceScale}
}

func future(token, code, symbol string, expiry calendar.Date, tick money.Price) breezewire.MasterRow {
	return breezewire.MasterRow{Member: breezewire.MasterNFO, Token: token, StockCode: code, Symbol: symbol, InstrumentName: "FUTSTK", Series: "FUTURE",
		CompanyName: symbol, Expiry: expiry, LotSize: 500, TickSize: tick}
}

func mustZip(t testing.TB, rows ...breezewire.MasterRow) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := breezewire.WriteMasterZip(&b, breezewire.Master{At: time.Date(2026, 11, 2, 1, 30, 0, 0, time.UTC), Rows: rows}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTickIsFixedForTheMonth: a share's tier changes with the first master of a month and not within it; a share with a
// future has the future's tick, whatever its own price limits say.
func TestTickIsFixedForTheMonth(t *testing.T) {
	registry := instrument.NewRegistry()
	var report *MasterReport
	expiry := calendar.NewDate(2026, time.December, 29)
	tickOf := func(key string, on calendar.Date) string {
		id, ok := registry.ByKey(key)
		if !ok {
			t.Fatalf("%s is not in the registry", key)
		}
		in, ok := registry.AsOf(id, on)
		if !ok {
			t.Fatalf("%s is not known on %s", key, on)
		}
		return in.Terms.TickSize.String()
	}
	for _, step := range []struct {
		on                 calendar.Date
		low, high          money.Price
		plain, hasDerivate string
	}{
		{calendar.NewDate(2026, time.November, 2), 900, 1080, "0.05", "0.10"},   // the middle is 990
		{calendar.NewDate(2026, time.November, 16), 1000, 1200, "0.05", "0.10"}, // 1100, yet it stays
		{calendar.NewDate(2026, time.December, 1), 1000, 1200, "0.10", "0.10"},  // a new month
	} {
		rows := mustZip(t, share("1111", "PLAIN", "PLAIN", step.low, step.high), share("2222", "DERIV", "DERIV", step.low, step.high),
			future("9001", "DERIV", "DERIV", expiry, 1000))
		_, report = mustImport(t, rows, MasterImport{On: step.on, Registry: registry.View(instrument.FromDemo), Previous: report})
		if a, b := tickOf("NSE:INE111101010:EQ", step.on), tickOf("NSE:INE222201010:EQ", step.on); a != step.plain || b != step.hasDerivate {
			t.Errorf("on %s: ticks %s and %s, want %s and %s", step.on, a, b, step.plain, step.hasDerivate)
		}
	}
	if got := tickOf("NSE:INE111101010:EQ", calendar.NewDate(2026, time.November, 30)); got != "0.05" {
		t.Errorf("in November the tick was %s, want 0.05 as of then", got)
	}
}

// TestSharedToken: NSE shares and F&O share a prefix; the share keeps the token, as in the SDKs.
func TestSharedToken(t *testing.T) {
	registry := instrument.NewRegistry()
	codes, report := mustImport(t, mustZip(t, share("1111", "PLAIN", "PLAIN", 900, 1080), future("1111", "PLAIN", "PLAIN", calendar.NewDate(2026, 12, 29), 500)),
		MasterImport{On: calendar.NewDate(2026, 11, 2), Registry: registry.View(instrument.FromDemo)})
	id, ok := codes.ByRoom(breezewire.Room{Prefix: 4, Level: breezewire.Quotes, Token: "1111"})
	if in, _ := registry.ByID(id); !ok || in.Kind != instrument.Equity || report.SharedTokens != 1 {
		t.Errorf("token 1111 leads to %+v, %d shared", in, report.SharedTokens)
	}
}

// rawZip builds archives that archive/zip would not write. Each file's declared size may be a lie.
type rawFile struct {
	name     string
	body     []byte
	declared uint32 // 0: the truth
	mode     uint32 // unix mode, 0: plain
}

func rawZip(t *testing.T, files ...rawFile) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		var packed bytes.Buffer
		w, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(f.body), CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(f.body))}
		if f.declared != 0 {
			h.UncompressedSize64 = uint64(f.declared)
		}
		if f.mode != 0 {
			h.CreatorVersion, h.ExternalAttrs = 3<<8, f.mode<<16
		}
		raw, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.Write(packed.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// mustText returns the NSE member of a small master with n shares.
func mustText(t *testing.T, n int) []byte {
	t.Helper()
	var rows []breezewire.MasterRow
	for i := range n {
		rows = append(rows, share(fmt.Sprint(1000+i), fmt.Sprint("S", i), fmt.Sprint("SHARE", i), 90, 110))
	}
	b := mustZip(t, rows...)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("NSEScripMaster.txt")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestBadZips: every archive of reliability.md T13 and test 95 is refused, the registry is as before, and memory stays low.
func TestBadZips(t *testing.T) {
	const name = "NSEScripMaster.txt"
	text := mustText(t, 100)
	good := rawZip(t, rawFile{name: name, body: text})
	previous := &MasterReport{On: masterDay, Members: []MemberReport{{name, 100, 0}}}
	manyFiles := make([]rawFile, 65)
	for i := range manyFiles {
		manyFiles[i] = rawFile{name: fmt.Sprint("f", i), body: []byte("x")}
	}
	longLine := append(append([]byte{}, text...), bytes.Repeat([]byte("x"), 1<<20)...)
	flipped := bytes.Clone(good)
	flipped[len(good)/3] ^= 0x55
	for label, b := range map[string][]byte{
		"nothing":                       {},
		"no zip":                        []byte("<html>Access denied</html>"),
		"cut in half":                   good[:len(good)/2],
		"cut at the end":                good[:len(good)-30],
		"a flipped byte":                flipped,
		"bytes before it":               append([]byte("#!/bin/sh\n"), good...),
		"no NSE member":                 rawZip(t, rawFile{name: "readme.txt", body: []byte("hello")}),
		"65 files":                      rawZip(t, manyFiles...),
		"a million files":               manyEntries(1_000_000),
		"a million, the count a lie":    manyEntries(1_000_000 + 1<<16 - 1_000_000%(1<<16) + 3),
		"a bomb":                        rawZip(t, rawFile{name: name, body: make([]byte, 8<<20)}),
		"a bomb that lies":              rawZip(t, rawFile{name: name, body: append(bytes.Clone(text), make([]byte, 8<<20)...), declared: uint32(len(text))}),
		"600 MB declared":               rawZip(t, rawFile{name: name, body: text, declared: 600 << 20}),
		"a nested zip":                  rawZip(t, rawFile{name: name, body: good}),
		"only a nested zip":             rawZip(t, rawFile{name: "SecurityMaster.zip", body: good}),
		"a path":                        rawZip(t, rawFile{name: "../../" + name, body: text}),
		"a Windows path":                rawZip(t, rawFile{name: `..\` + name, body: text}),
		"an absolute path":              rawZip(t, rawFile{name: "/etc/" + name, body: text}),
		"a symlink":                     rawZip(t, rawFile{name: name, body: []byte("/etc/passwd"), mode: 0o120777}),
		"a folder":                      rawZip(t, rawFile{name: name, body: text}, rawFile{name: "d", body: nil, mode: 0o040755}),
		"a device":                      rawZip(t, rawFile{name: name, body: text}, rawFile{name: "d", body: nil, mode: 0o020666}),
		"the member twice":              rawZip(t, rawFile{name: name, body: text}, rawFile{name: name, body: text}),
		"another CSV":                   rawZip(t, rawFile{name: name, body: []byte("a,b,c\n1,2,3\n")}),
		"an endless line":               rawZip(t, rawFile{name: name, body: longLine}),
		"an empty file":                 rawZip(t, rawFile{name: name}),
		"a header alone":                rawZip(t, rawFile{name: name, body: mustText(t, 0)}),
		"half the rows":                 rawZip(t, rawFile{name: name, body: mustText(t, 50)}),
		"69 rows of 100":                rawZip(t, rawFile{name: name, body: mustText(t, 69)}),
		"131 rows for 100":              rawZip(t, rawFile{name: name, body: mustText(t, 131)}),
		"broken rows":                   rawZip(t, rawFile{name: name, body: append(bytes.Clone(text), bytes.Repeat([]byte("\r\nx"), 25)...)}),
		"a broken contract file too":    rawZip(t, rawFile{name: name, body: text}, rawFile{name: "FONSEScripMaster.txt", body: []byte("Token\n1\n")}),
		"wrong size, smaller than said": rawZip(t, rawFile{name: name, body: text, declared: uint32(len(text)) + 7}),
	} {
		t.Run(label, func(t *testing.T) {
			registry := instrument.NewRegistry()
			peak := watchMemory(func() {
				codes, report, err := importBytes(b, MasterImport{On: masterDay, Registry: registry.View(instrument.FromDemo), Previous: previous})
				if !errors.Is(err, ErrMasterZip) || codes != nil || report != nil {
					t.Errorf("report %+v, error %v; want it refused", report, err)
				}
			})
			if registry.Len() != 0 {
				t.Errorf("%d instruments were taken over", registry.Len())
			}
			if peak > 150<<20 {
				t.Errorf("%d MB were allocated", peak>>20)
			}
		})
	}
	if _, _, err := importBytes(good, MasterImport{On: masterDay, Registry: instrument.NewRegistry().View(instrument.FromDemo), Previous: previous}); err != nil {
		t.Errorf("the good one: %v", err)
	}
	for _, rows := range []int{70, 130} {
		if _, _, err := importBytes(rawZip(t, rawFile{name: name, body: mustText(t, rows)}), MasterImport{On: masterDay, Registry: instrument.NewRegistry().View(instrument.FromDemo), Previous: previous}); err != nil {
			t.Errorf("%d rows for 100: %v", rows, err)
		}
	}
	if _, _, err := ImportMaster(bytes.NewReader(good), zipBytesMax+1, MasterImport{On: masterDay, Registry: instrument.NewRegistry().View(instrument.FromDemo)}); !errors.Is(err, ErrMasterZip) {
		t.Errorf("65 MB: %v", err)
	}
}

// manyEntries is an archive whose directory names n empty files; the count in the end record has only 16 bits.
func manyEntries(n int) []byte {
	entry := make([]byte, 47)
	binary.LittleEndian.PutUint32(entry, 0x02014b50)
	binary.LittleEndian.PutUint16(entry[28:], 1)
	entry[46] = 'x'
	b := bytes.Repeat(entry, n)
	end := make([]byte, 22)
	binary.LittleEndian.PutUint32(end, 0x06054b50)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(b)))
	return append(b, end...)
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC() // sync.Pool keeps what it has for one collection
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// watchMemory returns the bytes that f allocates in all, a bound for what it holds at once.
func watchMemory(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzImportMaster: no archive panics; one that is accepted has instruments or a reason for every row.
func FuzzImportMaster(f *testing.F) {
	f.Add(mustZip(f, share("1111", "PLAIN", "PLAIN", 900, 1080), future("9001", "PLAIN", "PLAIN", calendar.NewDate(2026, 12, 29), 500)))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		registry := instrument.NewRegistry()
		_, report, err := importBytes(b, MasterImport{On: masterDay, Registry: registry.View(instrument.FromDemo)})
		if err != nil {
			return
		}
		rows := 0
		for _, m := range report.Members[:6] {
			rows += m.Rows - m.Broken
		}
		for _, s := range report.Skipped {
			rows -= s.Rows
		}
		if rows != report.Instruments {
			t.Fatalf("%d rows are unaccounted for: %+v", rows-report.Instruments, report)
		}
	})
}

func BenchmarkImportMaster(b *testing.B) {
	master := mustRealMaster(b)
	for b.Loop() {
		mustImport(b, master, MasterImport{On: masterDay, Registry: instrument.NewRegistry().View(instrument.FromDemo)})
	}
}
