package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// TestBrowserAccess goes the way of whoever starts a gateway: the one-time link,
// an account, a key for a program, signing out and in, and a look at the audit.
func TestBrowserAccess(t *testing.T) {
	u := newUser(t, false)
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("facegate: needs the built console (make build)")
	}
	chromium, ffmpeg := needProgram(t, "chromium"), needProgram(t, "ffmpeg")
	photos := testfiles.Photos(t, "probes")
	v := &visit{photos: photos, server: u.serve(), dir: u.dir}
	link := ""
	for link == "" {
		line, err := v.server.stdout.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		_, link, _ = strings.Cut(strings.TrimSpace(line), "#/")
	}
	v.chromium = startChromium(t, chromium, webcamVideo(t, ffmpeg, v.probe("obama1.jpg")))

	p := v.open(t, link)
	if address := ask[string](p, `location.hash`); address != "#/setup" {
		t.Errorf("the secret stays in the address bar: %s", address)
	}
	p.enter("setup-name", "Ada")
	p.enter("setup-password", "a stitch in time")
	p.click("setup-submit")
	p.until("the page of keys", `document.querySelector('main h1')?.textContent === 'Keys'`)

	if status, _ := v.server.ask("GET", "/v1/people", "", ""); status != 401 {
		t.Errorf("nobody is asked: %d", status)
	}
	p.enter("key-name", "door")
	p.click("key-limit")
	p.look("keys, a new one")
	p.enter("key-rate", "2.5")
	p.enter("key-burst", "10")
	p.enter("key-concurrent", "1.5")
	p.click("key-limit")
	p.click("key-create")
	p.until("half a request is refused, and seen", `document.activeElement === one('key-concurrent') && !one('key-concurrent').validity.valid`)
	p.enter("key-concurrent", "3")
	p.click("key-create")
	p.until("the key is shown", `document.querySelector('[data-testid=key-secret]')`)
	secret := ask[string](p, `document.querySelector('[data-testid=key-secret]').dataset.secret`)
	for path, want := range map[string]int{"/v1/thresholds": 200, "/v1/people": 403} {
		if status, _ := v.server.ask("GET", path, secret, ""); status != want {
			t.Errorf("%s with the key: %d, want %d", path, status, want)
		}
	}
	p.until("its limits are told", `one('key-limits')?.textContent === '2.5 faces a second, 10 at once, 3 requests under way'`)
	var made facegate.Key
	if err := json.Unmarshal([]byte(u.want(exitOK, "keys", "--json").stdout), &made); err != nil || made.Limit != (facegate.KeyLimit{Faces: 2.5, Burst: 10, Concurrent: 3}) {
		t.Errorf("%+v %v", made, err)
	}
	p.look("keys, one made")
	p.click("key-revoke")
	p.click("confirm-delete")
	p.until("it is revoked", `document.querySelector('[data-testid=key-row][data-state=revoked]')`)
	if status, _ := v.server.ask("GET", "/v1/thresholds", secret, ""); status != 401 {
		t.Errorf("revoked: %d", status)
	}

	p.follow("#/audit", "Audit")
	p.until("its rows", `document.querySelector('[data-testid=audit-row][data-action="key.revoke"]')`)
	p.click("audit-check")
	p.until("it is valid", `document.querySelector('[data-testid=audit-verdict][data-valid=true]')`)
	p.enter("audit-action", "account.")
	p.click("audit-show")
	p.until("one group", `[...document.querySelectorAll('[data-testid=audit-row]')].map(r => r.dataset.action).join() === 'account.setup'`)

	filterAudit(t, v, p, strings.TrimSpace(u.want(exitOK, "keys", "create", "clerk", "--scope=admin").stdout))

	// A second account, which another process's link makes, is deleted; the last one stays.
	p.follow("#/keys", "Keys")
	p.until("one account, which stays", `all('account-row').map((r) => r.dataset.name).join() === 'Ada' && !one('account-delete')`)
	_, second, _ := strings.Cut(strings.TrimSpace(u.want(exitOK, "setup").stdout), "link=")
	if status, answer := v.server.ask("POST", "/v1/setup", "", `{"link":"`+second+`","name":"Eve","password":"saves nine"}`); status != 201 {
		t.Fatalf("a second account: %d %s", status, answer)
	}
	p.follow("#/audit", "Audit")
	p.follow("#/keys", "Keys")
	p.until("both accounts", `all('account-row').length === 2`)
	p.look("keys, two accounts")
	p.do("delete Eve", chromedp.Click(chromedp.CSS(`[data-testid=account-row][data-name=Eve] [data-testid=account-delete]`)))
	p.click("confirm-delete")
	p.until("one is left", `all('account-row').map((r) => r.dataset.name).join() === 'Ada'`)
	if status, answer := v.server.ask("POST", "/v1/session", "", `{"name":"Eve","password":"saves nine"}`); status != 401 {
		t.Errorf("Eve signs in, deleted: %d %s", status, answer)
	}
	p.follow("#/audit", "Audit")

	p.click("sign-out")
	p.until("the page to sign in", `document.querySelector('main h1')?.textContent === 'Sign in'`)
	p.expect("401")
	p.enter("login-name", "Ada")
	p.enter("login-password", "a stitch in vain")
	p.click("login-submit")
	p.until("a refusal", `document.querySelector('[data-testid=problem][data-code=login_refused]')`)
	p.enter("login-password", "a stitch in time")
	p.click("login-submit")
	p.until("the audit again", `document.querySelector('[data-testid=audit-row]')`)

	if code := v.server.end(syscall.SIGTERM); code != exitOK || strings.Contains(v.server.stderr.String(), "level=ERROR") {
		t.Errorf("exit code %d; the server's log:\n%s", code, v.server.stderr.String())
	}
}

// filterAudit asks the audit of one person and of days, and for files of the same.
func filterAudit(t *testing.T, v *visit, p *page, key string) {
	for _, name := range []string{"Rose Leslie", "Kit Harington"} {
		if status, answer := v.server.ask("POST", "/v1/people", key, `{"name":"`+name+`"}`); status != 201 {
			t.Fatalf("enrol %s: %d %s", name, status, answer)
		}
	}
	p.enter("audit-action", "person.")
	p.click("audit-show")
	p.until("both are told of", `all('audit-row').length === 2`)
	p.enter("audit-person", "rose leslie")
	p.click("audit-show")
	p.until("one is", `all('audit-row').length === 1`)
	p.look("audit, filtered")
	saved := func(link string) string {
		t.Helper()
		status, file := v.server.ask("GET", "/"+ask[string](p, `one(`+quote(link)+`).getAttribute('href')`), key, "")
		if status != 200 {
			t.Errorf("%s: %d %s", link, status, file)
		}
		return file
	}
	if file := saved("audit-csv"); strings.Count(file, "\n") != 2 || !strings.Contains(file, "person.create") {
		t.Errorf("the CSV of one entry:\n%s", file)
	}
	if file := saved("audit-json"); strings.Count(file, `"seq"`) != 1 {
		t.Errorf("the JSON of one entry:\n%s", file)
	}

	// A date's field is typed into as the browser's language has it.
	day := func(field, date string) {
		t.Helper()
		p.eval(field, `one(`+quote(field)+`).value = `+date+`, one(`+quote(field)+`).dispatchEvent(new Event('input', { bubbles: true }))`)
	}
	day("audit-to", `new Date().toLocaleDateString('sv')`) // today, which is part of it
	p.click("audit-show")
	p.until("it is asked for", `new URL(one('audit-csv').href).searchParams.has('to')`)
	p.until("today's is there", `all('audit-row').length === 1`)
	day("audit-to", `'2020-01-01'`)
	p.click("audit-show")
	p.until("nothing is that old", `all('audit-row').length === 0`)
	if file := saved("audit-csv"); strings.Count(file, "\n") != 1 {
		t.Errorf("the CSV of what is too young:\n%s", file)
	}

	// A file is of what the fields say, also where that was not shown.
	p.eval("catch the file", `addEventListener('click', (e) => {
		if (!e.defaultPrevented && e.target === one('audit-json')) e.preventDefault(), (window.caught = e.target.href)
	})`)
	day("audit-to", `''`)
	p.enter("audit-person", "")
	p.click("audit-json")
	p.until("the file of all people", `window.caught?.endsWith('v1/audit/export?action=person.&format=json')`)
	p.until("they are shown, too", `all('audit-row').length === 2`)
}
