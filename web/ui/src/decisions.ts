import { likeness } from './fields'
import type { Candidate, IdentifiedFace } from './types'

// within are the candidates the threshold admits; listed are those worth showing
// with the decision: for a match the person alone, for ambiguous all it may be.
export function within(face: IdentifiedFace): Candidate[] {
  return (face.candidates ?? []).filter((c) => c.distance <= face.threshold)
}

// nameOf is who it is; empty unless it is a match.
export function nameOf(face: IdentifiedFace): string {
  return face.decision === 'match' ? (face.candidates?.[0]?.person.name ?? '') : ''
}

// possible are the people an ambiguous face may be: those within the margin of the best.
export function possible(face: IdentifiedFace): Candidate[] {
  const all = face.candidates ?? []
  const best = all[0]
  return best ? all.filter((c) => c.distance <= face.threshold && c.distance - best.distance <= face.margin) : []
}

// caption is the few words drawn beside a face.
export function caption(face: IdentifiedFace): string {
  const best = face.candidates?.[0]
  switch (face.decision) {
    case 'match':
      return best ? `${best.person.name} ${likeness(best.similarity)}` : 'Match'
    case 'ambiguous':
      return possible(face)
        .map((c) => c.person.name)
        .join(' or ')
    case 'unknown':
      return 'Unknown'
  }
}

// explain is the decision in a sentence or two.
export function explain(face: IdentifiedFace): string {
  const best = face.candidates?.[0]
  const limit = face.threshold.toFixed(2)
  switch (face.decision) {
    case 'match':
      return `Distance ${best?.distance.toFixed(3)}, within the threshold of ${limit}.`
    case 'ambiguous':
      return `More than one person is within the threshold of ${limit}, and they are too close to each other to tell apart.`
    case 'unknown':
      return best
        ? `Nobody is within the threshold of ${limit}. The nearest is ${best.person.name}, at ${best.distance.toFixed(3)}.`
        : 'Nobody is enrolled to compare with.'
  }
}
