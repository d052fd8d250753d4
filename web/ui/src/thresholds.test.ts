import { describe, expect, test } from 'vitest'
import { at, axis, bars, highest, line, probit, rate, type CalibrationPoint } from './thresholds'

const point = (threshold: number, fmr: number, fnmr: number, extrapolated?: boolean): CalibrationPoint => ({
  threshold, fmr, fmr_low: fmr / 2, fmr_high: fmr * 2, fnmr, fnmr_low: fnmr, fnmr_high: fnmr, extrapolated,
})

test('rates are shown so that small ones can be read', () => {
  const cases: [number, string][] = [
    [0, '0%'], [1, '100%'], [0.256, '26%'], [0.0661, '6.6%'], [0.00661, '0.66%'], [0.001, '0.10%'], [0.00015, '1 in 6,700'], [2.5e-8, '1 in 40,000,000'], [1e-15, 'hardly any'],
  ]
  for (const [v, shown] of cases) expect(rate(v)).toBe(shown)
})

describe('at', () => {
  const points = [point(0, 1e-6, 1, true), point(0.5, 1e-4, 0.5), point(1, 1, 0)]
  test('on a point it is the point', () => {
    expect(at(points, 0.5, 0.5)).toMatchObject({ threshold: 0.5, fmr: 1e-4, fnmr: 0.5 })
    expect(at(points, 0.5, 0.5)?.extrapolated).toBeFalsy()
  })
  test('between two it goes by factors', () => {
    expect(at(points, 0.5, 0.25)!.fmr).toBeCloseTo(1e-5, 10)
    expect(at(points, 0.5, 0.25)!.extrapolated).toBe(true)
  })
  test('towards 0 it goes straight', () => expect(at(points, 0.5, 0.75)!.fnmr).toBeCloseTo(0.25))
  test('beyond the ends it stays', () => {
    expect(at(points, 0.5, 7)!.fmr).toBe(1)
    expect(at(points, 0.5, -1)!.fmr).toBe(1e-6)
    expect(at([], 0.5, 0.5)).toBeUndefined()
  })
  test('it is monotone', () => {
    for (let t = 0, last = 0; t < 1.2; t += 0.01) {
      const now = at(points, 0.5, t)!.fmr
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
  })
})

test('the normal deviate', () => {
  for (const [p, z] of [[0.5, 0], [0.975, 1.959964], [0.025, -1.959964], [0.001, -3.090232], [1e-6, -4.753424]] as const) expect(probit(p)).toBeCloseTo(z, 5)
})

test('an axis maps its ends and keeps what lies beyond at them', () => {
  const x = axis(0.001, 0.1, 0, 100, Math.log10)
  expect([x(0.001), x(0.01), x(0.1), x(1), x(0)].map((v) => Math.round(v))).toEqual([0, 50, 100, 100, 0])
})

test('lines leave out what is drawn already', () => {
  expect(line([[0, 0], [0.01, 0.01], [1, 2]])).toBe('M0.0 0.0L1.0 2.0')
  expect(line([])).toBe('')
})

test('bars stand on the ground and show shares', () => {
  const id = (v: number) => v
  expect(bars([1, 3], 1, id, id)).toBe('M0.0 0.0L0.0 0.3L1.0 0.3L1.0 0.8L2.0 0.8L2.0 0.0Z')
  expect(bars([0, 0], 1, id, id)).toBe('')
  expect(highest([1, 3], [1, 1], [])).toBe(0.75)
})
