import { describe, expect, it } from 'vitest'
import type { Frame } from '../../alta-simulator/media/frame.ts'
import { isKeyFrame, splitAnnexB } from '../../alta-simulator/media/nal-units.ts'
import { Segmenter } from '../../alta-simulator/media/segmenter.ts'
import type { Segment } from '../../alta-simulator/media/segmenter.ts'
import {
  AAC_PID,
  splitOpus,
  TransportStreamDemuxer,
  VIDEO_PID,
} from '../../alta-simulator/media/transport-stream-demuxer.ts'
import type { ElementaryPacket } from '../../alta-simulator/media/transport-stream-demuxer.ts'
import { crc32Mpeg, TransportStreamMuxer } from '../../alta-simulator/media/transport-stream-muxer.ts'
import { h264Payloads } from '../../alta-simulator/whep/h264-payloads.ts'

const SPS = Buffer.from([0x67, 0x42, 0xc0, 0x1f, 1])
const PPS = Buffer.from([0x68, 0xce, 2])
const BASE = 1_700_000_000_000

function annexB(...units: Buffer[]): Buffer {
  return Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]))
}

/** A NAL unit of a type with bytes that never look like a start code. */
function unit(type: number, size: number): Buffer {
  const data = Buffer.alloc(size)
  for (let at = 0; at < size; at += 1) data[at] = 1 + (at % 250)
  data[0] = 0x60 | type
  return data
}

function picture(index: number, size = 400): Frame {
  const keyFrame = index % 25 === 0
  const data = keyFrame ? annexB(SPS, PPS, unit(5, size * 10)) : annexB(unit(1, size))
  return { kind: 'video', codec: 'h264', data, keyFrame, epochMs: BASE + index * 40 }
}

function demux(data: Buffer, chunkBytes = data.length): ElementaryPacket[] {
  const packets: ElementaryPacket[] = []
  const demuxer = new TransportStreamDemuxer((packet) => packets.push(packet))
  for (let at = 0; at < data.length; at += chunkBytes) demuxer.write(data.subarray(at, at + chunkBytes))
  return packets
}

describe('NAL units', () => {
  it('splits three- and four-byte start codes without eating or leaving a zero', () => {
    const data = Buffer.concat([Buffer.from([0, 0, 1]), SPS, Buffer.from([0, 0, 0, 1]), PPS])
    expect(splitAnnexB(data)).toEqual([SPS, PPS])
  })

  it('knows key frames of both codecs', () => {
    expect(isKeyFrame('h264', annexB(SPS, unit(5, 9)))).toBe(true)
    expect(isKeyFrame('h264', annexB(unit(1, 9)))).toBe(false)
    expect(isKeyFrame('h265', annexB(Buffer.from([19 << 1, 1, 9])))).toBe(true)
    expect(isKeyFrame('h265', annexB(Buffer.from([1 << 1, 1, 9])))).toBe(false)
  })
})

describe('transport stream', () => {
  it('gives back every byte and time stamp that went in, also in odd chunks', () => {
    const sound: Frame = { kind: 'audio', codec: 'aac', data: unit(9, 333), epochMs: BASE + 10 }
    const frames = [picture(0), sound, picture(1), picture(2, 170), picture(3, 171), picture(4, 70_000)]
    const stream = new TransportStreamMuxer(BASE - 1000).segment(frames)
    expect(stream.length % 188).toBe(0)
    const closed = Buffer.concat([stream, new TransportStreamMuxer(BASE).segment([picture(0), sound])])
    const packets = demux(closed, 1000).slice(0, frames.length)
    const byTime = frames.toSorted((left, right) => left.epochMs - right.epochMs)
    const found = packets.toSorted((left, right) => left.pts - right.pts)
    expect(found.map(({ pid }) => pid)).toEqual(
      byTime.map(({ kind }) => (kind === 'video' ? VIDEO_PID : AAC_PID)),
    )
    expect(found.map(({ pts }) => pts)).toEqual(byTime.map(({ epochMs }) => (epochMs - BASE + 1000) * 90))
    expect(found.map(({ data }) => data.toString('hex'))).toEqual(
      byTime.map(({ data }) => data.toString('hex')),
    )
  })

  it('keeps continuity counters going over segments, or players drop the first packet of each', () => {
    const muxer = new TransportStreamMuxer(BASE - 1000)
    const stream = Buffer.concat([muxer.segment([picture(0), picture(1)]), muxer.segment([picture(25)])])
    const counters = new Map<number, number>()
    for (let at = 0; at < stream.length; at += 188) {
      const pid = stream.readUInt16BE(at + 1) & 0x1fff
      const counter = stream.readUInt8(at + 3) & 0x0f
      const before = counters.get(pid)
      if (before !== undefined) expect(counter).toBe((before + 1) & 0x0f)
      counters.set(pid, counter)
    }
    expect(counters.size).toBe(3)
  })

  it('signs tables with the CRC of ISO 13818-1', () => {
    expect(crc32Mpeg(Buffer.from('123456789'))).toBe(0x0376e6e7)
  })

  it('refuses bytes that are no transport stream', () => {
    expect(() => demux(Buffer.alloc(188, 1))).toThrow('out of sync')
  })

  it('takes Opus packets out of their control headers', () => {
    const one = unit(1, 300)
    const two = unit(2, 20)
    const header = (size: number): number[] => (size >= 255 ? [0xff, size - 255] : [size])
    const data = Buffer.concat(
      [one, two].flatMap((packet) => [Buffer.from([0x7f, 0xe0, ...header(packet.length)]), packet]),
    )
    expect(splitOpus(data)).toEqual([one, two])
  })
})

describe('segmenter', () => {
  function cut(frames: Frame[], segmentMs: number): Segment[] {
    const segments: Segment[] = []
    const segmenter = new Segmenter(segmentMs, BASE - 1000, (segment) => segments.push(segment))
    for (const frame of frames) segmenter.write(frame)
    return segments
  }
  const stretch = (from: number, count: number): Frame[] =>
    Array.from({ length: count }, (_, index) => picture(from + index))

  it('cuts at key frames only, to the wanted length', () => {
    const segments = cut(stretch(0, 101), 2000)
    expect(segments.map(({ durationMs }) => durationMs)).toEqual([2000, 2000])
    expect(segments.map(({ startEpochMs }) => startEpochMs)).toEqual([BASE, BASE + 2000])
    expect(segments.map(({ name }) => name)).toEqual([`0-${BASE}.ts`, `1-${BASE + 2000}.ts`])
  })

  it('starts with a key frame, or the first segment could not be decoded', () => {
    expect(cut(stretch(10, 41), 1000)[0]?.startEpochMs).toBe(BASE + 1000)
  })

  it('marks a hole in time, which a player must not play through', () => {
    const segments = cut([...stretch(0, 26), ...stretch(250, 51)], 1000)
    expect(segments.map(({ discontinuity }) => discontinuity)).toEqual([false, false, true, false])
    expect(segments[1]?.durationMs).toBe(40)
    expect(segments.map(({ discontinuitySequence }) => discontinuitySequence)).toEqual([0, 0, 1, 1])
  })
})

describe('H.264 over RTP', () => {
  it('joins parameter sets, cuts large units and puts the marker on the last packet', () => {
    const idr = unit(5, 5000)
    const payloads = h264Payloads(annexB(unit(9, 2), SPS, PPS, unit(6, 10), idr))
    expect(payloads.map(({ marker }) => marker)).toEqual(
      payloads.map((_, index) => index === payloads.length - 1),
    )
    expect(Math.max(...payloads.map(({ payload }) => payload.length))).toBeLessThanOrEqual(1180)
    const [sets, ...fragments] = payloads.map(({ payload }) => payload)
    expect(sets?.subarray(1)).toEqual(Buffer.concat([Buffer.from([0, 5]), SPS, Buffer.from([0, 3]), PPS]))
    expect((sets?.[0] ?? 0) & 0x1f).toBe(24)
    expect(fragments.map((fragment) => (fragment[0] ?? 0) & 0x1f)).toEqual(fragments.map(() => 28))
    expect(fragments.map((fragment) => (fragment[1] ?? 0) >> 6)).toEqual([2, 0, 0, 0, 1])
    const rebuilt = Buffer.concat([idr.subarray(0, 1), ...fragments.map((fragment) => fragment.subarray(2))])
    expect(rebuilt).toEqual(idr)
  })

  it('sends a small unit as it is', () => {
    const slice = unit(1, 100)
    expect(h264Payloads(annexB(slice))).toEqual([{ payload: slice, marker: true }])
  })
})
