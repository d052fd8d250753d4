// Addresses of the console. They live behind the #, so the gateway serves one page.

export type PageName = 'enrol' | 'identify' | 'verify' | 'people' | 'person' | 'cameras' | 'camera' | 'sightings' | 'strangers' | 'thresholds' | 'keys' | 'audit' | 'api' | 'setup' | 'missing'

export interface Route {
  page: PageName
  id: string // of the person, camera or operation, on their page
}

export interface NavItem {
  page: PageName
  label: string
  href: string
  within: PageName[] // pages below this one
}

export interface NavGroup {
  label: string
  items: NavItem[]
}

// New pages are added here, in App's table and in match below.
export const nav: NavGroup[] = [
  {
    label: 'Faces',
    items: [
      { page: 'enrol', label: 'Enrol', href: '#/enrol', within: [] },
      { page: 'identify', label: 'Identify', href: '#/identify', within: [] },
      { page: 'verify', label: 'Verify', href: '#/verify', within: [] },
      { page: 'people', label: 'People', href: '#/people', within: ['person'] },
    ],
  },
  {
    label: 'Cameras',
    items: [
      { page: 'cameras', label: 'Cameras', href: '#/cameras', within: ['camera'] },
      { page: 'sightings', label: 'Sightings', href: '#/sightings', within: ['strangers'] },
    ],
  },
  {
    label: 'Gateway',
    items: [
      { page: 'thresholds', label: 'Thresholds', href: '#/thresholds', within: [] },
      { page: 'keys', label: 'Keys', href: '#/keys', within: [] },
      { page: 'audit', label: 'Audit', href: '#/audit', within: [] },
      { page: 'api', label: 'API', href: '#/api', within: [] },
    ],
  },
]

export const personHref = (id: string) => `#/people/${encodeURIComponent(id)}`
export const operationHref = (id: string) => `#/api/${encodeURIComponent(id)}`
export const cameraHref = (id: string) => `#/cameras/${encodeURIComponent(id)}`

// sightingsHref is the page of sightings: of all, or of a camera or a stranger alone.
export function sightingsHref(only: { camera?: string; unknown?: string }): string {
  const search = new URLSearchParams(only).toString()
  return `#/sightings${search ? `?${search}` : ''}`
}

// match tells which page a location's hash asks for. No hash is the first page.
export function match(hash: string): Route {
  const path = hash.replace(/^#/, '').split('?', 1)[0] ?? ''
  const [first = 'enrol', second, ...more] = path.split('/').filter(Boolean)
  const id = decode(second)
  if (more.length > 0 || id === null) return { page: 'missing', id: '' }
  switch (first) {
    case 'enrol':
    case 'identify':
    case 'verify':
    case 'sightings':
    case 'strangers':
    case 'thresholds':
    case 'keys':
    case 'audit':
    case 'setup':
      return { page: id ? 'missing' : first, id: '' }
    case 'api':
      return { page: 'api', id }
    case 'people':
      return id ? { page: 'person', id } : { page: 'people', id: '' }
    case 'cameras':
      return id ? { page: 'camera', id } : { page: 'cameras', id: '' }
  }
  return { page: 'missing', id: '' }
}

// decode is null where the escapes are broken.
function decode(part: string | undefined): string | null {
  try {
    return decodeURIComponent(part ?? '')
  } catch {
    return null
  }
}
