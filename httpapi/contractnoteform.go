package httpapi

import (
	"bytes"
	_ "embed" // the style of the page
	"encoding/csv"
	"html"
	"strconv"
	"strings"

	"paperport/calendar"
)

//go:embed contract-note.css
var noteStyle []byte

const noteStylePath = "/api/contract-note.css"

// noteRow is a line of the table that the page, the CSV and the PDF share. Only trade and other rows are to be summed:
// order, contract and total rows are their sums.
type noteRow struct {
	kind                                             string // trade, order, contract, other, total
	label, exchange, order, trade, at, side, product string
	qty, price                                       string
	charges                                          ChargeNote
	dp, gross, net                                   string
}

func (n *ContractNote) rows() []noteRow {
	var rows []noteRow
	sum := func(r noteRow, s NoteSum, value string) {
		r.charges, r.dp, r.gross, r.net = s.Charges, s.DPCharge, s.GrossPnL, s.NetPnL
		r.charges.Turnover = value
		rows = append(rows, r)
	}
	for _, c := range n.Contracts {
		for _, o := range c.Orders {
			base := noteRow{label: c.Label, exchange: c.Exchange, order: o.OrderID, side: o.Side, product: o.Product}
			for _, t := range o.Trades {
				r := base
				r.kind, r.trade, r.at, r.qty, r.price = "trade", t.ID, t.At, strconv.FormatInt(t.Qty, 10), t.Price
				sum(r, t.NoteSum, t.Value)
			}
			base.kind, base.qty, base.price = "order", strconv.FormatInt(o.Qty, 10), o.AvgPrice
			sum(base, o.NoteSum, o.Value)
		}
		sum(noteRow{kind: "contract", label: c.Label, exchange: c.Exchange, qty: strconv.FormatInt(c.NetQty, 10)}, c.NoteSum, c.Charges.Turnover)
	}
	for _, o := range n.Others {
		rows = append(rows, noteRow{kind: "other", label: o.Text, charges: o.Charges, dp: o.DPCharge})
	}
	return append(rows, noteRow{kind: "total", label: "Total", charges: n.Charges, dp: n.DPCharge, gross: n.GrossPnL, net: n.NetPnL})
}

// amounts are the cells behind the price, in the order of every form.
func (r *noteRow) amounts() []string {
	c := &r.charges
	return []string{c.Turnover, c.Brokerage, c.STT, c.Exchange, c.SEBI, c.Stamp, c.GST, c.Total, r.dp, r.gross, r.net}
}

// facts are what stands below the table, as pairs.
func (n *ContractNote) facts() [][2]string {
	return [][2]string{
		{"Moved by trades and settlements, before charges", n.TradeCash},
		{"Charges", n.Charges.Total},
		{"Depository fee, GST included", n.DPCharge},
		{"Net obligation (negative: you pay)", n.Net},
		{"Gross profit booked", n.GrossPnL},
		{"Net profit", n.NetPnL},
		{"In it by rounding STT and CTT to the rupee", n.Rounding.Tax},
		{"In it by rounding stamp duty to the rupee", n.Rounding.Stamp},
		{"More than a note that rounds the day once", n.Rounding.Day},
		{"Charges posted in the ledger, depository fee included", n.LedgerCharges},
		{"Difference from the ledger", n.Difference},
	}
}

// csvNote writes RFC 4180: CRLF, a header, the mark as the first row.
func csvNote(n *ContractNote) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	head := []string{"kind", "label", "exchange", "order_id", "trade_id", "at", "side", "product", "qty", "price", "turnover", "brokerage", "stt_ctt", "exchange_charge",
		"sebi", "stamp", "gst", "charges", "dp_charge", "gross_pnl", "net_pnl"}
	write := func(cells ...string) { // a bytes.Buffer takes everything
		for i := range cells {
			cells[i] = safeCell(cells[i])
		}
		_ = w.Write(append(cells, make([]string, len(head)-len(cells))...))
	}
	write(head...)
	write("mark", n.Mark)
	write("account", n.AccountName, n.Date, n.Plan)
	for _, r := range n.rows() {
		write(append([]string{r.kind, r.label, r.exchange, r.order, r.trade, r.at, r.side, r.product, r.qty, r.price}, r.amounts()...)...)
	}
	for _, f := range n.facts() {
		write("fact", f[0], f[1])
	}
	w.Flush()
	return b.Bytes()
}

// safeCell keeps a spreadsheet from reading a text as a formula; a negative number stays one.
func safeCell(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if text[0] == '-' && strings.Trim(text[1:], "0123456789.") == "" {
		return text
	}
	return "'" + text
}

var noteHead = []string{"Contract", "Order", "Time", "Side", "Product", "Qty", "Price", "Turnover", "Brokerage", "STT/CTT", "Exchange", "SEBI", "Stamp", "GST", "Charges",
	"DP fee", "Gross", "Net"}

// cells are a row of the page and of the PDF.
func (r *noteRow) cells() []string {
	time := istTime(r.at)
	if r.kind == "order" {
		time = "in all"
	}
	return append([]string{r.label, r.order, time, r.side, r.product, r.qty, r.price}, r.amounts()...)
}

// istTime is the time of day in India, as on a note.
func istTime(at string) string {
	var i calendar.Instant
	if at == "" || i.UnmarshalText([]byte(at)) != nil {
		return ""
	}
	return i.IST().Format("15:04:05")
}

// htmlNote is a page to print: no script, its style a file of ours.
func htmlNote(n *ContractNote) []byte {
	var b strings.Builder
	e := html.EscapeString
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Paper trades of ` + e(n.Date) +
		`</title><link rel="icon" href="data:,"><link rel="stylesheet" href="` + noteStylePath + `"></head><body><main><h1>Trades of ` + e(n.Date) + `</h1><p class="mark">` + e(n.Mark) +
		`</p><p>Account ` + e(n.AccountName) + `, ` + e(n.Venue) + `, plan ` + e(n.Plan) + `. Amounts in rupees, times in India.</p><div class="wide"><table><thead><tr>`)
	for _, h := range noteHead {
		b.WriteString(`<th scope="col">` + e(h) + `</th>`)
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range n.rows() {
		b.WriteString(`<tr class="` + r.kind + `">`)
		for _, c := range r.cells() {
			b.WriteString("<td>" + e(c) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div><dl>")
	for _, f := range n.facts() {
		b.WriteString("<dt>" + e(f[0]) + "</dt><dd>" + e(f[1]) + "</dd>")
	}
	b.WriteString("</dl></main></body></html>\n")
	return []byte(b.String())
}
