import { beforeEach, describe, expect, it } from 'vitest'
import {
  closeCameras,
  closeForbidden,
  forgetClosedCameras,
  isClosed,
  reopenCameras,
  showsCameras,
} from '../../../../renderer/app/closed-cameras.ts'

beforeEach(forgetClosedCameras)

const unreachable = (): Promise<never> => Promise.reject(new Error('the network is gone'))

describe('pictures that may not be seen any more', () => {
  it('close for the next operator before anything else, by one question for all of them', async () => {
    const asked: string[][] = []
    const stop = showsCameras(() => ['hall', 'yard', 'gate', 'hall'])
    await closeForbidden(async (ids) => {
      asked.push(ids)
      return ['hall', 'gate']
    }, 'close')
    stop()
    expect(asked).toEqual([['hall', 'yard', 'gate']])
    expect(['hall', 'yard', 'gate'].map(isClosed)).toEqual([false, true, false])
  })

  it('close for the next operator where the desk does not answer, and stay for the one who sits there', async () => {
    const stop = showsCameras(() => ['hall'])
    expect(await closeForbidden(unreachable, 'keep')).toBe(false)
    expect(isClosed('hall')).toBe(false)
    expect(await closeForbidden(unreachable, 'close')).toBe(false)
    expect(isClosed('hall')).toBe(true)
    // Would catch: pictures that stay closed for good because the desk did not answer once.
    expect(await closeForbidden(async (ids) => ids, 'close')).toBe(true)
    stop()
    expect(isClosed('hall')).toBe(false)
  })

  it('are not asked for once their wall is gone', async () => {
    const asked: string[][] = []
    const stop = showsCameras(() => ['hall'])
    stop()
    await closeForbidden(async (ids) => {
      asked.push(ids)
      return ids
    }, 'close')
    expect(asked).toEqual([])
  })

  it('stay closed when the right was taken away while the desk was still being asked', async () => {
    const stop = showsCameras(() => ['hall', 'yard'])
    await closeForbidden(async (ids) => {
      closeCameras(['hall'])
      return ids
    }, 'close')
    stop()
    expect(['hall', 'yard'].map(isClosed)).toEqual([true, false])
  })

  it('open again only for a camera that the desk gave back', () => {
    closeCameras(['hall', 'yard'])
    closeCameras([])
    reopenCameras(['yard', 'never closed'])
    expect(['hall', 'yard'].map(isClosed)).toEqual([true, false])
  })

  it('are never more than the desk takes in one question: what is left out stays closed', async () => {
    closeCameras(Array.from({ length: 700 }, (_, index) => `closed ${index}`))
    const stop = showsCameras(() => ['hall'])
    let count = 0
    await closeForbidden(async (ids) => {
      count = ids.length
      return ids
    }, 'close')
    stop()
    expect([count, isClosed('hall'), isClosed('closed 0'), isClosed('closed 699')]).toEqual([
      500,
      false,
      false,
      true,
    ])
  })
})
