import { ApiError, detect, fromFailure } from '../api'
import { batches } from '../batches'
import { count } from '../fields'
import { uniqueName } from '../names'
import type { Analysis, Enrolment, Face } from '../types'
import { isFinal, unusable, verdicts, type Verdict } from '../verdicts'

// waiting: its turn has not come. ready: one face. warning: it would be refused,
// or is poor. failed: it could not be looked at, which says nothing about it.
export type CheckState = 'waiting' | 'checking' | 'ready' | 'warning' | 'failed'

export interface Check {
  state: CheckState
  text: string
  analysis: Analysis | null
}

const poor = 0.35 // overall quality a person should think about, whatever the gateway's own gate
const patience = 3 // tries, while the gateway is busy

// A TrayPhoto is one photo on the way to being a sample.
export class TrayPhoto {
  readonly url: string
  readonly leaving = new AbortController()
  check = $state.raw<Check>({ state: 'waiting', text: 'Waiting for its check', analysis: null })
  verdict = $state.raw<Verdict | null>(null)

  constructor(readonly file: File) {
    this.url = URL.createObjectURL(file)
  }

  get name() {
    return this.file.name
  }

  get face(): Face | null {
    const faces = this.check.analysis?.faces ?? []
    return faces.length === 1 ? (faces[0] ?? null) : null
  }

  leave() {
    this.leaving.abort()
    URL.revokeObjectURL(this.url)
  }
}

// A Tray holds the photos chosen for one person. Each is looked at by the
// gateway as it arrives, one at a time, so that a bad one shows before sending.
export class Tray {
  photos = $state.raw<TrayPhoto[]>([])
  #checking = false
  #shots = 0

  add(files: File[]) {
    const taken = this.photos.map((p) => p.name)
    const added = files.map((file) => {
      const name = uniqueName(file.name, taken)
      taken.push(name)
      return new TrayPhoto(name === file.name ? file : new File([file], name, { type: file.type }))
    })
    this.photos = [...this.photos, ...added]
    void this.#checkAll()
  }

  addShot(shot: Blob) {
    this.add([new File([shot], `webcam-${++this.#shots}.jpg`, { type: 'image/jpeg' })])
  }

  remove(photo: TrayPhoto) {
    photo.leave()
    this.photos = this.photos.filter((p) => p !== photo)
  }

  clear() {
    for (const photo of this.photos) photo.leave()
    this.photos = []
    this.#shots = 0
  }

  // pending are the photos a next try would send.
  get pending(): TrayPhoto[] {
    return this.photos.filter((p) => !p.verdict || !isFinal(p.verdict))
  }

  // send hands the pending photos to act in batches and notes each verdict as
  // it comes. Its answer is act's last; it throws when nothing could be used,
  // or at once for what is not about photos.
  async send(act: (photos: File[]) => Promise<Enrolment>): Promise<Enrolment> {
    let answer: Enrolment | null = null
    let failure = new ApiError(0, 'no_usable_photo', 'There is no photo to send.', 'Add one.')
    for (const batch of batches(this.pending)) {
      try {
        answer = await act(batch.map((p) => p.file))
        this.#apply(verdicts(batch.map((p) => p.name), answer))
      } catch (cause) {
        const problem = fromFailure(cause)
        if (problem.code !== 'no_usable_photo') throw problem
        this.#apply(unusable(batch.map((p) => p.name), problem.refused))
        failure = problem
      }
    }
    if (!answer) throw failure
    return answer
  }

  // summary is the verdicts in one sentence, empty before there are any.
  get summary(): string {
    const n = (status: string) => this.photos.filter((p) => p.verdict?.status === status).length
    const parts = [
      n('added') && `${count(n('added'), 'photo')} added`,
      n('refused') && `${n('refused')} refused`,
      n('skipped') && `${n('skipped')} skipped`,
    ].filter(Boolean)
    return parts.length ? `${parts.join(', ')}.` : ''
  }

  #apply(found: Map<string, Verdict>) {
    for (const photo of this.photos) photo.verdict = found.get(photo.name) ?? photo.verdict
  }

  async #checkAll() {
    if (this.#checking) return
    this.#checking = true
    for (;;) {
      const photo = this.photos.find((p) => p.check.state === 'waiting' && !p.verdict)
      if (!photo) break
      await check(photo)
    }
    this.#checking = false
  }
}

async function check(photo: TrayPhoto) {
  photo.check = { state: 'checking', text: 'Looking for the face…', analysis: null }
  for (let tries = 1; ; tries++) {
    try {
      const analysis = await detect(photo.file, photo.leaving.signal)
      photo.check = { ...judge(analysis), analysis }
      return
    } catch (cause) {
      const problem = fromFailure(cause)
      if (problem.code === 'busy' && tries < patience) {
        await new Promise((wake) => setTimeout(wake, 1000 * (problem.retryAfter || tries)))
        continue
      }
      photo.check = { state: isAboutPhoto(problem) ? 'warning' : 'failed', text: problem.detail, analysis: null }
      return
    }
  }
}

function isAboutPhoto(problem: ApiError): boolean {
  return problem.status >= 400 && problem.status < 500 && problem.status !== 429
}

function judge(analysis: Analysis): { state: CheckState; text: string } {
  const faces = analysis.faces.length
  const quality = analysis.faces[0]?.quality
  if (faces === 0) return { state: 'warning', text: 'No face' }
  if (faces > 1) return { state: 'warning', text: `${faces} faces; one is needed` }
  if (quality && quality.overall < poor) return { state: 'warning', text: 'One face, of poor quality' }
  return { state: 'ready', text: 'One face' }
}
