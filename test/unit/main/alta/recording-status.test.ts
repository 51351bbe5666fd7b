import { describe, expect, test } from 'vitest'
import { recordedUntil } from '../../../../main/alta/recording-status.ts'

describe('an answer about recorded ranges', () => {
  test('gives the end of the last range by our clock', () => {
    const ranges = [
      { from: 2_000, duration: 30 },
      { from: 1_000, duration: 500 },
    ]
    expect(recordedUntil(JSON.stringify([{ stream: 'desk/gate', ranges }]), 'desk/gate', 0)).toBe(2_030_000)
    expect(recordedUntil(JSON.stringify([{ ranges }]), 'desk/gate', 600_000)).toBe(1_430_000)
    expect(recordedUntil(JSON.stringify([{ ranges: [] }]), 'desk/gate', 0)).toBeNull()
  })

  // Would catch: REC on a camera because another one is recorded.
  test('counts the ranges of the stream that was asked for alone', () => {
    const yard = { stream: 'desk/yard', ranges: [{ from: 9_000, duration: 30 }] }
    const gate = { stream: 'desk/gate', ranges: [{ from: 2_000, duration: 30 }] }
    expect(recordedUntil(JSON.stringify([yard, gate]), 'desk/gate', 0)).toBe(2_030_000)
    expect(recordedUntil(JSON.stringify([yard]), 'desk/gate', 0)).toBe('unknown')
    expect(recordedUntil(JSON.stringify([{ ...gate, stream: 7 }]), 'desk/gate', 0)).toBe('unknown')
  })

  // Would catch: an answer of another program taken for "nothing is recorded", and an alarm for it.
  test.each([
    '',
    'null',
    '[]',
    '{}',
    '<html></html>',
    '[{"ranges":null}]',
    '[{"ranges":[{"from":"1","duration":2}]}]',
    '[{"ranges":[{"from":1,"duration":-2}]}]',
    '[{"ranges":[{"from":1}]}]',
    JSON.stringify([{ ranges: Array.from({ length: 10_001 }, () => ({ from: 1, duration: 1 })) }]),
  ])('that is none is unknown: %.40s', (text) => {
    expect(recordedUntil(text, 'desk/gate', 0)).toBe('unknown')
  })
})
