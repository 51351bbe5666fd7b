import type Hls from 'hls.js'
import type { ErrorData, Fragment, HlsConfig, Level, LevelDetails } from 'hls.js'
import type { LiveSource } from '../../../shared/contract/live.ts'
import type { AttemptFailure } from '../failures.ts'
import type { Ledger, Scope } from '../ledger.ts'
import type { MediaSample, PictureSession, Reached, SessionEvents } from '../session.ts'
import { sampleSizes } from './fragment-samples.ts'
import { HlsFrameSizes } from './frame-sizes.ts'
import { LiveEdge } from './live-edge.ts'
import { loadHls } from './load-hls.ts'

/** What an HLS session needs around it. */
export interface HlsSurroundings {
  readonly ledger: Ledger
  readonly reached: (serverId: string, url: string, outcome: Reached) => void
  readonly log: (message: string, detail?: unknown) => void
}

const once = { maxTimeToFirstByteMs: 5000, maxLoadTimeMs: 10_000, timeoutRetry: null, errorRetry: null }
const again = { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 2000 }
const patient = {
  // A stream that was asked for just now has its first segment only after some seconds.
  maxTimeToFirstByteMs: 12_000,
  maxLoadTimeMs: 20_000,
  timeoutRetry: again,
  errorRetry: again,
}

/** Live and lean: little is kept behind the picture, and it never falls far behind the live edge. */
const liveConfig: Partial<HlsConfig> = {
  autoStartLoad: false,
  backBufferLength: 4,
  maxBufferLength: 20,
  // Where it starts; `live-edge.ts` does the rest. hls.js itself aims at a distance from an edge whose age it does not know.
  liveSyncDurationCount: 1.75,
  liveMaxLatencyDurationCount: 5,
  maxLiveSyncPlaybackRate: 1,
  startFragPrefetch: true,
  // The attempt around this session starts anew by itself; a new master needs a new ticket.
  manifestLoadPolicy: { default: once },
  playlistLoadPolicy: { default: patient },
  fragLoadPolicy: { default: patient },
}

/** The level that plays a variant: Alta puts its name into the address; else the largest is main, the smallest sub. */
export function levelOf(
  levels: readonly Pick<Level, 'uri' | 'height'>[],
  variant: LiveSource['variant'],
): number {
  const named = levels.findIndex(({ uri }) => uri.split('/').at(-2) === variant)
  if (named >= 0) return named
  const heights = levels.map(({ height }) => height)
  return heights.indexOf(variant === 'main' ? Math.max(...heights) : Math.min(...heights))
}

/** Media buffered after the present position, seconds; 0 where there is none. */
function bufferedAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1)
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index))
      return buffered.end(index) - currentTime
  return 0
}

/** What a fatal error of hls.js means for the ladder. `status` 0 means that no answer came. */
export function failureOfHls(type: string, status: number | undefined): AttemptFailure {
  if (type === 'networkError') {
    if (status === 401 || status === 403) return { reason: 'ticket-refused' }
    // The channel is there for WHEP or for the desk: its stream is only not running now, or its session has ended.
    if (status === 404 || status === 409) return { reason: 'not-live-yet' }
    if (status !== undefined && status >= 400)
      return { reason: status >= 500 ? 'server-busy' : 'server-refused' }
    return { reason: status === 0 || status === undefined ? 'server-unreachable' : 'no-data' }
  }
  return { reason: type === 'mediaError' || type === 'muxError' ? 'decoder-error' : 'no-data' }
}

/** Plays HLS with hls.js. The ticket is only in the address of the master playlist; Alta's session does the rest. */
export class HlsSession implements PictureSession {
  private readonly around: HlsSurroundings
  private readonly video: HTMLVideoElement
  private readonly events: SessionEvents
  private readonly scope: Scope
  private hls: Hls | null = null
  private bytes = 0
  private readonly frameSizes = new HlsFrameSizes()
  private readonly liveEdge = new LiveEdge()
  private details: LevelDetails | null = null
  /** Newest segment of the first playlist: what was there at the start says nothing of when segments arrive. */
  private firstSegment = Infinity
  private playingSince: number | null = null

  constructor(around: HlsSurroundings, video: HTMLVideoElement, events: SessionEvents) {
    this.around = around
    this.video = video
    this.events = events
    this.scope = around.ledger.scope()
  }

  start(source: LiveSource): void {
    loadHls().then(
      ({ Hls, workerUrl }) => {
        if (!this.scope.disposed) this.play(Hls, workerUrl, source)
      },
      (error: unknown) => {
        this.around.log('The HLS player could not be loaded.', error)
        if (!this.scope.disposed) this.events.failed({ reason: 'desk-unreachable' })
      },
    )
  }

  sample(): Promise<MediaSample | null> {
    if (!this.hls) return Promise.resolve(null)
    const { totalVideoFrames, droppedVideoFrames } = this.video.getVideoPlaybackQuality()
    return Promise.resolve({
      bytes: this.bytes,
      framesDecoded: totalVideoFrames,
      framesDropped: droppedVideoFrames,
      keyFrames: null,
      packetsReceived: null,
      packetsLost: null,
      delayMs: this.delayMs(this.hls),
      sameSizeMs: this.frameSizes.sameMs(this.video.currentTime),
    })
  }

  /** hls.js mends what can be mended; `recoverMediaError` is not for stalls (its maintainers). */
  repair(): Promise<boolean> {
    return Promise.resolve(false)
  }

  close(): void {
    this.scope.dispose()
    this.hls = null
  }

  private play(HlsClass: typeof Hls, workerUrl: string, source: LiveSource): void {
    const hls = new HlsClass({ ...liveConfig, workerPath: workerUrl })
    this.hls = hls
    this.scope.hold('hlsPlayers')
    // destroy() also removes every listener that is set on it here.
    this.scope.defer(() => hls.destroy())
    const { Events } = HlsClass
    hls.on(Events.MANIFEST_PARSED, (_name, { levels }) => {
      this.around.reached(source.serverId, source.url, 'answered')
      hls.loadLevel = levelOf(levels, source.variant)
      hls.startLoad(-1)
    })
    hls.on(Events.LEVEL_LOADED, (_name, { details }) => {
      const isFirst = this.details === null
      this.details = details
      if (!isFirst) return
      this.firstSegment = details.endSN
      this.events.connected()
    })
    hls.on(Events.BUFFER_CODECS, (_name, tracks) => {
      if (tracks.audio) this.events.sound()
    })
    hls.on(Events.FRAG_LOADED, (_name, { frag }) => {
      this.bytes += frag.stats.loaded
      this.onArrival(frag)
    })
    hls.on(Events.BUFFER_APPENDING, (_name, { type, frag, data }) => {
      const sizes = type === 'video' ? sampleSizes(data) : null
      if (sizes) this.frameSizes.add(frag, sizes)
    })
    hls.on(Events.ERROR, (_name, data) => this.onError(source, data))
    hls.loadSource(source.url)
    hls.attachMedia(this.video)
  }

  /** A segment that is new on the server: the moment to see how much was left, and to come nearer to the live edge. */
  private onArrival({ sn, duration }: Fragment): void {
    const { video, details } = this
    if (video.paused || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return
    const { clock } = this.scope
    this.playingSince ??= clock.now()
    if (sn === 'initSegment' || sn <= this.firstSegment || sn !== details?.endSN) return
    const playedMs = clock.now() - this.playingSince
    const correction = this.liveEdge.arrived({ aheadS: bufferedAhead(video), segmentS: duration, playedMs })
    video.playbackRate = correction.rate
    if (correction.jumpS > 0) video.currentTime += correction.jumpS
  }

  private onError(source: LiveSource, { fatal, type, details, response }: ErrorData): void {
    if (!fatal || this.scope.disposed) return
    const failure = failureOfHls(type, response?.code)
    if (failure.reason === 'decoder-error') this.around.log(`HLS stopped: ${details}`)
    if (failure.reason === 'server-unreachable') this.around.reached(source.serverId, source.url, 'failed')
    this.events.failed(failure)
  }

  /** By EXT-X-PROGRAM-DATE-TIME where the playlist has it and the clocks agree; else the distance to the live edge. */
  private delayMs(hls: Hls): number | null {
    const byDate = hls.playingDate ? this.scope.clock.wallNow() - hls.playingDate.getTime() : NaN
    if (byDate >= 0 && byDate < 120_000) return byDate
    return hls.latency > 0 ? hls.latency * 1000 : null
  }
}
