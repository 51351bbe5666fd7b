import { describe, expect, test } from 'vitest'
import { listMark, playingMark } from '../../../../renderer/features/live/playing-truth.ts'
import type { VariantName, VariantStatus } from '../../../../shared/domain/statuses.ts'

function variant(name: VariantName, status: VariantStatus) {
  return { name, status, statusReason: '', statusSinceAt: 0 }
}
function camera(main: VariantStatus, sub: VariantStatus) {
  const variants = [variant('main', main), variant('sub', sub)]
  return { status: 'online' as const, serverResponding: true, isCurrent: true, variants }
}
const healthy = camera('online', 'online')

describe('a picture that plays', () => {
  test('is green and live only where its server says that its source delivers', () => {
    expect(playingMark({ pictureState: 'live', variant: 'sub' }, healthy)).toEqual({
      tone: 'online',
      word: 'Live',
    })
    const unknowns = [
      null,
      camera('unknown', 'unknown'),
      { ...healthy, serverResponding: false },
      { ...healthy, isCurrent: false },
    ]
    for (const known of unknowns) {
      const mark = playingMark({ pictureState: 'unknown', variant: 'sub' }, known)
      expect(mark.tone).not.toBe('online')
      expect(mark.word).not.toBe('Live')
    }
  })

  // Would catch: a list that says Offline beside a tile that says Live.
  test('says both parts of the truth, and the list says the same', () => {
    const away = { ...healthy, status: 'offline' as const, serverResponding: false }
    const onTile = playingMark({ pictureState: 'unknown', variant: 'sub' }, away)
    expect(onTile).toEqual({ tone: 'degraded', word: 'Live; server not responding' })
    expect(listMark(away, onTile)).toEqual(onTile)

    const mainDead = { ...camera('degraded', 'online'), status: 'degraded' as const }
    const sub = playingMark({ pictureState: 'live', variant: 'sub' }, mainDead)
    expect(sub).toEqual({ tone: 'degraded', word: 'Live (sub stream only)' })
    expect(listMark(mainDead, sub)).toEqual(sub)

    const cut = { ...healthy, isCurrent: false }
    const old = playingMark({ pictureState: 'unknown', variant: 'main' }, cut)
    expect(old.word).toBe('Playing; desk not responding')
    expect(listMark(cut, old)).toEqual(old)
  })
})

describe('the list', () => {
  test('says the status of a camera of which no picture plays', () => {
    expect(listMark(healthy, null)).toEqual({ tone: 'online', word: null })
    expect(listMark({ ...camera('degraded', 'degraded'), status: 'degraded' }, null)).toEqual({
      tone: 'degraded',
      word: null,
    })
  })

  test('calls nothing online that it heard before the desk was lost', () => {
    expect(listMark({ ...healthy, isCurrent: false }, null).tone).toBe('unknown')
  })
})
