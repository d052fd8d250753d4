import { expect, test } from 'vitest'
import { uniqueName } from './names'

test.each<[name: string, taken: string[], want: string]>([
  ['a.jpg', [], 'a.jpg'],
  ['a.jpg', ['b.jpg'], 'a.jpg'],
  ['a.jpg', ['a.jpg'], 'a (2).jpg'],
  ['a.jpg', ['a.jpg', 'a (2).jpg'], 'a (3).jpg'],
  ['A.JPG', ['a.jpg'], 'A (2).JPG'],
  ['webcam', ['webcam'], 'webcam (2)'],
  ['.jpg', ['.jpg'], '.jpg (2)'],
  ['Zoë Ünal.jpeg', [], 'Zoë Ünal.jpeg'],
  ['Zoe\u0308.jpg', ['Zoë.jpg'], 'Zoë (2).jpg'],
  ['a"b\\c/d\n.jpg', [], 'a_b_c_d_.jpg'],
  ['  ', [], 'photo'],
  ['..', [], 'photo'],
  ['a\u200db\u2028.jpg', [], 'a_b_.jpg'],
])('%j beside %j is %j', (name, taken, want) => {
  expect(uniqueName(name, taken)).toBe(want)
})

test('long names are cut, keep their ending and stay apart', () => {
  const long = `${'x'.repeat(300)}.jpeg`
  const first = uniqueName(long, [])
  const second = uniqueName(long, [first])
  expect(first).toHaveLength(100)
  expect(second).toHaveLength(100)
  expect(first.endsWith('x.jpeg')).toBe(true)
  expect(second.endsWith('x (2).jpeg')).toBe(true)
  expect([...uniqueName('😀'.repeat(200), [])]).toEqual(Array(100).fill('😀'))
})
