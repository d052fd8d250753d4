// What the console makes of sightings: whom to show, in which order, in which words.
import type { CameraState, Sighting, SightingDecision, SightingFilter } from './watching'

// shows tells whether a filter selects a sighting, as the gateway's list does.
export function shows(f: SightingFilter, s: Sighting): boolean {
  return (
    (!f.camera || s.camera.id === f.camera) &&
    (!f.person || s.person?.name === f.person) &&
    (!f.unknown || (s.unknown_id === f.unknown && !s.labelled)) &&
    (!f.decision || s.decision === f.decision) &&
    (!f.since || Date.parse(s.last_seen) >= Date.parse(f.since)) &&
    (!f.until || Date.parse(s.first_seen) < Date.parse(f.until))
  )
}

// receive is the list with a sighting as it is now: in the place of what was known
// of it, by when it began, or out where the filter does not select it any more.
export function receive(list: Sighting[], s: Sighting, f: SightingFilter): Sighting[] {
  const known = list.find((o) => o.id === s.id)
  if (known && known.revision > s.revision) return list
  const others = known ? list.filter((o) => o !== known) : list
  if (!shows(f, s)) return others
  const at = others.findIndex((o) => Date.parse(o.first_seen) <= Date.parse(s.first_seen))
  return at < 0 ? [...others, s] : [...others.slice(0, at), s, ...others.slice(at)]
}

export const decisionWords: Record<SightingDecision, string> = {
  match: 'Recognised',
  unknown: 'Stranger',
  ambiguous: 'Not certain',
  spoof: 'Not a living face',
}

// nameOf is whom a sighting shows, in few words.
export function nameOf(s: Sighting): string {
  switch (s.decision) {
    case 'match':
      return s.person?.name ?? 'Recognised'
    case 'spoof':
      return s.person ? `Picture of ${s.person.name}` : 'Not a living face'
    case 'ambiguous':
      return s.candidate ? `${s.candidate.name}?` : 'Not certain'
    case 'unknown':
      return 'Stranger'
  }
}

// stayed is for how long somebody was there.
export function stayed(s: Sighting): string {
  const seconds = Math.max(0, Math.round((Date.parse(s.last_seen) - Date.parse(s.first_seen)) / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const stateWords: Record<CameraState, string> = {
  connecting: 'Connecting',
  online: 'Online',
  stalled: 'No pictures',
  retrying: 'Trying again',
  paused: 'Paused',
  ended: 'Ended',
}

export const stateTone: Record<CameraState, 'good' | 'warn' | 'bad' | 'plain'> = {
  connecting: 'plain',
  online: 'good',
  stalled: 'warn',
  retrying: 'bad',
  paused: 'plain',
  ended: 'plain',
}
