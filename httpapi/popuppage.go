package httpapi

import (
	_ "embed" // the page's script and style
	"fmt"
	"html"
	"net/http"
)

//go:embed breeze-done.js
var doneScript []byte

//go:embed breeze-done.css
var doneStyle []byte

// popupPage is the small page at the end of a popup. text and next are sentences for the user; why is for the trail.
type popupPage struct {
	status     int
	attempt    string
	isOK       bool
	text, next string
	why        string
}

func nobodyWaits() popupPage {
	return popupPage{status: http.StatusForbidden, text: "No login of yours is waiting here. Nothing was saved.",
		next: "Press “Generate Session Popup” in Settings and log in within ten minutes, in the same browser."}
}

const popupPageText = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>%s · PaperPort</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="` + donePathCSS + `">
<script src="` + donePath + `" defer></script>
</head>
<body>
<main data-attempt="%s" data-status="%s">
<h1>%s</h1>
<p role="status">%s</p>%s
<p>You can close this window.</p>
</main>
</body>
</html>
`

// servePopupPage writes it. Nothing of the request is on it.
func (s *Server) servePopupPage(w http.ResponseWriter, p popupPage) {
	title, status, next := "Not connected", "refused", ""
	if p.isOK {
		title, status = "Connected", "ok"
	}
	if p.next != "" {
		next = "\n<p>" + html.EscapeString(p.next) + "</p>"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.status)
	_, _ = fmt.Fprintf(w, popupPageText, title, html.EscapeString(p.attempt), status, title, html.EscapeString(p.text), next)
}

func serveStatic(kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	}
}
