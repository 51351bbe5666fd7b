import { describe, expect, it } from 'vitest'
import { peakBitrate } from '../../alta-simulator/media/segmenter.ts'
import { masterPlaylist, mediaPlaylist } from '../../alta-simulator/ott/playlists.ts'
import type { PlaylistEntry } from '../../alta-simulator/ott/playlists.ts'
import { recordedRanges } from '../../alta-simulator/ott/recorder.ts'

function entry(sequence: number, startEpochMs = sequence * 1000, discontinuity = false): PlaylistEntry {
  return {
    name: `${sequence}.ts`,
    sequence,
    startEpochMs,
    durationMs: 1000,
    discontinuity,
    discontinuitySequence: 0,
  }
}

describe('playlists', () => {
  it('says of each variant what a client needs where there is no status call', () => {
    const playlist = masterPlaylist([
      { uri: 'main/s.m3u8', bandwidthBps: 800_000, width: 1280, height: 720, fps: 25, codecs: 'avc1.42c01f' },
    ])
    expect(playlist).toBe(
      '#EXTM3U\n#EXT-X-VERSION:3\n' +
        '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=1280x720,FRAME-RATE=25.000,CODECS="avc1.42c01f"\nmain/s.m3u8\n',
    )
  })

  it('starts a live playlist at its first sequence and leaves it open', () => {
    const options = { vod: false, targetSeconds: 1, dateOffsetMs: 0 }
    const playlist = mediaPlaylist([entry(7), entry(8, 20_000, true)], options)
    expect(playlist).toContain('#EXT-X-MEDIA-SEQUENCE:7\n')
    expect(playlist).toContain('#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:07.000Z\n#EXTINF:1.000,\n7.ts\n')
    expect(playlist).toContain('#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:20.000Z')
    expect(playlist).not.toContain('ENDLIST')
  })

  // Would catch: one long segment changes EXT-X-TARGETDURATION while players follow (RFC 8216, 6.2.1 forbids it).
  it('keeps its target duration whatever the segments are', () => {
    const options = { vod: false, targetSeconds: 1, dateOffsetMs: 0 }
    const short = { ...entry(7), durationMs: 400 }
    const long = { ...entry(8), durationMs: 1499 }
    for (const entries of [[short], [short, long], [long]])
      expect(mediaPlaylist(entries, options)).toContain('#EXT-X-TARGETDURATION:1\n')
  })

  // Would catch: BANDWIDTH is an average, and a player that trusts it runs dry at the fattest segment.
  it('measures the peak over half to one and a half target durations', () => {
    const segment = (bytes: number, durationMs: number) => ({ data: { length: bytes }, durationMs })
    expect(peakBitrate([], 4000)).toBe(0)
    expect(peakBitrate([segment(1000, 4000), segment(4000, 4000), segment(500, 4000)], 4000)).toBe(8000)
    // Too short by itself: counts together with its neighbours.
    expect(peakBitrate([segment(1000, 500), segment(1000, 3500)], 4000)).toBe(4000)
    expect(peakBitrate([segment(1000, 7000)], 4000)).toBe(0)
  })

  it('closes a VOD playlist and leaves dates out when told to', () => {
    const playlist = mediaPlaylist([entry(1)], { vod: true, targetSeconds: 1, dateOffsetMs: undefined })
    expect(playlist).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(playlist.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
    expect(playlist).not.toContain('PROGRAM-DATE-TIME')
  })
})

describe('recorded ranges', () => {
  it('joins what follows and splits at holes, cut to the asked time', () => {
    const segments = [entry(10), entry(11), entry(12), entry(20), entry(21)]
    expect(recordedRanges(segments, 0, Infinity)).toEqual([
      { from: 10, duration: 3 },
      { from: 20, duration: 2 },
    ])
    expect(recordedRanges(segments, 11_000, 21_000)).toEqual([
      { from: 11, duration: 2 },
      { from: 20, duration: 1 },
    ])
    expect(recordedRanges(segments, 13_000, 20_000)).toEqual([])
  })
})
