// Polygons on a picture. Corners are shares of its width and height.
import type { Corner, Zone } from './watching'

export const mostZones = 32
export const mostCorners = 100
const fewest = 3

const inside = (v: number) => Math.min(1, Math.max(0, v))
const round = (v: number) => Math.round(inside(v) * 10000) / 10000

// fresh is a new zone in the middle of the picture, a little aside for each that
// is there already.
export function fresh(zones: Zone[]): Zone {
  const o = (zones.length % 5) * 0.04
  const box: Corner[] = [
    [0.25 + o, 0.25 + o],
    [0.75 + o, 0.25 + o],
    [0.75 + o, 0.75 + o],
    [0.25 + o, 0.75 + o],
  ]
  return { mode: 'include', points: box.map(([x, y]) => [round(x), round(y)]) }
}

// moved is the zone with one corner elsewhere, within the picture.
export function moved(z: Zone, corner: number, x: number, y: number): Zone {
  return { ...z, points: z.points.map((p, i) => (i === corner ? [round(x), round(y)] : p)) }
}

// middle is halfway from a corner to the next.
export function middle(z: Zone, corner: number): Corner {
  const [ax, ay] = z.points[corner] ?? [0, 0]
  const [bx, by] = z.points[(corner + 1) % z.points.length] ?? [0, 0]
  return [(ax + bx) / 2, (ay + by) / 2]
}

// split puts a new corner halfway to the next.
export function split(z: Zone, corner: number): Zone {
  if (z.points.length >= mostCorners) return z
  const [x, y] = middle(z, corner)
  return { ...z, points: [...z.points.slice(0, corner + 1), [round(x), round(y)], ...z.points.slice(corner + 1)] }
}

// without takes a corner away, unless the zone would be none any more.
export function without(z: Zone, corner: number): Zone {
  return z.points.length > fewest ? { ...z, points: z.points.filter((_, i) => i !== corner) } : z
}

// drawn is a zone as the points attribute of an SVG polygon of that size.
export function drawn(z: Zone, width: number, height: number): string {
  return z.points.map(([x, y]) => `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`).join(' ')
}
