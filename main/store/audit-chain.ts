import { createHmac, timingSafeEqual } from 'node:crypto'
import { EncryptionKeyMissingError, SealBrokenError } from '../platform/keyring.ts'
import type { Keyring } from '../platform/keyring.ts'
import { sideText } from './audit-side.ts'
import type { SqliteConnection } from './connection.ts'
import type { AuditRecord } from './store-types.ts'

/** What an HMAC covers besides the row before: every column but the HMAC itself, in this order for ever. */
export const signedColumns = [
  'seq',
  'at',
  'action',
  'actor_id',
  'actor_name',
  'door',
  'remote_address',
  'request_id',
  'target_kind',
  'target_id',
  'target_name',
  'outcome',
  'before',
  'after',
  'key_id',
] as const

export type SignedRow = Readonly<Record<(typeof signedColumns)[number], string | number | null>>
/** A row as it lies in the table. */
export type ChainedRow = SignedRow & { readonly seq: number; readonly key_id: string; readonly hmac: string }

/** A place in the log: the number of a row and its HMAC. Before the first row both are nothing. */
export interface ChainPoint {
  readonly seq: number
  readonly hmac: string
}

export const chainStart: ChainPoint = { seq: 0, hmac: '' }
/** Where the log ends, so that a missing tail is noticed. */
export const headName = 'audit_head'
/** The last row that retention removed, to which the oldest one left is linked. Not one of audit-anchors.ts. */
export const removedName = 'audit_anchor'
/** A link that no row can have: what follows it can be proven, the gap before it never. */
export const brokenLink = 'lost'

const purpose = 'audit chain'
const deskValueColumn = 'desk_values.value'

/**
 * The keys of the chain, by the id of the encryption key each is derived from. Those that were ever active are kept in
 * the database under the active key, so that an old encryption key can be thrown away and its rows still be proven.
 */
export class ChainKeys {
  readonly #connection: SqliteConnection
  readonly #keyring: Keyring
  readonly #known = new Map<string, Buffer | null>()

  constructor(connection: SqliteConnection, keyring: Keyring) {
    this.#connection = connection
    this.#keyring = keyring
  }

  get activeId(): string {
    return this.#keyring.active.id
  }

  /** Null for a key that is neither configured nor kept, or kept in a copy that was altered. */
  key(keyId: string): Buffer | null {
    const known = this.#known.get(keyId)
    if (known !== undefined) return known
    const key = this.#keyring.derived(purpose, keyId) ?? this.#kept(keyId)
    this.#known.set(keyId, key)
    return key
  }

  /** Keeps the key that signs from now on. */
  keepActive(): void {
    const name = keptName(this.activeId)
    const key = this.#keyring.derived(purpose)
    if (!key || readDeskValue(this.#connection, name) !== null) return
    const sealed = this.#keyring.seal(deskValueColumn, name, key.toString('base64'))
    writeDeskValue(this.#connection, name, sealed)
  }

  #kept(keyId: string): Buffer | null {
    const name = keptName(keyId)
    const sealed = readDeskValue(this.#connection, name)
    if (sealed === null) return null
    try {
      return Buffer.from(this.#keyring.open(deskValueColumn, name, sealed), 'base64')
    } catch (error) {
      // Whoever altered it must not keep the desk from starting; rows of that key do not hold any more.
      if (error instanceof SealBrokenError || error instanceof EncryptionKeyMissingError) return null
      throw error
    }
  }
}

/** The `_sealed` at its end tells the store to seal it anew when the encryption key is changed. */
function keptName(keyId: string): string {
  return `audit_key_${keyId}_sealed`
}

/** The HMAC-SHA-256 of a row and the one before it. */
export function hmacOf(key: Buffer, previous: string, row: SignedRow): string {
  const canonical = JSON.stringify(signedColumns.map((column) => row[column]))
  return createHmac('sha256', key).update(`row\n${previous}\n${canonical}`).digest('base64url')
}

/** Writes a place in the log as a text that begins with its number and cannot be forged without the key. */
export function sealPoint(name: string, point: ChainPoint, keys: ChainKeys): string {
  const stated = `${point.seq}:${keys.activeId}:${point.hmac}`
  const key = keys.key(keys.activeId)
  if (!key) throw new Error('The active key of the key ring cannot be derived from.')
  return `${stated}:${sealOf(key, name, stated)}`
}

/** Reads what `sealPoint` wrote; null where it was altered, or written with a key that is gone. */
export function openPoint(name: string, value: string, keys: ChainKeys): ChainPoint | null {
  const [, stated, seq, keyId, hmac, seal] =
    /^((\d{1,15}):([0-9a-f]{8}):([\w-]*)):([\w-]+)$/.exec(value) ?? []
  if (stated === undefined || keyId === undefined || hmac === undefined || seal === undefined) return null
  const key = keys.key(keyId)
  if (!key || !isSame(sealOf(key, name, stated), seal)) return null
  return { seq: Number(seq), hmac }
}

/** The HMAC-SHA-256 of a statement; `name` says what it is about, so that no seal serves in another place. */
export function sealOf(key: Buffer, name: string, stated: string): string {
  return createHmac('sha256', key).update(`${name}\n${stated}`).digest('base64url')
}

/** Compares in a time that tells nothing. */
export function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Where the log ends, as the desk sealed it; null where that is missing or was altered. */
export function sealedHead(connection: SqliteConnection, keys: ChainKeys): ChainPoint | null {
  const kept = readDeskValue(connection, headName)
  return kept === null ? null : openPoint(headName, kept, keys)
}

/** The row with the highest number, whatever wrote it. */
export function lastRow(connection: SqliteConnection): ChainPoint | undefined {
  return connection.prepare<[], ChainPoint>('select seq, hmac from audit order by seq desc limit 1').get()
}

export function readDeskValue(connection: SqliteConnection, name: string): string | null {
  const row = connection
    .prepare<[string], { value: string }>('select value from desk_values where key = ?')
    .get(name)
  return row?.value ?? null
}

export function writeDeskValue(connection: SqliteConnection, name: string, value: string): void {
  connection
    .prepare(
      'insert into desk_values (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    )
    .run(name, value)
}

/** The columns of a record, as they will be read back: SQLite keeps no lone surrogates. */
export function rowOf(record: AuditRecord, at: number): Omit<SignedRow, 'seq' | 'key_id'> {
  const { target, before, after } = record
  const wellFormed = (text: string | null): string | null => text?.toWellFormed() ?? null
  return {
    at: Math.trunc(at),
    action: record.action,
    actor_id: wellFormed(record.actorId),
    actor_name: wellFormed(record.actorName),
    door: record.door,
    remote_address: wellFormed(record.remoteAddress),
    request_id: wellFormed(record.requestId),
    target_kind: wellFormed(target?.kind ?? null),
    target_id: wellFormed(target?.id ?? null),
    target_name: wellFormed(target?.name ?? null),
    outcome: record.outcome,
    before: sideText(before),
    after: sideText(after),
  }
}

/** A record of what the desk does by itself. */
export function deskRecord(action: string): AuditRecord {
  return {
    action,
    actorId: null,
    actorName: 'desk',
    door: 'desk',
    remoteAddress: '',
    requestId: '',
    outcome: 'done',
    target: null,
    before: null,
    after: null,
  }
}
