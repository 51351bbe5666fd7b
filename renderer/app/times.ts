import { computed, shallowRef } from 'vue'

const seconds = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const
const ownZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
const zone = shallowRef(ownZone)

/** Times are the desk's: two people who talk about 14:03 mean the same picture, wherever they sit. */
const formats = computed(() => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone.value })
  return {
    clock: format(seconds),
    dayAndClock: format({ day: 'numeric', month: 'short', ...seconds }),
    day: format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
    full: format({ day: '2-digit', month: 'short', year: 'numeric', ...seconds }),
    /** Sortable parts, to count with. */
    parts: format({ year: 'numeric', month: '2-digit', day: '2-digit', hourCycle: 'h23', ...seconds }),
  }
})

/** The desk's zone where it is another than this machine's, by its IANA name; null where they are the same. */
export const foreignZone = computed(() => (zone.value === ownZone ? null : zone.value))

/** Shows times in this zone from now on (IANA name); one that this browser does not know leaves its own. */
export function setDeskZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone })
    zone.value = timeZone
  } catch (_unknownZone) {
    zone.value = ownZone
  }
}

/** 21 Nov 2026, 14:03:07: of the same width whenever it was. */
export function fullMoment(at: number): string {
  return formats.value.full.format(at)
}

/** 14:03:07 */
export function clockTime(at: number): string {
  return formats.value.clock.format(at)
}

/** Sat, 21 Nov 2026 */
export function dayName(at: number): string {
  return formats.value.day.format(at)
}

/** 14:03:07 when it was today, else 20 Nov, 14:03:07. */
export function moment(at: number, now: number): string {
  return dayName(at) === dayName(now) ? clockTime(at) : formats.value.dayAndClock.format(at)
}

/**
 * The moment at which the desk's clock shows this (`2026-11-21T14:03`, as a browser's control has it), in milliseconds
 * since the epoch; undefined for what is no time. Of an hour that comes twice in autumn one of the two is meant.
 */
export function deskMoment(text: string): number | undefined {
  const shown = Date.parse(`${text}Z`)
  if (Number.isNaN(shown)) return undefined
  const guess = shown - aheadOfUtcMs(shown)
  const at = shown - aheadOfUtcMs(guess)
  return at < 0 ? undefined : at
}

/** How far the desk's clock is ahead of UTC at that moment. */
function aheadOfUtcMs(at: number): number {
  const parts = Object.fromEntries(
    formats.value.parts.formatToParts(at).map(({ type, value }) => [type, value]),
  )
  const { year, month, day, hour, minute, second } = parts
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(at / 1_000) * 1_000
}

/** How long something lasts, in its two largest units: 4 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(ms: number): string {
  const wholeSeconds = Math.max(0, Math.floor(ms / 1_000))
  if (wholeSeconds < 60) return `${wholeSeconds} s`
  const minutes = Math.floor(wholeSeconds / 60)
  if (minutes < 60) return two(minutes, 'min', wholeSeconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return two(hours, 'h', minutes % 60, 'min')
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** Age of a picture for a label of fixed width: 0.0 s to 9.9 s, then 10 s, then minutes. */
export function pictureAge(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  return duration(ms)
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
