const PACKET_BYTES = 188
const SYNC = 0x47

/** The elementary streams that the encoder is told to write, by PID (ISO 13818-1). */
export const VIDEO_PID = 0x100
export const AAC_PID = 0x101
export const OPUS_PID = 0x102

/** One elementary packet: payload and presentation time in units of 90 kHz. */
export interface ElementaryPacket {
  pid: number
  pts: number
  data: Buffer
}

interface Pending {
  chunks: Buffer[]
  size: number
  /** Bytes of the PES packet after its length field; 0 means until the next one starts. */
  expected: number
}

/**
 * Takes the MPEG-TS that ffmpeg writes apart. It hands out an elementary packet as soon as its last byte is there,
 * which needs `-omit_video_pes_length 0`; longer ones than 64 KiB wait for the next.
 */
export class TransportStreamDemuxer {
  private rest: Buffer = Buffer.alloc(0)
  private readonly pending = new Map<number, Pending>()
  private readonly onPacket: (packet: ElementaryPacket) => void

  constructor(onPacket: (packet: ElementaryPacket) => void) {
    this.onPacket = onPacket
  }

  /** Throws when the bytes are no transport stream. */
  write(chunk: Buffer): void {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    for (; at + PACKET_BYTES <= data.length; at += PACKET_BYTES) {
      this.readPacket(data.subarray(at, at + PACKET_BYTES))
    }
    this.rest = data.subarray(at)
  }

  private readPacket(packet: Buffer): void {
    if (packet[0] !== SYNC) throw new Error('transport stream out of sync')
    const pid = packet.readUInt16BE(1) & 0x1fff
    if (pid !== VIDEO_PID && pid !== AAC_PID && pid !== OPUS_PID) return
    const control = packet.readUInt8(3) & 0x30
    if ((control & 0x10) === 0) return
    const payload = packet.subarray(control === 0x30 ? 5 + packet.readUInt8(4) : 4)
    const startsUnit = (packet.readUInt8(1) & 0x40) !== 0
    if (startsUnit) {
      this.finish(pid)
      const length = payload.readUInt16BE(4)
      this.pending.set(pid, { chunks: [], size: 0, expected: length === 0 ? 0 : length + 6 })
    }
    const unit = this.pending.get(pid)
    if (!unit) return
    unit.chunks.push(payload)
    unit.size += payload.length
    if (unit.expected > 0 && unit.size >= unit.expected) this.finish(pid)
  }

  private finish(pid: number): void {
    const unit = this.pending.get(pid)
    if (!unit) return
    this.pending.delete(pid)
    const pes = Buffer.concat(unit.chunks, unit.expected > 0 ? Math.min(unit.size, unit.expected) : unit.size)
    if (pes.length < 14) return
    this.onPacket({ pid, pts: readTimestamp(pes), data: pes.subarray(9 + pes.readUInt8(8)) })
  }
}

/** Reads the 33-bit PTS of a PES header (ISO 13818-1, 2.4.3.6). */
function readTimestamp(pes: Buffer): number {
  const high = (pes.readUInt8(9) >> 1) & 0x07
  const middle = pes.readUInt16BE(10) >> 1
  const low = pes.readUInt16BE(12) >> 1
  return high * 2 ** 30 + middle * 2 ** 15 + low
}

/** Opus packets of one PES packet: each stands behind a control header (ETSI TS 103 491 style, as ffmpeg writes it). */
export function splitOpus(data: Buffer): Buffer[] {
  const packets: Buffer[] = []
  let at = 0
  while (at + 2 < data.length && (data.readUInt16BE(at) & 0xffe0) === 0x7fe0) {
    const flags = data.readUInt8(at + 1)
    at += 2
    let size = 0
    let byte: number
    do {
      byte = data.readUInt8(at)
      size += byte
      at += 1
    } while (byte === 0xff && at < data.length)
    if ((flags & 0x10) !== 0) at += 2
    if ((flags & 0x08) !== 0) at += 2
    packets.push(data.subarray(at, at + size))
    at += size
  }
  return packets
}
