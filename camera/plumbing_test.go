package camera

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facegate"
)

func TestMailboxKeepsTheNewest(t *testing.T) {
	pool := &matPool{}
	lost := 0
	b := newMailbox(pool, func() { lost++ })
	put := func(seconds float64, due bool) { b.put(&picture{bgr: pool.get(), at: at(seconds), due: due}) }
	put(1, true)
	put(2, true)
	put(3, false)
	if p := b.take(context.Background()); !p.at.Equal(at(3)) || !p.due {
		t.Errorf("took %v, due %v", p.at, p.due)
	} else {
		pool.put(p.bgr)
	}
	if lost != 2 {
		t.Errorf("%d lost", lost)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if b.take(done) != nil {
		t.Error("took from an empty box")
	}
	// Who waits for room gets in once the box is empty, or not at all.
	put(4, true)
	if err := b.putWait(done, &picture{bgr: pool.get()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	in := make(chan error)
	go func() {
		in <- b.putWait(context.Background(), &picture{bgr: pool.get(), at: at(5)})
	}()
	for i := 4; i <= 5; i++ {
		p := b.take(context.Background())
		if !p.at.Equal(at(float64(i))) {
			t.Errorf("took %v", p.at)
		}
		pool.put(p.bgr)
	}
	if err := <-in; err != nil {
		t.Error(err)
	}
	put(6, true)
	b.close()
	put(7, true) // a reader that was given up
	if len(b.full) != 0 || b.item != nil {
		t.Error("a closed box holds something")
	}
	pool.close()
	if n := len(pool.free); n != 0 {
		t.Errorf("%d matrices are kept", n)
	}
}

func TestBroadcast(t *testing.T) {
	var b broadcast[int]
	ctx, cancel := context.WithCancel(context.Background())
	c := b.listen(ctx)
	other := b.listen(context.Background())
	b.send(1)
	b.send(2)
	if v := <-c; v != 2 {
		t.Errorf("got %d, not the newest", v)
	}
	cancel()
	if _, open := <-c; open {
		t.Error("still open")
	}
	b.close()
	if v := <-other; v != 2 {
		t.Errorf("got %d", v)
	}
	if _, open := <-other; open {
		t.Error("still open")
	}
	if _, open := <-b.listen(context.Background()); open {
		t.Error("a closed broadcast takes listeners")
	}
	b.send(3)
}

func TestBackoff(t *testing.T) {
	c := Config{RetryFirst: time.Second, RetryMost: time.Minute}
	for n, want := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 3: 8 * time.Second, 6: time.Minute, 29: time.Minute, 30: time.Minute, 1000: time.Minute} {
		if got := c.backoff(n, 1); got != want {
			t.Errorf("attempt %d: at most %v, want %v", n, got, want)
		}
		if got := c.backoff(n, 0); got != want/2 {
			t.Errorf("attempt %d: at least %v, want %v", n, got, want/2)
		}
	}
}

func TestRate(t *testing.T) {
	var r rate
	for i := range 300 {
		r.add(at(float64(i) / 25))
	}
	if got := r.perSecond(at(12)); got < 24 || got > 26 {
		t.Errorf("25 a second are counted as %v", got)
	}
	if got := r.perSecond(at(14)); got < 10 || got > 16 {
		t.Errorf("two seconds later: %v", got)
	}
	if got := r.perSecond(at(60)); got != 0 {
		t.Errorf("a minute later: %v", got)
	}
}

func TestGauge(t *testing.T) {
	now := at(0)
	g := gauge{now: func() time.Time { return now }}
	g.be(facegate.CameraConnecting, "")
	if g.stalled() {
		t.Error("a camera that never was online is stalled")
	}
	now = at(1)
	g.frame()
	if s := g.status(); s.State != facegate.CameraOnline || !s.Since.Equal(at(1)) || s.Frames != 1 || !s.LastFrameAt.Equal(at(1)) {
		t.Errorf("%+v", s)
	}
	now = at(9)
	if !g.stalled() || g.stalled() {
		t.Error("stalls once")
	}
	now = at(10)
	g.frame()
	g.failed("it broke")
	if s := g.status(); s.State != facegate.CameraOnline || s.LastError != "it broke" || !s.LastErrorAt.Equal(at(10)) || s.Detail != "" {
		t.Errorf("%+v", s)
	}
}

func TestQuietHidesSecrets(t *testing.T) {
	for _, c := range []struct{ source, said string }{
		{"rtsp://joe:hush@cam/1", "cannot open rtsp://joe:hush@cam/1: 401"},
		{"rtsp://joe:hu%40sh@cam/1", "user joe, password hu@sh"},
		{"rtsp://joe:hu%40sh@cam/1", "user joe, password hu%40sh"},
		{"rtsp://joe:hu%4Fsh%2fx@cam/1", "cannot open joe:hu%4Fsh%2fx@cam"},
		{"http://cam/v?token=hush", "GET /v?token=hush: 404"},
		{"http://cam/v?token=hush", strings.Repeat("x", 1000) + "hush"},
	} {
		got := quiet(errors.New(c.said), facegate.Source(c.source))
		for _, secret := range []string{"hush", "hu@sh", "hu%40sh", "hu%4F"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s: %s", c.source, got)
			}
		}
		if len(got) > 310 {
			t.Errorf("%d bytes", len(got))
		}
	}
}

func TestTidyRefuses(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	triangle := [][2]float64{{0, 0}, {1, 0}, {1, 1}}
	for _, c := range []struct {
		name   string
		change func(*facegate.Camera)
		ok     bool
	}{
		{"as it is", func(*facegate.Camera) {}, true},
		{"spaces around", func(c *facegate.Camera) { c.Name, c.Source = " door ", " rtsp://cam/1 " }, true},
		{"no name", func(c *facegate.Camera) { c.Name = " " }, false},
		{"a long name", func(c *facegate.Camera) { c.Name = strings.Repeat("x", 101) }, false},
		{"a line in the name", func(c *facegate.Camera) { c.Name = "a\nb" }, false},
		{"no source", func(c *facegate.Camera) { c.Source = "" }, false},
		{"a hidden password", func(c *facegate.Camera) { c.Source = "rtsp://joe:***@cam/1" }, false},
		{"an unknown kind", func(c *facegate.Camera) { c.Source = "ftp://cam/1" }, false},
		{"no host", func(c *facegate.Camera) { c.Source = "rtsp:///1" }, false},
		{"udp", func(c *facegate.Camera) { c.Transport = "udp" }, true},
		{"another transport", func(c *facegate.Camera) { c.Transport = "pigeon" }, false},
		{"another pace", func(c *facegate.Camera) { c.Pace = "slow" }, false},
		{"too many looks", func(c *facegate.Camera) { c.FPS = 61 }, false},
		{"fewer than none", func(c *facegate.Camera) { c.FPS = -1 }, false},
		{"a negative face", func(c *facegate.Camera) { c.MinFace = -1 }, false},
		{"no cool-down", func(c *facegate.Camera) { c.Cooldown = number(0) }, true},
		{"a long cool-down", func(c *facegate.Camera) { c.Cooldown = number(1e6) }, false},
		{"liveness beyond 1", func(c *facegate.Camera) { c.Liveness = number(1.1) }, false},
		{"a zone", func(c *facegate.Camera) { c.Zones = []facegate.Zone{{Mode: facegate.Mask, Points: triangle}} }, true},
		{"a zone of no kind", func(c *facegate.Camera) { c.Zones = []facegate.Zone{{Points: triangle}} }, false},
		{"a zone of two points", func(c *facegate.Camera) { c.Zones = []facegate.Zone{{Mode: facegate.Mask, Points: triangle[:2]}} }, false},
		{"a zone in pixels", func(c *facegate.Camera) {
			c.Zones = []facegate.Zone{{Mode: facegate.Mask, Points: [][2]float64{{0, 0}, {640, 0}, {1, 1}}}}
		}, false},
		{"a schedule", func(c *facegate.Camera) {
			c.Schedule = []facegate.Window{{Days: []string{"mon"}, From: "08:00", To: "24:00"}}
		}, true},
		{"no day", func(c *facegate.Camera) {
			c.Schedule = []facegate.Window{{Days: []string{"moon"}, From: "08:00", To: "24:00"}}
		}, false},
		{"no time", func(c *facegate.Camera) { c.Schedule = []facegate.Window{{From: "8", To: "24:00"}} }, false},
	} {
		camera := facegate.Camera{Name: "door", Source: "rtsp://cam/1"}
		c.change(&camera)
		err := tidy(&camera)
		if (err == nil) != c.ok || err != nil && facegate.CodeOf(err) != facegate.CodeInvalid {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.ok && (camera.Name != "door" || camera.Source != "rtsp://cam/1") {
			t.Errorf("%s: %q %q", c.name, camera.Name, camera.Source.Reveal())
		}
	}
}

// largePNG is the header of a PNG of 60000 x 60000 pixels.
func largePNG() []byte {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x02\x00\x00\x00")
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), header...)
	return binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(header))
}

func TestCheckPicture(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		code facegate.Code
	}{
		{"nothing", nil, facegate.CodeEmpty},
		{"text", []byte("hello"), facegate.CodeNotAnImage},
		{"a large file", make([]byte, maxPictureBytes+1), facegate.CodeTooLarge},
		{"a PNG of 60000 x 60000", largePNG(), facegate.CodeTooLarge},
	} {
		if got := facegate.CodeOf(checkPicture(c.data)); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

// drawn is a picture with a bright square.
func drawn(w, h int, squares ...image.Rectangle) gocv.Mat {
	m := gocv.NewMatWithSize(h, w, gocv.MatTypeCV8UC3)
	pixels, _ := m.DataPtrUint8()
	c := &canvas{pixels, w, h}
	c.fill(c.Bounds(), color.RGBA{60, 60, 60, 255})
	for _, s := range squares {
		c.fill(s, color.RGBA{220, 200, 180, 255})
	}
	return m
}

func TestMotionGate(t *testing.T) {
	g := newGlance()
	defer g.close()
	see := func(seconds float64, squares ...image.Rectangle) bool {
		m := drawn(640, 360, squares...)
		defer m.Close()
		g.take(&m)
		return g.movement(at(seconds))
	}
	still := image.Rect(100, 100, 200, 200)
	if !see(0, still) {
		t.Error("the first picture is not looked at")
	}
	for i := 1; i < 100; i++ {
		now := float64(i) / 10
		if got := see(now, still); got != (now <= alertFor.Seconds()) {
			t.Fatalf("after %v s without movement: %v", now, got)
		}
	}
	if !see(12.1, still) {
		t.Error("nobody looks, ever")
	}
	if see(12.2, still) {
		t.Error("still looking")
	}
	if !see(12.3, still, image.Rect(400, 100, 430, 130)) {
		t.Error("somebody small came unseen")
	}
}

func TestCut(t *testing.T) {
	g := newGlance()
	defer g.close()
	now, after, alone := 0.0, 0.1, false
	see := func(squares ...image.Rectangle) bool {
		m := drawn(640, 360, squares...)
		defer m.Close()
		g.take(&m)
		now += after
		return g.cut(at(now), alone)
	}
	left, right := image.Rect(40, 40, 300, 300), image.Rect(340, 40, 600, 300)
	for _, c := range []struct {
		name    string
		squares []image.Rectangle
		want    bool
	}{
		{"the first picture", []image.Rectangle{left}, false},
		{"the same", []image.Rectangle{left}, false},
		{"a step to the side", []image.Rectangle{left.Add(image.Pt(40, 0))}, false},
		{"another scene", []image.Rectangle{right}, true},
		{"the same again", []image.Rectangle{right}, false},
		{"a plain picture tells nothing", nil, false},
		{"and after it", []image.Rectangle{left}, false},
	} {
		if got := see(c.squares...); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	after = 0.5
	if see(right) {
		t.Error("half a second later there is no telling")
	}
	alone = true
	if !see(left) {
		t.Error("a picture on its own shows something else")
	}
}

func TestAnnotate(t *testing.T) {
	m := drawn(640, 360)
	defer m.Close()
	view := facegate.CameraView{Width: 1280, Height: 720, Tracks: []facegate.TrackView{
		{Box: facegate.Box{X: 200, Y: 200, Width: 200, Height: 240}, Decided: true, Decision: facegate.Match, Person: &facegate.PersonRef{Name: "Zoë Ünal"}, Similarity: 0.9},
		{Box: facegate.Box{X: -50, Y: -50, Width: 200, Height: 240}, Decided: true, Decision: facegate.Unknown, UnknownID: "abc"},
		{Box: facegate.Box{X: 1200, Y: 700, Width: 200, Height: 240}},
	}}
	if err := annotate(&m, view); err != nil {
		t.Fatal(err)
	}
	pixels, _ := m.DataPtrUint8()
	c := &canvas{pixels, 640, 360}
	if got := c.At(100, 150); got != matchColour {
		t.Errorf("the box's side is %v", got)
	}
	white := 0
	for x := 100; x < 220; x++ {
		for y := 80; y < 100; y++ {
			if c.At(x, y) == (color.RGBA{255, 255, 255, 255}) {
				white++
			}
		}
	}
	if white < 20 {
		t.Errorf("%d white pixels where the name should be", white)
	}
	jpeg, err := liveJPEG(&m, view)
	if err != nil || checkPicture(jpeg) != nil {
		t.Error(err)
	}
}
