import type { Ledger, Scope } from './ledger.ts'
import type { FrameFigures } from './watchdog.ts'

/** Layers of a stage: a source that is being tried lies behind the picture. */
const BEHIND = '0'
const STILL = '1'
const FRONT = '2'

function fill(element: HTMLElement, layer: string): void {
  Object.assign(element.style, {
    position: 'absolute',
    inset: '0',
    width: '100%',
    height: '100%',
    objectFit: 'contain',
    zIndex: layer,
  })
}

/** The canvas of a stage that shows the last known frame. */
export function stillCanvas(stage: HTMLElement): HTMLCanvasElement {
  const canvas = stage.ownerDocument.createElement('canvas')
  fill(canvas, STILL)
  canvas.style.display = 'none'
  canvas.setAttribute('aria-hidden', 'true')
  stage.append(canvas)
  return canvas
}

/** One video element on a stage and the count of what it draws. */
export class Screen implements FrameFigures {
  readonly video: HTMLVideoElement
  count = 0
  lastAt: number | null = null
  intervalMs = 40
  private readonly scope: Scope
  private readonly onFirstFrame: () => void

  constructor(ledger: Ledger, stage: HTMLElement, onFirstFrame: () => void) {
    this.scope = ledger.scope()
    this.onFirstFrame = onFirstFrame
    const video = stage.ownerDocument.createElement('video')
    this.video = video
    video.muted = true
    video.autoplay = true
    video.playsInline = true
    video.disablePictureInPicture = true
    video.setAttribute('aria-hidden', 'true')
    fill(video, BEHIND)
    stage.append(video)
    this.scope.hold('videos')
    this.scope.defer(() => {
      video.srcObject = null
      video.removeAttribute('src')
      // Frees the player behind the element at once (HTML, media element load algorithm).
      video.load()
      video.remove()
    })
    if ('requestVideoFrameCallback' in video) this.watchFrames()
    else this.pollFrames(video)
  }

  show(muted: boolean): void {
    this.video.style.zIndex = FRONT
    this.video.muted = muted
  }

  /** Starts a paused element again. */
  resume(onProblem: (error: unknown) => void): void {
    const { video } = this
    if (!video.paused) return
    video
      .play()
      .catch(() => {
        // A page that nobody has touched yet may not make sound: the picture goes before it.
        video.muted = true
        return video.play()
      })
      .catch(onProblem)
  }

  dispose(): void {
    this.scope.dispose()
  }

  private watchFrames(): void {
    const { video, scope } = this
    let id = 0
    const onFrame: VideoFrameRequestCallback = (_now, { presentedFrames }) => {
      id = video.requestVideoFrameCallback(onFrame)
      this.drawn(presentedFrames)
    }
    id = video.requestVideoFrameCallback(onFrame)
    scope.defer(() => video.cancelVideoFrameCallback(id))
  }

  /** Browsers without frame callbacks: the playback quality is read as often as the element reports progress. */
  private pollFrames(video: HTMLVideoElement): void {
    const read = (): void => this.drawn(video.getVideoPlaybackQuality().totalVideoFrames)
    this.scope.listen(video, 'timeupdate', read)
    this.scope.listen(video, 'loadeddata', read)
  }

  private drawn(total: number): void {
    const fresh = total - this.count
    if (fresh <= 0) return
    const now = this.scope.clock.now()
    if (this.lastAt !== null) {
      // A pause is not the usual distance of frames; slow cameras are learnt step by step.
      const interval = Math.min((now - this.lastAt) / fresh, 4 * this.intervalMs)
      this.intervalMs += (interval - this.intervalMs) / 8
    }
    const first = this.lastAt === null
    this.count = total
    this.lastAt = now
    if (first) this.onFirstFrame()
  }
}
