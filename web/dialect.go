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
	// than ours do; nil, and not shown: as ours.
	key    func(c *gin.Context) (secret string, shown bool)
	grants map[string]grant // who may use its routes, as in [grants]
}

// dialects is every dialect there is.
func dialects() []*dialect {
	return []*dialect{comprefaceDialect()}
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

// chooseDialects is those that Dialects names.
func (s *Server) chooseDialects() error {
	s.spoken = nil
	known := dialects()
	for _, name := range s.Dialects {
		i := slices.IndexFunc(known, func(d *dialect) bool { return d.name == name })
		if i < 0 {
			return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no dialect", name), "known: "+strings.Join(Dialects(), ", "))
		}
		d := known[i]
		for _, other := range s.spoken {
			if other != d && slices.ContainsFunc(d.prefixes, func(p string) bool { return slices.Contains(other.prefixes, p) }) {
				return facegate.NewError(facegate.CodeInvalid,
					fmt.Sprintf("%s and %s share their addresses", other.name, d.name), "choose one of them")
			}
		}
		if !slices.Contains(s.spoken, d) {
			s.spoken = append(s.spoken, d)
		}
	}
	return nil
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
