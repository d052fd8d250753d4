package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count what is asked and what is answered, never about whom.
type metrics struct {
	requests  *prometheus.CounterVec   // by method, route, status
	duration  *prometheus.HistogramVec // by method, route
	faces     *prometheus.CounterVec   // by operation
	decisions *prometheus.CounterVec   // by operation, decision
	handler   http.Handler
}

// Operations as metrics name them.
const (
	opDetect   = "detect"
	opIdentify = "identify"
	opVerify   = "verify"
)

func newMetrics(reg *prometheus.Registry, gallerySize func() (people, samples int)) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "facegate_http_requests_total", Help: "Requests answered.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "facegate_http_request_duration_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
		faces: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "facegate_faces_total", Help: "Faces found in photos.",
		}, []string{"operation"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "facegate_decisions_total", Help: "Decisions taken.",
		}, []string{"operation", "decision"}),
		handler: promhttp.HandlerFor(reg, promhttp.HandlerOpts{}),
	}
	for _, op := range []string{opDetect, opIdentify, opVerify} {
		m.faces.WithLabelValues(op)
	}
	for _, d := range []facegate.Decision{facegate.Match, facegate.Unknown, facegate.Ambiguous} {
		m.decisions.WithLabelValues(opIdentify, string(d))
	}
	for _, d := range []facegate.Decision{facegate.Match, facegate.NoMatch} {
		m.decisions.WithLabelValues(opVerify, string(d))
	}
	people := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "facegate_gallery_people", Help: "People in the gallery with at least one sample.",
	}, func() float64 { n, _ := gallerySize(); return float64(n) })
	samples := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "facegate_gallery_samples", Help: "Samples in the gallery.",
	}, func() float64 { _, n := gallerySize(); return float64(n) })
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.faces, m.decisions, people, samples} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	// Whoever brought the registry may have these in it already.
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		var there prometheus.AlreadyRegisteredError
		if err := reg.Register(c); err != nil && !errors.As(err, &there) {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	method = methodLabel(method)
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(method, route).Observe(took.Seconds())
}

func (m *metrics) found(operation string, faces int) {
	m.faces.WithLabelValues(operation).Add(float64(faces))
}

func (m *metrics) decided(operation string, d facegate.Decision) {
	m.decisions.WithLabelValues(operation, string(d)).Inc()
}

// methodLabel keeps a client from making up methods without end.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func (s *Server) serveMetrics(c *gin.Context) { s.metrics.handler.ServeHTTP(c.Writer, c.Request) }
