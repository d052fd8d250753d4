package web

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// AuthMode says when keys and sessions are asked for.
type AuthMode string

// Modes. With AuthAuto everything is open on a loopback address until there is an
// account or a key, which is asked for from then on.
const (
	AuthAuto AuthMode = "auto"
	AuthOn   AuthMode = "on"
	AuthOff  AuthMode = "off"
)

const keyCaller = "facegate.caller"

// A caller is who sends a request.
type caller struct {
	key     *facegate.Key     // with a key
	account *facegate.Account // with a session
	open    bool              // nobody is asked
}

func (c caller) may(scopes []facegate.Scope) bool {
	return c.open || c.account != nil || c.key != nil && c.key.May(scopes...)
}

// actor is the caller as the audit names them.
func (c caller) actor() (name, id string) {
	switch {
	case c.key != nil:
		return "key:" + c.key.Name, c.key.ID
	case c.account != nil:
		return "user:" + c.account.Name, c.account.ID
	}
	return "", ""
}

func callerOf(c *gin.Context) caller {
	v, _ := c.Get(keyCaller)
	who, _ := v.(caller)
	return who
}

// authorize lets a request through to a route that its sender may use, and
// refuses all others.
func (s *Server) authorize(c *gin.Context) {
	if c.FullPath() == "" { // a file of the console, or nothing at all
		return
	}
	g, known := s.grantOf(c.Request.Method, c.FullPath())
	if known && g.public {
		return
	}
	who, err := s.identifyCaller(c)
	if err == nil && (!known && !who.open || !who.may(g.scopes)) {
		err = forbidden(g)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.admit(c, who)
}

// admit remembers who sends the request, for limits and audit.
func (s *Server) admit(c *gin.Context, who caller) {
	c.Set(keyCaller, who)
	actor := facegate.ActorFrom(c.Request.Context())
	actor.Name, actor.ID = who.actor()
	c.Request = c.Request.WithContext(facegate.WithActor(c.Request.Context(), actor))
}

// refuse answers with err, and says how to do better.
func (s *Server) refuse(c *gin.Context, err error) {
	switch facegate.CodeOf(err) {
	case facegate.CodeUnauthorized, facegate.CodeKeyMalformed, facegate.CodeKeyRefused, facegate.CodeSessionNeeded:
		c.Header("WWW-Authenticate", `Bearer realm="facegate"`)
	}
	s.fail(c, err)
}

func forbidden(g grant) error {
	var names []string
	for _, scope := range g.scopes {
		names = append(names, string(scope))
	}
	next := "use a key with the scope " + strings.Join(names, " or ")
	if len(names) == 0 {
		next = "ask whoever runs the gateway"
	}
	return facegate.NewError(facegate.CodeForbidden, "this key is not made for that", next)
}

// identifyCaller tells who sends the request: by key, by session, or anybody
// where nobody is asked. A key that is shown counts, and is refused if it is
// wrong, in any case.
func (s *Server) identifyCaller(c *gin.Context) (caller, error) {
	if s.Keys == nil || s.Accounts == nil {
		return caller{open: true}, nil
	}
	secret, shown, err := s.keyOf(c)
	if err != nil {
		return caller{}, err
	}
	if shown {
		return s.callerByKey(c, secret)
	}
	if cookie, err := c.Request.Cookie(s.cookieName()); err == nil && cookie.Value != "" {
		who, err := s.callerBySession(c, cookie.Value)
		if facegate.CodeOf(err) != facegate.CodeSessionNeeded {
			return who, err
		}
		if open, openErr := s.isOpen(c); openErr != nil || !open {
			return who, err // that it is over
		}
	}
	open, err := s.isOpen(c)
	if err != nil || open {
		return caller{open: open}, err
	}
	return caller{}, facegate.NewError(facegate.CodeUnauthorized, "a key is needed",
		"send one in the header x-api-key, or sign in to the console")
}

// keyOf is the key of a request: in the header x-api-key, as the bearer, or where
// the clients of its dialect put it.
func (s *Server) keyOf(c *gin.Context) (secret string, shown bool, err error) {
	r := c.Request
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return strings.TrimSpace(key), true, nil
	}
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") {
		return strings.TrimSpace(value), true, nil
	}
	if d := dialectOf(c); d != nil && d.key != nil {
		return d.key(s, c)
	}
	return "", false, nil
}

// callerByKey is whoever shows a key. The right key is always let in; wrong ones
// of an address are slowed down.
func (s *Server) callerByKey(c *gin.Context, secret string) (caller, error) {
	key, err := s.Keys.Authenticate(c.Request.Context(), secret)
	switch facegate.CodeOf(err) {
	case "":
		return caller{key: &key}, nil
	case facegate.CodeKeyMalformed, facegate.CodeKeyRefused:
		if wait := s.wrongKeys.take(addressOf(c.Request), s.Now()); wait > 0 {
			return caller{}, tooMany("too many wrong keys came from your address", wait)
		}
	}
	return caller{}, err
}

// callerBySession is whoever signed in. The cookie alone must never be enough to
// change something: SameSite=Strict keeps it from other sites, and what changes
// something must come from this very origin, as the browser itself says.
func (s *Server) callerBySession(c *gin.Context, secret string) (caller, error) {
	account, err := s.Accounts.Session(c.Request.Context(), secret)
	if err != nil {
		return caller{}, err
	}
	if changes(c.Request.Method) {
		if c.Request.Header.Get("Sec-Fetch-Site") == "" && c.Request.Header.Get("Origin") == "" {
			return caller{}, crossOrigin(fmt.Errorf("neither Sec-Fetch-Site nor Origin with a session's cookie"))
		}
		if err := s.ownOrigin.Check(c.Request); err != nil {
			return caller{}, crossOrigin(err)
		}
	}
	return caller{account: &account}, nil
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// untilShutOut waits until the caller's account is deleted, or the key revoked or
// expired, and then does end. It looks every now and then: that may be the doing
// of another process.
func (s *Server) untilShutOut(ctx context.Context, who caller, end func()) {
	if who.key == nil && who.account == nil {
		return
	}
	look := time.NewTicker(s.CallerCheck)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if s.isShutOut(ctx, who) {
			end()
			return
		}
	}
}

// isShutOut reports whether a caller who was let in would not be now. A database
// that fails tells nothing.
func (s *Server) isShutOut(ctx context.Context, who caller) bool {
	if who.key != nil {
		key, err := s.Keys.Key(ctx, who.key.ID)
		return err == nil && !key.InForce(s.Now())
	}
	_, err := s.Accounts.Account(ctx, who.account.ID)
	return facegate.CodeOf(err) == facegate.CodeAccountNotFound
}

// isOpen reports whether nobody is asked who they are.
func (s *Server) isOpen(c *gin.Context) (bool, error) {
	switch {
	case s.Auth == AuthOff:
		return true, nil
	case s.Auth == AuthOn, !s.Loopback, s.claimed.Load():
		return false, nil
	}
	// A proxy on this machine brings the whole world to a loopback address.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if c.Request.Header.Get(name) != "" {
			return false, nil
		}
	}
	claimed, err := s.Accounts.Claimed(c.Request.Context())
	if claimed {
		s.claimed.Store(true) // for good: keys are revoked, not forgotten
	}
	return !claimed, err
}

// addressOf is the IP address a request comes from, as the connection has it: no
// header is trusted.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
