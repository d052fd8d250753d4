package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// codeWrongHost refuses a request that was meant for another host.
const codeWrongHost facegate.Code = "wrong_host"

// checkHost refuses, on a loopback address, what names another host than this
// machine: a web page whose own name suddenly resolves to 127.0.0.1 would else be
// of our origin (DNS rebinding).
func (s *Server) checkHost(c *gin.Context) {
	if !s.Loopback || s.knownHost(c.Request.Host) {
		return
	}
	s.fail(c, facegate.NewError(codeWrongHost, "the server listens for this machine alone, and is not called that",
		"use localhost or 127.0.0.1, or name the host with --allowed-host"))
}

func (s *Server) knownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return slices.ContainsFunc(s.AllowedHosts, func(h string) bool { return strings.EqualFold(h, host) || strings.EqualFold(h, hostport) })
}

// Headers of CORS (https://fetch.spec.whatwg.org/#http-cors-protocol).
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, X-Api-Key, X-Request-Id, Last-Event-ID"
	corsExposed = "Location, Retry-After, X-Request-Id"
	corsMaxAge  = "600" // seconds
)

// shareWithOrigins lets web pages of the origins that were named use the API,
// with a key. Their requests bring no cookies: none are allowed.
func (s *Server) shareWithOrigins(c *gin.Context) {
	if len(s.CORSOrigins) == 0 {
		return
	}
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	origin := c.GetHeader("Origin")
	if origin == "" || !slices.Contains(s.CORSOrigins, origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsExposed)
	if c.Request.Method != http.MethodOptions || c.GetHeader("Access-Control-Request-Method") == "" {
		return
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	c.AbortWithStatus(http.StatusNoContent)
}
