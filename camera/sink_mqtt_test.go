package camera_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/internal/testbroker"
)

func (r *reporter) mqtt(url string) *camera.MQTT {
	return &camera.MQTT{
		URL: facegate.Source(url), Discovery: "homeassistant", Version: "test", Outbox: r.outbox, Logger: r.log,
		Cameras: func(context.Context) ([]facegate.CameraRef, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return append([]facegate.CameraRef{}, r.cameras...), nil
		},
		People: func(ctx context.Context) ([]facegate.PersonRef, error) {
			page, err := r.people.List(ctx, facegate.PeopleFilter{})
			var all []facegate.PersonRef
			for _, p := range page.People {
				all = append(all, p.Ref())
			}
			return all, err
		},
		Present:    r.sightings.OpenAt,
		RetryFirst: 20 * time.Millisecond, RetryMost: 200 * time.Millisecond,
	}
}

func TestSightingsArePublished(t *testing.T) {
	broker := testbroker.Start(t)
	r := newReporter(t, facegate.DestinationMQTT)
	ann := r.person("Ann Smith")
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#")
	stop := running(t, r.mqtt(broker.URL()).Run)

	r.see(1, front, ann, true)
	r.see(2, front, nil, false)
	r.see(3, yard, nil, true)
	testbroker.Until(t, "all is delivered", func() bool { return r.waiting(facegate.DestinationMQTT) == 0 })
	testbroker.Until(t, "all has come", func() bool {
		return len(sub.Messages("facegate/cameras/yard_left__1")) >= 3 && sub.Last("facegate/cameras/front_door/person") == "1"
	})
	if got := sub.Last("facegate/available"); got != "online" {
		t.Errorf("available: %q", got)
	}
	var reports []string
	for _, m := range sub.Messages("facegate/cameras/front_door") {
		if m.Topic == "facegate/cameras/front_door" {
			s := record(t, []byte(m.Payload))
			reports = append(reports, fmt.Sprint(s.ID[len(s.ID)-1:], " ", s.Revision, " ", s.Decision, " ", s.Ended))
		}
	}
	if got, want := strings.Join(reports, ", "), "1 1 match false, 2 1 unknown false, 2 2 unknown true"; got != want {
		t.Errorf("reports %s, want %s", got, want)
	}
	// Matches and strangers come once each, not with every report.
	if m := sub.Messages("facegate/matches/"); len(m) != 1 || m[0].Topic != "facegate/matches/Ann_Smith" || record(t, []byte(m[0].Payload)).Person.Name != "Ann Smith" {
		t.Errorf("%+v", m)
	}
	if m := sub.Messages("facegate/unknown"); len(m) != 2 {
		t.Errorf("%+v", m)
	}

	// Whoever was away finds what is retained, and nothing that is over.
	late := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#", "homeassistant/#")
	config := "homeassistant/sensor/facegate_person_" + ann.ID + "/config"
	testbroker.Until(t, "what is retained comes", func() bool {
		return len(late.Messages("homeassistant/")) >= 4 && len(late.Messages("facegate/")) >= 3
	})
	for topic, want := range map[string]string{"facegate/available": "online", "facegate/cameras/front_door/person": "1", "facegate/cameras/yard_left__1/person": "1"} {
		if got := late.Last(topic); got != want {
			t.Errorf("%s: %q, want %q", topic, got, want)
		}
	}
	for _, m := range late.Messages("") {
		if !m.Retained {
			t.Errorf("%+v is not retained", m)
		}
	}
	var sensor map[string]any
	if err := json.Unmarshal([]byte(late.Last(config)), &sensor); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "icon", "value_template", "state_topic", "json_attributes_topic", "availability_topic", "unique_id", "device"} {
		if sensor[key] == nil {
			t.Errorf("the sensor lacks %s: %v", key, sensor)
		}
	}
	if sensor["name"] != "Ann Smith" || sensor["state_topic"] != "facegate/matches/Ann_Smith" || sensor["availability_topic"] != "facegate/available" {
		t.Errorf("%v", sensor)
	}

	stop()
	testbroker.Until(t, "it says it is offline", func() bool { return sub.Last("facegate/available") == "offline" })
}

// The broker is killed, not only stopped, while sightings come; and the gateway
// too, as far as a test can: its connection breaks off without a word.
func TestNoSightingIsLostWithTheBroker(t *testing.T) {
	broker := testbroker.Start(t)
	r := newReporter(t, facegate.DestinationMQTT)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#")
	broker.Save() // the session outlives the broker
	m := r.mqtt(broker.URL())
	running(t, m.Run)
	came := func() map[string]int {
		count := map[string]int{}
		for _, m := range sub.Messages("facegate/unknown") {
			count[record(t, []byte(m.Payload)).ID]++
		}
		return count
	}
	const each = 15
	n := 0
	report := func() {
		for range each {
			n++
			r.see(n, front, nil, false)
		}
	}
	report()
	testbroker.Until(t, "the first have come", func() bool { return len(came()) == each })
	for range 3 {
		broker.Kill()
		testbroker.Until(t, "the loss is noticed", func() bool { return !m.Connected() })
		report()
		if w := r.waiting(facegate.DestinationMQTT); w < 2*each { // one more where the broker died before it answered
			t.Errorf("%d deliveries wait, want %d", w, 2*each)
		}
		broker.Restart()
		report() // while it connects
		testbroker.Until(t, "all have come", func() bool { return len(came()) == n })
	}
	testbroker.Until(t, "nothing waits", func() bool { return r.waiting(facegate.DestinationMQTT) == 0 })

	// In order: the first of each come as they were reported.
	last := 0
	seen := map[string]bool{}
	for _, m := range sub.Messages("facegate/unknown") {
		s := record(t, []byte(m.Payload))
		if seen[s.ID] {
			continue // at least once
		}
		seen[s.ID] = true
		if s.TrackID != int64(last+1) {
			t.Errorf("sighting %d came after %d", s.TrackID, last)
		}
		last = int(s.TrackID)
	}
	// A broker that lost what it retained is told again.
	broker.Kill()
	testbroker.Until(t, "the loss is noticed", func() bool { return !m.Connected() })
	broker.Restart()
	late := testbroker.Subscribe(t, broker.URL(), nil, "facegate/available", "facegate/cameras/front_door/person")
	testbroker.Until(t, "what is retained is back", func() bool {
		return late.Last("facegate/available") == "online" && late.Last("facegate/cameras/front_door/person") == "0"
	})
}

func TestWillSpeaksForTheKilled(t *testing.T) {
	broker := testbroker.Start(t)
	// The gateway's line runs through a proxy, which cuts it.
	line, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	conns := make(chan [2]net.Conn, 10)
	go func() {
		for {
			a, err := line.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", broker.Address)
			if err != nil {
				_ = a.Close()
				continue
			}
			conns <- [2]net.Conn{a, b}
			go func() { _, _ = b.(*net.TCPConn).ReadFrom(a) }()
			go func() { _, _ = a.(*net.TCPConn).ReadFrom(b) }()
		}
	}()
	r := newReporter(t, facegate.DestinationMQTT)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/available")
	running(t, r.mqtt("mqtt://"+line.Addr().String()).Run)
	testbroker.Until(t, "it is online", func() bool { return sub.Last("facegate/available") == "online" })
	for _, c := range <-conns {
		_ = c.Close()
	}
	states := func() (all []string) {
		for _, m := range sub.Messages("") {
			all = append(all, m.Payload)
		}
		return all
	}
	testbroker.Until(t, "it is offline, and online again", func() bool {
		return strings.HasSuffix(strings.Join(states(), " "), "online offline online")
	})
}

// Sensors follow cameras and people: those that are gone are taken back, also
// from what earlier runs left.
func TestDiscoveryFollows(t *testing.T) {
	broker := testbroker.Start(t)
	r := newReporter(t, facegate.DestinationMQTT)
	ann := r.person("Ann")
	sub := testbroker.Subscribe(t, broker.URL(), nil, "homeassistant/sensor/#", "facegate/cameras/+/person")
	sub.Publish("homeassistant/sensor/facegate_person_gone/config", true,
		[]byte(`{"unique_id":"facegate_person_gone","state_topic":"facegate/matches/Gone"}`))
	sub.Publish("homeassistant/sensor/other/config", true, []byte(`{"unique_id":"other","state_topic":"facegate/other"}`))
	topic := func(id string) string { return "homeassistant/sensor/facegate_" + id + "/config" }

	m := r.mqtt(broker.URL())
	m.ReviewEvery = 10 * time.Millisecond
	running(t, m.Run)
	taken := func(topic string) func() bool {
		return func() bool {
			all := sub.Messages(topic)
			return len(all) > 0 && all[len(all)-1].Payload == ""
		}
	}
	testbroker.Until(t, "Ann has a sensor", func() bool { return strings.Contains(sub.Last(topic("person_"+ann.ID)), `"Ann"`) })
	testbroker.Until(t, "who is gone has none", taken(topic("person_gone")))
	if got := sub.Last("homeassistant/sensor/other/config"); got == "" {
		t.Error("somebody else's sensor was taken back")
	}
	if _, err := r.people.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: ptr("Anna")}); err != nil {
		t.Fatal(err)
	}
	testbroker.Until(t, "the sensor has the new name", func() bool { return strings.Contains(sub.Last(topic("person_"+ann.ID)), "facegate/matches/Anna") })
	if err := r.people.Delete(t.Context(), ann.ID); err != nil {
		t.Fatal(err)
	}
	testbroker.Until(t, "Anna has no sensor", taken(topic("person_"+ann.ID)))
	r.mu.Lock()
	r.cameras = r.cameras[:1]
	r.mu.Unlock()
	testbroker.Until(t, "the camera that is gone has no sensor", taken(topic("camera_"+yard.ID)))
	testbroker.Until(t, "and no count", taken("facegate/cameras/yard_left__1/person"))
	if sub.Last(topic("camera_"+front.ID)) == "" || sub.Last(topic("unknown")) == "" {
		t.Error("a sensor is missing")
	}
}

func ptr[T any](v T) *T { return &v }

func TestBrokerWithTLSAndPasswords(t *testing.T) {
	dir := t.TempDir()
	roots := makeCertificate(t, dir)
	passwords := filepath.Join(dir, "passwords")
	if out, err := exec.Command("mosquitto_passwd", "-b", "-c", passwords, "gate", "s3cret-of-the-gate").CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_passwd: %v %s", err, out)
	}
	broker := testbroker.Start(t, "cafile "+dir+"/cert.pem", "certfile "+dir+"/cert.pem", "keyfile "+dir+"/key.pem",
		"allow_anonymous false", "password_file "+passwords)
	url := strings.Replace(broker.URL(), "mqtt:", "mqtts:", 1)
	config := &tls.Config{RootCAs: roots}
	r := newReporter(t, facegate.DestinationMQTT)
	r.see(1, front, nil, false)
	sub := testbroker.Subscribe(t, url, testbroker.WithTLS(config, "gate", "s3cret-of-the-gate"), "facegate/#")

	// Neither a wrong password nor a certificate of somebody else's gets through.
	wrong, untrusting := r.mqtt(url), r.mqtt(url)
	wrong.TLS, wrong.Username, wrong.Password = config, "gate", "wrong"
	untrusting.Username, untrusting.Password = "gate", "s3cret-of-the-gate"
	for _, m := range []*camera.MQTT{wrong, untrusting} {
		attempts := make(chan struct{}, 100)
		m.After = func(time.Duration) <-chan time.Time {
			attempts <- struct{}{}
			return time.After(time.Millisecond)
		}
		stop := running(t, m.Run)
		for range 2 {
			<-attempts // each has failed
		}
		stop()
		if m.Connected() || r.waiting(facegate.DestinationMQTT) != 2 {
			t.Error("it got through")
		}
	}
	right := r.mqtt(strings.Replace(url, "//", "//gate:s3cret-of-the-gate@", 1))
	right.TLS = config
	running(t, right.Run)
	testbroker.Until(t, "it is delivered", func() bool { return len(sub.Messages("facegate/unknown")) == 1 })
}

// makeCertificate writes a certificate for 127.0.0.1, which signs itself.
func makeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"obama": "obama", "Joe Biden": "Joe_Biden", "a/b+c#d": "a_b_c_d", "Zoë\t1": "Zoë_1", "": "_", "\x00": "_", "$SYS": "$SYS",
	} {
		if got := camera.Slug(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
