// Package web carries the browser app inside the binary. `make build` puts the built app into dist; without it (go build
// and go test need no Node) a plain page says how to get it.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist placeholder.html
var files embed.FS

// Files returns the app's files, index.html at the root. When the app was not built, index.html is the plain page.
func Files() fs.FS {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic("web: " + err.Error()) // the name is a constant
	}
	if _, err := fs.Stat(dist, "index.html"); err == nil {
		return dist
	}
	return placeholder{}
}

// placeholder is a file system with nothing but the plain page.
type placeholder struct{}

// Open knows index.html alone.
func (placeholder) Open(name string) (fs.File, error) {
	if name != "index.html" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return files.Open("placeholder.html")
}
