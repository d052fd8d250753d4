import { expect, test } from 'vitest'
import { afterDay, count, dateOf, endOfDay, likeness, startOfDay, tagsOf, today } from './fields'

test('tags are trimmed and counted once', () => {
  expect(tagsOf(' staff, night shift ,,staff,')).toEqual(['staff', 'night shift'])
  expect(tagsOf('')).toEqual([])
})

test('a date comes back as the same date, from either end of its day', () => {
  for (const date of ['2026-01-01', '2024-02-29', '2026-03-29', '2026-10-25']) {
    expect(dateOf(startOfDay(date))).toBe(date)
    expect(dateOf(endOfDay(date))).toBe(date)
    expect(Date.parse(afterDay(date)) - Date.parse(endOfDay(date))).toBe(1000)
  }
})

test('no date is no time', () => {
  expect(startOfDay('')).toBe('')
  expect(startOfDay('soon')).toBe('')
  expect(afterDay('')).toBe('')
  expect(dateOf(undefined)).toBe('')
  expect(dateOf('soon')).toBe('')
})

test('today begins in the past', () => {
  const now = new Date(2026, 3, 5, 0, 0, 1)
  expect(today(now)).toBe('2026-04-05')
  expect(new Date(startOfDay(today(now))).getTime()).toBeLessThan(now.getTime())
})

test('one is singular', () => {
  expect([count(0, 'photo'), count(1, 'photo'), count(2, 'person', 'people')]).toEqual(['0 photos', '1 photo', '2 people'])
})

test('a similarity is never said to be certain', () => {
  expect([1, 0.997, 0.994, 0.5, 0.006, 0.004, 0].map(likeness)).toEqual(['>99%', '>99%', '99%', '50%', '1%', '<1%', '<1%'])
})
