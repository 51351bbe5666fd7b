import { computed, shallowRef } from 'vue'
import { readLocal, writeLocal } from './local-memory.ts'

/**
 * `locked`: the person left; `switching`: the next one takes over while pictures go on. In both, nothing of the desk can
 * be used before somebody signs in.
 */
type LockState = 'open' | 'locked' | 'switching'

/** What this machine does when it is left; the same for everybody who sits here. */
export interface LockRules {
  /** Minutes without a key or the mouse after which the page locks; 0: never. */
  readonly idleMinutes: number
  /** Whether the wall stays visible while the page is locked. */
  readonly picturesStay: boolean
}

const stateKey = 'alta-desk.lock'
const rulesKey = 'alta-desk.lock-rules'
const usedKey = 'alta-desk.used-at'
const checkEveryMs = 5_000
const standardRules: LockRules = { idleMinutes: 0, picturesStay: true }

/** What the settings offer. */
export const idleChoices = [0, 1, 2, 5, 10, 15, 30, 60] as const

const state = shallowRef<LockState>(parseState(readLocal(stateKey)))
const rules = shallowRef<LockRules>(parseRules(readLocal(rulesKey)))
let usedAt = Date.now()

/** True while nothing of the desk can be used before somebody signs in. */
export const isLocked = computed(() => state.value !== 'open')
/** True while the next person takes over: the name is empty then. */
export const isSwitching = computed(() => state.value === 'switching')
/** Whether the wall may be seen now. */
export const picturesShown = computed(() => state.value !== 'locked' || rules.value.picturesStay)
/** The rules of this machine. */
export const lockRules = computed(() => rules.value)

/**
 * Locks every page of this browser; a reload does not open them. A switch of operators that nobody finishes locks too:
 * it can be cancelled, which whoever walks by must not be able to do.
 */
export function lock(): void {
  if (state.value !== 'locked') change('locked')
}

/** Opens sign-in over the wall for the next person. A page that is locked stays so, pictures and all. */
export function switchOperator(): void {
  if (state.value === 'open') change('switching')
}

/** Goes back to the person who was there; nothing of theirs has changed meanwhile. A locked page stays locked. */
export function cancelSwitch(): void {
  noteUse()
  if (state.value === 'switching') change('open')
}

/** Somebody signed in, or nobody is left to lock out. */
export function unlock(): void {
  noteUse()
  if (state.value !== 'open') change('open')
}

/** Remembers the rules for this machine. */
export function setLockRules(next: LockRules): void {
  rules.value = next
  writeLocal(rulesKey, JSON.stringify(next))
}

/** Whether the page was left for as long as the rules allow. Times in milliseconds since the epoch. */
export function isIdle(idleMinutes: number, lastUsedAt: number, now: number): boolean {
  return idleMinutes > 0 && now - lastUsedAt >= idleMinutes * 60_000
}

/** Follows the other pages of this browser, and locks a page that nobody uses while `isSignedIn`. */
export function watchLock(isSignedIn: () => boolean): void {
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
    window.addEventListener(type, noteUse, { capture: true, passive: true })
  }
  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === stateKey) state.value = parseState(newValue)
    if (key === rulesKey) rules.value = parseRules(newValue)
  })
  setInterval(() => {
    if (usedAt > Number(readLocal(usedKey) ?? 0)) writeLocal(usedKey, String(usedAt))
    const lastUsedAt = Math.max(usedAt, Number(readLocal(usedKey) ?? 0))
    if (isSignedIn() && isIdle(rules.value.idleMinutes, lastUsedAt, Date.now())) lock()
  }, checkEveryMs)
}

function noteUse(): void {
  usedAt = Date.now()
}

function change(next: LockState): void {
  state.value = next
  writeLocal(stateKey, next)
}

function parseState(text: string | null): LockState {
  return text === 'locked' || text === 'switching' ? text : 'open'
}

/** What stands in the browser's storage may be of an older page, or of somebody who tries things. */
export function parseRules(text: string | null): LockRules {
  let value: unknown
  try {
    value = JSON.parse(text ?? 'null')
  } catch (_malformed) {
    return standardRules
  }
  if (typeof value !== 'object' || value === null) return standardRules
  const idle = 'idleMinutes' in value ? value.idleMinutes : undefined
  const stay = 'picturesStay' in value ? value.picturesStay : undefined
  return {
    idleMinutes: idleChoices.find((minutes) => minutes === idle) ?? standardRules.idleMinutes,
    picturesStay: typeof stay === 'boolean' ? stay : standardRules.picturesStay,
  }
}
