import type { AuditAction } from '../../shared/contract/procedure.ts'
import type { Clock } from '../platform/clock.ts'
import { networkOfAddress } from '../platform/network-of-address.ts'
import type { AuditRecord } from '../store/store-types.ts'

/** How long what repeats itself is counted before it is written: a kill loses no more than this. */
export const repetitionWindowMs = 15 * 60_000
/** So many different refusals of one caller have rows of their own within the window; further ones are counted together. */
export const mostOfOneCaller = 20
/** So many of all callers, lest many addresses together fill the disk. */
export const mostOfAll = 500
const lockedAction: AuditAction = 'account.locked'
const refusedAction = 'access.refused'
const several = 'several'

/** What repeats itself: the record of its first time, and what was counted since that has no row. */
interface Repetition {
  readonly first: AuditRecord
  /** Whose share of the rows this takes. */
  readonly caller: string
  readonly beganAtMs: number
  times: number
  firstAt: number
  lastAt: number
}

/** What becomes of the records of one write. */
export interface Sifted {
  readonly write: readonly AuditRecord[]
  /** To be called once the write is committed. */
  count(): void
}

/**
 * Keeps an attacker from filling the disk through the audit log. The first refusal, or failed sign-in, of a kind is
 * written at once; the same from the same caller is then counted for a window and written as one row with the count, the
 * first and the last time. Kinds are bounded too, for each caller and in all, since names and addresses can be rotated.
 */
export class RepeatedRefusals {
  readonly #clock: Clock
  readonly #known = new Map<string, Repetition>()
  readonly #kindsOf = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Which of these records are to be written now; the others are counted when the write is committed. */
  sift(records: readonly AuditRecord[]): Sifted {
    const counted = records.filter((record) => !this.#hasRowOfItsOwn(record))
    const write = records.filter((record) => !counted.includes(record))
    return {
      write,
      count: () => {
        for (const record of write) this.#remember(record)
        for (const record of counted) this.#count(record)
      },
    }
  }

  /**
   * The rows of what has been counted for a whole window, or with `all` of everything. They are taken out when `written`
   * is called, and kept for the next time when it is not.
   */
  due(all: boolean): { readonly rows: readonly AuditRecord[]; written(): void } {
    const ripe = [...this.#known].filter(
      ([, { beganAtMs }]) => all || this.#ageMs(beganAtMs) >= repetitionWindowMs,
    )
    return {
      rows: ripe.flatMap(([, repetition]) => (repetition.times > 0 ? [rowOf(repetition)] : [])),
      written: () => {
        for (const [key, { caller }] of ripe) {
          this.#known.delete(key)
          const left = (this.#kindsOf.get(caller) ?? 1) - 1
          if (left > 0) this.#kindsOf.set(caller, left)
          else this.#kindsOf.delete(caller)
        }
      },
    }
  }

  #hasRowOfItsOwn(record: AuditRecord): boolean {
    if (!isRefusal(record)) return true
    if (this.#known.has(keyOf(record)) || this.#known.size >= mostOfAll) return false
    return (this.#kindsOf.get(callerOf(record)) ?? 0) < mostOfOneCaller
  }

  #remember(record: AuditRecord): void {
    const key = keyOf(record)
    if (isRefusal(record) && !this.#known.has(key)) this.#begin(key, record, callerOf(record), 0)
  }

  #begin(key: string, first: AuditRecord, caller: string, times: number): void {
    const now = this.#clock.now()
    this.#known.set(key, {
      first,
      caller,
      beganAtMs: this.#clock.monotonicMs(),
      times,
      firstAt: now,
      lastAt: now,
    })
    this.#kindsOf.set(caller, (this.#kindsOf.get(caller) ?? 0) + 1)
  }

  #count(record: AuditRecord): void {
    const repetition = this.#known.get(keyOf(record))
    if (repetition) return this.#add(repetition)
    const caller = this.#kindsOf.has(callerOf(record)) ? callerOf(record) : several
    const key = JSON.stringify([caller, record.action, record.outcome])
    const together = this.#known.get(key)
    if (together) return this.#add(together)
    this.#begin(key, togetherOf(record, caller), caller, 1)
  }

  #add(repetition: Repetition): void {
    const now = this.#clock.now()
    if (repetition.times === 0) repetition.firstAt = now
    repetition.times += 1
    repetition.lastAt = now
  }

  #ageMs(sinceMs: number): number {
    return this.#clock.monotonicMs() - sinceMs
  }
}

/** A lock is the desk's own doing, but a stranger's typing makes as many as they like. */
function isRefusal({ outcome, action }: AuditRecord): boolean {
  return outcome !== 'done' || action === lockedAction
}

/** Whoever is signed in is one caller wherever they are; a typed name is no caller, the network it came from is. */
function callerOf({ action, actorId, remoteAddress }: AuditRecord): string {
  return action === refusedAction && actorId !== null
    ? `person ${actorId}`
    : `network ${networkOfAddress(remoteAddress)}`
}

function keyOf(record: AuditRecord): string {
  const { action, outcome, actorId, actorName, remoteAddress, target, after } = record
  const who = [actorId ?? actorName, networkOfAddress(remoteAddress)]
  const what = [target?.kind, target?.id ?? target?.name, after?.['reason'], after?.['procedure']]
  return JSON.stringify([action, outcome, ...who, ...what])
}

/** The record under which different refusals are counted together; what differs among them is left out. */
function togetherOf(record: AuditRecord, caller: string): AuditRecord {
  const isOnePerson = caller.startsWith('person ')
  return {
    ...record,
    actorId: isOnePerson ? record.actorId : null,
    actorName: isOnePerson ? record.actorName : several,
    remoteAddress: caller === several ? several : record.remoteAddress,
    requestId: '',
    target: null,
    before: null,
    after: null,
  }
}

function rowOf({ first, times, firstAt, lastAt }: Repetition): AuditRecord {
  const repeated = { times, firstAt: new Date(firstAt).toISOString(), lastAt: new Date(lastAt).toISOString() }
  return { ...first, after: { ...first.after, repeated } }
}
