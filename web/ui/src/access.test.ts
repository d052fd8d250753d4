import { describe, expect, test } from 'vitest'
import { auditExportURL, keyState, limitTold, linkOf, told, type Key } from './access'

const key: Key = { id: '1', name: 'door', hint: 'abcd', scopes: ['identify'], limit: {}, created_at: '2026-01-01T00:00:00Z' }

describe('keyState', () => {
  const now = new Date('2026-06-01T00:00:00Z')
  test.each([
    [{}, 'in force'],
    [{ expires_at: '2026-06-02T00:00:00Z' }, 'in force'],
    [{ expires_at: '2026-06-01T00:00:00Z' }, 'expired'],
    [{ expires_at: '2026-05-01T00:00:00Z', revoked_at: '2026-04-01T00:00:00Z' }, 'revoked'],
  ])('%o is %s', (more, state) => expect(keyState({ ...key, ...more }, now)).toBe(state))
})

test.each([
  [{}, ''],
  [{ faces_per_second: 1 }, '1 face a second'],
  [{ faces_per_second: 2.5, burst: 10, concurrent: 1 }, '2.5 faces a second, 10 at once, 1 request under way'],
  [{ concurrent: 1000 }, '1,000 requests under way'],
])('the limits %o are %s', (limit, text) => expect(limitTold(limit)).toBe(text))

test.each([
  ['#/setup?link=a_b-c', 'a_b-c'],
  ['#/setup?x=1&link=abc', 'abc'],
  ['#/setup', ''],
  ['', ''],
])('the link in %s is %s', (hash, link) => expect(linkOf(hash)).toBe(link))

test('an entry in a line', () => {
  expect(told({ decision: 'match', distance: 0.381234, faces: 2, fields: ['name'] })).toBe('decision match, distance 0.381, faces 2, fields ["name"]')
})

test('empty filters stay out of an address', () => {
  expect(auditExportURL({ actor: 'key:a b', action: '' }, 'csv')).toBe('v1/audit/export?actor=key%3Aa+b&format=csv')
})
