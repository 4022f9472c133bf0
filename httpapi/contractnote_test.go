package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"paperport/money"
)

// tradedDay is a world whose account bought 10 and 3 and sold 4 of them.
func tradedDay(t *testing.T) (w *world, cookie, account string) {
	t.Helper()
	w = newWorld(t)
	cookie = w.mustOwner()
	var opened Account
	mustJSON(t, w.mustDo(201, ask{method: "POST", path: "/api/accounts", cookie: cookie,
		body: `{"name":"=1+1 <b>&\"(x)","capital":"1000000","plan":"flat20","venue":"demo"}`}), &opened)
	account = "/api/accounts/" + opened.ID
	w.mustOpenMarket(cookie)
	for i, o := range []struct {
		side string
		qty  int
	}{{"buy", 10}, {"buy", 3}, {"sell", 4}} {
		var receipt Receipt
		mustJSON(t, w.place(cookie, account, fmt.Sprintf("order-%04d", i), o.side, "market", "", o.qty), &receipt)
		await(t, "the fill", func() OrderStory {
			w.market.tick(1300_0000)
			return read[OrderStory](w, cookie, account+"/orders/"+receipt.OrderID)
		}, func(s OrderStory) bool { return s.Order.Status == "executed" })
	}
	return w, cookie, account
}

func amount(t *testing.T, text string) money.Paise {
	t.Helper()
	p, err := money.ParsePaise(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return p
}

func TestContractNote(t *testing.T) {
	w, cookie, account := tradedDay(t)
	n := read[ContractNote](w, cookie, account+"/contract-note?date=2026-11-24")
	if n.Difference != "0.00" || len(n.Contracts) != 1 || len(n.Contracts[0].Orders) != 3 || n.Contracts[0].NetQty != 9 || !strings.Contains(n.Mark, "PAPER") {
		t.Fatalf("note %+v", n)
	}
	if today := read[ContractNote](w, cookie, account+"/contract-note"); fmt.Sprint(today) != fmt.Sprint(n) {
		t.Errorf("without a date %+v", today)
	}
	var posted money.Paise
	for _, e := range read[LedgerPage](w, cookie, account+"/ledger?limit=100").Entries {
		if e.Kind == "charges" || e.Kind == "dp-charge" {
			posted -= amount(t, e.Amount)
		}
	}
	if posted != amount(t, n.LedgerCharges) || posted != amount(t, n.Charges.Total)+amount(t, n.DPCharge) {
		t.Errorf("the ledger posted %s, the note says %s", posted, n.Charges.Total)
	}
	if empty := read[ContractNote](w, cookie, account+"/contract-note?date=2026-11-23"); len(empty.Contracts) != 0 || empty.Net != "0.00" {
		t.Errorf("a day without trades %+v", empty)
	}
	expect(t, "not a date", w.do(ask{path: account + "/contract-note?date=24.11.2026", cookie: cookie}), 400, "BAD_FIELD")
	for _, form := range []string{"", ".html", ".csv", ".pdf"} {
		stranger, _ := w.mustUser(cookie, "stranger"+strings.TrimPrefix(form, "."), "trader")
		expect(t, "somebody else's "+form, w.do(ask{path: account + "/contract-note" + form, cookie: stranger}), 404, "NOT_FOUND")
		if form != "" {
			expect(t, "not a date "+form, w.do(ask{path: account + "/contract-note" + form + "?date=x", cookie: cookie}), 400, "BAD_FIELD")
		}
	}
}

// TestContractNoteCSV: CRLF, as many cells in each row, no formula, and the rows to sum are the total.
func TestContractNoteCSV(t *testing.T) {
	w, cookie, account := tradedDay(t)
	r := w.mustDo(200, ask{path: account + "/contract-note.csv", cookie: cookie})
	text := r.Body.String()
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") || !strings.Contains(r.Header().Get("Content-Disposition"), `filename="paper-trades-2026-11-24.csv"`) {
		t.Errorf("headers %v, text %q", r.Header(), text)
	}
	rows, err := csv.NewReader(r.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	sums := map[string]money.Paise{}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+@\t") {
				t.Errorf("a formula: %q", cell)
			}
		}
		for _, name := range []string{"brokerage", "stt_ctt", "exchange_charge", "sebi", "stamp", "gst", "charges", "dp_charge", "net_pnl"} {
			switch cell := row[column[name]]; row[0] {
			case "trade", "other":
				sums[name] += amount(t, cell)
			case "total":
				if sums[name] != amount(t, cell) {
					t.Errorf("%s: rows %s, total %s", name, sums[name], cell)
				}
			}
		}
	}
	if sums["charges"] == 0 || rows[1][1] == "" {
		t.Errorf("rows %v", rows)
	}
}

func TestSafeCell(t *testing.T) {
	for text, want := range map[string]string{"": "", "ACME": "ACME", "=1": "'=1", "+1": "'+1", "@x": "'@x", "\t=1": "'\t=1", "-12.50": "-12.50", "-1+2": "'-1+2", "-": "-", "12.50": "12.50"} {
		if got := safeCell(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestContractNotePage(t *testing.T) {
	w, cookie, account := tradedDay(t)
	r := w.mustDo(200, ask{path: account + "/contract-note.html", cookie: cookie})
	text := r.Body.String()
	if !strings.Contains(text, "PAPER TRADING - not a contract note of a broker") || !strings.Contains(text, "=1+1 &lt;b&gt;&amp;") {
		t.Errorf("page %s", text)
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "style=") || strings.Contains(text, "<b>") || !strings.Contains(r.Header().Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("page with a script, a style or markup of its user: %s", text)
	}
	if style := w.mustDo(200, ask{path: noteStylePath}); !strings.Contains(style.Body.String(), "@media print") || !strings.HasPrefix(style.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style %v", style.Header())
	}
}

// TestContractNotePDF: every object stands where the table says, every stream is as long as it says.
func TestContractNotePDF(t *testing.T) {
	w, cookie, account := tradedDay(t)
	body := w.mustDo(200, ask{path: account + "/contract-note.pdf", cookie: cookie}).Body.Bytes()
	n := read[ContractNote](w, cookie, account+"/contract-note")
	checkPDF(t, body)
	for _, want := range []string{n.Mark, n.Charges.Total, "=1+1 <b>&\"\\(x\\)", "plan Discount broker, Rs 20"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %q in the document", want)
		}
	}
	long := n
	for range 60 {
		long.Contracts = append(long.Contracts, n.Contracts[0])
	}
	many := pdfNote(&long)
	checkPDF(t, many)
	if pages := bytes.Count(many, []byte("/Type /Page ")); pages < 5 || bytes.Count(many, []byte(n.Mark)) != pages {
		t.Errorf("%d pages, %d marks", pages, bytes.Count(many, []byte(n.Mark)))
	}
}

func checkPDF(t *testing.T, body []byte) {
	t.Helper()
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(body)
	if start == nil || !bytes.HasPrefix(body, []byte("%PDF-1.4\n")) {
		t.Fatalf("not a PDF: %q", body)
	}
	at, _ := strconv.Atoi(string(start[1]))
	if !bytes.HasPrefix(body[at:], []byte("xref\n0 ")) {
		t.Errorf("startxref %d points at %q", at, body[at:at+10])
	}
	for i, row := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(body, -1) {
		offset, _ := strconv.Atoi(string(row[1]))
		if !bytes.HasPrefix(body[offset:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			t.Errorf("object %d is not at %d", i+1, offset)
		}
	}
	streams := regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*?)\nendstream`).FindAllSubmatch(body, -1)
	if len(streams) == 0 {
		t.Error("no page")
	}
	for _, s := range streams {
		if length, _ := strconv.Atoi(string(s[1])); length != len(s[2]) {
			t.Errorf("a stream of %d bytes says %d", len(s[2]), length)
		}
	}
}
