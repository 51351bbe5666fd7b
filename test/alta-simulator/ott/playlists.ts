/** What a media playlist says about one segment. */
export interface PlaylistEntry {
  name: string
  sequence: number
  startEpochMs: number
  durationMs: number
  discontinuity: boolean
  discontinuitySequence: number
}

/** One line pair of a master playlist. */
export interface VariantEntry {
  uri: string
  bandwidthBps: number
  width: number
  height: number
  fps: number
  codecs: string
}

/** Master playlist (RFC 8216, 4.3.4.2). */
export function masterPlaylist(variants: readonly VariantEntry[]): string {
  const lines = variants.flatMap(({ uri, bandwidthBps, width, height, fps, codecs }) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidthBps},RESOLUTION=${width}x${height},FRAME-RATE=${fps.toFixed(3)},CODECS="${codecs}"`,
    uri,
  ])
  return ['#EXTM3U', '#EXT-X-VERSION:3', ...lines, ''].join('\n')
}

/** How to write a media playlist. */
export interface MediaPlaylistOptions {
  /** Whole and over: `EXT-X-PLAYLIST-TYPE:VOD` with an end. */
  vod: boolean
  /** Longest segment in whole seconds: the same for as long as the stream runs (RFC 8216, 6.2.1). */
  targetSeconds: number
  /** Alta's clock less the clock of the pictures, ms; undefined leaves EXT-X-PROGRAM-DATE-TIME out. */
  dateOffsetMs: number | undefined
}

/** Media playlist (RFC 8216, 4.3.3). */
export function mediaPlaylist(entries: readonly PlaylistEntry[], options: MediaPlaylistOptions): string {
  const first = entries[0]
  const head = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    ...(options.vod ? ['#EXT-X-PLAYLIST-TYPE:VOD'] : []),
    `#EXT-X-TARGETDURATION:${Math.ceil(options.targetSeconds)}`,
    `#EXT-X-MEDIA-SEQUENCE:${first?.sequence ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first?.discontinuitySequence ?? 0}`,
  ]
  const body = entries.flatMap((entry, index) => {
    const date =
      options.dateOffsetMs === undefined
        ? []
        : [
            `#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(entry.startEpochMs + options.dateOffsetMs)).toISOString()}`,
          ]
    return [
      ...(entry.discontinuity && index > 0 ? ['#EXT-X-DISCONTINUITY'] : []),
      ...date,
      `#EXTINF:${(entry.durationMs / 1000).toFixed(3)},`,
      entry.name,
    ]
  })
  return [...head, ...body, ...(options.vod ? ['#EXT-X-ENDLIST'] : []), ''].join('\n')
}
