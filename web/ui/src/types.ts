// The gateway's JSON, as the root package's tags write it. Lengths are pixels of
// the upright photo, times are RFC 3339.

export type Decision = 'match' | 'unknown' | 'ambiguous'

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Quality {
  overall: number
  size: number
  sharpness: number
  brightness: number
  contrast: number
  yaw: number
  pitch: number
  roll: number
  border: number
  reasons: string[] | null
}

export interface Face {
  box: Box
  score: number
  quality: Quality
}

export interface Analysis {
  width: number
  height: number
  faces: Face[]
}

export interface PersonRef {
  id: string
  name: string
}

export interface Candidate {
  person: PersonRef
  distance: number
  similarity: number
  sample_id: string
}

export interface IdentifiedFace extends Face {
  decision: Decision
  threshold: number
  margin: number
  candidates: Candidate[] | null
}

export interface IdentifyResult {
  width: number
  height: number
  faces: IdentifiedFace[]
}

export interface Consent {
  basis: string
  at?: string
}

export interface Person extends PersonRef {
  external_id?: string
  tags: string[] | null
  notes?: string
  consent: Consent
  expires_at?: string
  created_at: string
  updated_at: string
  sample_count: number
}

export interface NewPerson {
  name: string
  external_id: string
  tags: string[]
  notes: string
  consent: Consent | null
}

// Absent fields stay as they are, null takes away.
export interface PersonUpdate {
  name?: string
  external_id?: string
  tags?: string[]
  notes?: string
  consent?: Consent
  expires_at?: string | null
}

export interface PeoplePage {
  people: Person[]
  total: number
  next?: string
}

export interface Sample {
  id: string
  person_id: string
  recipe: string
  quality: Quality
  box: Box
  source: string
  photo_kept: boolean
  created_at: string
}

export interface Refusal {
  photo: string
  code: string
  detail: string
}

export interface Duplicate {
  photo: string
  person: PersonRef
  distance: number
  similarity: number
}

export interface Enrolment extends Person {
  samples: Sample[] | null
  refused: Refusal[] | null
  skipped: Refusal[] | null
  duplicates: Duplicate[] | null
}

// What an error answer may hold (RFC 9457 with the gateway's own members).
export interface Problem {
  title?: string
  status?: number
  detail?: string
  code?: string
  next?: string
  request_id?: string
  refused?: Refusal[]
}
