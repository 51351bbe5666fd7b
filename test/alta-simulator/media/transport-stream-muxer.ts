import type { Frame } from './frame.ts'
import { AAC_PID, VIDEO_PID } from './transport-stream-demuxer.ts'

const PACKET_BYTES = 188
const PMT_PID = 0x1000
const STREAM_TYPES = { h264: 0x1b, h265: 0x24, aac: 0x0f } as const
const VIDEO_STREAM_ID = 0xe0
const AUDIO_STREAM_ID = 0xc0
const TIMESTAMP_MODULUS = 2 ** 33

/** CRC-32/MPEG-2 of a table section. */
export function crc32Mpeg(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x80000000) === 0 ? 0 : 0x04c11db7)
  }
  return crc >>> 0
}

function section(tableId: number, id: number, body: number[]): Buffer {
  const head = [tableId, 0xb0, body.length + 9, id >> 8, id & 0xff, 0xc1, 0, 0]
  const data = Buffer.from([...head, ...body])
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32Mpeg(data))
  return Buffer.concat([Buffer.from([0]), data, crc])
}

function programMap(video: 'h264' | 'h265', hasAudio: boolean): Buffer {
  const stream = (type: number, pid: number): number[] => [type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, 0]
  const streams = [
    ...stream(STREAM_TYPES[video], VIDEO_PID),
    ...(hasAudio ? stream(STREAM_TYPES.aac, AAC_PID) : []),
  ]
  return section(2, 1, [0xe0 | (VIDEO_PID >> 8), VIDEO_PID & 0xff, 0xf0, 0, ...streams])
}

function timestampBytes(prefix: number, pts: number): number[] {
  const high = Math.floor(pts / 2 ** 30) & 0x07
  const middle = Math.floor(pts / 2 ** 15) & 0x7fff
  const low = pts & 0x7fff
  return [
    (prefix << 4) | (high << 1) | 1,
    middle >> 7,
    ((middle & 0x7f) << 1) | 1,
    low >> 7,
    ((low & 0x7f) << 1) | 1,
  ]
}

/** An adaptation field of exactly `size` bytes, its length byte included. */
function adaptationField(size: number, pcr: number | undefined, randomAccess: boolean): Buffer {
  const field = Buffer.alloc(size, 0xff)
  field[0] = size - 1
  if (size === 1) return field
  field[1] = (randomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10)
  if (pcr !== undefined) {
    field.writeUInt32BE(Math.floor(pcr / 2), 2)
    field[6] = ((pcr & 1) << 7) | 0x7e
    field[7] = 0
  }
  return field
}

/**
 * Writes MPEG-TS (ISO 13818-1). Its continuity counters go on from segment to segment, as a player expects of a
 * playlist without discontinuities.
 */
export class TransportStreamMuxer {
  private readonly counters = new Map<number, number>()
  private readonly epochBaseMs: number

  /** `epochBaseMs` is the moment that gets timestamp zero. */
  constructor(epochBaseMs: number) {
    this.epochBaseMs = epochBaseMs
  }

  /** One self-contained segment out of frames in sending order. */
  segment(frames: readonly Frame[]): Buffer {
    const video = frames.find((frame) => frame.kind === 'video')
    const playable = frames.filter((frame) => frame.codec !== 'opus')
    const hasAudio = playable.some((frame) => frame.kind === 'audio')
    const association = section(0, 1, [0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff])
    const packets = [
      ...this.packets(0, association, undefined, false),
      ...this.packets(PMT_PID, programMap(video?.codec ?? 'h264', hasAudio), undefined, false),
    ]
    for (const frame of playable) packets.push(...this.framePackets(frame))
    return Buffer.concat(packets)
  }

  private framePackets(frame: Frame): Buffer[] {
    const isVideo = frame.kind === 'video'
    const pts = Math.round((frame.epochMs - this.epochBaseMs) * 90) % TIMESTAMP_MODULUS
    const length = frame.data.length + 8
    const head = Buffer.from([
      ...[0, 0, 1, isVideo ? VIDEO_STREAM_ID : AUDIO_STREAM_ID],
      ...(isVideo || length > 0xffff ? [0, 0] : [length >> 8, length & 0xff]),
      ...[0x84, 0x80, 5, ...timestampBytes(2, pts)],
    ])
    const pes = Buffer.concat([head, frame.data])
    if (!isVideo) return this.packets(AAC_PID, pes, undefined, false)
    // The clock runs 100 ms behind the pictures, so that a decoder has time to read them.
    const pcr = (pts - 9000 + TIMESTAMP_MODULUS) % TIMESTAMP_MODULUS
    return this.packets(VIDEO_PID, pes, pcr, frame.keyFrame)
  }

  private packets(pid: number, unit: Buffer, pcr: number | undefined, randomAccess: boolean): Buffer[] {
    const packets: Buffer[] = []
    const isTable = pid === 0 || pid === PMT_PID
    for (let at = 0; at < unit.length;) {
      const first = at === 0
      const needed = first && !isTable ? (pcr === undefined ? 0 : 8) : 0
      const room = PACKET_BYTES - 4 - needed
      const size = Math.min(room, unit.length - at)
      // Tables are padded behind, elementary packets in the adaptation field.
      const adaptationBytes = isTable ? 0 : PACKET_BYTES - 4 - size
      const counter = this.counters.get(pid) ?? 0
      this.counters.set(pid, (counter + 1) & 0x0f)
      const packet = Buffer.alloc(PACKET_BYTES, 0xff)
      packet[0] = 0x47
      packet[1] = (first ? 0x40 : 0) | (pid >> 8)
      packet[2] = pid & 0xff
      packet[3] = (adaptationBytes > 0 ? 0x30 : 0x10) | counter
      if (adaptationBytes > 0) {
        adaptationField(adaptationBytes, first ? pcr : undefined, first && randomAccess).copy(packet, 4)
      }
      unit.copy(packet, 4 + adaptationBytes, at, at + size)
      packets.push(packet)
      at += size
    }
    return packets
  }
}
