package breezewire

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// masterDate is how the files write expiries: 29-Dec-2026.
const masterDate = "02-Jan-2006"

// writeMember writes one member: header, then its rows, CRLF between lines and none after the last, as in the real file.
func writeMember(w io.Writer, member MasterMember, rows []MasterRow) error {
	columns, separator := headerOf(member)
	out := bufio.NewWriter(w)
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = `"` + c + `"`
	}
	_, _ = out.WriteString(strings.Join(quoted, separator)) // bufio keeps the error for Flush
	values := map[string]string{}
	for i := range rows {
		r := &rows[i]
		if r.Member != member {
			continue
		}
		clear(values)
		if err := fillRow(values, r); err != nil {
			return fmt.Errorf("breezewire: write master row %d: %w", i, err)
		}
		_, _ = out.WriteString("\r\n")
		for k, c := range columns {
			if k > 0 {
				_ = out.WriteByte(',')
			}
			v, ok := values[c]
			if !ok {
				v = `""`
			}
			_, _ = out.WriteString(v)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("breezewire: write master: %w", err)
	}
	return nil
}

// fillRow puts the row's fields under the names of its member's columns, quoted or bare as ICICI writes them.
func fillRow(v map[string]string, r *MasterRow) error {
	for column, text := range map[string]string{
		"Token": r.Token, "ShortName": r.StockCode, "Series": r.Series, "CompanyName": r.CompanyName, "ExchangeCode": r.Symbol,
		"InstrumentName": r.InstrumentName, "ISINCode": r.ISIN, "MF": r.Bucket,
	} {
		if strings.ContainsAny(text, "\"\r\n") {
			return fmt.Errorf("%s %q holds a quote or line break", column, text)
		}
		v[column] = `"` + text + `"`
	}
	lot := strconv.FormatInt(int64(r.LotSize), 10)
	switch r.Member {
	case MasterNSE:
		v["ticksize"], v["Lotsize"], v["IssuePrice"], v["FaceValue"] = "0.01", lot, "0", "0"
		v["WarningPercent"], v["FreezePercent"] = plain(r.UpperCircuit), plain(r.LowerCircuit)
		v["InstrumentType"], v["PermittedToTrade"], v["IssueCapital"] = "0", "0", "0"
	case MasterBSE:
		v["TickSize"], v["IssuePrice"], v["LotSize"], v["FaceValue"] = plain(r.UpperCircuit), plain(r.LowerCircuit), lot, "0"
		v["ScripCode"], v["ScripID"], v["ScripName"] = v["Token"], v["ExchangeCode"], v["CompanyName"]
	case MasterNFO, MasterBFO:
		fillContract(v, r, lot)
	default:
		return fmt.Errorf("member %s is not written", r.Member)
	}
	return nil
}

func fillContract(v map[string]string, r *MasterRow, lot string) {
	v["ExpiryDate"] = `"` + writeDate(r.Expiry) + `"`
	v["StrikePrice"] = `"` + plain(r.Strike) + `"`
	v["OptionType"] = `"` + optionType(r.Right) + `"`
	v["LotSize"], v["TickSize"], v["MinimumLotQty"] = lot, paise(r.TickSize), "0"
	v["LowPriceRange"], v["HighPriceRange"] = plain(r.LowerCircuit), plain(r.UpperCircuit)
	v["BasePrice"] = paise(r.BasePrice)
	v["ExAllowed"] = `"` + string(r.Member.ExchangeCode()) + `"`
	for _, c := range []string{"CALevel", "PermittedToTrade", "IssueCapital", "WarningQty", "FreezeQty", "NormalMarketStatus",
		"OddLotMarketStatus", "SpotMarketStatus", "AuctionMarketStatus", "IssueRate", "MarginPercentage", "OldToken",
		"AssetToken", "IntrinsicValue", "ExtrinsicValue"} {
		v[c] = "0"
	}
}

func optionType(r instrument.Right) string {
	if r == instrument.NoRight {
		return "XX"
	}
	return r.String()
}

func writeDate(d calendar.Date) string {
	if d == 0 {
		return ""
	}
	return d.At(0).IST().Format(masterDate)
}

func readDate(s string) (calendar.Date, bool) {
	t, err := time.Parse(masterDate, s)
	if err != nil {
		return 0, false
	}
	return calendar.NewDate(t.Date()), true
}

// plain prints a price as the files do: rupees without superfluous zeros ("167.5", "24000", "0").
func plain(p money.Price) string {
	s := p.String()
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// paise prints a price in paise without superfluous zeros: 0.05 is "5".
func paise(p money.Price) string { return plain(p * money.PaiseScale) }
