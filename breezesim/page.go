package breezesim

import (
	"crypto/rand"
	"embed"
	"net/http"
	"slices"

	"paperport/breezewire"
)

//go:embed page
var pageFiles embed.FS

// The page's own files.
const (
	pathScript = "/apiuser/scripts/jscomm.js"
	pathStyle  = "/apiuser/content/login.css"
)

// routeLogin mounts ICICI's login pages (5.1). Whatever the method of a POST page, it answers: by refusing.
func (s *Server) routeLogin(mux *http.ServeMux) {
	mux.HandleFunc(breezewire.PathLogin, s.serveLogin)
	mux.HandleFunc(breezewire.PathTradeLogin, s.serveTradeLogin)
	mux.HandleFunc(breezewire.PathGetOTP, s.serveGetOTP)
	mux.HandleFunc(breezewire.PathValidateUser, s.serveValidateUser)
	mux.HandleFunc("GET "+pathScript, serveFile("page/jscomm.js"))
	mux.HandleFunc("GET "+pathStyle, serveFile("page/login.css"))
}

func serveFile(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pageFiles, name) }
}

// show writes a page whose scripts carry nonce; the policy allows no others.
func show(w http.ResponseWriter, nonce, page string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	replyPage(w, http.StatusOK, page)
}

// showFragment answers the page's script, which runs the scripts in it under the page's own nonce.
func showFragment(w http.ResponseWriter, fragment string) { show(w, rand.Text(), fragment) }

// refusePage is the page for what a browser would not have sent (5.5).
func refusePage(w http.ResponseWriter) {
	show(w, rand.Text(), messagePage(breezewire.TextInvalid+"."))
}

// refuse is the same for the requests of the page's script.
func refuse(w http.ResponseWriter) { showFragment(w, breezewire.TextInvalid+".") }

// isBroken applies the faults that meet every page. It reports whether it has answered.
func (s *Server) isBroken(w http.ResponseWriter, r *http.Request, set LoginSwitches) bool {
	switch set.Fault {
	case LoginOutage:
		replyPage(w, http.StatusOK, outagePage)
		return true
	case LoginDown:
		replyPage(w, http.StatusBadGateway, badGatewayPage)
		return true
	case LoginSlow:
		s.wait(r, set.DelaySeconds)
		return false
	default:
		return false
	}
}

// serveLogin is the first page: three hidden values that submit themselves, and the load balancer's cookies.
func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	key := r.FormValue(breezewire.LoginQueryKey)
	tag, isKnown := s.login.book.keyTag(key)
	set := s.login.switches.loginOf(tag)
	if s.isBroken(w, r, set) {
		return
	}
	for name, value := range map[string]string{breezewire.CookieBalancer: balancerNode, breezewire.CookieSticky: stickyNode} {
		setCookie(w, name, value)
	}
	switch {
	case !isKnown:
		show(w, rand.Text(), messagePage(breezewire.TextNoKey+"."))
	case set.Fault == LoginStaticIP:
		show(w, rand.Text(), messagePage(textStaticIP))
	default:
		nonce, stamp := rand.Text(), s.brokerNow().IST().Format(stampLayout)
		show(w, nonce, firstPage(nonce, key, stamp, s.login.book.sign(onceText(), stamp, key)))
	}
}

func setCookie(w http.ResponseWriter, name, value string) {
	// The path keeps them from whatever else this host serves on other ports.
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/apiuser", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// serveTradeLogin is the password page. It begins a visit.
func (s *Server) serveTradeLogin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyMax)
	if r.Method != http.MethodPost || !isSticky(r) || r.ParseForm() != nil {
		refusePage(w)
		return
	}
	key, stamp, checksum := r.PostForm.Get(breezewire.FieldAppKey), r.PostForm.Get(breezewire.FieldTimeStamp), r.PostForm.Get(breezewire.FieldChecksum)
	tag, isKnown := s.login.book.keyTag(key)
	now := s.brokerNow()
	if !isKnown || !s.login.book.isSigned(stamp, checksum, key, now) {
		refusePage(w)
		return
	}
	set := s.login.switches.loginOf(tag)
	if s.isBroken(w, r, set) {
		return
	}
	one := newVisit(tag, set)
	one.at = now
	s.login.visits.mu.Lock()
	defer s.login.visits.mu.Unlock()
	if !s.login.visits.use(checksum, now) {
		refusePage(w)
		return
	}
	setCookie(w, breezewire.CookieServer, s.login.visits.begin(one))
	showVisit(w, one, r, "")
}

// newVisit fixes what one login sees.
func newVisit(tag string, set LoginSwitches) *visit {
	v := &visit{key: tag, generation: set.Generation, finish: set.Finish}
	if set.Fault == LoginChanged {
		v.suffix = "New"
	}
	if set.Fault == LoginCaptchaPage {
		v.letters = captchaLetters()
	}
	// showVisit knows the password as the first of these.
	v.hidden = []hidden{{ID: breezewire.IDEncrypted, isOpen: true}, publicKey(v.generation), {ID: breezewire.IDPlain, Value: rand.Text()},
		{ID: breezewire.IDSlash, Value: rand.Text()}, {ID: breezewire.IDRedirect, Value: rand.Text()}}
	if v.generation == breezewire.LoginHex {
		for _, id := range breezewire.EmptyIDs() {
			v.hidden = append(v.hidden, hidden{ID: id})
		}
	}
	for i := range v.hidden {
		v.hidden[i].Suffix = v.suffix
	}
	return v
}

// showVisit renders the password page: empty at first, and after a code that came as a page's own form and was refused,
// as it was, with the fragment to show.
func showVisit(w http.ResponseWriter, v *visit, r *http.Request, fragment string) {
	nonce, values := rand.Text(), v.hidden
	user, masked, panel, challenge := "", "", "", ""
	switch {
	case v.panel != nil:
		values = slices.Clone(v.hidden)
		values[0].Value = v.encrypted
		user, masked, panel = r.PostForm.Get(breezewire.IDUser+v.suffix), breezewire.MaskedPassword, fragment
	case fragment != "":
		panel = fragment
	case v.letters != "":
		challenge = captchaMarkup(v.letters, false)
	}
	show(w, nonce, visitPage(v, nonce, values, user, masked, panel, challenge))
}

// captchaLetters are five capital letters.
func captchaLetters() string { return rand.Text()[:5] }
