package breeze

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"paperport/breezewire"
	"paperport/secret"
)

// errNotPinned says that a page is not as this file says. What it wraps is our wording, never the page's.
var errNotPinned = errors.New("breeze: not the page we know")

func notPinned(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errNotPinned}, a...)...)
}

// fieldsMax is how many inputs a form may have.
const fieldsMax = 200

// page is one answer of the login pages.
type page struct {
	status   int
	location string
	isHTML   bool
	// text is the whole body, doc its elements; doc is never nil after parse.
	text string
	doc  *goquery.Document
}

func (p *page) parse() error {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(p.text))
	if err != nil {
		return fmt.Errorf("breeze: reading a page: %w", ErrGarbled)
	}
	p.doc = doc
	return nil
}

// checkForm finds the one form of a page and checks where its action leads.
func (p *page) checkForm(base *url.URL, path string) (*goquery.Selection, error) {
	forms := p.doc.Find("form")
	switch {
	case p.status != http.StatusOK:
		return nil, notPinned("HTTP %d", p.status)
	case !p.isHTML:
		return nil, notPinned("not HTML")
	case forms.Length() != 1:
		return nil, notPinned("%d forms", forms.Length())
	case p.doc.Find("base[href]").Length() > 0:
		return nil, notPinned("a base address")
	case !strings.EqualFold(forms.AttrOr("method", "post"), http.MethodPost):
		return nil, notPinned("a form that is not posted")
	}
	action, err := base.Parse(strings.TrimSpace(forms.AttrOr("action", path)))
	if err != nil || action.Scheme != base.Scheme || action.Host != base.Host || action.Path != path {
		return nil, notPinned("the form leads elsewhere")
	}
	return forms, nil
}

// entryFields are the hidden inputs of the first page, by name, for breezewire.PathTradeLogin.
func (p *page) entryFields(base *url.URL) ([]field, error) {
	from := *base
	from.Path = breezewire.PathLogin
	form, err := p.checkForm(&from, breezewire.PathTradeLogin)
	if err != nil {
		return nil, err
	}
	if name := form.AttrOr("name", form.AttrOr("id", "")); name != breezewire.LoginForm {
		return nil, notPinned("the first form has another name")
	}
	var fields []field
	seen := map[string]bool{}
	for _, input := range form.Find("input, select, textarea").EachIter() {
		name, isNamed := input.Attr("name")
		switch kind := strings.ToLower(input.AttrOr("type", "text")); {
		case isButton(kind) || !isNamed:
			continue
		case kind != "hidden" || seen[name] || len(fields) >= fieldsMax:
			return nil, notPinned("the first form asks for more")
		}
		seen[name] = true
		fields = append(fields, field{name, input.AttrOr("value", "")})
	}
	for _, name := range []string{breezewire.FieldAppKey, breezewire.FieldTimeStamp, breezewire.FieldChecksum} {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.id == name && f.value != "" }) {
			return nil, notPinned("the first form lacks %s", name)
		}
	}
	return fields, nil
}

func isButton(kind string) bool {
	return kind == "button" || kind == "submit" || kind == "reset" || kind == "image"
}

// isVisible reports whether an input is one that a user would type into.
func isVisible(input *goquery.Selection) bool {
	switch kind := strings.ToLower(input.AttrOr("type", "text")); {
	case goquery.NodeName(input) != "input":
		return true
	case isButton(kind), kind == "hidden", kind == "checkbox":
		return false
	default:
		return true
	}
}

// passwordPage is the page that asks for user and password (5.2).
type passwordPage struct {
	passwordKey
	fields []field
}

// passwordPage checks the second page against the list and takes its inputs, keyed by id as the page's script keys them.
func (p *page) passwordPage(base *url.URL) (passwordPage, error) {
	from := *base
	from.Path = breezewire.PathTradeLogin
	if _, err := p.checkForm(&from, breezewire.PathTradeLogin); err != nil {
		return passwordPage{}, err
	}
	if p.isCaptchaShown() {
		return passwordPage{}, notPinned("a CAPTCHA")
	}
	known := []string{breezewire.IDUser, breezewire.IDPassword, breezewire.IDBirth}
	all, err := fieldsByID(p.doc.Selection, func(input *goquery.Selection) bool { return slices.Contains(known, input.AttrOr("id", "")) })
	if err != nil {
		return passwordPage{}, err
	}
	for _, id := range []string{breezewire.IDUser, breezewire.IDPassword, breezewire.IDEncrypted, breezewire.IDTerms} {
		if !hasField(all, id) {
			return passwordPage{}, notPinned("the password page lacks %s", id)
		}
	}
	key, err := readKey(valueOf(all, breezewire.IDKeyPEM), valueOf(all, breezewire.IDKeyHex))
	if err != nil {
		return passwordPage{}, err
	}
	return passwordPage{passwordKey: key, fields: slices.DeleteFunc(all, func(f field) bool {
		return f.id == breezewire.IDSubmit && key.generation == breezewire.LoginPEM // 5.2: the second generation omits it
	})}, nil
}

// fill puts in what the page's script would: the password is only in its encrypted field.
func (f *passwordPage) fill(user, encrypted secret.Text) {
	for id, value := range map[string]string{
		breezewire.IDUser: user.Reveal(), breezewire.IDPassword: breezewire.MaskedPassword, breezewire.IDBirth: breezewire.MaskedPassword,
		breezewire.IDEncrypted: encrypted.Reveal(), breezewire.IDTerms: breezewire.TermsAccepted,
	} {
		setField(f.fields, id, value)
	}
}

// fieldsByID are the inputs that have an id, in the order of the page. An input to type into that isKnown does not know
// is refused: something would be asked that we do not answer. So is an id that stands twice.
func fieldsByID(in *goquery.Selection, isKnown func(*goquery.Selection) bool) ([]field, error) {
	var fields []field
	for _, input := range in.Find("input, select, textarea").EachIter() {
		if isVisible(input) && !isKnown(input) {
			return nil, notPinned("a page asks for more")
		}
		id := strings.TrimSpace(input.AttrOr("id", ""))
		kind := strings.ToLower(input.AttrOr("type", ""))
		if id == "" || isButton(kind) && id != breezewire.IDSubmit {
			continue
		}
		if hasField(fields, id) || len(fields) >= fieldsMax {
			return nil, notPinned("an input stands twice")
		}
		fields = append(fields, field{id, input.AttrOr("value", "")})
	}
	return fields, nil
}

func hasField(fields []field, id string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.id == id })
}

func valueOf(fields []field, id string) string {
	for _, f := range fields {
		if f.id == id {
			return f.value
		}
	}
	return ""
}

// setField changes a field that is there.
func setField(fields []field, id, value string) {
	for i := range fields {
		if fields[i].id == id {
			fields[i].value = value
		}
	}
}

// codePanel is the fragment that asks for the authenticator's code (5.2).
type codePanel struct {
	fields []field
	boxes  []string // ids of the six boxes, "" where a box has none
}

// codePanel checks a fragment against the list.
func (p *page) codePanel() (codePanel, error) {
	panel := p.doc.Find("#" + breezewire.IDOTPPanel)
	if panel.Length() != 1 || p.status != http.StatusOK {
		return codePanel{}, notPinned("no code panel")
	}
	boxes := fmt.Sprintf("[%s='%s']", breezewire.AttrOTPBox, breezewire.OTPBox)
	found := p.doc.Find("input" + boxes)
	if found.Length() != breezewire.OTPBoxCount {
		return codePanel{}, notPinned("%d boxes for the code", found.Length())
	}
	fields, err := fieldsByID(p.doc.Selection, func(input *goquery.Selection) bool { return input.Is(boxes) })
	if err != nil {
		return codePanel{}, err
	}
	if !hasField(fields, breezewire.IDCode) {
		return codePanel{}, notPinned("the code panel lacks %s", breezewire.IDCode)
	}
	c := codePanel{fields: fields}
	for _, box := range found.EachIter() {
		c.boxes = append(c.boxes, box.AttrOr("id", ""))
	}
	return c, nil
}

// fill is the whole form with a code in it: the password page's fields and the panel's, which win.
func (c *codePanel) fill(form []field, code secret.Text) []field {
	panel := slices.Clone(c.fields)
	setField(panel, breezewire.IDCode, code.Reveal())
	for i, id := range c.boxes {
		if id != "" {
			setField(panel, id, code.Reveal()[i:i+1])
		}
	}
	all := slices.DeleteFunc(slices.Clone(form), func(f field) bool { return hasField(panel, f.id) })
	return append(all, panel...)
}
