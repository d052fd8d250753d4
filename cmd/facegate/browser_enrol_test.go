package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"facegate"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// A verdict is what the console shows of one photo.
type verdict struct{ Photo, Status, Code, Text string }

func (p *page) verdicts(prefix string) []verdict {
	p.t.Helper()
	return ask[[]verdict](p, `all(`+quote(prefix+"-verdict")+`).map((e) => ({
		photo: e.dataset.photo, status: e.dataset.status, code: e.dataset.code,
		text: e.parentElement.querySelector('.why')?.innerText ?? '',
	}))`)
}

// checks waits until every photo was looked at, and tells how each fared.
func (p *page) checks(prefix string, photos int) map[string]string {
	p.t.Helper()
	id := quote(prefix + "-photo")
	p.until("every photo was looked at", `all(`+id+`).length === `+strconv.Itoa(photos)+` && all(`+id+`).every((e) => !['waiting', 'checking'].includes(e.dataset.check))`)
	return ask[map[string]string](p, `Object.fromEntries(all(`+id+`).map((e) => [e.dataset.photo, e.dataset.check]))`)
}

func enrolFromFiles(t *testing.T, v *visit) {
	nobody := noFace(t)
	p := v.open(t, "enrol")
	p.enter("enrol-name", "Barack Obama")
	p.enter("enrol-external-id", "44")
	p.enter("enrol-tags", "president, vip")
	p.enter("enrol-notes", "met in Chicago")
	p.click("enrol-consent")
	p.enter("enrol-consent-basis", "signed form 7")
	p.eval("set the date", `((e) => { e.value = '2024-02-29'; e.dispatchEvent(new Event('input', { bubbles: true })) })(one('enrol-consent-date'))`)
	p.choose("enrol-files", v.person("obama", "obama.jpg"), v.probe("two_people.jpg"), nobody)
	if got, want := p.checks("enrol", 3), map[string]string{"obama.jpg": "ready", "two_people.jpg": "warning", "nobody.jpg": "warning"}; !reflect.DeepEqual(got, want) {
		t.Errorf("looked at: %v, want %v", got, want)
	}
	p.click("enrol-submit")
	p.until("the person is enrolled", `one('enrol-result')?.dataset.person`)

	shown := p.verdicts("enrol")
	if len(shown) != 3 || shown[0].Photo != "obama.jpg" || shown[0].Status != "added" || shown[0].Code != "" {
		t.Fatalf("verdicts: %+v", shown)
	}
	for i, code := range []facegate.Code{facegate.CodeSeveralFaces, facegate.CodeNoFace} {
		if s := shown[i+1]; s.Status != "refused" || s.Code != string(code) || s.Text == "" {
			t.Errorf("the verdict is %+v, want it refused for %s, with the reason in words", s, code)
		}
	}
	contains(t, "the summary", p.text("enrol-result"), "Barack Obama is enrolled", "1 photo added, 2 refused.")

	who := v.onlyPerson(t)
	if who.ID != ask[string](p, `one('enrol-result').dataset.person`) || who.Name != "Barack Obama" || who.ExternalID != "44" || who.Notes != "met in Chicago" || !slices.Equal(who.Tags, []string{"president", "vip"}) {
		t.Errorf("%+v", who)
	}
	if who.Consent.Basis != "signed form 7" || who.Consent.At == nil || who.Consent.At.Local().Format("2006-01-02") != "2024-02-29" {
		t.Errorf("consent: %+v", who.Consent)
	}
	if got, want := v.stored(t, who.ID), []row{{"obama.jpg", 512, true}}; !slices.Equal(got, want) {
		t.Errorf("the database holds %+v, want %+v", got, want)
	}
	if decision, name := v.whoIs(t, v.probe("obama3.jpg")); decision != facegate.Match || name != "Barack Obama" {
		t.Errorf("another photo of him: %s %s", decision, name)
	}

	// Another photo goes to the same person.
	p.choose("enrol-files", v.person("obama", "obama2.jpg"))
	p.checks("enrol", 4)
	p.click("enrol-submit")
	p.until("the photo is added", `all('enrol-verdict').length === 4`)
	if got := v.samples(t, who.ID); len(got) != 2 || got[1].Source != "obama2.jpg" {
		t.Errorf("samples: %+v", got)
	}

	// The form is empty for the next person.
	p.click("enrol-restart")
	p.until("the form is empty", `one('enrol-name').value === '' && all('enrol-photo').length === 0 && !one('enrol-consent').checked && !one('enrol-result')`)
	if !ask[bool](p, `one('enrol-submit').disabled`) {
		t.Error("an empty form can be sent")
	}
}

func enrolFromDroppedFiles(t *testing.T, v *visit) {
	p := v.open(t, "enrol")
	zone := `one('enrol-files').closest('label')`
	place := ask[struct{ X, Y float64 }](p, `((r) => ({ x: r.x + r.width / 2, y: r.y + r.height / 2 }))(`+zone+`.getBoundingClientRect())`)
	drag := func(kind input.DispatchDragEventType, x, y float64, files ...string) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: x, Y: y,
				Data: &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}})
			return err
		})
	}

	// Beside the zone a photo must not replace the page.
	photo, folder := v.person("biden", "biden.jpg"), v.person("obama")
	p.do("drop beside the zone", drag("dragEnter", 400, 60, photo), drag("dragOver", 400, 60, photo), drag("drop", 400, 60, photo))
	p.do("drag over the zone", drag("dragEnter", place.X, place.Y, photo), drag("dragOver", place.X, place.Y, photo))
	p.until("the zone shows that it takes files", zone+`.classList.contains('over')`)
	p.do("drop", drag("drop", place.X, place.Y, photo, v.person("biden", "biden2.jpg"), folder))
	p.until("the zone is at rest", `!`+zone+`.classList.contains('over')`)
	if got, want := p.checks("enrol", 2), map[string]string{"biden.jpg": "ready", "biden2.jpg": "ready"}; !reflect.DeepEqual(got, want) {
		t.Errorf("dropped: %v, want %v", got, want)
	}
	p.enter("enrol-name", "Joe Biden")
	p.click("enrol-submit")
	p.until("the person is enrolled", `one('enrol-result')?.dataset.person`)
	who := v.onlyPerson(t)
	if got, want := v.stored(t, who.ID), []row{{"biden.jpg", 512, true}, {"biden2.jpg", 512, true}}; !slices.Equal(got, want) {
		t.Errorf("the database holds %+v, want %+v", got, want)
	}
	if who.Consent.Basis != "" || who.Consent.At != nil {
		t.Errorf("consent that nobody gave: %+v", who.Consent)
	}

	// A picture that another program put on the clipboard.
	p.click("enrol-restart")
	p.eval("paste", `void fetch('v1/people/`+who.ID+`/portrait').then((r) => r.blob()).then((picture) => {
		const clipboardData = new DataTransfer()
		clipboardData.items.add(new File([picture], 'image.png', { type: picture.type }))
		document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
	})`)
	if got, want := p.checks("enrol", 1), map[string]string{"image.png": "ready"}; !reflect.DeepEqual(got, want) {
		t.Errorf("pasted: %v, want %v", got, want)
	}
}

func enrolFromWebcam(t *testing.T, v *visit) {
	p := v.open(t, "enrol")
	p.enter("enrol-name", "Barack Obama")
	p.click("enrol-webcam-start")
	p.until("the webcam's pictures move on", `(document.querySelector('video')?.currentTime ?? 0) > 0.3`)
	if size := ask[[]int](p, `((v) => [v.videoWidth, v.videoHeight])(document.querySelector('video'))`); !slices.Equal(size, []int{640, 480}) {
		t.Errorf("the video is %v", size)
	}
	p.eval("keep the stream", `(window.stream = document.querySelector('video').srcObject) && 0`)
	p.click("enrol-webcam-shoot")
	if got, want := p.checks("enrol", 1), map[string]string{"webcam-1.jpg": "ready"}; !reflect.DeepEqual(got, want) {
		t.Errorf("shot: %v, want %v", got, want)
	}
	p.click("enrol-webcam-stop")
	p.until("the webcam is released", `!document.querySelector('video') && window.stream.getTracks().every((t) => t.readyState === 'ended')`)
	p.click("enrol-submit")
	p.until("the person is enrolled", `one('enrol-result')?.dataset.person`)

	who := v.onlyPerson(t)
	if got, want := v.stored(t, who.ID), []row{{"webcam-1.jpg", 512, true}}; !slices.Equal(got, want) {
		t.Errorf("the database holds %+v, want %+v", got, want)
	}
	if decision, name := v.whoIs(t, v.person("obama", "obama2.jpg")); decision != facegate.Match || name != "Barack Obama" {
		t.Errorf("another photo of him: %s %s", decision, name)
	}

	p.follow("#/people/"+who.ID, "Barack Obama")
	p.until("the sample is shown", `one('sample')?.dataset.source === 'webcam-1.jpg'`)
	p.until("its thumbnail is there", `one('sample').querySelector('img')?.naturalWidth > 0`)
}

func enrolTakenName(t *testing.T, v *visit) {
	known := v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	p := v.open(t, "enrol")
	p.expect("the server responded with a status of 409")
	p.enter("enrol-name", "Barack Obama")
	p.choose("enrol-files", v.person("obama", "obama2.jpg"), v.person("obama", "obama.jpg"))
	p.checks("enrol", 2)
	p.click("enrol-submit")
	p.until("the name is taken", `one('problem')?.dataset.code === 'name_taken'`)
	if got := v.onlyPerson(t); got.SampleCount != 1 {
		t.Errorf("%d samples before anybody agreed to more", got.SampleCount)
	}
	p.click("enrol-add-to-existing")
	p.until("the photos are with the person", `one('enrol-result')?.dataset.person === `+quote(known.ID))
	contains(t, "the summary", p.text("enrol-result"), "The photos went to Barack Obama", "1 photo added, 1 skipped.")
	if got := p.verdicts("enrol"); len(got) != 2 || got[0].Status != "added" || got[1].Status != "skipped" || got[1].Code != string(facegate.CodeNearIdentical) || got[1].Text == "" {
		t.Errorf("verdicts: %+v", got)
	}
	if got, want := v.stored(t, known.ID), []row{{"obama.jpg", 512, true}, {"obama2.jpg", 512, true}}; !slices.Equal(got, want) {
		t.Errorf("the database holds %+v, want %+v", got, want)
	}
}

func enrolNothingUsable(t *testing.T, v *visit) {
	nobody := noFace(t)
	p := v.open(t, "enrol")
	p.expect("the server responded with a status of 422")
	p.enter("enrol-name", "Nobody")
	p.choose("enrol-files", nobody)
	p.checks("enrol", 1)
	p.click("enrol-submit")
	p.until("the photo is refused", `one('problem')?.dataset.code === 'no_usable_photo'`)
	if got := p.verdicts("enrol"); len(got) != 1 || got[0].Code != string(facegate.CodeNoFace) || got[0].Text == "" {
		t.Errorf("verdicts: %+v", got)
	}
	if all := v.people(t); len(all) != 0 || !ask[bool](p, `one('enrol-submit').disabled && !one('enrol-result')`) {
		t.Errorf("enrolled: %+v", all)
	}

	// A photo that is known already is told apart from one that is refused.
	known := v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	p = v.open(t, "people/"+known.ID)
	p.expect("the server responded with a status of 422")
	p.choose("person-files", v.person("obama", "obama.jpg"), nobody)
	p.checks("person", 2)
	p.click("person-add")
	p.until("both have their verdict", `all('person-verdict').length === 2`)
	if got := p.verdicts("person"); got[0].Status != "skipped" || got[0].Text == "" || got[1].Status != "refused" {
		t.Errorf("verdicts: %+v", got)
	}
}

// noFace is a photo of nobody: a grey gradient.
func noFace(t *testing.T) string {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range picture.Pix {
		picture.SetGray(i%320, i/320, color.Gray{Y: uint8(i % 320 / 2)})
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, picture, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "nobody.jpg")
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
