import type { LiveSource } from '../../../shared/contract/live.ts'
import type { AttemptFailure } from '../failures.ts'
import type { Scope } from '../ledger.ts'
import type { MediaSample, PictureSession, SessionEvents } from '../session.ts'
import type { HlsSurroundings } from './hls-session.ts'

/** `MediaError.code` (HTML): the browser tells nothing of HTTP. */
const failures: Record<number, AttemptFailure> = {
  2: { reason: 'server-unreachable' },
  3: { reason: 'decoder-error' },
  4: { reason: 'server-refused' },
}

/** HLS by the browser itself, where pages cannot build media (older iPhones). */
export class NativeHlsSession implements PictureSession {
  private readonly around: HlsSurroundings
  private readonly video: HTMLVideoElement
  private readonly events: SessionEvents
  private readonly scope: Scope

  constructor(around: HlsSurroundings, video: HTMLVideoElement, events: SessionEvents) {
    this.around = around
    this.video = video
    this.events = events
    this.scope = around.ledger.scope()
  }

  start(source: LiveSource): void {
    const { video, scope, events } = this
    scope.listen(video, 'loadedmetadata', () => {
      this.around.reached(source.serverId, source.url, 'answered')
      events.connected()
    })
    scope.listen(video, 'error', () => {
      const failure = failures[video.error?.code ?? 0] ?? { reason: 'no-data' }
      if (failure.reason === 'server-unreachable') this.around.reached(source.serverId, source.url, 'failed')
      events.failed(failure)
    })
    scope.defer(() => video.removeAttribute('src'))
    video.src = source.url
  }

  sample(): Promise<MediaSample | null> {
    const { totalVideoFrames, droppedVideoFrames } = this.video.getVideoPlaybackQuality()
    return Promise.resolve({
      // Bytes are not told; frames stand in for them.
      bytes: totalVideoFrames,
      framesDecoded: totalVideoFrames,
      framesDropped: droppedVideoFrames,
      keyFrames: null,
      packetsReceived: null,
      packetsLost: null,
      delayMs: null,
      sameSizeMs: null,
    })
  }

  repair(): Promise<boolean> {
    return Promise.resolve(false)
  }

  close(): void {
    this.scope.dispose()
  }
}
