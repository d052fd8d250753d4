package web

import "facegate"

// A Route is a method and a pattern that is answered.
type Route struct{ Method, Pattern string }

// Routes is every route of an initialized server.
func (s *Server) Routes() []Route {
	var all []Route
	for _, r := range s.engine.Routes() {
		all = append(all, Route{r.Method, r.Path})
	}
	return all
}

// Granted is every route that the table of grants has a line for.
func Granted() map[string]bool {
	all := map[string]bool{}
	for route, g := range grants() {
		all[route] = g.public || len(g.scopes) > 0
	}
	for _, d := range dialects() {
		for route, g := range d.grants {
			if !d.optional {
				all[route] = g.public || len(g.scopes) > 0
			}
		}
	}
	return all
}

// DecodePhoto reads a JSON value as a picture in base64 of at most so many bytes.
func DecodePhoto(value []byte, most int64) (data []byte, given, bad, address bool) {
	p := base64Photo{max: most}
	if p.UnmarshalJSON(value) != nil {
		return nil, true, true, false
	}
	return p.data, p.given, p.bad, p.address
}

// Statuses is the table of codes.
func Statuses() map[facegate.Code]int {
	all := map[facegate.Code]int{}
	for code, o := range outcomes() {
		all[code] = o.status
	}
	return all
}

// Unclaimed is how many bytes are held of bodies whose key has not come yet.
func (s *Server) Unclaimed() int64 { return s.strangers.bytes.Load() }

// DialectGrants is every route of a dialect that its table has a line for.
func DialectGrants(name string) map[string]bool {
	all := map[string]bool{}
	for _, d := range dialects() {
		if d.name == name {
			for route, g := range d.grants {
				all[route] = g.public || len(g.scopes) > 0
			}
		}
	}
	return all
}

// FaceboxSource is the source that keeps an id of a Facebox client.
func FaceboxSource(id string) (string, error) { return faceboxSource(id) }

// FaceboxID is the id that a source keeps.
func FaceboxID(source string) string {
	id, _ := faceboxID(source)
	return id
}
