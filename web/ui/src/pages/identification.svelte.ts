import { fromFailure, identify, type ApiError } from '../api'
import { around, cut } from '../faces'
import type { IdentifiedFace, IdentifyResult } from '../types'

const margin = 0.6 // room around a face that goes on to be enrolled, in shares of its box

// An IdentificationRun is the photo on the Identify page and its answer. It
// outlives the page: following a name and coming back keeps it.
export class IdentificationRun {
  photo = $state.raw<File | null>(null)
  url = $state('')
  picture = $state.raw<ImageBitmap | null>(null) // null where the browser cannot read the format
  result = $state.raw<IdentifyResult | null>(null)
  problem = $state.raw<ApiError | null>(null)
  busy = $state(false)
  #running: AbortController | null = null

  async start(photo: File) {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    if (this.url) URL.revokeObjectURL(this.url)
    this.picture?.close()
    this.photo = photo
    this.url = URL.createObjectURL(photo)
    this.picture = this.result = this.problem = null
    this.busy = true

    const decoded = createImageBitmap(photo, { imageOrientation: 'from-image' }).catch(() => null)
    try {
      const result = await identify(photo, running.signal)
      const picture = await decoded
      if (running.signal.aborted) {
        picture?.close()
        return
      }
      this.picture = picture
      this.result = result
    } catch (cause) {
      if (running.signal.aborted) return
      this.problem = fromFailure(cause)
    }
    this.busy = false
  }

  // portrait is one face of the photo with room around it, ready to be enrolled.
  async portrait(face: IdentifiedFace, number: number): Promise<File | null> {
    if (!this.picture || !this.photo) return null
    const picture = await cut(this.picture, around(face.box, margin, this.picture.width, this.picture.height))
    const stem = this.photo.name.replace(/\.[^.]*$/, '')
    return picture && new File([picture], `${stem}-face-${number}.jpg`, { type: 'image/jpeg' })
  }
}

export const run = new IdentificationRun()
