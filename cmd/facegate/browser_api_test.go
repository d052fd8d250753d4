package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// TestBrowserAPI reads the console's page of the API, with nobody signed in, and
// runs the examples it gives.
func TestBrowserAPI(t *testing.T) {
	u := newUser(t, false)
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("facegate: needs the built console (make build)")
	}
	chromium, ffmpeg, curl := needProgram(t, "chromium"), needProgram(t, "ffmpeg"), needProgram(t, "curl")
	photos := testfiles.Photos(t, "people", "probes")
	secret := strings.TrimSpace(u.want(exitOK, "keys", "create", "docs", "--scope=admin").stdout)
	secret = secret[strings.LastIndexAny(secret, " \n")+1:]
	v := &visit{photos: photos, server: u.serve("--auth=on"), dir: u.dir}
	v.chromium = startChromium(t, chromium, webcamVideo(t, ffmpeg, v.probe("obama1.jpg")))

	p := v.open(t, "api")
	p.do("go where people look", chromedp.Navigate(v.server.url+"/docs"))
	p.until("the calls are there", `all('api-operation').length > 40`)
	if address := ask[string](p, `location.pathname + location.hash`); address != "/#/api" {
		t.Errorf("/docs leads to %s", address)
	}
	p.look("api")

	calls := ask[[]string](p, `all('api-operation').map((e) => e.dataset.id)`)
	p.enter("api-search", "name_taken patch")
	p.until("what fits is left", `all('api-operation').map((e) => e.dataset.id).includes('updatePerson') && all('api-operation').length < 5`)
	p.enter("api-search", "Too busy")
	p.until("codes are searched too", `all('api-code-row').map((e) => e.dataset.code).join() === 'busy'`)
	p.eval("follow a link to a call", `void (location.hash = '#/api/identify')`)
	p.until("it is open, and all others are back", `document.querySelector('#operation-identify[open]') && all('api-operation').length === `+strconv.Itoa(len(calls)))
	p.look("api, identify")

	// Cameras and webhooks of examples would be asked for; streams do not end.
	left := []string{"addCamera", "addWebhook", "streamSightings", "getCameraLive", "pushPictures", "signOut"}
	u.write("face.jpg", read(t, v.person("obama", "obama.jpg")))
	want := map[string]string{"signIn": "401", "setUp": "403", "comprefaceAddSubject": "400"} // nobody is called text, and then somebody is
	ran := 0
	for _, id := range calls {
		p.eval("open "+id, `void (document.getElementById('operation-' + `+quote(id)+`).open = true)`)
		p.until("its example", `document.querySelector('#operation-`+id+` pre')`)
		example := ask[string](p, `document.querySelector('#operation-`+id+` pre').textContent`)
		if slices.Contains(left, id) || strings.Contains(example, "…") { // 128 numbers are not written out
			continue
		}
		shell := exec.CommandContext(t.Context(), "sh", "-c", example+" --max-time 60 -o answer -w '%{http_code}'")
		shell.Dir, shell.Env = u.dir, append(u.env, "FACEGATE_API_KEY="+secret, "PATH="+filepath.Dir(curl)+":/usr/bin:/bin")
		status, err := shell.CombinedOutput()
		switch {
		case err != nil:
			t.Errorf("%s: %v %s\n%s", id, err, status, example)
		case !strings.HasPrefix(string(status), "2") && string(status) != want[id] && !slices.Contains([]string{"404", "409", "422"}, string(status)):
			t.Errorf("%s: %s %s\n%s", id, status, read(t, filepath.Join(u.dir, "answer")), example)
		case status[0] == '2':
			ran++
		}
	}
	t.Logf("of %d examples %d succeed as they stand", len(calls), ran)
	if code := v.server.end(syscall.SIGTERM); code != exitOK || strings.Contains(v.server.stderr.String(), "level=ERROR") {
		t.Errorf("exit code %d; the server's log:\n%s", code, v.server.stderr.String())
	}
}
