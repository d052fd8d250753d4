import { describe, expect, test } from 'vitest'
import type { Enrolment, Sample } from './types'
import { isFinal, refusals, unusable, verdicts } from './verdicts'

const quality = (overall: number) => ({ overall, size: 0, sharpness: 0, brightness: 0, contrast: 0, yaw: 0, pitch: 0, roll: 0, border: 0, reasons: [] })

const sample = (source: string, overall: number): Sample => ({
  id: source,
  person_id: 'p',
  recipe: 'r',
  quality: quality(overall),
  box: { x: 0, y: 0, width: 1, height: 1 },
  source,
  photo_kept: false,
  created_at: '2026-01-01T00:00:00Z',
})

const enrolment = (part: Partial<Enrolment>): Enrolment => ({
  id: 'p',
  name: 'Ada',
  tags: null,
  consent: { basis: '' },
  created_at: '',
  updated_at: '',
  sample_count: 0,
  samples: null,
  refused: null,
  skipped: null,
  duplicates: null,
  ...part,
})

describe('verdicts', () => {
  test('tells added, refused and skipped apart by name', () => {
    const found = verdicts(
      ['a.jpg', 'b.jpg', 'c.jpg'],
      enrolment({
        samples: [sample('c.jpg', 0.9)],
        refused: [{ photo: 'a.jpg', code: 'no_face', detail: 'no face was found' }],
        skipped: [{ photo: 'b.jpg', code: 'near_identical', detail: 'already enrolled' }],
        duplicates: [{ photo: 'c.jpg', person: { id: 'q', name: 'Eve' }, distance: 0.4, similarity: 0.8 }],
      }),
    )
    expect([...found.entries()].map(([name, v]) => [name, v.status, v.code])).toEqual([
      ['a.jpg', 'refused', 'no_face'],
      ['b.jpg', 'skipped', 'near_identical'],
      ['c.jpg', 'added', ''],
    ])
    expect(found.get('c.jpg')?.quality?.overall).toBe(0.9)
    expect(found.get('c.jpg')?.duplicates[0]?.person.name).toBe('Eve')
    expect(found.get('a.jpg')?.text).toBe('No face was found.')
  })

  test('samples with another source go to the photos left, in order', () => {
    const found = verdicts(['webcam-1.jpg', 'a.jpg', 'webcam-2.jpg'], enrolment({ samples: [sample('webcam', 0.1), sample('a.jpg', 0.2), sample('webcam', 0.3)] }))
    expect(['webcam-1.jpg', 'a.jpg', 'webcam-2.jpg'].map((n) => found.get(n)?.quality?.overall)).toEqual([0.1, 0.2, 0.3])
  })

  test('a photo the answer does not mention has no verdict', () => {
    expect(verdicts(['a.jpg'], enrolment({})).size).toBe(0)
  })
})

test('what a call that added nothing did not refuse is known already', () => {
  const found = unusable(['a.jpg', 'b.jpg'], [{ photo: 'b.jpg', code: 'no_face', detail: 'no face was found' }])
  expect([...found.entries()].map(([name, v]) => [name, v.status, v.code]).sort()).toEqual([
    ['a.jpg', 'skipped', 'near_identical'],
    ['b.jpg', 'refused', 'no_face'],
  ])
  expect(unusable(['a.jpg'], []).size).toBe(0)
})

test('only what may pass is tried again', () => {
  const of = (code: string) => [...refusals('refused', [{ photo: 'a', code, detail: 'x' }]).values()][0]!
  expect(isFinal(of('no_face'))).toBe(true)
  expect(isFinal(of('busy'))).toBe(false)
})
