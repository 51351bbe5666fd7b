import { expect, test } from 'vitest'
import type { ScriptedAttempt } from './scripted-tile.ts'
import { hlsMain, ScriptedTile, whepMain } from './scripted-tile.ts'

/** Frames come at the usual rate, and all of them are one and the same. */
async function repeat(tile: ScriptedTile, attempt: ScriptedAttempt, seconds: number): Promise<void> {
  await tile.seconds(seconds, () => {
    attempt.flow()
    attempt.sameSizeMs = (attempt.sameSizeMs ?? 0) + 1000
  })
}

// Would catch: a repeated picture that is called live for ever by a tile of a server without status; and one that is called
// frozen or torn down, which a quiet scene must never be.
test('a repeated picture is not changing, and goes on playing', async () => {
  const tile = new ScriptedTile()
  const first = tile.play()
  await repeat(tile, first, 14)
  expect(tile.machine.unchanging).toBe(false)
  await repeat(tile, first, 1)
  expect(tile.machine.unchanging).toBe(true)
  expect(tile.machine.phase).toBe('playing')
  expect(tile.machine.stale).toBe(false)
  expect(tile.open).toEqual([first])
  first.sameSizeMs = 0
  await tile.seconds(1, () => first.flow())
  expect(tile.machine.unchanging).toBe(false)
})

// Would catch: a quiet camera that is doubted although the server says that its source is alive.
test("the server's word goes before the picture's, as long as it is given", async () => {
  const live = { state: 'live', sinceAt: 0 } as const
  const tile = new ScriptedTile()
  const first = tile.play()
  tile.machine.setHealth({ main: live, sub: live })
  await repeat(tile, first, 30)
  expect(tile.machine.unchanging).toBe(false)
  // The server does not respond any more: only the picture can tell.
  tile.machine.setHealth({ main: null, sub: null })
  expect(tile.machine.unchanging).toBe(true)
  tile.machine.setHealth({ main: { state: 'lost', sinceAt: 0 }, sub: null })
  expect(tile.machine.unchanging).toBe(false)
  expect(tile.machine.phase).toBe('frozen')
})

// Would catch: the word of the source before, on a tile that has gone over to another.
test('another source begins with a clean record', async () => {
  const tile = new ScriptedTile()
  const first = tile.play([whepMain, hlsMain])
  await repeat(tile, first, 20)
  expect(tile.machine.unchanging).toBe(true)
  first.fail({ reason: 'connection-lost' })
  const second = tile.play([whepMain, hlsMain])
  await repeat(tile, second, 5)
  expect(tile.machine.phase).not.toBe('connecting')
  expect(tile.machine.unchanging).toBe(false)
})

// Would catch: a wall that pays for reading pixels of living pictures.
test('pixels of a living picture are never read', async () => {
  const tile = new ScriptedTile()
  const first = tile.play()
  first.sameSizeMs = 0
  await tile.seconds(60, () => first.flow())
  expect(first.stripsRead).toBe(0)
})
