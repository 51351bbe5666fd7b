import { beforeEach, describe, expect, it } from 'vitest'
import {
  closeCameras,
  closeForbidden,
  forgetClosedCameras,
  isClosed,
  reopenCamera,
  showsCameras,
} from '../../../../renderer/app/closed-cameras.ts'

beforeEach(forgetClosedCameras)

describe('pictures that may not be seen any more', () => {
  it('close for the next operator before anything else, and those that cannot be asked for close too', async () => {
    const stop = showsCameras(() => ['hall', 'yard', 'gate'])
    await closeForbidden(async (id) => {
      if (id === 'yard') throw new Error('404')
      if (id === 'gate') throw new Error('the network is gone')
      return true
    })
    stop()
    expect(['hall', 'yard', 'gate'].map(isClosed)).toEqual([false, true, true])
  })

  it('are asked for once, and not at all once their wall is gone', async () => {
    const asked: string[] = []
    const stopOne = showsCameras(() => ['hall', 'hall'])
    const stopOther = showsCameras(() => ['hall'])
    const ask = async (id: string): Promise<boolean> => asked.push(id) > 0
    await closeForbidden(ask)
    stopOne()
    stopOther()
    await closeForbidden(ask)
    expect(asked).toEqual(['hall'])
  })

  it('stay closed when the right was taken away while the desk was still being asked', async () => {
    const stop = showsCameras(() => ['hall', 'yard'])
    await closeForbidden(async (id) => {
      if (id === 'hall') closeCameras(['hall'])
      return true
    })
    stop()
    expect(['hall', 'yard'].map(isClosed)).toEqual([true, false])
  })

  it('open again only for a camera that the desk answered for', () => {
    closeCameras(['hall', 'yard'])
    closeCameras([])
    reopenCamera('yard')
    reopenCamera('never closed')
    expect(['hall', 'yard'].map(isClosed)).toEqual([true, false])
  })
})
