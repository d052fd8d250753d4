package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testbroker"
	"facegate/internal/testfiles"
)

// A walker is a photo that moves through the picture, from one second to another.
type walker struct {
	photo     string
	from, to  float64
	height, y int // px
	leftward  bool
}

// film makes a video of 640x360 in which people walk by, at 25 pictures a second.
func film(t *testing.T, seconds float64, walkers ...walker) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("facegate: needs ffmpeg")
	}
	args := []string{"-v", "error", "-y", "-threads", "1"}
	filter := fmt.Sprintf("gradients=s=640x360:r=25:d=%g:c0=0x405060:c1=0x706050:x0=0:y0=0:x1=640:y1=360:speed=0.00001[b0]", seconds)
	for i, w := range walkers {
		args = append(args, "-loop", "1", "-framerate", "25", "-t", fmt.Sprint(seconds), "-i", filepath.Join(testfiles.Photos(t, w.photo), w.photo))
		along := fmt.Sprintf("(t-%g)/%g", w.from, w.to-w.from)
		if w.leftward {
			along = "1-" + along
		}
		filter += fmt.Sprintf(";[%d]scale=-2:%d[p%d];[b%d][p%d]overlay=x='-w+(W+w)*(%s)':y=%d:enable='between(t,%g,%g)'[b%d]",
			i, w.height, i, i, i, along, w.y, w.from, w.to, i+1)
	}
	file := filepath.Join(t.TempDir(), "film.mp4")
	args = append(args, "-filter_complex", filter, "-map", fmt.Sprintf("[b%d]", len(walkers)), "-t", fmt.Sprint(seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", file)
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return file
}

// evening is a film, and who is seen in it, in any order: without a cool-down each
// walk is a sighting.
func evening(t *testing.T) (file string, want []string) {
	stranger := "lfw-dev/Aaron_Patterson/Aaron_Patterson_0001.jpg"
	file = film(t, 23,
		walker{photo: "probes/obama1.jpg", from: 0.5, to: 4.5, height: 300, y: 30},
		walker{photo: "probes/obama1.jpg", from: 5.5, to: 11.5, height: 200, y: 0},
		walker{photo: "probes/johnsnow_test1.jpg", from: 5.5, to: 11.5, height: 170, y: 190, leftward: true},
		walker{photo: stranger, from: 12.5, to: 16.5, height: 300, y: 30},
		walker{photo: stranger, from: 18, to: 22, height: 300, y: 30})
	return file, []string{"kit_harington", "obama", "obama", "stranger", "stranger"}
}

// A retold is the sightings that came some way, each as it came last.
type retold struct {
	t     *testing.T
	order []string // of first reports
	last  map[string]facegate.SightingRecord
}

func (a *retold) add(payload []byte) {
	a.t.Helper()
	var s facegate.SightingRecord
	if err := json.Unmarshal(payload, &s); err != nil || s.ID == "" {
		a.t.Fatalf("%v in %s", err, payload)
	}
	if a.last == nil {
		a.last = map[string]facegate.SightingRecord{}
	}
	old, there := a.last[s.ID]
	if !there {
		a.order = append(a.order, s.ID)
	}
	if s.Revision >= old.Revision { // what comes twice may come late
		a.last[s.ID] = s
	}
}

// who is whom the sightings show, sorted; all of them ended, and strangers one.
func (a *retold) who() (all []string, ended bool) {
	strangers := map[string]bool{}
	ended = true
	for _, s := range a.last {
		switch {
		case s.Person != nil:
			all = append(all, s.Person.Name)
		case s.UnknownID != "":
			all = append(all, "stranger")
			strangers[s.UnknownID] = true
		default:
			all = append(all, string(s.Decision))
		}
		ended = ended && s.Ended
	}
	if len(strangers) > 1 {
		a.t.Errorf("the stranger has %d ids", len(strangers))
	}
	slices.Sort(all)
	return all, ended
}

// log tells, where the test has failed, what came.
func (a *retold) log(way string) {
	if !a.t.Failed() {
		return
	}
	for _, id := range a.order {
		s := a.last[id]
		a.t.Logf("%s: %s r%d %s ended %v, %s %v %s, distance %.2f, evidence %d, quality %.2f, %s to %s", way, s.Camera.Name, s.Revision, id[:8], s.Ended,
			s.Decision, s.Person, s.UnknownID, s.Distance, s.Evidence, s.Quality, s.FirstSeen.Format("05.0"), s.LastSeen.Format("05.0"))
	}
}

// A hook is a webhook's receiver that fails every third time.
type hook struct {
	t      *testing.T
	secret string

	mu       sync.Mutex
	posts    int
	accepted [][]byte
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	seconds, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Facegate-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(h.secret))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	if got, err := hex.DecodeString(signature); err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		h.t.Error("a wrong signature")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.posts++; h.posts%3 == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var post struct{ Sighting json.RawMessage }
	if err := json.Unmarshal(body, &post); err != nil {
		h.t.Error(err)
	}
	h.accepted = append(h.accepted, post.Sighting)
}

func (h *hook) tally() *retold {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := &retold{t: h.t}
	for _, s := range h.accepted {
		a.add(s)
	}
	return a
}

// serve receives on the address until the test ends.
func (h *hook) serve(address string) {
	h.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }()
	h.t.Cleanup(func() { _ = server.Close() })
}

// heard is what came on a camera's topic.
func heard(t *testing.T, sub *testbroker.Subscriber, topic string) *retold {
	a := &retold{t: t}
	for _, m := range sub.Messages(topic) {
		if m.Topic == topic {
			a.add([]byte(m.Payload))
		}
	}
	return a
}

// A streamed is the events of a server, from the first sighting on.
type streamed struct {
	mu       sync.Mutex
	payloads [][]byte
}

func (s *server) stream() *streamed {
	s.t.Helper()
	resp, err := http.Get(s.url + "/v1/sightings/stream?after=0")
	if err != nil || resp.StatusCode != 200 {
		s.t.Fatal(resp, err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	e := &streamed{}
	go func() {
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		kind := ""
		for lines.Scan() {
			if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				kind = k
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind == "sighting" {
				e.mu.Lock()
				e.payloads = append(e.payloads, []byte(data))
				e.mu.Unlock()
			}
		}
	}()
	return e
}

func (e *streamed) tally(t *testing.T) *retold {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &retold{t: t}
	for _, p := range e.payloads {
		a.add(p)
	}
	return a
}

// api sends JSON and decodes the answer into v, unless it is nil.
func (s *server) api(method, path, body string, v any) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s (%v)", method, path, resp.Status, answer, err)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			s.t.Fatal(err)
		}
	}
}

// play has a server look at a film, and waits for its end.
func (s *server) play(name, file string) string {
	s.t.Helper()
	var c facegate.CameraInfo
	s.api("POST", "/v1/cameras", fmt.Sprintf(`{"name":%q,"source":%q,"pace":"fast","cooldown_seconds":0}`, name, file), &c)
	testbroker.Until(s.t, "the film ends", func() bool {
		s.api("GET", "/v1/cameras/"+c.ID, "", &c)
		return c.Status.State == facegate.CameraEnded
	})
	if c.Status.Unreported > 0 || c.Status.Dropped > 0 {
		s.t.Errorf("%+v", c.Status)
	}
	return c.ID
}

// Who walks by is told, exactly, by MQTT, to a webhook that fails every third
// time, and in the stream of events.
func TestProgramTellsWhoWalksBy(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	file, want := evening(t)
	broker := testbroker.Start(t)
	receiver := &hook{t: t, secret: "a secret of theirs"}
	address := testbroker.FreeAddress(t)
	receiver.serve(address)
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	s := u.serve("--mqtt-url="+broker.URL(), "--webhook=http://"+address+"/hook", "--webhook-secret="+receiver.secret)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#", "homeassistant/#")
	events := s.stream()
	camera := s.play("front door", file)

	for way, tally := range map[string]func() *retold{
		"MQTT":    func() *retold { return heard(t, sub, "facegate/cameras/front_door") },
		"webhook": receiver.tally,
		"events":  func() *retold { return events.tally(t) },
	} {
		t.Cleanup(func() { tally().log(way) })
		testbroker.Until(t, "all has come by "+way, func() bool {
			all, ended := tally().who()
			return ended && len(all) >= len(want)
		})
		if got, _ := tally().who(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", way, got, want)
		}
	}
	testbroker.Until(t, "nobody is there", func() bool { return sub.Last("facegate/cameras/front_door/person") == "0" })
	for topic, n := range map[string]int{"facegate/matches/obama": 2, "facegate/matches/kit_harington": 1, "facegate/matches/": 3, "facegate/unknown": 2} {
		if got := len(sub.Messages(topic)); got != n {
			t.Errorf("%d messages on %s, want %d", got, topic, n)
		}
	}
	if c := sub.Last("homeassistant/sensor/facegate_camera_" + camera + "/config"); !strings.Contains(c, `"facegate/cameras/front_door/person"`) {
		t.Errorf("the camera's sensor: %q", c)
	}

	// The stranger gets a name: their sightings change, and they are known.
	var page struct{ Unknowns []facegate.Stranger }
	s.api("GET", "/v1/unknowns", "", &page)
	if len(page.Unknowns) != 1 || page.Unknowns[0].Sightings != 2 {
		t.Fatalf("%+v", page)
	}
	s.api("POST", "/v1/unknowns/"+page.Unknowns[0].ID+"/name", `{"name":"Aaron"}`, nil)
	testbroker.Until(t, "the sightings are Aaron's", func() bool {
		got, _ := events.tally(t).who()
		return slices.Equal(got, []string{"Aaron", "Aaron", "kit_harington", "obama", "obama"})
	})
	testbroker.Until(t, "the receiver knows too", func() bool {
		got, _ := receiver.tally().who()
		return slices.Equal(got, []string{"Aaron", "Aaron", "kit_harington", "obama", "obama"})
	})
	r := s.identify(read(t, filepath.Join(photos, "lfw-dev", "Aaron_Patterson", "Aaron_Patterson_0001.jpg")))
	if len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Match || r.Faces[0].Candidates[0].Person.Name != "Aaron" {
		t.Errorf("%+v", r)
	}
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
	testbroker.Until(t, "it says that it is offline", func() bool { return sub.Last("facegate/available") == "offline" })
}

// Nothing is lost where everything is: the broker is killed, the receiver is
// down, and then the program is killed too, with somebody before a camera.
func TestProgramKilledLosesNoSighting(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	file, want := evening(t)
	want = append(want, "obama") // before the webcam
	slices.Sort(want)
	broker := testbroker.Start(t)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#")
	broker.Save()
	receiver := &hook{t: t, secret: "a secret of theirs"}
	address := testbroker.FreeAddress(t)
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	settings := []string{"--mqtt-url=" + broker.URL(), "--webhook=http://" + address + "/hook", "--webhook-secret=" + receiver.secret}
	s := u.serve(settings...)
	testbroker.Until(t, "it is online", func() bool { return sub.Last("facegate/available") == "online" })
	broker.Kill()
	camera := s.play("door", file)
	s.api("POST", "/v1/cameras/"+camera+"/pause", "", nil) // else the film begins anew with the program
	var webcam facegate.CameraInfo
	s.api("POST", "/v1/cameras", `{"name":"webcam","source":"push:"}`, &webcam)
	photo := read(t, filepath.Join(photos, "probes", "obama1.jpg"))
	var page facegate.SightingPage
	testbroker.Until(t, "somebody is before the webcam", func() bool {
		resp, err := http.Post(s.url+"/v1/cameras/"+webcam.ID+"/push", "image/jpeg", bytes.NewReader(photo))
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
		s.api("GET", "/v1/sightings?open=true&camera=webcam", "", &page)
		return page.Total == 1
	})
	s.end(syscall.SIGKILL)

	broker.Restart()
	receiver.serve(address)
	s = u.serve(settings...)
	events := s.stream()
	both := func(topic func(string) *retold) *retold {
		a := topic("facegate/cameras/door")
		for _, s := range topic("facegate/cameras/webcam").last {
			payload, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			a.add(payload)
		}
		return a
	}
	for way, tally := range map[string]func() *retold{
		"MQTT":    func() *retold { return both(func(topic string) *retold { return heard(t, sub, topic) }) },
		"webhook": receiver.tally,
		"events":  func() *retold { return events.tally(t) },
	} {
		t.Cleanup(func() { tally().log(way) })
		testbroker.Until(t, "all has come by "+way, func() bool {
			all, ended := tally().who()
			return ended && len(all) >= len(want)
		})
		if got, _ := tally().who(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", way, got, want)
		}
	}
	// In the order in which they were reported, which every way keeps; who was left
	// before the webcam came last.
	posted := receiver.tally().order
	if got := heard(t, sub, "facegate/cameras/door").order; !slices.Equal(got, posted[:len(posted)-1]) ||
		receiver.tally().last[posted[len(posted)-1]].Camera.Name != "webcam" {
		t.Errorf("posted in the order %v, published in the order %v", posted, got)
	}
	late := testbroker.Subscribe(t, broker.URL(), nil, "facegate/available", "facegate/cameras/+/person")
	testbroker.Until(t, "whoever was away learns how it is", func() bool {
		return late.Last("facegate/available") == "online" && late.Last("facegate/cameras/webcam/person") == "0" && late.Last("facegate/cameras/door/person") == "0"
	})
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
}
