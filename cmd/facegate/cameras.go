package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/detector"
	"facegate/enroll"
	"facegate/web"
)

// cameraSettings are those of what cameras see, and of where it goes.
type cameraSettings struct {
	SightingsDays      count `help:"Days that sightings are kept, and strangers after they were seen last; 0: for good (${default})." default:"30" placeholder:"N" group:"Cameras:"`
	SightingsMegabytes count `help:"Most that the pictures of sightings may take, in MiB: the oldest go first; 0: no bound (${default})." default:"2048" placeholder:"N" group:"Cameras:"`

	Webhook       []string `help:"Address that sightings are posted to; may be repeated." sep:"none" placeholder:"URL" group:"Webhooks and MQTT:"`
	WebhookSecret string   `help:"Key of the signatures of those posts, 8 characters or more." placeholder:"SECRET" group:"Webhooks and MQTT:"`
	OutboxDays    count    `help:"Days that a delivery is tried before it is given up; 0: for good (${default})." default:"7" placeholder:"N" group:"Webhooks and MQTT:"`
	OutboxRows    count    `help:"Most deliveries that may wait for one destination: the oldest are given up; 0: no bound (${default})." default:"100000" placeholder:"N" group:"Webhooks and MQTT:"`

	MQTTURL        string `name:"mqtt-url" help:"Broker that sightings are published to: mqtt://, mqtts:// (TLS), ws:// or wss://, with the port where it is not the usual one." placeholder:"URL" group:"Webhooks and MQTT:"`
	MQTTUsername   string `name:"mqtt-username" help:"User at the broker." placeholder:"NAME" group:"Webhooks and MQTT:"`
	MQTTPassword   string `name:"mqtt-password" help:"Their password. Give it in the environment or a file: other users of the machine see command lines." placeholder:"PASSWORD" group:"Webhooks and MQTT:"`
	MQTTCA         string `name:"mqtt-ca" help:"Authorities (PEM) that vouch for the broker, instead of the system's." placeholder:"FILE" group:"Webhooks and MQTT:"`
	MQTTClientCert string `name:"mqtt-client-cert" help:"Certificate (PEM) to show the broker." placeholder:"FILE" group:"Webhooks and MQTT:"`
	MQTTClientKey  string `name:"mqtt-client-key" help:"Its private key (PEM)." placeholder:"FILE" group:"Webhooks and MQTT:"`
	MQTTClientID   string `name:"mqtt-client-id" help:"Name at the broker; a random one where none is given." placeholder:"NAME" group:"Webhooks and MQTT:"`
	MQTTPrefix     string `name:"mqtt-prefix" help:"First part of the topics (${default})." default:"facegate" placeholder:"TOPIC" group:"Webhooks and MQTT:"`
	MQTTDiscovery  string `name:"mqtt-discovery" help:"Prefix of Home Assistant's discovery topics, or off (${default})." default:"homeassistant" placeholder:"TOPIC" group:"Webhooks and MQTT:"`
	Frigate        string `help:"Prefix of Frigate's topics at the same broker, such as frigate: whom it sees is identified." placeholder:"TOPIC" group:"Webhooks and MQTT:"`
}

func (c *cameraSettings) validate() error {
	switch {
	case len(c.Webhook) > 0 && c.WebhookSecret == "":
		return errors.New("--webhook needs --webhook-secret: receivers check the signature with it")
	case (c.MQTTClientCert == "") != (c.MQTTClientKey == ""):
		return errors.New("--mqtt-client-cert and --mqtt-client-key are given together")
	case c.Frigate != "" && c.MQTTURL == "":
		return errors.New("--frigate needs --mqtt-url")
	case c.MQTTURL == "":
		return nil
	}
	u, err := url.Parse(c.MQTTURL)
	if err != nil || u.Host == "" || !slices.Contains([]string{"mqtt", "mqtts", "tcp", "ssl", "ws", "wss"}, u.Scheme) {
		return errors.New("--mqtt-url is no address of a broker: write it as mqtt://host or mqtts://host:8883")
	}
	return nil
}

// days is a number of days.
func days(n count) time.Duration { return time.Duration(n) * 24 * time.Hour }

// A lookout is everything about cameras that serves in the background.
type lookout struct {
	cameras   *camera.Manager
	sightings *enroll.Sightings
	unknowns  *enroll.Unknowns
	outbox    *enroll.Outbox
	webhooks  *enroll.Webhooks
	retention *enroll.Retention
	mqtt      *camera.MQTT // nil: no broker
	posts     *camera.WebhookSink
}

// openLookout puts the rooms of cameras together. Nothing runs yet.
func (c *cameraSettings) openLookout(ctx context.Context, p *program, r *rooms) (*lookout, error) {
	secrets := &enroll.Secrets{Store: r.store, Key: p.settings.Key, KeyFile: p.settings.KeyFile}
	if err := secrets.Check(ctx); err != nil {
		return nil, err
	}
	l := &lookout{}
	l.outbox = &enroll.Outbox{Store: r.store, Now: time.Now, MaxAge: days(c.OutboxDays), MaxRows: int(c.OutboxRows)}
	if c.MQTTURL != "" {
		l.outbox.Always = []string{facegate.DestinationMQTT}
	}
	l.sightings = &enroll.Sightings{Store: r.store, Outbox: l.outbox}
	l.unknowns = &enroll.Unknowns{Store: r.store, People: r.people, Sightings: l.sightings, Now: time.Now}
	l.webhooks = &enroll.Webhooks{Store: r.store, Secrets: secrets, Outbox: l.outbox, Now: time.Now}
	if err := l.webhooks.Configure(ctx, c.Webhook, c.WebhookSecret); err != nil {
		return nil, err
	}
	l.retention = &enroll.Retention{Sightings: l.sightings, Outbox: l.outbox, Now: time.Now, Logger: p.log,
		MaxAge: days(c.SightingsDays), PictureBytes: int64(c.SightingsMegabytes) << 20}
	models, err := detector.FindModels(detector.ModelDirs(p.settings.ModelDir))
	if err != nil {
		return nil, err
	}
	l.cameras = &camera.Manager{
		Config: camera.Config{Frames: r.faces, Recognition: r.recognition, Sink: l.sightings, Unknowns: l.unknowns,
			Liveness: models.Liveness, Now: time.Now, Logger: p.log},
		Store: &enroll.CameraStore{Store: r.store, Secrets: secrets},
	}
	l.posts = &camera.WebhookSink{Outbox: l.outbox, Webhooks: l.webhooks, Now: time.Now, Logger: p.log}
	if c.MQTTURL != "" {
		if l.mqtt, err = c.publisher(p, r, l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (c *cameraSettings) publisher(p *program, r *rooms, l *lookout) (*camera.MQTT, error) {
	security, err := c.mqttTLS()
	if err != nil {
		return nil, &facegate.Error{Code: facegate.CodeInvalid, Detail: "the files for TLS to the MQTT broker cannot be used", Err: err,
			Next: "check --mqtt-ca, --mqtt-client-cert and --mqtt-client-key"}
	}
	m := &camera.MQTT{
		URL: facegate.Source(c.MQTTURL), Username: c.MQTTUsername, Password: c.MQTTPassword, TLS: security,
		ClientID: c.MQTTClientID, Prefix: c.MQTTPrefix, Discovery: c.MQTTDiscovery, Version: versionOf().Version,
		Outbox: l.outbox, Present: l.sightings.OpenAt, Logger: p.log,
		Cameras: func(ctx context.Context) ([]facegate.CameraRef, error) {
			list, err := l.cameras.List(ctx)
			refs := make([]facegate.CameraRef, len(list))
			for i, c := range list {
				refs[i] = c.Ref()
			}
			return refs, err
		},
		People: func(ctx context.Context) ([]facegate.PersonRef, error) {
			page, err := r.people.List(ctx, facegate.PeopleFilter{Limit: mostSensors})
			refs := make([]facegate.PersonRef, len(page.People))
			for i, person := range page.People {
				refs[i] = person.Ref()
			}
			return refs, err
		},
	}
	if m.Discovery == "off" {
		m.Discovery = ""
	}
	if c.Frigate != "" {
		m.Frigate = &camera.Frigate{Cameras: l.cameras, Prefix: c.Frigate, Now: time.Now, Logger: p.log}
	}
	return m, nil
}

// mostSensors is how many people Home Assistant is told of, in the order of their
// names.
const mostSensors = 500

func (c *cameraSettings) mqttTLS() (*tls.Config, error) {
	if c.MQTTCA == "" && c.MQTTClientCert == "" {
		return nil, nil
	}
	config := &tls.Config{}
	if c.MQTTCA != "" {
		authorities, err := os.ReadFile(c.MQTTCA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("%s holds no certificate", c.MQTTCA)
		}
	}
	if c.MQTTClientCert != "" {
		certificate, err := tls.LoadX509KeyPair(c.MQTTClientCert, c.MQTTClientKey)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// show gives a server what it needs to show all this.
func (l *lookout) show(s *web.Server) {
	s.Cameras, s.Sightings, s.Unknowns, s.Webhooks, s.Outbox = l.cameras, l.sightings, l.unknowns, l.webhooks, l.outbox
	if l.mqtt != nil {
		s.MQTTConnected = l.mqtt.Connected
	}
}

// start looks at the cameras. stop, called once, ends them first, so that what
// they still report is delivered, as far as that does not take long.
func (l *lookout) start(ctx context.Context) (stop func(), err error) {
	if _, err := l.sightings.EndOpen(ctx); err != nil {
		return nil, err
	}
	if err := l.cameras.Initialize(ctx); err != nil {
		return nil, err
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	tasks.Go(func() { l.retention.Run(running) })
	tasks.Go(func() { l.posts.Run(running) })
	if l.mqtt != nil {
		tasks.Go(func() { l.mqtt.Run(running) })
	}
	return func() {
		l.cameras.Close()
		end()
		tasks.Wait()
	}, nil
}
