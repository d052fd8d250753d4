package enroll

import "sync"

// A signal tells whoever waits that something happened. Nothing is lost by those
// who take the channel before they look at what may have changed.
type signal struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait is closed by the next fire.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}
