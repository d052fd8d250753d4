// Who may do what: sessions, keys and the audit, as the gateway speaks of them.
import { count } from './fields'
import { fromFailure, fromResponse } from './problem'

export interface Account {
  id: string
  name: string
  created_at: string
}

export interface SessionState {
  required: boolean
  setup: boolean // nobody has an account yet
  account?: Account
}

export const scopes = ['detect', 'verify', 'identify', 'enroll', 'events', 'admin'] as const
export type Scope = (typeof scopes)[number]

export const scopeMeanings: Record<Scope, string> = {
  detect: 'find faces',
  verify: 'compare two faces',
  identify: 'search everybody enrolled',
  enroll: 'see, enrol and erase people',
  events: 'see what cameras saw, and metrics',
  admin: 'everything',
}

export interface Key {
  id: string
  name: string
  hint: string
  scopes: Scope[]
  limit: { faces_per_second?: number; burst?: number; concurrent?: number }
  created_at: string
  expires_at?: string
  last_used_at?: string
  revoked_at?: string
}

export type KeyWithSecret = Key & { secret: string }

export interface NewKey {
  name: string
  scopes: Scope[]
  expires_at?: string
  limit?: Key['limit']
}

export interface AuditEntry {
  seq: number
  at: string
  actor: string
  address?: string
  action: string
  person_id?: string
  detail: Record<string, unknown>
  request_id?: string
  hash: string
}

export interface AuditCheck {
  valid: boolean
  entries: number
  last: number
  reason?: string
}

export interface AuditQuery {
  actor?: string
  action?: string
  person?: string
  decision?: string
  from?: string
  to?: string
}

async function ask<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
  try {
    const response = await fetch(`v1${path}`, {
      method,
      headers: { Accept: 'application/json, application/problem+json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (response.status === 401 && path !== '/session') dispatchEvent(new Event('facegate:unauthorized'))
    if (!response.ok) throw await fromResponse(response)
    return (response.status === 204 ? undefined : await response.json()) as T
  } catch (cause) {
    throw fromFailure(cause)
  }
}

export const readSession = () => ask<SessionState>('/session')
export const signIn = (name: string, password: string) => ask<SessionState>('/session', 'POST', { name, password })
export const signOut = () => ask<void>('/session', 'DELETE')
export const setUp = (link: string, name: string, password: string) => ask<SessionState>('/setup', 'POST', { link, name, password })

export const listKeys = async () => (await ask<{ keys: Key[] }>('/keys')).keys
export const createKey = (key: NewKey) => ask<KeyWithSecret>('/keys', 'POST', key)
export const revokeKey = (id: string) => ask<Key>(`/keys/${encodeURIComponent(id)}`, 'DELETE')

export const listAccounts = async () => (await ask<{ accounts: Account[] }>('/accounts')).accounts
export const deleteAccount = (id: string) => ask<void>(`/accounts/${encodeURIComponent(id)}`, 'DELETE')

export function auditSearch(q: AuditQuery): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(q)) if (value) search.set(name, value)
  return search
}

export function listAudit(q: AuditQuery, before = 0): Promise<{ entries: AuditEntry[]; next?: number }> {
  const search = auditSearch(q)
  if (before) search.set('before', String(before))
  return ask(`/audit?${search}`)
}

export const checkAudit = () => ask<AuditCheck>('/audit/check')

export function auditExportURL(q: AuditQuery, format: 'csv' | 'json'): string {
  const search = auditSearch(q)
  search.set('format', format)
  return `v1/audit/export?${search}`
}

// keyState says in a word or two whether a key is good.
export function keyState(key: Key, now = new Date()): 'in force' | 'expired' | 'revoked' {
  if (key.revoked_at) return 'revoked'
  return key.expires_at && new Date(key.expires_at) <= now ? 'expired' : 'in force'
}

// limitTold is what a key has of limits of its own, in a line.
export function limitTold(limit: Key['limit']): string {
  const parts = []
  if (limit.faces_per_second) parts.push(`${count(limit.faces_per_second, 'face')} a second`)
  if (limit.burst) parts.push(`${limit.burst.toLocaleString()} at once`)
  if (limit.concurrent) parts.push(`${count(limit.concurrent, 'request')} under way`)
  return parts.join(', ')
}

// linkOf is the secret of a one-time link, behind its #.
export function linkOf(hash: string): string {
  return new URLSearchParams(hash.split('?', 2)[1] ?? '').get('link') ?? ''
}

// told is an entry's detail in a line.
export function told(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
}
