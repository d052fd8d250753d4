package web

import (
	"facegate"

	"github.com/gin-gonic/gin"
)

// watchingRoutes are those about cameras and what they see.
func (s *Server) watchingRoutes(v1 *gin.RouterGroup) {
	cameras := v1.Group("/cameras", s.having(func() bool { return s.Cameras != nil }))
	cameras.GET("", s.handle(s.listCameras))
	cameras.POST("", s.handle(s.addCamera))
	cameras.GET("/:id", s.handle(s.camera))
	cameras.PATCH("/:id", s.handle(s.updateCamera))
	cameras.DELETE("/:id", s.handle(s.removeCamera))
	cameras.POST("/:id/pause", s.handle(s.pauseCamera))
	cameras.POST("/:id/resume", s.handle(s.resumeCamera))
	cameras.GET("/:id/view", s.handle(s.cameraView))
	cameras.GET("/:id/live", s.handle(s.live))
	cameras.GET("/:id/push", s.handle(s.pushStream))
	cameras.POST("/:id/push", s.handle(s.pushPicture))

	sightings := v1.Group("/sightings", s.having(func() bool { return s.Sightings != nil }))
	sightings.GET("", s.handle(s.listSightings))
	sightings.GET("/stream", s.handle(s.streamSightings))
	sightings.GET("/:id", s.handle(s.sighting))
	sightings.DELETE("/:id", s.handle(s.deleteSighting))
	sightings.GET("/:id/photo", s.handle(s.sightingPhoto))
	sightings.GET("/:id/crop", s.handle(s.sightingCrop))

	unknowns := v1.Group("/unknowns", s.having(func() bool { return s.Unknowns != nil }))
	unknowns.GET("", s.handle(s.listUnknowns))
	unknowns.GET("/:id", s.handle(s.unknown))
	unknowns.DELETE("/:id", s.handle(s.deleteUnknown))
	unknowns.GET("/:id/crop", s.handle(s.unknownCrop))
	unknowns.POST("/:id/name", s.handle(s.nameUnknown))
	unknowns.POST("/:id/merge", s.handle(s.mergeUnknowns))
	unknowns.POST("/:id/split", s.handle(s.splitUnknown))

	webhooks := v1.Group("/webhooks", s.having(func() bool { return s.Webhooks != nil }))
	webhooks.GET("", s.handle(s.listWebhooks))
	webhooks.POST("", s.handle(s.addWebhook))
	webhooks.GET("/:id", s.handle(s.webhook))
	webhooks.PATCH("/:id", s.handle(s.updateWebhook))
	webhooks.DELETE("/:id", s.handle(s.removeWebhook))
}

// having refuses what this server was not given.
func (s *Server) having(there func() bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !there() {
			s.fail(c, facegate.NewError(facegate.CodeNotFound, "this server was not given what that takes", "start it with: facegate serve"))
		}
	}
}
