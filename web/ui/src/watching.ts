// Cameras and what they see, as the gateway speaks of them.
import { fromFailure, fromResponse } from './problem'
import type { Box, Enrolment, PersonRef } from './types'
import { socketURL } from './webcam'

export interface CameraRef {
  id: string
  name: string
}

export type CameraState = 'connecting' | 'online' | 'stalled' | 'retrying' | 'paused' | 'ended'

export type Corner = [x: number, y: number] // shares of width and height, 0..1

export interface Zone {
  name?: string
  mode: 'include' | 'mask'
  points: Corner[]
}

export interface Span {
  days?: string[]
  from: string
  to: string
}

// Absent settings are the default.
export interface CameraSettings {
  transport?: 'tcp' | 'udp'
  pace?: 'real' | 'fast'
  fps?: number
  min_face?: number
  motion_gate?: boolean
  zones?: Zone[]
  schedule?: Span[]
  cooldown_seconds?: number
  liveness?: number
}

export interface CameraStatus {
  state: CameraState
  since: string
  detail?: string
  width: number
  height: number
  fps: number
  analysed_fps: number
  frames: number
  dropped: number
  faces: number
  sightings: number
  unreported: number
  retries: number
  last_error?: string
  last_error_at?: string
}

export interface Camera extends CameraRef, CameraSettings {
  source: string // passwords hidden
  paused: boolean
  created_at: string
  updated_at: string
  status: CameraStatus
}

// Null chooses the default.
export type CameraChange = { [K in keyof CameraSettings]?: CameraSettings[K] | null } & { name?: string; source?: string }

export type SightingDecision = 'match' | 'unknown' | 'ambiguous' | 'spoof'

export interface Sighting {
  id: string
  revision: number
  ended: boolean
  camera: CameraRef
  decision: SightingDecision
  person?: PersonRef
  unknown_id?: string
  distance: number
  similarity: number
  threshold: number
  candidate?: PersonRef
  first_seen: string
  last_seen: string
  evidence: number
  quality: number
  liveness?: number
  box: Box
  width: number
  height: number
  labelled: boolean
  photo: boolean
  face: boolean
}

export interface SightingPage {
  sightings: Sighting[]
  total: number
  next?: string
  change: number
}

export interface Stranger {
  id: string
  first_seen: string
  last_seen: string
  sightings: number
  cameras: CameraRef[]
  shots: number
  quality: number
}

export interface StrangerPage {
  unknowns: Stranger[]
  total: number
  next?: string
}

const root = 'v1'

async function call(path: string, method = 'GET', body?: unknown, signal?: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(`${root}${path}`, {
      method,
      signal,
      headers: { Accept: 'application/json, application/problem+json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (response.status === 401) dispatchEvent(new Event('facegate:unauthorized'))
    if (!response.ok) throw await fromResponse(response)
    return response
  } catch (cause) {
    throw fromFailure(cause)
  }
}

async function read<T>(path: string, method = 'GET', body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await call(path, method, body, signal)
  try {
    return (await response.json()) as T
  } catch (cause) {
    throw fromFailure(cause)
  }
}

const camera = (id: string) => `/cameras/${encodeURIComponent(id)}`
const sighting = (id: string) => `/sightings/${encodeURIComponent(id)}`
const stranger = (id: string) => `/unknowns/${encodeURIComponent(id)}`

export const listCameras = async (signal?: AbortSignal) => (await read<{ cameras: Camera[] }>('/cameras', 'GET', undefined, signal)).cameras
export const getCamera = (id: string, signal?: AbortSignal) => read<Camera>(camera(id), 'GET', undefined, signal)
export const addCamera = (c: CameraChange) => read<Camera>('/cameras', 'POST', c)
export const changeCamera = (id: string, c: CameraChange) => read<Camera>(camera(id), 'PATCH', c)
export const pauseCamera = (id: string, paused: boolean) => read<Camera>(`${camera(id)}/${paused ? 'pause' : 'resume'}`, 'POST')
export const removeCamera = async (id: string) => void (await call(camera(id), 'DELETE'))

// liveURL changes with again, so that a picture that broke off is asked for anew.
export const liveURL = (id: string, again = 0) => `${root}${camera(id)}/live${again ? `?again=${again}` : ''}`

// pushURL is the WebSocket that pictures of this browser's webcam go to.
export const pushURL = (id: string, page = location.href) => socketURL(`${camera(id)}/push`, page)

export interface SightingFilter {
  camera: string // id
  person: string // name
  unknown: string // id
  decision: SightingDecision | ''
  since: string // RFC 3339
  until: string
}

export const everything: SightingFilter = { camera: '', person: '', unknown: '', decision: '', since: '', until: '' }

export function listSightings(f: SightingFilter, limit: number, after = '', signal?: AbortSignal): Promise<SightingPage> {
  const search = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries({ ...f, after })) if (value) search.set(name, value)
  return read(`/sightings?${search}`, 'GET', undefined, signal)
}

export const deleteSighting = async (id: string) => void (await call(sighting(id), 'DELETE'))
export const sightingPhotoURL = (s: Sighting) => `${root}${sighting(s.id)}/photo?r=${s.revision}`
export const sightingCropURL = (s: Sighting) => `${root}${sighting(s.id)}/crop?r=${s.revision}`
export const streamURL = (change: number) => `${root}/sightings/stream?after=${change}`

export function listStrangers(limit: number, after = '', signal?: AbortSignal): Promise<StrangerPage> {
  const search = new URLSearchParams({ limit: String(limit) })
  if (after) search.set('after', after)
  return read(`/unknowns?${search}`, 'GET', undefined, signal)
}

export type NewName = { person_id: string } | { name: string; consent?: { basis: string; at: string } }

export const strangerCropURL = (s: Stranger) => `${root}${stranger(s.id)}/crop?n=${s.shots}-${s.last_seen}`
export const nameStranger = (id: string, n: NewName) => read<Enrolment>(`${stranger(id)}/name`, 'POST', n)
export const mergeStrangers = (id: string, others: string[]) => read<Stranger>(`${stranger(id)}/merge`, 'POST', { others })
export const splitStranger = (id: string, sightings: string[]) => read<Stranger>(`${stranger(id)}/split`, 'POST', { sightings })
export const deleteStranger = async (id: string) => void (await call(stranger(id), 'DELETE'))
