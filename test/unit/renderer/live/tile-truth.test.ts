import { describe, expect, it } from 'vitest'
import type { TileState } from '../../../../renderer/player/player-types.ts'
import { tileTruth } from '../../../../renderer/features/live/tile-truth.ts'

const playing: TileState = {
  cameraId: 'c1',
  phase: 'playing',
  picture: 'video',
  protocol: 'whep',
  variant: 'main',
  pictureState: 'live',
  ageMs: 40,
  lastFrameAt: 1_000,
  stale: false,
  weak: false,
  unchanging: false,
  framesPerSecond: 25,
  delayMs: null,
  width: 1280,
  height: 720,
  retryInMs: null,
  reason: null,
  unplayable: [],
  hasSound: false,
  trying: false,
}
const camera = {
  name: 'Gate 1',
  status: 'offline' as const,
  statusReason: 'The receiver gate-1 is disabled on Alta. Enable it there.',
  statusSinceAt: 10_000,
  serverResponding: true,
  isCurrent: true,
  variants: [
    {
      name: 'main' as const,
      status: 'offline' as const,
      statusReason: 'The receiver gate-1 is disabled on Alta. Enable it there.',
      statusSinceAt: 10_000,
    },
  ],
  recording: true,
}

describe('what a tile says', () => {
  it('says nothing over a picture that plays', () => {
    const truth = tileTruth(playing, camera)
    expect(truth).toMatchObject({ tone: 'online', word: 'Live', headline: null, dimmed: false })
  })

  it('never calls a frozen picture live, whatever the player is doing behind it', () => {
    for (const phase of ['stalled', 'connecting', 'first-frame-wait', 'retry-wait', 'playing'] as const) {
      const truth = tileTruth({ ...playing, phase, stale: true, ageMs: 12_300 }, camera)
      expect(truth).toMatchObject({ headline: 'FROZEN', sinceAt: 1_000, dimmed: true, tone: 'offline' })
    }
  })

  // Would catch: a repeated picture that is called live, or a quiet scene that is called frozen.
  it('says amber that a picture is not changing, and neither dims it nor calls it live', () => {
    for (const weak of [false, true]) {
      const state = { ...playing, pictureState: 'unknown' as const, unchanging: true, weak }
      const truth = tileTruth(state, camera)
      expect(truth).toMatchObject({ tone: 'degraded', word: 'Picture not changing', headline: null })
      expect(truth.dimmed).toBe(false)
      expect(truth.remark).toBe('The camera may have stopped; no status from the server.')
    }
  })

  it('says NO PICTURE, not FROZEN, where there is no picture that could be old', () => {
    const truth = tileTruth(
      {
        ...playing,
        phase: 'retry-wait',
        picture: 'none',
        stale: true,
        reason: 'server-unreachable',
        retryInMs: 3_200,
      },
      camera,
    )
    expect(truth.headline).toBe('NO PICTURE')
    expect(truth.detail).toContain('Next try in 4 s.')
  })

  it('does not flip between NO PICTURE and Connecting with every try', () => {
    const waiting = {
      ...playing,
      picture: 'none' as const,
      protocol: null,
      ageMs: null,
      reason: 'server-unreachable' as const,
    }
    const said = (['retry-wait', 'connecting', 'first-frame-wait'] as const).map(
      (phase) => tileTruth({ ...waiting, phase }, camera).headline,
    )
    expect(new Set(said)).toEqual(new Set(['NO PICTURE']))
    expect(tileTruth({ ...waiting, phase: 'connecting', reason: null }, camera).headline).toBe('Connecting')
  })

  it('gives the reason of the desk and the time since when, where the camera sends nothing', () => {
    const truth = tileTruth({ ...playing, phase: 'no-signal', picture: 'none' }, camera)
    expect(truth).toMatchObject({ headline: 'NO SIGNAL', detail: camera.statusReason, sinceAt: 10_000 })
  })

  it('calls the last picture of a camera that sends nothing frozen, with the reason', () => {
    for (const state of [
      { phase: 'frozen', pictureState: 'lost', stale: true },
      { phase: 'no-signal', picture: 'still', variant: null, pictureState: 'unknown', stale: false },
    ] as const) {
      const truth = tileTruth({ ...playing, ...state, lastFrameAt: 9_000 }, camera)
      expect(truth).toMatchObject({ headline: 'FROZEN', word: 'Frozen', tone: 'offline', dimmed: true })
      expect(truth).toMatchObject({ detail: camera.statusReason, sinceAt: 9_000 })
    }
  })

  it('tells nothing of a camera that is not this person’s to see', () => {
    const truth = tileTruth({ ...playing, phase: 'blocked', reason: 'not-available' }, camera)
    expect(JSON.stringify(truth)).not.toContain('Gate')
    expect(truth.headline).toBe('NOT AVAILABLE')
  })

  it('names the codec that the browser does not play', () => {
    const unplayable = [{ kind: 'whep' as const, variant: 'main' as const, codec: 'h265' }]
    expect(tileTruth({ ...playing, phase: 'not-playable', unplayable }, camera).headline).toBe('H.265')
    expect(tileTruth({ ...playing, variant: 'sub', unplayable }, camera).remark).toContain('H.265')
  })

  it('shows dropped frames as weak', () => {
    expect(tileTruth({ ...playing, weak: true }, camera)).toMatchObject({ tone: 'degraded', word: 'Weak' })
  })
})
