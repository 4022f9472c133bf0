package app

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/margin"
)

// rulesTable says how the rows of an embedded table are shown.
type rulesTable struct {
	pkg, file string
	text      func(name string) []byte
	// key are the columns that name a rule: of two rows with the same the first counts, where isNewest the one with the
	// newest from; of rows that share their newest from, all (the tiers of a ladder).
	key      []string
	isNewest bool
	show     func(tableRow) Rule
}

// tableRow is a line of a table by column.
type tableRow map[string]string

func rulesTables() []rulesTable {
	return []rulesTable{
		{"charges", "statutory.csv", charges.TableText, []string{"item", "exchange", "class", "underlying", "side"}, false, func(r tableRow) Rule {
			return Rule{Group: "charge", Place: anywhere(r["exchange"]), Name: tidy(r["item"], r["class"], r["underlying"], r["side"]), Value: r["percent"], Unit: chargeUnit(r["item"])}
		}},
		{"charges", "brokerage.csv", charges.TableText, []string{"plan", "class"}, false, func(r tableRow) Rule {
			return Rule{Group: "brokerage", Place: r["plan"], Name: tidy(r["class"]), Value: feeText(r), Unit: "an order"}
		}},
		{"charges", "plans.csv", charges.TableText, []string{"plan"}, false, func(r tableRow) Rule {
			return Rule{Group: "depository fee", Place: r["plan"], Name: "delivery sale, per share and day, before GST", Value: r["dp_fee"], Unit: "rupees"}
		}},
		{"margin", "intraday.csv", margin.TableText, []string{"class"}, false, func(r tableRow) Rule {
			return Rule{Group: "intraday margin", Place: "shares", Name: tidy(r["class"]), Value: r["percent"], Unit: "percent of value, where no VaR file is loaded"}
		}},
		{"margin", "equity.csv", margin.TableText, []string{"class"}, false, func(r tableRow) Rule {
			return Rule{Group: "VaR and ELM", Place: "shares", Name: tidy(r["class"]), Value: r["var"] + " + " + r["elm"], Unit: "percent of value, where no exchange file is loaded"}
		}},
		{"margin", "derivatives.csv", margin.TableText, []string{"item", "class"}, false, func(r tableRow) Rule {
			return Rule{Group: "derivatives margin", Place: tidy(r["class"]), Name: tidy(r["item"]), Value: r["percent"], Unit: "percent"}
		}},
		{"instrument", "tick_ladder.csv", instrument.TableText, []string{"rule"}, true, func(r tableRow) Rule {
			upTo := "above"
			if r["up_to"] != "" {
				upTo = "up to " + r["up_to"]
			}
			return Rule{Group: "tick", Place: r["rule"], Name: upTo, Value: r["tick"], Unit: "rupees"}
		}},
		{"instrument", "freeze.csv", instrument.TableText, []string{"underlying"}, true, func(r tableRow) Rule {
			return Rule{Group: "freeze quantity", Place: r["underlying"], Name: "largest order", Value: r["qty"], Unit: "units"}
		}},
		{"instrument", "lots.csv", instrument.TableText, []string{"underlying"}, true, func(r tableRow) Rule {
			return Rule{Group: "index lot", Place: r["underlying"], Name: "as announced; a contract's own lot is in the security master", Value: r["lot"], Unit: "units"}
		}},
	}
}

// tableRules lists what our tables say on a date.
func tableRules(d calendar.Date) (all []Rule) {
	for _, t := range rulesTables() {
		all = append(all, t.rules(d)...)
	}
	return all
}

func (t rulesTable) rules(d calendar.Date) (all []Rule) {
	lines := csv.NewReader(bytes.NewReader(t.text(t.file)))
	lines.Comment = '#'
	header, err := lines.Read()
	if err != nil {
		panic("app: no table " + t.file)
	}
	keys, from := []string{}, map[string]calendar.Date{}
	for {
		fields, err := lines.Read()
		if err != nil {
			break // the end; our own tables are read by their packages' tests
		}
		r := tableRow{}
		for i, c := range header {
			r[c] = fields[i]
		}
		line, _ := lines.FieldPos(0)
		x := t.show(r)
		x.From, x.To, x.Source = dateOrNone(r["from"]), dateOrNone(r["to"]), r["source"]
		x.Table = fmt.Sprintf("%s/%s line %d", t.pkg, t.file, line)
		key := t.keyOf(r)
		first, isKnown := from[key]
		switch {
		case x.From > d:
			if t.isNewest && isKnown { // what is in force ends the day before
				endBefore(all, keys, key, x.From)
			}
			continue
		case x.To != 0 && x.To < d, !t.isNewest && isKnown:
			continue
		case t.isNewest && isKnown && x.From > first:
			all, keys = without(all, keys, key)
		}
		from[key] = x.From
		all, keys = append(all, x), append(keys, key)
	}
	return all
}

func (t rulesTable) keyOf(r tableRow) string {
	var parts []string
	for _, c := range t.key {
		parts = append(parts, r[c])
	}
	return strings.Join(parts, "\x00")
}

func without(all []Rule, keys []string, key string) (rules []Rule, left []string) {
	for i := range all {
		if keys[i] != key {
			rules, left = append(rules, all[i]), append(left, keys[i])
		}
	}
	return rules, left
}

func endBefore(all []Rule, keys []string, key string, next calendar.Date) {
	for i := range all {
		if keys[i] == key && (all[i].To == 0 || all[i].To >= next) {
			all[i].To = next - 1
		}
	}
}

func dateOrNone(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		return 0
	}
	return d
}

func anywhere(exchange string) string {
	if exchange == "*" {
		return "every exchange"
	}
	return exchange
}

func chargeUnit(item string) string {
	switch item {
	case "gst":
		return "percent of brokerage, exchange charge and SEBI fee"
	case "exercise":
		return "percent of intrinsic value"
	default:
		return "percent of turnover"
	}
}

// feeText words a row of brokerage.csv.
func feeText(r tableRow) string {
	var parts []string
	if r["percent"] != "" {
		parts = append(parts, r["percent"]+" % of turnover")
	}
	if r["flat"] != "" {
		parts = append(parts, "₹"+r["flat"])
	}
	if r["per_lot"] != "" {
		parts = append(parts, "₹"+r["per_lot"]+" a lot")
	}
	text := strings.Join(parts, " + ")
	if r["cap"] != "" {
		text += ", at most ₹" + r["cap"]
	}
	return text
}
