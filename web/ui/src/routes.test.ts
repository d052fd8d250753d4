import { describe, expect, test } from 'vitest'
import { cameraHref, match, nav, personHref, sightingsHref } from './routes'

describe('match', () => {
  const cases: [hash: string, page: string, id: string][] = [
    ['', 'enrol', ''],
    ['#', 'enrol', ''],
    ['#/', 'enrol', ''],
    ['#/enrol', 'enrol', ''],
    ['#/identify?from=mail', 'identify', ''],
    ['#/verify', 'verify', ''],
    ['#/people', 'people', ''],
    ['#/thresholds', 'thresholds', ''],
    ['#/cameras', 'cameras', ''],
    ['#/cameras/6b1f', 'camera', '6b1f'],
    ['#/sightings?unknown=6b1f', 'sightings', ''],
    ['#/sightings/6b1f', 'missing', ''],
    ['#/strangers', 'strangers', ''],
    ['#/keys', 'keys', ''],
    ['#/audit', 'audit', ''],
    ['#/api', 'api', ''],
    ['#/api/createPerson', 'api', 'createPerson'],
    ['#/setup?link=a/b', 'setup', ''],
    ['#/keys/1', 'missing', ''],
    ['#/people/', 'people', ''],
    ['#/people/6b1f', 'person', '6b1f'],
    ['#/people/a%20b', 'person', 'a b'],
    ['#/people/6b1f/more', 'missing', ''],
    ['#/people/%E0%A4%A', 'missing', ''],
    ['#/enrol/6b1f', 'missing', ''],
    ['#/nowhere', 'missing', ''],
    ['#main', 'missing', ''],
  ]
  test.each(cases)('%s is %s %s', (hash, page, id) => {
    expect(match(hash)).toEqual({ page, id })
  })

  test('every address in the navigation leads to its page', () => {
    for (const item of nav.flatMap((group) => group.items)) expect(match(item.href).page).toBe(item.page)
  })

  test('a person’s address leads back to the person, whatever the id', () => {
    for (const id of ['6b1f', 'a/b', 'ü %', '?#']) expect(match(personHref(id))).toEqual({ page: 'person', id })
    for (const id of ['6b1f', 'a/b']) expect(match(cameraHref(id))).toEqual({ page: 'camera', id })
  })

  test('sightings of one camera or stranger have an address', () => {
    expect(sightingsHref({})).toBe('#/sightings')
    expect(sightingsHref({ unknown: 'a b' })).toBe('#/sightings?unknown=a+b')
  })
})
