// The gateway bounds a request's bytes, photos and time, so many photos go in
// several requests, each well below the bounds it starts with.
const mostPhotos = 10
const mostBytes = 32 * 1024 * 1024

// batches splits photos in order; a photo over the bound goes alone.
export function batches<T extends { file: { size: number } }>(photos: T[], most = mostPhotos, bytes = mostBytes): T[][] {
  const out: T[][] = []
  let size = 0
  for (const photo of photos) {
    const last = out.at(-1)
    if (last && last.length < most && size + photo.file.size <= bytes) {
      last.push(photo)
      size += photo.file.size
    } else {
      out.push([photo])
      size = photo.file.size
    }
  }
  return out
}
