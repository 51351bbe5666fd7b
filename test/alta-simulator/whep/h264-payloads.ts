import { H264_AUD, H264_PPS, H264_SEI, H264_SPS, h264Type, splitAnnexB } from '../media/nal-units.ts'

/** Payload of one RTP packet; the marker stands on the last one of a picture. */
export interface RtpPayload {
  payload: Buffer
  marker: boolean
}

/** Leaves room for RTP header, extensions, SRTP tag, UDP and IP in 1280 bytes. */
const MAXIMUM_PAYLOAD_BYTES = 1180
const STAP_A = 24
const FU_A = 28

/** Joins parameter sets in one packet (RFC 6184, 5.7.1). */
function aggregate(units: readonly Buffer[]): Buffer {
  const importance = Math.max(...units.map((unit) => (unit[0] ?? 0) & 0x60))
  const parts: Buffer[] = [Buffer.from([importance | STAP_A])]
  for (const unit of units) parts.push(Buffer.from([unit.length >> 8, unit.length & 0xff]), unit)
  return Buffer.concat(parts)
}

/** Cuts a NAL unit that does not fit into one packet (RFC 6184, 5.8). */
function fragment(unit: Buffer): Buffer[] {
  const header = unit[0] ?? 0
  const indicator = (header & 0xe0) | FU_A
  const fragments: Buffer[] = []
  for (let at = 1; at < unit.length; at += MAXIMUM_PAYLOAD_BYTES - 2) {
    const piece = unit.subarray(at, at + MAXIMUM_PAYLOAD_BYTES - 2)
    const start = at === 1 ? 0x80 : 0
    const end = at + piece.length >= unit.length ? 0x40 : 0
    fragments.push(Buffer.concat([Buffer.from([indicator, start | end | (header & 0x1f)]), piece]))
  }
  return fragments
}

/** Cuts one H.264 access unit into RTP payloads, packetization mode 1 (RFC 6184). */
export function h264Payloads(accessUnit: Buffer): RtpPayload[] {
  const units = splitAnnexB(accessUnit).filter((unit) => ![H264_AUD, H264_SEI].includes(h264Type(unit)))
  const parameterSets = units.filter((unit) => [H264_SPS, H264_PPS].includes(h264Type(unit)))
  const slices = units.filter((unit) => ![H264_SPS, H264_PPS].includes(h264Type(unit)))
  const payloads = [
    ...(parameterSets.length > 0 ? [aggregate(parameterSets)] : []),
    ...slices.flatMap((unit) => (unit.length <= MAXIMUM_PAYLOAD_BYTES ? [unit] : fragment(unit))),
  ]
  return payloads.map((payload, index) => ({ payload, marker: index === payloads.length - 1 }))
}
