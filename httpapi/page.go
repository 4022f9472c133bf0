package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
)

// pages serves the browser build. Files are read once; a .br or .gz file beside one is its compressed form.
type pages struct {
	files fs.FS
	mu    sync.Mutex // guards known
	known map[string]*pageFile
}

type pageFile struct {
	kind string
	tag  string
	// forms maps a content encoding ("" is none) to the bytes.
	forms map[string][]byte
}

func newPages(files fs.FS) *pages { return &pages{files: files, known: map[string]*pageFile{}} }

// encodings in order of preference with their suffixes.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func (p *pages) file(name string) *pageFile {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, isKnown := p.known[name]; isKnown {
		return f
	}
	body, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(body)
	f := &pageFile{kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:8]) + `"`, forms: map[string][]byte{"": body}}
	for _, e := range encodings {
		if packed, err := fs.ReadFile(p.files, name+e.suffix); err == nil {
			f.forms[e.name] = packed
		}
	}
	p.known[name] = f
	return f
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// hashedName matches what the build names after its content: such a file never changes.
var hashedName = regexp.MustCompile(`^assets/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

// servePage serves a file of the build, or the app's page for every other address.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeProblem(w, r, problem(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Pages can only be read."))
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if path.Ext(name) == "" {
		name = "index.html"
	}
	if strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") || strings.HasPrefix(path.Base(name), ".") {
		name = "\x00" // never a name of ours
	}
	file := s.pages.file(name)
	if file == nil {
		writeProblem(w, r, problem(http.StatusNotFound, "NO_ROUTE", "There is nothing at this address."))
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	if hashedName.MatchString(name) {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	file.serve(w, r)
}

func (f *pageFile) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	body, tag := f.forms[""], f.tag
	if len(f.forms) > 1 {
		header.Set("Vary", "Accept-Encoding")
		for _, e := range encodings {
			packed, isThere := f.forms[e.name]
			if isThere && accepts(r.Header.Get("Accept-Encoding"), e.name) {
				header.Set("Content-Encoding", e.name)
				body, tag = packed, strings.TrimSuffix(f.tag, `"`)+"-"+e.name+`"`
				break
			}
		}
	}
	header.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// accepts reads an Accept-Encoding header; a coding with q=0 is refused.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			quality := strings.ReplaceAll(params, " ", "")
			return quality != "q=0" && quality != "q=0.0" && quality != "q=0.00" && quality != "q=0.000"
		}
	}
	return false
}
