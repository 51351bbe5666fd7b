/** One variant of a master playlist; null where it does not say. */
export interface HlsVariant {
  /** As written: relative to the playlist. */
  readonly uri: string
  readonly bitrateKbps: number | null
  readonly codec: string | null
  readonly width: number | null
  readonly height: number | null
  readonly fps: number | null
}

/** What a media playlist tells about life. */
export interface HlsProgress {
  /** Sequence number of the last segment; -1 where there are none. */
  readonly lastSequence: number
  readonly targetMs: number
}

const streamTag = '#EXT-X-STREAM-INF:'
const targetTag = '#EXT-X-TARGETDURATION:'
const sequenceTag = '#EXT-X-MEDIA-SEQUENCE:'
/** Names of the first part of an RFC 6381 codec string, as `/api/status` calls them. */
const videoCodecs: Readonly<Record<string, string>> = {
  av01: 'av1',
  avc1: 'h264',
  avc3: 'h264',
  hev1: 'h265',
  hvc1: 'h265',
  mp4v: 'mpeg4',
  vp09: 'vp9',
}

/** A live playlist holds some segments or variants; what is longer is none, or nothing that the desk reads. */
const longestPlaylist = 64 * 1024
const mostVariants = 100

function linesOf(text: string): string[] | null {
  if (text.length > longestPlaylist) return null
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return lines[0]?.replace(/^\uFEFF/, '') === '#EXTM3U' ? lines : null
}

/** Reads `NAME=value,NAME="quoted, value"` (RFC 8216, 4.2), up to what is not written so. */
function attributesOf(text: string): Map<string, string> {
  const pairs = text.matchAll(/\s*([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)/gy)
  return new Map([...pairs].map(([, name = '', value = '']) => [name, value.replace(/^"|"$/g, '')]))
}

function positive(text: string | undefined): number | null {
  const value = Number(text)
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : null
}

/** A master playlist (RFC 8216, 4.3.4.2); null where the text is none. */
export function parseMasterPlaylist(text: string): HlsVariant[] | null {
  const lines = linesOf(text)
  if (!lines) return null
  const variants: HlsVariant[] = []
  let described: string | null = null
  for (const line of lines) {
    if (variants.length === mostVariants) break
    if (line.startsWith(streamTag)) described = line.slice(streamTag.length)
    else if (described !== null && line !== '' && !line.startsWith('#')) {
      variants.push(variantOf(line, attributesOf(described)))
      described = null
    }
  }
  return variants
}

function variantOf(uri: string, attributes: ReadonlyMap<string, string>): HlsVariant {
  const bandwidth = positive(attributes.get('AVERAGE-BANDWIDTH')) ?? positive(attributes.get('BANDWIDTH'))
  const [width, height] = (attributes.get('RESOLUTION') ?? '').split('x')
  const codecs = (attributes.get('CODECS') ?? '').split(',').map((codec) => codec.trim().split('.')[0] ?? '')
  const named = codecs.map((codec) => videoCodecs[codec.toLowerCase()])
  return {
    uri,
    bitrateKbps: bandwidth === null ? null : Math.round(bandwidth / 1000),
    codec: named.find((codec) => codec !== undefined) ?? null,
    width: positive(width),
    height: positive(height),
    fps: positive(attributes.get('FRAME-RATE')),
  }
}

/** A media playlist (RFC 8216, 4.3.3); null where the text is none. */
export function parseMediaPlaylist(text: string): HlsProgress | null {
  const lines = linesOf(text)
  const target = lines && positive(tagValue(lines, targetTag))
  if (!lines || !target) return null
  const first = Number(tagValue(lines, sequenceTag) ?? 0)
  const segments = lines.filter((line) => line.startsWith('#EXTINF:')).length
  return { lastSequence: segments === 0 ? -1 : first + segments - 1, targetMs: target * 1000 }
}

function tagValue(lines: readonly string[], tag: string): string | undefined {
  return lines.find((line) => line.startsWith(tag))?.slice(tag.length)
}
