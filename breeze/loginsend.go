package breeze

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"paperport/breezewire"
	"paperport/secret"
)

const (
	// pageMaxBytes is the largest login page we read; the real one is some 100 kB with its scripts.
	pageMaxBytes = 1 << 20
	// cookieMin is the shortest cookie that could be a secret; masking "en" would garble every sentence.
	cookieMin = 6
	// loginAgent names us; some gateways refuse a client without a browser's word in front.
	loginAgent = "Mozilla/5.0 (compatible; PaperPort)"
)

// errNotSent says that a request got no connection, so that nothing of it can have left.
var errNotSent = errors.New("breeze: no connection, nothing was sent")

// field is one input of a form, by the key it is sent under.
type field struct{ id, value string }

// encode is a form as a browser would post it, in the order of the page.
func encode(fields []field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.id) + "=" + url.QueryEscape(f.value))
	}
	return b.String()
}

// get fetches the first page.
func (l *login) get(ctx context.Context) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.address(breezewire.PathLogin)+"?"+loginQuery(l.client.options.AppKey), http.NoBody)
	if err != nil {
		return page{}, errors.New("breeze: the host is not a URL")
	}
	return l.do(r)
}

// post sends a form as a page's own navigation would.
func (l *login) post(ctx context.Context, path string, fields []field) (page, error) {
	return l.postAs(ctx, path, fields, http.Header{"Referer": {l.address(breezewire.PathLogin)}})
}

// submit sends a form that holds a secret, as the page's script would (5.1), and notes that it may have left. An error is
// final: it is not known what became of it.
func (l *login) submit(ctx context.Context, path string, fields []field) (page, error) {
	if err := ctx.Err(); err != nil {
		return page{}, l.fail(LoginStopped, errors.Join(errNotSent, err), "")
	}
	before := l.submitted
	l.submitted = true
	p, err := l.postAs(ctx, path, fields, http.Header{
		"Referer": {l.address(breezewire.PathTradeLogin)}, "X-Requested-With": {"XMLHttpRequest"}, "Accept": {"*/*"},
	})
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, errNotSent):
		l.submitted = before
	}
	if l.submitted {
		return page{}, l.fail(LoginUncertain, err, "")
	}
	return page{}, l.early(ctx, p, err)
}

func (l *login) postAs(ctx context.Context, path string, fields []field, header http.Header) (page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.address(path), strings.NewReader(encode(fields)))
	if err != nil {
		return page{}, errors.New("breeze: the host is not a URL")
	}
	r.GetBody = nil // a form with a secret in it is sent once or not at all
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set("Origin", l.base.Scheme+"://"+l.base.Host)
	return l.do(r)
}

func (l *login) address(path string) string {
	return l.base.Scheme + "://" + l.base.Host + path
}

// do sends one request within the budget and reads its page. The error wraps errNotSent when nothing can have left.
func (l *login) do(r *http.Request) (page, error) {
	if err := l.client.spend(reserved); err != nil {
		return page{}, errors.Join(errNotSent, err)
	}
	r.Header.Set("User-Agent", loginAgent)
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "text/html,application/xhtml+xml")
	}
	ctx, stop := context.WithTimeout(r.Context(), callWait)
	defer stop()
	var asked, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) }, GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	sent := l.client.options.Clock.Now()
	response, err := l.http.Do(r.WithContext(ctx))
	if err != nil {
		err = networkError(err)
		if errors.Is(err, ErrWall) || errors.Is(err, ErrForeignKey) || asked.Load() && !got.Load() {
			err = errors.Join(errNotSent, err)
		}
		return page{}, err
	}
	defer response.Body.Close()
	l.noteDate(response.Header.Get("Date"), sent)
	for _, cookie := range response.Cookies() {
		if len(cookie.Value) >= cookieMin {
			l.held = append(l.held, secret.New(cookie.Value))
		}
	}
	return l.read(response)
}

// read takes an answer in, whatever its status; only a broken connection or too large a page is an error.
func (l *login) read(response *http.Response) (page, error) {
	body, err := readCapped(response.Body, pageMaxBytes)
	if err != nil {
		return page{}, err
	}
	if response.StatusCode == http.StatusTooManyRequests {
		err := l.client.budget.pause(l.client.now(), response.Header, ErrRateMinute)
		return page{status: response.StatusCode}, err
	}
	p := page{status: response.StatusCode, location: response.Header.Get("Location")}
	p.isHTML, p.text, err = decodeText(response.Header.Get("Content-Type"), body)
	if err != nil {
		return p, err
	}
	return p, p.parse()
}

// decodeText returns a body as UTF-8, and whether it is HTML. Pages without a declared type are taken by their first byte.
func decodeText(contentType string, body []byte) (bool, string, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = strings.ToLower(strings.TrimSpace(contentType))
	}
	isHTML := kind == "text/html" || kind == "application/xhtml+xml"
	switch charset := strings.ToLower(parameters["charset"]); charset {
	case "", "utf-8", "utf8", "us-ascii":
		return isHTML, strings.ToValidUTF8(string(body), ""), nil
	case "iso-8859-1", "windows-1252":
		// The two differ in 0x80 to 0x9F only, which become controls here and are dropped from any text we show.
		runes := make([]rune, len(body))
		for i, b := range body {
			runes[i] = rune(b)
		}
		return isHTML, string(runes), nil
	default:
		return false, "", fmt.Errorf("breeze: a page in an unknown character set: %w", ErrGarbled)
	}
}

// noteDate narrows down the broker's clock: at some moment between sent and now it showed date, in whole seconds. Of the
// offsets that fit, the one nearest to what was known is kept, so clocks that agree give 0 and a slow answer proves little.
func (l *login) noteDate(date string, sent time.Time) {
	server, err := http.ParseTime(date)
	if err != nil {
		return
	}
	l.client.noteDate(date)
	least, most := server.Sub(l.client.options.Clock.Now()), server.Add(time.Second).Sub(sent)
	l.offset = min(max(l.offset, least), max(least, most))
}
