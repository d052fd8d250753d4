package camera

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gocv.io/x/gocv"
)

// pushStills is the source of pushed pictures that do not follow each other, such
// as snapshots: each is all the evidence there is.
const pushStills = "push:stills"

// A pushBox is where pushed pictures wait: the newest only.
type pushBox struct {
	mu    sync.Mutex
	data  []byte
	at    time.Time
	ready chan struct{}
	lost  func() // a waiting picture was replaced
}

func newPushBox(lost func()) *pushBox {
	return &pushBox{ready: make(chan struct{}, 1), lost: lost}
}

// push leaves a picture, in place of one that waits.
func (b *pushBox) push(data []byte, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.data != nil {
		b.lost()
	}
	b.data, b.at = data, at
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *pushBox) take() ([]byte, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data := b.data
	b.data = nil
	return data, b.at
}

// A pushCapture reads the box. Its pictures have times of their own.
type pushCapture struct {
	box    *pushBox
	stills bool
	data   []byte
	taken  time.Time
}

func (p *pushCapture) next(ctx context.Context) (time.Duration, error) {
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-p.box.ready:
		}
		if p.data, p.taken = p.box.take(); p.data != nil {
			return 0, nil
		}
	}
}

func (p *pushCapture) takenAt() time.Time { return p.taken }

func (p *pushCapture) picture(bgr *gocv.Mat) error {
	if err := decodePicture(bgr, p.data); err != nil {
		return fmt.Errorf("%w: %v", errBroken, err)
	}
	return nil
}

func (p *pushCapture) traits() traits { return traits{live: true, stills: p.stills} }
func (p *pushCapture) close()         {}
