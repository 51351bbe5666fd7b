const MAX_WIDTH = 640
const MAX_STILLS = 64

/** The last frame of a camera that this page drew. */
export interface Still {
  readonly canvas: HTMLCanvasElement
  /** When it was drawn, milliseconds since the epoch. */
  readonly at: number
}

const stills = new Map<string, Still>()

/** The last frame of this camera that this page drew, if any. */
export function stillOf(cameraId: string): Still | undefined {
  return stills.get(cameraId)
}

/** Keeps what the video shows now, small; the oldest of many are dropped. */
export function keepStill(cameraId: string, video: HTMLVideoElement, at: number): void {
  const { videoWidth, videoHeight } = video
  if (videoWidth === 0 || videoHeight === 0) return
  const canvas = stills.get(cameraId)?.canvas ?? video.ownerDocument.createElement('canvas')
  const scale = Math.min(1, MAX_WIDTH / videoWidth)
  canvas.width = Math.round(videoWidth * scale)
  canvas.height = Math.round(videoHeight * scale)
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
  stills.delete(cameraId)
  stills.set(cameraId, { canvas, at })
  const [oldest] = stills.keys()
  if (stills.size > MAX_STILLS && oldest !== undefined) stills.delete(oldest)
}

/** The camera is not this person's to see: nothing of it stays. */
export function forgetStill(cameraId: string): void {
  stills.delete(cameraId)
}

/** Forgets all stills: call it when somebody signs out. */
export function forgetStills(): void {
  stills.clear()
}
