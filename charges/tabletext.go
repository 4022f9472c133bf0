package charges

// TableText returns an embedded table ("statutory.csv") as it stands, with its comments, for the list of rules in force;
// nil when there is none of that name.
func TableText(name string) []byte {
	text, err := embedded.ReadFile("tables/" + name)
	if err != nil {
		return nil
	}
	return text
}
