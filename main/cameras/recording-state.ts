import type { RecordingState } from '../../shared/domain/statuses.ts'
import { askedBackMs } from '../alta/recording-status.ts'
import type { RecordedUntil } from '../alta/recording-status.ts'

/** Alta rounds times of recordings to whole seconds. */
const roundingMs = 1_000
/** A recording is going on where its last range ends within so many segments of now. */
const segmentsBehind = 3
/** A channel that has just been given a storage records nothing until its first segment is written. */
const settlingMs = 60_000
/** An answer that is older says nothing of now: three times the pause between two questions. */
const answerHoldsMs = 90_000

/** The zone of the machine that the desk runs on, in which all times of the desk are shown. */
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** One answer of Alta. */
export interface RecordingAnswer {
  readonly recordedUntil: RecordedUntil
  readonly answeredAt: number
}

/** Everything the verdict about a camera's recording rests on; times in milliseconds since the epoch. */
export interface RecordingFacts {
  /** Whether a storage is attached to the camera. */
  readonly hasStorage: boolean
  /** False where its channel on Alta is known to have none. */
  readonly hasStorageOnAlta: boolean
  /** When the camera got its storage, as far as this run of the desk knows. */
  readonly storageSinceAt: number
  readonly diskFull: boolean
  /** The last answer; undefined before the first. */
  readonly answer: RecordingAnswer | undefined
  readonly segmentMs: number
  readonly now: number
}

export interface RecordingVerdict {
  readonly recordingState: RecordingState
  /** A sentence where the recording has stopped, else empty. */
  readonly recordingReason: string
}

/** Whether a camera is being recorded at this moment, as far as Alta tells. */
export function recordingVerdict(facts: RecordingFacts): RecordingVerdict {
  const { answer, now, segmentMs, storageSinceAt } = facts
  if (!facts.hasStorage) return { recordingState: 'off', recordingReason: '' }
  if (!facts.hasStorageOnAlta)
    return stopped('Its channel has no storage on Alta any more. Repair the server to put it back.')
  if (!answer || answer.recordedUntil === 'unknown' || now - answer.answeredAt > answerHoldsMs) return unknown
  const agoMs = answer.recordedUntil === null ? Infinity : answer.answeredAt - answer.recordedUntil
  const nearMs = segmentsBehind * segmentMs + roundingMs
  // A range that ends in the future comes from a wrong clock, so it does not prove a recording now.
  if (agoMs < -nearMs) return unknown
  const recordedUntil = agoMs <= askedBackMs ? answer.recordedUntil : null
  const hasBegun = recordedUntil !== null && recordedUntil >= storageSinceAt
  // What ended before the camera got its storage was recorded to another.
  if (agoMs <= nearMs) return hasBegun ? { recordingState: 'on', recordingReason: '' } : unknown
  if (!hasBegun && now - storageSinceAt < settlingMs) return unknown
  if (facts.diskFull) return stopped('The disk of the server is full.')
  if (recordedUntil === null) return stopped('Nothing was recorded in the last 10 minutes.')
  return stopped(`Nothing has been recorded since ${clockTime.format(recordedUntil)}.`)
}

const unknown: RecordingVerdict = { recordingState: 'unknown', recordingReason: '' }

function stopped(recordingReason: string): RecordingVerdict {
  return { recordingState: 'stopped', recordingReason }
}
