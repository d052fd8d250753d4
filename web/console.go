package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// built is the console as web/ui builds it. In a checkout where it was not built
// the folder holds a .gitkeep alone.
//
//go:embed all:ui/dist
var built embed.FS

// notBuilt is what a browser gets from a program built without the console.
const notBuilt = "facegate: the console was not built into this program.\n\n" +
	"Run `make build` and start bin/facegate. The API works without it: see /openapi.yaml.\n"

// A console is the single page application with its files.
type console struct {
	files map[string]consoleFile
}

type consoleFile struct {
	data []byte
	etag string
	kind string // media type; empty: by extension and content
}

// newConsole reads all of files, once: the build is small, and embedded files
// have no times that a cache could go by, so each gets a hash.
func newConsole(files fs.FS) (*console, error) {
	if files == nil {
		var err error
		if files, err = fs.Sub(built, "ui/dist"); err != nil {
			return nil, err
		}
	}
	k := &console{files: map[string]consoleFile{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		k.files[name] = consoleFile{data: data, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, kind: mediaType(name)}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return k, err
}

// mediaType names what a bare container's MIME tables do not know.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	case ".ico":
		return "image/x-icon"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return ""
}

// descriptionPage leads from where people look for it to the console's page of the
// API. Relative, for a proxy may put a path before it.
var descriptionPage = map[string]string{"/docs": "./#/api", "/docs/": "../#/api"}

// serveConsole answers everything that is no route of the API: a file of the
// console, or its page, whose script knows the address. Only a browser that asks
// for a page gets it: a misspelt address in a script is a 404.
func (s *Server) serveConsole(c *gin.Context) {
	p := c.Request.URL.Path
	if p == "/v1" || strings.HasPrefix(p, "/v1/") || dialectOf(c) != nil {
		s.fail(c, notFound(c))
		return
	}
	if to, ok := descriptionPage[p]; ok {
		c.Header("Location", to)
		c.Status(http.StatusFound)
		return
	}
	name := strings.TrimPrefix(path.Clean(p), "/")
	if name == "" {
		name = "index.html"
	}
	file, ok := s.console.files[name]
	if !ok && wantsPage(c.Request) && strings.Contains(name, "/") {
		// The page's own files would be looked for below that.
		c.Header("Location", strings.Repeat("../", strings.Count(p, "/")-1))
		c.Status(http.StatusFound)
		return
	}
	if !ok && (p == "/" || wantsPage(c.Request)) {
		name = "index.html"
		if file, ok = s.console.files[name]; !ok {
			file, ok = consoleFile{data: []byte(notBuilt), kind: "text/plain; charset=utf-8"}, true
		}
	}
	if !ok || strings.HasPrefix(path.Base(name), ".") {
		s.fail(c, notFound(c))
		return
	}
	c.Set(keyConsole, true)
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		c.Header("Allow", "GET, HEAD")
		s.fail(c, methodNotAllowed(c))
		return
	}
	c.Status(http.StatusOK) // the router had put 404
	if strings.HasPrefix(name, "assets/") {
		// Vite puts a hash of the content into the name.
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		c.Header("Cache-Control", "no-cache")
	}
	if file.etag != "" {
		c.Header("ETag", file.etag)
	}
	if file.kind != "" {
		c.Header("Content-Type", file.kind)
	}
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, bytes.NewReader(file.data))
}

// wantsPage tells a browser's navigation from a script's request and from the
// load of a file that is gone.
func wantsPage(r *http.Request) bool {
	return path.Ext(r.URL.Path) == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}
