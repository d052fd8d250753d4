package main

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const phone = 360 // css px, the narrowest screen the console is laid out for

// everyPage looks at each page, as full as it gets, on a desktop and on a phone,
// in the light and the dark scheme.
func everyPage(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))
	long := v.enrol(t, "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maximiliana", v.person("biden", "biden.jpg"), v.person("biden", "biden2.jpg"))
	v.enrol(t, "Ünal Çelik")

	p := v.open(t, "enrol")
	p.look("enrol, empty")
	p.enter("enrol-name", "Rose Leslie")
	p.choose("enrol-files", v.person("rose_leslie", "img1.jpg"), v.person("obama", "obama2.jpg"), v.probe("two_people.jpg"), noFace(t))
	p.checks("enrol", 4)
	p.click("enrol-webcam-start")
	p.until("the webcam's pictures move on", `(document.querySelector('video')?.currentTime ?? 0) > 0`)
	p.look("enrol, filled in")
	p.click("enrol-submit")
	p.until("the person is enrolled", `one('enrol-result')?.dataset.person`)
	p.look("enrol, done")

	p.follow("#/identify", "Identify")
	p.look("identify, empty")
	p.choose("identify-file", v.probe("obama_and_biden.jpg"))
	p.shown()
	p.look("identify, done")

	p.follow("#/people", "People")
	p.until("everybody is listed", `one('people-total').dataset.total === '4'`)
	p.look("people")
	p.do("ask to delete", chromedp.Click(chromedp.CSS(row1(long.Name)+` [data-testid=person-delete]`)))
	p.until("the question is there", `document.querySelector('dialog')?.open`)
	p.look("people, deleting")
	p.click("confirm-cancel")

	p.follow("#/people/"+long.ID, long.Name)
	p.until("the samples have their thumbnails", `all('sample').length === 2 && all('sample').every((e) => e.querySelector('img')?.naturalWidth > 0)`)
	p.look("person")

	p.eval("go astray", `void (location.hash = '#/nowhere')`)
	p.until("the page says so", `document.title.startsWith('Not found')`)
	p.look("not found")
}

// look checks the page as it is in every setting.
func (p *page) look(name string) {
	p.t.Helper()
	var light string
	for _, setting := range []struct {
		name, scheme  string
		width, height int64
	}{
		{"desktop light", "light", 1280, 900},
		{"desktop dark", "dark", 1280, 900},
		{"phone light", "light", phone, 740},
		{"phone dark", "dark", phone, 740},
	} {
		p.do("change the screen", chromedp.EmulateViewport(setting.width, setting.height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: setting.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
			return err
		}))
		p.until("the screen has its size", `innerWidth === `+strconv.FormatInt(setting.width, 10))
		if wide := ask[int](p, `document.documentElement.scrollWidth`); wide > int(setting.width) {
			p.t.Errorf("%s, %s: the page is %d px wide on a screen of %d", name, setting.name, wide, setting.width)
		}
		p.until("the page's own name is in sight", `((r) => !r || (r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight))(document.querySelector('nav [aria-current]')?.getBoundingClientRect())`)
		// What is wider than the element around it; a file's name is cut on purpose, and
		// the pages' names scroll.
		if wide := ask[[]string](p, `[...document.querySelectorAll('body *')].filter((e) =>
			e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1 && !e.matches('input, select, nav') && getComputedStyle(e).textOverflow !== 'ellipsis',
		).map((e) => e.outerHTML.slice(0, 120))`); len(wide) > 0 {
			p.t.Errorf("%s, %s: too narrow for what is in it: %q", name, setting.name, wide)
		}
		background := ask[string](p, `getComputedStyle(document.body).backgroundColor`)
		if setting.scheme == "light" {
			light = background
		} else if background == light {
			p.t.Errorf("%s, %s: the background is %s as in the light scheme", name, setting.name, background)
		}
		if folder := os.Getenv("FACEGATE_SHOTS"); folder != "" {
			p.picture(folder, name+" "+setting.name)
		}
	}
	p.do("change the screen", chromedp.EmulateViewport(1280, 900))
}
