import { wallOnScreen } from './wall-on-screen.ts'

const reloadedKey = 'alta-desk.reloaded-at'
const checkEveryMs = 1_000
/** Alta may change its addresses as often as it likes: the page follows at this pace. */
export const reloadEveryMs = 60_000

/** What a page is at the moment of the question. */
interface OutdatedPage {
  readonly isOutdated: boolean
  /** Null where the page shows no wall. */
  readonly isPlaying: boolean | null
  /** A dialog is open: what is being typed there would be lost. */
  readonly isBusy: boolean
  readonly now: number
  /** When it last did this, ms since the epoch; null where the browser cannot remember it. */
  readonly reloadedAt: number | null
}

/**
 * Whether a page loads itself again: its wall waits for video that its security policy forbids, and nothing plays that
 * would be interrupted. Otherwise a banner leaves it to the person.
 */
export function reloadsByItself({ isOutdated, isPlaying, isBusy, now, reloadedAt }: OutdatedPage): boolean {
  if (!isOutdated || isPlaying !== false || isBusy || reloadedAt === null) return false
  // A clock that was set back must not forbid it for longer.
  return Math.abs(now - reloadedAt) >= reloadEveryMs
}

/** Watches this page, and loads it again where that disturbs nobody. */
export function watchOutdated(isOutdated: () => boolean): void {
  setInterval(() => {
    const now = Date.now()
    const page = {
      isOutdated: isOutdated(),
      isPlaying: wallOnScreen.value?.isPlaying() ?? null,
      isBusy: document.querySelector('[role="dialog"]') !== null,
      now,
      reloadedAt: readReloadedAt(),
    }
    if (!reloadsByItself(page)) return
    if (writeReloadedAt(now)) location.reload()
  }, checkEveryMs)
}

function readReloadedAt(): number | null {
  try {
    return Number(sessionStorage.getItem(reloadedKey) ?? 0)
  } catch (_refused) {
    return null
  }
}

/** Without a memory of the last time there could be no end of reloading. */
function writeReloadedAt(now: number): boolean {
  try {
    sessionStorage.setItem(reloadedKey, String(now))
    return true
  } catch (_refused) {
    return false
  }
}
