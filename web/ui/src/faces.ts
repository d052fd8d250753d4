import type { Box } from './types'

// around is the box with room for hair and chin: share of its longer side on
// every side, square, cut at the photo's border.
export function around(box: Box, share: number, width: number, height: number): Box {
  const half = Math.max(box.width, box.height) * (0.5 + share)
  const cx = box.x + box.width / 2
  const cy = box.y + box.height / 2
  const x = Math.max(0, Math.floor(cx - half))
  const y = Math.max(0, Math.floor(cy - half))
  return { x, y, width: Math.min(width, Math.ceil(cx + half)) - x, height: Math.min(height, Math.ceil(cy + half)) - y }
}

// cut is that part of a picture at its own resolution, as a JPEG; null when the
// browser has no memory for it.
export function cut(picture: ImageBitmap, part: Box): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = part.width
  canvas.height = part.height
  canvas.getContext('2d')?.drawImage(picture, part.x, part.y, part.width, part.height, 0, 0, part.width, part.height)
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.95))
}
