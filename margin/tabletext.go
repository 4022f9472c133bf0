package margin

// TableText returns an embedded table ("derivatives.csv") as it stands, with its comments, for the list of rules in force;
// nil when there is none of that name.
func TableText(name string) []byte {
	switch name {
	case "derivatives.csv":
		return []byte(derivativesCSV)
	case "equity.csv":
		return []byte(equityCSV)
	case "intraday.csv":
		return []byte(intradayCSV)
	default:
		return nil
	}
}
