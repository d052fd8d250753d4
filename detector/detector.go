// Package detector turns pictures into faces: it decodes safely, finds faces with
// YuNet in OpenCV (through GoCV), cuts them out upright, judges their quality, and
// lets dlib (through go-face) turn each into an embedding. It also knows the model
// files: where they lie, whether they are what they should be, where to get them.
package detector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"
	"golang.org/x/sync/errgroup"

	"facegate"
)

// Config is what a [Detector] needs. Zero values choose the defaults.
type Config struct {
	Models  *Models
	Workers int          // photos analysed at once, each with its own networks (120 MB); 0: one per core
	Queue   int          // photos that may wait for a worker; 0: 64, less than 0: none
	Size    int          // px, bound on the longer side of the picture YuNet sees; 0: 640
	Limits  Limits       // on photos; zero: DefaultLimits
	Profile Profile      // how embeddings are made; empty: Fast
	Logger  *slog.Logger // nil: silent
}

// A Detector is a bounded pool of workers. It implements [facegate.Analyser].
type Detector struct {
	cfg     Config
	recipe  string
	workers chan *worker
	places  chan struct{} // one for each photo being analysed or waiting
	closed  chan struct{}
	close   sync.Once
}

// A worker analyses one photo at a time.
type worker struct {
	yunet *yunet
	rec   *face.Recognizer
}

func (w *worker) free() {
	w.yunet.close()
	w.rec.Close()
}

// New loads the networks, side by side: about a second and a half. It warns where
// the BLAS library in use is a slow one.
func New(cfg Config) (*Detector, error) {
	if cfg.Models == nil {
		return nil, errors.New("detector without models")
	}
	if !cfg.Profile.valid() {
		return nil, fmt.Errorf("detector with an unknown profile %q", cfg.Profile)
	}
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.NumCPU()
	}
	switch {
	case cfg.Queue == 0:
		cfg.Queue = 64
	case cfg.Queue < 0:
		cfg.Queue = 0
	}
	if cfg.Size <= 0 {
		cfg.Size = 640
	}
	if cfg.Limits == (Limits{}) {
		cfg.Limits = DefaultLimits
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	singleThreaded()
	if library, ok := BLAS(); !ok {
		cfg.Logger.Warn("the BLAS library in use is not OpenBLAS: recognition takes two to ten times as long; install libopenblas0-pthread",
			"blas", library)
	}

	dir, cleanup, err := cfg.Models.Stage()
	if err != nil {
		return nil, err
	}
	defer cleanup()
	d := &Detector{
		cfg:     cfg,
		recipe:  cfg.Recipe(),
		workers: make(chan *worker, cfg.Workers),
		places:  make(chan struct{}, cfg.Workers+cfg.Queue),
		closed:  make(chan struct{}),
	}
	var g errgroup.Group
	for range cfg.Workers {
		g.Go(func() error {
			w, err := load(cfg.Models, dir)
			if err == nil {
				d.workers <- w
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		for len(d.workers) > 0 {
			(<-d.workers).free()
		}
		return nil, err
	}
	return d, nil
}

func load(m *Models, dir string) (*worker, error) {
	y, err := newYunet(m.YuNet)
	if err != nil {
		return nil, &facegate.Error{Code: facegate.CodeModelDamaged, Detail: "OpenCV cannot load the model file " + m.YuNet,
			Next: "facegate models pull", Err: err}
	}
	rec, err := face.NewRecognizer(dir)
	if err != nil {
		y.close()
		return nil, &facegate.Error{Code: facegate.CodeModelDamaged,
			Detail: fmt.Sprintf("dlib cannot load one of the model files %s, %s, %s", m.Recognition, m.Landmarks, m.MMOD),
			Next:   "facegate models pull", Err: err}
	}
	return &worker{yunet: y, rec: rec}, nil
}

// Recipe names the model files and the steps that change the numbers of an
// embedding.
func (d *Detector) Recipe() string { return d.recipe }

// Recipe is that of a detector made from c.
func (c Config) Recipe() string { return recipe(c.Models, c.Profile) }

func recipe(m *Models, p Profile) string {
	short := func(id string) string {
		for i := range id {
			if id[i] == ':' {
				id = id[i+1:]
				break
			}
		}
		return id[:min(8, len(id))]
	}
	return fmt.Sprintf("dlib-%s-%dpt-%s-%s", short(m.RecognitionID), m.Points, short(m.LandmarksID), p.recipe())
}

// Workers is the number of photos analysed at once.
func (d *Detector) Workers() int { return d.cfg.Workers }

// Close waits for work in flight, turns away what waits, and frees the networks.
func (d *Detector) Close() {
	d.close.Do(func() {
		close(d.closed)
		for range d.cfg.Workers {
			(<-d.workers).free()
		}
	})
}

// Analyse implements [facegate.Analyser]. The photo's header is checked before it
// queues for a worker.
func (d *Detector) Analyse(ctx context.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	if _, err := inspect(photo, d.cfg.Limits); err != nil {
		return facegate.Analysis{}, err
	}
	w, done, err := d.acquire(ctx)
	if err != nil {
		return facegate.Analysis{}, err
	}
	defer done()

	start := time.Now()
	bgr, err := decode(photo, d.cfg.Limits)
	if err != nil {
		return facegate.Analysis{}, err
	}
	defer bgr.Close()
	decoded := time.Since(start)
	a, err := d.analyse(ctx, w, &bgr, o)
	a.Stages.Decode = decoded
	return a, err
}

// acquire waits for a worker, as one of a bounded number.
func (d *Detector) acquire(ctx context.Context) (*worker, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("wait for a free worker: %w", err)
	}
	select {
	case d.places <- struct{}{}:
	default:
		return nil, nil, &facegate.Error{Code: facegate.CodeBusy, Detail: "too many photos are waiting to be analysed",
			Next: "try again in a moment", RetryAfter: time.Second}
	}
	select {
	case <-d.closed: // the others may be ready too: closed wins
	default:
		select {
		case <-d.closed:
		case <-ctx.Done():
			<-d.places
			return nil, nil, fmt.Errorf("wait for a free worker: %w", ctx.Err())
		case w := <-d.workers:
			return w, func() { d.workers <- w; <-d.places }, nil
		}
	}
	<-d.places
	return nil, nil, &facegate.Error{Code: facegate.CodeBusy, Detail: "the service is shutting down", Next: "try again in a moment", RetryAfter: 5 * time.Second}
}

func (d *Detector) analyse(ctx context.Context, w *worker, bgr *gocv.Mat, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	a := facegate.Analysis{Width: bgr.Cols(), Height: bgr.Rows()}
	if err := ctx.Err(); err != nil {
		return a, fmt.Errorf("detect faces: %w", err)
	}
	start := time.Now()
	faces, err := find(w.yunet, bgr, d.cfg.Size, o.SmallFaces)
	if err != nil {
		return a, err
	}
	a.Faces = faces[:0]
	for _, f := range faces {
		if f.Score >= o.MinScore && (o.MaxFaces <= 0 || len(a.Faces) < o.MaxFaces) {
			a.Faces = append(a.Faces, f)
		}
	}
	a.Stages.Detect = time.Since(start)

	for i := range a.Faces {
		if err := finish(&a.Faces[i], bgr); err != nil {
			return a, err
		}
	}
	a.Stages.Crop = time.Since(start) - a.Stages.Detect
	if o.Embed {
		err = d.embedAll(ctx, w, bgr, &a)
	}
	for i := range a.Faces {
		if tidy(&a.Faces[i]); !o.Crops {
			a.Faces[i].Crop = nil
		}
	}
	return a, err
}

// finish cuts a face out and judges it.
func finish(f *facegate.Face, bgr *gocv.Mat) (err error) {
	crop := upright(bgr, f.Landmarks, 1)
	defer crop.Close()
	judge(f, crop, bgr.Cols(), bgr.Rows())
	f.Crop, err = encodeJPEG(crop, cropQuality)
	return err
}

// embedAll embeds the faces of a photo, with the photo's worker and any that are
// idle just now.
func (d *Detector) embedAll(ctx context.Context, own *worker, bgr *gocv.Mat, a *facegate.Analysis) error {
	var next, cropped, embedded atomic.Int64
	work := func(w *worker) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(a.Faces) {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("embed faces: %w", err)
			}
			e, times, err := embed(w.rec, bgr, &a.Faces[i], d.cfg.Profile)
			if err != nil {
				return err
			}
			a.Faces[i].Embedding = e
			cropped.Add(int64(times.crop))
			embedded.Add(int64(times.net))
		}
	}
	var g errgroup.Group
	g.Go(func() error { return work(own) })
	for range len(a.Faces) - 1 {
		select {
		case w := <-d.workers:
			g.Go(func() error {
				defer func() { d.workers <- w }()
				return work(w)
			})
			continue
		default:
		}
		break
	}
	err := g.Wait()
	a.Stages.Crop += time.Duration(cropped.Load())
	a.Stages.Embed = time.Duration(embedded.Load())
	return err
}

// tidy rounds what is sent to callers to what is meant: tenths of a pixel.
func tidy(f *facegate.Face) {
	l := &f.Landmarks
	for _, v := range []*float64{&f.Box.X, &f.Box.Y, &f.Box.Width, &f.Box.Height,
		&l.RightEye.X, &l.RightEye.Y, &l.LeftEye.X, &l.LeftEye.Y, &l.Nose.X, &l.Nose.Y,
		&l.MouthRight.X, &l.MouthRight.Y, &l.MouthLeft.X, &l.MouthLeft.Y} {
		*v = round(*v, 1)
	}
	f.Score = round(f.Score, 4)
}
