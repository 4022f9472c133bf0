package breezesim

import (
	"encoding/json"
	"html"
	"strconv"
	"strings"

	"paperport/breezewire"
)

// The pages are filled by hand and not by html/template: that package's reflection keeps every method of the whole
// program in the binary, five megabytes of it.

// filled is a page file with each {{Name}} replaced. Values are markup: texts must have gone through html.EscapeString.
func filled(name string, values map[string]string) string {
	page, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic("breezesim: no page " + name)
	}
	pairs := make([]string, 0, 2*len(values))
	for key, value := range values {
		pairs = append(pairs, "{{"+key+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(string(page))
}

func firstPage(nonce, key, stamp, checksum string) string {
	return filled("first.html", map[string]string{"Nonce": nonce, "Key": html.EscapeString(key), "Stamp": html.EscapeString(stamp), "Checksum": html.EscapeString(checksum)})
}

func messagePage(text string) string {
	return filled("message.html", map[string]string{"Text": html.EscapeString(text)})
}

// visitPage is the password page as it stands. User and masked are what its fields show, panel a fragment of ours.
func visitPage(v *visit, nonce string, values []hidden, user, masked, panel, challenge string) string {
	suffix := html.EscapeString(v.suffix)
	birth, mainClass, checked := "", "", ""
	if v.generation == breezewire.LoginPEM {
		birth = `<input type="hidden" id="txtdob` + suffix + `" name="ctl00$ContentPlaceHolder1$txtdob" value="` + html.EscapeString(masked) + `">`
	}
	if panel != "" {
		mainClass, checked = ` class="hidden"`, " checked"
	}
	return filled("login.html", map[string]string{
		"Nonce": nonce, "Generation": strconv.Itoa(int(v.generation)), "Suffix": suffix, "Finish": html.EscapeString(string(v.finish)),
		"Hidden": hiddenInputs(values, suffix), "User": html.EscapeString(user), "Masked": html.EscapeString(masked), "Birth": birth,
		"App": html.EscapeString(v.key), "Panel": panel, "MainClass": mainClass, "Checked": checked, "Challenge": challenge,
	})
}

func hiddenInputs(values []hidden, suffix string) string {
	var out strings.Builder
	for _, h := range values {
		id := html.EscapeString(h.ID)
		out.WriteString(`<input type="hidden" id="` + id + suffix + `" name="ctl00$ContentPlaceHolder1$` + id + `" value="` + html.EscapeString(h.Value) + "\">\n")
	}
	return out.String()
}

func panelMarkup(v *visit, title, note, problem string) string {
	var boxes strings.Builder
	for i := range breezewire.OTPBoxCount {
		first := ""
		if i == 0 {
			first = ` tg-ord="first"`
		}
		boxes.WriteString(`<div><input type="text" tg-nm="otp"` + first + ` inputmode="decimal" maxlength="1" autocomplete="off" aria-label="Digit ` + strconv.Itoa(i) + "\"></div>\n")
	}
	suffix := html.EscapeString(v.panelSuffix)
	return filled("panel.html", map[string]string{"Suffix": suffix, "Hidden": hiddenInputs(v.panel, suffix), "Title": html.EscapeString(title),
		"Note": html.EscapeString(note), "Error": html.EscapeString(problem), "Boxes": boxes.String()})
}

func errorMarkup(text string) string {
	return `<div id="pnlMsg"><p class="error" id="loginerr">` + html.EscapeString(text) + `</p></div>`
}

// captchaMarkup asks for letters; with a button of its own where the page has none for it.
func captchaMarkup(letters string, hasButton bool) string {
	button := ""
	if hasButton {
		button = `<div class="buttons"><input type="button" class="again" value="Continue"></div>`
	}
	return `<div id="SHWCAP" class="field"><p>Type the captcha letters <b id="capletters">` + html.EscapeString(letters) + `</b></p><p class="error"></p>` +
		`<input type="text" id="txtcaptcha" maxlength="8" autocomplete="off">` + button + `</div>`
}

func termsMarkup(text string) string { return "<script>alert(" + quoted(text) + ");</script>" }

func formMarkup(address, apiSession string) string {
	return `<form name="frmapi" id="frmapi" action="` + html.EscapeString(address) + `" method="post"><input type="hidden" id="API_Session" name="API_Session" value="` +
		html.EscapeString(apiSession) + `"></form><script>document.getElementById("frmapi").submit();</script>`
}

func scriptMarkup(address string) string {
	return "<script>window.location = " + quoted(address) + ";</script>"
}

// quoted is a JavaScript string; JSON's writer leaves nothing in it that could end the script.
func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic("breezesim: " + err.Error())
	}
	return string(out)
}
