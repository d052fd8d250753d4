package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"facegate/internal/testfiles"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is against hanging, on a machine that is busy with other tests;
// nothing is measured by it.
const patience = time.Minute

// pictureFolder is where pictures of pages go whose scenario failed.
func pictureFolder() string { return filepath.Join(testfiles.Root(), ".cache", "browser") }

// A page is a tab that shows the console. Everything the browser complains of is
// held against the scenario, unless it was expected.
type page struct {
	t         *testing.T
	v         *visit
	tab       context.Context
	number    int // among all of the visit
	said      []string
	expected  []string
	tolerated []string // parts of complaints that may come, and need not
}

// open shows a page of the console, such as "enrol" or "people".
func (v *visit) open(t *testing.T, address string) *page {
	t.Helper()
	tab, leave := chromedp.NewContext(v.chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	v.pages++
	p := &page{t: t, v: v, tab: tab, number: v.pages}
	if err := chromedp.Listen(tab, p.hear); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	t.Cleanup(p.leave)
	p.do("open the page", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(v.server.url+"/#/"+address))
	p.until("the page is there", `document.querySelector('main h1')`)
	return p
}

// hear is called for each of the tab's events.
func (p *page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeWarning && e.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		text := "console." + string(e.Type)
		for _, arg := range e.Args {
			text += " " + string(arg.Value) + arg.Description
		}
		p.said = append(p.said, text)
	case *runtime.EventExceptionThrown:
		text := "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.said = append(p.said, text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.said = append(p.said, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

// expect announces a complaint of the browser, by a part of it.
func (p *page) expect(part string) { p.expected = append(p.expected, part) }

// tolerate announces a complaint that depends on what comes first, by a part of it.
func (p *page) tolerate(part string) { p.tolerated = append(p.tolerated, part) }

// leave holds the browser's complaints against the scenario, and takes a picture
// where it failed.
func (p *page) leave() {
	// Events come before the answer to a later command.
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("1")); err != nil {
		p.t.Errorf("the tab is gone: %v", err)
		return
	}
	for _, said := range p.said {
		if !slices.ContainsFunc(slices.Concat(p.expected, p.tolerated), func(part string) bool { return strings.Contains(said, part) }) {
			p.t.Errorf("the browser says: %s", said)
		}
	}
	for _, part := range p.expected {
		if !slices.ContainsFunc(p.said, func(said string) bool { return strings.Contains(said, part) }) {
			p.t.Errorf("the browser should have said %q, and said %q", part, p.said)
		}
	}
	if p.t.Failed() {
		p.t.Logf("the page as it was: %s", p.picture(pictureFolder(), fmt.Sprintf("%s-%d", p.t.Name(), p.number)))
	}
}

// picture writes what the tab shows, and names the file.
func (p *page) picture(folder, name string) string {
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return fmt.Sprintf("no picture (%v)", err)
	}
	path := filepath.Join(folder, regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(name, "-")+".png")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err.Error()
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		return err.Error()
	}
	return path
}

// do acts on the page; what is for the message where it cannot.
func (p *page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// Elements are named by their data-testid, see web/ui/src/testids.ts.
func byID(id string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + id + `"]`) }

// click waits until the element can be clicked, and does so with the mouse.
func (p *page) click(id string) {
	p.t.Helper()
	p.until(id+" can be clicked", `one(`+quote(id)+`) && !one(`+quote(id)+`).disabled`)
	p.do("click "+id, chromedp.Click(byID(id)))
}

// enter replaces what a field holds, by key strokes.
func (p *page) enter(id, text string) {
	p.t.Helper()
	p.until(id+" is there", `one(`+quote(id)+`)`)
	p.eval("select "+id, `one(`+quote(id)+`).select()`)
	if text == "" {
		p.do("empty "+id, chromedp.SendKeys(byID(id), "\b"))
		return
	}
	p.do("type into "+id, chromedp.SendKeys(byID(id), text))
}

// choose hands files to a file input.
func (p *page) choose(id string, files ...string) {
	p.t.Helper()
	p.do("choose files", chromedp.SetUploadFiles(byID(id), files))
}

// follow goes to another page of the console by its link.
func (p *page) follow(href, heading string) {
	p.t.Helper()
	p.do("follow "+href, chromedp.Click(chromedp.CSS(`a[href="`+href+`"]`)))
	p.until("the page "+heading, `document.querySelector('main h1')?.textContent === `+quote(heading))
}

// Expressions may say one(id) and all(id) for elements.
const words = `const all = (id) => [...document.querySelectorAll('[data-testid="' + id + '"]')];
const one = (id) => all(id)[0];
`

func (p *page) script(expression string) string {
	return "(() => { " + words + "return (" + expression + ") })()"
}

// eval runs an expression for its effect.
func (p *page) eval(what, expression string) {
	p.t.Helper()
	p.do(what, chromedp.Evaluate[chromedp.Void](p.script(expression)))
}

// ask is the value of an expression, through JSON.
func ask[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	var value T
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](p.script("JSON.stringify("+expression+") ?? 'null'")))
	if err == nil {
		err = json.Unmarshal([]byte(text), &value)
	}
	if err != nil {
		p.t.Fatalf("ask for %s: %v", expression, err)
	}
	return value
}

// until waits for an expression to be true.
func (p *page) until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	look := chromedp.Evaluate[bool](p.script("!!(" + expression + ")"))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, look)
		if err == nil && is {
			return
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("waited in vain until %s: %s (%v)", what, expression, err)
		case <-tick.C:
		}
	}
}

// text is what an element says.
func (p *page) text(id string) string {
	p.t.Helper()
	return ask[string](p, `one(`+quote(id)+`)?.innerText ?? ''`)
}

// quote writes a text as JavaScript does.
func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil { // a string
		panic(err)
	}
	return string(data)
}
