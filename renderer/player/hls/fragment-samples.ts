const SAMPLE_DURATION = 0x100
const SAMPLE_SIZE = 0x200
const SAMPLE_FLAGS = 0x400
const SAMPLE_TIME_OFFSET = 0x800
const DATA_OFFSET = 0x1
const FIRST_SAMPLE_FLAGS = 0x4
/** A run that claims more frames than fit into any segment is not believed. */
const MOST_SAMPLES = 100_000

/**
 * The encoded size in bytes of each frame of a movie fragment (ISO 14496-12, 8.8.8), in decoding order; none where the
 * fragment does not tell them, null where the bytes hold no fragment (an initialization segment). For one track only, as
 * hls.js writes video.
 */
export function sampleSizes(data: Uint8Array): number[] | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let sizes: number[] | null = null
  for (const moof of boxes(view, 0, view.byteLength, 'moof')) {
    for (const traf of boxes(view, moof.start, moof.end, 'traf')) {
      for (const run of boxes(view, traf.start, traf.end, 'trun')) {
        const found = runSizes(view, run)
        if (!found) return []
        sizes = [...(sizes ?? []), ...found]
      }
    }
  }
  return sizes
}

interface Box {
  /** First byte after the header. */
  readonly start: number
  readonly end: number
}

function* boxes(view: DataView, from: number, to: number, type: string): Generator<Box> {
  let at = from
  while (at + 8 <= to) {
    const size = view.getUint32(at)
    // 0 and 1 are sizes that hls.js does not write: to the end of the file, and of 64 bits.
    if (size < 8 || at + size > to) return
    const name = String.fromCharCode(...[4, 5, 6, 7].map((index) => view.getUint8(at + index)))
    if (name === type) yield { start: at + 8, end: at + size }
    at += size
  }
}

function runSizes(view: DataView, { start, end }: Box): number[] | null {
  if (start + 8 > end) return null
  const flags = view.getUint32(start) & 0xffffff
  const count = view.getUint32(start + 4)
  const has = (flag: number): number => ((flags & flag) === 0 ? 0 : 4)
  const entryBytes = has(SAMPLE_DURATION) + has(SAMPLE_SIZE) + has(SAMPLE_FLAGS) + has(SAMPLE_TIME_OFFSET)
  const first = start + 8 + has(DATA_OFFSET) + has(FIRST_SAMPLE_FLAGS)
  if (has(SAMPLE_SIZE) === 0 || count > MOST_SAMPLES || first + count * entryBytes > end) return null
  return Array.from({ length: count }, (_, index) =>
    view.getUint32(first + index * entryBytes + has(SAMPLE_DURATION)),
  )
}
