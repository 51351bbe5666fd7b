import { ORPCError } from '@orpc/client'
import { describe, expect, it } from 'vitest'
import { useTurns } from '../../../../renderer/features/groups/use-turns.ts'

describe('putting many things in a group', () => {
  it('stops at a failure and keeps that one and those behind it, so that none is lost or done twice', async () => {
    const failure = new ORPCError('NOT_FOUND', { status: 404 })
    const done: string[] = []
    const turns = useTurns<string>((item) => {
      if (item === 'b') return Promise.reject(failure)
      done.push(item)
      return Promise.resolve()
    })
    expect(await turns.start(['a', 'b', 'c'])).toEqual({ left: ['b', 'c'], failure })
    expect(done).toEqual(['a'])
    expect(turns.progress).toMatchObject({ done: 1, total: 3, running: false })
  })

  it('goes slower when the desk asks for it, instead of telling the person to try again', async () => {
    const waits: number[] = []
    let refusals = 2
    const turns = useTurns<string>(
      () => {
        if (refusals === 0) return Promise.resolve()
        refusals -= 1
        return Promise.reject(
          new ORPCError('TOO_MANY_REQUESTS', { status: 429, data: { retryAfterSeconds: 3 } }),
        )
      },
      (ms) => {
        waits.push(ms)
        return Promise.resolve()
      },
    )
    expect(await turns.start(['a', 'b'])).toEqual({ left: [], failure: null })
    expect(waits).toEqual([3_000, 3_000])
  })

  it('finishes the one under way when it is cancelled, and hands back the rest', async () => {
    const turns = useTurns<string>(() => {
      turns.cancel()
      return Promise.resolve()
    })
    expect(await turns.start(['a', 'b', 'c'])).toEqual({ left: ['b', 'c'], failure: null })
  })
})
