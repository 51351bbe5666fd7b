import { describe, expect, it } from 'vitest'
import type { TileState } from '../../../../renderer/player/player-types.ts'
import { tileTruth } from '../../../../renderer/features/live/tile-truth.ts'

const playing: TileState = {
  cameraId: 'c1',
  phase: 'playing',
  picture: 'video',
  protocol: 'whep',
  variant: 'main',
  ageMs: 40,
  lastFrameAt: 1_000,
  stale: false,
  weak: false,
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
  recording: true,
}

describe('what a tile says', () => {
  it('says nothing over a picture that plays', () => {
    const truth = tileTruth(playing, camera, 20_000)
    expect(truth).toMatchObject({ tone: 'online', word: 'Live', headline: null, dimmed: false })
  })

  it('never calls a frozen picture live, whatever the player is doing behind it', () => {
    for (const phase of ['stalled', 'connecting', 'first-frame-wait', 'retry-wait', 'playing'] as const) {
      const truth = tileTruth({ ...playing, phase, stale: true, ageMs: 12_300 }, camera, 20_000)
      expect(truth).toMatchObject({ headline: 'STALE', seconds: 12, dimmed: true, tone: 'offline' })
    }
  })

  it('says NO PICTURE, not STALE, where there is no picture that could be old', () => {
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
      20_000,
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
      (phase) => tileTruth({ ...waiting, phase }, camera, 20_000).headline,
    )
    expect(new Set(said)).toEqual(new Set(['NO PICTURE']))
    expect(tileTruth({ ...waiting, phase: 'connecting', reason: null }, camera, 20_000).headline).toBe(
      'Connecting',
    )
  })

  it('gives the reason of the desk and the time since when, where the camera sends nothing', () => {
    const truth = tileTruth({ ...playing, phase: 'no-signal', picture: 'still' }, camera, 25_000)
    expect(truth).toMatchObject({ headline: 'NO SIGNAL', detail: camera.statusReason, seconds: 15 })
  })

  it('tells nothing of a camera that is not this person’s to see', () => {
    const truth = tileTruth({ ...playing, phase: 'blocked', reason: 'not-available' }, camera, 20_000)
    expect(JSON.stringify(truth)).not.toContain('Gate')
    expect(truth.headline).toBe('NOT AVAILABLE')
  })

  it('names the codec that the browser does not play', () => {
    const unplayable = [{ kind: 'whep' as const, variant: 'main' as const, codec: 'h265' }]
    expect(tileTruth({ ...playing, phase: 'not-playable', unplayable }, camera, 0).headline).toBe('H.265')
    expect(tileTruth({ ...playing, variant: 'sub', unplayable }, camera, 0).remark).toContain('H.265')
  })

  it('shows dropped frames as weak', () => {
    expect(tileTruth({ ...playing, weak: true }, camera, 0)).toMatchObject({ tone: 'degraded', word: 'Weak' })
  })
})
