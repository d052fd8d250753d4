package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// webhookBody is a webhook as JSON, whole to add and in part to change.
type webhookBody struct {
	URL    nullable[string] `json:"url"`
	Secret nullable[string] `json:"secret"`
	Paused nullable[bool]   `json:"paused"`
}

// newWebhook is the answer to adding one: the only one that tells the secret.
type newWebhook struct {
	facegate.WebhookInfo
	Secret string `json:"secret"`
}

// listWebhooks answers GET /v1/webhooks.
func (s *Server) listWebhooks(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	all, err := s.Webhooks.List(ctx)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]any{"webhooks": whole(all)})
}

// addWebhook answers POST /v1/webhooks.
func (s *Server) addWebhook(c *gin.Context) error {
	var body webhookBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	w, err := s.Webhooks.Add(ctx, facegate.Webhook{URL: facegate.Source(body.URL.value), Secret: body.Secret.value, Paused: body.Paused.value})
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/webhooks/"+w.ID)
	return answer(c, http.StatusCreated, newWebhook{w, w.Secret})
}

// webhook answers GET /v1/webhooks/{id}.
func (s *Server) webhook(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	w, err := s.Webhooks.Webhook(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, w)
}

// updateWebhook answers PATCH /v1/webhooks/{id}.
func (s *Server) updateWebhook(c *gin.Context) error {
	var body webhookBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	u := facegate.WebhookUpdate{Secret: body.Secret.pointer(), Paused: body.Paused.pointer()}
	if address := body.URL.pointer(); address != nil {
		u.URL = (*facegate.Source)(address)
	}
	ctx, cancel := s.working(c)
	defer cancel()
	w, err := s.Webhooks.Update(ctx, c.Param("id"), u)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, w)
}

// removeWebhook answers DELETE /v1/webhooks/{id}.
func (s *Server) removeWebhook(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Webhooks.Remove(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
