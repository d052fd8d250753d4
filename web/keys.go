package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// newKeyAnswer is a key just made, with what is never told again.
type newKeyAnswer struct {
	facegate.Key
	Secret string `json:"secret"`
}

type keyBody struct {
	Name      string            `json:"name"`
	Scopes    []facegate.Scope  `json:"scopes"`
	Limit     facegate.KeyLimit `json:"limit"`
	ExpiresAt *string           `json:"expires_at"`
}

func (s *Server) noKeys() error {
	if s.Keys == nil {
		return facegate.NewError(facegate.CodeNotFound, "this gateway has no keys", "")
	}
	return nil
}

// listKeys answers GET /v1/keys.
func (s *Server) listKeys(c *gin.Context) error {
	if err := s.noKeys(); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	keys, err := s.Keys.List(ctx)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]any{"keys": whole(keys)})
}

// createKey answers POST /v1/keys.
func (s *Server) createKey(c *gin.Context) error {
	if err := s.noKeys(); err != nil {
		return err
	}
	var body keyBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	n := facegate.NewKey{Name: body.Name, Scopes: body.Scopes, Limit: body.Limit}
	if body.ExpiresAt != nil {
		at, err := parseMoment("expires_at", *body.ExpiresAt)
		if err != nil {
			return err
		}
		n.ExpiresAt = &at
	}
	ctx, cancel := s.working(c)
	defer cancel()
	key, secret, err := s.Keys.Create(ctx, n)
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/keys/"+key.ID)
	return answer(c, http.StatusCreated, newKeyAnswer{key, secret})
}

// revokeKey answers DELETE /v1/keys/{id}.
func (s *Server) revokeKey(c *gin.Context) error {
	if err := s.noKeys(); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	key, err := s.Keys.Revoke(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, key)
}
