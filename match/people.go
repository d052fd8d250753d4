package match

import "slices"

// pageSize people are copied when one of them changes. It balances the copy of
// a page against that of the list of pages.
const pageSize = 256

// A person is somebody with samples.
type person struct {
	id   ident
	name string
}

// people is a list of people that searches hold while it changes: a change
// copies the pages it touches and leaves the others shared.
type people struct {
	pages []*[pageSize]person
	count int // with samples
}

func (p *people) at(place uint32) *person { return &p.pages[place/pageSize][place%pageSize] }

// peopleChange is a people being changed.
type peopleChange struct {
	people
	owned map[int]bool // pages that no search can see yet
}

func (p people) change() *peopleChange {
	p.pages = slices.Clone(p.pages)
	return &peopleChange{p, map[int]bool{}}
}

func (p *peopleChange) set(place uint32, who person) {
	page := int(place / pageSize)
	if page == len(p.pages) { // places are given out one after the other
		p.pages = append(p.pages, new([pageSize]person))
		p.owned[page] = true
	}
	if !p.owned[page] {
		fresh := *p.pages[page]
		p.pages[page] = &fresh
		p.owned[page] = true
	}
	p.pages[page][place%pageSize] = who
}
