package httpapi

import "paperport/margin"

// MarginParts are the parts of what a future or sold option would add to the margin of its underlying, before charges.
type MarginParts struct {
	Span     string `json:"span" doc:"The calendar spread charge included"`
	Exposure string `json:"exposure"`
	Expiry   string `json:"expiry" doc:"Of short index options on their expiry day"`
	Delivery string `json:"delivery"`
	Premium  string `json:"premium" doc:"What option purchases pay"`
	Benefit  string `json:"benefit" doc:"What the order would hold more by itself"`
	Label    string `json:"label" enum:",approximate,exchange file,broker" doc:"What the figures rest on; empty where nothing is modelled"`
}

func wireMargin(p margin.Parts) MarginParts {
	return MarginParts{Span: p.Span.String(), Exposure: p.Exposure.String(), Expiry: p.Expiry.String(), Delivery: p.Delivery.String(),
		Premium: p.Premium.String(), Benefit: p.Benefit.String(), Label: p.Label.String()}
}
