package app

import "paperport/charges"

// Charges is an itemised charge note.
type Charges = charges.Note
