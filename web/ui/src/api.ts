// The one place that speaks to the gateway. Addresses are relative to the page,
// so that the console works below any path a proxy gives it.
import { fromFailure, fromResponse } from './problem'
import type { Analysis, Enrolment, IdentifyResult, NewPerson, PeoplePage, Person, PersonUpdate, Sample } from './types'

export { ApiError, fromFailure } from './problem'

const root = 'v1'

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    const response = await fetch(`${root}${path}`, {
      ...init,
      headers: { Accept: 'application/json, application/problem+json', ...init.headers },
    })
    if (response.status === 401) dispatchEvent(new Event('facegate:unauthorized'))
    if (!response.ok) throw await fromResponse(response)
    return response
  } catch (cause) {
    throw fromFailure(cause)
  }
}

async function read<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await call(path, init)
  try {
    return (await response.json()) as T
  } catch (cause) {
    throw fromFailure(cause)
  }
}

function form(fields: Record<string, string>, photos: File[]): FormData {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value)
  for (const photo of photos) body.append('photo', photo, photo.name)
  return body
}

const person = (id: string) => `/people/${encodeURIComponent(id)}`
const sample = (personID: string, id: string) => `${person(personID)}/samples/${encodeURIComponent(id)}`

export function detect(photo: File, signal?: AbortSignal): Promise<Analysis> {
  return read('/detect', { method: 'POST', body: form({}, [photo]), signal })
}

export function identify(photo: File, signal?: AbortSignal): Promise<IdentifyResult> {
  return read('/identify', { method: 'POST', body: form({}, [photo]), signal })
}

export function createPerson(p: NewPerson, photos: File[]): Promise<Enrolment> {
  const body = form(
    {
      name: p.name,
      external_id: p.external_id,
      notes: p.notes,
      consent_basis: p.consent?.basis ?? '',
      consent_at: p.consent?.at ?? '',
    },
    photos,
  )
  for (const tag of p.tags) body.append('tags', tag)
  return read('/people', { method: 'POST', body })
}

export function addSamples(personID: string, photos: File[]): Promise<Enrolment> {
  return read(`${person(personID)}/samples`, { method: 'POST', body: form({}, photos) })
}

export interface PeopleQuery {
  query?: string
  limit?: number
  after?: string
}

export function listPeople(q: PeopleQuery, signal?: AbortSignal): Promise<PeoplePage> {
  const search = new URLSearchParams()
  if (q.query) search.set('query', q.query)
  if (q.limit) search.set('limit', String(q.limit))
  if (q.after) search.set('after', q.after)
  return read(`/people?${search}`, { signal })
}

// personByName is the person of exactly that name, else of that name in another case.
export async function personByName(name: string): Promise<Person | undefined> {
  const wanted = name.trim()
  let alike: Person | undefined
  let after = ''
  do {
    const page = await listPeople({ query: wanted, limit: 500, after })
    const same = page.people.find((p) => p.name === wanted)
    if (same) return same
    alike ??= page.people.find((p) => p.name.toLowerCase() === wanted.toLowerCase())
    after = page.next ?? ''
  } while (after)
  return alike
}

export function getPerson(id: string, signal?: AbortSignal): Promise<Person> {
  return read(person(id), { signal })
}

export function updatePerson(id: string, update: PersonUpdate): Promise<Person> {
  return read(person(id), {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(update),
  })
}

export async function deletePerson(id: string): Promise<void> {
  await call(person(id), { method: 'DELETE' })
}

export async function listSamples(personID: string, signal?: AbortSignal): Promise<Sample[]> {
  return (await read<{ samples: Sample[] | null }>(`${person(personID)}/samples`, { signal })).samples ?? []
}

export async function deleteSample(personID: string, id: string): Promise<void> {
  await call(sample(personID, id), { method: 'DELETE' })
}

// portraitURL changes with version, so that a portrait is fetched anew when the
// person's samples changed.
export function portraitURL(personID: string, version = ''): string {
  return `${root}${person(personID)}/portrait${version ? `?v=${encodeURIComponent(version)}` : ''}`
}

export function photoURL(personID: string, id: string): string {
  return `${root}${sample(personID, id)}/photo`
}

export function thumbnailURL(personID: string, id: string): string {
  return `${root}${sample(personID, id)}/thumbnail`
}
