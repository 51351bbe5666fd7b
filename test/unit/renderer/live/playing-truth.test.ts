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
    expect(playingMark({ pictureState: 'live', variant: 'sub', unchanging: false }, healthy)).toEqual({
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
      const mark = playingMark({ pictureState: 'unknown', variant: 'sub', unchanging: false }, known)
      expect(mark.tone).not.toBe('online')
      expect(mark.word).not.toBe('Live')
    }
  })

  // Would catch: a list that says Offline beside a tile that says Live.
  test('says both parts of the truth, and the list says the same', () => {
    const away = { ...healthy, status: 'offline' as const, serverResponding: false }
    const onTile = playingMark({ pictureState: 'unknown', variant: 'sub', unchanging: false }, away)
    expect(onTile).toEqual({ tone: 'degraded', word: 'Live; server not responding' })
    expect(listMark(away, onTile)).toEqual(onTile)

    const mainDead = { ...camera('degraded', 'online'), status: 'degraded' as const }
    const sub = playingMark({ pictureState: 'live', variant: 'sub', unchanging: false }, mainDead)
    expect(sub).toEqual({ tone: 'degraded', word: 'Live (sub stream only)' })
    expect(listMark(mainDead, sub)).toEqual(sub)

    const cut = { ...healthy, isCurrent: false }
    const old = playingMark({ pictureState: 'unknown', variant: 'main', unchanging: false }, cut)
    expect(old.word).toBe('Playing; desk not responding')
    expect(listMark(cut, old)).toEqual(old)
  })
})

// Would catch: a repeated picture that is called live where no server can say what it is, on the tile or in the list; and a quiet
// scene that is doubted although its server vouches for it.
describe('a picture that is not changing', () => {
  test('is amber and never live, where the server does not report or cannot be asked', () => {
    const unknowns = [
      null,
      camera('unknown', 'unknown'),
      { ...healthy, serverResponding: false },
      { ...healthy, isCurrent: false },
    ]
    for (const known of unknowns) {
      const mark = playingMark({ pictureState: 'unknown', variant: 'sub', unchanging: true }, known)
      expect(mark).toEqual({ tone: 'degraded', word: 'Picture not changing' })
      if (known) expect(listMark({ ...known, status: 'online' }, mark)).toEqual(mark)
    }
  })

  test("gives way to the server's word", () => {
    expect(playingMark({ pictureState: 'live', variant: 'main', unchanging: true }, healthy).word).toBe(
      'Live',
    )
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
