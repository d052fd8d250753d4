// The API's description (OpenAPI 3), as far as the page of it shows it.
import { fromFailure, fromResponse } from './problem'

interface Ref {
  $ref?: string
}

export interface Schema extends Ref {
  type?: string
  format?: string
  description?: string
  enum?: unknown[]
  default?: unknown
  example?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  nullable?: boolean
  required?: string[]
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  allOf?: Schema[]
  oneOf?: Schema[]
  anyOf?: Schema[]
}

export interface Parameter extends Ref {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  description?: string
  required?: boolean
  schema?: Schema
}

interface Media {
  schema?: Schema
  example?: unknown
  examples?: Record<string, { value?: unknown }>
}

interface Body extends Ref {
  required?: boolean
  description?: string
  content?: Record<string, Media>
}

interface Response extends Ref {
  description?: string
  headers?: Record<string, Ref & { description?: string }>
  content?: Record<string, Media>
}

interface RawOperation {
  tags?: string[]
  operationId: string
  summary?: string
  description?: string
  parameters?: Parameter[]
  requestBody?: Body
  responses?: Record<string, Response>
  'x-scopes'?: string[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

type PathItem = { parameters?: Parameter[] } & Partial<Record<(typeof methods)[number], RawOperation>>

export interface Description {
  info: { title: string; version: string; description?: string }
  tags?: { name: string; description?: string }[]
  paths: Record<string, PathItem>
  components?: Record<string, Record<string, unknown>>
  'x-codes'?: Record<string, { status: number; title: string }>
}

// Content is a body or an answer in one media type.
export interface Content {
  media: string
  schema?: Schema
  example?: unknown
}

export interface Answer {
  status: string
  description: string
  headers: { name: string; description: string }[]
  content: Content[]
  codes: string[] // error codes that its description names
}

export interface Operation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  description: string
  scopes: string[] | null // null: nobody is asked for a key
  parameters: Parameter[]
  bodies: Content[]
  bodyRequired: boolean
  answers: Answer[]
}

export interface Group {
  name: string
  description: string
  operations: Operation[]
}

export async function readDescription(): Promise<Description> {
  try {
    const response = await fetch('openapi.json', { headers: { Accept: 'application/json' } })
    if (!response.ok) throw await fromResponse(response)
    return (await response.json()) as Description
  } catch (cause) {
    throw fromFailure(cause)
  }
}

// resolve follows a reference within the document.
export function resolve<T extends Ref>(doc: Description, value: T): T {
  let at: Ref = value
  for (let hops = 0; at.$ref && hops < 10; hops++) {
    let found: unknown = doc
    for (const part of at.$ref.replace(/^#\//, '').split('/')) found = (found as Record<string, unknown> | undefined)?.[part]
    if (!found) return at as T
    at = found as Ref
  }
  return at as T
}

// refName is the name of what a reference leads to: Person of #/components/schemas/Person.
export const refName = (schema: Schema): string => schema.$ref?.split('/').pop() ?? ''

function contents(content: Record<string, Media> = {}): Content[] {
  return Object.entries(content).map(([media, c]) => ({
    media,
    schema: c.schema,
    example: c.example ?? Object.values(c.examples ?? {})[0]?.value,
  }))
}

// groups are the operations by their first tag, in the order of the document.
export function groups(doc: Description): Group[] {
  const all = new Map<string, Group>((doc.tags ?? []).map((t) => [t.name, { name: t.name, description: t.description ?? '', operations: [] }]))
  const known = Object.keys(doc['x-codes'] ?? {})
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of methods) {
      const raw = item[method]
      if (!raw) continue
      const tag = raw.tags?.[0] ?? 'others'
      const group = all.get(tag) ?? { name: tag, description: '', operations: [] }
      all.set(tag, group)
      const body = raw.requestBody && resolve(doc, raw.requestBody)
      group.operations.push({
        id: raw.operationId,
        method: method.toUpperCase(),
        path,
        tag,
        summary: raw.summary ?? '',
        description: raw.description ?? '',
        scopes: raw['x-scopes'] ?? null,
        parameters: [...(item.parameters ?? []), ...(raw.parameters ?? [])].map((p) => resolve(doc, p)),
        bodies: contents(body?.content),
        bodyRequired: body?.required ?? false,
        answers: Object.entries(raw.responses ?? {}).map(([status, r]) => {
          const answer = resolve(doc, r)
          const description = answer.description ?? ''
          return {
            status,
            description,
            headers: Object.entries(answer.headers ?? {}).map(([name, h]) => ({ name, description: resolve(doc, h).description ?? '' })),
            content: contents(answer.content),
            codes: [...description.matchAll(/`(\w+)`/g)].map((m) => m[1]!).filter((c) => known.includes(c)),
          }
        }),
      })
    }
  }
  return [...all.values()].filter((g) => g.operations.length > 0)
}

// search keeps the operations in which all words occur, wherever that is.
export function search(all: Group[], words: string): Group[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return all
  return all
    .map((g) => ({
      ...g,
      operations: g.operations.filter((o) => {
        const text = [
          o.id, o.method, o.path, o.tag, o.summary, o.description, ...(o.scopes ?? []),
          ...o.parameters.flatMap((p) => [p.name, p.description ?? '']),
          ...o.answers.flatMap((a) => [a.status, a.description]),
        ].join('\n').toLowerCase()
        return wanted.every((w) => text.includes(w))
      }),
    }))
    .filter((g) => g.operations.length > 0)
}

// kind says in words what a value may be: "integer, 1 to 500, by default 50".
export function kind(doc: Description, schema: Schema): string {
  const s = merged(doc, schema)
  const parts: string[] = []
  if (s.enum) parts.push(s.enum.length === 1 ? String(s.enum[0]) : s.enum.length > 12 ? `one of ${s.enum.length} words` : `one of ${s.enum.join(', ')}`)
  else if (s.type === 'array' && s.items) parts.push(`list of ${itemKind(doc, s.items)}`)
  else if (s.format === 'binary') parts.push('file')
  else parts.push(s.format ? `${s.type ?? 'any'} (${s.format})` : (s.type ?? 'any'))
  const range = (low: number | undefined, high: number | undefined, unit: string) => {
    if (low === undefined && high === undefined) return
    if (high === undefined) parts.push(`${low} or more${unit}`)
    else parts.push(low === undefined ? `at most ${high}${unit}` : low === high ? `${low}${unit}` : `${low} to ${high}${unit}`)
  }
  range(s.minimum, s.maximum, '')
  range(s.minLength, s.maxLength, ' characters')
  range(s.minItems, s.maxItems, ' items')
  if (s.nullable) parts.push('or null')
  if (s.default !== undefined) parts.push(`by default ${JSON.stringify(s.default)}`)
  return parts.join(', ')
}

function itemKind(doc: Description, items: Schema): string {
  const s = merged(doc, items)
  return refName(items) || (s.enum ? s.enum.join(', ') : s.format === 'binary' ? 'files' : `${s.type ?? 'any'}s`)
}

// merged is a schema with its references followed and its allOf put together.
export function merged(doc: Description, schema: Schema): Schema {
  const s = resolve(doc, schema)
  if (!s.allOf) return s
  return s.allOf.reduce<Schema>((all, part) => {
    const p = merged(doc, part)
    return { ...all, ...p, properties: { ...all.properties, ...p.properties }, required: [...(all.required ?? []), ...(p.required ?? [])] }
  }, { ...s, allOf: undefined })
}

// inside is the schema whose members are worth showing below a member: an object's
// own, or those of a list's items; null where there are none.
export function inside(doc: Description, schema: Schema): Schema | null {
  const s = merged(doc, schema)
  if (s.type === 'array' && s.items) return inside(doc, s.items)
  if (s.properties) return s
  const choice = s.oneOf?.[0] ?? s.anyOf?.[0]
  if (choice) return inside(doc, choice)
  return typeof s.additionalProperties === 'object' ? inside(doc, s.additionalProperties) : null
}

// sample makes up a value: what the description gives as example, else the least
// that is valid, with the members that must be there.
export function sample(doc: Description, schema: Schema, depth = 0): unknown {
  const s = merged(doc, schema)
  if (s.example !== undefined) return s.example
  if (s.default !== undefined) return s.default
  if (s.enum) return s.enum[0]
  switch (s.type) {
    case 'object': {
      const names = s.required?.length ? s.required : Object.keys(s.properties ?? {}).slice(0, 3)
      if (depth > 4) return {}
      return Object.fromEntries(names.map((n) => [n, sample(doc, s.properties?.[n] ?? {}, depth + 1)]))
    }
    case 'array':
      if (s.minItems && s.minItems > 8) return ['…']
      return depth > 4 || !s.items ? [] : [sample(doc, s.items, depth + 1)]
    case 'integer':
    case 'number':
      return s.minimum ?? 1
    case 'boolean':
      return true
  }
  if (s.format === 'date-time') return '2026-04-01T09:30:00Z'
  if (s.format === 'uuid') return '0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f'
  return s.oneOf || s.anyOf ? sample(doc, (s.oneOf ?? s.anyOf)![0]!, depth + 1) : 'text'
}

// quoted is a word for a shell.
const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

// curl is a call of an operation, to be copied into a terminal. Words in capitals
// stand for what the caller has to fill in; root is the gateway's address.
export function curl(doc: Description, o: Operation, root: string): string {
  const query = o.parameters.filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=${p.name.toUpperCase()}`)
  const address = root.replace(/\/$/, '') + o.path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase()) + (query.length ? `?${query.join('&')}` : '')
  const words = ['curl -sS']
  const good = o.answers.find((a) => a.status.startsWith('2'))?.content[0]?.media ?? ''
  if (good === 'text/event-stream') words.push('-N')
  const body = o.bodies.find((b) => b.media === 'multipart/form-data') ?? o.bodies.find((b) => b.media === 'application/json') ?? o.bodies[0]
  const form = body?.media === 'multipart/form-data' ? formFields(doc, body) : []
  if (o.method !== 'GET' && !(o.method === 'POST' && body && (form.length || body.media !== 'multipart/form-data'))) words.push(`-X ${o.method}`)
  words.push(quoted(address))
  const lines = [words.join(' ')]
  if (o.scopes) lines.push('-H "x-api-key: $FACEGATE_API_KEY"')
  if (body?.media === 'multipart/form-data') lines.push(...form)
  else if (body?.media === 'application/json') {
    lines.push("-H 'Content-Type: application/json'")
    lines.push(`-d ${quoted(JSON.stringify(body.example ?? sample(doc, body.schema ?? {})))}`)
  } else if (body) lines.push(`-H 'Content-Type: ${body.media}' --data-binary @FILE`)
  if (/^(image|application\/zip)/.test(good)) lines.push(`-o ${good === 'application/zip' ? 'answer.zip' : 'picture'}`)
  return lines.join(' \\\n  ')
}

// formFields are the fields that must be there, and a file where there can be one.
function formFields(doc: Description, body: Content): string[] {
  const s = merged(doc, body.schema ?? {})
  const isFile = (f: Schema) => f.format === 'binary' || (f.type === 'array' && merged(doc, f.items ?? {}).format === 'binary')
  const fields = Object.entries(s.properties ?? {}).map(([name, f]) => ({ name, schema: merged(doc, f), file: isFile(merged(doc, f)) }))
  if (body.example && typeof body.example === 'object') {
    const file = (name: string) => (fields.some((f) => f.name === name && f.file) ? '@' : '')
    return Object.entries(body.example).map(([name, value]) => `-F ${quoted(`${name}=${file(name)}${value}`)}`)
  }
  const wanted = fields.filter((f) => s.required?.includes(f.name))
  const file = fields.find((f) => f.file)
  if (file && !wanted.some((f) => f.file)) wanted.push(file)
  return wanted.map((f) => `-F ${quoted(`${f.name}=${f.file ? '@face.jpg' : String(sample(doc, f.schema))}`)}`)
}
