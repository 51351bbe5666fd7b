import type { VideoFrame } from './frame.ts'

/** How many frames a timer that comes late may catch up with; what is missing beyond that is left out. */
const MOST_FRAMES_AT_ONCE = 10

/**
 * Delivers one full picture again and again, as Alta is documented to do when a receiver stops. A server without an
 * encoder can only repeat the bytes it has: each frame is the last key frame, at the receiver's frame rate, with time
 * stamps that go on, so that neither frame rate, playlists nor key frames tell it from a living source.
 */
export class FrozenPicture {
  private readonly frameMs: number
  private readonly emit: (frame: VideoFrame) => void
  private timer: NodeJS.Timeout | undefined

  /** `fps` is the receiver's frame rate. */
  constructor(fps: number, emit: (frame: VideoFrame) => void) {
    this.frameMs = 1000 / fps
    this.emit = emit
  }

  /** Goes on after the frame that was delivered last; `lastEpochMs` is its time, undefined when there was none. */
  start(picture: VideoFrame, lastEpochMs: number | undefined): void {
    if (this.timer) return
    const now = Date.now()
    // An encoder hands a frame out some time after the moment that the frame shows; the repeated ones keep that delay. It
    // is at least one frame, for the clock of the encoder that takes over again is exact to one frame only.
    const recent = lastEpochMs !== undefined && now - lastEpochMs < MOST_FRAMES_AT_ONCE * this.frameMs
    const delayMs = Math.max(this.frameMs, recent ? now - lastEpochMs : 0)
    let nextEpochMs = (recent ? lastEpochMs : now) + this.frameMs
    this.timer = setInterval(() => {
      const dueMs = Date.now() - delayMs
      if (dueMs - nextEpochMs > MOST_FRAMES_AT_ONCE * this.frameMs) nextEpochMs = dueMs
      for (; nextEpochMs <= dueMs; nextEpochMs += this.frameMs) this.repeat(picture, nextEpochMs)
    }, this.frameMs / 2)
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private repeat(picture: VideoFrame, epochMs: number): void {
    const frame = { ...picture, epochMs }
    this.emit(frame)
    // Cut for RTP once, not again for every repetition.
    if (frame.rtpPayloads) picture.rtpPayloads = frame.rtpPayloads
  }
}
