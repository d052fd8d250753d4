import { describe, expect, test } from 'vitest'
import { overlap, place } from './labels'
import type { Box } from './types'

const photo = { width: 400, height: 300 }
const label = { width: 100, height: 20 }
const box = (x: number, y: number, width = 60, height = 60): Box => ({ x, y, width, height })

describe('place', () => {
  test.each<[string, Box, number, number]>([
    ['above', box(50, 100), 30, 78],
    ['below, at the upper border', box(50, 10), 30, 72],
    ['inside, where the face fills the photo', box(50, 5, 60, 290), 30, 7],
    ['within the right border', box(380, 100), 300, 78],
    ['within the left border', box(-30, 100), 0, 78],
  ])('%s', (_, face, x, y) => {
    expect(place(face, label, 2, photo, [])).toEqual({ x, y, ...label })
  })

  test('keeps neighbours apart, and gives up where there is no room', () => {
    const placed: Box[] = []
    for (const face of [box(100, 100), box(110, 104), box(120, 98), box(104, 101), box(108, 102), box(112, 103), box(110, 100), box(111, 101)]) {
      const spot = place(face, label, 2, photo, placed)
      if (!spot) return
      expect(placed.some((other) => overlap(spot, other))).toBe(false)
      placed.push(spot)
    }
    throw new Error('eight labels found room around one spot')
  })
})
