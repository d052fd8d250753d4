package web

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// comprefaceParams reads a query as CompreFace's clients write it: the JavaScript
// SDK begins each of several options with a question mark, the Python SDK the first
// with both. Options it does not know are ignored; of one given twice the first
// counts.
func comprefaceParams(c *gin.Context) *params {
	p := &params{values: url.Values{}}
	options := strings.FieldsFunc(c.Request.URL.RawQuery, func(r rune) bool { return r == '?' || r == '&' })
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		switch {
		case nameErr != nil || valueErr != nil:
			p.fail("percent-encode it", "%s cannot be read", shown(option))
		case !utf8.ValidString(name) || !utf8.ValidString(value):
			p.fail("percent-encode it as UTF-8", "the query is not UTF-8")
		case !p.values.Has(name):
			p.values.Set(name, value)
		}
	}
	return p
}

// comprefaceOptions are what every call with a photo takes; not all mean something
// to each.
type comprefaceOptions struct {
	limit       int     // faces, the largest first; 0: all
	predictions int     // people to name for a face
	score       float64 // det_prob_threshold
	landmarks   bool    // plugins
	calculator  bool
	status      bool // tell times and versions
	crop        bool // the photo is one face, cut out
}

func (p *params) comprefaceOptions(c *gin.Context) (comprefaceOptions, error) {
	o := comprefaceOptions{predictions: 1, score: p.score("det_prob_threshold"), status: p.flag("status")}
	plugins := p.list("face_plugins")
	o.landmarks, o.calculator = slices.Contains(plugins, "landmarks"), slices.Contains(plugins, "calculator")
	if limit := p.whole("limit"); limit != nil {
		if o.limit = *limit; o.limit < 0 {
			return o, comprefaceRefusal(c, 26, "Limit should be equal or greater than 0")
		}
	}
	if predictions := p.whole("prediction_count"); predictions != nil {
		if *predictions < 1 {
			return o, comprefaceRefusal(c, 26, "prediction_count should be equal or greater than 1")
		}
		o.predictions = min(*predictions, maxCandidates)
	}
	if _, given := p.text("detect_faces"); given {
		o.crop = !p.flag("detect_faces")
	}
	if o.crop { // whose sender says that it is one face
		o.limit, o.score = 1, 0
	}
	return o, p.err
}

// whole is nil where name is not given.
func (p *params) whole(name string) *int {
	v, ok := p.text(name)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n > math.MaxInt32 || n < math.MinInt32 {
		p.fail("", "%s is not a whole number", name)
		return nil
	}
	return &n
}
