package web

import (
	"context"
	"time"

	"facegate"

	"github.com/prometheus/client_golang/prometheus"
)

// watchMetrics are read from cameras and outbox when they are asked for.
type watchMetrics struct {
	cameras       facegate.Cameras // nil: none
	outbox        facegate.Outbox  // nil: none
	mqttConnected func() bool      // nil: no broker

	state, fps, analysedFPS, viewers                             *prometheus.Desc
	frames, analysed, dropped, sightings, unreported, retries    *prometheus.Desc
	pending, delivered, failures, deliveriesDropped, mqttIsThere *prometheus.Desc
}

func newWatchMetrics(cameras facegate.Cameras, outbox facegate.Outbox, mqttConnected func() bool) *watchMetrics {
	camera := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc("facegate_camera_"+name, help, append([]string{"camera"}, more...), nil)
	}
	destination := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("facegate_"+name, help, []string{"destination"}, nil)
	}
	return &watchMetrics{
		cameras: cameras, outbox: outbox, mqttConnected: mqttConnected,
		state:             camera("state", "1 for the state that a camera is in.", "state"),
		fps:               camera("fps", "Pictures that came per second, of late."),
		analysedFPS:       camera("analysed_fps", "Pictures searched for faces per second, of late."),
		viewers:           camera("viewers", "Viewers of the live view."),
		frames:            camera("frames_total", "Pictures that came."),
		analysed:          camera("analysed_total", "Pictures searched for faces."),
		dropped:           camera("dropped_total", "Pictures that were given up for a newer one."),
		sightings:         camera("sightings_total", "Sightings reported, each once."),
		unreported:        camera("unreported_total", "Reports of sightings that could not be stored."),
		retries:           camera("retries_total", "Times the source was opened again."),
		pending:           destination("outbox_pending", "Deliveries that wait."),
		delivered:         destination("deliveries_total", "Deliveries made, ever."),
		failures:          destination("delivery_failures_total", "Attempts to deliver that failed, ever."),
		deliveriesDropped: destination("deliveries_dropped_total", "Deliveries given up as too old or too many, ever."),
		mqttIsThere:       prometheus.NewDesc("facegate_mqtt_connected", "1 while connected to the MQTT broker.", nil, nil),
	}
}

// Describe is of prometheus.Collector.
func (m *watchMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.state, m.fps, m.analysedFPS, m.viewers, m.frames, m.analysed, m.dropped, m.sightings, m.unreported,
		m.retries, m.pending, m.delivered, m.failures, m.deliveriesDropped, m.mqttIsThere} {
		ch <- d
	}
}

// collectTimeout bounds how long a scrape waits for the database.
const collectTimeout = 5 * time.Second

// Collect is of prometheus.Collector. What cannot be read is left out.
func (m *watchMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	if m.cameras != nil {
		if cameras, err := m.cameras.List(ctx); err == nil {
			for _, c := range cameras {
				s := c.Status
				gauge(m.state, 1, c.Name, string(s.State))
				gauge(m.fps, s.FPS, c.Name)
				gauge(m.analysedFPS, s.AnalysedFPS, c.Name)
				gauge(m.viewers, float64(s.Viewers), c.Name)
				counter(m.frames, s.Frames, c.Name)
				counter(m.analysed, s.Analysed, c.Name)
				counter(m.dropped, s.Dropped, c.Name)
				counter(m.sightings, s.Sightings, c.Name)
				counter(m.unreported, s.Unreported, c.Name)
				counter(m.retries, s.Retries, c.Name)
			}
		}
	}
	if m.outbox != nil {
		if all, err := m.outbox.Destinations(ctx); err == nil {
			for _, d := range all {
				gauge(m.pending, float64(d.Pending), d.Destination)
				counter(m.delivered, uint64(d.Delivered), d.Destination)
				counter(m.failures, uint64(d.Failures), d.Destination)
				counter(m.deliveriesDropped, uint64(d.Dropped), d.Destination)
			}
		}
	}
	if m.mqttConnected != nil {
		connected := 0.0
		if m.mqttConnected() {
			connected = 1
		}
		gauge(m.mqttIsThere, connected)
	}
}
