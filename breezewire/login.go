package breezewire

// The login pages (5.1, 5.2). All of them are on the API's host. Ids and paths are those that three independent public
// scripts agree on; nothing of it is documented by the broker, which is why a page is compared before anything is sent.
const (
	// PathLogin begins a login: GET or POST with the query or field LoginQueryKey.
	PathLogin = "/apiuser/login"
	// PathTradeLogin takes the three hidden values of LoginForm and answers the page that asks for user and password.
	PathTradeLogin = "/apiuser/tradelogin"
	// PathGetOTP takes user and password, keyed by element id, and answers a fragment with the OTP panel.
	PathGetOTP = "/apiuser/tradelogin/getotp"
	// PathValidateUser takes everything once more with the code, and answers with the API session.
	PathValidateUser = "/apiuser/tradelogin/validateuser"

	// LoginQueryKey carries the API key, query-escaped (5.6).
	LoginQueryKey = "api_key"
	// LoginForm is the name of the first page's form, whose script submits it to PathTradeLogin.
	LoginForm = "frmLog"
)

// The hidden inputs of LoginForm, by name.
const (
	FieldAppKey    = "AppKey"
	FieldTimeStamp = "time_stamp"
	FieldChecksum  = "checksum"
)

// The cookies that must come back: the load balancer's from PathLogin, the server's own from PathTradeLogin.
const (
	CookieBalancer = "AlteonAPI"
	CookieSticky   = "nginx_srv_id"
	CookieServer   = "ASP.NET_SessionId"
)

// The element ids of the password page (5.2). Its names differ ("User/Login Id"); a form posted by name is refused.
const (
	IDUser        = "txtuid"
	IDPassword    = "txtPass"   // sent as MaskedPassword
	IDBirth       = "txtdob"    // sent as MaskedPassword, second generation
	IDEncrypted   = "hidp"      // the password, encrypted
	IDTerms       = "chkssTnc"  // TermsAccepted
	IDSubmit      = "btnSubmit" // SubmitLabel, first generation
	IDKeyHex      = "hidenc"    // exponent~modulus, first generation
	IDKeyPEM      = "hidpv"     // PEM, second generation
	IDPlain       = "hidplk"
	IDSlash       = "hidslk"
	IDRedirect    = "hidredurl"
	IDLoginBox    = "dvloginmain"
	IDOTPBox      = "dvgetotp" // empty until PathGetOTP answered
	TermsAccepted = "Y"
	SubmitLabel   = "Login"
	// MaskedPassword replaces what the user typed before the form leaves: twelve asterisks, whatever the length.
	MaskedPassword = "************"
)

// EmptyIDs are inputs that the first generation sends empty.
func EmptyIDs() []string { return []string{"hidPATH", "hidPARAM", "hidpaths", "hidparams", "hiddob"} }

// The element ids of the OTP fragment (5.2).
const (
	IDOTPPanel   = "pnlOTP"
	IDCode       = "hiotp" // the six digits, joined by the page's script
	IDToken      = "hitk"
	IDDevice     = "udid"
	IDOTPSecret  = "hidsd"
	IDIsTOTP     = "hiistotp" // IsTOTP when the panel asks for the authenticator's code
	IDForOTP     = "hiforotp"
	IDOTPButton  = "Button1"
	IDOTPError   = "otperr"
	AttrOTPBox   = "tg-nm" // OTPBox on each of the six boxes
	OTPBox       = "otp"
	OTPBoxCount  = 6
	TextTOTP     = "Verify TOTP"
	IsTOTP       = "Y"
	TextCaptcha  = "SHWCAP"
	TextInvalid  = "Invalid request"
	TextNoKey    = "Public Key does not exist"
	IDPageError  = "pageerror"   // the line of a page that refuses (5.5)
	IDAPISession = "API_Session" // the auto-posted form's input, by id and name
	// QueryAPISession carries the API session in a redirect; readers accept any letter case and IDAPISession, too.
	QueryAPISession = "apisession"
)

// LoginGeneration is one of the two forms that the password page has been seen in.
type LoginGeneration uint8

// The generations (5.3).
const (
	// LoginHex: the key is IDKeyHex, the password lower-case hex padded to the modulus.
	LoginHex LoginGeneration = iota + 1
	// LoginPEM: the key is IDKeyPEM, the password base64.
	LoginPEM
)

// DemoKeyPrefix begins every API key of a simulator; a key without it belongs to ICICI.
const DemoKeyPrefix = "DEMO"
