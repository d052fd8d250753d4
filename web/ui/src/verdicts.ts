import type { Duplicate, Enrolment, Quality, Refusal } from './types'
import { sentence } from './problem'

export type Status = 'added' | 'refused' | 'skipped'

// A Verdict is what became of one photo that was sent.
export interface Verdict {
  status: Status
  code: string // why, unless added
  text: string
  quality: Quality | null // of the sample, when added
  duplicates: Duplicate[]
}

// Such a refusal says nothing about the photo: it may be sent again as it is.
const passing = new Set(['busy', 'timeout', 'canceled', 'internal'])

export const isFinal = (v: Verdict) => !(v.status === 'refused' && passing.has(v.code))

// verdicts says, by name, what became of the photos that were sent. Samples tell
// their photo by source; where a source is written otherwise, samples and the
// photos neither refused nor skipped are in the same order.
export function verdicts(sent: string[], e: Enrolment): Map<string, Verdict> {
  const out = refusals('refused', e.refused)
  for (const [name, v] of refusals('skipped', e.skipped)) out.set(name, v)

  const samples = [...(e.samples ?? [])]
  const open = sent.filter((name) => !out.has(name))
  const own = new Map(samples.filter((s) => open.includes(s.source)).map((s) => [s.source, s]))
  const rest = samples.filter((s) => own.get(s.source) !== s)
  for (const name of open) {
    const s = own.get(name) ?? rest.shift()
    if (!s) continue
    const duplicates = (e.duplicates ?? []).filter((d) => d.photo === name)
    out.set(name, { status: 'added', code: '', text: 'Added.', quality: s.quality, duplicates })
  }
  return out
}

// unusable are the verdicts of a call that added nothing and refused some: the
// gateway passes over the others only because they are enrolled already.
export function unusable(sent: string[], refused: Refusal[]): Map<string, Verdict> {
  const out = refusals('refused', refused)
  if (out.size === 0) return out
  const known = sent.filter((name) => !out.has(name))
  const detail = 'this photo, or one nearly the same, is enrolled already'
  return new Map([...out, ...refusals('skipped', known.map((photo) => ({ photo, code: 'near_identical', detail })))])
}

export function refusals(status: 'refused' | 'skipped', list: Refusal[] | null): Map<string, Verdict> {
  return new Map(
    (list ?? []).map((r) => [r.photo, { status, code: r.code, text: sentence(r.detail), quality: null, duplicates: [] }]),
  )
}
