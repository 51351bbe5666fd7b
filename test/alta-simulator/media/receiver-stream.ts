import { EventEmitter, once } from 'node:events'
import type { ReceiverOptions } from '../options.ts'
import { Encoder } from './encoder.ts'
import type { Ffmpeg } from './ffmpeg.ts'
import type { Frame, VideoFrame } from './frame.ts'
import { FrozenPicture } from './frozen-picture.ts'
import { H264_SPS, h264Type, splitAnnexB } from './nal-units.ts'
import { peakBitrate, Segmenter } from './segmenter.ts'
import type { Segment } from './segmenter.ts'

/** `frozen` repeats the last full picture at the usual frame rate, `stalled` delivers nothing. */
export type StreamMode = 'live' | 'frozen' | 'stalled'

/** What a stream needs of the server around it. */
export interface StreamEnvironment {
  ffmpeg: () => Promise<Ffmpeg>
  segmentMs: number
  playlistSegments: number
  lingerMs: number
  alwaysEncode: boolean
  /** Told when ffmpeg fails. */
  onProblem: (problem: string) => void
}

interface StreamEvents {
  frame: [Frame]
  segment: [Segment]
}

const SUPERVISION_MS = 500

/** The stream of one receiver: encodes while somebody wants it, and hands out frames and segments. */
export class ReceiverStream {
  readonly receiver: Required<Omit<ReceiverOptions, 'source' | 'bitrateKbps'>> & { bitrateKbps: number }
  private readonly environment: StreamEnvironment
  private readonly events = new EventEmitter<StreamEvents>()
  private readonly segmenter: Segmenter
  private segments: Segment[] = []
  private peakBpsSeen = 0
  private encoder: Encoder | undefined
  private starting = false
  private stopped = true
  private modeNow: StreamMode = 'live'
  private leases = 0
  private keepUntil = 0
  private supervision: NodeJS.Timeout | undefined
  private readonly frozenPicture: FrozenPicture
  private lastKeyFrame: VideoFrame | undefined
  private lastVideoEpochMs: number | undefined
  private h264Codec = 'avc1.42c01f'

  constructor(options: ReceiverOptions, environment: StreamEnvironment) {
    const { width = 1280, height = 720 } = options
    this.receiver = {
      id: options.id,
      name: options.name ?? options.id,
      kind: options.kind ?? 'video',
      codec: options.codec ?? 'h264',
      width,
      height,
      fps: options.fps ?? 25,
      audio: options.audio ?? false,
      scene: options.scene ?? 'test-card',
      enable: options.enable ?? true,
      active: options.active ?? true,
      bitrateKbps: options.bitrateKbps ?? Math.round((width * height) / 1400),
    }
    this.environment = environment
    this.events.setMaxListeners(0)
    const epochBaseMs = Math.floor(Date.now() / 1000) * 1000 - 1000
    this.frozenPicture = new FrozenPicture(this.receiver.fps, (frame) => this.emit(frame))
    this.segmenter = new Segmenter(environment.segmentMs, epochBaseMs, (segment) => this.keep(segment))
  }

  get mode(): StreamMode {
    return this.modeNow
  }

  get isEncoding(): boolean {
    return this.encoder !== undefined
  }

  /** Kbit/s over the segments at hand, else the nominal figure. */
  get bitrateKbps(): number {
    const bytes = this.segments.reduce((sum, { data }) => sum + data.length, 0)
    const durationMs = this.segments.reduce((sum, segment) => sum + segment.durationMs, 0)
    return durationMs > 0 ? Math.round((bytes * 8) / durationMs) : this.receiver.bitrateKbps
  }

  /** Bits a second of the fattest segment since the stream runs; before the first one a little more than the nominal figure. */
  get peakBps(): number {
    return this.peakBpsSeen || Math.round(this.receiver.bitrateKbps * 1000 * 1.2)
  }

  /** Value for `CODECS` (RFC 6381). */
  get codecs(): string {
    const video = this.receiver.codec === 'h265' ? 'hvc1.1.6.L93.B0' : this.h264Codec
    return this.receiver.audio ? `${video},mp4a.40.2` : video
  }

  /** The live window, oldest first. */
  get window(): readonly Segment[] {
    return this.segments.slice(-this.environment.playlistSegments)
  }

  /** A segment that can still be fetched. */
  find(name: string): Segment | undefined {
    return this.segments.find((segment) => segment.name === name)
  }

  /** Lets the stream run; encoding starts when somebody wants it. */
  start(): void {
    this.stopped = false
    if (this.receiver.kind === 'status') return
    this.supervision ??= setInterval(() => this.supervise(), SUPERVISION_MS)
    this.supervise()
  }

  /** Ends encoding. Segments at hand are forgotten, as they are when Alta is switched off. */
  stop(): void {
    this.stopped = true
    clearInterval(this.supervision)
    this.supervision = undefined
    this.rest()
  }

  setMode(mode: StreamMode): void {
    if (this.modeNow === mode) return
    this.modeNow = mode
    this.supervise()
  }

  /** Keeps the encoder running until the returned function is called. */
  acquire(): () => void {
    this.leases += 1
    this.supervise()
    let released = false
    return () => {
      if (released) return
      released = true
      this.leases -= 1
      this.keepUntil = Math.max(this.keepUntil, Date.now() + this.environment.lingerMs)
    }
  }

  /** Keeps the encoder running for a viewer that comes back by itself, as HLS players do. */
  touch(): void {
    const { lingerMs, segmentMs } = this.environment
    this.keepUntil = Math.max(this.keepUntil, Date.now() + lingerMs + 3 * segmentMs)
    this.supervise()
  }

  /** Calls back for each frame; the returned function ends it. */
  onFrame(listener: (frame: Frame) => void): () => void {
    this.events.on('frame', listener)
    return () => this.events.off('frame', listener)
  }

  /** Calls back for each segment; the returned function ends it. */
  onSegment(listener: (segment: Segment) => void): () => void {
    this.events.on('segment', listener)
    return () => this.events.off('segment', listener)
  }

  /** Resolves to whether there is a segment, waiting for the first one until the signal says no more. */
  async waitForSegment(signal: AbortSignal): Promise<boolean> {
    if (this.segments.length > 0) return true
    if (this.modeNow === 'stalled') return false
    try {
      await once(this.events, 'segment', { signal })
      return true
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  private supervise(): void {
    if (this.receiver.kind !== 'video') return
    const wanted = this.environment.alwaysEncode || this.leases > 0 || Date.now() < this.keepUntil
    if (this.stopped || !wanted) return this.rest()
    if (this.modeNow === 'stalled') return this.halt()
    if (this.modeNow === 'frozen' && this.lastKeyFrame) return this.freeze()
    this.frozenPicture.stop()
    if (!this.encoder && !this.starting) void this.encode()
  }

  private async encode(): Promise<void> {
    this.starting = true
    try {
      const ffmpeg = await this.environment.ffmpeg()
      if (this.stopped || this.encoder) return
      if (this.receiver.codec === 'h265' && !ffmpeg.hasH265) throw new Error('this ffmpeg has no libx265')
      const hue = [...this.receiver.name].reduce((sum, letter) => sum + letter.charCodeAt(0) * 37, 0) % 360
      const audio = this.receiver.audio && ffmpeg.hasOpus
      const encoder: Encoder = new Encoder(
        { ...this.receiver, audio, hue },
        ffmpeg,
        (frame) => this.take(frame),
        (complaint) => {
          if (this.encoder === encoder) this.encoder = undefined
          this.environment.onProblem(`${this.receiver.id}: ${complaint}`)
        },
      )
      this.encoder = encoder
    } catch (error) {
      this.environment.onProblem(`${this.receiver.id}: ${String(error)}`)
    } finally {
      this.starting = false
    }
  }

  /** Nobody watches: the next viewer must not be shown what was there minutes ago. */
  private rest(): void {
    this.halt()
    this.segments = []
    this.peakBpsSeen = 0
    this.segmenter.reset()
  }

  private halt(): void {
    this.frozenPicture.stop()
    this.encoder?.stop()
    this.encoder = undefined
  }

  /** Goes on with the last full picture, as Alta does when a receiver stops. */
  private freeze(): void {
    this.encoder?.stop()
    this.encoder = undefined
    if (this.lastKeyFrame) this.frozenPicture.start(this.lastKeyFrame, this.lastVideoEpochMs)
  }

  private take(frame: Frame): void {
    if (frame.kind === 'video' && frame.keyFrame) {
      this.lastKeyFrame = frame
      if (frame.codec === 'h264') this.readCodec(frame)
    }
    this.emit(frame)
    if (this.modeNow === 'frozen' && this.lastKeyFrame) this.freeze()
  }

  private emit(frame: Frame): void {
    if (frame.kind === 'video') this.lastVideoEpochMs = frame.epochMs
    this.segmenter.write(frame)
    this.events.emit('frame', frame)
  }

  /** Profile, constraints and level stand in the three bytes after the SPS header (RFC 6381, 3.3). */
  private readCodec(frame: VideoFrame): void {
    const parameters = splitAnnexB(frame.data).find((unit) => h264Type(unit) === H264_SPS)
    if (parameters) this.h264Codec = `avc1.${parameters.toString('hex', 1, 4)}`
  }

  private keep(segment: Segment): void {
    this.segments.push(segment)
    const lately = this.segments.slice(-4)
    this.peakBpsSeen = Math.max(this.peakBpsSeen, peakBitrate(lately, this.environment.segmentMs))
    const limit = this.environment.playlistSegments * 2
    if (this.segments.length > limit) this.segments.splice(0, this.segments.length - limit)
    this.events.emit('segment', segment)
  }
}
