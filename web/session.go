package web

import (
	"net/http"
	"strings"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// sessionState is what the console asks first: whether to show anything.
type sessionState struct {
	Required bool              `json:"required"`          // a key or an account is asked for
	Account  *facegate.Account `json:"account,omitempty"` // who is signed in
	Setup    bool              `json:"setup"`             // nobody can sign in yet
}

// cookieName has the prefix that binds a cookie to this very host where the
// connection is secure (RFC 6265bis, 4.1.3.2).
func (s *Server) cookieName() string {
	if s.TLS {
		return "__Host-facegate"
	}
	return "facegate"
}

func (s *Server) setCookie(c *gin.Context, value string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: s.TLS, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// session answers GET /v1/session.
func (s *Server) session(c *gin.Context) error {
	state := sessionState{}
	if s.Keys != nil && s.Accounts != nil {
		who, err := s.identifyCaller(c)
		switch facegate.CodeOf(err) {
		case "":
			state.Required, state.Account = !who.open, who.account
		case facegate.CodeUnauthorized, facegate.CodeSessionNeeded:
			state.Required = true
		default:
			return err
		}
		has, err := s.Accounts.HasAccount(c.Request.Context())
		if err != nil {
			return err
		}
		state.Setup = !has
	}
	return answer(c, http.StatusOK, state)
}

type loginBody struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// login answers POST /v1/session.
func (s *Server) login(c *gin.Context) error {
	var body loginBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.signIn(c, body.Name, http.StatusOK, func() (facegate.Session, error) {
		return s.Accounts.Login(c.Request.Context(), body.Name, body.Password)
	})
}

type setupBody struct {
	Link     string `json:"link"` // the secret of the one-time link
	Name     string `json:"name"`
	Password string `json:"password"`
}

// setup answers POST /v1/setup.
func (s *Server) setup(c *gin.Context) error {
	var body setupBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.signIn(c, "", http.StatusCreated, func() (facegate.Session, error) {
		return s.Accounts.Setup(c.Request.Context(), body.Link, body.Name, body.Password)
	})
}

// signIn starts a session, slowly for those who try: an address, whatever names
// it tries, and a name, wherever it is tried from.
func (s *Server) signIn(c *gin.Context, name string, status int, start func() (facegate.Session, error)) error {
	if err := s.noAccounts(); err != nil {
		return err
	}
	now, failed := s.Now(), false
	end, wait := s.wrongLogins.begin(addressOf(c.Request), now)
	if wait > 0 {
		return tooMany("too many attempts to sign in failed", wait)
	}
	defer func() { end(failed) }()
	if name != "" {
		endName, wait := s.wrongNames.begin(sameName(name), now)
		if wait > 0 {
			return tooMany("too many attempts to sign in failed", wait)
		}
		defer func() { endName(failed) }()
	}
	session, err := start()
	if err != nil {
		code := facegate.CodeOf(err)
		failed = code == facegate.CodeLoginRefused || code == facegate.CodeSetupRefused
		return err
	}
	s.setCookie(c, session.Secret, int(session.ExpiresAt.Sub(now)/time.Second))
	return answer(c, status, sessionState{Required: s.Auth != AuthOff, Account: &session.Account})
}

// sameName is name however it is written: every way that leads to an account
// counts as one, and none takes much memory.
func sameName(name string) string {
	name = strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(name))), " ")
	return name[:min(len(name), 512)]
}

// logout answers DELETE /v1/session.
func (s *Server) logout(c *gin.Context) error {
	if cookie, err := c.Request.Cookie(s.cookieName()); err == nil && s.Accounts != nil {
		if account, err := s.Accounts.Session(c.Request.Context(), cookie.Value); err == nil {
			s.admit(c, caller{account: &account})
			if err := s.Accounts.Logout(c.Request.Context(), cookie.Value); err != nil {
				return err
			}
		}
	}
	s.setCookie(c, "", -1)
	c.Status(http.StatusNoContent)
	return nil
}
