package web

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A dialect is the API of another face recognition system, so that its clients
// work here with another address and another key. It only translates: what it
// answers comes from the same recognition, people and rules as the native API's
// answers, and what goes wrong is the same error in its own words.
type dialect struct {
	name     string
	prefixes []string // of its addresses, such as /api/v1/
	optional bool     // not spoken unless it is asked for
	routes   func(s *Server, r *gin.Engine)
	// failure is p in the dialect's own words. The status may be another than p's.
	failure func(c *gin.Context, p Problem) (status int, body any)
	// key is the key of a request, where the dialect's clients send it elsewhere
	// than ours do; nil, and not shown: as ours. It fails where that cannot be read.
	key    func(s *Server, c *gin.Context) (secret string, shown bool, err error)
	grants map[string]grant // who may use its routes, as in [grants]
	health map[string]any   // what its clients look for at /healthz, besides what is there
}

// dialects is every dialect there is.
func dialects() []*dialect {
	return []*dialect{comprefaceDialect(), deepstack(), codeproject(), facebox()}
}

// Dialects names the dialects that a server can speak besides its own.
func Dialects() []string {
	var names []string
	for _, d := range dialects() {
		names = append(names, d.name)
	}
	return names
}

// StandardDialects is those that are spoken unless another choice is made: all
// that do not share their addresses with an earlier one.
func StandardDialects() []string {
	var names []string
	for _, d := range dialects() {
		if !d.optional {
			names = append(names, d.name)
		}
	}
	return names
}

const keyDialect = "facegate.dialect"

// CheckDialects fails, with [facegate.CodeInvalid], where a server cannot speak
// all the dialects that names says.
func CheckDialects(names []string) error {
	_, err := chooseDialects(names)
	return err
}

// chooseDialects is the dialects of these names.
func chooseDialects(names []string) ([]*dialect, error) {
	var chosen []*dialect
	known := dialects()
	for _, name := range names {
		i := slices.IndexFunc(known, func(d *dialect) bool { return d.name == name })
		if i < 0 {
			return nil, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no dialect", name), "known: "+strings.Join(Dialects(), ", "))
		}
		d := known[i]
		for _, other := range chosen {
			if other != d && slices.ContainsFunc(d.prefixes, func(p string) bool { return slices.Contains(other.prefixes, p) }) {
				return nil, facegate.NewError(facegate.CodeInvalid,
					fmt.Sprintf("%s and %s share their addresses", other.name, d.name), "choose one of them")
			}
		}
		if !slices.Contains(chosen, d) {
			chosen = append(chosen, d)
		}
	}
	return chosen, nil
}

// recogniseDialect remembers the dialect of an address, in which errors are
// told, those too that are found before the route's handler.
func (s *Server) recogniseDialect(c *gin.Context) {
	for _, d := range s.spoken {
		for _, prefix := range d.prefixes {
			if strings.HasPrefix(c.Request.URL.Path, prefix) {
				c.Set(keyDialect, d)
				return
			}
		}
	}
}

// dialectOf is the dialect a request speaks; nil for ours.
func dialectOf(c *gin.Context) *dialect {
	v, _ := c.Get(keyDialect)
	d, _ := v.(*dialect)
	return d
}

// put sends a problem in the words that the request's dialect has for it.
func put(c *gin.Context, p Problem, retry time.Duration) {
	status, media, body := p.Status, mediaProblem, any(p)
	if d := dialectOf(c); d != nil {
		status, body = d.failure(c, p)
		media = mediaJSON
	}
	data, err := json.Marshal(body)
	if err != nil { // strings and numbers alone
		panic(fmt.Sprintf("encode problem: %v", err))
	}
	if retry > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	c.Data(status, media, data)
}
