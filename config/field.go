package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"paperport/secret"
)

// Field describes one setting.
type Field struct {
	Env     string // name in the environment and the file
	Flag    string // name on the command line, "" when there is none
	Default string
	Unit    string // of the value, "" for text
	Rule    string // what is accepted
	Text    string // what it does
	// IsSecret: the value is never shown, and never read from the settings file, which others may be able to read.
	IsSecret bool
	set      func(*Config, string) error
	show     func(*Config) string
}

// DefaultSimAddr is where the simulator listens unless told otherwise.
const DefaultSimAddr = "127.0.0.1:8001"

// Fields lists every setting in the order to show.
func Fields() []Field {
	return slices.Concat(listenFields(), marketFields(), keyFields(), operateFields(), limitFields())
}

// keyFields name the master key that broker credentials are sealed with; package vault judges it.
func keyFields() []Field {
	return []Field{
		{Env: "PAPERPORT_KEY_FILE", Default: "", Rule: "a file of mode 0400 or 0600, from `paperport key generate`; not with PAPERPORT_KEY",
			Text: "The key that broker credentials are sealed with. Default: paperport.key in the data directory, made when nothing is sealed yet. See [keys.md](keys.md).",
			set:  setText(func(c *Config) *string { return &c.KeyFile }), show: func(c *Config) string { return c.KeyFile }},
		{Env: "PAPERPORT_KEY", Default: "", Rule: "32 random bytes in base64 or hex; in the environment only", IsSecret: true,
			Text: "The same key as a value. A file is better: the environment of a process can be read from outside it.",
			set:  setSecret(func(c *Config) *secret.Text { return &c.Key }), show: func(c *Config) string { return setOrNot(c.Key) }},
		{Env: "ENCRYPTION_KEY", Default: "", Rule: "as PAPERPORT_KEY", IsSecret: true,
			Text: "Another name of PAPERPORT_KEY, used where neither of the two above is set.",
			set:  setSecret(func(c *Config) *secret.Text { return &c.EncryptionKey }), show: func(c *Config) string { return setOrNot(c.EncryptionKey) }},
	}
}

func setSecret(at func(*Config) *secret.Text) func(*Config, string) error {
	return func(c *Config, v string) error { *at(c) = secret.New(v); return nil }
}

func setOrNot(t secret.Text) string {
	if t.IsEmpty() {
		return ""
	}
	return "set"
}

func listenFields() []Field {
	return []Field{
		{Env: "PAPERPORT_ADDR", Flag: "addr", Default: "127.0.0.1:8000", Rule: "host:port; a non-loopback host only with https",
			Text: "Where the server listens. PORT, when set, replaces the port of the default.",
			set:  setAddr(func(c *Config) *string { return &c.Addr }), show: func(c *Config) string { return c.Addr }},
		{Env: "PAPERPORT_DATA_DIR", Flag: "data-dir", Default: "", Rule: "a directory; made when missing",
			Text: "Where the database and your files are. Default: paperport in $XDG_DATA_HOME or ~/.local/share.",
			set:  setText(func(c *Config) *string { return &c.DataDir }), show: func(c *Config) string { return c.DataDir }},
		{Env: "PAPERPORT_PUBLIC_URL", Flag: "public-url", Default: "", Rule: "http(s)://host[:port], no path",
			Text: "The address users type when it is not localhost. Other names are answered with 421.",
			set:  setPublicURL, show: func(c *Config) string { return urlText(c.PublicURL) }},
		{Env: "PAPERPORT_TRUSTED_PROXIES", Flag: "trusted-proxies", Default: "", Rule: "addresses or networks, separated by commas",
			Text: "Who may tell us the visitor's address and scheme in X-Forwarded-For and X-Forwarded-Proto. Default: this machine, when the public address is https and we listen on loopback in the clear.",
			set:  setProxies, show: func(c *Config) string { return proxiesText(c.TrustedProxies) }},
		{Env: "PAPERPORT_TLS_CERT", Flag: "tls-cert", Default: "", Rule: "a PEM file; with the key", Text: "Certificate chain for our own https listener.",
			set: setText(func(c *Config) *string { return &c.TLSCert }), show: func(c *Config) string { return c.TLSCert }},
		{Env: "PAPERPORT_TLS_KEY", Flag: "tls-key", Default: "", Rule: "a PEM file; with the certificate", Text: "Private key for our own https listener.",
			set: setText(func(c *Config) *string { return &c.TLSKey }), show: func(c *Config) string { return c.TLSKey }},
	}
}

func marketFields() []Field {
	return []Field{
		{Env: "PAPERPORT_DEMO", Flag: "demo", Default: "on", Rule: "on, off, or http://host:port of a simulator that runs elsewhere",
			Text: "The demo market.", set: setDemo, show: func(c *Config) string { return c.Demo }},
		{Env: "PAPERPORT_DEMO_HOURS", Flag: "demo-hours", Default: "always", Rule: "always or exchange",
			Text: "When the demo market trades: from 00:00 to 23:55 IST on all seven days, or in the exchanges' hours and holidays.",
			set:  setWord([]string{"always", "exchange"}, func(c *Config) *string { return &c.DemoHours }), show: func(c *Config) string { return c.DemoHours }},
		{Env: "PAPERPORT_SIM_ADDR", Flag: "sim-addr", Default: DefaultSimAddr, Rule: "loopback host:port",
			Text: "Where the simulator behind the demo market listens; official Breeze SDKs can be pointed at it.",
			set:  setSimAddr, show: func(c *Config) string { return c.SimAddr }},
		{Env: "PAPERPORT_SIM_PUBLIC_URL", Default: "", Rule: "http(s)://host[:port], no path",
			Text: "Where users' browsers reach the simulator's login pages when they are not on this machine: an address of its own that your proxy passes to PAPERPORT_SIM_ADDR. Needed for the demo broker's popup on a hosted installation.",
			set:  setSimPublicURL, show: func(c *Config) string { return urlText(c.SimPublicURL) }},
		{Env: "PAPERPORT_RECORDED_DIR", Flag: "recorded-dir", Default: "", Rule: "a directory",
			Text: "Where recorded days for the replay market are. Default: recorded in the data directory.",
			set:  setText(func(c *Config) *string { return &c.RecordedDir }), show: func(c *Config) string { return c.RecordedDir }},
		{Env: "PAPERPORT_BUDGET_MINUTE", Default: "100", Unit: "requests per minute", Rule: "1 to 100",
			Text: "How many REST requests a real broker may get in a minute (ICICI's limit is 100). The demo market has no limit.",
			set:  setInt(1, 100, func(c *Config) *int { return &c.BudgetMinute }), show: func(c *Config) string { return strconv.Itoa(c.BudgetMinute) }},
		{Env: "PAPERPORT_BUDGET_DAY", Default: "5000", Unit: "requests per day", Rule: "1 to 5000",
			Text: "How many REST requests a real broker may get in a day (ICICI's limit is 5,000). The demo market has no limit.",
			set:  setInt(1, 5000, func(c *Config) *int { return &c.BudgetDay }), show: func(c *Config) string { return strconv.Itoa(c.BudgetDay) }},
		{Env: "PAPERPORT_BOOK_MAX_AGE", Default: "60s", Unit: "duration", Rule: "1s to 10m",
			Text: "Up to which age an instrument's own quote can fill orders while its feed is alive. A change holds from the next start on.",
			set:  setDuration(time.Second, 10*time.Minute, func(c *Config) *time.Duration { return &c.BookMaxAge }), show: func(c *Config) string { return c.BookMaxAge.String() }},
	}
}

func limitFields() []Field {
	return []Field{
		{Env: "PAPERPORT_LOGIN_UNTIL", Default: "23:59", Unit: "IST time of day", Rule: "00:00 to 23:59",
			Text: "When logins end each day. A login lasts an hour at least and a day at most.", set: setTimeOfDay,
			show: func(c *Config) string {
				return fmt.Sprintf("%02d:%02d", int(c.LoginUntil.Hours()), int(c.LoginUntil.Minutes())%60)
			}},
		{Env: "PAPERPORT_LOGIN_IDLE", Default: "8h", Unit: "duration", Rule: "0 (never) or 5m to 24h",
			Text: "After how long without use a login ends. An open page counts as use.", set: setIdle,
			show: func(c *Config) string { return c.LoginIdle.String() }},
		{Env: "PAPERPORT_API_RATE", Default: "100", Unit: "requests per second", Rule: "0 (no limit) to 100000",
			Text: "How many requests one user may make per second, on average; four times that at once.",
			set:  setInt(0, 100_000, func(c *Config) *int { return &c.APIPerSecond }), show: func(c *Config) string { return strconv.Itoa(c.APIPerSecond) }},
		{Env: "PAPERPORT_ORDER_RATE", Default: "10", Unit: "orders per second", Rule: "0 (no limit) to 100000",
			Text: "How many orders, changes and cancels an account may send in a calendar second; more are refused.",
			set:  setInt(0, 100_000, func(c *Config) *int { return &c.OrdersPerSecond }), show: func(c *Config) string { return strconv.Itoa(c.OrdersPerSecond) }},
		{Env: "PAPERPORT_LOG_LEVEL", Flag: "log-level", Default: "info", Rule: "debug, info, warn or error", Text: "What is written to standard error, as JSON lines.",
			set: setWord([]string{"debug", "info", "warn", "error"}, func(c *Config) *string { return &c.LogLevel }), show: func(c *Config) string { return c.LogLevel }},
		{Env: "PAPERPORT_ACCESS_LOG", Default: "on", Rule: "on or off", Text: "One line per request: method, route, status, time, address. Never the query.",
			set: setSwitch(func(c *Config) *bool { return &c.AccessLog }), show: func(c *Config) string { return onOff(c.AccessLog) }},
	}
}

// Show writes the settings in force, one NAME=value a line; of a secret only whether it is set, in a comment.
func (c *Config) Show(w io.Writer) error {
	for _, f := range Fields() {
		line := f.Env + "=" + f.show(c)
		if f.IsSecret {
			line = "# " + line // what is printed can be read back as settings
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// Manual writes the page docs/configuration.md.
func Manual(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Settings\n\nMade by `go run ./cmd/paperport config --manual`; do not edit.\n\n" +
		"A flag beats the environment, the environment beats the file named by `--config` or `PAPERPORT_CONFIG` (NAME=value lines),\n" +
		"the file beats the default. `paperport config` prints what is in force. A setting that is wrong ends the program with exit code 78.\n\n" +
		"| Setting | Flag | Default | Unit | Accepted | What it does |\n|---|---|---|---|---|---|\n")
	for _, f := range Fields() {
		flag := ""
		if f.Flag != "" {
			flag = "`--" + f.Flag + "`"
		}
		value := ""
		if f.Default != "" {
			value = "`" + f.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", f.Env, flag, value, f.Unit, f.Rule, f.Text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func setText(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *at(c) = v; return nil }
}

func setWord(words []string, at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, w := range words {
			if v == w {
				*at(c) = v
				return nil
			}
		}
		return fmt.Errorf("want one of %s", strings.Join(words, ", "))
	}
}

func setSwitch(at func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v != "on" && v != "off" {
			return errors.New("want on or off")
		}
		*at(c) = v == "on"
		return nil
	}
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func setInt(least, most int, at func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return fmt.Errorf("want a whole number from %d to %d", least, most)
		}
		*at(c) = n
		return nil
	}
}

func setDuration(least, most time.Duration, at func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < least || d > most {
			return fmt.Errorf("want a duration from %s to %s, like 90s or 5m", least, most)
		}
		*at(c) = d
		return nil
	}
}

func setIdle(c *Config, v string) error {
	if v == "0" || v == "0s" {
		c.LoginIdle = 0
		return nil
	}
	return setDuration(5*time.Minute, 24*time.Hour, func(c *Config) *time.Duration { return &c.LoginIdle })(c, v)
}

func setTimeOfDay(c *Config, v string) error {
	t, err := time.Parse("15:04", v)
	if err != nil {
		return errors.New("want a time of day like 23:59")
	}
	c.LoginUntil = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	return nil
}

func setAddr(at func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		_, port, err := net.SplitHostPort(v)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return errors.New("want host:port, like 127.0.0.1:8000")
		}
		*at(c) = v
		return nil
	}
}

func setSimAddr(c *Config, v string) error {
	if err := setAddr(func(c *Config) *string { return &c.SimAddr })(c, v); err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(v); !IsLoopbackHost(host) {
		return errors.New("the simulator listens on loopback only")
	}
	return nil
}

func setDemo(c *Config, v string) error {
	if v == "on" || v == "off" {
		c.Demo = v
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("want on, off or http://host:port")
	}
	if !IsLoopbackHost(u.Hostname()) {
		return errors.New("a simulator elsewhere must still be on this machine (loopback)")
	}
	c.Demo = strings.TrimSuffix(v, "/")
	return nil
}

func setPublicURL(c *Config, v string) (err error) {
	c.PublicURL, err = publicURL(v)
	return err
}

func setSimPublicURL(c *Config, v string) (err error) {
	c.SimPublicURL, err = publicURL(v)
	return err
}

// publicURL reads an address that browsers use, nil for none.
func publicURL(v string) (*url.URL, error) {
	if v == "" {
		return nil, nil
	}
	u, err := url.Parse(v)
	isPlain := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && strings.Trim(u.Path, "/") == "" &&
		u.RawQuery == "" && u.Fragment == "" && u.User == nil
	if !isPlain {
		return nil, errors.New("want http(s)://host[:port] and nothing after it")
	}
	if u.Scheme == "http" && !IsLoopbackHost(u.Hostname()) {
		return nil, errors.New("only a loopback address may be plain http")
	}
	u.Path = ""
	return u, nil
}

func urlText(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func setProxies(c *Config, v string) error {
	c.TrustedProxies = nil
	for text := range strings.SplitSeq(v, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil {
				return fmt.Errorf("%q is neither an address nor a network like 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

func proxiesText(list []netip.Prefix) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}
