import { describe, expect, test } from 'vitest'
import { nameOf, receive, shows, stayed } from './sightings'
import { everything, pushURL, type Sighting } from './watching'

function sighting(id: string, at: string, more: Partial<Sighting> = {}): Sighting {
  return {
    id, revision: 1, ended: true, camera: { id: 'c1', name: 'door' }, decision: 'unknown', unknown_id: 'u1', distance: 0.7, similarity: 0.2, threshold: 0.5,
    first_seen: `2026-04-01T12:${at}:00Z`, last_seen: `2026-04-01T12:${at}:05Z`, evidence: 3, quality: 0.8, box: { x: 1, y: 2, width: 3, height: 4 },
    width: 640, height: 480, labelled: false, photo: true, face: true, ...more,
  }
}

describe('shows', () => {
  const ada = sighting('1', '10', { decision: 'match', person: { id: 'p1', name: 'Ada' }, unknown_id: undefined })
  const cases: [name: string, filter: object, s: Sighting, want: boolean][] = [
    ['everything', {}, ada, true],
    ['the camera', { camera: 'c1' }, ada, true],
    ['another camera', { camera: 'c2' }, ada, false],
    ['the person', { person: 'Ada' }, ada, true],
    ['another person', { person: 'Bob' }, ada, false],
    ['the decision', { decision: 'match' }, ada, true],
    ['another decision', { decision: 'unknown' }, ada, false],
    ['the stranger', { unknown: 'u1' }, sighting('2', '10'), true],
    ['a stranger who was named', { unknown: 'u1' }, sighting('2', '10', { labelled: true }), false],
    ['still there at the start', { since: '2026-04-01T12:10:03Z' }, ada, true],
    ['gone before the start', { since: '2026-04-01T12:10:06Z' }, ada, false],
    ['there before the end', { until: '2026-04-01T12:10:01Z' }, ada, true],
    ['came at the end', { until: '2026-04-01T12:10:00Z' }, ada, false],
  ]
  test.each(cases)('%s', (_, filter, s, want) => expect(shows({ ...everything, ...filter }, s)).toBe(want))
})

describe('receive', () => {
  const list = [sighting('c', '30'), sighting('b', '20'), sighting('a', '10')]
  const ids = (l: Sighting[]) => l.map((s) => s.id).join('')
  test('a new one goes by when it began', () => {
    expect(ids(receive(list, sighting('x', '40'), everything))).toBe('xcba')
    expect(ids(receive(list, sighting('x', '15'), everything))).toBe('cbxa')
    expect(ids(receive(list, sighting('x', '05'), everything))).toBe('cbax')
  })
  test('a known one is replaced, unless what comes is older', () => {
    const later = sighting('b', '20', { revision: 2, decision: 'match', person: { id: 'p', name: 'Ada' } })
    const now = receive(list, later, everything)
    expect(ids(now)).toBe('cba')
    expect(now[1]).toBe(later)
    expect(receive(now, sighting('b', '20'), everything)).toBe(now)
  })
  test('one the filter does not select any more leaves', () => {
    const f = { ...everything, decision: 'unknown' as const }
    expect(ids(receive(list, sighting('b', '20', { revision: 2, decision: 'match' }), f))).toBe('ca')
    expect(ids(receive(list, sighting('x', '20', { decision: 'match' }), f))).toBe('cba')
  })
})

test('words', () => {
  expect(nameOf(sighting('1', '10'))).toBe('Stranger')
  expect(nameOf(sighting('1', '10', { decision: 'match', person: { id: 'p', name: 'Ada' } }))).toBe('Ada')
  expect(nameOf(sighting('1', '10', { decision: 'spoof', person: { id: 'p', name: 'Ada' } }))).toBe('Picture of Ada')
  expect(nameOf(sighting('1', '10', { decision: 'ambiguous', candidate: { id: 'p', name: 'Ada' } }))).toBe('Ada?')
  expect(stayed(sighting('1', '10'))).toBe('5 s')
  expect(stayed(sighting('1', '10', { last_seen: '2026-04-01T12:13:10Z' }))).toBe('3 min')
  expect(stayed(sighting('1', '10', { last_seen: '2026-04-01T14:20:00Z' }))).toBe('2 h 10 min')
})

test('the address pictures are pushed to is below the page’s own', () => {
  expect(pushURL('a b', 'http://127.0.0.1:8080/#/cameras/a')).toBe('ws://127.0.0.1:8080/v1/cameras/a%20b/push')
  expect(pushURL('x', 'https://example.com/gate/index.html#/cameras')).toBe('wss://example.com/gate/v1/cameras/x/push')
})
