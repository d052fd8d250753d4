// What decisions are taken by, and what a threshold would do, as the gateway
// speaks of it.
import { fromFailure, fromResponse } from './problem'
import type { PersonRef } from './types'

export type PolicyName = 'strict' | 'normal' | 'lenient' | 'target' | 'fixed' | 'request'

export interface PolicyTargets {
  policy: PolicyName
  target_fmr: number
  target_fpir: number
  verify: number
  identify: number
}

export interface Thresholds {
  policy: PolicyName
  verify: number
  identify: number
  margin: number
  verify_fmr?: number
  verify_fnmr?: number
  identify_fpir?: number
  identify_fnmr?: number
  extrapolated: boolean
  people: number
  samples: number
  fixed: string[]
  policies: PolicyTargets[]
  calibration: { source: string; people: number; genuine_pairs: number; impostor_pairs: number; measured_from: number; own: boolean; warnings: string[] }
}

export interface CalibrationPoint {
  threshold: number
  fmr: number
  fmr_low: number
  fmr_high: number
  fnmr: number
  fnmr_low: number
  fnmr_high: number
  extrapolated?: boolean
}

export interface Calibration {
  source: string
  measured_from: number
  step: number
  points: CalibrationPoint[]
}

export interface Lookalike {
  a: PersonRef
  b: PersonRef
  distance: number
}

export interface OwnPairs {
  threshold: number
  people: number
  samples: number
  complete: boolean
  genuine_pairs: number
  impostor_pairs: number
  missed_pairs: number
  confused_pairs: number
  confused_people: Lookalike[]
  missed_people: { person: PersonRef; missed_pairs: number; pairs: number }[]
  step: number
  genuine_histogram: number[]
  impostor_histogram: number[]
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  try {
    const response = await fetch(`v1/thresholds${path}`, {
      ...init,
      headers: { Accept: 'application/json, application/problem+json', ...init.headers },
    })
    if (response.status === 401) dispatchEvent(new Event('facegate:unauthorized'))
    if (!response.ok) throw await fromResponse(response)
    return (await response.json()) as T
  } catch (cause) {
    throw fromFailure(cause)
  }
}

export const getThresholds = () => ask<Thresholds>('')

export const getCalibration = () => ask<Calibration>('/calibration')

export function getOwnPairs(threshold: number, signal?: AbortSignal): Promise<OwnPairs> {
  return ask(`/pairs?threshold=${threshold}&limit=100`, { signal })
}

export interface Change {
  policy?: PolicyName
  identify?: number
  calibration?: 'gallery' | 'reference'
}

export function setThresholds(change: Change): Promise<Thresholds> {
  return ask('', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(change) })
}

// rate is a share as people read it.
export function rate(v: number): string {
  if (v === 0) return '0%'
  if (v >= 0.1) return `${(100 * v).toFixed(0)}%`
  if (v >= 0.001) return `${(100 * v).toFixed(v >= 0.01 ? 1 : 2)}%`
  return v > 1e-12 ? `1 in ${Number((1 / v).toPrecision(2)).toLocaleString('en')}` : 'hardly any'
}

// at is the rates at a threshold, between the points.
export function at(points: CalibrationPoint[], step: number, threshold: number): CalibrationPoint | undefined {
  const last = points.length - 1
  if (last < 0) return undefined
  const place = Math.min(Math.max(threshold / step, 0), last)
  const i = Math.min(Math.floor(place), last)
  const a = points[i]!
  const b = points[Math.min(i + 1, last)]!
  const t = place - i
  if (t === 0) return { ...a, threshold }
  const mix = (x: number, y: number) => (x > 0 && y > 0 ? Math.exp(Math.log(x) * (1 - t) + Math.log(y) * t) : x * (1 - t) + y * t)
  return {
    threshold,
    fmr: mix(a.fmr, b.fmr),
    fmr_low: mix(a.fmr_low, b.fmr_low),
    fmr_high: mix(a.fmr_high, b.fmr_high),
    fnmr: mix(a.fnmr, b.fnmr),
    fnmr_low: mix(a.fnmr_low, b.fnmr_low),
    fnmr_high: mix(a.fnmr_high, b.fnmr_high),
    extrapolated: a.extrapolated || b.extrapolated,
  }
}

// probit is the normal deviate of a probability (Acklam's approximation, good to
// 1e-9): errors of normally distributed distances are a straight line on it.
export function probit(p: number): number {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239]
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783]
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]
  const fold = (k: number[], x: number) => k.reduce((sum, v) => sum * x + v, 0)
  const low = 0.02425
  if (p < low) {
    const q = Math.sqrt(-2 * Math.log(p))
    return fold(c, q) / (fold(d, q) * q + 1)
  }
  if (p > 1 - low) return -probit(1 - p)
  const q = p - 0.5
  const r = q * q
  return (fold(a, r) * q) / (fold(b, r) * r + 1)
}

// An Axis maps values onto pixels.
export type Axis = (v: number) => number

export function axis(low: number, high: number, from: number, to: number, bend: (v: number) => number = (v) => v): Axis {
  const start = bend(low)
  const length = bend(high) - start
  return (v) => from + ((bend(Math.min(Math.max(v, low), high)) - start) / length) * (to - from)
}

// line is the d of an SVG path through points.
export function line(points: [number, number][]): string {
  let path = ''
  let last = ''
  for (const [x, y] of points) {
    const here = `${x.toFixed(1)} ${y.toFixed(1)}`
    if (here !== last) path += (path ? 'L' : 'M') + here
    last = here
  }
  return path
}

// bars is the outline of a histogram of shares, on the ground y(0).
export function bars(counts: number[], step: number, x: Axis, y: Axis): string {
  const all = counts.reduce((sum, n) => sum + n, 0)
  if (all === 0) return ''
  const points: [number, number][] = [[x(0), y(0)]]
  counts.forEach((n, i) => points.push([x(i * step), y(n / all)], [x((i + 1) * step), y(n / all)]))
  points.push([x(counts.length * step), y(0)])
  return line(points) + 'Z'
}

// highest is the largest share of a bin.
export function highest(...histograms: number[][]): number {
  return Math.max(
    0,
    ...histograms.map((counts) => {
      const all = counts.reduce((sum, n) => sum + n, 0)
      return all === 0 ? 0 : Math.max(...counts) / all
    }),
  )
}
