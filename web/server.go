package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/semaphore"
)

// A Server answers over HTTP. Fill in the fields, call [Server.Initialize] once,
// then [Server.Run], or [Server.Handler] to serve by other means.
type Server struct {
	Recognition facegate.Recognition            // required
	People      facegate.People                 // required
	GallerySize func() (people, samples int)    // required; for the metrics
	Ready       func(ctx context.Context) error // nil: always ready; else why it is not
	Thresholds  facegate.Thresholding           // nil: the defaults, which stay
	Samples     facegate.SampleRecognition      // nil: enrolled samples are not identified
	Challenges  facegate.Challenges             // nil: nobody is verified over a webcam

	Audit    facegate.AuditLog // nil: none is kept
	Exporter facegate.Exporter // nil: people's data is not exported

	// What cameras see. Where one is nil, its addresses are not there.
	Cameras       facegate.Cameras
	Sightings     facegate.Sightings
	Unknowns      facegate.Unknowns
	Webhooks      facegate.Webhooks
	Outbox        facegate.Outbox // for the metrics; nil: none
	MQTTConnected func() bool     // for the metrics; nil: no broker

	// Who may do what. Without Keys and Accounts everything is open.
	Keys         facegate.Keys
	Accounts     facegate.Accounts
	Auth         AuthMode          // empty: AuthAuto
	Loopback     bool              // it listens for this machine alone
	TLS          bool              // it is reached over TLS: cookies are for that alone
	AllowedHosts []string          // names of it, besides this machine's own, on a loopback address
	CORSOrigins  []string          // whose web pages may use the API, such as https://example.com
	KeyLimit     facegate.KeyLimit // of keys that have none of their own; zero: none

	Dialects []string             // of other systems that are spoken too, see [Dialects]; nil: none
	Console  fs.FS                // the built console; nil: the embedded one
	Logger   *slog.Logger         // nil: slog.Default()
	Version  string               // of the program, told by /healthz
	Registry *prometheus.Registry // where metrics are registered and read from; nil: a new one
	Now      func() time.Time     // for the time taken, in log and metrics; nil: time.Now

	MaxPhotoBytes int64 // of one photo; 0: 20 MiB
	MaxBodyBytes  int64 // of a request with all its photos; 0: 64 MiB
	MaxHeldBytes  int64 // of all requests under way together, past which more are told to come again; 0: 4 times MaxBodyBytes
	MaxPhotos     int   // in one enrolment; 0: 50

	MaxConnections int // at a time; more wait to be accepted; 0: no limit

	// RequestTimeout bounds the work on a request, once its body has arrived; 0: 30 s.
	RequestTimeout time.Duration
	// BodyTimeout is how long a body may stand still; 0: 10 s. MinBodyRate is
	// what a body must keep up on average beyond that, in bytes a second; 0: 32 KiB.
	BodyTimeout time.Duration
	MinBodyRate int64
	// WriteTimeout is how long a client may take to accept a piece of the answer; 0: 30 s.
	WriteTimeout      time.Duration
	ReadHeaderTimeout time.Duration // 0: 10 s
	IdleTimeout       time.Duration // between two requests of a connection; 0: 2 min
	// ShutdownTimeout bounds how long work in flight may go on after Run's
	// context ended; 0: 20 s.
	ShutdownTimeout time.Duration
	Heartbeat       time.Duration // between two signs of life in a stream of events; 0: 15 s
	// CallerCheck is how often whoever has an answer that goes on and on is looked
	// up again; 0: 1 s.
	CallerCheck time.Duration

	streams        context.Context // of answers that go on and on: ends when the server is told to
	endStreams     context.CancelFunc
	changingCamera sync.Mutex

	engine    *gin.Engine
	described []byte // the API, as JSON
	spoken    []*dialect
	metrics   *metrics
	outcomes  map[facegate.Code]outcome
	console   *console
	origins   *http.CrossOriginProtection

	grants      map[string]grant
	ownOrigin   *http.CrossOriginProtection // as origins, with none trusted
	claimed     atomic.Bool                 // there is an account or a key
	bodies      held
	strangers   held // of bodies, those of requests whose key has not come yet
	limits      keyLimits
	wrongKeys   throttle
	wrongLogins throttle
	wrongNames  throttle
}

// maxHeaderBytes bounds a request's headers; cookies and keys are short.
const maxHeaderBytes = 64 << 10

// Initialize checks the fields, fills in the defaults and builds the routes.
func (s *Server) Initialize() error {
	switch {
	case s.Recognition == nil:
		return errors.New("web: no Recognition")
	case s.People == nil:
		return errors.New("web: no People")
	case s.GallerySize == nil:
		return errors.New("web: no GallerySize")
	}
	s.setDefaults()
	s.streams, s.endStreams = context.WithCancel(context.Background())
	s.outcomes = outcomes()
	s.grants = grants()
	s.origins, s.ownOrigin = http.NewCrossOriginProtection(), http.NewCrossOriginProtection()
	for _, origin := range s.CORSOrigins {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no origin: %v", origin, err), "write it as https://example.com, without a path")
		}
	}
	s.bodies.most = s.MaxHeldBytes
	s.strangers.most = s.MaxHeldBytes / 2 // the other half stays for those who show a key at once
	s.limits.defaults = s.KeyLimit
	s.wrongKeys.every, s.wrongKeys.burst = 2*time.Second, 20
	s.wrongLogins.every, s.wrongLogins.burst = 12*time.Second, 10
	s.wrongNames.every, s.wrongNames.burst = 6*time.Second, 20
	var err error
	if s.console, err = newConsole(s.Console); err != nil {
		return fmt.Errorf("web: read the console: %w", err)
	}
	if s.metrics, err = newMetrics(s.Registry, s.GallerySize); err != nil {
		return fmt.Errorf("web: register metrics: %w", err)
	}
	if err := s.Registry.Register(newWatchMetrics(s.Cameras, s.Outbox, s.MQTTConnected)); err != nil {
		return fmt.Errorf("web: register metrics: %w", err)
	}
	if s.spoken, err = chooseDialects(s.Dialects); err != nil {
		return err
	}
	for _, d := range s.spoken {
		maps.Copy(s.grants, d.grants)
	}
	s.engine = s.routes()
	s.described, err = s.describe()
	return err
}

func (s *Server) setDefaults() {
	if s.Ready == nil {
		s.Ready = func(context.Context) error { return nil }
	}
	if s.Auth == "" {
		s.Auth = AuthAuto
	}
	if s.Thresholds == nil {
		s.Thresholds = fixedThresholds{}
	}
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	if s.Registry == nil {
		s.Registry = prometheus.NewRegistry()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	setDefault(&s.MaxPhotoBytes, 20<<20)
	setDefault(&s.MaxBodyBytes, 64<<20)
	setDefault(&s.MaxHeldBytes, 4*s.MaxBodyBytes)
	setDefault(&s.MaxPhotos, 50)
	setDefault(&s.RequestTimeout, 30*time.Second)
	setDefault(&s.BodyTimeout, 10*time.Second)
	setDefault(&s.MinBodyRate, 32<<10)
	setDefault(&s.WriteTimeout, 30*time.Second)
	setDefault(&s.ReadHeaderTimeout, 10*time.Second)
	setDefault(&s.IdleTimeout, 2*time.Minute)
	setDefault(&s.ShutdownTimeout, 20*time.Second)
	setDefault(&s.Heartbeat, 15*time.Second)
	setDefault(&s.CallerCheck, time.Second)
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Handler answers every route. It may be served by any http.Server, but Run sets
// the timeouts that a Handler cannot set.
func (s *Server) Handler() http.Handler { return s.engine }

// Run serves on ln until ctx ends, then accepts no more, lets the work in flight
// finish for at most ShutdownTimeout, cancels what is left, and returns when the
// last handler has. It closes ln. It is nil after an orderly shutdown.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	work, cancelWork := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelWork()
	handlers := semaphore.NewWeighted(math.MaxInt64)
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if handlers.Acquire(r.Context(), 1) != nil {
				return // Run is about to return
			}
			defer handlers.Release(1)
			s.engine.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: s.ReadHeaderTimeout,
		IdleTimeout:       s.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return work },
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
	if s.MaxConnections > 0 {
		ln = netutil.LimitListener(ln, s.MaxConnections)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	var failed error
	select {
	case err := <-served:
		failed = fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	s.endStreams()
	bound, cancelBound := context.WithTimeout(context.WithoutCancel(ctx), s.ShutdownTimeout)
	defer cancelBound()
	if err := srv.Shutdown(bound); err != nil && failed == nil {
		s.Logger.Warn("work in flight was canceled", "after", s.ShutdownTimeout)
	}
	cancelWork()
	if err := srv.Close(); err != nil && failed == nil {
		failed = fmt.Errorf("close: %w", err)
	}
	// A canceled handler ends by itself; its photo may still be in native code.
	if err := handlers.Acquire(context.WithoutCancel(ctx), math.MaxInt64); err != nil && failed == nil {
		failed = fmt.Errorf("wait for handlers: %w", err)
	}
	return failed
}
