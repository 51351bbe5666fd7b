import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAltaServer } from '../../alta-simulator/start-alta-server.ts'
import type { AltaServerHandle } from '../../alta-simulator/start-alta-server.ts'
import { scenes } from '../../alta-simulator/media/scenes.ts'
import { TransportStreamDemuxer } from '../../alta-simulator/media/transport-stream-demuxer.ts'
import { isKeyFrame } from '../../alta-simulator/media/nal-units.ts'

const quiet = scenes.filter((scene) => scene !== 'test-card')
let server: AltaServerHandle

beforeAll(async () => {
  server = await startAltaServer({
    segmentSeconds: 1,
    playlistSegments: 3,
    receivers: quiet.map((scene) => ({ id: scene, scene, width: 160, height: 90, fps: 10 })),
    channels: Object.fromEntries(quiet.map((scene) => [scene, { variants: { main: { receiver: scene } } }])),
  })
})
afterAll(async () => {
  expect(server.problems()).toEqual([])
  await server.dispose()
})

async function text(path: string): Promise<string> {
  return (await fetch(server.ottUrl + path)).text()
}

/** Sizes of the frames of the first segment: the full one, and the others. */
async function frameSizes(scene: string): Promise<{ full: number[]; others: number[] }> {
  const variant = /^main\/.+$/m.exec(await text(`/${scene}/index.m3u8`))?.[0] ?? ''
  const segment = /^.+\.ts$/m.exec(await text(`/${scene}/${variant}`))?.[0] ?? ''
  const data = Buffer.from(await (await fetch(`${server.ottUrl}/${scene}/main/${segment}`)).arrayBuffer())
  const frames: Buffer[] = []
  new TransportStreamDemuxer((packet) => frames.push(packet.data)).write(data)
  const full = frames.filter((frame) => isKeyFrame('h264', frame)).map((frame) => frame.length)
  const others = frames.filter((frame) => !isKeyFrame('h264', frame)).map((frame) => frame.length)
  return { full, others }
}

const mean = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0) / sizes.length

// Would catch: a proof about quiet scenes that in truth watches a moving picture, or a repeated one.
describe('scenes in which nothing happens', { timeout: 60_000 }, () => {
  it.each(quiet)(
    '%s is encoded as an encoder does: one full picture, and less for what hardly changes',
    async (scene) => {
      const { full, others } = await frameSizes(scene)
      expect(full).toHaveLength(1)
      // Bytes behind the last full PES packet are handed out with the next one.
      expect(others.length).toBeGreaterThanOrEqual(8)
      expect(mean(others)).toBeGreaterThan(0)
      expect(mean(others)).toBeLessThan(mean(full) / 2)
    },
  )

  it('has noise where a sensor is looked at, and next to nothing on a black night', async () => {
    const [noisy, night] = [await frameSizes('noisy-still'), await frameSizes('black-night')]
    expect(new Set(noisy.others).size).toBeGreaterThan(4)
    expect(mean(noisy.others)).toBeGreaterThan(20 * mean(night.others))
  })
})
