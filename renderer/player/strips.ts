/** Where strips are read, as parts of the picture's height; each is as wide as the picture. */
const STRIP_PLACES = [0.1, 0.3, 0.5, 0.7, 0.9]
/** Even, as the planes of colour in a video frame have half its rows. */
const STRIP_ROWS = 2

let canvas: HTMLCanvasElement | null = null

/**
 * Some rows of the frame on screen in its own pixels, not scaled and not smoothed; null where there is no frame or the
 * browser does not let pages read it.
 */
export async function readStrips(video: HTMLVideoElement): Promise<Uint8Array | null> {
  if (video.videoWidth === 0 || video.videoHeight < STRIP_ROWS) return null
  try {
    return (await copiedStrips(video)) ?? drawnStrips(video)
  } catch {
    // The browser plays a stream of another origin by itself (SecurityError), or has let go of the frame meanwhile.
    return null
  }
}

/** Copies the decoder's own bytes: 20 times cheaper than drawing, which converts the colours of the whole frame first. */
async function copiedStrips(video: HTMLVideoElement): Promise<Uint8Array | null> {
  if (!('VideoFrame' in globalThis)) return null
  const frame = new VideoFrame(video)
  try {
    // A frame that only the graphics card holds.
    if (frame.format === null) return null
    const { x, y, width, height } = frame.visibleRect ?? { x: 0, y: 0, ...sizeOf(video) }
    const strips = STRIP_PLACES.map((place) => ({
      x,
      y: y + evenRow(place, height),
      width,
      height: STRIP_ROWS,
    }))
    const bytes = frame.allocationSize({ rect: strips[0] })
    const pixels = new Uint8Array(bytes * strips.length)
    await Promise.all(
      strips.map((rect, index) =>
        frame.copyTo(pixels.subarray(index * bytes, (index + 1) * bytes), { rect }),
      ),
    )
    return pixels
  } finally {
    frame.close()
  }
}

/** One small canvas in memory serves all tiles. */
function drawnStrips(video: HTMLVideoElement): Uint8Array | null {
  const { width, height } = sizeOf(video)
  canvas ??= document.createElement('canvas')
  canvas.width = width
  canvas.height = STRIP_ROWS * STRIP_PLACES.length
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false })
  if (!context) return null
  context.imageSmoothingEnabled = false
  for (const [index, place] of STRIP_PLACES.entries()) {
    const top = evenRow(place, height)
    context.drawImage(video, 0, top, width, STRIP_ROWS, 0, index * STRIP_ROWS, width, STRIP_ROWS)
  }
  return new Uint8Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)
}

function sizeOf({ videoWidth, videoHeight }: HTMLVideoElement): { width: number; height: number } {
  return { width: videoWidth, height: videoHeight }
}

function evenRow(place: number, height: number): number {
  return Math.min(2 * Math.floor((place * height) / 2), height - STRIP_ROWS)
}
