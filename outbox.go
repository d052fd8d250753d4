package facegate

import (
	"context"
	"time"
)

// CodeWebhookNotFound is the code of an error about a webhook that is not there.
const CodeWebhookNotFound Code = "webhook_not_found"

// CodeWrongKey is the code of an error about secrets in the database that the key
// given does not open.
const CodeWrongKey Code = "wrong_key"

// DestinationMQTT is the destination of deliveries to the MQTT broker. That of a
// webhook is its id.
const DestinationMQTT = "mqtt"

// A Delivery is a report of a sighting on its way to one destination.
type Delivery struct {
	Seq         int64 // ascending within the destination; names the delivery
	Destination string
	Sighting    []byte    // a SightingRecord as JSON, as it was when it was reported
	CameraID    string    // of the sighting
	News        bool      // the first report of the sighting, or the first with this decision or person
	Attempts    int       // that failed
	CreatedAt   time.Time // when the sighting was reported
}

// An Outbox keeps what is to be delivered until it is, over restarts: at least
// once, for one destination in order. What waits too long, or is too much, is
// dropped and counted.
type Outbox interface {
	// Pending is the oldest deliveries to a destination.
	Pending(ctx context.Context, destination string, limit int) ([]Delivery, error)
	// Delivered takes a delivery out.
	Delivered(ctx context.Context, d Delivery) error
	// Failed notes that a delivery failed, and why; it stays.
	Failed(ctx context.Context, d Delivery, reason string) error
	// Queued is closed when the next delivery comes in, or a webhook changes.
	Queued() <-chan struct{}
	// Destinations tells how deliveries go, by destination.
	Destinations(ctx context.Context) ([]DestinationStatus, error)
}

// A DestinationStatus tells how deliveries to a destination go.
type DestinationStatus struct {
	Destination string     `json:"-"`
	Pending     int        `json:"pending"`
	Oldest      *time.Time `json:"oldest,omitempty"` // when the oldest pending one was queued
	Delivered   int64      `json:"delivered"`        // ever
	Failures    int64      `json:"failures"`         // attempts that failed, ever
	Dropped     int64      `json:"dropped"`          // given up as too old or too many, ever
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"` // the last one
}

// A Webhook is an address that sightings are posted to, signed.
type Webhook struct {
	ID         string    `json:"id"`         // UUID
	URL        Source    `json:"url"`        // http or https; its JSON form hides passwords
	Secret     string    `json:"-"`          // key of the signatures; never shown
	Paused     bool      `json:"paused"`     // while paused nothing is queued, and what is waits
	Configured bool      `json:"configured"` // by a setting of the program; it is changed there
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// A WebhookInfo is a webhook and how its deliveries go.
type WebhookInfo struct {
	Webhook
	Status DestinationStatus `json:"status"`
}

// A WebhookUpdate changes the fields that are not nil. An address with its
// password hidden, as the API shows it, keeps the password.
type WebhookUpdate struct {
	URL    *Source
	Secret *string
	Paused *bool
}

// Webhooks is the service that keeps webhooks, their addresses and secrets
// encrypted.
//
// Errors: [CodeWebhookNotFound], [CodeInvalid].
type Webhooks interface {
	List(ctx context.Context) ([]WebhookInfo, error)
	Webhook(ctx context.Context, id string) (WebhookInfo, error)
	// Add takes URL, Secret and Paused from w. An empty secret is made up; it is
	// in the answer, and nowhere after.
	Add(ctx context.Context, w Webhook) (WebhookInfo, error)
	Update(ctx context.Context, id string, u WebhookUpdate) (WebhookInfo, error)
	// Remove also drops what was still to be delivered.
	Remove(ctx context.Context, id string) error
}
