package detector

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facegate"
)

// until waits for what other goroutines are about to do.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-t.Context().Done():
			t.Fatalf("waiting until %s", what)
		default:
			runtime.Gosched()
		}
	}
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	var e *facegate.Error
	if !errors.As(err, &e) || e.Code != facegate.CodeBusy || e.RetryAfter <= 0 || e.Next == "" {
		t.Errorf("error %#v, want busy with the time to come back", err)
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	d := newDetector(t, Config{Workers: 1, Queue: 2})
	file := photo(t, "probes/obama-240p.jpg")
	_, release, err := d.acquire(t.Context()) // the worker is taken
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waiting := make(chan error, 2)
	for _, c := range []context.Context{ctx, t.Context()} {
		go func() {
			_, err := d.Analyse(c, file, facegate.AnalyseOptions{})
			waiting <- err
		}()
	}
	until(t, "two photos wait", func() bool { return len(d.places) == 3 })
	_, err = d.Analyse(t.Context(), file, facegate.AnalyseOptions{})
	wantBusy(t, err)

	// A photo that is no photo is told so at once, however long the queue.
	_, err = d.Analyse(t.Context(), []byte("no picture"), facegate.AnalyseOptions{})
	if code := facegate.CodeOf(err); code != facegate.CodeNotAnImage {
		t.Errorf("text past a full queue: %v, want not_an_image", err)
	}

	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) || facegate.CodeOf(err) != facegate.CodeCanceled {
		t.Errorf("error %v of one who stopped waiting", err)
	}
	until(t, "its place is free", func() bool { return len(d.places) == 2 })
	release()
	if err := <-waiting; err != nil {
		t.Errorf("the one who waited on: %v", err)
	}
	if _, err := d.Analyse(t.Context(), file, facegate.AnalyseOptions{}); err != nil {
		t.Errorf("after the rush: %v", err)
	}
	if len(d.places) != 0 || len(d.workers) != 1 {
		t.Errorf("%d places taken, %d workers idle when all is done", len(d.places), len(d.workers))
	}
}

func TestNobodyWaitsWithoutAQueue(t *testing.T) {
	d := newDetector(t, Config{Workers: 1, Queue: -1})
	_, release, err := d.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	_, err = d.Analyse(t.Context(), photo(t, "probes/obama-240p.jpg"), facegate.AnalyseOptions{})
	wantBusy(t, err)
}

func TestAnalyseObeysItsContext(t *testing.T) {
	d, file := sharedDetector(t), photo(t, "probes/obama-240p.jpg")
	past, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	gone, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		ctx  context.Context
		code facegate.Code
	}{{past, facegate.CodeTimeout}, {gone, facegate.CodeCanceled}} {
		for range 20 { // a free worker must not be the winner by chance
			if _, err := d.Analyse(tt.ctx, file, facegate.AnalyseOptions{Embed: true}); facegate.CodeOf(err) != tt.code {
				t.Errorf("error %v, want %s", err, tt.code)
			}
		}
	}
}

func TestCloseWaitsForWorkInFlight(t *testing.T) {
	d := newDetector(t, Config{Workers: 2, Queue: 4})
	file := photo(t, "probes/obama-240p.jpg")
	_, releaseOne, err := d.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, releaseTwo, err := d.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error)
	go func() {
		_, err := d.Analyse(t.Context(), file, facegate.AnalyseOptions{})
		waiting <- err
	}()
	until(t, "a photo waits", func() bool { return len(d.places) == 3 })
	closed := make(chan struct{})
	go func() {
		d.Close()
		close(closed)
	}()
	wantBusy(t, <-waiting)
	releaseOne()
	until(t, "a network is freed", func() bool { return len(d.workers) == 0 })
	select {
	case <-closed:
		t.Error("Close did not wait for the work in flight")
	default:
	}
	releaseTwo()
	<-closed
	for range 20 {
		_, err := d.Analyse(t.Context(), file, facegate.AnalyseOptions{})
		wantBusy(t, err)
	}
	d.Close() // again: nothing
}

// Many at once: the answers are those of one at a time, and nothing stays behind.
func TestManyAtOnce(t *testing.T) {
	d := sharedDetector(t)
	names := []string{"probes/obama-240p.jpg", "probes/two_people.jpg", "people/biden/biden2.jpg", "odd/32bit.png", "probes/obama_small.jpg"}
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	want := map[string][]facegate.Face{}
	files := map[string][]byte{}
	for _, name := range names {
		files[name] = photo(t, name)
		want[name] = analyse(t, files[name], facegate.AnalyseOptions{Embed: true}).Faces
	}
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for i := range rounds * len(names) {
		all.Go(func() {
			name := names[i%len(names)]
			ctx := t.Context()
			if i%7 == 3 { // some give up
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				go cancel()
			}
			a, err := d.Analyse(ctx, files[name], facegate.AnalyseOptions{Embed: true})
			if ctx != t.Context() && errors.Is(err, context.Canceled) {
				return
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			same := func(a, b facegate.Face) bool {
				return a.Box == b.Box && a.Landmarks == b.Landmarks && *a.Embedding == *b.Embedding && a.Quality.Overall == b.Quality.Overall
			}
			if !slices.EqualFunc(a.Faces, want[name], same) {
				t.Errorf("%s: other faces than when asked alone", name)
			}
		})
	}
	all.Wait()
	until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
	if len(d.places) != 0 || len(d.workers) != d.Workers() {
		t.Errorf("%d places taken, %d workers idle", len(d.places), len(d.workers))
	}
}

// What go-face is handed is always a crop we coded; should it ever be garbage, it
// has to answer with an error or with no face.
func TestGarbageDoesNotCrashGoFace(t *testing.T) {
	d := sharedDetector(t)
	w, release, err := d.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	good := photo(t, "probes/obama_small.jpg")
	one := gocv.NewMatWithSize(1, 1, gocv.MatTypeCV8UC3)
	defer one.Close()
	flipped := slices.Clone(good)
	for i := 700; i < len(flipped); i += 97 {
		flipped[i] ^= 0x55
	}
	for name, crop := range map[string][]byte{
		"nothing": nil, "text": []byte("no picture"), "half a crop": good[:len(good)/2], "its header": good[:100],
		"damaged": flipped, "one pixel": opencvFile(t, one, gocv.JPEGFileExt), "a png": photo(t, "odd/32bit.png"),
		"markers": {0xff, 0xd8, 0xff, 0xd9},
	} {
		e, err := embedCrop(w.rec.Recognize, crop, 1)
		t.Logf("%s: embedding: %t, error: %v", name, e != nil, err)
	}
	if e, err := embedCrop(w.rec.Recognize, onlyCrop(t, "probes/obama-480p.jpg"), 1); err != nil || e == nil {
		t.Errorf("a good crop after the garbage: %v", err)
	}
}

func onlyCrop(t *testing.T, name string) []byte {
	t.Helper()
	a := analyse(t, photo(t, name), facegate.AnalyseOptions{Crops: true})
	if len(a.Faces) != 1 {
		t.Fatalf("%s: %d faces", name, len(a.Faces))
	}
	return a.Faces[0].Crop
}

func TestFrames(t *testing.T) {
	d := sharedDetector(t)
	for _, name := range []string{"probes/obama-480p.jpg", "probes/two_people.jpg"} {
		m := picture(t, name)
		frame := facegate.Frame{Width: m.Cols(), Height: m.Rows(), Pix: pixels(t, m)}
		want := analyse(t, photo(t, name), facegate.AnalyseOptions{Embed: true, Crops: true})
		got, err := d.DetectFrame(t.Context(), frame)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want.Faces) {
			t.Fatalf("%s: %d faces in the frame, %d in the photo", name, len(got), len(want.Faces))
		}
		for i := range got {
			w := want.Faces[i]
			if got[i].Box != w.Box || got[i].Landmarks != w.Landmarks || got[i].Quality.Overall != w.Quality.Overall || got[i].Embedding != nil {
				t.Errorf("%s: %+v in the frame, %+v in the photo", name, got[i], w)
			}
			if err := d.EmbedFace(t.Context(), frame, &got[i]); err != nil {
				t.Fatal(err)
			}
			if got[i].Embedding == nil || got[i].Crop == nil {
				t.Fatalf("%s: the face %+v was not embedded", name, got[i])
			}
			// The landmarks came back rounded to tenths of a pixel, and dlib aligns in leaps.
			if d := got[i].Embedding.Distance(w.Embedding); d > 0.1 {
				t.Errorf("%s: the embedding of the frame is %.3f away from the photo's", name, d)
			}
		}
	}
	for _, f := range []facegate.Frame{{}, {Width: 2, Height: 2, Pix: make([]byte, 11)}, {Width: -1, Height: -1, Pix: make([]byte, 3)}} {
		if _, err := d.DetectFrame(t.Context(), f); err == nil {
			t.Errorf("a frame of %d x %d with %d bytes was taken", f.Width, f.Height, len(f.Pix))
		}
	}
}
