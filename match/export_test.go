package match

// Coded is how many segments have codes by the newest rotation, of how many.
func (g *Gallery) Coded() (coded, all int) {
	g.writing.Lock()
	defer g.writing.Unlock()
	for _, s := range g.current.Load().segments {
		if s == nil {
			continue
		}
		all++
		if s.codes != nil && s.codes.rotation == g.rotation {
			coded++
		}
	}
	return coded, all
}

// Kernels are the names of the kernels that this processor can run.
func Kernels() []string {
	var names []string
	for _, k := range kernels() {
		names = append(names, k.name)
	}
	return names
}

// NewGalleryOn is an empty gallery on the i-th of Kernels.
func NewGalleryOn(i int) *Gallery {
	g := NewGallery()
	g.kernel = kernels()[i]
	return g
}
