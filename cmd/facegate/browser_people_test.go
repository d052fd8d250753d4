package main

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"facegate"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// rows are the names in the list of people.
func (p *page) rows() []string {
	p.t.Helper()
	return ask[[]string](p, `all('person-row').map((e) => e.dataset.name)`)
}

func row1(name string) string { return `[data-testid=person-row][data-name="` + name + `"]` }

func findAndDeletePeople(t *testing.T, v *visit) {
	v.enrol(t, "Rose Leslie", v.person("rose_leslie", "img1.jpg"))
	obama := v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	v.enrol(t, "Joe Biden", v.person("biden", "biden.jpg"))
	v.enrol(t, "No Photo")

	p := v.open(t, "people")
	p.until("everybody is listed", `one('people-total').dataset.total === '4'`)
	if got, want := p.rows(), []string{"Barack Obama", "Joe Biden", "No Photo", "Rose Leslie"}; !slices.Equal(got, want) {
		t.Errorf("listed: %q, want %q", got, want)
	}
	p.until("who has photos has a portrait, who has none has initials", `all('person-row').every((e) => e.dataset.name === 'No Photo'
		? e.querySelector('svg text')?.textContent === 'NP' && !e.querySelector('img')
		: e.querySelector('img')?.naturalWidth > 0)`)

	p.enter("people-search", "oBaM")
	p.until("the search is answered", `one('people-total').dataset.total === '1'`)
	if got := p.rows(); !slices.Equal(got, []string{"Barack Obama"}) {
		t.Errorf("found: %q", got)
	}
	p.enter("people-search", "zzz")
	p.until("nobody is found", `one('people-total').dataset.total === '0' && all('person-row').length === 0`)
	p.enter("people-search", "")
	p.until("everybody is listed again", `all('person-row').length === 4`)

	// Nothing is deleted before it is confirmed.
	remove := chromedp.CSS(row1("Barack Obama") + ` [data-testid=person-delete]`)
	p.do("ask to delete", chromedp.Click(remove))
	p.until("the question is there", `document.querySelector('dialog')?.open && document.querySelector('dialog').innerText.includes('Barack Obama')`)
	p.click("confirm-cancel")
	p.until("the question is gone", `!document.querySelector('dialog')`)
	p.until("the focus is where it was", `document.activeElement.matches(`+quote(string(remove))+`)`)
	p.do("ask to delete", chromedp.Click(remove))
	p.until("the question is there again", `document.querySelector('dialog')?.open`)
	p.do("press Escape", chromedp.KeyEvent("\x1b"))
	p.until("Escape takes the question away", `!document.querySelector('dialog')`)
	if got := v.people(t); len(got) != 4 {
		t.Fatalf("%d people after no was said twice, want 4", len(got))
	}

	p.do("ask to delete", chromedp.Click(remove))
	p.click("confirm-delete")
	p.until("he is no longer listed", `one('people-total').dataset.total === '3' && !document.querySelector(`+quote(row1("Barack Obama"))+`) && !document.querySelector('dialog')`)
	p.until("the focus is on the page", `document.activeElement.matches('main h1')`)
	if status, answer := v.request(t, http.MethodGet, "/v1/people/"+obama.ID, "", nil); status != http.StatusNotFound {
		t.Errorf("the API still knows him: %d %s", status, answer)
	}
	if left := v.stored(t, obama.ID); len(left) != 0 {
		t.Errorf("the database still holds %+v", left)
	}
	if decision, name := v.whoIs(t, v.probe("obama1.jpg")); decision != facegate.Unknown {
		t.Errorf("he is still recognised: %s %s", decision, name)
	}
	p.follow("#/identify", "Identify")
	p.choose("identify-file", v.probe("obama1.jpg"))
	if faces := p.shown(); len(faces) != 1 || faces[0].Decision != string(facegate.Unknown) {
		t.Errorf("the console still shows %+v", faces)
	}
}

func changePerson(t *testing.T, v *visit) {
	who := v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"), v.person("obama", "obama2.jpg"))
	p := v.open(t, "people/"+who.ID)
	p.until("the samples have their thumbnails", `all('sample').length === 2 && all('sample').every((e) => e.querySelector('img')?.naturalWidth > 0)`)
	p.enter("person-name", "Barack Hussein Obama")
	p.click("person-save")
	p.until("the name is saved", `one('person-saved') && document.querySelector('main h1').textContent === 'Barack Hussein Obama'`)
	if got := v.onlyPerson(t); got.Name != "Barack Hussein Obama" || got.ID != who.ID {
		t.Errorf("%+v", got)
	}

	p.do("ask to delete a photo", chromedp.Click(chromedp.CSS(`[data-testid=sample][data-source="obama.jpg"] [data-testid=sample-delete]`)))
	p.click("confirm-delete")
	p.until("the photo is gone", `all('sample').length === 1 && !document.querySelector('dialog')`)
	if got := v.stored(t, who.ID); !slices.Equal(got, []row{{"obama2.jpg", 512, true}}) {
		t.Errorf("the database holds %+v", got)
	}
	p.choose("person-files", v.person("obama", "obama.jpg"))
	p.checks("person", 1)
	p.click("person-add")
	p.until("the photo is back", `all('sample').length === 2 && one('person-verdict')?.dataset.status === 'added'`)

	p.click("person-delete")
	p.click("confirm-delete")
	p.until("the list has nobody", `one('people-total')?.dataset.total === '0'`)
	if left := v.people(t); len(left) != 0 {
		t.Errorf("still enrolled: %+v", left)
	}
}

func gatewayGone(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	p := v.open(t, "enrol")
	p.expect("net::ERR_INTERNET_DISCONNECTED")
	p.connect(false)
	p.follow("#/people", "People")
	p.until("the page says so", `one('problem')?.dataset.code === 'unreachable'`)
	p.follow("#/identify", "Identify")
	p.choose("identify-file", v.probe("obama1.jpg"))
	p.until("the page says so", `one('problem')?.dataset.code === 'unreachable' && one('identify-photo').dataset.state === 'failed'`)
	p.connect(true)
	p.choose("identify-file", v.probe("obama1.jpg"))
	if faces := p.shown(); len(faces) != 1 || faces[0].Name != "Barack Obama" {
		t.Errorf("after the gateway came back: %+v", faces)
	}
}

// connect cuts the tab's network or mends it.
func (p *page) connect(on bool) {
	p.t.Helper()
	p.do("cut or mend the network", chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		rules := []*network.Conditions{}
		if !on {
			rules = append(rules, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
		}
		_, err := cdp.Call(ctx, tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules})
		return err
	}))
}

// What somebody might smuggle into the page does not run and fetches nothing;
// and what these tests listen to would tell of it.
func nothingFromElsewhere(t *testing.T, v *visit) {
	p := v.open(t, "enrol")
	p.expect("script-src")
	p.expect("img-src")
	p.expect("an exception of the test's own")
	p.eval("add a script", `((e) => { e.textContent = 'window.smuggled = true'; document.body.append(e) })(document.createElement('script'))`)
	p.eval("add a picture", `(document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.2:9/pixel.png' })))`)
	p.eval("throw", `setTimeout(() => { window.thrown = true; throw new Error("an exception of the test's own") })`)
	p.until("the exception was thrown", `window.thrown`)
	p.until("the policy has spoken", `!window.smuggled`)
}
