import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { findFfmpeg } from '../../alta-simulator/media/ffmpeg.ts'
import type { VideoFrame } from '../../alta-simulator/media/frame.ts'
import { ReceiverStream } from '../../alta-simulator/media/receiver-stream.ts'
import type { Segment } from '../../alta-simulator/media/segmenter.ts'

const FPS = 25
const FRAME_MS = 1000 / FPS
const SEGMENT_MS = 1000

let stream: ReceiverStream
let problems: string[]

function openStream(): ReceiverStream {
  problems = []
  stream = new ReceiverStream(
    { id: 'gate', width: 160, height: 90, fps: FPS },
    {
      ffmpeg: () => findFfmpeg(),
      segmentMs: SEGMENT_MS,
      playlistSegments: 3,
      lingerMs: 0,
      alwaysEncode: true,
      onProblem: (problem) => problems.push(problem),
    },
  )
  stream.start()
  return stream
}

afterEach(() => {
  stream.stop()
  expect(problems).toEqual([])
})

/** The next so many pictures. */
function nextFrames(count: number): Promise<VideoFrame[]> {
  return new Promise((resolve) => {
    const frames: VideoFrame[] = []
    const off = stream.onFrame((frame) => {
      if (frame.kind !== 'video' || frames.push(frame) < count) return
      off()
      resolve(frames)
    })
  })
}

function nextSegments(count: number): Promise<Segment[]> {
  return new Promise((resolve) => {
    const segments: Segment[] = []
    const off = stream.onSegment((segment) => {
      if (segments.push(segment) < count) return
      off()
      resolve(segments)
    })
  })
}

/** Checksums of the pictures in MPEG-TS bytes, and what the decoder complained of. */
async function decode(data: Buffer): Promise<{ pictures: string[]; complaints: string }> {
  const { path } = await findFfmpeg()
  const child = spawn(path, ['-v', 'warning', '-f', 'mpegts', '-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'])
  let output = ''
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString('utf8')))
  child.stdin.end(data)
  await once(child, 'close')
  const pictures = output.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { pictures: pictures.map((line) => line.split(',').at(-1)?.trim() ?? ''), complaints }
}

const steps = (frames: readonly VideoFrame[]): number[] =>
  frames.slice(1).map(({ epochMs }, index) => epochMs - (frames[index]?.epochMs ?? 0))

describe('a frozen receiver', { timeout: 60_000 }, () => {
  // Would catch: a frozen source that is told from a living one by its frame rate (it came at 5 pictures a second), by a
  // hole in its time stamps, or by sizes that no server without an encoder could produce.
  it('repeats the last full picture at the usual frame rate, with time stamps that go on', async () => {
    openStream()
    const living = await nextFrames(FPS + 1)
    const last = living.at(-1)
    const frozen = nextFrames(2 * FPS)
    stream.setMode('frozen')
    const repeated = (await frozen).filter(({ epochMs }) => epochMs > (last?.epochMs ?? 0))
    const [first] = repeated
    expect(repeated.length).toBe(2 * FPS)
    expect(first?.epochMs).toBeCloseTo((last?.epochMs ?? 0) + FRAME_MS)
    for (const step of steps(repeated)) expect(step).toBeCloseTo(FRAME_MS)
    const source = living.findLast(({ keyFrame }) => keyFrame)
    for (const { data, keyFrame } of repeated) {
      expect(keyFrame).toBe(true)
      expect(data.equals(source?.data ?? Buffer.alloc(0))).toBe(true)
    }
  })

  // Would catch: playlists that give the fault away by segments of another length, or segments that do not decode.
  it('goes on with segments of the usual length that decode to one and the same picture', async () => {
    openStream()
    await nextSegments(1)
    stream.setMode('frozen')
    const [, ...frozen] = await nextSegments(3)
    for (const { durationMs, discontinuity } of frozen) {
      expect(durationMs).toBeCloseTo(SEGMENT_MS)
      expect(discontinuity).toBe(false)
    }
    const { pictures, complaints } = await decode(Buffer.concat(frozen.map(({ data }) => data)))
    expect(complaints).toBe('')
    expect(pictures.length).toBe((frozen.length * SEGMENT_MS) / FRAME_MS)
    expect(new Set(pictures).size).toBe(1)
  })

  // Would catch: a receiver that stays frozen, or whose living pictures are older than the repeated ones before them.
  it('goes on with living pictures when the source returns', async () => {
    openStream()
    await nextFrames(FPS)
    stream.setMode('frozen')
    const repeated = await nextFrames(FPS)
    stream.setMode('live')
    const living = await nextFrames(2 * FPS)
    for (const step of steps([...repeated.slice(-1), ...living])) expect(step).toBeGreaterThan(0)
    expect(living.at(-1)?.data.equals(repeated[0]?.data ?? Buffer.alloc(0))).toBe(false)
  })
})
