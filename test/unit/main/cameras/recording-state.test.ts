import { describe, expect, test } from 'vitest'
import { recordingVerdict } from '../../../../main/cameras/recording-state.ts'
import type { RecordingFacts } from '../../../../main/cameras/recording-state.ts'

const now = 1_700_000_000_000
const good: RecordingFacts = {
  hasStorage: true,
  hasStorageOnAlta: true,
  storageSinceAt: now - 3_600_000,
  diskFull: false,
  answer: { recordedUntil: now - 5_000, answeredAt: now },
  segmentMs: 4_000,
  now,
}
function until(agoMs: number | null) {
  return { answer: { recordedUntil: agoMs === null ? null : now - agoMs, answeredAt: now } }
}

// Would catch: a red REC on a camera that was given a storage and is recorded by nobody.
describe('whether a camera is recorded', () => {
  test.each<[string, Partial<RecordingFacts>, string, RegExp]>([
    ['its last range ends now', {}, 'on', /^$/],
    ['its last range ends two segments ago', until(8_000), 'on', /^$/],
    ['its last range ends four segments ago', until(16_000), 'stopped', /since \d\d:\d\d:\d\d\.$/],
    ['with longer segments that is in time', { ...until(16_000), segmentMs: 8_000 }, 'on', /^$/],
    // Would catch: REC for a range that ends next year, as a server writes whose clock was once set wrong.
    ['its last range ends in the future', until(-600_000), 'unknown', /^$/],
    ['its last range ends beyond all time', until(-Infinity), 'unknown', /^$/],
    ['its last range ends with the segment that is being written', until(-3_000), 'on', /^$/],
    // Would catch: "since 14:03:22" of a recording that ended at that time yesterday.
    ['its last range ended yesterday', until(86_400_000), 'stopped', /10 minutes/],
    ['nothing was recorded lately', until(null), 'stopped', /10 minutes/],
    ['the disk is full', { ...until(60_000), diskFull: true }, 'stopped', /disk/],
    ['a full disk on which this camera is recorded all the same', { diskFull: true }, 'on', /^$/],
    ['no storage', { hasStorage: false }, 'off', /^$/],
    ['its storage was taken away on Alta', { hasStorageOnAlta: false }, 'stopped', /Repair/],
    ['Alta does not tell', { answer: { recordedUntil: 'unknown', answeredAt: now } }, 'unknown', /^$/],
    ['Alta was not asked yet', { answer: undefined }, 'unknown', /^$/],
    [
      'the answer is too old to say anything of now',
      { answer: { recordedUntil: now - 100_000, answeredAt: now - 95_000 } },
      'unknown',
      /^$/,
    ],
    [
      'it was given its storage a moment ago and has no segment yet',
      { ...until(null), storageSinceAt: now - 10_000 },
      'unknown',
      /^$/,
    ],
    [
      'it has only what was recorded before',
      { ...until(300_000), storageSinceAt: now - 10_000 },
      'unknown',
      /^$/,
    ],
    // Would catch: REC on a camera that was given another storage a moment ago, for what it recorded to the one before.
    [
      'its last range ended before it got the storage that it has',
      { ...until(5_000), storageSinceAt: now - 2_000 },
      'unknown',
      /^$/,
    ],
    [
      'it was recorded for a moment after it got its storage',
      { ...until(20_000), storageSinceAt: now - 40_000 },
      'stopped',
      /since/,
    ],
  ])('%s', (_name, facts, state, reason) => {
    const verdict = recordingVerdict({ ...good, ...facts })
    expect(verdict.recordingState).toBe(state)
    expect(verdict.recordingReason).toMatch(reason)
  })

  test('an answer is judged by the moment at which it was given', () => {
    const answer = { recordedUntil: now - 45_000, answeredAt: now - 40_000 }
    expect(recordingVerdict({ ...good, answer }).recordingState).toBe('on')
  })
})
