package camera

import "facegate"

// admits reports whether a face at p counts: inside no mask, and inside an include
// zone where there are any. p is in shares of width and height, 0..1.
func admits(zones []facegate.Zone, p facegate.Point) bool {
	needed, included := false, false
	for _, z := range zones {
		switch in := inside(z.Points, p); z.Mode {
		case facegate.Mask:
			if in {
				return false
			}
		default:
			needed = true
			included = included || in
		}
	}
	return included || !needed
}

// inside reports whether p lies in a polygon, by the number of its edges that a
// ray to the right crosses (Shimrat, "Algorithm 112: position of point relative to
// polygon", 1962). A point on an edge may count either way, but lies in exactly
// one of two polygons that share the edge.
func inside(corners [][2]float64, p facegate.Point) bool {
	in := false
	for i := range corners {
		a, b := corners[i], corners[(i+1)%len(corners)]
		if (a[1] > p.Y) != (b[1] > p.Y) && p.X < a[0]+(p.Y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			in = !in
		}
	}
	return in
}
