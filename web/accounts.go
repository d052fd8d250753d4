package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

func (s *Server) noAccounts() error {
	if s.Keys == nil || s.Accounts == nil {
		return facegate.NewError(facegate.CodeNotFound, "this gateway has no accounts", "")
	}
	return nil
}

// listAccounts answers GET /v1/accounts.
func (s *Server) listAccounts(c *gin.Context) error {
	if err := s.noAccounts(); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	accounts, err := s.Accounts.List(ctx)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]any{"accounts": whole(accounts)})
}

// deleteAccount answers DELETE /v1/accounts/{id}.
func (s *Server) deleteAccount(c *gin.Context) error {
	if err := s.noAccounts(); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Accounts.Delete(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
