// Package config reads the settings of the program from flags, the environment and a file into one struct, later ones
// of that list giving way to earlier ones, and checks them. `paperport config` and docs/configuration.md are made from
// the same table, so that they cannot differ from what is read.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"paperport/secret"
)

// Config is every setting. Packages get values of it, never the whole.
type Config struct {
	// Addr is where the server listens, host:port.
	Addr string
	// DataDir holds the database, overrides and recorded days.
	DataDir string
	// PublicURL is the address users type when it is not localhost; nil when none.
	PublicURL *url.URL
	// TrustedProxies may set X-Forwarded-For and X-Forwarded-Proto.
	TrustedProxies []netip.Prefix
	// TLSCert and TLSKey are PEM files; both or none.
	TLSCert, TLSKey string
	// SimAddr is where the demo market's simulator listens.
	SimAddr string
	// SimPublicURL is where users' browsers reach the simulator's login pages; nil for its loopback address.
	SimPublicURL *url.URL
	// Demo is "on", "off" or the address of a simulator that runs elsewhere.
	Demo string
	// DemoHours is "always" or "exchange".
	DemoHours string
	// RecordedDir holds recorded days for replay; "" means recorded/ in DataDir.
	RecordedDir string
	// RulesDir holds tables that override ours; "" means rules/ in DataDir.
	RulesDir string
	// BudgetMinute and BudgetDay bound the requests to the broker.
	BudgetMinute, BudgetDay int
	// KeyFile holds the master key; Key and EncryptionKey are one themselves. At most one of the first two is set.
	KeyFile            string
	Key, EncryptionKey secret.Text
	// LoginUntil is the IST time of day at which logins end; LoginIdle ends an unused one (0 never).
	LoginUntil, LoginIdle time.Duration
	// BookMaxAge is the age up to which an instrument's own book is fresh.
	BookMaxAge time.Duration
	// APIPerSecond bounds one user's requests; 0 lifts the bound.
	APIPerSecond int
	// OrdersPerSecond bounds an account's orders, changes and cancels in a calendar second; 0 lifts the bound.
	OrdersPerSecond int
	// LogLevel is debug, info, warn or error.
	LogLevel string
	// AccessLog writes a line per request.
	AccessLog bool
	// BackupDir is where the nightly backups go, "off" for none; BackupKeep is how many stay.
	BackupDir  string
	BackupKeep int
	// MetricsAddr is where metrics are served, on loopback; "" for nowhere.
	MetricsAddr string
	// File is the file the settings were read from, "" when none.
	File string
}

// ErrInvalid marks every error of this package: the program exits 78.
var ErrInvalid = errors.New("config: invalid setting")

// Load reads the settings. flags maps flag names to given values; environ is os.Environ().
func Load(flags map[string]string, environ []string) (Config, error) {
	env := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	file, err := readFile(first(flags["config"], env["PAPERPORT_CONFIG"]))
	if err != nil {
		return Config{}, err
	}
	var c Config
	for _, f := range Fields() {
		value, source := f.Default, "default"
		if v, isSet := file[f.Env]; isSet {
			value, source = v, "file"
		}
		if v, isSet := env[f.Env]; isSet && v != "" {
			value, source = v, "environment"
		}
		if v, isSet := flags[f.Flag]; isSet && f.Flag != "" {
			value, source = v, "flag"
		}
		if f.IsSecret && source == "file" {
			return Config{}, fmt.Errorf("%w: %s does not belong in the settings file: keep it in a file of its own, see PAPERPORT_KEY_FILE", ErrInvalid, f.Env)
		}
		if err := f.set(&c, strings.TrimSpace(value)); err != nil {
			if f.IsSecret {
				value = secret.Masked
			}
			return Config{}, fmt.Errorf("%w: %s=%q (%s): %w", ErrInvalid, f.Env, value, source, err)
		}
	}
	c.File = first(flags["config"], env["PAPERPORT_CONFIG"])
	// PORT is the convention of hosting platforms: it changes the port of the default address.
	if _, isSet := env["PAPERPORT_ADDR"]; !isSet && env["PORT"] != "" && flags["addr"] == "" && file["PAPERPORT_ADDR"] == "" {
		if _, err := strconv.ParseUint(env["PORT"], 10, 16); err != nil {
			return Config{}, fmt.Errorf("%w: PORT=%q is not a port number", ErrInvalid, env["PORT"])
		}
		host, _, _ := net.SplitHostPort(c.Addr)
		c.Addr = net.JoinHostPort(host, env["PORT"])
	}
	return c, c.check(env)
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// check looks at what settings mean together.
func (c *Config) check(env map[string]string) error {
	if c.DataDir == "" {
		c.DataDir = defaultDataDir(env)
	}
	if c.RecordedDir == "" {
		c.RecordedDir = filepath.Join(c.DataDir, "recorded")
	}
	if c.RulesDir == "" {
		c.RulesDir = filepath.Join(c.DataDir, "rules")
	}
	if c.BackupDir == "" {
		c.BackupDir = filepath.Join(c.DataDir, "backups")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("%w: PAPERPORT_TLS_CERT and PAPERPORT_TLS_KEY go together", ErrInvalid)
	}
	if c.KeyFile != "" && !c.Key.IsEmpty() {
		return fmt.Errorf("%w: PAPERPORT_KEY_FILE and PAPERPORT_KEY both name a key: leave one out", ErrInvalid)
	}
	if err := c.checkExposure(); err != nil {
		return err
	}
	c.trustOwnProxy()
	return nil
}

// trustOwnProxy believes a proxy on this machine when none is named: a public https address without a certificate of
// ours, behind a loopback listener, can only be reached through one. Without it all visitors would share one address,
// and a stranger's wrong passwords would slow the owner down.
func (c *Config) trustOwnProxy() {
	isProxied := c.PublicURL != nil && c.PublicURL.Scheme == "https" && c.TLSCert == "" && c.IsLoopback()
	if isProxied && len(c.TrustedProxies) == 0 {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
}

// Exposed is the refusal to serve other machines in the clear, with the ways out.
const Exposed = `%w: %s is not a loopback address, and passwords would cross the network unencrypted. Three ways out:
  1. serve https yourself:   PAPERPORT_TLS_CERT=cert.pem PAPERPORT_TLS_KEY=key.pem
  2. put a proxy in front that speaks https: PAPERPORT_PUBLIC_URL=https://your.name PAPERPORT_TRUSTED_PROXIES=<its address>
  3. stay on this machine:   PAPERPORT_ADDR=127.0.0.1:8000, and reach it with  ssh -L 8000:localhost:8000 this-machine`

func (c *Config) checkExposure() error {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return fmt.Errorf("%w: PAPERPORT_ADDR: %w", ErrInvalid, err)
	}
	isBehindProxy := c.PublicURL != nil && c.PublicURL.Scheme == "https" && len(c.TrustedProxies) > 0
	if IsLoopbackHost(host) || c.TLSCert != "" || isBehindProxy {
		return nil
	}
	return fmt.Errorf(Exposed, ErrInvalid, c.Addr)
}

// IsLoopback reports whether the server listens for this machine alone.
func (c *Config) IsLoopback() bool {
	host, _, _ := net.SplitHostPort(c.Addr)
	return IsLoopbackHost(host)
}

// IsLoopbackHost reports whether a host name or address, without its port, is this machine's own.
func IsLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func defaultDataDir(env map[string]string) string {
	if dir := env["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return filepath.Join(dir, "paperport")
	}
	if home := env["HOME"]; home != "" {
		return filepath.Join(home, ".local", "share", "paperport")
	}
	return "paperport-data"
}

// readFile reads NAME=value lines; # starts a comment line. Names are those of the environment.
func readFile(path string) (map[string]string, error) {
	settings := map[string]string{}
	if path == "" {
		return settings, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	defer f.Close()
	return settings, parseFile(f, path, settings)
}

func parseFile(r io.Reader, path string, settings map[string]string) error {
	known := map[string]bool{}
	for _, f := range Fields() {
		known[f.Env] = true
	}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, hasValue := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		_, isRepeat := settings[name]
		if !hasValue || !known[name] || isRepeat {
			return fmt.Errorf("%w: %s line %d: want NAME=value with a known name, once each", ErrInvalid, path, n)
		}
		settings[name] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return lines.Err()
}
