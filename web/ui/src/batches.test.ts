import { expect, test } from 'vitest'
import { batches } from './batches'

test.each<[sizes: number[], want: number[][]]>([
  [[], []],
  [[1], [[1]]],
  [[5, 5, 1], [[5, 5], [1]]],
  [[1, 1, 1, 1], [[1, 1, 1], [1]]],
  [[1, 99, 1, 1], [[1], [99], [1, 1]]],
])('%j in batches of 3 photos and 10 bytes', (sizes, want) => {
  const photos = sizes.map((size) => ({ file: { size } }))
  expect(batches(photos, 3, 10).map((b) => b.map((p) => p.file.size))).toEqual(want)
})
