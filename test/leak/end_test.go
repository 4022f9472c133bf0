package leak

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tagOf is the name by which the simulator knows an account.
func tagOf(loginID string) string { return strings.ToLower(strings.TrimPrefix(loginID, "DEMO")) }

// spec is as much of the program's own description of its routes as garbage needs.
type spec struct {
	Paths map[string]map[string]struct {
		Parameters  []struct{ Name, In string }
		RequestBody struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
	}
	Components struct {
		Schemas map[string]struct{ Properties map[string]json.RawMessage }
	}
}

// nameIn begins the names of secrets that are sent as the name of a field. A route that takes no secrets may say which name it does not know,
// to the sender alone.
const nameIn = "a name in "

// mayNotName lists the routes that take secrets: they repeat not even a name.
var mayNotName = []string{"/api/broker/credentials", "/api/broker/session", "/api/broker/code-check", "/api/me/proof"}

func isEcho(hit string) bool {
	_, at, _ := strings.Cut(hit, " at byte ")
	return strings.HasPrefix(hit, nameIn) && strings.Contains(at, " of the answer 4") && !slices.ContainsFunc(mayNotName, func(path string) bool { return strings.HasSuffix(at, path) })
}

// garbage feeds every route with secrets in the wrong places.
func (s *scene) garbage(c *customer) {
	var described spec
	if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(string(s.program.run("openapi"))), "<nil>")), &described); err != nil {
		s.t.Fatal(err)
	}
	count := 0
	stranger := s.day.visitor("stranger")
	stranger.cookies["pp_login"] = s.canary("a cookie that is none")
	for path, methods := range described.Paths {
		for method, op := range methods {
			if path == "/api/logout" || path == "/api/broker/disconnect" {
				continue // they need no body to succeed
			}
			count++
			secret, asName := s.canary("garbage in "+strings.ToUpper(method)+" "+path), s.canary(nameIn+strings.ToUpper(method)+" "+path)
			target, query := path, url.Values{}
			for _, p := range op.Parameters {
				if p.In == "path" {
					target = strings.ReplaceAll(target, "{"+p.Name+"}", url.PathEscape(secret))
				} else {
					query.Set(p.Name, secret)
				}
			}
			fields := map[string]any{}
			ref := op.RequestBody.Content["application/json"].Schema.Ref
			for name := range described.Components.Schemas[filepath.Base(ref)].Properties {
				fields[name] = []string{secret}
			}
			text, _ := json.Marshal(fields)
			for _, body := range []string{string(text), `{"` + asName + `":1}`, `{"a":"` + secret, secret, strings.Repeat(secret, 3000)} {
				for _, v := range []*visitor{c.visitor, stranger} {
					v.do(strings.ToUpper(method), target, "application/json", body)
				}
			}
			c.do(strings.ToUpper(method), target+"?"+query.Encode(), "application/json", string(text))
			c.do(strings.ToUpper(method), target+"?"+asName+"=1", "text/plain", secret)
		}
	}
	if count < 50 {
		s.t.Errorf("only %d routes were found", count)
	}
}

// operate asks what an operator asks, and takes a backup beside the running program.
func (s *scene) operate() {
	s.t.Helper()
	for _, args := range [][]string{{"doctor"}, {"config"}, {"key", "status"}, {"key", "check"}, {"verify-audit"}, {"verify-ledger"}, {"user", "list"}, {"backup", "--to", filepath.Join(s.program.dir, "copy.db")}} {
		s.day.gather("what `"+strings.Join(args, " ")+"` says", s.program.run(args...))
	}
	if _, err := os.Stat(filepath.Join(s.program.dir, "copy.db")); err != nil {
		s.t.Errorf("there is no backup: %v", err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(answer.Body)
	if !strings.Contains(string(text), "pp_broker_requests_total") {
		s.t.Errorf("metrics: %d: %.200s", answer.StatusCode, text)
	}
	s.day.gather("metrics", text)
}

// files gathers everything that is on disk, and judges the modes: nothing is readable by others, the key not even writable, no core is left.
func (s *scene) files() {
	s.t.Helper()
	key, err := os.ReadFile(filepath.Join(s.data, "paperport.key"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.day.plant("the sealing key", strings.TrimSpace(string(key)))
	err = filepath.WalkDir(s.program.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(s.program.dir, path)
		if entry.IsDir() || path == s.program.binary {
			if mode := info.Mode().Perm(); mode&0o077 != 0 && strings.HasPrefix(name, "data") {
				s.t.Errorf("directory %s has mode %o", name, mode)
			}
			return nil
		}
		want := fs.FileMode(0o600)
		if strings.HasSuffix(name, ".key") {
			want = 0o400
		}
		if mode := info.Mode().Perm(); mode&^want != 0 {
			s.t.Errorf("%s has mode %o", name, mode)
		}
		if strings.HasPrefix(entry.Name(), "core") {
			s.t.Errorf("%s was left", name)
		}
		if name == filepath.Join("data", "paperport.key") {
			return nil // the one place that is meant for it
		}
		text, err := os.ReadFile(path)
		s.day.gather("the file "+name, text)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// judge looks for every form of every secret in all that was gathered. To show that it can find one, it plants one at last.
func (s *scene) judge() {
	s.t.Helper()
	for _, kind := range []string{"an event of owner", "the answer 2", "the answer 4", "the answer 5", "log and trace", "metrics", "the file copy.db", "the file " + filepath.Join("data", "paperport.db"), "what `doctor`"} {
		if !slices.ContainsFunc(s.day.hay, func(h hay) bool { return strings.HasPrefix(h.where, kind) && len(h.data) > 0 }) {
			s.t.Errorf("nothing was gathered of: %s", kind)
		}
	}
	bytes, hits := 0, 0
	for _, h := range s.day.hay {
		bytes += len(h.data)
		for _, hit := range s.day.secrets.scan(h.where, h.data) {
			if isEcho(hit) {
				continue
			}
			if hits++; hits <= 40 {
				s.t.Errorf("leaked: %s", hit)
			}
		}
	}
	proof := s.canary("the planted one")
	if got := s.day.secrets.scan("a proof", []byte(`{"level":"INFO","msg":"request","key":"`+proof+`"}`)); len(got) == 0 {
		s.t.Error("what is planted is not found: this test shows nothing")
	}
	s.t.Logf("%d secrets, %d texts, %.1f MB: %d hits", s.day.secrets.count, len(s.day.hay), float64(bytes)/1e6, hits)
}
