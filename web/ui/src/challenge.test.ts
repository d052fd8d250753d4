import { expect, test } from 'vitest'
import { challengeURL, explainVerification, isOver, type ChallengeState } from './challenge'

test('the pictures go to the gateway that served the page', () => {
  expect(challengeURL('a b&c', 'http://127.0.0.1:8080/#/verify')).toBe('ws://127.0.0.1:8080/v1/verify/challenge?person=a%20b%26c')
  expect(challengeURL('x', 'https://example.com/gate/index.html#/verify')).toBe('wss://example.com/gate/v1/verify/challenge?person=x')
})

test('a challenge is over when it failed, or when its verification is there', () => {
  const running: ChallengeState = { result: 'running', ask: 'left', done: 0, turns: 2, remaining_seconds: 12 }
  const verification = { decision: 'no_match', distance: 0.71234, similarity: 0.2, threshold: 0.6 } as const
  expect(isOver(running)).toBe(false)
  expect(isOver({ ...running, result: 'failed', reason: 'the time is over' })).toBe(true)
  expect(isOver({ ...running, result: 'passed' })).toBe(false)
  expect(isOver({ ...running, result: 'passed', verification })).toBe(true)
  expect(explainVerification(verification)).toBe('The distance 0.712 is beyond the threshold of 0.600.')
  expect(explainVerification({ ...verification, decision: 'match', distance: 0.4 })).toBe('The distance 0.400 is within the threshold of 0.600.')
})
