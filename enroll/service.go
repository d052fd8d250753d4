package enroll

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"facegate"
)

// Defaults of a [Service].
const (
	DefaultMinQuality    = 0.3
	DefaultNearIdentical = 0.1
)

// A Service is [facegate.People] and [facegate.GallerySource] on a [Store]. Set
// the fields before the first call and leave them alone after.
//
// Gallery must be changed by this Service alone. Without Gallery and Analyser
// the Service reads and edits people, and fails where it is handed photos.
type Service struct {
	Store    *Store
	Analyser facegate.Analyser
	Gallery  facegate.Gallery

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged

	// MinQuality is the overall quality, 0..1, below which a face is refused.
	// 0: DefaultMinQuality; negative: none is refused.
	MinQuality float64
	// NearIdentical is the distance to one of the same person's samples up to
	// which a photo brings nothing new and is skipped. 0: DefaultNearIdentical;
	// negative: none is skipped.
	NearIdentical float64
	// DuplicateDistance is the distance to another person's sample up to which
	// that person is reported. 0: facegate.DefaultVerifyThreshold; negative:
	// nobody is reported.
	DuplicateDistance float64
	// RequireConsent refuses to enrol a person whose consent is not recorded.
	RequireConsent bool
	// Keep cleans the photos of samples that are to be kept. nil: none is.
	Keep facegate.PhotoCleaner
	// Parallel is how many photos of one call are analysed at once. 0: one per
	// core. More of them only fill the Analyser's queue.
	Parallel int

	// applied is 1 + the seq of the last row of gallery_log that is in Gallery;
	// 0: Gallery was never loaded. Only written while holding syncing.
	applied  atomic.Int64
	syncing  chan struct{} // a mutex whose wait can be given up
	initSync sync.Once
}

var (
	_ facegate.People        = (*Service)(nil)
	_ facegate.GallerySource = (*Service)(nil)
)

// now is the time as the database keeps it: UTC, whole milliseconds.
func (s *Service) now() time.Time {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	return fromMillis(now().UnixMilli())
}

func (s *Service) log() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}

func (s *Service) minQuality() float64    { return cmp.Or(s.MinQuality, DefaultMinQuality) }
func (s *Service) nearIdentical() float64 { return cmp.Or(s.NearIdentical, DefaultNearIdentical) }
func (s *Service) parallel() int          { return cmp.Or(s.Parallel, runtime.GOMAXPROCS(0)) }
func (s *Service) duplicateDistance() float64 {
	return cmp.Or(s.DuplicateDistance, facegate.DefaultVerifyThreshold)
}

// checkConsent fails with [facegate.CodeInvalid] when p may not be enrolled for
// want of it.
func (s *Service) checkConsent(p facegate.Person) error {
	if s.RequireConsent && p.Consent.Basis == "" {
		return invalid("consent is not recorded for this person",
			`say on what basis the photos are kept, such as "signed form 2026-04"`)
	}
	return nil
}

func (s *Service) checkExpiry(p facegate.Person, now time.Time) error {
	if p.ExpiresAt != nil && !p.ExpiresAt.After(now) {
		return invalid("the expiry lies in the past", "give a time in the future, or none")
	}
	return nil
}

// afterCommit brings the gallery up to date with a change that stands, even if
// the caller gave up meanwhile. Failing here must not look as if the change had
// failed: it is logged, and the Sync before the next search makes up for it.
func (s *Service) afterCommit(ctx context.Context) {
	if err := s.Sync(context.WithoutCancel(ctx)); err != nil {
		s.log().ErrorContext(ctx, "a change is stored, but the gallery could not be brought up to date", "error", err)
	}
}
