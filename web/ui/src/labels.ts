import type { Box } from './types'

export interface Size {
  width: number
  height: number
}

// place finds room in the photo for the label of a face's box: above, below, or
// inside at its top, centred or aligned with a side, clear of the labels placed
// before. It is null where there is none.
export function place(box: Box, label: Size, gap: number, photo: Size, placed: Box[]): Box | null {
  const ys = [box.y - label.height - gap, box.y + box.height + gap, Math.max(0, box.y + gap)]
  const xs = [box.x + (box.width - label.width) / 2, box.x, box.x + box.width - label.width]
  for (const y of ys) {
    if (y < 0 || y + label.height > photo.height) continue
    for (const x of xs) {
      const spot = { ...label, x: Math.max(0, Math.min(x, photo.width - label.width)), y }
      if (!placed.some((other) => overlap(spot, other))) return spot
    }
  }
  return null
}

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
