package camera_test

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/internal/testfiles"
	"facegate/internal/testrtsp"
)

// jpegs are the pictures of a film.
func jpegs(t *testing.T, film facegate.Source) [][]byte {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", film.Reveal(), "-q:v", "3", filepath.Join(dir, "%04d.jpg")).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.jpg"))
	var all [][]byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

func TestMJPEG(t *testing.T) {
	pictures := jpegs(t, obamaWalks(t))
	for _, boundary := range []string{"frame", "--frame"} {
		t.Run("boundary="+boundary, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if user, pass, _ := r.BasicAuth(); user != "joe" || pass != "s3cret@word" || r.URL.Query().Get("token") != "s3cret" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
				for i := 0; i < 5*len(pictures); i++ {
					p := pictures[i%len(pictures)]
					switch i % 10 {
					case 3:
						p = p[:len(p)/2] // cut off
					case 7:
						p = []byte("no picture at all")
					}
					_, err := fmt.Fprintf(w, "--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", strings.TrimPrefix(boundary, "--"), len(p), p)
					if err != nil {
						return
					}
					w.(http.Flusher).Flush()
					time.Sleep(20 * time.Millisecond)
				}
			}))
			t.Cleanup(server.Close)
			h := newHouse(t)
			source := strings.Replace(server.URL, "http://", "http://joe:"+password+"@", 1) + "/video?token=s3cret"
			id := h.add(t, "yard", facegate.Source(source), facegate.CameraSettings{})
			h.awaitPerson(t, "obama")
			s := h.await(t, id, "past broken pictures", func(s facegate.CameraStatus) bool { return s.LastError != "" && s.State == facegate.CameraOnline })
			if !strings.Contains(s.LastError, "broken picture") {
				t.Errorf("%+v", s)
			}
			h.await(t, id, "trying again after the end", func(s facegate.CameraStatus) bool { return s.Retries > 0 && s.State == facegate.CameraOnline })
		})
	}
}

func TestHTTPSources(t *testing.T) {
	pictures := jpegs(t, film(t, 1, shown{Photo: "probes/obama1.jpg", From: -3, To: 4, Height: 300, Y: 30}))
	movie := obamaWalks(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/still.jpg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		w.Write(pictures[0])
	})
	mux.HandleFunc("/film.mp4", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, movie.Reveal()) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") })
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h := newHouse(t)
	seldom := h.add(t, "a picture every two seconds", facegate.Source(server.URL+"/still.jpg"), facegate.CameraSettings{FPS: 0.5})
	still := h.add(t, "a picture asked for again and again", facegate.Source(server.URL+"/still.jpg"), facegate.CameraSettings{})
	video := h.add(t, "a video file", facegate.Source(server.URL+"/film.mp4"), facegate.CameraSettings{})
	page := h.add(t, "a page", facegate.Source(server.URL+"/page"), facegate.CameraSettings{})
	nothing := h.add(t, "nothing", facegate.Source(server.URL+"/nothing"), facegate.CameraSettings{})
	silent := h.add(t, "silent", facegate.Source(server.URL+"/silent"), facegate.CameraSettings{})
	closed := h.add(t, "closed", "http://127.0.0.1:1/video", facegate.CameraSettings{})
	for _, id := range []string{still, video} {
		h.await(t, id, "online", func(s facegate.CameraStatus) bool { return s.Analysed >= 10 })
	}
	if s := h.await(t, seldom, "past two silences", func(s facegate.CameraStatus) bool { return s.Frames >= 3 }); s.Retries != 0 || s.State != facegate.CameraOnline {
		t.Errorf("%+v", s)
	}
	if strings.Contains(h.logged.String(), `camera="a picture every two seconds"`) {
		t.Errorf("it is said to be silent:\n%s", h.logged)
	}
	for id, want := range map[string]string{page: "text/html", nothing: "404", silent: "nothing came for 3s", closed: "connection refused"} {
		h.await(t, id, want, func(s facegate.CameraStatus) bool {
			return s.State == facegate.CameraRetrying && strings.Contains(s.LastError, want)
		})
	}
}

// Sources that fail in every way do not keep a good one from being looked at, nor
// from being opened, and are given up at once when their cameras are removed.
func TestBadCamerasSlowNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // accepts, and never answers
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range held {
					c.Close()
				}
				return
			}
			held = append(held, c)
		}
	}()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mp4")
	os.WriteFile(text, []byte(strings.Repeat("no video\n", 1000)), 0o644)
	whole, err := os.ReadFile(obamaWalks(t).Reveal())
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.mp4")
	os.WriteFile(cut, whole[:len(whole)/3], 0o644)

	server := testrtsp.Loop(t, obamaWalks(t).Reveal(), "", "")
	h := newHouse(t)
	var bad []string
	for i := range 3 {
		bad = append(bad, h.add(t, fmt.Sprint("hangs ", i), facegate.Source("rtsp://"+l.Addr().String()+"/x"), facegate.CameraSettings{}))
		bad = append(bad, h.add(t, fmt.Sprint("hangs over HTTP ", i), facegate.Source("http://"+l.Addr().String()+"/x"), facegate.CameraSettings{}))
	}
	for name, source := range map[string]facegate.Source{"text": facegate.Source(text), "cut": facegate.Source(cut), "missing": "/no/such/file.mp4",
		"device": "/dev/facegate-no-such-device", "refused": "rtsp://127.0.0.1:1/x", "empty folder": facegate.Source(t.TempDir())} {
		bad = append(bad, h.add(t, name, source, facegate.CameraSettings{}))
	}
	good := h.add(t, "good", facegate.Source(server.URL("")), facegate.CameraSettings{FPS: 5})
	h.awaitPerson(t, "obama")
	if s := h.awaitState(t, good, facegate.CameraOnline); s.Retries != 0 {
		t.Errorf("%+v", s)
	}
	for _, id := range bad {
		s := h.awaitState(t, id, facegate.CameraRetrying)
		if s.LastError == "" || s.Frames != 0 {
			t.Errorf("%+v", s)
		}
	}
	for _, id := range append(bad, good) {
		if err := h.Remove(context.Background(), id); err != nil {
			t.Error(err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"obama1.jpg", "johnsnow_test1.jpg", "obama_and_biden.jpg"} {
		data, err := os.ReadFile(filepath.Join(testfiles.Photos(t, "probes"), "probes", name))
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, fmt.Sprint(i, name)), data, 0o644)
	}
	os.WriteFile(filepath.Join(dir, "0broken.jpg"), []byte("no picture"), 0o644)
	os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no picture"), 0o644)
	sightings, _, status := look(t, facegate.Source(dir), facegate.CameraSettings{})
	if got := who(sightings); got != "match obama, match kit_harington, match biden, stranger 1" && got != "match obama, match kit_harington, stranger 1, match biden" {
		t.Errorf("seen: %s", got)
	}
	if status.Analysed != 3 || !strings.Contains(status.LastError, "0broken.jpg") {
		t.Errorf("%+v", status)
	}
}

func TestPushLiveAndPause(t *testing.T) {
	ctx := context.Background()
	pictures := jpegs(t, obamaWalks(t))
	h := newHouse(t)
	id := h.add(t, "webcam", "push:", facegate.CameraSettings{})
	if s := h.await(t, id, "waiting", func(s facegate.CameraStatus) bool { return s.Detail != "" }); s.State != facegate.CameraConnecting {
		t.Errorf("%+v", s)
	}
	if err := h.Push(ctx, id, []byte("no picture"), time.Now()); facegate.CodeOf(err) != facegate.CodeNotAnImage {
		t.Error(err)
	}
	watching, leave := context.WithCancel(ctx)
	live, err := h.Live(watching, id)
	if err != nil {
		t.Fatal(err)
	}
	views, err := h.Views(watching, id)
	if err != nil {
		t.Fatal(err)
	}
	named, framed := false, false
	for n := 0; !named || !framed; n++ {
		if n == 20*len(pictures) {
			t.Fatalf("named %v, live pictures %v", named, framed)
		}
		// As a browser does: the next picture when the one before was looked at. The
		// times are the browser's.
		if err := h.Push(ctx, id, pictures[n%len(pictures)], epoch.Add(time.Duration(n)*100*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		select {
		case v := <-views:
			for _, track := range v.Tracks {
				named = named || track.Person != nil && track.Person.Name == "obama" && track.SightingID != "" && v.Width == 640
			}
		case <-time.After(patience):
			t.Fatal("no view")
		}
		select {
		case picture := <-live:
			decoded, err := jpeg.Decode(bytes.NewReader(picture))
			if err != nil {
				t.Fatal(err)
			}
			framed = framed || decoded.Bounds().Dx() == 640
		default:
		}
	}
	if c, _ := h.Camera(ctx, id); c.Status.Viewers != 1 {
		t.Errorf("%d viewers", c.Status.Viewers)
	}
	leave()
	for range live { // closed soon
	}
	h.awaitPerson(t, "obama")
	if s, err := h.Pause(ctx, id, true); err != nil || s.Status.State != facegate.CameraPaused || !s.Paused {
		t.Error(s, err)
	}
	for _, s := range h.log.last() {
		if !s.Ended {
			t.Errorf("open on a paused camera: %+v", s)
		}
	}
	if err := h.Push(ctx, id, pictures[0], epoch.Add(time.Hour)); facegate.CodeOf(err) != facegate.CodeInvalid {
		t.Errorf("pushed while paused: %v", err)
	}
	if _, err := h.Pause(ctx, id, false); err != nil {
		t.Error(err)
	}
	if err := h.Push(ctx, id, pictures[0], epoch.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	h.awaitState(t, id, facegate.CameraOnline)
}

// Stills come when there is something to see: that none comes is no fault, and
// ends who was seen.
func TestStillsDoNotStall(t *testing.T) {
	ctx := context.Background()
	photo, err := os.ReadFile(filepath.Join(testfiles.Photos(t, "probes"), "probes", "obama1.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	id := h.add(t, "yard", "push:stills", facegate.CameraSettings{})
	if err := h.Push(ctx, id, photo, time.Now()); err != nil {
		t.Fatal(err)
	}
	h.awaitPerson(t, "obama")
	h.await(t, id, "over", func(facegate.CameraStatus) bool { return h.log.last()[0].Ended })
	if s := h.awaitState(t, id, facegate.CameraOnline); s.Dropped != 0 || strings.Contains(h.logged.String(), "sends no pictures") {
		t.Errorf("%+v\n%s", s, h.logged)
	}
}
