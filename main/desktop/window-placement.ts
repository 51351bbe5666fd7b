import { z } from 'zod'

const rectangleSchema = z.object({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) })
/** In screen pixels as Electron counts them (device-independent). */
export type Rectangle = z.infer<typeof rectangleSchema>

/** What is remembered of a window; `bounds` are those it has when neither maximised nor full screen. */
export const savedWindowSchema = z.object({
  bounds: rectangleSchema,
  maximized: z.boolean(),
  fullScreen: z.boolean(),
})
export type SavedWindow = z.infer<typeof savedWindowSchema>

export interface WindowSize {
  readonly width: number
  readonly height: number
}

/** A person must be able to seize the title bar: this much of its height and width has to be on a display. */
const titleBarHeight = 32
const seizableWidth = 120

/**
 * Where a window opens: where it was, if its title bar can still be reached on one of the displays (a monitor may be
 * gone since), else in the middle of the first. Never larger than the display it opens on.
 * @param workAreas the displays without their task bars, the primary one first; at least one.
 */
export function placeWindow(
  saved: SavedWindow | null,
  workAreas: readonly [Rectangle, ...Rectangle[]],
  preferred: WindowSize,
): SavedWindow {
  const home = saved && workAreas.find((area) => titleBarReachable(saved.bounds, area))
  if (saved && home) return { ...saved, bounds: shrunkTo(saved.bounds, home) }
  const size = saved ? saved.bounds : preferred
  const bounds = centred(size, workAreas[0])
  return { bounds, maximized: saved?.maximized ?? false, fullScreen: saved?.fullScreen ?? false }
}

function titleBarReachable(bounds: Rectangle, area: Rectangle): boolean {
  const left = Math.max(bounds.x, area.x)
  const right = Math.min(bounds.x + bounds.width, area.x + area.width)
  const wanted = Math.min(seizableWidth, bounds.width)
  return right - left >= wanted && bounds.y >= area.y && bounds.y + titleBarHeight <= area.y + area.height
}

function shrunkTo(bounds: Rectangle, area: Rectangle): Rectangle {
  return {
    ...bounds,
    width: Math.min(bounds.width, area.width),
    height: Math.min(bounds.height, area.height),
  }
}

function centred(size: WindowSize, area: Rectangle): Rectangle {
  const width = Math.min(size.width, area.width)
  const height = Math.min(size.height, area.height)
  return {
    x: area.x + Math.round((area.width - width) / 2),
    y: area.y + Math.round((area.height - height) / 2),
    width,
    height,
  }
}
