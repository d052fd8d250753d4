import { describe, expect, test } from 'vitest'
import { ApiError, fromFailure, fromResponse, sentence } from './problem'

const answer = (status: number, body: string, headers: Record<string, string> = {}) => fromResponse(new Response(body, { status, headers }))

describe('fromResponse', () => {
  test('reads a problem with its refusals', async () => {
    const refused = [{ photo: 'a.jpg', code: 'no_face', detail: 'no face was found' }]
    const body = { title: 'Unprocessable', status: 422, code: 'no_usable_photo', detail: 'no photo could be used', next: 'add others', refused, request_id: 'r1' }
    const e = await answer(422, JSON.stringify(body), { 'Content-Type': 'application/problem+json' })
    expect(e).toBeInstanceOf(ApiError)
    expect(e).toMatchObject({ status: 422, code: 'no_usable_photo', detail: 'No photo could be used.', next: 'Add others.', refused, requestId: 'r1' })
  })

  test('says when to come back', async () => {
    const e = await answer(503, '{"code":"busy","detail":"the queue is full"}', { 'Retry-After': '3' })
    expect(e).toMatchObject({ code: 'busy', retryAfter: 3, next: '' })
  })

  test.each([
    [502, '<html>Bad Gateway</html>', 'http_502', 'The gateway does not answer.'],
    [413, '', 'http_413', 'The upload is too large.'],
    [500, 'null', 'http_500', 'The gateway answered 500.'],
    [404, '[]', 'http_404', 'There is nothing at this address.'],
    [418, '{"detail":"', 'http_418', 'The gateway answered 418.'],
  ])('finds words for %i without a problem', async (status, body, code, detail) => {
    expect(await answer(status, body)).toMatchObject({ status, code, detail, refused: [] })
  })

  test.each([['0'], ['-1'], ['soon'], ['Wed, 21 Oct 2026 07:28:00 GMT']])('takes no waiting time from %s', async (value) => {
    expect((await answer(503, '', { 'Retry-After': value })).retryAfter).toBe(0)
  })
})

describe('fromFailure', () => {
  test('keeps an answer', () => {
    const e = new ApiError(404, 'person_not_found', 'Gone.')
    expect(fromFailure(e)).toBe(e)
  })
  test('tells a cancelled call from an unreachable gateway', () => {
    expect(fromFailure(new DOMException('x', 'AbortError')).code).toBe('aborted')
    expect(fromFailure(new TypeError('Failed to fetch')).code).toBe('unreachable')
  })
})

test.each([
  ['no face was found', 'No face was found.'],
  ['Wait!', 'Wait!'],
  ['  ', ''],
  ['état', 'État.'],
])('sentence(%j) is %j', (text, want) => {
  expect(sentence(text)).toBe(want)
})
