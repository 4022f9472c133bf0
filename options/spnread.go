package options

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"paperport/calendar"
	"paperport/money"
)

// spnReader follows the elements of a risk file (india-rules 4.5). Only what is listed in leaf is read.
type spnReader struct {
	file     *SPNFile
	byCode   map[string]*SPNUnderlying
	contract func(SPNContract) error

	stack []string
	text  []byte
	count int

	// under is the ccDef being read, code and cvf those of the portfolio or series.
	under  *SPNUnderlying
	code   string
	cvf    money.Price
	expiry calendar.Date
	spot   SPNUnderlying
	c      SPNContract
	points int
	has    spnSeen
}

// spnSeen are the leaves that a contract must have.
type spnSeen struct{ price, delta, strike, right bool }

func (s *spnReader) token(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.Directive:
		if bytes.Contains(bytes.ToUpper(tok), []byte("ENTITY")) {
			return fmt.Errorf("%w: it declares entities", ErrSPN)
		}
	case xml.StartElement:
		if len(s.stack) >= spnDepthMax {
			return fmt.Errorf("%w: nested too deep", ErrSPN)
		}
		s.stack = append(s.stack, tok.Name.Local)
		s.text = s.text[:0]
		return s.start(tok.Name.Local)
	case xml.CharData:
		if len(s.text)+len(tok) > spnTextMax && len(bytes.TrimSpace(tok)) > 0 {
			return fmt.Errorf("%w: text of more than %d bytes", ErrSPN, spnTextMax)
		}
		s.text = append(s.text[:min(len(s.text), spnTextMax)], tok...)
	case xml.EndElement:
		if s.at(0) != tok.Name.Local {
			return fmt.Errorf("%w: </%s> without its start", ErrSPN, tok.Name.Local)
		}
		err := s.end(tok.Name.Local)
		s.stack, s.text = s.stack[:len(s.stack)-1], s.text[:0]
		return err
	}
	return nil
}

// at is the name of the open element, of its parent (1) and so on; "" above the root.
func (s *spnReader) at(up int) string {
	if up >= len(s.stack) {
		return ""
	}
	return s.stack[len(s.stack)-1-up]
}

func (s *spnReader) start(name string) error {
	switch name {
	case "ccDef":
		s.under = &SPNUnderlying{}
	case "dSpread":
		if s.under != nil {
			s.under.Spreads = append(s.under.Spreads, SPNSpread{})
		}
	case "pLeg":
		if x := s.spread(); x != nil {
			x.Legs = append(x.Legs, SPNLeg{})
		}
	case "phyPf", "futPf", "oopPf", "oofPf":
		s.code, s.cvf = "", money.PriceScale
	case "phy":
		s.spot = SPNUnderlying{}
	case "series":
		s.expiry = 0
	case "fut", "opt":
		s.c = SPNContract{Code: s.code, IsFuture: name == "fut", ContractValue: s.cvf}
		if name == "opt" {
			s.c.Expiry = s.expiry
		}
		s.points, s.has = 0, spnSeen{}
	}
	return nil
}

// spread is the spread being read.
func (s *spnReader) spread() *SPNSpread {
	if s.under == nil || len(s.under.Spreads) == 0 {
		return nil
	}
	return &s.under.Spreads[len(s.under.Spreads)-1]
}

func (s *spnReader) end(name string) error {
	switch name {
	case "ccDef":
		return s.endUnderlying()
	case "phy":
		u := s.named(s.code)
		if u == nil {
			return fmt.Errorf("%w: too many underlyings", ErrSPN)
		}
		u.Spot, u.PriceScan, u.VolScan = s.spot.Spot, s.spot.PriceScan, s.spot.VolScan
		return nil
	case "fut", "opt":
		return s.endContract()
	default:
		return s.leaf(name, strings.TrimSpace(string(s.text)))
	}
}

func (s *spnReader) endUnderlying() error {
	read := s.under
	s.under = nil
	u := s.named(read.Code)
	if u == nil || read.Code == "" {
		return fmt.Errorf("%w: too many underlyings, or one without a code", ErrSPN)
	}
	u.ShortMin, u.Spreads, u.Tiers = read.ShortMin, read.Spreads, read.Tiers
	return nil
}

// named finds or adds an underlying; nil beyond the limit.
func (s *spnReader) named(code string) *SPNUnderlying {
	u := s.byCode[code]
	if u == nil && len(s.file.Underlyings) < SPNUnderlyingsMax {
		u = &SPNUnderlying{Code: code}
		s.byCode[code] = u
		s.file.Underlyings = append(s.file.Underlyings, u)
	}
	return u
}

// endContract hands on a contract that has an array. One without is skipped; one with part of an array is refused.
func (s *spnReader) endContract() error {
	if s.points == 0 {
		return nil
	}
	isWhole := s.points == ScanPoints && s.has.price && s.has.delta && s.c.Expiry != 0 && s.c.Code != ""
	if !isWhole || !s.c.IsFuture && (!s.has.strike || !s.has.right) {
		return fmt.Errorf("%w: a contract of %q is incomplete", ErrSPN, s.c.Code)
	}
	if s.count++; s.count > SPNContractsMax {
		return fmt.Errorf("%w: too many contracts", ErrSPN)
	}
	return s.contract(s.c)
}

// leaf reads a value by its name and its parent's.
func (s *spnReader) leaf(name, text string) (err error) {
	switch s.at(1) {
	case "spanFile", "pointInTime":
		return s.header(name, text)
	case "ccDef":
		if name == "cc" && s.under != nil {
			s.under.Code = text
		}
	case "phyPf", "futPf", "oopPf", "oofPf":
		switch name {
		case "pfCode":
			s.code = text
		case "cvf":
			s.cvf, err = spnPrice(text)
		}
	case "series":
		switch name {
		case "pe":
			s.expiry, err = spnDate(text)
		case "cvf":
			s.cvf, err = spnPrice(text)
		}
	case "phy":
		if name == "p" {
			s.spot.Spot, err = spnPrice(text)
		}
	case "scanRate":
		return s.scanRate(name, text)
	case "fut", "opt":
		return s.contractLeaf(name, text)
	case "ra":
		return s.array(name, text)
	default:
		return s.underlyingLeaf(name, text)
	}
	return err
}

func (s *spnReader) header(name, text string) (err error) {
	switch name {
	case "fileFormat":
		s.file.Format = text
	case "created":
		s.file.Created = text
	case "date":
		s.file.Date, err = spnDate(text)
	case "isSetl":
		s.file.IsSettlement = text == "1"
	}
	return err
}

// scanRate keeps the ranges of the underlying itself; those of its contracts are inside their arrays.
func (s *spnReader) scanRate(name, text string) (err error) {
	if s.at(2) != "phy" {
		return nil
	}
	switch name {
	case "priceScan":
		s.spot.PriceScan, err = spnPrice(text)
	case "volScan":
		s.spot.VolScan, err = spnPrice(text)
	}
	return err
}

func (s *spnReader) contractLeaf(name, text string) (err error) {
	switch name {
	case "pe":
		s.c.Expiry, err = spnDate(text)
	case "p":
		s.c.Array.Price, err = spnPrice(text)
		s.has.price = true
	case "k":
		s.c.Strike, err = spnPrice(text)
		s.has.strike = true
	case "o":
		if text != "C" && text != "P" {
			return fmt.Errorf("%w: right %q", ErrSPN, text)
		}
		s.c.IsPut, s.has.right = text == "P", true
	case "cvf":
		s.c.ContractValue, err = spnPrice(text)
	}
	return err
}

// array reads a risk array of a future or option; that of the underlying is not needed.
func (s *spnReader) array(name, text string) (err error) {
	if s.at(2) != "fut" && s.at(2) != "opt" {
		return nil
	}
	switch name {
	case "a":
		if s.points == ScanPoints {
			return fmt.Errorf("%w: more than %d scenarios", ErrSPN, ScanPoints)
		}
		s.c.Array.Losses[s.points], err = spnPrice(text)
		s.points++
	case "d":
		var d money.Price
		d, err = spnPrice(text)
		s.c.Array.Delta = money.Rate(d) * (money.RateScale / money.PriceScale)
		s.has.delta = true
	}
	return err
}

// underlyingLeaf reads what lies deeper inside a ccDef: spreads, their legs, tiers, the short option minimum.
func (s *spnReader) underlyingLeaf(name, text string) (err error) {
	if s.under == nil {
		return nil
	}
	x := s.spread()
	switch {
	case s.at(1) == "dSpread" && name == "spread":
		if x.Priority, err = strconv.Atoi(text); err != nil {
			err = fmt.Errorf("%w: spread %q", ErrSPN, text)
		}
	case s.at(1) == "dSpread" && name == "chargeMeth":
		x.Method = text
	case s.at(1) == "rate" && s.at(2) == "dSpread" && name == "val":
		x.Charge, err = spnPrice(text)
	case s.at(1) == "pLeg" && s.at(2) == "dSpread":
		return x.Legs[len(x.Legs)-1].leaf(name, text)
	case s.isWithin("somTiers") && s.at(1) == "rate" && name == "val":
		var least money.Price
		least, err = spnPrice(text)
		s.under.ShortMin = max(s.under.ShortMin, least)
	case s.isWithin("scanTiers") && name == "sPe":
		var from calendar.Date
		from, err = spnDate(text)
		s.under.Tiers = append(s.under.Tiers, SPNTier{From: from})
	case s.isWithin("scanTiers") && name == "ePe" && len(s.under.Tiers) > 0:
		s.under.Tiers[len(s.under.Tiers)-1].To, err = spnDate(text)
	}
	return err
}

func (l *SPNLeg) leaf(name, text string) (err error) {
	switch name {
	case "cc":
		l.Code = text
	case "pe":
		l.Expiry, err = spnDate(text)
	case "rs":
		l.Side = text
	case "i":
		l.Ratio, err = spnPrice(text)
	}
	return err
}

func (s *spnReader) isWithin(name string) bool {
	for up := range s.stack {
		if s.at(up) == name {
			return true
		}
	}
	return false
}
