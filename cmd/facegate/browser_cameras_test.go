package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"facegate"
	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// TestBrowserCameras is [TestBrowser] for the pages about cameras, on a server and
// a browser of its own. The webcam sees Obama.
func TestBrowserCameras(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("facegate: needs the built console (make build)")
	}
	chromium := needProgram(t, "chromium")
	ffmpeg := needProgram(t, "ffmpeg")
	v := &visit{photos: photos, server: u.serve(), dir: u.dir}
	v.getUntil(t, "/readyz")
	v.chromium = startChromium(t, chromium, webcamVideo(t, ffmpeg, v.probe("obama1.jpg")))
	for _, scenario := range []struct {
		name string
		run  func(*testing.T, *visit)
	}{
		{"the webcam becomes a camera, and its stranger gets a name", nameStrangerBeforeWebcam},
		{"zones are drawn", drawZones},
		{"a camera is added, changed, paused and removed", administerCamera},
		{"strangers are merged, split and named as somebody enrolled", mergeStrangers},
		{"pages of cameras, wide and narrow, light and dark", cameraPages},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			v.erasePeople(t)
			for _, c := range v.cameras(t) {
				v.request(t, http.MethodDelete, "/v1/cameras/"+c.ID, "", nil)
			}
			for _, s := range get[facegate.SightingPage](t, v, "/v1/sightings").Sightings {
				v.request(t, http.MethodDelete, "/v1/sightings/"+s.ID, "", nil)
			}
			scenario.run(t, v)
		})
	}
	if err := chromedp.Cancel(v.chromium); err != nil {
		t.Errorf("chromium: %v", err)
	}
	if code := v.server.end(syscall.SIGTERM); code != exitOK || strings.Contains(v.server.stderr.String(), "level=ERROR") {
		t.Errorf("exit code %d; the server's log:\n%s", code, v.server.stderr.String())
	}
}

func (v *visit) cameras(t *testing.T) []facegate.CameraInfo {
	t.Helper()
	return get[struct{ Cameras []facegate.CameraInfo }](t, v, "/v1/cameras").Cameras
}

// show pushes a photo to a new camera until somebody was seen there, and removes
// the camera, which ends the sighting.
func (v *visit) show(t *testing.T, camera string, photo string) {
	t.Helper()
	var c facegate.CameraInfo
	v.server.api("POST", "/v1/cameras", `{"name":"`+camera+`","source":"push:"}`, &c)
	data := read(t, photo)
	for end := time.Now().Add(patience); ; {
		if status, answer := v.request(t, http.MethodPost, "/v1/cameras/"+c.ID+"/push", "image/jpeg", bytes.NewReader(data)); status != http.StatusNoContent {
			t.Fatalf("push: %d %s", status, answer)
		}
		if get[facegate.SightingPage](t, v, "/v1/sightings?camera="+c.ID).Total > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nobody is seen in %s", photo)
		}
	}
	v.server.api("DELETE", "/v1/cameras/"+c.ID, "", nil)
}

func nameStrangerBeforeWebcam(t *testing.T, v *visit) {
	sightings := v.open(t, "sightings")
	sightings.until("it listens", `one('sightings-total').dataset.live === 'true' && one('sightings-total').dataset.total === '0'`)

	camera := v.open(t, "cameras")
	camera.click("camera-webcam")
	camera.click("webcam-feed-start")
	camera.until("pictures are sent", `Number(one('webcam-feed').dataset.sent) > 2`)
	camera.until("the live view shows them", `one('camera-live').dataset.state === 'online' && one('camera-live').querySelector('img').naturalWidth > 0`)

	// Without a touch the other page shows who is there.
	sightings.until("a stranger is seen", `one('sighting')?.dataset.decision === 'unknown' && one('sighting').querySelector('img')?.naturalWidth > 0`)
	sightings.click("sighting-name")
	sightings.enter("name-input", "Barack Obama")
	sightings.enter("name-consent", "test")
	sightings.click("name-save")
	sightings.until("the sighting has the name", `one('sighting').dataset.name === 'Barack Obama' && one('sighting').dataset.decision === 'match'`)
	p := v.onlyPerson(t)
	if p.Name != "Barack Obama" || p.SampleCount == 0 || p.Consent.Basis != "test" {
		t.Errorf("%+v", p)
	}
	if decision, name := v.whoIs(t, v.probe("obama3.jpg")); decision != facegate.Match || name != "Barack Obama" {
		t.Errorf("%s %s", decision, name)
	}

	sightings.do("open the sighting", chromedp.Click(chromedp.CSS(`[data-testid="sighting"] button.open`)))
	sightings.until("its picture is shown, with a box", `document.querySelector('dialog img')?.naturalWidth > 0 && document.querySelector('dialog rect')`)
	// The camera goes on reporting, and the page may be asking for a new picture.
	sightings.tolerate("status of 404 (Not Found) " + v.server.url + "/v1/sightings/")
	sightings.click("sighting-delete")
	sightings.click("sighting-delete")
	sightings.until("it is gone", `all('sighting').length === 0 || !document.querySelector('dialog')`)
	camera.click("webcam-feed-stop")
	camera.until("the webcam is off", `one('webcam-feed').dataset.phase === 'off'`)
}

func drawZones(t *testing.T, v *visit) {
	v.server.api("POST", "/v1/cameras", `{"name":"yard","source":"push:"}`, nil)
	p := v.open(t, "cameras/"+v.cameras(t)[0].ID)
	p.click("zones-edit")
	p.click("zone-add")
	p.until("it has corners", `all('zone-corner').length === 4`)
	p.eval("take a corner", `one('zone-corner').focus()`)
	for range 30 { // far over the border
		p.eval("move it to the left", `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))`)
	}
	p.eval("add a corner", `document.querySelector('circle.between').dispatchEvent(new MouseEvent('click', { bubbles: true }))`)
	p.until("there is one more", `all('zone-corner').length === 5`)
	p.click("zone-add")
	p.eval("make it a mask", `((s) => { s.value = 'mask'; s.dispatchEvent(new Event('change', { bubbles: true })) })(all('zone-mode')[1])`)
	p.click("zone-save")
	p.until("both are shown", `all('zone-corner').length === 0 && all('zone').length === 2 && all('zone')[1].dataset.mode === 'mask'`)
	zones := v.cameras(t)[0].Zones
	if len(zones) != 2 || len(zones[0].Points) != 5 || zones[0].Mode != facegate.Include || zones[1].Mode != facegate.Mask || zones[0].Points[0] != [2]float64{0, 0.25} {
		t.Errorf("%+v", zones)
	}
}

func administerCamera(t *testing.T, v *visit) {
	p := v.open(t, "cameras")
	p.click("camera-add")
	p.enter("camera-name", "gate")
	p.enter("camera-source", "gopher://nowhere")
	p.expect("status of 400")
	p.click("camera-save")
	p.until("it says why not", `one('problem')`)
	p.enter("camera-source", "rtsp://viewer:s3cret-word@127.0.0.1:1/live")
	p.click("camera-save")
	p.until("its page says that it fails", `one('camera-live')?.dataset.state === 'retrying'`)
	if text := ask[string](p, "document.body.innerText + document.body.innerHTML"); strings.Contains(text, "s3cret") || !strings.Contains(text, "viewer:***@") {
		t.Error("the page tells the password, or nothing")
	}
	p.click("camera-pause")
	p.until("it is paused", `one('camera-live').dataset.state === 'paused'`)
	p.click("camera-edit")
	p.enter("camera-name", "garden gate")
	p.click("camera-save")
	p.until("it has the new name", `document.querySelector('main h1').textContent === 'garden gate'`)
	if c := v.cameras(t); len(c) != 1 || c[0].Name != "garden gate" || !c[0].Paused {
		t.Errorf("%+v", c)
	}
	p.click("camera-remove")
	p.click("confirm-delete")
	p.until("the list is empty", `document.querySelector('main h1').textContent === 'Cameras' && all('camera-row').length === 0`)
	if c := v.cameras(t); len(c) != 0 {
		t.Errorf("%+v", c)
	}
}

func mergeStrangers(t *testing.T, v *visit) {
	v.show(t, "door", v.probe("obama1.jpg"))
	v.show(t, "yard", v.person("rose_leslie", "img1.jpg"))
	p := v.open(t, "strangers")
	p.until("there are two", `one('strangers-total')?.dataset.total === '2' && all('stranger').every((s) => s.querySelector('img').naturalWidth > 0)`)
	p.eval("choose both", `all('stranger-choose').forEach((box) => box.click())`)
	p.click("strangers-merge")
	p.until("there is one", `one('strangers-total').dataset.total === '1' && one('stranger').dataset.sightings === '2'`)

	p.do("look at the sightings", chromedp.Click(chromedp.CSS(`[data-testid="stranger"] a`)))
	p.until("both are there", `one('sightings-total')?.dataset.total === '2' && all('sighting').length === 2`)
	p.eval("tick one", `one('sighting').querySelector('input[type=checkbox]').click()`)
	p.click("stranger-split")
	p.until("one is left", `one('sightings-total').dataset.total === '1'`)
	if s := get[facegate.StrangerPage](t, v, "/v1/unknowns"); s.Total != 2 {
		t.Errorf("%+v", s)
	}

	// Somebody who is enrolled already.
	obama := v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	p = v.open(t, "strangers")
	p.until("there are two", `all('stranger').length === 2`)
	p.eval("name the first", `one('stranger-name').click()`)
	p.enter("name-input", "barack obama")
	p.click("name-save")
	p.until("it says that he is enrolled", `one('name-save').innerText.includes('It is Barack Obama')`)
	p.click("name-save")
	p.until("one is left", `one('strangers-total').dataset.total === '1'`)
	if got := v.onlyPerson(t); got.ID != obama.ID || got.SampleCount < 2 {
		t.Errorf("%+v", got)
	}
	p.eval("erase the other", `one('stranger-delete').click()`)
	p.click("confirm-delete")
	p.until("none is left", `one('strangers-total').dataset.total === '0'`)
	if s := get[facegate.SightingPage](t, v, "/v1/sightings"); s.Total != 1 {
		t.Errorf("%+v", s)
	}
}

// cameraPages looks at every page, as full as it gets; see [page.look].
func cameraPages(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	v.show(t, "front door", v.probe("obama1.jpg"))
	v.show(t, "yard", v.person("rose_leslie", "img1.jpg"))
	v.server.api("POST", "/v1/cameras", `{"name":"gate","source":"rtsp://viewer:s3cret-word@127.0.0.1:1/a/rather/long/path/to/its/main/stream",
		"zones":[{"name":"way","mode":"include","points":[[0.1,0.1],[0.9,0.2],[0.5,0.9]]}],"schedule":[{"from":"00:00","to":"24:00"}]}`, nil)
	p := v.open(t, "cameras")
	p.until("the camera is listed", `one('camera-row')`)
	p.look("cameras")
	p.click("camera-add")
	p.eval("show all settings", `document.querySelector('details').open = true`)
	p.look("cameras, adding")

	p.follow("#/cameras/"+v.cameras(t)[0].ID, "gate")
	p.look("camera")
	p.click("zones-edit")
	p.look("camera, zones")
	p.click("camera-edit")
	p.eval("show all settings", `document.querySelector('details').open = true`)
	p.look("camera, settings")

	p.follow("#/sightings", "Sightings")
	p.until("the sightings are there", `all('sighting').length === 2 && all('sighting').every((s) => s.querySelector('img').naturalWidth > 0)`)
	p.look("sightings")
	p.do("open one", chromedp.Click(chromedp.CSS(`[data-testid="sighting"] button.open`)))
	p.until("its picture is shown", `document.querySelector('dialog img')?.naturalWidth > 0`)
	p.look("sightings, one opened")
	p.eval("close it", `document.querySelector('dialog').close()`)

	p.follow("#/strangers", "Strangers")
	p.until("the stranger is there", `one('stranger')?.querySelector('img').naturalWidth > 0`)
	p.look("strangers")
	p.click("stranger-name")
	p.until("the question is there", `document.querySelector('dialog')?.open`)
	p.look("strangers, naming")
}
