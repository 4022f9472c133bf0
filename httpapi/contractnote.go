package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"paperport/app"
	"paperport/calendar"
	"paperport/money"
	"paperport/order"
)

// ContractNote is what an account traded on a date and what it cost. It is no broker's.
type ContractNote struct {
	Mark          string         `json:"mark" doc:"What to print on it"`
	Account       string         `json:"account"`
	AccountName   string         `json:"account_name"`
	Venue         string         `json:"venue"`
	Plan          string         `json:"plan"`
	Date          string         `json:"date"`
	Contracts     []NoteContract `json:"contracts"`
	Others        []NoteOther    `json:"others" doc:"Charges that no trade of the date made: STT on exercise, for one"`
	Charges       ChargeNote     `json:"charges" doc:"The sum of all lines"`
	DPCharge      string         `json:"dp_charge" doc:"The depository's fee, GST included; not in charges"`
	Rounding      NoteRounding   `json:"rounding"`
	TradeCash     string         `json:"trade_cash" doc:"Moved by trades and settlements before charges; negative: paid"`
	Net           string         `json:"net" doc:"The net obligation: trade_cash less all charges; negative: paid"`
	GrossPnL      string         `json:"gross_pnl"`
	NetPnL        string         `json:"net_pnl"`
	LedgerCharges string         `json:"ledger_charges" doc:"What the ledger's postings of the date say, the depository's fee included"`
	Difference    string         `json:"difference" doc:"The lines less the ledger: 0.00 unless the books are wrong"`
}

// NoteContract is one contract of a note.
type NoteContract struct {
	Instrument uint32      `json:"instrument"`
	Label      string      `json:"label"`
	Exchange   string      `json:"exchange"`
	Orders     []NoteOrder `json:"orders"`
	BuyQty     int64       `json:"buy_qty"`
	BuyValue   string      `json:"buy_value"`
	SellQty    int64       `json:"sell_qty"`
	SellValue  string      `json:"sell_value"`
	NetQty     int64       `json:"net_qty"`
	NoteSum
}

// NoteOrder is one order of a note with its fills.
type NoteOrder struct {
	OrderID  string      `json:"order_id"`
	Side     string      `json:"side" enum:"buy,sell"`
	Product  string      `json:"product" enum:"CNC,MIS,NRML"`
	Qty      int64       `json:"qty"`
	AvgPrice string      `json:"avg_price"`
	Value    string      `json:"value"`
	Trades   []NoteTrade `json:"trades"`
	NoteSum
}

// NoteTrade is one fill of a note.
type NoteTrade struct {
	ID    string `json:"id"`
	At    string `json:"at"`
	Qty   int64  `json:"qty"`
	Price string `json:"price"`
	Value string `json:"value"`
	NoteSum
}

// NoteSum is what a part of a note cost and made.
type NoteSum struct {
	Charges  ChargeNote `json:"charges"`
	DPCharge string     `json:"dp_charge"`
	GrossPnL string     `json:"gross_pnl"`
	NetPnL   string     `json:"net_pnl"`
}

// NoteOther is a charge without a trade.
type NoteOther struct {
	Entry    string     `json:"entry"`
	Text     string     `json:"text"`
	Charges  ChargeNote `json:"charges"`
	DPCharge string     `json:"dp_charge"`
}

// NoteRounding is what rounding to the rupee added, or took when negative.
type NoteRounding struct {
	Tax   string `json:"tax" doc:"STT and CTT against what they are to the paisa"`
	Stamp string `json:"stamp"`
	Day   string `json:"day" doc:"Against a note that rounds each of the two once for the whole date"`
}

type contractNoteOut struct{ Body ContractNote }

const notePath = "/api/accounts/{account}/contract-note"

func (s *Server) registerContractNote() {
	route(s, operation{id: "contract-note", method: "GET", path: notePath, access: SignedIn, summary: "What a day's trades cost"},
		func(ctx context.Context, in *accountDateIn) (*contractNoteOut, error) {
			n, err := s.contractNote(ctx, in.Account, in.Date)
			return &contractNoteOut{Body: n}, err
		})
	s.plain("GET "+notePath+".html", SignedIn, s.serveNote("text/html; charset=utf-8", "", htmlNote))
	s.plain("GET "+notePath+".csv", SignedIn, s.serveNote("text/csv; charset=utf-8; header=present", "csv", csvNote))
	s.plain("GET "+notePath+".pdf", SignedIn, s.serveNote("application/pdf", "pdf", pdfNote))
	s.plain("GET "+noteStylePath, Public, serveStatic("text/css; charset=utf-8", noteStyle))
}

func (s *Server) contractNote(ctx context.Context, account, on string) (ContractNote, error) {
	date, err := parseDate("date", on)
	if err != nil {
		return ContractNote{}, err
	}
	n, err := s.App.ContractNote(ctx, actorOf(ctx).User.ID, order.AccountID(account), date)
	if err != nil {
		return ContractNote{}, err
	}
	return wireNote(&n), nil
}

// serveNote writes the note in a form of its own; with an ending it is a file to keep.
func (s *Server) serveNote(kind, ending string, write func(*ContractNote) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := s.contractNote(r.Context(), r.PathValue("account"), r.URL.Query().Get("date"))
		if err != nil {
			writeProblem(w, r, s.explain(r.Context(), err))
			return
		}
		w.Header().Set("Content-Type", kind)
		if ending != "" {
			w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="paper-trades-%s.%s"`, n.Date, ending))
		}
		_, _ = w.Write(write(&n))
	}
}

func wireNote(n *app.ContractNote) ContractNote {
	out := ContractNote{Mark: app.PaperMark, Account: string(n.Account.ID), AccountName: n.Account.Name, Venue: string(n.Account.Venue), Plan: n.Plan, Date: n.Date.String(),
		Contracts: make([]NoteContract, len(n.Instruments)), Others: make([]NoteOther, len(n.Others)),
		Charges: wireCharges(n.Charges), DPCharge: n.Charges.DPCharge.String(),
		Rounding:  NoteRounding{Tax: n.Rounding.Tax.String(), Stamp: n.Rounding.Stamp.String(), Day: n.Rounding.Day.String()},
		TradeCash: n.TradeCash.String(), Net: n.Net.String(), GrossPnL: n.GrossPnL.String(), NetPnL: n.NetPnL.String(),
		LedgerCharges: (n.Ledger.Total() + n.Ledger.DPCharge).String(), Difference: n.Difference().String()}
	for i := range n.Instruments {
		out.Contracts[i] = wireNoteContract(&n.Instruments[i], n.Date)
	}
	for i, o := range n.Others {
		out.Others[i] = NoteOther{Entry: strconv.FormatInt(o.Entry, 10), Text: o.Text, Charges: wireCharges(o.Charges), DPCharge: o.Charges.DPCharge.String()}
	}
	return out
}

func wireNoteContract(x *app.NoteInstrument, date calendar.Date) NoteContract {
	out := NoteContract{Instrument: uint32(x.Contract.ID), Label: label(x.Contract, date), Exchange: exchangeCode(x.Contract), Orders: make([]NoteOrder, len(x.Orders)),
		BuyQty: int64(x.BuyQty), BuyValue: x.BuyValue.String(), SellQty: int64(x.SellQty), SellValue: x.SellValue.String(),
		NetQty: int64(x.BuyQty - x.SellQty), NoteSum: noteSum(x.Charges, x.RealisedPnL)}
	for i, o := range x.Orders {
		row := NoteOrder{OrderID: orderID(o.ID), Side: sideText(o.Side), Product: productText(o.Product), Qty: int64(o.Qty), AvgPrice: known(o.AvgPrice),
			Value: o.Value.String(), Trades: make([]NoteTrade, len(o.Trades)), NoteSum: noteSum(o.Charges, o.RealisedPnL)}
		for k, t := range o.Trades {
			row.Trades[k] = NoteTrade{ID: strconv.FormatInt(int64(t.Trade.ID), 10), At: t.Trade.At.String(), Qty: int64(t.Trade.Qty), Price: t.Trade.Price.String(),
				Value: t.Value().String(), NoteSum: noteSum(t.Charges, t.RealisedPnL)}
		}
		out.Orders[i] = row
	}
	return out
}

func noteSum(c app.Charges, gross money.Paise) NoteSum {
	return NoteSum{Charges: wireCharges(c), DPCharge: c.DPCharge.String(), GrossPnL: gross.String(), NetPnL: (gross - c.Total() - c.DPCharge).String()}
}
