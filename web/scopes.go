package web

import "facegate"

// A grant says who may use a route: everybody, or whoever holds one of scopes.
type grant struct {
	public bool
	scopes []facegate.Scope
}

// grants is the one table of who may do what. Every route has a line; a route
// without one is for nobody once keys are asked for, and a test names it.
func grants() map[string]grant {
	everybody := grant{public: true}
	holders := func(scopes ...facegate.Scope) grant { return grant{scopes: scopes} }
	var (
		anyKey   = holders(facegate.Scopes()...)
		detect   = holders(facegate.ScopeDetect)
		verify   = holders(facegate.ScopeVerify)
		identify = holders(facegate.ScopeIdentify)
		enroll   = holders(facegate.ScopeEnroll)
		events   = holders(facegate.ScopeEvents)
		admin    = holders(facegate.ScopeAdmin)
	)
	table := map[string]grant{
		"GET /healthz":      everybody,
		"GET /readyz":       everybody,
		"GET /openapi.yaml": everybody,
		"GET /openapi.json": everybody,
		"GET " + errorPages: everybody,
		"GET /metrics":      events,

		"GET /v1/session":    everybody, // tells whether to sign in
		"POST /v1/session":   everybody, // signs in
		"DELETE /v1/session": everybody, // signs out
		"POST /v1/setup":     everybody, // its one-time link is the key

		"POST /v1/people":                                 enroll,
		"GET /v1/people":                                  enroll,
		"GET /v1/people/:id":                              enroll,
		"PATCH /v1/people/:id":                            enroll,
		"DELETE /v1/people/:id":                           enroll,
		"POST /v1/people/:id/merge":                       enroll,
		"GET /v1/people/:id/portrait":                     enroll,
		"GET /v1/people/:id/samples":                      enroll,
		"POST /v1/people/:id/samples":                     enroll,
		"DELETE /v1/people/:id/samples/:sample_id":        enroll,
		"GET /v1/people/:id/samples/:sample_id/thumbnail": enroll,
		"GET /v1/people/:id/samples/:sample_id/photo":     enroll,

		"POST /v1/detect":    detect,
		"POST /v1/identify":  identify,
		"POST /v1/verify":    verify,
		"GET /v1/thresholds": anyKey,

		"GET /v1/verify/challenge": verify,

		"GET /v1/identify":               enroll, // whom a sample would be taken for names who is enrolled
		"PUT /v1/thresholds":             admin,
		"GET /v1/thresholds/calibration": anyKey,
		"GET /v1/thresholds/pairs":       enroll,

		"GET /v1/cameras":             events,
		"POST /v1/cameras":            admin,
		"GET /v1/cameras/:id":         events,
		"PATCH /v1/cameras/:id":       admin,
		"DELETE /v1/cameras/:id":      admin,
		"POST /v1/cameras/:id/pause":  admin,
		"POST /v1/cameras/:id/resume": admin,
		"GET /v1/cameras/:id/view":    events,
		"GET /v1/cameras/:id/live":    events,
		"GET /v1/cameras/:id/push":    identify,
		"POST /v1/cameras/:id/push":   identify,
		"GET /v1/sightings":           events,
		"GET /v1/sightings/stream":    events,
		"GET /v1/sightings/:id":       events,
		"DELETE /v1/sightings/:id":    admin,
		"GET /v1/sightings/:id/photo": events,
		"GET /v1/sightings/:id/crop":  events,
		"GET /v1/unknowns":            events,
		"GET /v1/unknowns/:id":        events,
		"DELETE /v1/unknowns/:id":     admin,
		"GET /v1/unknowns/:id/crop":   events,
		"POST /v1/unknowns/:id/name":  enroll,
		"POST /v1/unknowns/:id/merge": enroll,
		"POST /v1/unknowns/:id/split": enroll,
		"GET /v1/webhooks":            admin,
		"POST /v1/webhooks":           admin,
		"GET /v1/webhooks/:id":        admin,
		"PATCH /v1/webhooks/:id":      admin,
		"DELETE /v1/webhooks/:id":     admin,

		"GET /v1/keys":        admin,
		"POST /v1/keys":       admin,
		"DELETE /v1/keys/:id": admin,

		"GET /v1/accounts":        admin,
		"DELETE /v1/accounts/:id": admin,

		"GET /v1/audit":             admin,
		"GET /v1/audit/export":      admin,
		"GET /v1/audit/check":       admin,
		"GET /v1/people/:id/export": admin, // holds embeddings
	}
	return table
}

// grantOf is the line of a route, HEAD being GET without its body.
func (s *Server) grantOf(method, pattern string) (grant, bool) {
	if method == "HEAD" {
		method = "GET"
	}
	g, ok := s.grants[method+" "+pattern]
	return g, ok
}
