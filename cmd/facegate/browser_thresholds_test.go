package main

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"facegate"
)

// slide moves the slider as a hand would.
func (p *page) slide(to float64) {
	p.t.Helper()
	p.eval("move the slider", fmt.Sprintf(`void (() => { const s = one('threshold-slider'); s.value = %v; s.dispatchEvent(new Event('input', { bubbles: true })) })()`, to))
	p.until("the pairs follow", fmt.Sprintf(`Math.abs(one('own-pairs')?.dataset.threshold - %v) < 1e-9`, to))
}

func chooseThresholds(t *testing.T, v *visit) {
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"), v.person("obama", "obama2.jpg"))
	v.enrol(t, "Joe Biden", v.person("biden", "biden.jpg"), v.person("biden", "biden2.jpg"))
	v.enrol(t, "Rose Leslie", v.person("rose_leslie", "img1.jpg"))

	p := v.open(t, "people")
	p.follow("#/thresholds", "Thresholds")
	p.until("the defaults are in force", `one('thresholds')?.dataset.policy === 'normal' && one('thresholds').dataset.identify === '0.5' && one('thresholds').dataset.verify === '0.6'`)
	p.until("nobody is confused, nor missed", `one('own-pairs')?.dataset.confused === '0' && one('own-pairs').dataset.missed === '0' && all('confused').length === 0`)
	p.until("histogram and curve are drawn", `document.querySelectorAll('figure svg path').length >= 4 && [...document.querySelectorAll('figure svg path')].every((e) => e.getAttribute('d').length > 20)`)
	p.look("thresholds")

	// The page names what the API counts.
	p.slide(0.8)
	at := get[facegate.OwnPairs](t, v, "/v1/thresholds/pairs?threshold=0.8")
	if at.Impostor != 8 || at.Genuine != 2 || at.Confused == 0 {
		t.Errorf("at 0.8: %+v", at)
	}
	p.until("the pairs are counted", fmt.Sprintf(`one('own-pairs').dataset.confused === '%d'`, at.Confused))
	p.slide(0.2)
	p.until("everybody is missed", `one('own-pairs').dataset.missed === '2' && all('missed').length === 2`)
	if got, want := ask[[]string](p, `all('missed').map((e) => e.dataset.name)`), []string{"Barack Obama", "Joe Biden"}; !slices.Equal(got, want) {
		t.Errorf("missed: %q, want %q", got, want)
	}

	// A policy, and then a threshold of one's own.
	p.eval("choose strict", `void document.querySelector('[data-testid=policy][data-policy=strict]').click()`)
	p.until("strict is in force", `one('thresholds').dataset.policy === 'strict'`)
	if f := get[facegate.Thresholds](t, v, "/v1/thresholds"); f.Policy != facegate.PolicyStrict || f.Verify >= facegate.DefaultVerifyThreshold {
		t.Errorf("the gateway decides by %+v", f)
	}
	p.slide(0.2)
	p.click("threshold-use")
	p.until("the threshold is in force", `one('thresholds').dataset.policy === 'fixed' && one('thresholds').dataset.identify === '0.2'`)
	if decision, _ := v.whoIs(t, v.probe("obama1.jpg")); decision != facegate.Unknown {
		t.Errorf("within 0.2 he is %s", decision)
	}
	p.eval("choose normal", `void document.querySelector('[data-testid=policy][data-policy=normal]').click()`)
	p.until("normal is in force", `one('thresholds').dataset.policy === 'normal'`)
	if decision, name := v.whoIs(t, v.probe("obama1.jpg")); decision != facegate.Match || name != "Barack Obama" {
		t.Errorf("he is %s %s", decision, name)
	}

	// Three people are too few to measure, and the page says so.
	p.expect("400")
	p.click("calibrate")
	p.until("the gateway refuses", `one('problem')?.innerText.includes('too little data')`)
	if f := get[facegate.Thresholds](t, v, "/v1/thresholds"); f.Calibration.Own || math.Abs(f.Identify-facegate.DefaultIdentifyThreshold) > 1e-9 {
		t.Errorf("the gateway decides by %+v", f)
	}
}
