package enroll

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"facegate"

	"github.com/google/uuid"
)

// Webhooks is [facegate.Webhooks] in the database. Addresses and secrets are
// sealed: addresses hold passwords and tokens often enough.
type Webhooks struct {
	Store   *Store
	Secrets *Secrets
	Outbox  *Outbox          // is told of changes
	Now     func() time.Time // nil: time.Now
}

var _ facegate.Webhooks = (*Webhooks)(nil)

const (
	webhooksTable = "webhooks"
	minSecret     = 8
	maxSecret     = 500
	maxAddress    = 2000
	secretBytes   = 32
)

// sealedWebhook is what is encrypted of a webhook.
type sealedWebhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// checkWebhook fails with [facegate.CodeInvalid] where an address or secret does
// not serve.
func checkWebhook(w facegate.Webhook) error {
	address := w.URL.Reveal()
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return invalid("the webhook's address is no http or https URL", "give one such as https://example.com/hooks/facegate")
	case len(address) > maxAddress || strings.ContainsFunc(address, unicode.IsControl):
		return invalid("the webhook's address is too long or holds a control character", "give a plain URL")
	case strings.Contains(address, "***"):
		return invalid("the password in the webhook's address is hidden", "write it in the place of ***")
	case len(w.Secret) < minSecret || len(w.Secret) > maxSecret || strings.ContainsFunc(w.Secret, unicode.IsControl):
		return invalid(fmt.Sprintf("the webhook's secret does not have %d to %d characters", minSecret, maxSecret), "leave it out to have one made")
	}
	return nil
}

// List is all webhooks, the oldest first.
func (s *Webhooks) List(ctx context.Context) ([]facegate.WebhookInfo, error) {
	all := []facegate.WebhookInfo{}
	err := s.Store.read(ctx, func(tx *sql.Tx) error {
		statuses, err := destinationStatuses(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT id, sealed, paused, configured, created_at, updated_at FROM webhooks ORDER BY created_at, id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			w, err := s.scan(rows)
			if err != nil {
				return err
			}
			info := facegate.WebhookInfo{Webhook: w}
			for _, d := range statuses {
				if d.Destination == w.ID {
					info.Status = d
				}
			}
			all = append(all, info)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list the webhooks: %w", err)
	}
	return all, nil
}

func (s *Webhooks) scan(row interface{ Scan(...any) error }) (facegate.Webhook, error) {
	var w facegate.Webhook
	var sealed []byte
	var createdAt, updatedAt int64
	if err := row.Scan(&w.ID, &sealed, &w.Paused, &w.Configured, &createdAt, &updatedAt); err != nil {
		return w, err
	}
	plain, err := s.Secrets.open(webhooksTable, w.ID, sealed)
	if err != nil {
		return w, err
	}
	var hidden sealedWebhook
	if err := json.Unmarshal(plain, &hidden); err != nil {
		return w, fmt.Errorf("read webhook %s: %w", w.ID, err)
	}
	w.URL, w.Secret = facegate.Source(hidden.URL), hidden.Secret
	w.CreatedAt, w.UpdatedAt = fromMillis(createdAt), fromMillis(updatedAt)
	return w, nil
}

// Webhook is the webhook with the id.
func (s *Webhooks) Webhook(ctx context.Context, id string) (facegate.WebhookInfo, error) {
	all, err := s.List(ctx)
	if err != nil {
		return facegate.WebhookInfo{}, err
	}
	for _, w := range all {
		if w.ID == id {
			return w, nil
		}
	}
	return facegate.WebhookInfo{}, facegate.NewError(facegate.CodeWebhookNotFound, fmt.Sprintf("there is no webhook with the id %q", id),
		"list the webhooks to see which there are")
}

// Add adds a webhook.
func (s *Webhooks) Add(ctx context.Context, w facegate.Webhook) (facegate.WebhookInfo, error) {
	now := timeNow(s.Now)
	w = facegate.Webhook{ID: uuid.NewString(), URL: w.URL, Secret: w.Secret, Paused: w.Paused, CreatedAt: now, UpdatedAt: now}
	if w.Secret == "" {
		w.Secret = hex.EncodeToString(randomBytes(secretBytes))
	}
	if err := s.save(ctx, w); err != nil {
		return facegate.WebhookInfo{}, fmt.Errorf("add a webhook: %w", err)
	}
	return facegate.WebhookInfo{Webhook: w}, nil
}

// Update changes a webhook.
func (s *Webhooks) Update(ctx context.Context, id string, u facegate.WebhookUpdate) (facegate.WebhookInfo, error) {
	info, err := s.Webhook(ctx, id)
	if err != nil {
		return info, err
	}
	if info.Configured {
		return info, errConfigured()
	}
	if u.URL != nil {
		info.URL = u.URL.Keep(info.URL)
	}
	if u.Secret != nil {
		info.Secret = *u.Secret
	}
	if u.Paused != nil {
		info.Paused = *u.Paused
	}
	info.UpdatedAt = timeNow(s.Now)
	if err := s.save(ctx, info.Webhook); err != nil {
		return facegate.WebhookInfo{}, fmt.Errorf("change webhook %s: %w", id, err)
	}
	return info, nil
}

func errConfigured() error {
	return invalid("this webhook is set by the program's settings", "change the setting --webhook, and restart")
}

func (s *Webhooks) save(ctx context.Context, w facegate.Webhook) error {
	err := s.Store.write(ctx, func(tx *sql.Tx) error { return s.saveIn(ctx, tx, w) })
	if err == nil {
		s.Outbox.queued.fire()
	}
	return err
}

func (s *Webhooks) saveIn(ctx context.Context, tx *sql.Tx, w facegate.Webhook) error {
	if err := checkWebhook(w); err != nil {
		return err
	}
	plain, err := json.Marshal(sealedWebhook{w.URL.Reveal(), w.Secret})
	if err != nil {
		return err
	}
	sealed, err := s.Secrets.seal(ctx, tx, webhooksTable, w.ID, plain)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO webhooks (id, sealed, paused, configured, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, paused = excluded.paused, updated_at = excluded.updated_at`,
		w.ID, sealed, w.Paused, w.Configured, w.CreatedAt.UnixMilli(), w.UpdatedAt.UnixMilli())
	return err
}

// Remove removes a webhook and what was still to be delivered.
func (s *Webhooks) Remove(ctx context.Context, id string) error {
	info, err := s.Webhook(ctx, id)
	if err != nil {
		return err
	}
	if info.Configured {
		return errConfigured()
	}
	if err := s.Store.write(ctx, func(tx *sql.Tx) error { return removeWebhook(ctx, tx, id) }); err != nil {
		return fmt.Errorf("remove webhook %s: %w", id, err)
	}
	s.Outbox.queued.fire()
	return nil
}

func removeWebhook(ctx context.Context, tx *sql.Tx, id string) error {
	var errs []error
	for _, statement := range []string{`DELETE FROM webhooks WHERE id = ?`, `DELETE FROM outbox WHERE destination = ?`,
		`DELETE FROM destinations WHERE destination = ?`} {
		_, err := tx.ExecContext(ctx, statement, id)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// configuredSpace makes the ids of configured webhooks, the same at every start.
var configuredSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("facegate:webhook"))

// Configure makes the webhooks that the program's settings name, all with the
// secret given, and removes those that the settings do not name any more.
func (s *Webhooks) Configure(ctx context.Context, addresses []string, secret string) error {
	now := timeNow(s.Now)
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		gone, err := stringsOf(ctx, tx, `SELECT id FROM webhooks WHERE configured = 1`)
		if err != nil {
			return err
		}
		stale := map[string]bool{}
		for _, id := range gone {
			stale[id] = true
		}
		for _, address := range addresses {
			w := facegate.Webhook{ID: uuid.NewSHA1(configuredSpace, []byte(address)).String(), URL: facegate.Source(address),
				Secret: secret, Configured: true, CreatedAt: now, UpdatedAt: now}
			delete(stale, w.ID)
			if err := s.saveIn(ctx, tx, w); err != nil {
				return err
			}
		}
		for id := range stale {
			if err := removeWebhook(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set up the webhooks of the settings: %w", err)
	}
	s.Outbox.queued.fire()
	return nil
}
