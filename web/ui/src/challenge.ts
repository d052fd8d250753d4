// The challenge of a verification over the webcam, as the gateway speaks of it.
import type { Face, PersonRef } from './types'
import { socketURL } from './webcam'

export type Turn = 'ahead' | 'left' | 'right'

export interface Verification {
  decision: 'match' | 'no_match'
  distance: number
  similarity: number
  threshold: number
  person?: PersonRef
  face_a?: Face
}

export interface ChallengeState {
  result: 'running' | 'passed' | 'failed'
  ask?: Turn
  hint?: string
  reason?: string
  done: number
  turns: number
  remaining_seconds: number
  verification?: Verification
  problem?: { detail?: string; next?: string }
}

// challengeURL is the WebSocket for the pictures of somebody who says to be that person.
export const challengeURL = (person: string, page = location.href) => socketURL(`/verify/challenge?person=${encodeURIComponent(person)}`, page)

export const isOver = (s: ChallengeState) => s.result === 'failed' || s.verification !== undefined

export const asks: Record<Turn, string> = {
  ahead: 'Look straight ahead',
  left: 'Turn your head to your left',
  right: 'Turn your head to your right',
}

// explainVerification says why a verification is what it is.
export function explainVerification(v: Verification): string {
  const within = v.decision === 'match' ? 'within' : 'beyond'
  return `The distance ${v.distance.toFixed(3)} is ${within} the threshold of ${v.threshold.toFixed(3)}.`
}
