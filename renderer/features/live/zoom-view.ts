/** Digital zoom of one tile: the picture is scaled by `scale` and moved by `x`, `y` CSS pixels from its centre. */
export interface ZoomView {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export const wholePicture: ZoomView = { scale: 1, x: 0, y: 0 }

const largestScale = 8

/** Scales by `factor` so that the point (`px`, `py`, from the centre) stays where it is. */
export function zoomedAt(
  view: ZoomView,
  factor: number,
  px: number,
  py: number,
  width: number,
  height: number,
): ZoomView {
  const scale = Math.min(largestScale, Math.max(1, view.scale * factor))
  const change = scale / view.scale
  return inside({ scale, x: px - (px - view.x) * change, y: py - (py - view.y) * change }, width, height)
}

/** Moves the picture, never beyond its rim. */
export function movedBy(view: ZoomView, dx: number, dy: number, width: number, height: number): ZoomView {
  return inside({ ...view, x: view.x + dx, y: view.y + dy }, width, height)
}

function inside(view: ZoomView, width: number, height: number): ZoomView {
  if (view.scale <= 1.01) return wholePicture
  const spareX = (width * (view.scale - 1)) / 2
  const spareY = (height * (view.scale - 1)) / 2
  return {
    scale: view.scale,
    x: Math.min(spareX, Math.max(-spareX, view.x)),
    y: Math.min(spareY, Math.max(-spareY, view.y)),
  }
}
