import { onScopeDispose, shallowRef } from 'vue'
import type { ShallowRef } from 'vue'

/** A smaller difference is the way of the message, not a clock that is off. */
const noticedFromMs = 1_000

const now = shallowRef(Date.now())
let aheadMs = 0
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Takes over the desk's clock: what it tells of (since when a camera is offline) is measured by that one. */
export function setDeskClock(deskNow: number): void {
  const difference = deskNow - Date.now()
  aheadMs = Math.abs(difference) < noticedFromMs ? 0 : difference
}

/** A time of the desk's clock by this machine's, milliseconds since the epoch. */
export function pageTimeOf(deskTime: number): number {
  return deskTime - aheadMs
}

/** A time of this machine's clock by the desk's, milliseconds since the epoch. */
export function deskTimeOf(pageTime: number): number {
  return pageTime + aheadMs
}

function tick(): void {
  now.value = Date.now() + aheadMs
  // Aimed at the next full second, so that a clock on screen never skips one.
  timer = setTimeout(tick, 1_000 - (now.value % 1_000) + 5)
}

/** The desk's time in milliseconds since the epoch, new every second; one timer for the whole page, none when nobody looks. */
export function useNow(): Readonly<ShallowRef<number>> {
  users += 1
  if (users === 1) tick()
  onScopeDispose(() => {
    users -= 1
    if (users === 0) clearTimeout(timer)
  })
  return now
}
