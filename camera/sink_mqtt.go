package camera

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/google/uuid"

	"facegate"
)

// An MQTT publishes sightings, and what Home Assistant needs to find them, to a
// broker. Set the fields, then call Run.
//
//	PREFIX/available                 online or offline, retained; offline is the Will
//	PREFIX/cameras/CAMERA            each report of a sighting, whole
//	PREFIX/cameras/CAMERA/person     how many people are in front of it, retained
//	PREFIX/matches/NAME              a sighting of somebody known, once: not its later reports
//	PREFIX/unknown                   a sighting of a stranger, in the same way
//
// Everything is QoS 1: a delivery leaves the outbox when the broker has
// acknowledged it.
type MQTT struct {
	URL      facegate.Source // mqtt://, mqtts://, ws:// or wss://, with user and password where needed
	Username string          // where the URL has none
	Password string
	TLS      *tls.Config // nil: the system's authorities
	ClientID string      // empty: a random one
	Prefix   string      // of topics; empty: facegate
	// Discovery is the prefix of Home Assistant's discovery topics; empty: none.
	Discovery string
	Version   string // of the program, told to Home Assistant

	Outbox  facegate.Outbox
	Cameras func(context.Context) ([]facegate.CameraRef, error) // all of them
	People  func(context.Context) ([]facegate.PersonRef, error) // those to tell Home Assistant of
	// Present is how many people are in front of a camera.
	Present func(ctx context.Context, cameraID string) (int, error)
	Frigate *Frigate // takes in what Frigate publishes; nil: nothing
	Logger  *slog.Logger

	ConnectTimeout time.Duration // 0: 10 s
	RetryFirst     time.Duration // the first wait before connecting again, doubled each time; 0: 500 ms
	RetryMost      time.Duration // the longest; 0: 30 s
	ReviewEvery    time.Duration // how often discovery is held against cameras and people; 0: 1 min
	After          func(time.Duration) <-chan time.Time

	connected atomic.Bool
}

// Payloads of PREFIX/available.
const (
	online  = "online"
	offline = "offline"
)

// atLeastOnce is MQTT's QoS 1.
const atLeastOnce = 1

func (m *MQTT) setDefaults() {
	if m.Prefix = strings.Trim(m.Prefix, "/"); m.Prefix == "" {
		m.Prefix = "facegate"
	}
	m.Discovery = strings.Trim(m.Discovery, "/")
	if m.ClientID == "" {
		m.ClientID = "facegate-" + uuid.NewString()[:8]
	}
	if m.Logger == nil {
		m.Logger = slog.New(slog.DiscardHandler)
	}
	if m.After == nil {
		m.After = time.After
	}
	for _, d := range []struct {
		to       *time.Duration
		fallback time.Duration
	}{{&m.ConnectTimeout, 10 * time.Second}, {&m.RetryFirst, 500 * time.Millisecond}, {&m.RetryMost, 30 * time.Second}, {&m.ReviewEvery, time.Minute}} {
		if *d.to <= 0 {
			*d.to = d.fallback
		}
	}
}

// Connected tells whether there is a connection to the broker.
func (m *MQTT) Connected() bool { return m.connected.Load() }

// Run keeps connected until ctx ends. Then it delivers a moment longer what is
// there by then, and says that it is offline.
func (m *MQTT) Run(ctx context.Context) {
	m.setDefaults()
	c := &courier{retryFirst: m.RetryFirst, retryMost: m.RetryMost} // for its waits
	for failures := 0; ctx.Err() == nil; failures++ {
		err := m.connect(ctx, func() { failures = 0 })
		if ctx.Err() != nil {
			return
		}
		wait := c.retryIn(failures, err)
		if failures == 0 {
			m.Logger.WarnContext(ctx, "the MQTT broker cannot be reached; it is tried again", "broker", m.URL,
				"in", wait.Round(time.Millisecond), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-m.After(wait):
		}
	}
}

// connect connects once and serves the connection until it is lost or ctx ends.
// paho does not connect again by itself: it would leave publications without an
// answer for as long as that takes.
func (m *MQTT) connect(ctx context.Context, up func()) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	options := mqtt.NewClientOptions().AddBroker(m.URL.Reveal()).SetClientID(m.ClientID).
		SetCleanSession(true).SetAutoReconnect(false).SetOrderMatters(false).
		SetConnectTimeout(m.ConnectTimeout).SetWriteTimeout(m.ConnectTimeout).SetKeepAlive(20*time.Second).SetPingTimeout(10*time.Second).
		SetWill(m.Prefix+"/available", offline, atLeastOnce, true).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { stop(fmt.Errorf("the connection was lost: %w", err)) })
	if m.Username != "" {
		options.SetUsername(m.Username).SetPassword(m.Password)
	}
	if m.TLS != nil {
		options.SetTLSConfig(m.TLS)
	}
	client := mqtt.NewClient(options)
	if err := answered(ctx, client.Connect()); err != nil {
		client.Disconnect(0)
		return fmt.Errorf("connect: %w", err)
	}
	m.connected.Store(true)
	defer m.connected.Store(false)
	up()
	m.Logger.InfoContext(ctx, "connected to the MQTT broker", "broker", m.URL)
	s := &mqttSession{MQTT: m, client: client, counted: map[string]bool{}, told: map[string]string{}, found: map[string]bool{},
		review: make(chan struct{}, 1)}
	s.run(ctx)
	client.Disconnect(uint((250 * time.Millisecond).Milliseconds()))
	return context.Cause(ctx)
}

// answered waits for the broker's answer.
func answered(ctx context.Context, token mqtt.Token) error {
	select {
	case <-token.Done():
		return token.Error()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// An mqttSession is one connection.
type mqttSession struct {
	*MQTT
	client mqtt.Client

	mu      sync.Mutex
	counted map[string]bool   // topics of cameras' counts that were published
	told    map[string]string // discovery: topic -> what was published
	found   map[string]bool   // discovery topics of ours that the broker had retained
	review  chan struct{}     // a token: what is retained is to be looked through
}

func (s *mqttSession) run(ctx context.Context) {
	c := &courier{outbox: s.Outbox, destination: facegate.DestinationMQTT, deliver: s.deliver, log: s.Logger,
		retryFirst: s.RetryFirst, retryMost: s.RetryMost, after: s.After}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		if err := s.publish(ctx, s.Prefix+"/available", online, true); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "the MQTT broker could not be told that the gateway is there", "error", err)
		}
		s.keepRetained(ctx)
	})
	tasks.Go(func() { c.run(ctx) })
	if s.Frigate != nil {
		tasks.Go(func() { s.Frigate.listen(ctx, s.client) })
	}
	tasks.Wait()
	if !s.client.IsConnectionOpen() {
		return
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalWord)
	defer cancel()
	c.flush(last)
	_ = s.publish(last, s.Prefix+"/available", offline, true) // else the Will says it
}

// deliver publishes one report of a sighting.
func (s *mqttSession) deliver(ctx context.Context, d facegate.Delivery) error {
	var r facegate.SightingRecord
	if err := json.Unmarshal(d.Sighting, &r); err != nil {
		return fmt.Errorf("read the delivery: %w", err)
	}
	topics := []string{s.Prefix + "/cameras/" + Slug(r.Camera.Name)}
	switch {
	case !d.News:
	case r.Decision == facegate.Match && r.Person != nil:
		topics = append(topics, s.Prefix+"/matches/"+Slug(r.Person.Name))
	case r.Decision == facegate.Unknown:
		topics = append(topics, s.Prefix+"/unknown")
	}
	s.expect(r)
	for _, topic := range topics {
		if err := s.publish(ctx, topic, string(d.Sighting), false); err != nil {
			return err
		}
	}
	return s.publishPresent(ctx, r.Camera)
}

func (s *mqttSession) publishPresent(ctx context.Context, c facegate.CameraRef) error {
	n, err := s.Present(ctx, c.ID)
	if err != nil {
		return err
	}
	topic := s.countTopic(c)
	s.mu.Lock()
	s.counted[topic] = true
	s.mu.Unlock()
	return s.publish(ctx, topic, strconv.Itoa(n), true)
}

func (s *mqttSession) countTopic(c facegate.CameraRef) string {
	return s.Prefix + "/cameras/" + Slug(c.Name) + "/person"
}

// publish returns when the broker has acknowledged.
func (s *mqttSession) publish(ctx context.Context, topic, payload string, retained bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.ConnectTimeout, errors.New("the broker does not answer"))
	defer cancel()
	if err := answered(ctx, s.client.Publish(topic, atLeastOnce, retained, payload)); err != nil {
		return fmt.Errorf("publish to %s: %w", topic, err)
	}
	return nil
}

// Slug is a name as part of a topic: what MQTT gives a meaning (/, + and #), white
// space and control characters become _.
func Slug(name string) string {
	slug := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/+#", r) || unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, name)
	if slug == "" {
		return "_"
	}
	return slug
}
