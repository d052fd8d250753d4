// Between what people type or read and what the gateway speaks.

// tagsOf reads a comma-separated list; a tag counts once.
export function tagsOf(text: string): string[] {
  return [...new Set(text.split(',').map((t) => t.trim()).filter(Boolean))]
}

// today is the local date as a date input holds it.
export function today(now = new Date()): string {
  return dateOf(now.toISOString())
}

// dateOf is the local date of an RFC 3339 time, and empty for none.
export function dateOf(time: string | undefined): string {
  if (!time) return ''
  const t = new Date(time)
  if (Number.isNaN(t.getTime())) return ''
  const pad = (n: number, width = 2) => String(n).padStart(width, '0')
  return `${pad(t.getFullYear(), 4)}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`
}

// startOfDay is the local midnight a date begins with, so never in the future
// for today; endOfDay the last second of it; afterDay the midnight after it, for
// what is asked for before a time. All are RFC 3339, empty for none.
export const startOfDay = (date: string) => rfc3339(date, 'T00:00:00')
export const endOfDay = (date: string) => rfc3339(date, 'T23:59:59')
export const afterDay = (date: string) => rfc3339(date, 'T00:00:00', 1)

function rfc3339(date: string, clock: string, days = 0): string {
  const t = new Date(date + clock)
  t.setDate(t.getDate() + days) // a day may have 23 or 25 hours
  return date && !Number.isNaN(t.getTime()) ? t.toISOString().replace('.000Z', 'Z') : ''
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

export function showDate(time: string | undefined): string {
  return time ? dates.format(new Date(time)) : ''
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`
}

export const percent = (share: number) => `${Math.round(share * 100)}%`

// likeness is a similarity as a percentage. It is never 0% or 100%: two photos
// are never certain to show the same person, or not to.
export function likeness(similarity: number): string {
  const rounded = Math.round(similarity * 100)
  return rounded >= 100 ? '>99%' : rounded <= 0 ? '<1%' : `${rounded}%`
}
