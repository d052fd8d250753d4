import { expect, test } from 'vitest'
import type { Zone } from './watching'
import { drawn, fresh, middle, mostCorners, moved, split, without } from './zones'

const triangle: Zone = { mode: 'mask', points: [[0, 0], [1, 0], [0.5, 1]] }

test('a fresh zone lies within the picture, and beside the others', () => {
  const zones: Zone[] = []
  for (let i = 0; i < 7; i++) zones.push(fresh(zones))
  expect(zones[0]?.points).not.toEqual(zones[1]?.points)
  for (const p of zones.flatMap((z) => z.points).flat()) expect(p >= 0 && p <= 1).toBe(true)
})

test('corners move within the picture, come and go', () => {
  expect(moved(triangle, 1, 1.4, -0.2).points[1]).toEqual([1, 0])
  expect(moved(triangle, 0, 0.123456, 0.5).points[0]).toEqual([0.1235, 0.5])
  expect(middle(triangle, 2)).toEqual([0.25, 0.5])
  const four = split(triangle, 0)
  expect(four.points).toEqual([[0, 0], [0.5, 0], [1, 0], [0.5, 1]])
  expect(without(four, 1).points).toEqual(triangle.points)
  expect(without(triangle, 1)).toBe(triangle)
  const full: Zone = { mode: 'include', points: Array.from({ length: mostCorners }, (_, i) => [i / mostCorners, 0]) }
  expect(split(full, 0)).toBe(full)
})

test('drawn in pixels', () => {
  expect(drawn(triangle, 640, 360)).toBe('0.0,0.0 640.0,0.0 320.0,360.0')
})
