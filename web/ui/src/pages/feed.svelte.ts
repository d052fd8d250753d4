import { fromFailure, type ApiError } from '../api'
import { receive } from '../sightings'
import { everything, listSightings, streamURL, type Sighting, type SightingFilter } from '../watching'

const pageSize = 50

// A Feed is a list of sightings that stays true: what the gateway knows, and every
// change from then on, by server-sent events. The browser comes back by itself
// where the line breaks, with the last event it has, and misses none.
export class Feed {
  list = $state.raw<Sighting[]>([])
  total = $state(0)
  next = $state('')
  loaded = $state(false)
  busy = $state(false)
  live = $state(false)
  problem = $state.raw<ApiError | null>(null)

  private filter: SightingFilter = everything
  private running: AbortController | null = null
  private events: EventSource | null = null

  async load(filter: SightingFilter) {
    this.close()
    this.filter = filter
    const mine = (this.running = new AbortController())
    this.busy = true
    this.problem = null
    try {
      const page = await listSightings(filter, pageSize, '', mine.signal)
      this.list = page.sightings
      this.total = page.total
      this.next = page.next ?? ''
      this.loaded = true
      this.follow(page.change)
    } catch (cause) {
      if (mine.signal.aborted) return
      this.problem = fromFailure(cause)
    }
    this.busy = false
  }

  async more() {
    const mine = this.running
    this.busy = true
    try {
      const page = await listSightings(this.filter, pageSize, this.next, mine?.signal)
      const known = new Set(this.list.map((s) => s.id))
      this.list = [...this.list, ...page.sightings.filter((s) => !known.has(s.id))]
      this.total = page.total
      this.next = page.next ?? ''
    } catch (cause) {
      if (mine?.signal.aborted) return
      this.problem = fromFailure(cause)
    }
    this.busy = false
  }

  private follow(change: number) {
    const events = (this.events = new EventSource(streamURL(change)))
    events.onopen = () => (this.live = true)
    events.onerror = () => (this.live = false)
    events.addEventListener('sighting', (event) => {
      const s = JSON.parse((event as MessageEvent<string>).data) as Sighting
      const oldest = this.list.at(-1)
      const known = this.list.some((o) => o.id === s.id)
      if (!known && this.next && oldest && Date.parse(s.first_seen) < Date.parse(oldest.first_seen)) return // on a page not read yet
      const list = receive(this.list, s, this.filter)
      this.total += list.length - this.list.length
      this.list = list
    })
  }

  forget(id: string) {
    if (!this.list.some((s) => s.id === id)) return
    this.list = this.list.filter((s) => s.id !== id)
    this.total--
  }

  close() {
    this.running?.abort()
    this.events?.close()
    this.events = null
    this.live = false
  }
}
