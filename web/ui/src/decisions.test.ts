import { describe, expect, test } from 'vitest'
import { caption, explain, nameOf, possible, within } from './decisions'
import { around } from './faces'
import type { Decision, IdentifiedFace } from './types'

function face(decision: Decision, near: [name: string, distance: number][]): IdentifiedFace {
  return {
    box: { x: 0, y: 0, width: 1, height: 1 },
    score: 1,
    quality: { overall: 1, size: 0, sharpness: 0, brightness: 0, contrast: 0, yaw: 0, pitch: 0, roll: 0, border: 0, reasons: [] },
    decision,
    threshold: 0.5,
    margin: 0.05,
    candidates: near.map(([name, distance]) => ({ person: { id: name, name }, distance, similarity: 1 - distance, sample_id: 's' })),
  }
}

describe('a face', () => {
  test('that matches has a name', () => {
    const f = face('match', [['Ada', 0.25], ['Eve', 0.7]])
    expect([nameOf(f), caption(f)]).toEqual(['Ada', 'Ada 75%'])
    expect(within(f).map((c) => c.person.name)).toEqual(['Ada'])
  })

  test('that is ambiguous has all names within the margin, and none of its own', () => {
    const f = face('ambiguous', [['Ada', 0.4], ['Eve', 0.43], ['Joe', 0.49]])
    expect([nameOf(f), caption(f)]).toEqual(['', 'Ada or Eve'])
    expect(possible(f)).toHaveLength(2)
    expect(within(f)).toHaveLength(3)
  })

  test('that is unknown names nobody on the photo, and the nearest in words', () => {
    const f = face('unknown', [['Ada', 0.8]])
    expect([nameOf(f), caption(f)]).toEqual(['', 'Unknown'])
    expect(explain(f)).toContain('Ada, at 0.800')
    expect(explain({ ...f, candidates: null })).toBe('Nobody is enrolled to compare with.')
  })
})

test.each<[string, number[], number, number[]]>([
  ['in the middle', [100, 100, 20, 40], 0.5, [70, 80, 80, 80]],
  ['cut by the corner', [-10, -10, 40, 40], 0.5, [0, 0, 50, 50]],
  ['at the far border', [180, 180, 40, 40], 0.25, [170, 170, 30, 30]],
])('around a box %s', (_, [x = 0, y = 0, width = 0, height = 0], share, want) => {
  const b = around({ x, y, width, height }, share, 200, 200)
  expect([b.x, b.y, b.width, b.height]).toEqual(want)
})
