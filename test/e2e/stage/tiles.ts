import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'

/** What a tile drew while it was watched. */
export interface DrawnFrames {
  /** Frames that the browser decoded and presented. */
  readonly frames: number
  /** How many of them differ from each other in their pixels. */
  readonly pictures: number
  readonly width: number
  readonly height: number
}

/** The tile at a place of the wall, counted from 1 as people do. */
export function tileAt(page: Page, place: number): Locator {
  return page.locator(`[data-testid="tile"][data-tile-index="${place - 1}"]`)
}

/**
 * Watches the picture in front, also when another video takes its place, until `wanted` frames were drawn or `limitMs`
 * have passed.
 */
export function drawnFrames(tile: Locator, wanted = 10, limitMs = 10_000): Promise<DrawnFrames> {
  return tile.evaluate(
    (element, [count, limit]) =>
      new Promise<DrawnFrames>((resolve) => {
        const canvas = document.createElement('canvas')
        canvas.width = 160
        canvas.height = 90
        const drawing = canvas.getContext('2d', { willReadFrequently: true })
        const pictures = new Set<string>()
        const endAt = performance.now() + limit
        let frames = 0
        let watched: HTMLVideoElement | undefined
        const layer = (video: HTMLVideoElement): number => Number(video.style.zIndex)
        const inFront = (): HTMLVideoElement | undefined =>
          [...element.querySelectorAll('video')].sort((a, b) => layer(b) - layer(a))[0]
        const watch = (video: HTMLVideoElement): void => {
          watched = video
          const onFrame = (): void => {
            if (watched !== video) return
            frames += 1
            drawing?.drawImage(video, 0, 0, canvas.width, canvas.height)
            pictures.add(canvas.toDataURL('image/png'))
            video.requestVideoFrameCallback(onFrame)
          }
          video.requestVideoFrameCallback(onFrame)
        }
        const look = (): void => {
          const video = inFront()
          if (frames >= count || performance.now() > endAt) {
            watched = undefined
            const { videoWidth: width = 0, videoHeight: height = 0 } = video ?? {}
            return resolve({ frames, pictures: pictures.size, width, height })
          }
          if (video && video !== watched) watch(video)
          requestAnimationFrame(look)
        }
        look()
      }),
    [wanted, limitMs] as const,
  )
}

/** Fails unless the tile draws frames that differ: a frozen picture, a spinner and a black box all fail. */
export async function expectMoving(tile: Locator, protocol: 'whep' | 'hls' = 'whep'): Promise<DrawnFrames> {
  await expect(tile).toHaveAttribute('data-picture', 'video')
  await expect(tile).toHaveAttribute('data-protocol', protocol)
  await expect(tile).toHaveAttribute('data-stale', 'false')
  const drawn = await drawnFrames(tile)
  expect(drawn.frames).toBeGreaterThanOrEqual(10)
  expect(drawn.pictures).toBeGreaterThan(5)
  return drawn
}
