package testbroker

import (
	"crypto/tls"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// A Message is what came to a subscriber.
type Message struct {
	Topic    string
	Payload  string
	Retained bool
}

// A Subscriber keeps everything that comes. It has a session of its own, which
// the broker keeps while it is away.
type Subscriber struct {
	t       testing.TB
	client  mqtt.Client
	options *mqtt.ClientOptions

	mu       sync.Mutex
	messages []Message
}

// Subscribe connects and subscribes; it connects again by itself.
func Subscribe(t testing.TB, url string, adjust func(*mqtt.ClientOptions), topics ...string) *Subscriber {
	t.Helper()
	s := &Subscriber{t: t}
	s.options = mqtt.NewClientOptions().AddBroker(url).SetClientID("subscriber-" + strings.ReplaceAll(t.Name(), "/", "-") + strings.Join(topics, "")).
		SetCleanSession(false).SetOrderMatters(true).SetConnectRetry(true).SetConnectRetryInterval(100 * time.Millisecond).
		SetMaxReconnectInterval(200 * time.Millisecond).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.messages = append(s.messages, Message{m.Topic(), string(m.Payload()), m.Retained()})
		})
	if adjust != nil {
		adjust(s.options)
	}
	s.Connect()
	for _, topic := range topics {
		s.wait(s.client.Subscribe(topic, 1, nil))
	}
	t.Cleanup(s.Leave)
	return s
}

// Connect comes back, to the session that was left.
func (s *Subscriber) Connect() {
	s.t.Helper()
	s.client = mqtt.NewClient(s.options)
	s.wait(s.client.Connect())
}

// Leave disconnects; the session stays.
func (s *Subscriber) Leave() { s.client.Disconnect(100) }

func (s *Subscriber) wait(token mqtt.Token) {
	s.t.Helper()
	if !token.WaitTimeout(patience) || token.Error() != nil {
		s.t.Fatalf("the subscriber gets no answer: %v", token.Error())
	}
}

// Publish publishes something, and waits for the broker.
func (s *Subscriber) Publish(topic string, retained bool, payload []byte) {
	s.t.Helper()
	s.wait(s.client.Publish(topic, 1, retained, payload))
}

// Messages is all that came on topics with the prefix.
func (s *Subscriber) Messages(prefix string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.messages {
		if strings.HasPrefix(m.Topic, prefix) {
			all = append(all, m)
		}
	}
	return all
}

// Last is the payload that came last on a topic.
func (s *Subscriber) Last(topic string) string {
	last := ""
	for _, m := range s.Messages(topic) {
		if m.Topic == topic {
			last = m.Payload
		}
	}
	return last
}

// Until waits until what is asked for holds.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// WithTLS has a subscriber connect as a user, by TLS.
func WithTLS(config *tls.Config, user, password string) func(*mqtt.ClientOptions) {
	return func(o *mqtt.ClientOptions) { o.SetTLSConfig(config).SetUsername(user).SetPassword(password) }
}
