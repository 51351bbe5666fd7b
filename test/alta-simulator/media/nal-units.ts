/** Types of H.264 NAL units that matter here (H.264 table 7-1). */
const H264_IDR = 5
export const H264_SEI = 6
export const H264_SPS = 7
export const H264_PPS = 8
export const H264_AUD = 9

/** Splits Annex B bytes at their start codes (H.264 annex B) into NAL units without them. */
export function splitAnnexB(data: Buffer): Buffer[] {
  const units: Buffer[] = []
  let start = -1
  for (let at = data.indexOf(START_CODE); at !== -1; at = data.indexOf(START_CODE, at + 3)) {
    if (start !== -1) units.push(withoutTrailingZeros(data.subarray(start, at)))
    start = at + 3
  }
  if (start !== -1) units.push(withoutTrailingZeros(data.subarray(start)))
  return units.filter((unit) => unit.length > 0)
}

const START_CODE = Buffer.from([0, 0, 1])

/** A four-byte start code leaves its first zero behind the unit before it. */
function withoutTrailingZeros(unit: Buffer): Buffer {
  let end = unit.length
  while (end > 0 && unit[end - 1] === 0) end -= 1
  return unit.subarray(0, end)
}

/** Type of an H.264 NAL unit. */
export function h264Type(unit: Buffer): number {
  return (unit[0] ?? 0) & 0x1f
}

/** Type of an H.265 NAL unit. */
function h265Type(unit: Buffer): number {
  return ((unit[0] ?? 0) >> 1) & 0x3f
}

/** Whether an access unit can be decoded on its own: an IDR in H.264, an IRAP in H.265 (types 16 to 23). */
export function isKeyFrame(codec: 'h264' | 'h265', data: Buffer): boolean {
  return splitAnnexB(data).some((unit) => {
    if (codec === 'h264') return h264Type(unit) === H264_IDR
    const type = h265Type(unit)
    return type >= 16 && type <= 23
  })
}
